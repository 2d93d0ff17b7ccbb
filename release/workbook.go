package release

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"laborwatch/cube"
	"laborwatch/spreadsheet"
)

// epoch stands in a workbook's properties where a time must: the reference
// month's first day, so that the same release has the same bytes.
const epoch = "%sT00:00:00Z"

// workbook writes the content as XLSX: a sheet a section, names in Chinese
// with English beside, figures as numbers with formats.
func workbook(c *Content) (data []byte, err error) {
	x := &book{file: excelize.NewFile(), content: c, styles: map[string]int{}}
	defer func() {
		if cerr := x.file.Close(); err == nil {
			err = cerr
		}
	}()
	if err := x.write(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := x.file.Write(&b); err != nil {
		return nil, err
	}
	return spreadsheet.Settle(b.Bytes())
}

// book is a workbook being written.
type book struct {
	file    *excelize.File
	content *Content
	styles  map[string]int
}

func (x *book) write() error {
	sections := x.content.all()
	for i, s := range sections {
		name := sheetName(s)
		if i == 0 {
			if err := x.file.SetSheetName("Sheet1", name); err != nil {
				return err
			}
		} else if _, err := x.file.NewSheet(name); err != nil {
			return err
		}
	}
	for _, s := range sections {
		if err := x.section(s); err != nil {
			return fmt.Errorf("sheet %s: %w", sheetName(s), err)
		}
	}
	if err := x.notes(); err != nil {
		return fmt.Errorf("notes: %w", err)
	}
	x.file.SetActiveSheet(0)
	return x.properties()
}

// sheetName is a section's name as a sheet: Chinese, as the analysts have it.
func sheetName(s Section) string { return s.Title.ZH }

func (x *book) properties() error {
	c := x.content
	when := fmt.Sprintf(epoch, c.Period.First().Format("2006-01-02"))
	return x.file.SetDocProps(&excelize.DocProperties{
		Title: c.Title.ZH, Subject: c.Title.EN, Creator: c.Publisher.ZH, LastModifiedBy: c.Publisher.ZH,
		Created: when, Modified: when, Language: "zh-CN", Version: fmt.Sprintf("%d.0", c.Version),
	})
}

// section writes one sheet.
func (x *book) section(s Section) error {
	sh := &sheet{book: x, name: sheetName(s), row: 1, widths: map[int]float64{}}
	if s.ID == "summary" {
		if err := sh.front(); err != nil {
			return err
		}
	}
	for i, t := range s.Tables {
		if i > 0 {
			sh.row++
		}
		if err := sh.table(t); err != nil {
			return err
		}
	}
	if s.ID == "series" {
		if err := sh.chart(s.Tables[0]); err != nil {
			return err
		}
	}
	if len(s.Tables) == 1 && s.ID != "summary" {
		if err := sh.freeze(); err != nil {
			return err
		}
	}
	return sh.finish()
}

// notes writes the technical notes' sheet.
func (x *book) notes() error {
	name := text("release.section.notes").ZH
	if _, err := x.file.NewSheet(name); err != nil {
		return err
	}
	sh := &sheet{book: x, name: name, row: 1, widths: map[int]float64{1: 18, 2: 70, 3: 70}}
	if err := sh.put(1, x.content.Title.ZH, styleTitle); err != nil {
		return err
	}
	sh.row += 2
	add := func(title, zh, en string) error {
		for i, v := range []string{title, zh, en} {
			style := styleNote
			if i == 0 {
				style = styleNoteHead
			}
			if err := sh.put(i+1, v, style); err != nil {
				return err
			}
		}
		lines := max(linesOf(zh, 70), linesOf(en, 70), linesOf(title, 18))
		if err := x.file.SetRowHeight(name, sh.row, float64(lines)*15+3); err != nil {
			return err
		}
		sh.row++
		return nil
	}
	for _, n := range x.content.Notes {
		if err := add(n.Title.ZH+"\n"+n.Title.EN, n.Body.ZH, n.Body.EN); err != nil {
			return err
		}
	}
	for _, l := range imprint(x.content) {
		if err := add(l.Title.ZH+"\n"+l.Title.EN, l.Body.ZH, l.Body.EN); err != nil {
			return err
		}
	}
	return sh.finish()
}

// imprint is who publishes, whom to ask and when the next release is due.
func imprint(c *Content) []Note {
	var out []Note
	add := func(key string, t cube.Text) {
		if t.ZH != "" {
			out = append(out, Note{Title: text(key), Body: t})
		}
	}
	add("release.publisher", c.Publisher)
	add("release.contact", same(c.Contact))
	add("release.next", same(c.NextRelease))
	return out
}

// both is a word in both languages, once where they are alike.
func both(t cube.Text, between string) string {
	if t.ZH == t.EN || t.EN == "" {
		return t.ZH
	}
	return strings.TrimSpace(t.ZH) + between + strings.TrimSpace(t.EN)
}
