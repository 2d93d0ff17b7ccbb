package release

import (
	"slices"
	"strings"

	"laborwatch/cube"
	"laborwatch/messages"
)

// section is the revisions as shown; figures that changed by less than is
// shown are counted, and listed in the CSV file alone.
func (r *Revisions) section() Section {
	s := Section{ID: "revisions", Title: text("release.section.revisions")}
	figures := Table{
		ID: "revisions", Title: text("release.table.revisions"),
		Columns: []Column{
			{Head: text("release.col.place"), Kind: Words},
			{Head: text("release.col.month"), Kind: Words},
			{Head: text("release.col.old")},
			{Head: text("release.col.new")},
			{Head: text("release.col.published"), Kind: Words},
		},
		Notes: []cube.Text{text("release.revision." + r.Kind)},
	}
	hidden := 0
	for _, v := range r.Rows {
		if !r.visible(v) {
			hidden++
			continue
		}
		figures.Rows = append(figures.Rows, r.row(v))
	}
	if len(figures.Rows) == 0 {
		figures.Notes = append(figures.Notes, text("release.revision.none"))
	}
	if hidden > 0 {
		figures.Notes = append(figures.Notes, text("release.revision.hidden", hidden, revisionsFile))
	}
	figures.Notes = append(figures.Notes, marks(figures)...)
	s.Tables = append(s.Tables, figures)
	if len(r.Alerts) > 0 {
		s.Tables = append(s.Tables, r.alertTable())
	}
	if len(r.Inputs) > 0 {
		s.Tables = append(s.Tables, r.inputTable())
	}
	return s
}

func (r *Revisions) row(v Revision) Row {
	ind, _ := r.catalog.Get(v.Key.Indicator)
	kind := kindFor(r.catalog, v.Key.Indicator)
	one := func(x *float64) Cell {
		if x == nil {
			return Cell{Kind: kind, State: Withheld}
		}
		return Cell{Kind: kind, Value: *x}
	}
	return Row{Name: ind.Name, Cells: []Cell{
		word(r.place(v.Key)), word(same(v.Key.Period.String())), one(v.Old), one(v.New),
		word(text("release.version", v.Against.Period, v.Against.Version)),
	}}
}

// place words a key's cell: 新华区, or 男, or the city's own total.
func (r *Revisions) place(k cube.Key) cube.Text {
	var zh, en []string
	for _, d := range cube.Dims() {
		if c := k.Dim(d); c != cube.Total {
			zh = append(zh, r.catalog.Label("zh", d, c))
			en = append(en, r.catalog.Label("en", d, c))
		}
	}
	if zh == nil {
		zh = append(zh, r.catalog.Label("zh", cube.Region, cube.Total))
		en = append(en, r.catalog.Label("en", cube.Region, cube.Total))
	}
	return cube.Text{ZH: strings.Join(zh, " · "), EN: strings.Join(en, " · ")}
}

func (r *Revisions) alertTable() Table {
	t := Table{
		ID: "revisions_alerts", Title: text("release.table.revisions.alerts"),
		Columns: []Column{
			{Head: text("release.col.scope"), Kind: Words},
			{Head: text("release.col.region"), Kind: Words},
			{Head: text("release.col.industry"), Kind: Words},
			{Head: text("release.col.old"), Kind: Count},
			{Head: text("release.col.new"), Kind: Count},
		},
	}
	label := func(dim, code string) Cell {
		return word(cube.Text{ZH: r.catalog.Label("zh", dim, code), EN: r.catalog.Label("en", dim, code)})
	}
	for _, a := range r.Alerts {
		t.Rows = append(t.Rows, Row{Name: level(a.Count.Level), Cells: []Cell{
			word(text("release.scope." + a.Count.Scope)), label(cube.Region, a.Count.Region),
			label(cube.Industry, a.Count.Industry),
			{Kind: Count, Value: float64(a.Old)},
			{Kind: Count, Value: float64(a.New)},
		}})
	}
	return t
}

// inputTable names the extracts that changed, by the first digits of their ids.
func (r *Revisions) inputTable() Table {
	t := Table{
		ID: "revisions_inputs", Title: text("release.table.revisions.inputs"),
		Columns: []Column{
			{Head: text("release.col.month"), Kind: Words},
			{Head: text("release.col.loads.gone"), Kind: Words},
			{Head: text("release.col.loads.new"), Kind: Words},
		},
	}
	for _, c := range r.Inputs {
		t.Rows = append(t.Rows, Row{
			Name: FeedName(c.Feed),
			Cells: []Cell{
				word(same(c.Period.String())), word(same(short(c.Old, c.New))), word(same(short(c.New, c.Old))),
			},
		})
	}
	return t
}

// FeedName names a feed; one that only the operator knows keeps its code.
func FeedName(feed string) cube.Text {
	if key := "release.feed." + feed; messages.Has(key) {
		return text(key)
	}
	return same(feed)
}

// short lists the ids of one side that the other lacks.
func short(ids, other []string) string {
	var out []string
	for _, id := range ids {
		if slices.Contains(other, id) {
			continue
		}
		if len(id) > 8 {
			id = id[:8]
		}
		out = append(out, id)
	}
	if out == nil {
		return markMissing
	}
	return strings.Join(out, " ")
}

// all lists the sections with the revisions, where there are any.
func (c *Content) all() []Section {
	out := slices.Clone(c.Sections)
	if c.Revisions != nil {
		out = append(out, c.Revisions.section())
	}
	return out
}
