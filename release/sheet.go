package release

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/xuri/excelize/v2"
)

// sheet is one sheet being written, from the top down. The first two columns
// hold the rows' names in Chinese and in English.
type sheet struct {
	*book
	name   string
	row    int
	header int // the row of the last table's header
	widths map[int]float64
}

const nameColumns = 2

// put writes a value and its style into a column of the current row.
func (s *sheet) put(col int, v any, style string) error {
	at, err := excelize.CoordinatesToCellName(col, s.row)
	if err != nil {
		return err
	}
	if err := s.file.SetCellValue(s.name, at, v); err != nil {
		return err
	}
	id, err := s.style(style)
	if err != nil {
		return err
	}
	return s.file.SetCellStyle(s.name, at, at, id)
}

// front writes title, headline and main points above the summary's table.
func (s *sheet) front() error {
	c := s.content
	type row struct {
		text   string
		style  string
		height float64
	}
	rows := []row{
		{c.Title.ZH, styleTitle, 26},
		{c.Title.EN, styleSubtitle, 18},
		{both(c.Publisher, "  ") + "  ·  " + both(text("release.version.line", c.Version), " / "), styleSmall, 16},
		{c.Headline.ZH, styleHeadline, 0},
		{c.Headline.EN, styleLead, 0},
	}
	for _, p := range c.Points {
		rows = append(rows, row{p.ZH, styleLead, 0}, row{p.EN, styleLeadEN, 0})
	}
	const span, wide = 9, 118
	for _, r := range rows {
		if r.height == 0 {
			r.height = float64(linesOf(r.text, wide))*17 + 3
		}
		if err := s.across(r.text, r.style, span, r.height); err != nil {
			return err
		}
	}
	s.row++
	return nil
}

// table writes a table with its title, header and notes.
func (s *sheet) table(t Table) error {
	if err := s.put(1, both(t.Title, "  "), styleTableTitle); err != nil {
		return err
	}
	s.row++
	if err := s.head(t); err != nil {
		return err
	}
	for _, r := range t.Rows {
		if err := s.line(t, r); err != nil {
			return err
		}
	}
	for _, n := range t.Notes {
		if err := s.across(both(n, "  "), styleFoot, nameColumns+len(t.Columns), 0); err != nil {
			return err
		}
	}
	return nil
}

// across writes a text over the first columns of the current row, as high as
// it needs (or as given), and goes on to the next row.
func (s *sheet) across(v, style string, columns int, height float64) error {
	if err := s.put(1, v, style); err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(columns, s.row)
	if err != nil {
		return err
	}
	if err := s.file.MergeCell(s.name, "A"+strconv.Itoa(s.row), last); err != nil {
		return err
	}
	if height == 0 {
		width := 0.0
		for col := 1; col <= columns; col++ {
			width += s.widths[col]
		}
		height = float64(linesOf(v, max(40, int(width))))*13 + 3
	}
	if err := s.file.SetRowHeight(s.name, s.row, height); err != nil {
		return err
	}
	s.row++
	return nil
}

func (s *sheet) head(t Table) error {
	s.header = s.row
	item := text("release.col.item")
	for i, h := range []string{item.ZH, item.EN} {
		if err := s.put(i+1, h, styleHeader); err != nil {
			return err
		}
	}
	for i, c := range t.Columns {
		head := both(c.Head, "\n")
		if err := s.put(nameColumns+1+i, head, styleHeader); err != nil {
			return err
		}
		s.widen(nameColumns+1+i, head, 9, 20)
	}
	if err := s.file.SetRowHeight(s.name, s.row, 34); err != nil {
		return err
	}
	s.row++
	return nil
}

func (s *sheet) line(t Table, r Row) error {
	style := styleName
	if r.Heading() {
		style = styleGroup
	}
	indent := strings.Repeat("　", r.Depth)
	if err := s.put(1, indent+r.Name.ZH, style); err != nil {
		return err
	}
	english := r.Name.EN
	if r.Name.ZH == r.Name.EN {
		english = ""
	}
	if err := s.put(2, english, style); err != nil {
		return err
	}
	s.widen(1, indent+r.Name.ZH, 14, 34)
	s.widen(2, english, 10, 44)
	for i := range t.Columns {
		col := nameColumns + 1 + i
		if r.Heading() {
			if err := s.put(col, "", styleGroup); err != nil {
				return err
			}
			continue
		}
		if err := s.cell(col, r.Cells[i], t.ID == "series"); err != nil {
			return err
		}
	}
	s.row++
	return nil
}

// cell writes a figure as a number. Where a chart reads the column, a missing
// figure is left empty: Excel would draw a mark as zero.
func (s *sheet) cell(col int, c Cell, charted bool) error {
	switch {
	case c.State != Shown && charted:
		return s.put(col, nil, styleMark)
	case c.State != Shown:
		return s.put(col, c.Text(), styleMark)
	case c.Kind == Words:
		v := both(c.Word, " / ")
		s.widen(col, v, 9, 56)
		return s.put(col, v, styleWord)
	}
	s.widen(col, c.Text()+"  ", 9, 20)
	return s.put(col, c.Value*c.Kind.shape().factor, string(c.Kind))
}

// widen lets a column hold a text, within bounds.
func (s *sheet) widen(col int, v string, least, most float64) {
	w := least
	for l := range strings.SplitSeq(v, "\n") {
		w = math.Max(w, float64(runewidth.StringWidth(l))+2)
	}
	s.widths[col] = math.Max(s.widths[col], math.Min(w, most))
}

// linesOf is how many lines a text takes in so many columns.
func linesOf(v string, width int) int {
	n := 0
	for l := range strings.SplitSeq(v, "\n") {
		n += max(1, (runewidth.StringWidth(l)+width-1)/width)
	}
	return n
}

// freeze keeps the header and the names in sight and repeats them in print.
func (s *sheet) freeze() error {
	corner, err := excelize.CoordinatesToCellName(nameColumns+1, s.header+1)
	if err != nil {
		return err
	}
	if err := s.file.SetPanes(s.name, &excelize.Panes{
		Freeze: true, XSplit: nameColumns, YSplit: s.header, TopLeftCell: corner, ActivePane: "bottomRight",
	}); err != nil {
		return err
	}
	head := strconv.Itoa(s.header)
	return s.file.SetDefinedName(&excelize.DefinedName{
		Name: "_xlnm.Print_Titles", Scope: s.name, RefersTo: "'" + s.name + "'!$1:$" + head,
	})
}

// finish sets column widths and how the sheet prints: A4, one page wide.
func (s *sheet) finish() error {
	for _, col := range slices.Sorted(maps.Keys(s.widths)) { // in order, for the same bytes each time
		w := s.widths[col]
		letter, err := excelize.ColumnNumberToName(col)
		if err != nil {
			return err
		}
		if err := s.file.SetColWidth(s.name, letter, letter, w); err != nil {
			return err
		}
	}
	a4, landscape, wide, tall, fit, grid := 9, "landscape", 1, 0, true, false
	if err := s.file.SetPageLayout(s.name, &excelize.PageLayoutOptions{
		Size: &a4, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &tall,
	}); err != nil {
		return err
	}
	if err := s.file.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	if err := s.file.SetSheetView(s.name, 0, &excelize.ViewOptions{ShowGridLines: &grid}); err != nil {
		return err
	}
	margin := 0.5
	if err := s.file.SetPageMargins(s.name, &excelize.PageLayoutMarginsOptions{
		Left: &margin, Right: &margin, Top: &margin, Bottom: &margin,
	}); err != nil {
		return err
	}
	foot := "&L" + strings.ReplaceAll(s.content.Title.ZH, "&", "&&") + "&R&P / &N"
	return s.file.SetHeaderFooter(s.name, &excelize.HeaderFooterOptions{OddFooter: foot})
}
