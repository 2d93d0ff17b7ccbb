package release

import (
	"laborwatch/control"
	"laborwatch/cube"
)

// seasonMonths are the months of the adjusted series that are shown.
const seasonMonths = 24

// season is the adjusted series with its charts of early warning, where five
// years of months allow them. All of it is experimental.
func (b *builder) season() Section {
	series := Table{
		ID: "season", Title: text("release.table.season", b.city()),
		Columns: []Column{
			{Head: text("release.col.rate"), Kind: Percent},
			{Head: text("release.col.sa"), Kind: Percent},
			{Head: text("release.col.trend"), Kind: Percent},
		},
	}
	charts := Table{
		ID: "charts", Title: text("release.table.charts", b.city()),
		Columns: []Column{
			{Head: text("release.col.sahm"), Kind: Error},
			{Head: text("release.col.se"), Kind: Error},
			{Head: text("release.col.signal"), Kind: Words},
			{Head: text("release.col.ewma"), Kind: Delta},
			{Head: text("release.col.limit.low"), Kind: Delta},
			{Head: text("release.col.limit.high"), Kind: Delta},
			{Head: text("release.col.signal"), Kind: Words},
			{Head: text("release.col.cusum"), Kind: Times},
			{Head: text("release.col.limit.high"), Kind: Times},
			{Head: text("release.col.signal"), Kind: Words},
		},
	}
	for p := b.period.Add(1 - seasonMonths); p <= b.period; p++ {
		at := city(p)
		if adjusted := b.get(cube.Headline+"_sa", at); adjusted.found {
			series.Rows = append(series.Rows, Row{Name: same(p.String()), Cells: []Cell{
				number(Percent, b.get(cube.Headline, at), value), number(Percent, adjusted, value),
				number(Percent, b.get(cube.Headline+"_trend", at), value),
			}})
		}
		sahm, ewma, cusum := b.get("surveyed_rate_sahm", at), b.get("surveyed_rate_ewma", at), b.get("surveyed_rate_cusum", at)
		if sahm.ok() || ewma.ok() || cusum.ok() {
			charts.Rows = append(charts.Rows, Row{Name: same(p.String()), Cells: []Cell{
				number(Error, sahm, value), number(Error, sahm, se), signal(sahm, sahmWarns),
				number(Delta, ewma, value), number(Delta, ewma, low), number(Delta, ewma, high), signal(ewma, beyond),
				number(Times, cusum, value), number(Times, cusum, high), signal(cusum, beyond),
			}})
		}
	}
	series.Notes = append([]cube.Text{text("release.note.season")}, marks(series)...)
	charts.Notes = append([]cube.Text{text("release.note.charts")}, marks(charts)...)
	return Section{ID: "season", Title: text("release.section.season"), Tables: []Table{series, charts}}
}

// signal says whether a chart warns.
func signal(f figure, warns func(cube.Observation) bool) Cell {
	switch {
	case !f.ok():
		return Cell{Kind: Words, State: Missing}
	case warns(f.obs):
		return word(text("release.signal"))
	}
	return word(text("release.signal.none"))
}

func sahmWarns(o cube.Observation) bool {
	return o.SE != nil && control.CityRule.Judge(*o.Value*100, *o.SE*100) == control.Rising
}

// beyond reports whether a chart left its control limits, which its interval holds.
func beyond(o cube.Observation) bool {
	return o.CILow != nil && *o.Value < *o.CILow || o.CIHigh != nil && *o.Value > *o.CIHigh
}
