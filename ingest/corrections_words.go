package ingest

import (
	"fmt"
	"path"

	"laborwatch/lake"
	"laborwatch/messages"
)

// label is a header or name in a workbook: Chinese, which its sender reads.
func label(key string) string { return messages.T(messages.ZH, "quarantine.book."+key) }

// comment tells a fault in Chinese, then in English.
func (b *bookWriter) comment(f lake.Fault, r *faultyRow) string {
	return b.told(f, messages.ZH, r.cells == nil) + "\n" + b.told(f, messages.EN, r.cells == nil)
}

// told is a fault in words: the column, what is wrong, what to do; the masked
// value where the row itself is not shown.
func (b *bookWriter) told(f lake.Fault, lang messages.Lang, masked bool) string {
	where := b.contract.Heading(f.Column)
	if where == "" || lang == messages.EN {
		where = f.Column
	}
	s := messages.T(lang, "quarantine.reason."+f.Reason)
	if where != "" {
		s = messages.T(lang, "quarantine.book.cell", where, s)
	}
	if masked && f.Masked != "" {
		s += " [" + f.Masked + "]"
	}
	return messages.T(lang, "quarantine.book.told", s, messages.T(lang, "ingest.hint."+f.Reason))
}

// help says what to do with the workbook.
func (b *bookWriter) help(e Exported) error {
	sheet := label("help")
	lines := []string{
		label("title"),
		messages.T(messages.ZH, "quarantine.book.of", b.contract.Title.ZH, path.Base(b.load.Source), b.load.Period.String(), b.load.ID[:min(8, len(b.load.ID))]),
		messages.T(messages.ZH, "quarantine.book.count", e.Rows, e.Faults),
	}
	if e.Left > 0 {
		lines = append(lines, messages.T(messages.ZH, "quarantine.book.left", e.Left))
	}
	for _, key := range []string{"help1", "help2", "help3", "help4", "help5", "help6", "help7"} {
		lines = append(lines, label(key))
	}
	lines = append(lines, "", messages.T(messages.EN, "quarantine.book.short"))
	for i, s := range lines {
		if err := b.put(sheet, 0, i+1, s); err != nil {
			return err
		}
	}
	if err := b.SetColWidth(sheet, "A", "A", 110); err != nil {
		return err
	}
	if err := b.SetCellStyle(sheet, "A1", "A1", b.styles.note); err != nil {
		return err
	}
	return b.SetCellStyle(sheet, "A2", fmt.Sprintf("A%d", len(lines)), b.styles.reason)
}
