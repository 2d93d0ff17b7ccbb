package release

import (
	"laborwatch/cube"
)

// registers are the classes of what the administrative records hold of a
// person; each person is in one of them.
var registers = []string{"REG_INSURED", "REG_REGISTERED", "REG_BENEFIT", "REG_BOTH", "REG_NONE", "REG_UNLINKED"}

// byRegister are the survey's statuses by register, which add up to the status.
const (
	employedBy   = "survey_employed_by_register"
	unemployedBy = "survey_unemployed_by_register"
	inactiveBy   = "survey_inactive_by_register"
)

// reconciliation stands the surveyed persons beside the registers: who is in one
// and not in the other. It averages nothing and changes no status.
func (b *builder) reconciliation() Section {
	at := city(b.period)
	if !b.get("survey_link_rate", at).found {
		return Section{} // nobody was linked
	}
	return Section{
		ID: "reconciliation", Title: text("release.section.reconciliation"),
		Tables: []Table{b.registerTable(), b.ratesBeside()},
	}
}

// registerTable is statuses by register class with both sums.
func (b *builder) registerTable() Table {
	statuses := []struct{ indicator, head string }{
		{employedBy, "release.col.employed"}, {unemployedBy, "release.col.unemployed"}, {inactiveBy, "release.col.inactive"},
	}
	var cols []column
	for _, s := range statuses {
		cols = append(cols, b.plain(s.indicator, s.head, Count), b.of(s.indicator, "release.col.se.unit", Count, se))
	}
	cols = append(cols, column{head: text("release.total"), kind: Count, cell: func(c cell) Cell {
		sum := Cell{Kind: Count, State: Missing}
		for _, s := range statuses {
			part := number(Count, b.get(s.indicator, c), value)
			if part.State == Withheld {
				return part // the sum would tell it
			}
			if part.State == Shown {
				sum.Value, sum.State = sum.Value+part.Value, Shown
			}
		}
		return sum
	}})
	classes := block{}
	for _, r := range registers {
		if _, ok := b.figs.snapshot.Get(full(city(b.period).Of(employedBy).With(cube.PopGroup, r))); ok {
			classes.rows = append(classes.rows, line{name: b.label(cube.PopGroup, r), at: city(b.period).With(cube.PopGroup, r)})
		}
	}
	t := b.table("reconciliation", text("release.table.reconciliation", month(b.period)), cols, []block{classes})
	t.Rows = append(t.Rows, b.registerSum())
	t.Notes = append([]cube.Text{text("release.note.reconciliation"), b.betweenTheTwo()}, marks(t)...)
	return t
}

// registerSum is the line of the statuses' own totals. Those outside the labor
// force are what the participation rate leaves.
func (b *builder) registerSum() Row {
	at := city(b.period)
	employed, unemployed := b.get("surveyed_employed", at), b.get("surveyed_unemployed", at)
	inactive, all := Cell{Kind: Count, State: Missing}, Cell{Kind: Count, State: Missing}
	if part := b.get("labor_force_participation_rate", at); part.ok() && part.obs.Numerator != nil && part.obs.Denominator != nil {
		inactive = Cell{Kind: Count, Value: *part.obs.Denominator - *part.obs.Numerator}
		all = Cell{Kind: Count, Value: *part.obs.Denominator}
	}
	return Row{Name: text("release.total"), Cells: []Cell{
		number(Count, employed, value), number(Count, employed, se), number(Count, unemployed, value), number(Count, unemployed, se),
		inactive,
		{Kind: Count, State: Missing},
		all,
	}}
}

// betweenTheTwo says who is unemployed by one source and not by the other.
func (b *builder) betweenTheTwo() cube.Text {
	persons := func(indicator, register string) cube.Text {
		c := number(Count, b.get(indicator, city(b.period).With(cube.PopGroup, register)), value)
		if c.State != Shown {
			return text("release.between.few")
		}
		return text("release.between.persons", same(c.Text()))
	}
	return text("release.note.between",
		persons(unemployedBy, "REG_NONE"), persons(employedBy, "REG_REGISTERED"), persons(inactiveBy, "REG_REGISTERED"))
}

// ratesBeside stands the surveyed and the registered rate side by side.
func (b *builder) ratesBeside() Table {
	t := Table{
		ID: "rates", Title: text("release.table.rates", month(b.period)),
		Columns: []Column{
			{Head: text("release.col.value")},
			{Head: text("release.col.se.unit")},
			{Head: text("release.col.low")},
			{Head: text("release.col.high")},
		},
	}
	for _, x := range []struct {
		indicator   string
		kind, error Kind
	}{
		{cube.Headline, Percent, Error},
		{"registered_unemployment_rate", Percent, Error},
		{"surveyed_unemployed", Count, Count},
		{"registered_unemployed", Count, Count},
		{"survey_link_rate", Percent, Error},
	} {
		f := b.get(x.indicator, city(b.period))
		if !f.found {
			continue
		}
		ind, _ := b.catalog.Get(x.indicator)
		t.Rows = append(t.Rows, Row{Name: ind.Name, Cells: []Cell{
			number(x.kind, f, value), number(x.error, f, se), number(x.kind, f, low), number(x.kind, f, high),
		}})
	}
	t.Notes = append([]cube.Text{text("release.note.rates")}, marks(t)...)
	return t
}
