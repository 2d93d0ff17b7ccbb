package cube

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// file is the catalog's file form. Its parts are kept as nodes and decoded one
// by one, so that a faulty part does not hide the faults of the others.
type file struct {
	Dimensions map[string]ast.Node `yaml:"dimensions"`
	Sources    map[string]Text     `yaml:"sources"`
	Changes    map[string]change   `yaml:"changes"`
	Indicators []ast.Node          `yaml:"indicators"`
}

type dimension struct {
	ZH    string `yaml:"zh"`
	EN    string `yaml:"en"`
	Total Text   `yaml:"total"`
	Codes []Code `yaml:"codes"`
}

// change says how the change over so many months is derived from an indicator.
type change struct {
	Months     int  `yaml:"months"`
	Name       Text `yaml:"name"`
	Definition struct {
		Difference Text `yaml:"difference"`
		Relative   Text `yaml:"relative"`
	} `yaml:"definition"`
	Metric string `yaml:"metric"`
}

// CatalogError is one fault of a catalog file.
type CatalogError struct {
	File  string
	Line  int // 0 when the fault is of the whole file
	Where string
	Err   string
}

func (e *CatalogError) Error() string {
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	if e.Where != "" {
		at += ": " + e.Where
	}
	return at + ": " + e.Err
}

// ParseCatalog reads a catalog from YAML; name is the file's name in errors.
// The error joins every fault found, each a *CatalogError.
func ParseCatalog(name string, text []byte) (*Catalog, error) {
	p := &parse{file: name, c: &Catalog{byCode: map[string]int{}, dims: map[string]Dimension{}}}
	p.run(text)
	if len(p.faults) > 0 {
		return nil, fmt.Errorf("indicator catalog:\n%w", errors.Join(p.faults...))
	}
	return p.c.With(Industry, standardIndustries(p.c.dims[Industry].Codes)...), nil
}

type parse struct {
	file   string
	c      *Catalog
	faults []error
	// metrics maps each metric name to what claimed it first.
	metrics map[string]string
}

func (p *parse) fault(n ast.Node, where, format string, args ...any) {
	line := 0
	if n != nil && n.GetToken() != nil {
		line = n.GetToken().Position.Line
	}
	p.faults = append(p.faults, &CatalogError{p.file, line, where, fmt.Sprintf(format, args...)})
}

// faultOf reports a decoder's error, which knows its own line.
func (p *parse) faultOf(n ast.Node, where string, err error) {
	var y yaml.Error
	if errors.As(err, &y) {
		line := 0
		if t := y.GetToken(); t != nil && t.Position != nil {
			line = t.Position.Line
		}
		p.faults = append(p.faults, &CatalogError{p.file, line, where, y.GetMessage()})
		return
	}
	p.fault(n, where, "%v", err)
}

func (p *parse) run(text []byte) {
	doc, err := parser.ParseBytes(text, 0)
	if err != nil {
		p.faultOf(nil, "", err)
		return
	}
	if len(doc.Docs) == 0 || doc.Docs[0].Body == nil {
		p.fault(nil, "", "the file is empty; start from the embedded one, cube/indicators.yaml")
		return
	}
	if len(doc.Docs) > 1 {
		p.fault(doc.Docs[1].Body, "", "want one YAML document, not several")
	}
	var f file
	if err := yaml.NodeToValue(doc.Docs[0].Body, &f, yaml.Strict()); err != nil {
		p.faultOf(doc.Docs[0].Body, "", err)
		return
	}
	p.sources(f)
	p.dimensions(f)
	p.changes(f)
	p.indicators(f)
}

func (p *parse) sources(f file) {
	for _, code := range sortedKeys(f.Sources) {
		p.text(nil, "source "+code, "name", f.Sources[code])
	}
	p.c.sources = f.Sources
}

func (p *parse) dimensions(f file) {
	for _, name := range sortedKeys(f.Dimensions) {
		n, where := f.Dimensions[name], "dimension "+name
		if !slices.Contains(Dims(), name) {
			p.fault(n, where, "the cube has no such dimension%s; it has %s", nearest(name, Dims()), strings.Join(Dims(), ", "))
			continue
		}
		var d dimension
		if err := yaml.NodeToValue(n, &d, yaml.Strict()); err != nil {
			p.faultOf(n, where, err)
			continue
		}
		p.text(n, where, "name", Text{d.ZH, d.EN})
		p.text(n, where, "total", d.Total)
		seen := map[string]bool{Total: true}
		for _, c := range d.Codes {
			if c.Code == "" || seen[c.Code] {
				p.fault(n, where, "code %q is empty, reserved or listed twice", c.Code)
			}
			seen[c.Code] = true
			p.text(n, where+" code "+c.Code, "name", Text{c.ZH, c.EN})
		}
		p.c.dims[name] = Dimension{Name: Text{d.ZH, d.EN}, Total: d.Total, Codes: d.Codes}
	}
	for _, name := range Dims() {
		if _, ok := f.Dimensions[name]; !ok {
			p.fault(nil, "dimension "+name, "is missing; every dimension of the cube needs its names")
		}
	}
}

var codeForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (p *parse) changes(f file) {
	months := map[int]bool{}
	for _, suffix := range sortedKeys(f.Changes) {
		c, where := f.Changes[suffix], "change "+suffix
		if !codeForm.MatchString(suffix) || !codeForm.MatchString(c.Metric) {
			p.fault(nil, where, "the suffix and its metric %q must be lower-case words joined by _", c.Metric)
		}
		if (c.Months != 1 && c.Months != 12) || months[c.Months] {
			p.fault(nil, where, "months is %d; want 1 or 12, each once", c.Months)
		}
		months[c.Months] = true
		for field, t := range map[string]Text{"name": c.Name, "definition.difference": c.Definition.Difference, "definition.relative": c.Definition.Relative} {
			if strings.Count(t.ZH, "%s") != 1 || strings.Count(t.EN, "%s") != 1 {
				p.fault(nil, where, "%s needs zh and en, each with one %%s for the indicator", field)
			}
		}
	}
}

func (p *parse) indicators(f file) {
	p.metrics = map[string]string{}
	if len(f.Indicators) == 0 {
		p.fault(nil, "indicators", "is empty; list at least one indicator")
	}
	nodes := map[string]ast.Node{}
	var bases []Indicator
	for _, n := range f.Indicators {
		i := Indicator{Scale: 1}
		if err := yaml.NodeToValue(n, &i, yaml.Strict()); err != nil {
			p.faultOf(n, "", err)
			continue
		}
		if _, twice := nodes[i.Code]; twice {
			p.fault(n, i.Code, "is listed twice")
			continue
		}
		nodes[i.Code] = n
		p.indicator(n, i)
		bases = append(bases, i)
	}
	for k := range bases {
		i := &bases[k]
		i.Numerator = p.part(nodes[i.Code], *i, "numerator", i.Numerator, nodes)
		i.Denominator = p.part(nodes[i.Code], *i, "denominator", i.Denominator, nodes)
	}
	for _, i := range bases {
		p.add(i)
		if i.Changes != nil && !*i.Changes {
			continue
		}
		for _, suffix := range sortedKeys(f.Changes) {
			p.add(derive(i, suffix, f.Changes[suffix]))
		}
	}
	p.parts(nodes)
}

// add enters an indicator; its code and its metric must be its own.
func (p *parse) add(i Indicator) {
	if _, twice := p.c.byCode[i.Code]; twice {
		p.fault(nil, i.Code, "is both listed and derived; list the indicator alone, its changes follow")
		return
	}
	if owner, taken := p.metrics[i.Metric]; taken && i.Metric != "" {
		p.fault(nil, i.Code, "metric %s is also that of %s", i.Metric, owner)
	}
	p.metrics[i.Metric] = i.Code
	p.c.byCode[i.Code] = len(p.c.indicators)
	p.c.indicators = append(p.c.indicators, i)
}
