package ingest

import (
	"maps"
	"testing"
)

// Foreign codes often use the digits of ours for something else.
func TestCodeMeansItselfUnlessClaimed(t *testing.T) {
	r := ColumnRule{Codes: map[string][]string{"1": {"1", "2"}, "2": {"8"}, "3": {"９"}}}
	if got, want := r.meanings(), map[string]string{"1": "1", "2": "1", "8": "2", "3": "3", "9": "3"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// The fast form must not settle a text that another code claims.
	r.Name, r.Type = "x", "code"
	k := &compiler{c: &Contract{Columns: []ColumnRule{r}}}
	if got := k.fast(r); got != "" {
		t.Errorf("got %s, want none", got)
	}
	r.Codes = map[string][]string{"1": {"一"}, "2": {"二"}}
	if got, want := k.fast(r), `TRY_CAST("r.x" AS ENUM('1', '2'))`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
