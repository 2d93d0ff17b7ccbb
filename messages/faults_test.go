package messages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Every fault that the code words in English has its Chinese: the literal
// formats of Beside and of the functions that hand faults on to it.
func TestFaultsAreTranslated(t *testing.T) {
	at := map[string]map[string]int{
		"../config/*.go":         {"bad": 2, "need": 2, "Beside": 0},
		"../ingest/*.go":         {"Beside": 0},
		"../ingest/contract*.go": {"at": 1, "add": 1},
		"../ingest/policy.go":    {"at": 1},
		"../cube/*.go":           {"mistake": 0},
		"../*/*.go":              {"Beside": 0},
		"../cmd/*/*.go":          {"Beside": 0},
	}
	found := 0
	for pattern, calls := range at {
		eachNode(t, pattern, func(file string, n ast.Node) {
			text, ok := faultText(n, calls)
			text, _, _ = strings.Cut(text, "\n") // lists below are not told twice
			if !ok || strings.Trim(text, "%sv: ") == "" {
				return
			}
			found++
			if _, known := chinese()[text]; !known {
				t.Errorf("%s: %q has no Chinese; add it to faults.yaml", file, text)
			}
		})
	}
	if found < 100 {
		t.Errorf("only %d texts were found; the test looks in the wrong place", found)
	}
}

// eachNode visits the syntax of the files of a pattern, but for tests.
func eachNode(t *testing.T, pattern string, visit func(file string, n ast.Node)) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			visit(file, n)
			return true
		})
	}
}

// faultText is the literal format of a call of one of the functions.
func faultText(n ast.Node, calls map[string]int) (string, bool) {
	c, ok := n.(*ast.CallExpr)
	if !ok {
		return "", false
	}
	name := ""
	switch f := c.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	i, ok := calls[name]
	if !ok || i >= len(c.Args) {
		return "", false
	}
	lit, ok := c.Args[i].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// Every line of the log has its Chinese.
func TestLogLinesAreTranslated(t *testing.T) {
	lines := []string{"extract loaded", "extract would be loaded"} // one of the two, by a variable
	for _, pattern := range []string{"../*/*.go", "../cmd/*/*.go"} {
		eachNode(t, pattern, func(_ string, n ast.Node) {
			if c, ok := n.(*ast.CallExpr); ok && logs(c) {
				if text, ok := faultText(n, map[string]int{"Debug": 0, "Info": 0, "Warn": 0, "Error": 0}); ok {
					lines = append(lines, text)
				}
			}
		})
	}
	if len(lines) < 20 {
		t.Errorf("only %d lines were found; the test looks in the wrong place", len(lines))
	}
	for _, text := range lines {
		if _, known := chinese()[text]; !known {
			t.Errorf("%q has no Chinese; add it to log.yaml", text)
		}
	}
}

// logs says that a call is one of a logger's: x.log.Info, o.Log.Warn, Log.Error.
func logs(c *ast.CallExpr) bool {
	f, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	switch x := f.X.(type) {
	case *ast.Ident:
		return strings.EqualFold(x.Name, "log")
	case *ast.SelectorExpr:
		return strings.EqualFold(x.Sel.Name, "log")
	}
	return false
}

func TestBeside(t *testing.T) {
	near := Said{"; did you mean %q?", []any{"mode"}}
	for _, c := range []struct{ got, want string }{
		{Beside("unknown key %q%s", "modee", near), `没有名为 "modee" 的键；是否想写 "mode"？ / unknown key "modee"; did you mean "mode"?`},
		{Beside("unknown key %q%s", "modee", Said{}), `没有名为 "modee" 的键 / unknown key "modee"`},
		{Beside("no such text %d", 3), "no such text 3"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}
