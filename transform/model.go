package transform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/goccy/go-yaml"

	"laborwatch/engine"
)

// Model is one SQL file: a SELECT with a header that says what its rows are.
type Model struct {
	Name string // the file's base name
	File string // its path in the models' folder
	Header
	SQL  string   // rendered: macros and parameters filled in
	Deps []string // models, seeds and lake.<feed> that it reads, sorted

	base string // hash of everything in the file that shapes its rows
}

// Header stands in the comment that a model's file begins with.
type Header struct {
	Description  string   `yaml:"description"`
	Grain        []string `yaml:"grain"`
	Materialized string   `yaml:"materialized"` // table (default) or view
	// Window says which months of its inputs an output month needs: [-1, 2] is
	// from the month before to two months after. A model must reach no further.
	Window []int  `yaml:"window"`
	Cube   bool   `yaml:"cube"` // its rows are observations
	Tests  []Test `yaml:"tests"`
}

// view reports whether the model is never stored.
func (m *Model) view() bool { return m.Materialized == "view" }

// candidate reports whether the model's rows are alert candidates.
func (m *Model) candidate() bool { return path.Dir(m.File) == "alert" }

var (
	headerForm = regexp.MustCompile(`(?s)^\s*/\*(.*?)\*/(.*)$`)
	lakeName   = regexp.MustCompile(`\blake\.([a-z_0-9]+)\b`)
)

// lakeView is the temporary view that a model's lake.<feed> is read from.
func lakeView(feed string) string { return "lake_" + feed }

// readModels reads every .sql file, and reports all faults at once.
func readModels(ctx context.Context, q engine.Querier, files fs.FS, funcs template.FuncMap) ([]*Model, error) {
	var out []*Model
	var errs []error
	err := fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) != ".sql" {
			return err
		}
		m, err := readModel(ctx, q, files, p, funcs)
		if err != nil {
			errs = append(errs, fmt.Errorf("model %s: %w", p, err))
			return nil
		}
		for _, o := range out {
			if o.Name == m.Name {
				errs = append(errs, fmt.Errorf("model %s: the name %s is taken by %s", p, m.Name, o.File))
			}
		}
		out = append(out, m)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("models: %w", err)
	}
	return out, errors.Join(errs...)
}

func readModel(ctx context.Context, q engine.Querier, files fs.FS, file string, funcs template.FuncMap) (*Model, error) {
	b, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, err
	}
	parts := headerForm.FindStringSubmatch(string(b))
	if parts == nil {
		return nil, errors.New("it must begin with a /* header */ in YAML")
	}
	m := &Model{Name: strings.TrimSuffix(path.Base(file), ".sql"), File: file}
	if err := yaml.UnmarshalWithOptions([]byte(parts[1]), &m.Header, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("header: %s", yaml.FormatError(err, false, true))
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	t, err := template.New(file).Option("missingkey=error").Funcs(funcs).Parse(parts[2])
	if err != nil {
		return nil, err
	}
	var sql strings.Builder
	if err := t.Execute(&sql, nil); err != nil {
		return nil, err
	}
	m.SQL = strings.TrimRight(strings.TrimSpace(sql.String()), ";")
	if m.Deps, err = engine.Tables(ctx, q, m.SQL); err != nil {
		return nil, err
	}
	header, err := yaml.Marshal(m.Header)
	if err != nil {
		return nil, err
	}
	m.base = hash(m.Name, string(header), m.SQL)
	return m, nil
}

// check validates the header and fills in its defaults.
func (m *Model) check() error {
	switch m.Materialized {
	case "":
		m.Materialized = "table"
	case "table", "view":
	default:
		return fmt.Errorf("header: materialized %q: want table or view", m.Materialized)
	}
	switch {
	case m.Window == nil:
		m.Window = []int{0, 0}
	case len(m.Window) != 2 || m.Window[0] > 0 || m.Window[1] < 0:
		return fmt.Errorf("header: window %v: want [from, to] around the month, for example [-1, 2]", m.Window)
	}
	if len(m.Grain) == 0 {
		return errors.New("header: grain: name the columns that make a row unique")
	}
	if m.Cube && m.view() {
		return errors.New("header: a cube model must be a table")
	}
	var errs []error
	for i, t := range m.Tests {
		if err := t.check(); err != nil {
			errs = append(errs, fmt.Errorf("header: tests[%d]: %w", i, err))
		}
	}
	return errors.Join(errs...)
}

// hash joins the parts unambiguously and hashes them.
func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// paramFunc renders {{ param "name" }} as an SQL literal.
func paramFunc(params map[string]any) func(string) (string, error) {
	names := make([]string, 0, len(params))
	for n := range params {
		names = append(names, n)
	}
	slices.Sort(names)
	return func(name string) (string, error) {
		v, ok := params[name]
		if !ok {
			return "", fmt.Errorf("unknown parameter %q; did you mean %s", name, strings.Join(nearest(name, names, 3), ", "))
		}
		switch x := v.(type) {
		case string:
			return engine.Quote(x), nil
		case float64:
			return fmt.Sprintf("CAST(%v AS DOUBLE)", x), nil
		default:
			return fmt.Sprint(x), nil
		}
	}
}
