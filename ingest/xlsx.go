package ingest

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// prepareXLSX writes the rows of every sheet with the feed's header as text:
// row number, sheet, then the contract's columns. Cells are taken raw, so that
// date serials and long numbers are seen as they are stored.
func (in *Ingester) prepareXLSX(ctx context.Context, c *Contract, s *source) (err error) {
	book, err := openBook(ctx, s.file.Path, in.lake.Temp(""), in.limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	if isCorrections(book.File) {
		return refuse("corrections")
	}
	out, err := in.unnamed()
	if err != nil {
		return err
	}
	s.use(out)
	w := bufio.NewWriterSize(out, 1<<20)
	x := &sheetWriter{contract: c, csv: csv.NewWriter(w)}
	if err := x.sheets(ctx, book.File); err != nil {
		// What is damaged may look like something else: that comes first.
		return cmp.Or(book.Sound(), err)
	}
	if err := errors.Join(book.Sound(), w.Flush()); err != nil {
		return err
	}
	s.layout = numberedLayout(len(c.Columns))
	for i, a := range x.aside {
		s.layout.aside = append(s.layout.aside, asideColumn{a.name, len(c.Columns) + i})
	}
	s.layout.width += len(s.layout.aside)
	s.missing, s.extra = x.missing, x.extra
	s.dropped = x.dropped
	s.found = append(twice(x.twice), x.likeData(in.readings[c.Feed].readers)...)
	s.headings = c.headings(x.header)
	return nil
}

// numberedLayout is that of rows written by this package: row, sheet, columns.
func numberedLayout(columns int) layout {
	l := layout{width: columns, delim: ",", newline: `\n`, numbered: true}
	for i := range columns {
		l.cols = append(l.cols, i)
	}
	return l
}

// sheetWriter writes sheets as text; header is that of the first sheet that had
// one, aside are its unknown columns, missing and extra what any of them lacks
// or has beyond the contract.
type sheetWriter struct {
	aside          []asideColumn
	contract       *Contract
	csv            *csv.Writer
	record         []string
	header         *header
	missing, extra []string
	twice          []string
	passed         []passedSheet
	dropped        int64 // rows of sums and signatures
}

// sheets writes the rows of the visible sheets that have the header. A sheet
// without one is passed over, as are hidden ones; one with a header that lacks
// what is required refuses the workbook.
func (x *sheetWriter) sheets(ctx context.Context, book *excelize.File) error {
	var firstErr error
	named := x.contract.XLSX.Sheet
	for _, sheet := range book.GetSheetList() {
		if named != "" && sheet != named {
			continue
		}
		if shown, err := book.GetSheetVisible(sheet); err == nil && !shown && named == "" {
			if err := x.passHidden(ctx, book, sheet); err != nil {
				return err
			}
			continue
		}
		err := x.sheet(ctx, book, sheet)
		switch {
		case isOther(err):
			firstErr = cmp.Or(firstErr, errors.Unwrap(err))
		case err != nil:
			return err
		}
	}
	switch {
	case x.header != nil:
		x.csv.Flush()
		return x.csv.Error()
	case slices.ContainsFunc(x.passed, func(p passedSheet) bool { return p.hidden }):
		return refuse("hidden", x.passed[slices.IndexFunc(x.passed, func(p passedSheet) bool { return p.hidden })].name)
	}
	return cmp.Or(firstErr, refuse("sheet", named))
}

func (x *sheetWriter) sheet(ctx context.Context, book *excelize.File, name string) error {
	var first [][]string
	var h *header
	var none error // there is no header
	pass := passedSheet{name: name}
	n, err := eachRow(ctx, book, name, func(n int, cells []string) (err error) {
		switch {
		case none != nil:
			pass.add(cells)
			return nil
		case h != nil:
			return x.write(n, name, h, cells)
		}
		if first = append(first, cells); len(first) < headerRows {
			return nil
		}
		if h, err = x.begin(name, first); isOther(err) {
			none, err = err, nil
		}
		return err
	})
	if err == nil && h == nil && none == nil {
		_, none = x.begin(name, first)
	}
	if none == nil || err != nil {
		return err
	}
	if isOther(none) && n > 0 {
		for _, cells := range first {
			pass.add(cells)
		}
		x.passed = append(x.passed, pass)
	}
	return none
}

// passHidden notes a hidden sheet that holds rows of the feed: a draft, or a
// copy, that must not be counted.
func (x *sheetWriter) passHidden(ctx context.Context, book *excelize.File, name string) error {
	var first [][]string
	pass := passedSheet{name: name, hidden: true}
	_, err := eachRow(ctx, book, name, func(_ int, cells []string) error {
		if len(first) < headerRows {
			first = append(first, cells)
		}
		pass.add(cells)
		return nil
	})
	if h, herr := x.contract.findHeader(first); herr == nil && pass.rows > int64(h.row+1) {
		pass.rows -= int64(h.row + 1)
		x.passed = append(x.passed, pass)
	}
	return err
}

// eachRow gives the rows of a sheet, numbered from 1, and how many there are.
func eachRow(ctx context.Context, book *excelize.File, sheet string, f func(n int, cells []string) error) (n int, err error) {
	// A broken workbook must refuse itself, whatever it does to its reader.
	defer func() {
		if p := recover(); p != nil {
			err = refuse("xlsx", fmt.Sprint(p))
		}
	}()
	rows, err := book.Rows(sheet)
	if err != nil {
		return 0, refuse("xlsx", sheet+": "+err.Error())
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return n, refuse("xlsx", fmt.Sprintf("%s: %d: %v", sheet, n+1, err))
		}
		if n++; n%1000 == 0 && ctx.Err() != nil {
			return n, ctx.Err()
		}
		if err := f(n, cells); err != nil {
			return n, err
		}
	}
	if err := rows.Error(); err != nil {
		return n, refuse("xlsx", sheet+": "+err.Error())
	}
	return n, nil
}

// begin finds the header in the first rows and writes the data among them.
func (x *sheetWriter) begin(sheet string, first [][]string) (*header, error) {
	h, err := x.contract.findHeader(first)
	if err != nil {
		return nil, x.contract.inSheet(sheet, first, err)
	}
	x.missing = addNew(x.missing, x.contract.optionalMissing(h))
	x.extra = addNew(x.extra, h.extra)
	x.twice = addNew(x.twice, h.twice)
	if x.header == nil {
		x.header, x.aside = h, x.contract.asides(h)
		x.record = make([]string, 2+len(h.cols)+len(x.aside))
	}
	for i := h.row + 1; i < len(first); i++ {
		if err := x.write(i+1, sheet, h, first[i]); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (x *sheetWriter) write(row int, sheet string, h *header, cells []string) error {
	x.record[0], x.record[1] = strconv.Itoa(row), sheet
	filled := false
	for i, j := range h.cols {
		cell := ""
		if j >= 0 && j < len(cells) {
			cell = cells[j]
		}
		filled = filled || strings.TrimSpace(cell) != ""
		x.record[2+i] = cell
	}
	named := x.contract.asides(h) // another sheet may have them elsewhere
	for i, a := range x.aside {
		x.record[2+len(h.cols)+i] = ""
		if j := slices.IndexFunc(named, func(b asideColumn) bool { return b.name == a.name }); j >= 0 && named[j].cell < len(cells) {
			x.record[2+len(h.cols)+i] = cells[named[j].cell]
		}
	}
	switch {
	case !filled && len(cells) == 0:
		return nil
	case h.repeats(cells), x.contract.drops(cells) && !x.contract.identified(h, cells):
		if slices.ContainsFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" }) {
			x.dropped++
		}
		return nil
	case !filled:
		return nil
	}
	return x.csv.Write(x.record)
}
