package release

import (
	"laborwatch/cube"
)

// keyFigures are the rows of the summary table, in its order.
var keyFigures = []struct {
	indicator string
	kind      Kind
	change    Kind
}{
	{cube.Headline, Percent, Points},
	{"labor_force_participation_rate", Percent, Points},
	{"employment_rate", Percent, Points},
	{"mean_weekly_hours", Hours, Delta},
	{"registered_unemployed", Count, Growth},
	{"registered_unemployment_rate", Percent, Points},
	{"insured_persons", Count, Growth},
	{"insured_employers", Count, Growth},
	{"insurance_enrolments", Count, Growth},
	{"insurance_terminations", Count, Growth},
	{"involuntary_terminations", Count, Growth},
	{"job_openings", Count, Growth},
	{"job_seekers", Count, Growth},
	{"openings_to_seekers_ratio", Times, Delta},
}

// summary is the table of key figures of the city.
func (b *builder) summary() Section {
	t := Table{
		ID: "key", Title: text("release.table.key", b.city(), month(b.period)),
		Columns: []Column{
			{Head: text("release.col.unit"), Kind: Words},
			{Head: text("release.col.value")},
			{Head: text("release.col.low")},
			{Head: text("release.col.high")},
			{Head: text("release.col.change.mom")},
			{Head: text("release.col.change.yoy")},
			{Head: text("release.col.source"), Kind: Words},
		},
	}
	at := city(b.period)
	for _, k := range keyFigures {
		f := b.get(k.indicator, at)
		if !f.found {
			continue
		}
		ind, _ := b.catalog.Get(k.indicator)
		t.Rows = append(t.Rows, Row{Name: ind.Name, Cells: []Cell{
			word(text("release.unit." + string(ind.Unit))),
			number(k.kind, f, value), number(k.kind, f, low), number(k.kind, f, high),
			number(k.change, b.get(k.indicator+"_mom", at), value), number(k.change, b.get(k.indicator+"_yoy", at), value),
			word(cube.Text{ZH: b.catalog.SourceName("zh", ind.Source), EN: b.catalog.SourceName("en", ind.Source)}),
		}})
	}
	t.Notes = append([]cube.Text{text("release.note.changes")}, marks(t)...)
	return Section{ID: "summary", Title: text("release.section.summary"), Tables: []Table{t}}
}

func (b *builder) survey() Section {
	rate := cube.Headline
	cols := []column{
		b.plain(rate, "release.col.rate", Percent),
		b.of(rate, "release.col.se", Error, se),
		b.of(rate, "release.col.low", Percent, low),
		b.of(rate, "release.col.high", Percent, high),
		b.plain(rate+"_mom", "release.col.mom", Points),
		b.of(rate+"_mom", "release.col.mom.se", Error, se),
		b.plain(rate+"_yoy", "release.col.yoy", Points),
		b.of(rate+"_yoy", "release.col.yoy.se", Error, se),
		b.sampleOf(rate), b.qualityOf(rate),
	}
	blocks := []block{b.cityBlock(), b.regionBlock(), b.sexBlock(), b.ageBlock(), b.studentBlock(), b.hukouBlock()}
	t := b.table("survey", text("release.table.survey", month(b.period)), cols, blocks,
		text("release.note.survey", same(confidence(b.cfg.Survey.Confidence))), text("release.note.hukou"))
	return Section{ID: "survey", Title: text("release.section.survey"), Tables: []Table{t}}
}

// series is the table behind the chart.
func (b *builder) series(c Chart) Section {
	t := Table{
		ID: "series", Title: text("release.table.series", b.city()),
		Columns: []Column{
			{Head: text("release.col.rate"), Kind: Percent},
			{Head: text("release.col.low"), Kind: Percent},
			{Head: text("release.col.high"), Kind: Percent},
			{Head: text("release.col.registered"), Kind: Percent},
			{Head: text("release.col.se"), Kind: Error},
			{Head: text("release.col.quality"), Kind: Words},
		},
		Notes: []cube.Text{text("release.note.series")},
	}
	for _, p := range c.Points {
		f, reg := b.get(cube.Headline, city(p.Period)), b.get("registered_unemployment_rate", city(p.Period))
		t.Rows = append(t.Rows, Row{Name: same(p.Period.String()), Cells: []Cell{
			number(Percent, f, value), number(Percent, f, low), number(Percent, f, high), number(Percent, reg, value),
			number(Error, f, se), quality(f),
		}})
	}
	t.Notes = append(t.Notes, marks(t)...)
	return Section{ID: "series", Title: text("release.section.series"), Tables: []Table{t}}
}

func (b *builder) registered() Section {
	cols := []column{
		b.plain("registered_unemployed", "release.col.stock", Count),
		b.plain("registered_unemployed_mom", "release.col.growth.mom", Growth),
		b.plain("registered_unemployed_yoy", "release.col.growth.yoy", Growth),
		b.plain("registered_unemployed_inflow", "release.col.inflow", Count),
		b.plain("registered_unemployed_outflow", "release.col.outflow", Count),
		b.plain("registered_unemployment_rate", "release.col.registered", Percent),
	}
	blocks := []block{b.cityBlock(), b.regionBlock(), b.sexBlock(), b.ageBlock(), b.reasonBlock(), b.groupBlock()}
	t := b.table("registered", text("release.table.registered", month(b.period)), cols, blocks,
		text("release.note.registered"), text("release.note.groups"))
	return Section{ID: "registered", Title: text("release.section.registered"), Tables: []Table{t}}
}

func (b *builder) insured() Section {
	cols := []column{
		b.plain("insured_persons", "release.col.insured", Count),
		b.plain("insured_persons_mom", "release.col.growth.mom", Growth),
		b.plain("insured_persons_yoy", "release.col.growth.yoy", Growth),
		b.plain("insured_employers", "release.col.employers", Count),
		b.plain("insurance_enrolments", "release.col.enrolments", Count),
		b.plain("insurance_terminations", "release.col.terminations", Count),
		b.plain("involuntary_terminations", "release.col.involuntary", Count),
	}
	blocks := []block{b.cityBlock(), b.regionBlock(), b.sectionBlock("insured_persons"), b.keyIndustryBlock()}
	t := b.table("insured", text("release.table.insured", month(b.period)), cols, blocks,
		text("release.note.insured"), text("release.note.industries"))
	return Section{ID: "insured", Title: text("release.section.insured"), Tables: []Table{t}}
}

func (b *builder) market() Section {
	ratio := "openings_to_seekers_ratio"
	cols := []column{
		b.plain("job_openings", "release.col.openings", Count),
		b.plain("job_openings_yoy", "release.col.growth.yoy", Growth),
		b.plain("job_seekers", "release.col.seekers", Count),
		b.plain("job_seekers_yoy", "release.col.growth.yoy", Growth),
		b.plain(ratio, "release.col.ratio", Times),
		b.plain(ratio+"_mom", "release.col.delta.mom", Delta),
		b.plain(ratio+"_yoy", "release.col.delta.yoy", Delta),
	}
	blocks := []block{b.cityBlock(), b.regionBlock(), b.sectionBlock("job_openings"), b.keyIndustryBlock()}
	t := b.table("market", text("release.table.market", month(b.period)), cols, blocks,
		text("release.note.market"), text("release.note.industries"))
	return Section{ID: "market", Title: text("release.section.market"), Tables: []Table{t}}
}
