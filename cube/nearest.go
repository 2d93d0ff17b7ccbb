package cube

import (
	"cmp"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"laborwatch/messages"
)

// nearest gives a hint such as "; did you mean sex?" naming up to three of the
// known words that are closest to a mistaken one, or nothing where none is close.
func nearest(word string, known []string) messages.Said {
	found := Nearest(word, known, 3)
	if len(found) == 0 {
		return messages.Said{}
	}
	return messages.Said{EN: "; did you mean %s?", Args: []any{strings.Join(found, ", ")}}
}

// Nearest lists up to n known words that resemble a word, best first: those
// that contain it and those within a third of its length in edits.
func Nearest(word string, known []string, n int) []string {
	type candidate struct {
		word string
		cost int
	}
	var found []candidate
	lower := strings.ToLower(word)
	for _, k := range known {
		d := levenshtein.Distance(lower, strings.ToLower(k), nil)
		switch {
		case word == "":
			continue
		case d <= max(1, len([]rune(word))/3):
			found = append(found, candidate{k, d})
		case len(word) > 3 && (strings.Contains(k, lower) || strings.Contains(lower, strings.ToLower(k)) && len(k) > 3):
			found = append(found, candidate{k, 100 + d})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), strings.Compare(a.word, b.word))
	})
	var out []string
	for _, c := range found[:min(n, len(found))] {
		out = append(out, c.word)
	}
	return out
}
