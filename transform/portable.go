package transform

import (
	"fmt"
	"slices"
	"strings"
	"text/template"

	"laborwatch/engine"
)

// AllowedFunctions are the functions and operators that a model may call as they
// stand: those that both engines have under the same name and with the same
// meaning, none of which is approximate or depends on the order of rows. What
// engines write differently is a macro.
var AllowedFunctions = []string{
	"!~~", "%", "*", "+", "-", "/", "||", "~~",
	"abs", "avg", "ceil", "concat", "count", "count_star", "dense_rank", "exp", "first_value", "floor", "greatest",
	"lag", "last_value", "lead", "least", "length", "ln", "lower", "max", "min", "nullif", "power", "rank", "replace", "round",
	"row_number", "sign", "sqrt", "substr", "substring", "sum", "trim", "upper",
}

// macroPrefix marks a macro's call in a model rendered by neutral.
const macroPrefix = "macro_"

// neutral are the macros as calls of functions that no engine has, so that a
// reader of the rendered SQL can tell them from what the model wrote itself.
func neutral() template.FuncMap {
	out := template.FuncMap{}
	for name := range engine.DuckDBDialect().Funcs() {
		out[name] = func(args ...any) string {
			parts := make([]string, len(args))
			for i, a := range args {
				parts[i] = fmt.Sprint(a)
			}
			if name == "matches" && len(args) == 2 {
				parts[1] = engine.Quote(parts[1])
			}
			return macroPrefix + name + "(" + strings.Join(parts, ", ") + ")"
		}
	}
	return out
}

// Portable lists what in a SELECT, its macros apart, only one engine would
// understand or would not answer the same way twice; empty is good.
func Portable(t *engine.Tree) []string {
	var faults []string
	bad := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, f := range t.Functions() {
		if !slices.Contains(AllowedFunctions, f) && !strings.HasPrefix(f, macroPrefix) {
			bad("function %s is not on the list", f)
		}
	}
	t.Walk(func(n map[string]any) {
		for key, what := range map[string]string{
			"qualify": "QUALIFY: filter a row_number in an outer SELECT", "sample": "a sample is never the same twice",
			"exclude_list": "EXCLUDE: name the columns", "replace_list": "REPLACE: name the columns",
			"distinct_on_targets": "DISTINCT ON: filter a row_number in an outer SELECT",
		} {
			if full(n[key]) {
				bad("%s", what)
			}
		}
		if n["aggregate_handling"] == "FORCE_AGGREGATES" {
			bad("GROUP BY ALL: name the columns")
		}
		if r := n["ref_type"]; r == "ASOF" || r == "POSITIONAL" || r == "NATURAL" {
			bad("%v JOIN: join ON conditions", r)
		}
		switch n["type"] {
		case "ARRAY_CONSTRUCTOR", "STRUCT_EXTRACT", "ARRAY_EXTRACT", "ARRAY_SLICE", "LAMBDA", "COLUMNS", "PIVOT", "TABLE_FUNCTION":
			bad("%v: no lists, structs, lambdas, pivots or table functions", n["type"])
		}
		if id := n["id"]; id == "LIST" || id == "STRUCT" || id == "MAP" || id == "ARRAY" {
			bad("type %v: no lists, structs or maps", id)
		}
	})
	slices.Sort(faults)
	return slices.Compact(faults)
}

// full reports whether a part of the tree is there and not empty.
func full(x any) bool {
	switch v := x.(type) {
	case nil:
		return false
	case []any:
		return len(v) > 0
	}
	return true
}
