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
	if got, want := k.fast(r), `CASE WHEN list_contains(['1', '3'], "r.x") THEN "r.x" END`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
