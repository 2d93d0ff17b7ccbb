package cube

import (
	_ "embed"
	"fmt"
	"maps"
	"os"
	"slices"

	"laborwatch/codes"
	"laborwatch/config"
	"laborwatch/messages"
)

//go:embed indicators.yaml
var embedded []byte

// Text is a name or a sentence in both languages.
type Text struct {
	ZH string `yaml:"zh"`
	EN string `yaml:"en"`
}

// In gives the text in a language.
func (t Text) In(lang messages.Lang) string {
	if lang == messages.EN {
		return t.EN
	}
	return t.ZH
}

// Unit is the unit of an indicator's values.
type Unit string

// The units. A Ratio is 0 to 1 and shown in percent; a Multiple is shown as it
// is; a Relative change is a ratio of counts, shown in percent with its sign.
const (
	Ratio     Unit = "ratio"
	Multiple  Unit = "multiple"
	Persons   Unit = "persons"
	Employers Unit = "employers"
	Hours     Unit = "hours"
	Openings  Unit = "openings"
	Fen       Unit = "fen" // money, shown in yuan
	Relative  Unit = "relative"
)

// Counts reports whether values of the unit are whole things.
func (u Unit) Counts() bool { return u == Persons || u == Employers || u == Openings }

// Direction says which way of moving is good for employment.
type Direction string

// The directions.
const (
	UpIsBad  Direction = "up_is_bad"
	UpIsGood Direction = "up_is_good"
	Neutral  Direction = "neutral"
)

// Measure says how values of different months or places may be combined.
type Measure string

// The measures: a stock at a time, a flow over the month, a rate, a mean, or
// the change of one of them.
const (
	Stock  Measure = "stock"
	Flow   Measure = "flow"
	Rate   Measure = "rate"
	Mean   Measure = "mean"
	Change Measure = "change"
)

// Part says what a numerator or denominator column holds: the values of
// another indicator, or a quantity with a name and a metric of its own.
type Part struct {
	Indicator string  `yaml:"indicator"`
	Metric    string  `yaml:"metric"`
	Scale     float64 `yaml:"scale"`
	Name      Text    `yaml:"name"`
}

// Indicator is one entry of the catalog.
type Indicator struct {
	Code       string    `yaml:"code"`
	Name       Text      `yaml:"name"`
	Definition Text      `yaml:"definition"`
	Unit       Unit      `yaml:"unit"`
	Source     string    `yaml:"source"`
	Dims       []string  `yaml:"dims"`
	Direction  Direction `yaml:"direction"`
	// Decimals of the figure as shown: of the percentage, where it is one.
	Decimals int     `yaml:"decimals"`
	Measure  Measure `yaml:"measure"`
	// Sampled figures carry a standard error, an interval and a sample size.
	Sampled bool `yaml:"sampled"`
	// Metric is the Prometheus name without its namespace, in base units.
	Metric string `yaml:"metric"`
	// Scale turns a value into the metric's base unit.
	Scale       float64 `yaml:"scale"`
	Numerator   *Part   `yaml:"numerator"`
	Denominator *Part   `yaml:"denominator"`
	// Changes may be switched off: then the indicator has no _mom and _yoy.
	Changes *bool `yaml:"changes" json:",omitempty"`

	// Base is the indicator that a change is of, "" for an indicator itself.
	Base string `yaml:"-"`
	// Months that a change looks back: 1 or 12.
	Months int `yaml:"-"`
}

// Has reports whether the indicator is broken down by a dimension.
func (i Indicator) Has(dim string) bool { return slices.Contains(i.Dims, dim) }

// IsChange reports whether the indicator is the change of another.
func (i Indicator) IsChange() bool { return i.Base != "" }

// Code is one value of a dimension with its names.
type Code struct {
	Code string `yaml:"code"`
	ZH   string `yaml:"zh"`
	EN   string `yaml:"en"`
}

// Dimension is a dimension's name, the name of its total and its code list.
// A code list need not be whole: the cube may hold codes that it lacks.
type Dimension struct {
	Name  Text
	Total Text
	Codes []Code
}

// Catalog is the catalog of indicators, dimensions and sources. It is
// immutable and safe for use by several goroutines at once.
type Catalog struct {
	indicators []Indicator
	byCode     map[string]int
	dims       map[string]Dimension
	labels     map[string]map[string]Text
	sources    map[string]Text
}

// LoadCatalog reads a catalog file, or the embedded catalog where file is "".
// A faulty file gives every fault at once, each with its line.
func LoadCatalog(file string) (*Catalog, error) {
	if file == "" {
		return ParseCatalog("indicators.yaml (embedded)", embedded)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("indicator catalog: %w", err)
	}
	return ParseCatalog(file, b)
}

// CatalogYAML is the embedded catalog, to start one's own file from.
func CatalogYAML() []byte { return slices.Clone(embedded) }

// Get gives an indicator by its code.
func (c *Catalog) Get(code string) (Indicator, bool) {
	i, ok := c.byCode[code]
	if !ok {
		return Indicator{}, false
	}
	return c.indicators[i], true
}

// All lists the indicators in catalog order, each followed by its changes.
func (c *Catalog) All() []Indicator { return slices.Clone(c.indicators) }

// Bases lists the indicators that are no changes, in catalog order.
func (c *Catalog) Bases() []Indicator {
	return slices.DeleteFunc(c.All(), Indicator.IsChange)
}

// ChangeOf gives the change of an indicator against so many months before:
// 1 or 12.
func (c *Catalog) ChangeOf(code string, months int) (Indicator, bool) {
	for _, i := range c.indicators {
		if i.Base == code && i.Months == months {
			return i, true
		}
	}
	return Indicator{}, false
}

// Dim gives a dimension by its name.
func (c *Catalog) Dim(name string) (Dimension, bool) {
	d, ok := c.dims[name]
	return d, ok
}

// DimName is the name of a dimension, or the word itself where it is none.
func (c *Catalog) DimName(lang messages.Lang, dim string) string {
	if d, ok := c.dims[dim]; ok {
		return d.Name.In(lang)
	}
	return dim
}

// Label is the name of a code of a dimension: the dimension's total for Total,
// and the code itself where the catalog has no name for it.
func (c *Catalog) Label(lang messages.Lang, dim, code string) string {
	if code == Total || code == "" {
		if d, ok := c.dims[dim]; ok {
			return d.Total.In(lang)
		}
		return code
	}
	if t, ok := c.labels[dim][code]; ok {
		return t.In(lang)
	}
	return code
}

// SourceName is the name of an indicator's source.
func (c *Catalog) SourceName(lang messages.Lang, source string) string {
	if t, ok := c.sources[source]; ok {
		return t.In(lang)
	}
	return source
}

// With returns a catalog with codes added to a dimension: the regions, groups
// and key industries of the configuration, the divisions of GB/T 4754. A code
// that is there already takes the new names; one without an English name keeps
// its Chinese one.
func (c *Catalog) With(dim string, list ...Code) *Catalog {
	out := *c
	out.dims = maps.Clone(c.dims)
	d := out.dims[dim]
	d.Codes = slices.Clone(d.Codes)
	for _, code := range list {
		if code.EN == "" {
			code.EN = code.ZH
		}
		if i := slices.IndexFunc(d.Codes, func(x Code) bool { return x.Code == code.Code }); i >= 0 {
			d.Codes[i] = code
		} else {
			d.Codes = append(d.Codes, code)
		}
	}
	out.dims[dim] = d
	out.relabel()
	return &out
}

// WithTotal returns a catalog in which a dimension's total has another name:
// the city's own in place of "whole city".
func (c *Catalog) WithTotal(dim string, name Text) *Catalog {
	out := *c
	out.dims = maps.Clone(c.dims)
	d := out.dims[dim]
	d.Total = name
	out.dims[dim] = d
	return &out
}

// standardIndustries are the sections and divisions of GB/T 4754-2017 that a
// catalog file does not name otherwise.
func standardIndustries(named []Code) []Code {
	known := map[string]bool{}
	for _, c := range named {
		known[c.Code] = true
	}
	var out []Code
	for _, s := range codes.Sections() {
		out = append(out, Code{s.Code, s.ZH, s.EN})
	}
	for _, d := range codes.Divisions() {
		out = append(out, Code{d.Code, d.ZH, d.EN})
	}
	return slices.DeleteFunc(out, func(c Code) bool { return known[c.Code] })
}

// ForConfig is the catalog of a configuration: its own catalog file where it
// names one, with the city's, regions', groups' and key industries' names.
func ForConfig(cfg *config.Config) (*Catalog, error) {
	c, err := LoadCatalog(cfg.Models.Indicators)
	if err != nil {
		return nil, err
	}
	var regions, groups, industries []Code
	for _, r := range cfg.Regions {
		regions = append(regions, Code{r.Code, r.ZH, r.EN})
	}
	for _, g := range cfg.Groups {
		groups = append(groups, Code{g.Code, g.ZH, g.EN})
	}
	for _, i := range cfg.Industries {
		industries = append(industries, Code{i.Code, i.ZH, i.EN})
	}
	return c.With(Region, regions...).With(PopGroup, groups...).With(Industry, industries...), nil
}

func (c *Catalog) relabel() {
	c.labels = map[string]map[string]Text{}
	for name, d := range c.dims {
		m := map[string]Text{}
		for _, code := range d.Codes {
			m[code.Code] = Text{ZH: code.ZH, EN: code.EN}
		}
		c.labels[name] = m
	}
}
