package transform

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"laborwatch/engine"
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

// Range bounds a column's values; NULL passes.
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
}

// Relation says that a column's values occur in a field of another table; NULL passes.
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
	if set != 1 {
		return errors.New("want exactly one of unique, not_null, range, accepted, relation")
	}
	return nil
}

// failing is a query for the rows, or keys, that break the claim: its first
// column says which.
func (t Test) failing(rows string) (name, query string) {
	switch {
	case len(t.Unique) > 0:
		cols := strings.Join(t.Unique, ", ")
		return "unique " + cols, fmt.Sprintf("SELECT %s AS k FROM %s GROUP BY %s HAVING count(*) > 1", keyOf(t.Unique), rows, cols)
	case len(t.NotNull) > 0:
		var conds []string
		for _, c := range t.NotNull {
			conds = append(conds, c+" IS NULL")
		}
		return "not_null " + strings.Join(t.NotNull, ", "), fmt.Sprintf("SELECT CAST(x AS VARCHAR) AS k FROM %s AS x WHERE %s", rows, strings.Join(conds, " OR "))
	case t.Range != nil:
		r := t.Range
		conds := []string{}
		if r.Min != nil {
			conds = append(conds, fmt.Sprintf("%s < %v", r.Column, *r.Min))
		}
		if r.Max != nil {
			conds = append(conds, fmt.Sprintf("%s > %v", r.Column, *r.Max))
		}
		return "range of " + r.Column, fmt.Sprintf("SELECT CAST(x AS VARCHAR) AS k FROM %s AS x WHERE (%s)%s", rows, strings.Join(conds, " OR "), and(r.Where))
	case t.Accepted != nil:
		var values []string
		for _, v := range t.Accepted.Values {
			values = append(values, engine.Quote(fmt.Sprint(v)))
		}
		return "accepted values of " + t.Accepted.Column, fmt.Sprintf("SELECT DISTINCT CAST(%[1]s AS VARCHAR) AS k FROM %[2]s WHERE CAST(%[1]s AS VARCHAR) NOT IN (%[3]s)",
			t.Accepted.Column, rows, strings.Join(values, ", "))
	default:
		r := t.Relation
		return fmt.Sprintf("%s in %s.%s", r.Column, r.To, r.Field), fmt.Sprintf("SELECT DISTINCT CAST(%[1]s AS VARCHAR) AS k FROM %[2]s WHERE %[1]s IS NOT NULL AND %[1]s NOT IN (SELECT %[4]s FROM %[3]s)%[5]s",
			r.Column, rows, r.To, r.Field, and(r.Where))
	}
}

func and(where string) string {
	if where == "" {
		return ""
	}
	return " AND (" + where + ")"
}

func keyOf(cols []string) string {
	var parts []string
	for _, c := range cols {
		parts = append(parts, fmt.Sprintf("coalesce(CAST(%s AS VARCHAR), 'NULL')", c))
	}
	return strings.Join(parts, " || ' ' || ")
}

// TestError is a claim that rows about to be published do not meet.
type TestError struct {
	Model, Test string
	Count       int64
	Examples    []string
}

func (e *TestError) Error() string {
	return fmt.Sprintf("model %s: data test %q fails for %d rows, for example %s. Nothing was published; correct the data or the model and run again",
		e.Model, e.Test, e.Count, strings.Join(e.Examples, " | "))
}

const examples = 5

// verify runs a model's tests on the rows just written.
func verify(ctx context.Context, c *sql.Conn, m *Model, rows string) error {
	var errs []error
	for _, t := range m.Tests {
		name, q := t.failing(rows)
		e := &TestError{Model: m.Name, Test: name}
		err := each(ctx, c, fmt.Sprintf("SELECT k, count(*) OVER () FROM (%s) ORDER BY k LIMIT %d", q, examples), func(r *sql.Rows) error {
			var k sql.NullString
			err := r.Scan(&k, &e.Count)
			e.Examples = append(e.Examples, k.String)
			return err
		})
		if err != nil {
			return fmt.Errorf("model %s: data test %q: %w", m.Name, name, err)
		}
		if e.Count > 0 {
			errs = append(errs, e)
		}
	}
	return errors.Join(errs...)
}
