package transform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"laborwatch/period"
)

// timeless is the month of what has none: seeds, and models that read only seeds.
const timeless = period.Period(0)

// universe says what every source and model should hold: for each of their
// months a key, which changes exactly when the month's rows may change.
type universe map[string]map[period.Period]string

// keys computes the universe from the live loads, the seeds and the models.
//
// The key of a model's month is the hash of its shape (its SQL and columns, and
// those of all it rests on) and of its inputs' keys over its window. It needs no
// clock and no order: the same loads give the same keys.
func (t *Transform) keys(ctx context.Context) (universe, []Seed, error) {
	live, err := t.opts.Lake.LivePeriods(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("ledger: %w", err)
	}
	u := universe{}
	calendar := map[period.Period]bool{}
	for feed := range t.opts.Sources {
		months := map[period.Period]string{}
		for p, loads := range live[feed] {
			months[p] = hash(loads...)
			calendar[p] = true
		}
		u["lake."+feed] = months
	}
	for _, s := range t.opts.Seeds {
		u[s.Name] = map[period.Period]string{timeless: s.hash()}
	}
	boards, err := t.boards(ctx, u, calendar)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range t.models {
		u[m.Name] = u.ofModel(m, calendar)
	}
	return u, boards, nil
}

// boards reads the boards' rows of the calendar's months, and enters their keys.
func (t *Transform) boards(ctx context.Context, u universe, calendar map[period.Period]bool) ([]Seed, error) {
	var out []Seed
	for _, b := range t.opts.Boards {
		s := Seed{Name: b.Name, Columns: b.Columns}
		u[b.Name] = map[period.Period]string{}
		out = append(out, s)
		if b.Rows == nil || len(calendar) == 0 {
			continue
		}
		rows, err := b.Rows(ctx, sortedKeys(calendar))
		if err != nil {
			return nil, fmt.Errorf("board %s: %w", b.Name, err)
		}
		for _, p := range sortedKeys(calendar) {
			if len(rows[p]) == 0 {
				continue
			}
			month := Seed{Columns: b.Columns, Rows: rows[p]}
			u[b.Name][p] = month.hash()
			s.Rows = append(s.Rows, rows[p]...)
		}
		out[len(out)-1] = s
	}
	return out, nil
}

// Board is a table with months whose rows are asked for anew at every run: how
// things stand, which the clock changes too. Only months whose rows are others
// than they were are computed again. Its first column is the month, and a model
// may read of it the months of its window.
type Board struct {
	Name    string
	Columns []string // "period DATE" first
	// Rows gives the rows of the months asked for, in a fixed order.
	Rows func(ctx context.Context, months []period.Period) (map[period.Period][][]any, error)
}

// ofModel gives a model's months, which are the months of the calendar whose
// window holds any input, with their keys.
func (u universe) ofModel(m *Model, calendar map[period.Period]bool) map[period.Period]string {
	months := map[period.Period]string{}
	dated := false
	for _, d := range m.Deps {
		if u.timeless(d) {
			continue
		}
		dated = true
		for p := range u[d] {
			for _, o := range m.Months {
				if calendar[p.Add(-o)] {
					months[p.Add(-o)] = ""
				}
			}
		}
	}
	if !dated {
		months[timeless] = ""
	}
	for p := range months {
		months[p] = u.key(m, p)
	}
	return months
}

func (u universe) key(m *Model, p period.Period) string {
	parts := []string{m.shape}
	for _, d := range m.Deps {
		for _, q := range u.inputs(m, d, p) {
			if k, ok := u[d][q]; ok {
				parts = append(parts, d, strconv.Itoa(int(q-p)), k)
			}
		}
	}
	return hash(parts...)
}

// timeless reports whether an input has no months.
func (u universe) timeless(name string) bool {
	_, ok := u[name][timeless]
	return ok
}

// inputs are the months of a dependency that a month of the model may read.
func (u universe) inputs(m *Model, dep string, month period.Period) []period.Period {
	if u.timeless(dep) {
		return []period.Period{timeless}
	}
	if month == timeless {
		return nil
	}
	out := make([]period.Period, len(m.Months))
	for i, o := range m.Months {
		out[i] = month.Add(o)
	}
	return out
}

// needs are the months of every input, direct or through views, that computing
// the given months of a model reads: those that there are.
func (t *Transform) needs(want universe, m *Model, months []period.Period) map[string]map[period.Period]bool {
	need := map[string]map[period.Period]bool{}
	var add func(m *Model, months []period.Period)
	add = func(m *Model, months []period.Period) {
		for _, d := range m.Deps {
			if need[d] == nil {
				need[d] = map[period.Period]bool{}
			}
			for _, month := range months {
				for _, q := range want.inputs(m, d, month) {
					if _, ok := want[d][q]; ok {
						need[d][q] = true
					}
				}
			}
			if dep := t.byName[d]; dep != nil && dep.view() {
				add(dep, sortedKeys(need[d]))
			}
		}
	}
	add(m, months)
	return need
}

// Seed is a table of configuration that models join.
type Seed struct {
	Name    string
	Columns []string // "code VARCHAR"
	Rows    [][]any
}

func (s Seed) hash() string {
	parts := slices.Clone(s.Columns)
	for _, r := range s.Rows {
		parts = append(parts, fmt.Sprintf("%#v", r))
	}
	return hash(parts...)
}

// hash joins the parts unambiguously and hashes them.
func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func sortedKeys[K interface{ ~int | ~string }, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
