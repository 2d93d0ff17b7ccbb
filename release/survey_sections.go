package release

import (
	"laborwatch/cube"
)

// detail holds what stands behind the headline: pooled rates, the county model,
// underutilization, and the survey beside the registers.
func (b *builder) detail() Section {
	s := Section{ID: "detail", Title: text("release.section.detail")}
	for _, t := range []Table{b.pooled(), b.counties(), b.underuse(), b.reconciliation(), b.design(), b.season()} {
		if len(t.Rows) > 0 && !t.empty() {
			s.Tables = append(s.Tables, t)
		}
	}
	return s
}

// empty reports whether no cell has anything to show.
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
		if !f.ok() || f.obs.Verdict() == cube.Untold {
			return Cell{Kind: Words, State: Missing}
		}
		return word(text("cube.verdict." + string(f.obs.Verdict())))
	}}
}

// pooled are three months together, which a city's sample bears where one month
// does not.
func (b *builder) pooled() Table {
	rate := cube.Headline + "_3m"
	cols := []column{
		b.plain(rate, "release.col.rate.3m", Percent),
		b.of(rate, "release.col.se", Error, se),
		b.of(rate, "release.col.low", Percent, low),
		b.of(rate, "release.col.high", Percent, high),
		b.plain(rate+"_yoy", "release.col.yoy", Points),
		b.of(rate+"_yoy", "release.col.yoy.se", Error, se),
		b.verdictOn(rate + "_yoy"),
		b.plain(cube.Headline+"_avg", "release.col.avg", Percent),
		b.of(cube.Headline+"_avg", "release.col.se", Error, se),
		{head: text("release.col.n"), kind: Count, cell: func(c cell) Cell { return sample(b.get(rate, c)) }},
		{head: text("release.col.quality"), kind: Words, cell: func(c cell) Cell { return quality(b.get(rate, c)) }},
	}
	blocks := []block{b.cityBlock(), b.regionBlock(), b.sexBlock(), b.ageBlock(), b.studentBlock(), b.hukouBlock()}
	return b.table("pooled", text("release.table.pooled", month(b.period.Add(-2)), month(b.period)), cols, blocks, text("release.note.pooled"))
}

// counties are the model's estimates beside the direct ones.
func (b *builder) counties() Table {
	direct, model := cube.Headline+"_3m", cube.Headline+"_model"
	cols := []column{
		b.plain(model, "release.col.model", Percent),
		b.of(model, "release.col.rmse", Error, se),
		b.of(model, "release.col.low", Percent, low),
		b.of(model, "release.col.high", Percent, high),
		b.plain("county_model_shrinkage", "release.col.gamma", Percent),
		b.plain(direct, "release.col.direct", Percent),
		b.of(direct, "release.col.se", Error, se),
		{head: text("release.col.quality"), kind: Words, cell: func(c cell) Cell { return quality(b.get(model, c)) }},
	}
	return b.table("counties", text("release.table.counties", month(b.period)), cols, []block{b.regionBlock()}, text("release.note.counties"))
}

// underuse are the measures beside the unemployment rate.
func (b *builder) underuse() Table {
	var cols []column
	for _, x := range []struct {
		indicator, head string
		kind, error     Kind
	}{
		{cube.Headline, "release.col.lu1", Percent, Error},
		{"labor_underutilization_lu2", "release.col.lu2", Percent, Error},
		{"labor_underutilization_lu3", "release.col.lu3", Percent, Error},
		{"labor_underutilization_lu4", "release.col.lu4", Percent, Error},
		{"long_term_unemployment_share", "release.col.long", Percent, Error},
		{cube.Headline + "_ilo", "release.col.ilo", Percent, Error},
		{"median_weekly_hours", "release.col.median.hours", Hours, Hours},
		{"median_monthly_wage", "release.col.median.wage", Yuan, Yuan},
	} {
		cols = append(cols, b.plain(x.indicator, x.head, x.kind), b.of(x.indicator, "release.col.se", x.error, se))
	}
	blocks := []block{b.cityBlock(), b.sexBlock(), b.ageBlock(), b.regionBlock()}
	return b.table("underuse", text("release.table.underuse", month(b.period)), cols, blocks, text("release.note.underuse"))
}

// registers are the classes of what the administrative records hold of a person.
var registers = []string{"REG_INSURED", "REG_REGISTERED", "REG_BENEFIT", "REG_BOTH", "REG_NONE", "REG_UNLINKED"}

// reconciliation stands the surveyed persons beside the registers: who is in one
// and not in the other. It averages nothing and changes no status.
func (b *builder) reconciliation() Table {
	statuses := []string{"survey_employed_by_register", "survey_unemployed_by_register", "survey_inactive_by_register"}
	t := Table{ID: "reconciliation", Title: text("release.table.reconciliation", month(b.period)), Notes: []cube.Text{text("release.note.reconciliation")}}
	at := city(b.period)
	for _, r := range registers {
		t.Columns = append(t.Columns, Column{Head: b.label(cube.PopGroup, r), Kind: Count}, Column{Head: text("release.col.se.persons"), Kind: Count})
	}
	for i, code := range statuses {
		row := Row{Name: text([]string{"release.row.employed", "release.row.unemployed", "release.row.inactive"}[i])}
		for _, r := range registers {
			f := b.get(code, at.With(cube.PopGroup, r))
			row.Cells = append(row.Cells, number(Count, f, value), number(Count, f, se))
		}
		t.Rows = append(t.Rows, row)
	}
	surveyed, registered, link := b.get(cube.Headline, at), b.get("registered_unemployment_rate", at), b.get("survey_link_rate", at)
	if surveyed.ok() && registered.ok() && link.ok() {
		t.Notes = append(t.Notes, text("release.note.reconciliation.rates",
			same(Percent.format(surveyed.value())), same(Percent.format(registered.value())), same(Percent.format(link.value()))))
	}
	t.Notes = append(t.Notes, marks(t)...)
	return t
}

// design is how the sample came in and what its design costs.
func (b *builder) design() Table {
	cols := []column{
		b.plain("survey_response_rate", "release.col.response", Percent),
		b.plain(cube.Headline+"_deff", "release.col.deff", Times),
		{head: text("release.col.cv"), kind: Percent, cell: func(c cell) Cell {
			f := b.get(cube.Headline, c)
			return number(Percent, f, func(o cube.Observation) *float64 {
				if o.Value == nil || o.SE == nil || *o.Value == 0 {
					return nil
				}
				cv := *o.SE / *o.Value
				return &cv
			})
		}},
		{head: text("release.col.n"), kind: Count, cell: func(c cell) Cell { return sample(b.get(cube.Headline, c)) }},
	}
	return b.table("design", text("release.table.design", month(b.period)), cols, []block{b.cityBlock(), b.regionBlock()}, text("release.note.design"))
}

// seasonMonths are the months of the adjusted series that are shown.
const seasonMonths = 24

// season is the adjusted series, where five years of months allow one.
func (b *builder) season() Table {
	t := Table{
		ID: "season", Title: text("release.table.season", b.city()), Notes: []cube.Text{text("release.note.season")},
		Columns: []Column{
			{Head: text("release.col.rate"), Kind: Percent},
			{Head: text("release.col.sa"), Kind: Percent},
			{Head: text("release.col.trend"), Kind: Percent},
			{Head: text("release.col.sahm"), Kind: Points},
		},
	}
	for p := b.period.Add(1 - seasonMonths); p <= b.period; p++ {
		at := city(p)
		adjusted := b.get(cube.Headline+"_sa", at)
		if !adjusted.found {
			continue
		}
		t.Rows = append(t.Rows, Row{Name: same(p.String()), Cells: []Cell{
			number(Percent, b.get(cube.Headline, at), value), number(Percent, adjusted, value),
			number(Percent, b.get(cube.Headline+"_trend", at), value), number(Points, b.get("surveyed_rate_sahm", at), value),
		}})
	}
	return t
}
