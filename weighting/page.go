package weighting

import (
	"bytes"
	_ "embed"
	"html/template"
	"slices"

	"laborwatch/messages"
)

//go:embed report.html.tmpl
var pageSource string

// Page writes the report as one HTML file that needs nothing else: its style and
// its bars are in it, and it has no script.
func (r *Report) Page() ([]byte, error) {
	t, err := template.New("weighting").Funcs(template.FuncMap{
		"same": func(w Word) bool { return w.ZH == w.EN || w.EN == "" },
	}).Parse(pageSource)
	if err != nil {
		return nil, err
	}
	p := page{Title: r.title(), Bars: r.bars(), Label: word("table.histogram"), Lead: messages.Both("weighting.bin.persons")}
	for _, s := range r.sections() {
		part := pageSection{ID: s.ID, Title: s.Title}
		for _, t := range s.Tables {
			part.Tables = append(part.Tables, pageTable{table: t, Lines: lines(t)})
		}
		p.Sections = append(p.Sections, part)
	}
	var b bytes.Buffer
	err = t.Execute(&b, p)
	return b.Bytes(), err
}

// page is what the template sees.
type page struct {
	Title, Label Word
	Lead         string
	Sections     []pageSection
	Bars         []bar
}

type pageSection struct {
	ID     string
	Title  Word
	Tables []pageTable
}

type pageTable struct {
	table
	Lines [][]pageCell
}

// pageCell is a cell as the page shows it; Exact is the number in full.
type pageCell struct {
	Numeric bool
	Word    Word
	Text    string
	Exact   float64
}

func lines(t table) (out [][]pageCell) {
	for _, row := range t.Rows {
		line := make([]pageCell, len(row))
		for i, c := range row {
			line[i] = pageCell{c.numeric(), c.word, c.text(), c.value}
		}
		out = append(out, line)
	}
	return out
}

// bar is a bin of the histogram in the drawing's coordinates.
type bar struct {
	X, Y, Width, Height, Middle float64
	Label                       string
	Persons                     int
}

// The drawing's size, and where its bars stand and reach to.
const (
	drawWidth, drawFoot, drawTop = 900.0, 230.0, 20.0
)

func (r *Report) bars() []bar {
	if len(r.Histogram) == 0 {
		return nil
	}
	most := slices.MaxFunc(r.Histogram, func(a, b Bin) int { return a.Persons - b.Persons }).Persons
	step := drawWidth / float64(len(r.Histogram))
	step = min(step, 120)
	var out []bar
	for i, b := range r.Histogram {
		height := (drawFoot - drawTop) * float64(b.Persons) / float64(max(most, 1))
		x := float64(i) * step
		out = append(out, bar{X: x + 1, Y: drawFoot - height, Width: step - 2, Height: height, Middle: x + step/2, Label: b.label, Persons: b.Persons})
	}
	return out
}
