package release

import (
	"laborwatch/cube"
	"laborwatch/messages"
)

// column makes one cell of a row from its place in the cube.
type column struct {
	head cube.Text
	kind Kind
	cell func(cell) Cell
}

// block is a heading with the rows below it.
type block struct {
	heading cube.Text // none for the city's own row
	rows    []line
}

// line is a row still to be filled.
type line struct {
	name  cube.Text
	depth int
	at    cell
}

// table fills a table. Rows of which no column has a figure are left out, and
// with them headings over nothing; the city's row always stays.
func (b *builder) table(id string, title cube.Text, cols []column, blocks []block, notes ...cube.Text) Table {
	t := Table{ID: id, Title: title, Notes: notes}
	for _, c := range cols {
		t.Columns = append(t.Columns, Column{Head: c.head, Kind: c.kind})
	}
	for i, bl := range blocks {
		var rows []Row
		for _, l := range bl.rows {
			r := Row{Name: l.name, Depth: l.depth}
			empty := true
			for _, c := range cols {
				x := c.cell(l.at)
				empty = empty && x.State == Missing
				r.Cells = append(r.Cells, x)
			}
			if !empty || i == 0 {
				rows = append(rows, r)
			}
		}
		if len(rows) > 0 && bl.heading.ZH != "" {
			t.Rows = append(t.Rows, Row{Name: bl.heading})
		}
		t.Rows = append(t.Rows, rows...)
	}
	t.Notes = append(t.Notes, marks(t)...)
	return t
}

// marks explains the marks that a table uses.
func marks(t Table) []cube.Text {
	var withheld, missing bool
	for _, r := range t.Rows {
		for _, c := range r.Cells {
			withheld = withheld || c.State == Withheld
			missing = missing || c.State == Missing
		}
	}
	var out []cube.Text
	if withheld {
		out = append(out, text("release.mark.withheld", markWithheld))
	}
	if missing {
		out = append(out, text("release.mark.missing", markMissing))
	}
	return out
}

// plain is a column of an indicator's value.
func (b *builder) plain(indicator, head string, kind Kind) column {
	return b.of(indicator, head, kind, value)
}

func (b *builder) of(indicator, head string, kind Kind, pick func(cube.Observation) *float64) column {
	return column{head: text(head), kind: kind, cell: func(c cell) Cell { return number(kind, b.get(indicator, c), pick) }}
}

// The blocks of rows that tables share.

func (b *builder) cityBlock() block {
	return block{rows: []line{{name: b.city(), at: city(b.period)}}}
}

func (b *builder) regionBlock() block {
	bl := block{heading: text("release.by.region")}
	for _, r := range b.cfg.Regions {
		bl.rows = append(bl.rows, line{
			name: cube.Text{ZH: r.ZH, EN: r.EN}, depth: 1, at: city(b.period).With(cube.Region, r.Code),
		})
	}
	return bl
}

func (b *builder) codeBlock(heading, dim string, codes []string) block {
	bl := block{heading: text(heading)}
	for _, code := range codes {
		bl.rows = append(bl.rows, line{name: b.label(dim, code), depth: 1, at: city(b.period).With(dim, code)})
	}
	return bl
}

func (b *builder) sexBlock() block {
	return b.codeBlock("release.by.sex", cube.Sex, []string{"M", "F"})
}

func (b *builder) ageBlock() block { return b.codeBlock("release.by.age", cube.Age, ageBands) }

// studentBlock holds the published age bands without students.
func (b *builder) studentBlock() block {
	bl := b.codeBlock("release.by.age.nonstudent", cube.Age, ageBands[:3])
	for i := range bl.rows {
		bl.rows[i].at = bl.rows[i].at.With(cube.PopGroup, "NON_STUDENT")
	}
	return bl
}

func (b *builder) hukouBlock() block {
	bl := b.codeBlock("release.by.hukou", cube.PopGroup, []string{"LOCAL", "MIGRANT", "MIGRANT_AGRI"})
	bl.rows[2].depth = 2 // of which
	return bl
}

func (b *builder) reasonBlock() block {
	return b.codeBlock("release.by.reason", cube.PopGroup, reasons(b.figs.snapshot, b.period))
}

func (b *builder) groupBlock() block {
	bl := block{heading: text("release.by.group")}
	for _, g := range b.cfg.Groups {
		bl.rows = append(bl.rows, line{
			name: cube.Text{ZH: g.ZH, EN: g.EN}, depth: 1, at: city(b.period).With(cube.PopGroup, g.Code),
		})
	}
	return bl
}

// sectionBlock holds the industries by GB/T 4754 section.
func (b *builder) sectionBlock(indicator string) block {
	return b.codeBlock("release.by.section", cube.Industry, sections(b.figs.snapshot, indicator, b.period))
}

func (b *builder) keyIndustryBlock() block {
	bl := block{heading: text("release.by.key_industry")}
	for _, k := range b.cfg.Industries {
		bl.rows = append(bl.rows, line{
			name: cube.Text{ZH: k.ZH, EN: k.EN}, depth: 1, at: city(b.period).With(cube.Industry, k.Code),
		})
	}
	return bl
}

// quality of a survey figure in words, with the reason where it is less than good.
func quality(f figure) Cell {
	if !f.found || f.obs.Quality == "" {
		return Cell{Kind: Words, State: Missing}
	}
	return word(cube.Text{ZH: cube.QualityText(messages.ZH, f.obs), EN: cube.QualityText(messages.EN, f.obs)})
}
