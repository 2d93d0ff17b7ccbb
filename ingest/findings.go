package ingest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"laborwatch/lake"
	"laborwatch/messages"
)

// A change must matter beside being rare: relative for rows and distinct
// values, absolute for shares. Below these no z-score warns or refuses.
var material = map[string]struct{ warn, refuse float64 }{
	measureRows:     {0.20, 0.50},
	measureDistinct: {0.20, 0.50},
	measureNulls:    {0.10, 0.40},
	measureRepeats:  {0.05, 0.25},
	measureCode:     {0.10, 0.40},
	measureUnknown:  {0.10, 0.40},
	measureLevel:    {0.20, 0.50},
	measureOwn:      {0.10, 0.40},
}

// finding is what a set check says of an extract.
type finding struct {
	refuse bool
	note   lake.Note
	phrase *refusalError
}

func newFinding(refuse bool, check, col string, args ...any) finding {
	key := "ingest.check." + check
	say := &refusalError{key, args}
	return finding{refuse, lake.Note{Check: check, Column: col, Detail: say.Error()}, say}
}

// settle takes findings into the part's notes, and gives the words of those that
// refuse it, none where a person let it pass.
func (p *part) settle(found ...finding) (why phrases) {
	for _, f := range found {
		if f.refuse && p.act == (lake.Act{}) {
			why = append(why, f.phrase)
		}
		p.notes = append(p.notes, f.note)
	}
	return why
}

// drifted finds columns that came or went since the last load.
func (b *batch) drifted(p *part, past []lake.Past) []finding {
	before := func(name, col string) bool {
		return len(past) > 0 && slices.ContainsFunc(past[len(past)-1].Measures, func(m lake.Measure) bool { return m.Name == name && m.Column == col })
	}
	var out []finding
	for _, col := range p.missing {
		switch {
		case b.c.Drift.Missing == driftRefuse:
			out = append(out, newFinding(true, "missing_column", col, p.called(b.c, col)))
		case len(past) == 0 || before(measureNulls, col):
			out = append(out, newFinding(false, "missing_column", col, p.called(b.c, col)))
		}
	}
	for _, name := range p.extra {
		switch {
		case b.c.Drift.New == driftRefuse:
			out = append(out, newFinding(true, "new_column", name, name))
		case !before(measureAside, name):
			key := "new_column"
			if !slices.ContainsFunc(p.layout.aside, func(a asideColumn) bool { return a.name == asidePrefix+clean(name) }) {
				key = "new_column_left"
			}
			out = append(out, newFinding(false, key, name, name))
		}
	}
	return out
}

// compare judges each measure by its robust z-score among those of the past.
func (b *batch) compare(x *part, past []lake.Past, levels map[string]Level) []finding {
	type key struct{ name, col, code string }
	history := map[key][]float64{}
	coded := map[string]int{} // earlier loads that counted the codes of a column
	for _, p := range past {
		last := ""
		for _, m := range p.Measures {
			k := key{m.Name, m.Column, m.Code}
			history[k] = append(history[k], m.Value)
			if m.Name == measureCode && m.Column != last {
				last = m.Column
				coded[last]++
			}
		}
	}
	var out []finding
	current := map[key]bool{}
	judge := func(k key, v float64, was []float64) {
		level, is := levels[k.name]
		if k.name == measureCode { // a code that was not there had a share of 0
			was = append(slices.Clone(was), make([]float64, coded[k.col]-len(was))...)
		}
		if !is || len(was) < len(past)/2+1 {
			return
		}
		z, change, usual := robust(k.name, v, was)
		m := material[k.name]
		refuse := level.Refuse > 0 && z >= level.Refuse && change >= m.refuse
		if !refuse && (level.Warn == 0 || z < level.Warn || change < m.warn) {
			return
		}
		out = append(out, newFinding(refuse, k.name, k.col, b.figures(x, k.name, k.col, k.code, v, usual, beyond(refuse, z))...))
	}
	for _, m := range x.measures {
		k := key{m.Name, m.Column, m.Code}
		current[k] = true
		judge(k, m.Value, history[k])
	}
	for _, p := range past { // codes that are gone
		for _, m := range p.Measures {
			if k := (key{m.Name, m.Column, m.Code}); m.Name == measureCode && !current[k] {
				current[k] = true
				judge(k, 0, history[k])
			}
		}
	}
	return out
}

// robust gives the distance of v from the median of the past in units of the
// scaled median absolute deviation, the change itself, and the median. The unit
// is never so small that an even history makes every change an outlier.
func robust(name string, v float64, was []float64) (z, change, usual float64) {
	usual = median(was)
	deviations := make([]float64, len(was))
	for i, x := range was {
		deviations[i] = math.Abs(x - usual)
	}
	unit := 1.4826 * median(deviations) // of a normal distribution: its standard deviation
	change = math.Abs(v - usual)
	switch name {
	case measureRows, measureDistinct:
		unit = max(unit, 0.03*usual, 1)
		return change / unit, change / max(usual, 1), usual
	case measureLevel:
		unit = max(unit, 0.03*math.Abs(usual), 1)
		return change / unit, change / max(math.Abs(usual), 1), usual
	}
	return change / max(unit, 0.01), change, usual
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	n := len(s)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}

// beyond says how far from the usual a figure is.
func beyond(refuse bool, z float64) phrases {
	key := "ingest.check.beyond"
	if refuse {
		key = "ingest.check.far"
	}
	return phrases{{key, []any{fmt.Sprintf("%.1f", z)}}}
}

// figures are the arguments of a finding's text.
func (b *batch) figures(p *part, name, col, code string, v, usual float64, how phrases) []any {
	var what any = p.called(b.c, col)
	switch name {
	case measureRows, measureDistinct:
		return []any{what, fmt.Sprintf("%.0f", v), fmt.Sprintf("%.0f", usual), how}
	case measureLevel:
		c := b.c.column(col)
		return []any{what, c.written(v), c.written(usual), c.times(v, usual), how}
	case measureCode:
		what = phrases{{"ingest.check.is", []any{what, code}}}
	case measureOwn:
		what = p.month.String()
	}
	return []any{what, fmt.Sprintf("%.1f%%", 100*v), fmt.Sprintf("%.1f%%", 100*usual), how}
}

// Remarks puts a load's notes into lines for people, columns that came or went
// together.
func Remarks(notes []lake.Note) []string {
	var out []string
	columns := map[string][]string{}
	for _, n := range notes {
		if slices.Contains([]string{"missing_column", "new_column", "new_column_left"}, n.Check) {
			columns[n.Check] = append(columns[n.Check], n.Column)
		} else {
			out = append(out, n.Detail)
		}
	}
	for _, check := range slices.Sorted(maps.Keys(columns)) {
		out = append(out, messages.Both("ingest.check."+check, few(columns[check])))
	}
	return out
}

// few names the first of many, and how many there are.
func few(names []string) string {
	const most = 12
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s … (%d)", strings.Join(names[:most], ", "), len(names))
}
