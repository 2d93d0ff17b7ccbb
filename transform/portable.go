package transform

import (
	"fmt"
	"slices"

	"laborwatch/engine"
)

// AllowedFunctions are the functions and operators that a model may call: those
// that both engines have with the same meaning, none of which is approximate or
// depends on the order of rows. What differs between engines is a macro.
var AllowedFunctions = []string{
	"!~~", "%", "*", "+", "-", "/", "||", "~~", "abs", "avg", "ceil", "coalesce", "concat", "count", "count_star",
	"date_diff", "date_trunc", "dense_rank", "exp", "first_value", "floor", "greatest", "isfinite", "lag", "last_day", "last_value",
	"lead", "least", "length", "ln", "lower", "max", "min", "nullif", "power", "rank", "regexp_matches", "replace", "round",
	"row_number", "sign", "sqrt", "strlen", "substr", "substring", "sum", "to_months", "to_days", "trim", "upper",
}

// Portable lists what in a SELECT only one engine would understand, or would
// not answer the same way twice; empty is good.
func Portable(t *engine.Tree) []string {
	var faults []string
	for _, f := range t.Functions() {
		if !slices.Contains(AllowedFunctions, f) {
			faults = append(faults, fmt.Sprintf("function %s is not on the list", f))
		}
	}
	t.Walk(func(n map[string]any) {
		if q, ok := n["qualify"]; ok && q != nil {
			faults = append(faults, "QUALIFY is DuckDB's own; filter a row_number in an outer SELECT")
		}
		switch n["type"] {
		case "ARRAY_CONSTRUCTOR", "STRUCT_EXTRACT", "ARRAY_EXTRACT", "ARRAY_SLICE", "LAMBDA", "COLUMNS":
			faults = append(faults, fmt.Sprintf("%v: no lists, structs or lambdas", n["type"]))
		}
	})
	slices.Sort(faults)
	return slices.Compact(faults)
}
