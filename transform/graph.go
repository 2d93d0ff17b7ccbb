package transform

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// order sorts the models so that each comes after all it reads: other models and
// the given inputs. Unknown names are reported all at once, then a cycle with its
// path. Models that could not be read are known, but not what they read.
func order(models []*Model, inputs map[string]string, broken faults) ([]*Model, error) {
	byName := map[string]*Model{}
	known := map[string]bool{}
	for _, m := range models {
		byName[m.Name] = m
		known[m.Name] = true
	}
	for n := range inputs {
		known[n] = true
	}
	names := sortedKeys(known)
	for file := range broken {
		known[strings.TrimSuffix(path.Base(file), ".sql")] = true
	}
	var errs []error
	for _, m := range models {
		for _, d := range m.Deps {
			if !known[d] {
				errs = append(errs, fmt.Errorf("%s: it reads %s, which is no model, feed or configuration table; the nearest are %s",
					m.File, d, strings.Join(nearest(d, names, 3), ", ")))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s := &sorter{byName: byName, state: map[string]int{}}
	sorted := slices.Clone(models)
	slices.SortFunc(sorted, func(a, b *Model) int { return strings.Compare(a.Name, b.Name) })
	for _, m := range sorted {
		if err := s.visit(m); err != nil {
			return nil, err
		}
	}
	return s.out, nil
}

type sorter struct {
	byName map[string]*Model
	state  map[string]int // 1 being visited, 2 done
	path   []string
	out    []*Model
}

func (s *sorter) visit(m *Model) error {
	switch s.state[m.Name] {
	case 2:
		return nil
	case 1:
		from := slices.Index(s.path, m.Name)
		return fmt.Errorf("the models form a cycle: %s", strings.Join(append(s.path[from:], m.Name), " → "))
	}
	s.state[m.Name] = 1
	s.path = append(s.path, m.Name)
	for _, d := range m.Deps {
		if dep := s.byName[d]; dep != nil {
			if err := s.visit(dep); err != nil {
				return err
			}
		}
	}
	s.path = s.path[:len(s.path)-1]
	s.state[m.Name] = 2
	s.out = append(s.out, m)
	return nil
}

// nearest are the n names with the smallest edit distance to word.
func nearest(word string, names []string, n int) []string {
	out := slices.Clone(names)
	slices.SortStableFunc(out, func(a, b string) int { return levenshtein.Distance(word, a, nil) - levenshtein.Distance(word, b, nil) })
	return out[:min(n, len(out))]
}
