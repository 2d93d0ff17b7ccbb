package engine

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Querier is a connection or a pool.
type Querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Tree is a SELECT as the engine's parser sees it.
type Tree struct{ root any }

// SyntaxError is what the parser has against a text.
type SyntaxError struct {
	Message string
	// Line of the text, from 1; 0 when the parser does not tell.
	Line int
}

func (e *SyntaxError) Error() string { return e.Message }

// Parse reads one SELECT by the engine's own parser. Nothing is executed and no
// table has to exist.
func Parse(ctx context.Context, q Querier, query string) (*Tree, error) {
	var text string
	err := q.QueryRowContext(ctx, "SELECT CAST(json_serialize_sql("+Quote(query)+") AS VARCHAR)").Scan(&text)
	if err != nil {
		return nil, fmt.Errorf("parse SQL: %w", err)
	}
	var head struct {
		Error      bool   `json:"error"`
		Message    string `json:"error_message"`
		Position   string `json:"position"`
		Statements []any  `json:"statements"`
	}
	if err := json.Unmarshal([]byte(text), &head); err != nil {
		return nil, fmt.Errorf("parse SQL: %w", err)
	}
	if head.Error {
		return nil, &SyntaxError{Message: head.Message, Line: lineOf(query, head.Position)}
	}
	if len(head.Statements) != 1 {
		return nil, fmt.Errorf("want one SELECT, found %d statements", len(head.Statements))
	}
	return &Tree{root: head.Statements[0]}, nil
}

// lineOf is the line of a byte position in text.
func lineOf(text, position string) int {
	at, err := strconv.Atoi(position)
	if err != nil || at > len(text) {
		return 0
	}
	return 1 + strings.Count(text[:at], "\n")
}

// Walk visits every object of the tree, parents first.
func (t *Tree) Walk(visit func(node map[string]any)) { walk(t.root, visit) }

func walk(x any, visit func(map[string]any)) {
	switch v := x.(type) {
	case map[string]any:
		visit(v)
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			walk(v[k], visit)
		}
	case []any:
		for _, e := range v {
			walk(e, visit)
		}
	}
}

// Tables are the names that the SELECT reads, as schema.table where a schema is
// written, without those that it defines itself by WITH; sorted. A WITH name
// hides a table only where it is in scope: in WITH a AS (SELECT … FROM a) the
// inner a is a table.
func (t *Tree) Tables() []string {
	var out []string
	tables(t.root, nil, func(name string) { out = append(out, name) })
	slices.Sort(out)
	return slices.Compact(out)
}

// tables reports the base tables under x that no name in scope hides.
func tables(x any, scope []string, found func(string)) {
	switch v := x.(type) {
	case []any:
		for _, e := range v {
			tables(e, scope, found)
		}
	case map[string]any:
		if v["type"] == "BASE_TABLE" {
			name, _ := v["table_name"].(string)
			if schema, _ := v["schema_name"].(string); schema != "" {
				found(schema + "." + name)
			} else if !hidden(name, scope) {
				found(name)
			}
		}
		inner := slices.Clip(scope)
		for _, with := range withs(v) {
			own := inner
			if recursive(with.value) {
				own = append(own, with.name)
			}
			tables(with.value, own, found)
			inner = slices.Clip(append(inner, with.name))
		}
		for k, e := range v {
			if k != "cte_map" {
				tables(e, inner, found)
			}
		}
	}
}

// hidden reports whether a WITH name in scope is meant; names ignore case.
func hidden(name string, scope []string) bool {
	return slices.ContainsFunc(scope, func(s string) bool { return strings.EqualFold(s, name) })
}

type with struct {
	name  string
	value any
}

// withs lists a query's WITH entries in the order written.
func withs(query map[string]any) []with {
	m, _ := query["cte_map"].(map[string]any)
	entries, _ := m["map"].([]any)
	var out []with
	for _, e := range entries {
		pair, _ := e.(map[string]any)
		if name, ok := pair["key"].(string); ok {
			out = append(out, with{name, pair["value"]})
		}
	}
	return out
}

// recursive reports whether a WITH entry is a recursive one, which sees itself.
func recursive(x any) bool {
	v, _ := x.(map[string]any)
	query, _ := v["query"].(map[string]any)
	node, _ := query["node"].(map[string]any)
	return node["type"] == "RECURSIVE_CTE_NODE"
}

// Functions are the names of the functions and operators that the SELECT calls; sorted.
func (t *Tree) Functions() []string {
	var out []string
	t.Walk(func(n map[string]any) {
		if name, ok := n["function_name"].(string); ok && name != "" {
			out = append(out, name)
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// Tables reads a SELECT and lists the tables it reads.
func Tables(ctx context.Context, q Querier, query string) ([]string, error) {
	t, err := Parse(ctx, q, query)
	if err != nil {
		return nil, err
	}
	return t.Tables(), nil
}

// Functions reads a SELECT and lists the functions it calls.
func Functions(ctx context.Context, q Querier, query string) ([]string, error) {
	t, err := Parse(ctx, q, query)
	if err != nil {
		return nil, err
	}
	return t.Functions(), nil
}
