package ingest

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"laborwatch/lake"
	"laborwatch/messages"
)

// hiddenSheet holds what Reload must know; its first cell tells the form.
const (
	hiddenSheet = "laborwatch"
	hiddenForm  = "laborwatch-corrections/1"
)

// commentsMost bounds the comments: beyond, spreadsheets open a workbook slowly,
// and the last column says the same.
const commentsMost = 5_000

// bookWriter writes one corrections workbook.
type bookWriter struct {
	*excelize.File
	contract *Contract
	load     lake.Load
	styles   struct{ text, bad, head, note, reason int }
	hidden   int // rows written to the hidden sheet
	comments int
	sheeted  bool // the extract has sheets
}

// workbook writes the rows, by sheet, after a sheet of instructions.
func (in *Ingester) workbook(load lake.Load, tables map[string]*Excerpt, rows []*faultyRow, e Exported) (*excelize.File, error) {
	b := &bookWriter{File: excelize.NewFile(), contract: in.contracts[load.Feed], load: load}
	if err := b.build(tables, rows, e, in.prints[load.Feed]); err != nil {
		_ = b.Close()
		return nil, err
	}
	return b.File, nil
}

func (b *bookWriter) build(tables map[string]*Excerpt, rows []*faultyRow, e Exported, print string) error {
	if err := b.makeStyles(); err != nil {
		return err
	}
	if err := b.SetSheetName("Sheet1", label("help")); err != nil {
		return err
	}
	if _, err := b.NewSheet(hiddenSheet); err != nil {
		return err
	}
	for _, kv := range [][]string{
		{hiddenForm},
		{"load", b.load.ID},
		{"feed", b.load.Feed},
		{"contract_version", strconv.Itoa(b.contract.Version)},
		{"contract", print},
		{"sha256", b.load.SHA256},
		{"file", b.load.Source},
		{"period", b.load.Period.String()},
		{"scope", b.load.Scope},
	} {
		if err := b.hide(kv...); err != nil {
			return err
		}
	}
	first := 0
	for _, sheet := range slices.Sorted(maps.Keys(tables)) {
		b.sheeted = b.sheeted || sheet != ""
	}
	for _, sheet := range slices.Sorted(maps.Keys(tables)) {
		of := slices.DeleteFunc(slices.Clone(rows), func(r *faultyRow) bool { return r.Sheet != sheet })
		if len(of) == 0 {
			continue
		}
		i, err := b.sheet(b.freeName(sheet), tables[sheet], of)
		if err != nil {
			return err
		}
		if first == 0 {
			first = i
		}
	}
	if err := b.help(e); err != nil {
		return err
	}
	b.SetActiveSheet(first)
	if err := b.SetDocProps(&excelize.DocProperties{Creator: "laborwatch", Title: label("title"), Description: b.load.ID}); err != nil {
		return err
	}
	return b.SetSheetVisible(hiddenSheet, false, true)
}

func (b *bookWriter) makeStyles() error {
	const asText = 49 // number format @
	border := []excelize.Border{{Type: "left", Color: "BFBFBF", Style: 1}, {Type: "right", Color: "BFBFBF", Style: 1}, {Type: "top", Color: "BFBFBF", Style: 1}, {Type: "bottom", Color: "BFBFBF", Style: 1}}
	fill := func(color string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
	}
	var errs []error
	style := func(s excelize.Style) int {
		id, err := b.NewStyle(&s)
		errs = append(errs, err)
		return id
	}
	b.styles.text = style(excelize.Style{NumFmt: asText})
	b.styles.bad = style(excelize.Style{NumFmt: asText, Fill: fill("FFC7CE"), Font: &excelize.Font{Color: "9C0006"}, Border: border})
	b.styles.head = style(excelize.Style{NumFmt: asText, Fill: fill("D9E1F2"), Font: &excelize.Font{Bold: true}, Border: border, Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true}})
	b.styles.note = style(excelize.Style{Font: &excelize.Font{Bold: true, Color: "C00000"}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	b.styles.reason = style(excelize.Style{NumFmt: asText, Font: &excelize.Font{Color: "7F7F7F"}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// hide adds a line to the hidden sheet.
func (b *bookWriter) hide(cells ...string) error {
	b.hidden++
	for i, s := range cells {
		if err := b.put(hiddenSheet, i, b.hidden, s); err != nil {
			return err
		}
	}
	return nil
}

// put writes a text; col counts from 0, row from 1.
func (b *bookWriter) put(sheet string, col, row int, s string) error {
	if s == "" {
		return nil
	}
	return b.SetCellStr(sheet, cellName(col, row), s)
}

func cellName(col, row int) string {
	name, _ := excelize.CoordinatesToCellName(col+1, row) // both are in range
	return name
}

// freeName is the extract's own name for a sheet, if nothing else has it here.
func (b *bookWriter) freeName(sheet string) string {
	name := sheet
	if name == "" {
		name = label("data")
	}
	for {
		if i, err := b.GetSheetIndex(name); err == nil && i < 0 {
			return name
		}
		r := []rune(name)
		name = string(r[:min(len(r), 30)]) + "_"
	}
}

// sheet writes the rows of one sheet of the extract under its own header.
func (b *bookWriter) sheet(name string, t *Excerpt, rows []*faultyRow) (int, error) {
	index, err := b.NewSheet(name)
	if err != nil {
		return 0, err
	}
	lead := []string{label("row")}
	if b.sheeted {
		lead = append(lead, label("sheet"))
	}
	width := 0
	for _, h := range t.Header {
		width = max(width, len(h))
	}
	numbers := false
	for _, r := range rows {
		width = max(width, len(r.cells))
		numbers = numbers || r.cells == nil
	}
	last, at := len(lead)+width, 1
	if err := b.SetColStyle(name, colRange(0, last), b.styles.text); err != nil {
		return 0, err
	}
	if numbers {
		if err := b.note(name, last); err != nil {
			return 0, err
		}
		at = 2
	}
	if err := b.header(name, at, lead, width, t.Header); err != nil {
		return 0, err
	}
	at += len(t.Header)
	if err := b.SetPanes(name, &excelize.Panes{Freeze: true, XSplit: len(lead), YSplit: at - 1, TopLeftCell: cellName(len(lead), at), ActivePane: "bottomRight"}); err != nil {
		return 0, err
	}
	for _, r := range rows {
		if err := b.row(name, at, len(lead), width, t, r); err != nil {
			return 0, err
		}
		at++
	}
	for _, w := range []struct {
		from, to int
		width    float64
	}{{0, len(lead) - 1, 12}, {len(lead), last - 1, 20}, {last, last, 60}} {
		from, to, _ := strings.Cut(colRange(w.from, w.to), ":")
		if err := b.SetColWidth(name, from, to, w.width); err != nil {
			return 0, err
		}
	}
	return index, nil
}

func colRange(from, to int) string {
	a, _ := excelize.ColumnNumberToName(from + 1)
	z, _ := excelize.ColumnNumberToName(to + 1)
	return a + ":" + z
}

// note says on top that the rows are known by their numbers alone.
func (b *bookWriter) note(sheet string, last int) error {
	if err := b.put(sheet, 0, 1, label("bynumber")); err != nil {
		return err
	}
	if err := b.MergeCell(sheet, cellName(0, 1), cellName(last, 1)); err != nil {
		return err
	}
	if err := b.SetRowHeight(sheet, 1, 48); err != nil {
		return err
	}
	return b.SetCellStyle(sheet, cellName(0, 1), cellName(last, 1), b.styles.note)
}

// header writes the extract's header between the columns of the workbook's own,
// merged as its levels show.
func (b *bookWriter) header(sheet string, at int, lead []string, width int, levels [][]string) error {
	bottom := at + len(levels) - 1
	own := map[int]string{len(lead) + width: label("reason")}
	for i, s := range lead {
		own[i] = s
	}
	for i, s := range own {
		if err := b.put(sheet, i, at, s); err != nil {
			return err
		}
		if bottom > at {
			if err := b.MergeCell(sheet, cellName(i, at), cellName(i, bottom)); err != nil {
				return err
			}
		}
	}
	for i, level := range levels {
		for j, s := range level {
			if err := b.put(sheet, len(lead)+j, at+i, strings.TrimSpace(s)); err != nil {
				return err
			}
		}
	}
	if len(levels) == 2 {
		if err := b.mergeGroups(sheet, at, len(lead), pad(slices.Clone(levels[0]), width), pad(slices.Clone(levels[1]), width)); err != nil {
			return err
		}
	}
	return b.SetCellStyle(sheet, cellName(0, at), cellName(len(lead)+width, bottom), b.styles.head)
}

// mergeGroups merges a group over its leaves, and a header that has none over
// both levels.
func (b *bookWriter) mergeGroups(sheet string, at, left int, groups, leaves []string) error {
	blank := func(s string) bool { return strings.TrimSpace(s) == "" }
	for i := 0; i < len(groups); i++ {
		if blank(groups[i]) {
			continue
		}
		from, to, end := cellName(left+i, at), cellName(left+i, at+1), i
		if !blank(leaves[i]) {
			for end+1 < len(groups) && blank(groups[end+1]) && !blank(leaves[end+1]) {
				end++
			}
			to = cellName(left+end, at)
		}
		if from != to {
			if err := b.MergeCell(sheet, from, to); err != nil {
				return err
			}
		}
		i = end
	}
	return nil
}

// row writes one row, its offending cells colored and commented.
func (b *bookWriter) row(sheet string, at, left, width int, t *Excerpt, r *faultyRow) error {
	if err := b.put(sheet, 0, at, strconv.FormatInt(r.Row, 10)); err != nil {
		return err
	}
	if b.sheeted {
		if err := b.put(sheet, 1, at, r.Sheet); err != nil {
			return err
		}
	}
	for j, s := range r.cells {
		if err := b.put(sheet, left+j, at, s); err != nil {
			return err
		}
	}
	last := cellName(left+width, at)
	if err := b.SetCellStyle(sheet, cellName(0, at), cellName(left+width-1, at), b.styles.text); err != nil {
		return err
	}
	var all []string
	comments := map[int][]string{}
	for _, f := range r.faults {
		all = append(all, b.told(f, messages.ZH, r.cells == nil))
		j, ok := t.Columns[f.Column]
		switch {
		case f.Reason == MalformedRow:
			comments[0] = append(comments[0], b.comment(f, r))
			if err := b.SetCellStyle(sheet, cellName(left, at), cellName(left+width-1, at), b.styles.bad); err != nil {
				return err
			}
		case ok:
			comments[j] = append(comments[j], b.comment(f, r))
			if err := b.SetCellStyle(sheet, cellName(left+j, at), cellName(left+j, at), b.styles.bad); err != nil {
				return err
			}
		}
	}
	if err := b.put(sheet, left+width, at, strings.Join(all, "\n")); err != nil {
		return err
	}
	if err := b.SetCellStyle(sheet, last, last, b.styles.reason); err != nil {
		return err
	}
	for _, j := range slices.Sorted(maps.Keys(comments)) {
		if b.comments++; b.comments > commentsMost {
			break
		}
		err := b.AddComment(sheet, excelize.Comment{Cell: cellName(left+j, at), Author: "laborwatch", Text: strings.Join(comments[j], "\n"), Width: 320, Height: 110})
		if err != nil {
			return err
		}
	}
	mark := ""
	if r.malformed() {
		mark = MalformedRow
	}
	return b.hide("row", r.Sheet, strconv.FormatInt(r.Row, 10), rowDigest(r.cells), mark)
}
