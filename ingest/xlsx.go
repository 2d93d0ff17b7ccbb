package ingest

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
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
	book, err := excelize.OpenFile(s.file.Path, excelize.Options{RawCellValue: true, UnzipSizeLimit: unzipLimit, UnzipXMLSizeLimit: sheetMemory, TmpDir: in.lake.Temp("")})
	if err != nil {
		return refuse("xlsx", err.Error())
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
	x := &sheetWriter{contract: c, csv: csv.NewWriter(w), record: make([]string, 2+len(c.Columns))}
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
			return err
		}
	}
	if x.header == nil {
		if firstErr == nil {
			firstErr = refuse("sheet", c.XLSX.Sheet)
		}
		return firstErr
	}
	x.csv.Flush()
	if err := errors.Join(x.csv.Error(), w.Flush()); err != nil {
		return err
	}
	s.layout = numberedLayout(len(c.Columns))
	s.missing, s.extra = c.optionalMissing(x.header), x.header.extra
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

// sheetWriter writes sheets as text; header is that of the first sheet that had one.
type sheetWriter struct {
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
		x.header = h
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
	if !filled || x.contract.drops(cells) {
		return nil
	}
	return x.csv.Write(x.record)
}
