package weighting

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/xuri/excelize/v2"

	"laborwatch/spreadsheet"
)

// Workbook writes the report as XLSX: a sheet a section, Chinese with English
// beside, figures as numbers in full precision. Equal reports have equal bytes.
func (r *Report) Workbook() (data []byte, err error) {
	b := &book{File: excelize.NewFile(), report: r, styles: map[string]int{}}
	defer func() {
		if cerr := b.Close(); err == nil {
			err = cerr
		}
	}()
	for i, s := range r.sections() {
		if i == 0 {
			err = b.SetSheetName("Sheet1", s.Title.ZH)
		} else {
			_, err = b.NewSheet(s.Title.ZH)
		}
		if err == nil {
			err = b.section(s)
		}
		if err != nil {
			return nil, fmt.Errorf("weighting report of %s: sheet %s: %w", r.Period, s.Title.ZH, err)
		}
	}
	// The period stands for the time, so that the same report has the same bytes.
	when := r.Period + "-01T00:00:00Z"
	if err := b.SetDocProps(&excelize.DocProperties{Title: r.title().ZH, Subject: r.title().EN, Creator: "laborwatch", Created: when, Modified: when, Language: "zh-CN"}); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		return nil, err
	}
	return spreadsheet.Settle(out.Bytes())
}

type book struct {
	*excelize.File
	report *Report
	styles map[string]int
}

// sheet is one being written, from the top down.
type sheet struct {
	*book
	name   string
	row    int
	widths map[int]float64
}

func (b *book) section(s section) error {
	sh := &sheet{book: b, name: s.Title.ZH, row: 1, widths: map[int]float64{}}
	for i, t := range s.Tables {
		if i > 0 {
			sh.row++
		}
		if err := sh.table(t); err != nil {
			return err
		}
	}
	return sh.finish(s)
}

// both is a word in both languages, once where they are alike.
func both(w Word, between string) string {
	if w.ZH == w.EN || w.EN == "" {
		return w.ZH
	}
	return w.ZH + between + w.EN
}

func (s *sheet) put(col int, v any, style string) error {
	at, err := excelize.CoordinatesToCellName(col, s.row)
	if err != nil {
		return err
	}
	if err := s.SetCellValue(s.name, at, v); err != nil {
		return err
	}
	id, err := s.style(style)
	if err != nil {
		return err
	}
	return s.SetCellStyle(s.name, at, at, id)
}

func (s *sheet) table(t table) error {
	if err := s.put(1, both(t.Title, "  "), "title"); err != nil {
		return err
	}
	s.row++
	for i, h := range t.Heads {
		text := both(h, "\n")
		s.widen(i+1, text)
		if err := s.put(i+1, text, "head"); err != nil {
			return err
		}
	}
	if err := s.SetRowHeight(s.name, s.row, 32); err != nil {
		return err
	}
	first := s.row + 1
	for _, row := range t.Rows {
		s.row++
		for i, c := range row {
			var err error
			if c.numeric() {
				s.widen(i+1, c.text()+"  ")
				err = s.put(i+1, c.value, formats[c.kind])
			} else {
				text := both(c.word, " / ")
				s.widen(i+1, text)
				err = s.put(i+1, text, "word")
			}
			if err != nil {
				return err
			}
		}
	}
	last := s.row
	s.row++
	for _, n := range t.Notes {
		for _, v := range []string{n.ZH, n.EN} {
			if err := s.put(1, v, "note"); err != nil {
				return err
			}
			s.row++
		}
	}
	if t.ID == "histogram" {
		return s.chart(t, first, last)
	}
	return nil
}

// chart draws the histogram beside its table, as a chart of Excel's own.
func (s *sheet) chart(t table, first, last int) error {
	ref := func(col string) string { return fmt.Sprintf("'%s'!$%s$%d:$%s$%d", s.name, col, first, col, last) }
	gap := uint(10)
	return s.AddChart(s.name, fmt.Sprintf("D%d", first-2), &excelize.Chart{
		Type: excelize.Col,
		Series: []excelize.ChartSeries{{
			Name: fmt.Sprintf("'%s'!$B$%d", s.name, first-1), Categories: ref("A"), Values: ref("B"),
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{navy}},
		}},
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: both(t.Title, "  ")}}},
		Legend:    excelize.ChartLegend{Position: "none"},
		Dimension: excelize.ChartDimension{Width: 640, Height: 320},
		GapWidth:  &gap,
		YAxis:     excelize.ChartAxis{MajorGridLines: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "#,##0"}},
	})
}

const (
	ink   = "1F2933"
	muted = "52606D"
	navy  = "1F3A5F"
	pale  = "E4EAF1"
	rule  = "C5CED8"
)

// style gives the id of a style, made when first used; one that is none of the
// names is a number's format.
func (b *book) style(name string) (int, error) {
	if id, ok := b.styles[name]; ok {
		return id, nil
	}
	font := func(size float64, bold bool, color string) *excelize.Font {
		return &excelize.Font{Family: "Microsoft YaHei", Size: size, Bold: bold, Color: color}
	}
	line := []excelize.Border{{Type: "bottom", Color: rule, Style: 1}}
	style := &excelize.Style{Font: font(10, false, ink), Border: line, Alignment: &excelize.Alignment{Horizontal: "right", Vertical: "center"}}
	switch name {
	case "title":
		style = &excelize.Style{Font: font(12, true, navy)}
	case "note":
		style = &excelize.Style{Font: font(9, false, muted)}
	case "head":
		style.Font = font(10, true, navy)
		style.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{pale}}
		style.Alignment = &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true}
	case "word":
		style.Alignment.Horizontal = "left"
	default:
		style.CustomNumFmt = &name
	}
	id, err := b.NewStyle(style)
	if err != nil {
		return 0, fmt.Errorf("style %s: %w", name, err)
	}
	b.styles[name] = id
	return id, nil
}

// widen lets a column hold a text, within bounds.
func (s *sheet) widen(col int, v string) {
	for l := range strings.SplitSeq(v, "\n") {
		s.widths[col] = max(s.widths[col], min(float64(runewidth.StringWidth(l))+2, 60), 10)
	}
}

// finish sets the columns' widths and how the sheet prints: A4, one page wide.
func (s *sheet) finish(of section) error {
	for col := 1; col <= len(s.widths); col++ { // in order, for the same bytes each time
		letter, err := excelize.ColumnNumberToName(col)
		if err != nil {
			return err
		}
		if err := s.SetColWidth(s.name, letter, letter, s.widths[col]); err != nil {
			return err
		}
	}
	if len(of.Tables) == 1 {
		if err := s.SetPanes(s.name, &excelize.Panes{Freeze: true, YSplit: 2, TopLeftCell: "A3", ActivePane: "bottomLeft"}); err != nil {
			return err
		}
	}
	a4, landscape, wide, tall, fit := 9, "landscape", 1, 0, true
	if err := s.SetPageLayout(s.name, &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &tall}); err != nil {
		return err
	}
	return s.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: &fit})
}
