package forms

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"laborwatch/ingest"
	"laborwatch/messages"
)

// lists is the hidden sheet that holds what cells may be chosen from.
const lists = "_lists"

// Spreadsheets cut these texts off, or refuse the file.
const (
	promptTitle = 32
	promptText  = 255
	inlineList  = 255
)

// lastRow is the last row of a sheet.
const lastRow = 1_048_576

// Template writes a workbook to fill in: a sheet with the headers, whose cells
// are formatted so that a spreadsheet changes no code (IDs, codes and dates are
// text), choices for coded columns, checks and prompts; a sheet that explains
// every column with an example; and a hidden sheet of choices. Names, phones
// and the like are not asked for: they would not be kept. What is filled in
// loads by the same contract.
func Template(w io.Writer, c *ingest.Contract) error {
	t := &template{c: c, f: excelize.NewFile(), data: messages.T(messages.ZH, "form.sheet"), help: messages.T(messages.ZH, "form.sheet.help")}
	defer func() { _ = t.f.Close() }()
	for _, step := range []func() error{t.sheets, t.styles, t.fill, t.explain, t.finish} {
		if err := step(); err != nil {
			return fmt.Errorf("form of %s: %w", c.Feed, err)
		}
	}
	return t.f.Write(w)
}

type template struct {
	c    *ingest.Contract
	f    *excelize.File
	data string
	help string
	// text, head, must … are styles.
	text, head, must, wrap, title int
	numbers                       map[string]int
	// listed counts the columns of the hidden sheet.
	listed int
}

// field is one column of the form.
type field struct {
	header string
	col    ingest.ColumnRule
}

// Fields gives the headers of the form, in order; a header that fills two
// columns stands once, for the first.
func Fields(c *ingest.Contract) (headers []string, columns []ingest.ColumnRule) {
	for _, f := range fields(c) {
		headers, columns = append(headers, f.header), append(columns, f.col)
	}
	return headers, columns
}

func fields(c *ingest.Contract) []field {
	var out []field
	seen := map[string]bool{}
	for _, col := range c.Columns {
		header := ""
		for _, a := range col.Aliases {
			if !strings.Contains(a, "/") { // a header of two levels
				header = a
				break
			}
		}
		key := ingest.FoldHeader(header)
		if header == "" || seen[key] {
			continue
		}
		seen[key] = true
		out = append(out, field{header, col})
	}
	return out
}

func (t *template) sheets() error {
	if err := t.f.SetSheetName("Sheet1", t.data); err != nil {
		return err
	}
	for _, s := range []string{t.help, lists} {
		if _, err := t.f.NewSheet(s); err != nil {
			return err
		}
	}
	return t.f.SetSheetVisible(lists, false)
}

func (t *template) styles() (err error) {
	style := func(s *excelize.Style) (id int) {
		if err == nil {
			id, err = t.f.NewStyle(s)
		}
		return id
	}
	border := []excelize.Border{{Type: "bottom", Color: "808080", Style: 1}}
	fill := func(color string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
	}
	middle := &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true}
	const asText = 49 // "@"
	t.text = style(&excelize.Style{NumFmt: asText})
	t.head = style(&excelize.Style{NumFmt: asText, Font: &excelize.Font{Bold: true}, Fill: fill("DDEBF7"), Border: border, Alignment: middle})
	t.must = style(&excelize.Style{NumFmt: asText, Font: &excelize.Font{Bold: true, Color: "C00000"}, Fill: fill("FCE4D6"), Border: border, Alignment: middle})
	t.wrap = style(&excelize.Style{NumFmt: asText, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	t.title = style(&excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}})
	t.numbers = map[string]int{}
	for kind, format := range map[string]string{"whole": "0", "money": "0.00", "number": "0.######"} {
		t.numbers[kind] = style(&excelize.Style{CustomNumFmt: &format})
	}
	return err
}

// cellStyle is that of a column's cells: numbers are numbers, all else is text.
func (t *template) cellStyle(col ingest.ColumnRule) int {
	switch {
	case len(col.Codes) > 0 || len(col.Replace) > 0 || col.Extract != "":
		return t.text
	case col.Type == "integer" || col.Type == "bigint":
		return t.numbers["whole"]
	case col.Type == "money":
		return t.numbers["money"]
	case col.Type == "number" || col.Type == "weight":
		return t.numbers["number"]
	}
	return t.text
}

// fill makes the sheet to fill in.
func (t *template) fill() error {
	for i, f := range fields(t.c) {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		header, style := f.header, t.head
		if f.col.Required == ingest.Required && f.col.Default == nil {
			header, style = header+"*", t.must
		}
		width := max(12, float64(2*utf8.RuneCountInString(header)+4))
		if f.col.Type == "person" || f.col.Type == "uscc" {
			width = max(width, 22)
		}
		validation, err := t.validation(f, name)
		if err != nil {
			return err
		}
		for _, err := range []error{
			t.f.SetColStyle(t.data, name, t.cellStyle(f.col)),
			t.f.SetColWidth(t.data, name, name, width),
			t.f.SetCellStr(t.data, name+"1", header),
			t.f.SetCellStyle(t.data, name+"1", name+"1", style),
			t.f.AddDataValidation(t.data, validation),
		} {
			if err != nil {
				return err
			}
		}
	}
	return t.f.SetPanes(t.data, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

// validation is what a spreadsheet checks and says of a column's cells.
func (t *template) validation(f field, name string) (*excelize.DataValidation, error) {
	v := excelize.NewDataValidation(true)
	v.SetSqref(fmt.Sprintf("%s2:%s%d", name, name, lastRow))
	says := cut(f.col.Meaning.ZH+"。"+messages.T(messages.ZH, "form.head.example")+"："+t.example(f.col), promptText)
	if f.col.Meaning.ZH != "" {
		v.SetInput(cut(f.header, promptTitle), says)
	}
	style := excelize.DataValidationErrorStyleStop
	var err error
	cell := name + "2"
	switch {
	case f.col.Type == "list":
		style = excelize.DataValidationErrorStyleInformation // several may be typed
		err = t.choose(v, f)
	case len(f.col.Codes) > 0 || f.col.Type == "boolean":
		if f.col.Otherwise != "" {
			style = excelize.DataValidationErrorStyleWarning
		}
		err = t.choose(v, f)
	case len(f.col.Replace) > 0 || f.col.Extract != "":
		return v, nil
	case f.col.IsNumber() && f.col.Type != "wage_low" && f.col.Type != "wage_high":
		err = t.bound(v, f.col)
	case f.col.Type == "date":
		// The cell is text, so that nobody's settings turn days and months around.
		err = v.SetRange(fmt.Sprintf("AND(LEN(%[1]s)=10,ISNUMBER(DATEVALUE(%[1]s)))", cell), "", excelize.DataValidationTypeCustom, excelize.DataValidationOperatorBetween)
	case f.col.Type == "month":
		err = v.SetRange(fmt.Sprintf(`AND(LEN(%[1]s)=7,ISNUMBER(DATEVALUE(CONCATENATE(%[1]s,"-01"))))`, cell), "", excelize.DataValidationTypeCustom, excelize.DataValidationOperatorBetween)
	case f.col.Type == "person" || f.col.Type == "uscc":
		err = v.SetRange(18, 18, excelize.DataValidationTypeTextLength, excelize.DataValidationOperatorEqual)
	case f.col.Type == "industry":
		err = v.SetRange(2, 5, excelize.DataValidationTypeTextLength, excelize.DataValidationOperatorBetween)
	case f.col.Type == "region":
		err = v.SetRange(6, 12, excelize.DataValidationTypeTextLength, excelize.DataValidationOperatorBetween)
	default:
		return v, nil
	}
	if err == nil && (f.col.Type != "list") {
		v.SetError(style, messages.T(messages.ZH, "form.invalid"), cut(strings.Join(append([]string{says}, chinese(f.col)...), "；"), promptText))
	}
	return v, err
}

// chinese are the column's checks without their translations.
func chinese(col ingest.ColumnRule) []string {
	out := checks(col)
	for i, s := range out {
		out[i], _, _ = strings.Cut(s, " / ")
	}
	return out
}

// bound makes numbers keep to the column's bounds, in the cell's unit.
func (t *template) bound(v *excelize.DataValidation, col ingest.ColumnRule) error {
	low, high := -1e12, 1e12
	if col.Min != nil {
		low = *col.Min / scale(col)
	}
	if col.Max != nil {
		high = *col.Max / scale(col)
	}
	if len(col.Negative) > 0 {
		low = -high // in some rows; ingest tells which
	}
	kind := excelize.DataValidationTypeDecimal
	if col.Type == "integer" || col.Type == "bigint" {
		kind = excelize.DataValidationTypeWhole
	}
	return v.SetRange(low, high, kind, excelize.DataValidationOperatorBetween)
}

// choose lets a cell be chosen from the column's texts; a long list goes to the hidden sheet.
func (t *template) choose(v *excelize.DataValidation, f field) error {
	texts := Choices(f.col)
	if all := strings.Join(texts, ","); utf8.RuneCountInString(all) <= inlineList-2 && !slices.ContainsFunc(texts, func(s string) bool { return strings.ContainsAny(s, `,"`) }) {
		return v.SetDropList(texts)
	}
	t.listed++
	name, err := excelize.ColumnNumberToName(t.listed)
	if err != nil {
		return err
	}
	column := make([]string, len(texts))
	copy(column, texts)
	if err := t.f.SetSheetCol(lists, name+"1", &column); err != nil {
		return err
	}
	v.SetSqrefDropList(fmt.Sprintf("%s!$%s$1:$%s$%d", lists, name, name, len(texts)))
	return nil
}

// Choices are the texts that a coded cell is chosen from: the first of each code.
func Choices(col ingest.ColumnRule) []string {
	if col.Type == "boolean" && len(col.Codes) == 0 {
		return []string{"是", "否"}
	}
	codes := col.CodeList()
	if col.Type == "boolean" {
		slices.Reverse(codes) // true before false
	}
	var out []string
	for _, code := range codes {
		if texts := col.Texts(code); len(texts) > 0 {
			out = append(out, texts[0])
		}
	}
	return out
}

// example is the column's example as a cell of the form holds it: where cells
// are chosen from a list, the text that stands there for it.
func (t *template) example(col ingest.ColumnRule) string {
	code, _, _ := t.c.Reader(col, nil).Read(col.Example)
	if texts := col.Texts(code); len(texts) > 0 {
		return texts[0]
	}
	return col.Example
}

// explain makes the sheet of explanations: a row for each column. Its headers
// stand in corner brackets, so that no reader takes the sheet for data.
func (t *template) explain() error {
	set := func(cell string, values ...any) error { return t.f.SetSheetRow(t.help, cell, &values) }
	if err := set("A1", messages.T(messages.ZH, "form.help.title", t.c.Title.ZH)); err != nil {
		return err
	}
	if err := set("A2", messages.T(messages.ZH, "form.help.how", t.c.Row.ZH, SavedAs(messages.ZH, t.c))); err != nil {
		return err
	}
	var head []any
	for _, key := range []string{"column", "type", "required", "meaning", "example", "checks", "texts"} {
		head = append(head, messages.T(messages.ZH, "form.head."+key))
	}
	if err := set("A4", head...); err != nil {
		return err
	}
	list := fields(t.c)
	for i, f := range list {
		need := messages.T(messages.ZH, "form.required.no")
		if f.col.Required == ingest.Required && f.col.Default == nil {
			need = messages.T(messages.ZH, "form.required.true")
		}
		texts := ""
		if len(f.col.Codes) > 0 || f.col.Type == "boolean" {
			texts = strings.Join(Choices(f.col), "、")
		}
		if err := set(fmt.Sprintf("A%d", 5+i), "「"+f.header+"」", messages.T(messages.ZH, "form.type."+f.col.Type), need, f.col.Meaning.ZH, t.example(f.col), strings.Join(chinese(f.col), "；"), texts); err != nil {
			return err
		}
	}
	widths := []float64{24, 22, 10, 48, 24, 40, 60}
	for i, width := range widths {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		if err := t.f.SetColWidth(t.help, name, name, width); err != nil {
			return err
		}
	}
	for _, err := range []error{
		t.f.SetCellStyle(t.help, "A1", "A1", t.title),
		t.f.SetCellStyle(t.help, "A4", "G4", t.head),
		t.f.SetCellStyle(t.help, "A5", fmt.Sprintf("G%d", 4+len(list)), t.wrap),
		t.f.SetPanes(t.help, &excelize.Panes{Freeze: true, YSplit: 4, TopLeftCell: "A5", ActivePane: "bottomLeft"}),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *template) finish() error {
	i, err := t.f.GetSheetIndex(t.data)
	if err != nil {
		return err
	}
	t.f.SetActiveSheet(i)
	return t.f.SetDocProps(&excelize.DocProperties{Title: t.c.Title.ZH, Identifier: fmt.Sprintf("%s/%d", t.c.Feed, t.c.Version), Creator: "laborwatch", Created: "2026-01-01T00:00:00Z", Modified: "2026-01-01T00:00:00Z"})
}

// cut shortens a text to so many characters of UTF-16, as spreadsheets count.
func cut(s string, n int) string {
	size := 0
	for i, r := range s {
		size++
		if r > 0xffff {
			size++
		}
		if size > n {
			return s[:i]
		}
	}
	return s
}
