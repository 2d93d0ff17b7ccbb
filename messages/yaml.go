package messages

import (
	"errors"

	"github.com/goccy/go-yaml"
)

// YAML says what is wrong with YAML that a person wrote: in both languages what
// and where, then the library's words with the lines around the place.
func YAML(err error) string {
	what := Said{EN: "the YAML cannot be read"}
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) && unknown.Token != nil {
		what = Said{"unknown field %q", []any{unknown.Token.Value}}
	}
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil && at.GetToken().Position != nil {
		what = Said{"line %d: %s", []any{at.GetToken().Position.Line, what}}
	}
	return Beside(what.EN, what.Args...) + "\n" + yaml.FormatError(err, false, true)
}
