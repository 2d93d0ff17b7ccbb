package transform

import (
	"context"
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

	text  string // hash of the file
	base  string // hash of everything in the file that shapes its rows, rendered
	shape string // hash of base and of the shapes of all it rests on
}

// Header stands in the comment that a model's file begins with.
type Header struct {
	Description  string   `yaml:"description"`
	Grain        []string `yaml:"grain"`
	Materialized string   `yaml:"materialized"` // table (default) or view
	// Window says which months of its inputs an output month needs: [-1, 2] is
	// from the month before to two months after. A model must reach no further.
	Window []int `yaml:"window"`
	// Months says the same for a model that reads single months: [-12, -1, 0].
	Months []int `yaml:"months"`
	// Computed names the computation that the SELECT's rows go through.
	Computed string `yaml:"computed"`
	Cube     bool   `yaml:"cube"` // its rows are observations
	Tests    []Test `yaml:"tests"`
}

// view reports whether the model is never stored.
func (m *Model) view() bool { return m.Materialized == "view" }

// candidate reports whether the model's rows are alert candidates.
func (m *Model) candidate() bool { return path.Dir(m.File) == "alert" }

// layout is the columns that the model's rows are laid out in, nil for its own.
func (m *Model) layout() []column {
	switch {
	case m.Cube:
		return cubeColumns
	case m.candidate():
		return candidateColumns
	}
	return nil
}

var (
	headerForm = regexp.MustCompile(`(?s)^\s*/\*(.*?)\*/(.*)$`)
	nameForm   = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	lakeName   = regexp.MustCompile(`\blake\.([a-z_0-9]+)\b`)
)

// lakeView is the temporary view that a model's lake.<feed> is read from.
func lakeView(feed string) string { return "lake_" + feed }

// text is the model's SELECT as it is executed.
func (m *Model) executable() string { return lakeName.ReplaceAllString(m.SQL, lakeView("$1")) }

// faults are the models that could not be read: name → what is wrong.
type faults map[string]error

func (f faults) err() error {
	var errs []error
	for _, name := range sortedKeys(f) {
		errs = append(errs, f[name])
	}
	return errors.Join(errs...)
}

// readModels reads every .sql file, and collects the faults of all.
func readModels(ctx context.Context, o Options, funcs template.FuncMap) ([]*Model, faults, error) {
	taken := map[string]string{}
	for _, s := range o.Seeds {
		taken[s.Name] = "a configuration table"
	}
	for _, b := range o.Boards {
		taken[b.Name] = "a board"
	}
	for _, own := range ownTables {
		taken[own] = "the warehouse's own table"
	}
	var out []*Model
	broken := faults{}
	err := fs.WalkDir(o.Models, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) != ".sql" {
			return err
		}
		if o.Only != nil && !slices.Contains(o.Only, strings.TrimSuffix(path.Base(p), ".sql")) {
			return nil
		}
		m, err := readModel(ctx, o.Engine.DB(), o.Models, p, funcs)
		if err == nil {
			if by, ok := taken[m.Name]; ok {
				err = fmt.Errorf("%s: the name %s is taken by %s", p, m.Name, by)
			}
		}
		if err != nil {
			broken[p] = err
			return nil
		}
		taken[m.Name] = p
		out = append(out, m)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("models: %w", err)
	}
	return out, broken, nil
}

func readModel(ctx context.Context, q engine.Querier, files fs.FS, file string, funcs template.FuncMap) (*Model, error) {
	b, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	m := &Model{Name: strings.TrimSuffix(path.Base(file), ".sql"), File: file, text: hash(string(b))}
	if !nameForm.MatchString(m.Name) {
		return nil, fmt.Errorf("%s: a model's name is lower-case letters, digits and _, beginning with a letter", file)
	}
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	parts := headerForm.FindStringSubmatchIndex(text)
	if parts == nil {
		return nil, fmt.Errorf("%s:1: it must begin with a /* header */ in YAML", file)
	}
	if err := m.readHeader(text[parts[2]:parts[3]], strings.Count(text[:parts[2]], "\n")); err != nil {
		return nil, err
	}
	// Line breaks in the header's place keep the line numbers of errors true.
	body := strings.Repeat("\n", strings.Count(text[:parts[4]], "\n")) + text[parts[4]:]
	if err := m.render(ctx, q, body, funcs); err != nil {
		return nil, err
	}
	header, err := yaml.Marshal(m.Header)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	m.base = hash(m.Name, path.Dir(m.File), string(header), m.SQL, fmt.Sprint(m.layout()))
	return m, nil
}

// readHeader decodes the header, which begins after so many lines of the file.
func (m *Model) readHeader(text string, before int) error {
	err := yaml.UnmarshalWithOptions([]byte(text), &m.Header, yaml.Strict())
	var bad yaml.Error
	if errors.As(err, &bad) && bad.GetToken() != nil {
		return fmt.Errorf("%s:%d: header: %s", m.File, before+bad.GetToken().Position.Line, bad.GetMessage())
	}
	if err == nil {
		err = m.check()
	}
	if err != nil {
		return fmt.Errorf("%s: header: %w", m.File, err)
	}
	return nil
}

// render fills in macros and parameters, and finds out what the model reads.
func (m *Model) render(ctx context.Context, q engine.Querier, body string, funcs template.FuncMap) error {
	t, err := template.New(m.File).Option("missingkey=error").Funcs(funcs).Parse(body)
	if err != nil {
		return err
	}
	var sql strings.Builder
	if err := t.Execute(&sql, nil); err != nil {
		return err
	}
	full := strings.TrimRight(sql.String(), "; \n\t")
	tree, err := engine.Parse(ctx, q, full)
	var syntax *engine.SyntaxError
	if errors.As(err, &syntax) && syntax.Line > 0 {
		return fmt.Errorf("%s:%d: %w", m.File, syntax.Line, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", m.File, err)
	}
	m.SQL = strings.TrimSpace(full)
	m.Deps = tree.Tables()
	for _, t := range m.Tests {
		if t.Relation != nil {
			m.Deps = append(m.Deps, t.Relation.To)
		}
	}
	slices.Sort(m.Deps)
	m.Deps = slices.Compact(m.Deps)
	return nil
}

// check validates the header and fills in its defaults.
func (m *Model) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch m.Materialized {
	case "":
		m.Materialized = "table"
	case "table", "view":
	default:
		bad("materialized %q: want table or view", m.Materialized)
	}
	switch {
	case len(m.Months) > 0 && m.Window != nil:
		bad("months and window say the same: keep one of them")
	case len(m.Months) > 0:
		if !slices.IsSorted(m.Months) || !slices.Contains(m.Months, 0) {
			bad("months %v: want offsets in order with 0 among them, for example [-12, -1, 0]", m.Months)
		}
	case m.Window == nil:
		m.Months = []int{0}
	case len(m.Window) != 2 || m.Window[0] > 0 || m.Window[1] < 0:
		bad("window %v: want [from, to] around the month, for example [-1, 2]", m.Window)
	default:
		for o := m.Window[0]; o <= m.Window[1]; o++ {
			m.Months = append(m.Months, o)
		}
	}
	if len(m.Grain) == 0 {
		bad("grain: name the columns that make a row unique")
	}
	if m.view() && (m.Cube || m.candidate()) {
		bad("materialized: a model of the cube or of alerts must be a table")
	}
	if m.view() && m.Computed != "" {
		bad("materialized: a computed model must be a table")
	}
	if m.view() && len(m.Tests) > 0 {
		bad("tests: a view is not stored, test the tables made of it")
	}
	for i, t := range m.Tests {
		if err := t.check(); err != nil {
			bad("tests[%d]: %w", i, err)
		}
	}
	return errors.Join(errs...)
}

// paramFunc renders {{ param "name" }} as an SQL literal, a list of texts as what
// stands in IN (…); of an empty one nothing is in it.
func paramFunc(params map[string]any) func(string) (string, error) {
	names := sortedKeys(params)
	return func(name string) (string, error) {
		v, ok := params[name]
		if !ok {
			return "", fmt.Errorf("unknown parameter %q; did you mean %s", name, strings.Join(nearest(name, names, 3), ", "))
		}
		switch x := v.(type) {
		case string:
			return engine.Quote(x), nil
		case []string:
			if len(x) == 0 {
				return "NULL", nil
			}
			quoted := make([]string, len(x))
			for i, text := range x {
				quoted[i] = engine.Quote(text)
			}
			return strings.Join(quoted, ", "), nil
		case float64:
			return fmt.Sprintf("CAST(%v AS DOUBLE)", x), nil
		default:
			return fmt.Sprint(x), nil
		}
	}
}
