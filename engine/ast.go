package engine

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Querier is a connection or a pool.
type Querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Tree is a SELECT as the engine's parser sees it.
type Tree struct{ root any }

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
		Statements []any  `json:"statements"`
	}
	if err := json.Unmarshal([]byte(text), &head); err != nil {
		return nil, fmt.Errorf("parse SQL: %w", err)
	}
	if head.Error {
		return nil, errors.New(head.Message)
	}
	if len(head.Statements) != 1 {
		return nil, fmt.Errorf("want one SELECT, found %d statements", len(head.Statements))
	}
	return &Tree{root: head.Statements[0]}, nil
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
// written, without those that it defines itself by WITH; sorted.
func (t *Tree) Tables() []string {
	defined := map[string]bool{}
	t.Walk(func(n map[string]any) {
		m, ok := n["cte_map"].(map[string]any)
		if !ok {
			return
		}
		entries, _ := m["map"].([]any)
		for _, e := range entries {
			if pair, ok := e.(map[string]any); ok {
				if name, ok := pair["key"].(string); ok {
					defined[name] = true
				}
			}
		}
	})
	var out []string
	t.Walk(func(n map[string]any) {
		if n["type"] != "BASE_TABLE" {
			return
		}
		name, _ := n["table_name"].(string)
		if schema, _ := n["schema_name"].(string); schema != "" {
			name = schema + "." + name
		} else if defined[name] {
			return
		}
		out = append(out, name)
	})
	slices.Sort(out)
	return slices.Compact(out)
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
