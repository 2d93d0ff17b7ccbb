package ingest

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// unzipLimit bounds what a workbook may unpack to: a bomb is refused. Sheets
// beyond sheetMemory are unpacked in the lake's tmp, which Open sweeps.
const (
	unzipLimit  = 4 << 30
	sheetMemory = 128 << 20
)

// prepareXLSX writes the rows of every sheet with the feed's header as text:
// row number, sheet, then the contract's columns. Cells are taken raw, so that
// date serials and long numbers are seen as they are stored.
func (in *Ingester) prepareXLSX(ctx context.Context, c *Contract, s *source) (err error) {
	book, err := openBook(func(o ...excelize.Options) (*excelize.File, error) { return excelize.OpenFile(s.file.Path, o...) }, in.lake.Temp(""))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	if isCorrections(book) {
		return refuse("corrections")
	}
	out, err := in.unnamed()
	if err != nil {
		return err
	}
	s.use(out)
	w := bufio.NewWriterSize(out, 1<<20)
	h, err := writeSheets(ctx, c, book, w)
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	s.layout = numberedLayout(len(c.Columns))
	for i, a := range c.asides(h) {
		s.layout.aside = append(s.layout.aside, asideColumn{a.name, len(c.Columns) + i})
	}
	s.layout.width += len(s.layout.aside)
	s.missing, s.extra = c.optionalMissing(h), h.extra
	s.headings = c.headings(h)
	return nil
}

// writeSheets writes the rows of the sheets that have the header, and gives the
// header of the first of them.
func writeSheets(ctx context.Context, c *Contract, book *excelize.File, w io.Writer) (_ *header, err error) {
	// A broken workbook must refuse itself, whatever it does to its reader.
	defer func() {
		if p := recover(); p != nil {
			err = refuse("xlsx", fmt.Sprint(p))
		}
	}()
	x := &sheetWriter{contract: c, csv: csv.NewWriter(w)}
	var firstErr error
	for _, sheet := range book.GetSheetList() {
		if c.XLSX.Sheet != "" && sheet != c.XLSX.Sheet {
			continue
		}
		switch err := x.sheet(ctx, book, sheet); {
		case isRefusal(err):
			if firstErr == nil {
				firstErr = err
			}
		case err != nil:
			return nil, err
		}
	}
	if x.header == nil {
		if firstErr == nil {
			firstErr = refuse("sheet", c.XLSX.Sheet)
		}
		return nil, firstErr
	}
	x.csv.Flush()
	return x.header, x.csv.Error()
}

// openBook opens a workbook, and refuses one that its reader cannot take.
func openBook(open func(...excelize.Options) (*excelize.File, error), tmp string) (book *excelize.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			book, err = nil, refuse("xlsx", fmt.Sprint(p))
		}
	}()
	book, err = open(excelize.Options{RawCellValue: true, UnzipSizeLimit: unzipLimit, UnzipXMLSizeLimit: sheetMemory, TmpDir: tmp})
	if err != nil {
		return nil, refuse("xlsx", err.Error())
	}
	return book, nil
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
// one, and aside are its unknown columns.
type sheetWriter struct {
	aside    []asideColumn
	contract *Contract
	csv      *csv.Writer
	record   []string
	header   *header
}

func (x *sheetWriter) sheet(ctx context.Context, book *excelize.File, name string) (err error) {
	rows, err := book.Rows(name)
	if err != nil {
		return refuse("xlsx", err.Error())
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var first [][]string
	var h *header
	n := 0
	for rows.Next() {
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return refuse("xlsx", err.Error())
		}
		n++
		if n%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if h == nil {
			first = append(first, cells)
			if len(first) < headerRows {
				continue
			}
			if h, err = x.begin(name, first); err != nil {
				return err
			}
			continue
		}
		if err := x.write(n, name, h, cells); err != nil {
			return err
		}
	}
	if err := rows.Error(); err != nil {
		return refuse("xlsx", err.Error())
	}
	if h == nil {
		_, err = x.begin(name, first)
	}
	return err
}

// begin finds the header in the first rows and writes the data among them.
func (x *sheetWriter) begin(sheet string, first [][]string) (*header, error) {
	h, err := x.contract.findHeader(first)
	if err != nil {
		return nil, err
	}
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
	if !filled || x.contract.drops(cells) {
		return nil
	}
	return x.csv.Write(x.record)
}
