package cube

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

var (
	units      = []Unit{Ratio, Multiple, Persons, Employers, Hours, Openings, Fen}
	directions = []Direction{UpIsBad, UpIsGood, Neutral}
	measures   = []Measure{Stock, Flow, Rate, Mean}
)

// text reports a text that lacks a language.
func (p *parse) text(n ast.Node, where, field string, t Text) {
	if t.ZH == "" || t.EN == "" {
		p.fault(n, where, "%s needs both zh and en", field)
	}
}

// indicator checks one entry by itself.
func (p *parse) indicator(n ast.Node, i Indicator) {
	if !codeForm.MatchString(i.Code) {
		p.fault(n, i.Code, "code %q: want lower-case words joined by _", i.Code)
	}
	p.text(n, i.Code, "name", i.Name)
	p.text(n, i.Code, "definition", i.Definition)
	oneOf(p, n, i.Code, "unit", i.Unit, units)
	oneOf(p, n, i.Code, "direction", i.Direction, directions)
	oneOf(p, n, i.Code, "measure", i.Measure, measures)
	if _, ok := p.c.sources[i.Source]; !ok {
		p.fault(n, i.Code, "source %q is not under sources%s", i.Source, nearest(i.Source, sortedKeys(p.c.sources)))
	}
	seen := map[string]bool{}
	for _, d := range i.Dims {
		if !slices.Contains(Dims(), d) {
			p.fault(n, i.Code, "dims: no dimension %q%s; the cube has %s", d, nearest(d, Dims()), strings.Join(Dims(), ", "))
		}
		if seen[d] {
			p.fault(n, i.Code, "dims: %s is listed twice", d)
		}
		seen[d] = true
	}
	if i.Decimals < 0 || i.Decimals > 6 {
		p.fault(n, i.Code, "decimals is %d; want 0 to 6", i.Decimals)
	}
	p.metric(n, i)
}

// metric checks the Prometheus name: its own conventions want a base unit at
// the end, and seconds for anything that lasts.
func (p *parse) metric(n ast.Node, i Indicator) {
	switch {
	case !codeForm.MatchString(i.Metric):
		p.fault(n, i.Code, "metric %q: want lower-case words joined by _, without the namespace", i.Metric)
	case i.Unit == Hours && (!strings.HasSuffix(i.Metric, "_seconds") || i.Scale != 3600):
		p.fault(n, i.Code, "metric %s of hours must end in _seconds with scale: 3600", i.Metric)
	case (i.Unit == Ratio || i.Unit == Multiple) && !strings.HasSuffix(i.Metric, "_ratio"):
		p.fault(n, i.Code, "metric %s of a ratio must end in _ratio", i.Metric)
	case i.Unit == Fen && (!strings.HasSuffix(i.Metric, "_yuan") || i.Scale != 0.01):
		p.fault(n, i.Code, "metric %s of money must end in _yuan with scale: 0.01", i.Metric)
	case i.Scale <= 0:
		p.fault(n, i.Code, "scale is %v; want a factor above 0", i.Scale)
	}
	for _, end := range []string{"_total", "_standard_error", "_ci_lower", "_ci_upper"} {
		if strings.HasSuffix(i.Metric, end) {
			p.fault(n, i.Code, "metric %s: the ending %s is taken", i.Metric, end)
		}
	}
}

// part checks a numerator or denominator against the indicators there are, and
// gives one that refers to an indicator that indicator's name and metric.
func (p *parse) part(n ast.Node, i Indicator, field string, part *Part, known map[string]ast.Node) *Part {
	if part == nil {
		return nil
	}
	out := *part
	if out.Scale == 0 {
		out.Scale = 1
	}
	if out.Indicator != "" {
		if _, ok := known[out.Indicator]; !ok {
			p.fault(n, i.Code, "%s: no indicator %q%s", field, out.Indicator, nearest(out.Indicator, sortedKeys(known)))
		}
		if out.Metric != "" || part.Scale != 0 || out.Name != (Text{}) {
			p.fault(n, i.Code, "%s: name an indicator or a metric of its own, not both", field)
		}
		return &out
	}
	if !codeForm.MatchString(out.Metric) || out.Scale < 0 {
		p.fault(n, i.Code, "%s: metric %q: want lower-case words joined by _, and scale above 0", field, out.Metric)
	}
	p.text(n, i.Code, field+".name", out.Name)
	return &out
}

// parts checks that a metric of a numerator or denominator is no indicator's,
// and that those who share one call it by the same name.
func (p *parse) parts(nodes map[string]ast.Node) {
	names := map[string]Text{}
	for _, i := range p.c.indicators {
		for _, part := range []*Part{i.Numerator, i.Denominator} {
			if part == nil || part.Metric == "" {
				continue
			}
			if owner, taken := p.metrics[part.Metric]; taken {
				p.fault(nodes[i.Code], i.Code, "metric %s is that of %s; refer to it by indicator: %s", part.Metric, owner, owner)
			}
			if name, named := names[part.Metric]; named && name != part.Name {
				p.fault(nodes[i.Code], i.Code, "metric %s has two names: %s and %s", part.Metric, name.EN, part.Name.EN)
			}
			names[part.Metric] = part.Name
		}
	}
}

// derive makes the entry of an indicator's change.
func derive(i Indicator, suffix string, c change) Indicator {
	i.Base, i.Code, i.Months = i.Code, i.Code+"_"+suffix, c.Months
	i.Name = fill(c.Name, i.Name)
	i.Measure = Change
	i.Numerator, i.Denominator = nil, nil
	stem, unit := i.Metric, "_ratio"
	for _, u := range []string{"_ratio", "_seconds"} {
		if s, ok := strings.CutSuffix(stem, u); ok {
			stem, unit = s, u
		}
	}
	i.Metric = stem + "_" + c.Metric + unit
	if i.Unit.Counts() {
		i.Unit, i.Decimals = Relative, 1
		i.Definition = fill(c.Definition.Relative, i.Definition)
	} else {
		i.Definition = fill(c.Definition.Difference, i.Definition)
	}
	return i
}

func fill(form, with Text) Text {
	return Text{ZH: fmt.Sprintf(form.ZH, with.ZH), EN: fmt.Sprintf(form.EN, with.EN)}
}

func oneOf[T ~string](p *parse, n ast.Node, where, field string, got T, want []T) {
	if slices.Contains(want, got) {
		return
	}
	names := make([]string, len(want))
	for k, w := range want {
		names[k] = string(w)
	}
	p.fault(n, where, "%s is %q%s; want one of %s", field, string(got), nearest(string(got), names), strings.Join(names, ", "))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
