package engine

import (
	"fmt"
	"maps"
	"text/template"
)

// Dialect is what differs between engines in an otherwise common SQL: the
// macros that models call as {{ name "expression" … }}. Every argument is an
// SQL expression, every result too.
type Dialect struct{ funcs template.FuncMap }

// Funcs are the dialect's macros by name, in a map of the caller's own.
func (d Dialect) Funcs() template.FuncMap { return maps.Clone(d.funcs) }

// DuckDBDialect is the dialect of the embedded engine.
func DuckDBDialect() Dialect {
	cast := func(typ string) func(string) string {
		return func(x string) string { return fmt.Sprintf("CAST(%s AS %s)", x, typ) }
	}
	return Dialect{template.FuncMap{
		// Months and days: n is an integer or an integer expression.
		"add_months": func(x string, n any) string {
			return fmt.Sprintf("CAST(%s + to_months(CAST(%v AS INTEGER)) AS DATE)", x, n)
		},
		"month_of":       func(x string) string { return fmt.Sprintf("CAST(date_trunc('month', %s) AS DATE)", x) },
		"month_end":      func(x string) string { return fmt.Sprintf("last_day(%s)", x) },
		"add_days":       func(x string, n any) string { return fmt.Sprintf("(%s + CAST(%v AS INTEGER))", x, n) },
		"days_between":   func(a, b string) string { return fmt.Sprintf("date_diff('day', %s, %s)", a, b) },
		"months_between": func(a, b string) string { return fmt.Sprintf("date_diff('month', %s, %s)", a, b) },
		"to_double":      cast("DOUBLE"),
		"to_bigint":      cast("BIGINT"),
		"to_text":        cast("VARCHAR"),
		"to_date":        cast("DATE"),
		// Fractions are summed as exact decimals, so that the order of rows,
		// and with it the number of threads, never changes a sum.
		"exact":   cast("DECIMAL(38, 18)"),
		"matches": func(x, re string) string { return fmt.Sprintf("regexp_matches(%s, %s)", x, Quote(re)) },
		// Twelve significant digits: the precision at which figures enter the
		// cube. Whole numbers below 10¹² are their own; minus zero becomes zero.
		"round12": func(x string) string {
			return fmt.Sprintf("CASE WHEN %[1]s = round(%[1]s) AND abs(%[1]s) < 1e12 THEN %[1]s + 0"+
				" WHEN isfinite(%[1]s) THEN CAST(format('{:.11e}', %[1]s) AS DOUBLE) END", x)
		},
	}}
}
