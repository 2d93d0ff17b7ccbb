package metrics

import (
	"cmp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"laborwatch/cube"
)

// gauge is the metrics of one indicator.
type gauge struct {
	indicator cube.Indicator
	labels    []string // its dimensions but the employer
	value     *metric
	// se, low and high are nil for an indicator that is no sample's.
	se, low, high *metric
	// numerator and denominator are nil where the catalog names none. They
	// are other indicators' metrics where the catalog says so.
	numerator, denominator *part
	// enterprise is nil for an indicator that employers have no figures of.
	enterprise *metric
}

// part is the metric of a numerator or denominator.
type part struct {
	*metric
	indicator string   // whose metric it is, "" for one of its own
	own       bool     // described here and not elsewhere
	dims      []string // the metric's labels: those its row lacks hold the total
	scale     float64
}

func (g *gauge) descs() []*metric {
	out := []*metric{g.value, g.se, g.low, g.high, g.enterprise}
	for _, p := range []*part{g.numerator, g.denominator} {
		if p != nil && p.own {
			out = append(out, p.metric)
		}
	}
	return slices.DeleteFunc(out, func(m *metric) bool { return m == nil })
}

// newGauges makes the metrics of every indicator.
func newGauges(catalog *cube.Catalog) []*gauge {
	var out []*gauge
	byCode := map[string]*gauge{}
	for _, i := range catalog.All() {
		g := newGauge(i)
		byCode[i.Code] = g
		out = append(out, g)
	}
	shared := map[string]*part{}
	for _, g := range out {
		g.numerator = newPart(g, g.indicator.Numerator, byCode, shared)
		g.denominator = newPart(g, g.indicator.Denominator, byCode, shared)
	}
	return out
}

func newGauge(i cube.Indicator) *gauge {
	g := &gauge{indicator: i}
	for _, d := range i.Dims {
		if d != cube.Enterprise {
			g.labels = append(g.labels, d)
		}
	}
	help := i.Definition.EN
	g.value = newMetric(i.Metric, help, g.labels...)
	if i.Sampled {
		g.se = newMetric(i.Metric+"_standard_error", "Standard error. "+help, g.labels...)
		g.low = newMetric(i.Metric+"_ci_lower", "Lower end of the confidence interval. "+help, g.labels...)
		g.high = newMetric(i.Metric+"_ci_upper", "Upper end of the confidence interval. "+help, g.labels...)
	}
	// The changes of a single employer's figures are left to queries: the list
	// of employers is bounded, the number of their series should be too.
	if i.Has(cube.Enterprise) && !i.IsChange() {
		g.enterprise = newMetric("enterprise_"+i.Metric, "Key employers by unified social credit code. "+help, "uscc")
	}
	return g
}

// newPart gives a numerator's or denominator's metric. Two indicators may name
// the same one (the population of two rates): it is described once, with the
// labels of the first.
func newPart(g *gauge, p *cube.Part, byCode map[string]*gauge, shared map[string]*part) *part {
	if p == nil {
		return nil
	}
	if other := byCode[p.Indicator]; other != nil {
		return &part{metric: other.value, indicator: p.Indicator, dims: other.labels, scale: other.indicator.Scale}
	}
	if first := shared[p.Metric]; first != nil {
		again := *first
		again.own = false
		return &again
	}
	own := &part{metric: newMetric(p.Metric, p.Name.EN+".", g.labels...), own: true, dims: g.labels, scale: p.Scale}
	shared[p.Metric] = own
	return own
}

// snapshot adds every indicator at its newest month. Indicators' own values
// come first: where one is also the numerator of a rate, its own row stands.
func (c *Collector) snapshot(b *build, s *cube.Snapshot) {
	if !s.Built.IsZero() {
		b.add(c.fixed.built, prometheus.GaugeValue, seconds(s.Built))
	}
	rows := make([][]cube.Observation, len(c.gauges))
	shown := c.employers(s)
	for k, g := range c.gauges {
		latest := s.LatestOf(g.indicator.Code)
		if latest == 0 {
			continue
		}
		b.add(c.fixed.reference, prometheus.GaugeValue, seconds(latest.First()), g.indicator.Code)
		rows[k] = s.Of(g.indicator.Code, func(o cube.Observation) bool { return o.Period == latest && o.Value != nil })
		for _, o := range rows[k] {
			c.observation(b, g, o, shown)
		}
	}
	for k, g := range c.gauges {
		for _, o := range rows[k] {
			g.parts(b, s, o)
		}
	}
}

func (c *Collector) observation(b *build, g *gauge, o cube.Observation, shown map[string]bool) {
	if o.Enterprise != cube.Total {
		if g.enterprise != nil && shown[o.Enterprise] && totalBut(o, cube.Enterprise) {
			b.add(g.enterprise, prometheus.GaugeValue, *o.Value*g.indicator.Scale, o.Enterprise)
		}
		return
	}
	labels, ok := labelsOf(o, g.labels)
	if !ok {
		return
	}
	g.put(b, g.value, o.Value, labels)
	g.put(b, g.se, o.SE, labels)
	g.put(b, g.low, o.CILow, labels)
	g.put(b, g.high, o.CIHigh, labels)
}

func (g *gauge) put(b *build, m *metric, v *float64, labels []string) {
	if m != nil && v != nil {
		b.add(m, prometheus.GaugeValue, *v*g.indicator.Scale, labels...)
	}
}

// parts adds the numerator and the denominator of a row. Those that are other
// indicators are taken only where that one's newest month is this row's, so
// that no metric mixes months.
func (g *gauge) parts(b *build, s *cube.Snapshot, o cube.Observation) {
	for _, p := range []struct {
		part *part
		v    *float64
	}{{g.numerator, o.Numerator}, {g.denominator, o.Denominator}} {
		if p.part == nil || p.v == nil {
			continue
		}
		if other := p.part.indicator; other != "" && s.LatestOf(other) != o.Period && s.LatestOf(other) != 0 {
			continue
		}
		if labels, ok := labelsOf(o, p.part.dims); ok {
			b.add(p.part.metric, prometheus.GaugeValue, *p.v*p.part.scale, labels...)
		}
	}
}

// labelsOf gives a row's labels, false for a row broken down by a dimension
// that is none of them: without its label it would pass for a total.
func labelsOf(o cube.Observation, dims []string) ([]string, bool) {
	if !totalBut(o, dims...) {
		return nil, false
	}
	out := make([]string, len(dims))
	for i, d := range dims {
		out[i] = o.Dim(d)
	}
	return out, true
}

func totalBut(o cube.Observation, dims ...string) bool {
	for _, d := range cube.Dims() {
		if o.Dim(d) != cube.Total && !slices.Contains(dims, d) {
			return false
		}
	}
	return true
}

// employers are the credit codes shown: the largest by insured heads.
func (c *Collector) employers(s *cube.Snapshot) map[string]bool {
	if !c.opt.Enterprises {
		return nil
	}
	codes := slices.Clone(s.Enterprises)
	if n := c.opt.MaxEnterprises; n > 0 && len(codes) > n {
		heads := map[string]float64{}
		latest := s.LatestOf("insured_persons")
		for _, code := range codes {
			heads[code], _ = s.Value(cube.K("insured_persons", latest).With(cube.Enterprise, code))
		}
		slices.SortStableFunc(codes, func(x, y string) int { return cmp.Compare(heads[y], heads[x]) })
		codes = codes[:n]
	}
	out := make(map[string]bool, len(codes))
	for _, code := range codes {
		out[code] = true
	}
	return out
}
