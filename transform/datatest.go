package transform

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"laborwatch/engine"
	"laborwatch/messages"
	"laborwatch/period"
)

// Test is one claim that a model's rows must meet before they are published.
// Exactly one of its fields is set.
type Test struct {
	Unique   []string  `yaml:"unique,omitempty"`
	NotNull  []string  `yaml:"not_null,omitempty"`
	Range    *Range    `yaml:"range,omitempty"`
	Accepted *Accepted `yaml:"accepted,omitempty"`
	Relation *Relation `yaml:"relation,omitempty"`
}

// Range bounds a column's values, both bounds allowed; NULL passes.
type Range struct {
	Column string   `yaml:"column"`
	Min    *float64 `yaml:"min,omitempty"`
	Max    *float64 `yaml:"max,omitempty"`
	Where  string   `yaml:"where,omitempty"`
}

// Accepted lists a column's only values; NULL passes.
type Accepted struct {
	Column string `yaml:"column"`
	Values []any  `yaml:"values"`
	Where  string `yaml:"where,omitempty"`
}

// Relation says that a column's values occur in a field of a model or
// configuration table; NULL passes.
type Relation struct {
	Column string `yaml:"column"`
	To     string `yaml:"to"`
	Field  string `yaml:"field"`
	Where  string `yaml:"where,omitempty"`
}

func (t Test) check() error {
	set := 0
	for _, on := range []bool{len(t.Unique) > 0, len(t.NotNull) > 0, t.Range != nil, t.Accepted != nil, t.Relation != nil} {
		if on {
			set++
		}
	}
	switch {
	case set != 1:
		return errors.New("want exactly one of unique, not_null, range, accepted, relation")
	case t.Range != nil && (t.Range.Column == "" || t.Range.Min == nil && t.Range.Max == nil):
		return errors.New("range: name a column, and min, max or both")
	case t.Accepted != nil && (t.Accepted.Column == "" || len(t.Accepted.Values) == 0):
		return errors.New("accepted: name a column and its values")
	case t.Relation != nil && (t.Relation.Column == "" || t.Relation.To == "" || t.Relation.Field == ""):
		return errors.New("relation: name column, to and field")
	}
	return nil
}

// name of the claim, as errors show it.
func (t Test) name() string {
	switch {
	case len(t.Unique) > 0:
		return "unique " + strings.Join(t.Unique, ", ")
	case len(t.NotNull) > 0:
		return "not_null " + strings.Join(t.NotNull, ", ")
	case t.Range != nil:
		return "range of " + t.Range.Column
	case t.Accepted != nil:
		return "accepted values of " + t.Accepted.Column
	}
	return fmt.Sprintf("relation of %s to %s.%s", t.Relation.Column, t.Relation.To, t.Relation.Field)
}

// broken is the condition that a row breaks the claim, of all but unique. It is
// never NULL.
func (t Test) broken() string {
	var cond, where string
	switch {
	case len(t.NotNull) > 0:
		cond = strings.Join(t.NotNull, " IS NULL OR ") + " IS NULL"
	case t.Range != nil:
		var bounds []string
		if t.Range.Min != nil {
			bounds = append(bounds, fmt.Sprintf("%s < %v", t.Range.Column, *t.Range.Min))
		}
		if t.Range.Max != nil {
			bounds = append(bounds, fmt.Sprintf("%s > %v", t.Range.Column, *t.Range.Max))
		}
		cond, where = strings.Join(bounds, " OR "), t.Range.Where
	case t.Accepted != nil:
		var values []string
		for _, v := range t.Accepted.Values {
			values = append(values, engine.Quote(fmt.Sprint(v)))
		}
		cond = fmt.Sprintf("CAST(%s AS VARCHAR) NOT IN (%s)", t.Accepted.Column, strings.Join(values, ", "))
		where = t.Accepted.Where
	default:
		r := t.Relation
		cond = fmt.Sprintf("%[1]s IS NOT NULL AND %[1]s NOT IN (SELECT %[2]s FROM %[3]s WHERE %[2]s IS NOT NULL)",
			r.Column, engine.Ident(r.Field), engine.Ident(r.To))
		where = r.Where
	}
	if where != "" {
		cond = fmt.Sprintf("(%s) AND (%s)", cond, where)
	}
	return fmt.Sprintf("coalesce((%s), false)", cond)
}

// TestError is a claim that rows about to be published do not meet.
type TestError struct {
	Model, Test string
	// Count of the rows, or keys, that break it, and up to five of their keys.
	Count    int64
	Examples []string
}

func (e *TestError) Error() string {
	return messages.Beside("model %s: data test %q fails for %d rows, for example %s. Nothing was published; correct the data or the model and run again",
		e.Model, e.Test, e.Count, strings.Join(e.Examples, " | "))
}

// examples is how many offending keys an error shows.
const examples = 5

// verify runs a model's tests on the months just written. All tests of single
// rows are one pass over them.
func (r *run) verify(ctx context.Context, m *Model, months []period.Period, dated bool) error {
	rows := m.table()
	if dated {
		rows = fmt.Sprintf("(SELECT * FROM %s WHERE period IN %s)", m.table(), inList(months))
	}
	var counts []string
	var counted []Test
	var errs []error
	for _, t := range m.Tests {
		if len(t.Unique) == 0 {
			counts = append(counts, fmt.Sprintf("count(*) FILTER (WHERE %s)", t.broken()))
			counted = append(counted, t)
			continue
		}
		cols := strings.Join(t.Unique, ", ")
		errs = append(errs, r.offending(ctx, m, t, fmt.Sprintf("SELECT %s AS k FROM %s GROUP BY %s HAVING count(*) > 1", keyOf(t.Unique), rows, cols)))
	}
	if len(counts) > 0 {
		broken := make([]int64, len(counts))
		into := make([]any, len(counts))
		for i := range broken {
			into[i] = &broken[i]
		}
		if err := r.c.QueryRowContext(ctx, fmt.Sprintf("SELECT %s FROM %s", strings.Join(counts, ", "), rows)).Scan(into...); err != nil {
			return fmt.Errorf("%s: data tests: %w", m.File, err)
		}
		for i, t := range counted {
			if broken[i] > 0 {
				errs = append(errs, r.offending(ctx, m, t, fmt.Sprintf("SELECT %s AS k FROM %s WHERE %s", keyOf(append(m.Grain, t.columns()...)), rows, t.broken())))
			}
		}
	}
	return errors.Join(errs...)
}

// columns that the claim is about, where the grain may not show them.
func (t Test) columns() []string {
	switch {
	case t.Range != nil:
		return []string{t.Range.Column}
	case t.Accepted != nil:
		return []string{t.Accepted.Column}
	case t.Relation != nil:
		return []string{t.Relation.Column}
	}
	return nil
}

// offending makes the error of a claim from the keys that break it, nil without any.
func (r *run) offending(ctx context.Context, m *Model, t Test, keys string) error {
	e := &TestError{Model: m.Name, Test: t.name()}
	q := fmt.Sprintf("SELECT k, count(*) OVER () FROM (%s) ORDER BY k LIMIT %d", keys, examples)
	err := each(ctx, r.c, q, func(rows *sql.Rows) error {
		var k string
		err := rows.Scan(&k, &e.Count)
		e.Examples = append(e.Examples, k)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: data test %q: %w", m.File, e.Test, err)
	}
	if e.Count == 0 {
		return nil
	}
	return e
}

// keyOf writes columns as "period=2026-05-01 uscc=…".
func keyOf(cols []string) string {
	var parts []string
	seen := map[string]bool{}
	for _, c := range cols {
		if !seen[c] {
			seen[c] = true
			parts = append(parts, fmt.Sprintf("%s || coalesce(CAST(%s AS VARCHAR), 'NULL')", engine.Quote(c+"="), c))
		}
	}
	return strings.Join(parts, " || ' ' || ")
}
