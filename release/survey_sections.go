package release

import (
	"laborwatch/cube"
)

// The rates that stand beside the month's own, each under its own name.
const (
	pooledRate  = cube.Headline + "_3m"
	averageRate = cube.Headline + "_avg"
	modelRate   = cube.Headline + "_model"
)

// behind are the sections on what stands behind the headline. A section of
// which the cube has no figure is left out.
func (b *builder) behind() []Section {
	var out []Section
	for _, s := range []Section{b.pooled(), b.model(), b.underuse(), b.reconciliation(), b.sampling(), b.season()} {
		var tables []Table
		for _, t := range s.Tables {
			if !t.empty() {
				tables = append(tables, t)
			}
		}
		if len(tables) > 0 {
			s.Tables = tables
			out = append(out, s)
		}
	}
	return out
}

// empty reports whether a table has no figure to show or to withhold.
func (t Table) empty() bool {
	for _, r := range t.Rows {
		for _, c := range r.Cells {
			if c.State != Missing && c.Kind != Words {
				return false
			}
		}
	}
	return true
}

// verdictOn is a column that tells a change in words.
func (b *builder) verdictOn(indicator string) column {
	return column{head: text("release.col.verdict"), kind: Words, cell: func(c cell) Cell {
		f := b.get(indicator, c)
		switch {
		case f.withheld != "":
			return Cell{Kind: Words, State: Withheld}
		case !f.ok() || f.obs.Verdict() == cube.Untold:
			return Cell{Kind: Words, State: Missing}
		}
		return word(text("cube.verdict." + string(f.obs.Verdict())))
	}}
}

// sampleOf and qualityOf are the columns of persons behind a figure and of what
// that makes it good for.
func (b *builder) sampleOf(indicator string) column {
	return column{head: text("release.col.n"), kind: Count, cell: func(c cell) Cell { return sample(b.get(indicator, c)) }}
}

func (b *builder) qualityOf(indicator string) column {
	return column{head: text("release.col.quality"), kind: Words, cell: func(c cell) Cell { return quality(b.get(indicator, c)) }}
}

// limits are the columns of a rate with its error and its interval.
func (b *builder) limits(indicator, head, errorHead string) []column {
	return []column{
		b.plain(indicator, head, Percent), b.of(indicator, errorHead, Error, se),
		b.of(indicator, "release.col.low", Percent, low), b.of(indicator, "release.col.high", Percent, high),
	}
}

// pooled are three months together, which a city's sample bears where one month
// does not, and the mean of the year so far.
func (b *builder) pooled() Section {
	level := same(confidence(b.cfg.Survey.Confidence))
	cols := append(
		b.limits(pooledRate, "release.col.rate.3m", "release.col.se"),
		b.sampleOf(pooledRate), b.qualityOf(pooledRate),
		b.plain(pooledRate+"_yoy", "release.col.yoy", Points),
		b.of(pooledRate+"_yoy", "release.col.yoy.se", Error, se),
		b.verdictOn(pooledRate+"_yoy"),
	)
	blocks := []block{b.cityBlock(), b.regionBlock(), b.sexBlock(), b.ageBlock(), b.studentBlock(), b.hukouBlock()}
	three := b.table("pooled", text("release.table.pooled", month(b.period.Add(-2)), month(b.period)), cols, blocks,
		text("release.note.pooled", level), text("release.note.hukou"))

	january := b.period.Add(1 - int(b.period.Month()))
	cols = append(b.limits(averageRate, "release.col.avg", "release.col.se"), b.sampleOf(averageRate), b.qualityOf(averageRate))
	year := b.table("average", text("release.table.average", month(january), month(b.period)), cols,
		[]block{b.cityBlock(), b.regionBlock()}, text("release.note.average"))
	return Section{ID: "pooled", Title: text("release.section.pooled"), Tables: []Table{three, year}}
}

// model are the counties' estimates by the model, beside the direct ones they
// lean on and apart from them.
func (b *builder) model() Section {
	direct, title := pooledRate, text("release.table.model", month(b.period))
	if b.cfg.CountyModel.Months == 1 {
		direct = cube.Headline
	}
	cols := []column{
		b.plain(direct, "release.col.direct", Percent), b.of(direct, "release.col.se", Error, se), b.sampleOf(direct),
	}
	cols = append(cols, b.limits(modelRate, "release.col.model", "release.col.rmse")...)
	cols = append(cols, b.plain("county_model_shrinkage", "release.col.gamma", Times), b.qualityOf(modelRate))
	t := b.table("model", title, cols, []block{{}, b.regionBlock()}, text("release.note.model"))
	if whole := b.get(direct, city(b.period)); whole.ok() {
		t.Notes = append(t.Notes, text("release.note.model.benchmark", same(Percent.format(whole.value()))))
	}
	return Section{ID: "model", Title: text("release.section.model"), Tables: []Table{t}}
}

// pair is an indicator as a pair of columns shows it, with its error.
type pair struct {
	indicator, head string
	kind, error     Kind
}

func (b *builder) pairs(list ...pair) []column {
	var cols []column
	for _, x := range list {
		cols = append(cols, b.plain(x.indicator, x.head, x.kind), b.of(x.indicator, "release.col.se.unit", x.error, se))
	}
	return cols
}

// underuse are the measures beside the unemployment rate.
func (b *builder) underuse() Section {
	blocks := func() []block { return []block{b.cityBlock(), b.sexBlock(), b.ageBlock()} }
	at := month(b.period)
	return Section{ID: "underuse", Title: text("release.section.underuse"), Tables: []Table{
		b.table("underuse", text("release.table.underuse", at), b.pairs(
			pair{cube.Headline, "release.col.lu1", Percent, Error},
			pair{"labor_underutilization_lu2", "release.col.lu2", Percent, Error},
			pair{"labor_underutilization_lu3", "release.col.lu3", Percent, Error},
			pair{"labor_underutilization_lu4", "release.col.lu4", Percent, Error},
		), blocks(), text("release.note.underuse", b.cfg.Survey.UnderemployedHours)),
		b.table("others", text("release.table.others", at), b.pairs(
			pair{"long_term_unemployment_share", "release.col.long", Percent, Error},
			pair{cube.Headline + "_ilo", "release.col.ilo", Percent, Error},
			pair{"labor_force_participation_rate", "release.col.participation", Percent, Error},
			pair{"employment_rate", "release.col.employment", Percent, Error},
		), blocks(), text("release.note.others", b.cfg.Survey.LongTermMonths)),
		b.table("medians", text("release.table.medians", at), b.pairs(
			pair{"median_weekly_hours", "release.col.median.hours", Hours, Times},
			pair{"mean_weekly_hours", "release.col.mean.hours", Hours, Times},
			pair{"median_monthly_wage", "release.col.median.wage", Yuan, Yuan},
		), blocks(), text("release.note.medians")),
	}}
}

// sampling is how the sample came in and what its design costs.
func (b *builder) sampling() Section {
	s := b.cfg.Survey
	cols := []column{
		b.plain("survey_response_rate", "release.col.response", Percent),
		{head: text("release.col.households"), kind: Count, cell: func(c cell) Cell { return sample(b.get("survey_response_rate", c)) }},
		b.plain(cube.Headline+"_deff", "release.col.deff", Times),
		b.of(cube.Headline, "release.col.cv", Percent, variation),
		b.sampleOf(cube.Headline), b.qualityOf(cube.Headline),
	}
	t := b.table("sampling", text("release.table.sampling", month(b.period)), cols, []block{b.cityBlock(), b.regionBlock()},
		text("release.note.sampling", same(Percent.format(s.CVPublish)), same(Percent.format(s.CVCaution))))
	return Section{ID: "sampling", Title: text("release.section.sampling"), Tables: []Table{t}}
}

// variation is a figure's coefficient of variation; 0 has none.
func variation(o cube.Observation) *float64 {
	if o.Value == nil || o.SE == nil || *o.Value == 0 {
		return nil
	}
	return new(*o.SE / *o.Value)
}
