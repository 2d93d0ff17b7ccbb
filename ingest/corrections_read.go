package ingest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// returned is a corrections workbook that came back.
type returned struct {
	load string
	// lines are the rows that it was exported with.
	lines map[Place]exportedLine
	order []Place
	rows  []returnedRow
}

// exportedLine is a row as it was exported: a digest for each line of it.
type exportedLine struct {
	digests   []string
	malformed bool
}

// unchanged reports whether the lines that came back are those exported.
func (l exportedLine) unchanged(rows []returnedRow) bool {
	return len(rows) == len(l.digests) && !slices.ContainsFunc(rows, func(x returnedRow) bool { return !slices.Contains(l.digests, x.digest) })
}

// returnedRow is a row of a returned workbook.
type returnedRow struct {
	// Place is in the extract; Row is 0 where the sender gave no row number.
	Place
	// at is where the row stands in the workbook.
	at Place
	// cells are those of the contract's columns, in its order.
	cells []string
	// empty rows hold nothing to load, surplus ones a cell beyond the header.
	empty, surplus bool
	digest         string
}

// isCorrections tells a corrections workbook from an extract.
func isCorrections(book *excelize.File) bool {
	form, err := book.GetCellValue(hiddenSheet, "A1")
	return err == nil && form == hiddenForm
}

// openReturned opens a corrections workbook and reads what its hidden sheet tells.
func (in *Ingester) openReturned(ctx context.Context, path string) (*workbook, *returned, error) {
	book, err := openBook(ctx, path, in.lake.Temp(""), in.limits)
	if err != nil {
		return nil, nil, err
	}
	// It is small: what is damaged is told before anything is made of it.
	if err := book.Sound(); err != nil {
		return nil, nil, errors.Join(err, book.Close())
	}
	if !isCorrections(book.File) {
		return nil, nil, errors.Join(refuse("nocorrections"), book.Close())
	}
	lines, err := book.GetRows(hiddenSheet)
	if err != nil {
		return nil, nil, errors.Join(refuse("xlsx", err.Error()), book.Close())
	}
	r := &returned{lines: map[Place]exportedLine{}}
	for _, cells := range lines {
		cells = pad(cells, 5)
		switch cells[0] {
		case "load":
			r.load = cells[1]
		case "row":
			p := Place{Sheet: cells[1], Row: rowNumber(cells[2])}
			line, more := r.lines[p]
			if !more {
				r.order = append(r.order, p)
			}
			r.lines[p] = exportedLine{append(line.digests, cells[3]), cells[4] == MalformedRow}
		}
	}
	return book, r, nil
}

// rowNumber reads a row's number, 0 for none.
func rowNumber(s string) int64 {
	s = strings.TrimSuffix(clean(s), ".0")
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// readRows reads the rows of every sheet that has the contract's header.
func (r *returned) readRows(ctx context.Context, c *Contract, book *excelize.File) error {
	for _, sheet := range book.GetSheetList() {
		if sheet == hiddenSheet {
			continue
		}
		first, rows, err := sheetRows(ctx, book, sheet, nil)
		if err != nil {
			return err
		}
		h, err := c.findHeader(first)
		if err != nil {
			if ownColumns(first).row < 0 {
				continue // a sheet of the sender's own
			}
			return err
		}
		own := ownColumns(first[max(h.row-1, 0) : h.row+1])
		if own.row < 0 {
			return refuse("rownumbers", sheet, label("row"))
		}
		numbers := make([]int64, 0, len(rows))
		for n := range rows {
			if n > int64(h.row)+1 {
				numbers = append(numbers, n)
			}
		}
		slices.Sort(numbers)
		for _, n := range numbers {
			r.rows = append(r.rows, r.row(c, h, own, Place{sheet, n}, rows[n]))
		}
	}
	return nil
}

// own are the columns of the workbook's own: row number, sheet, reason; -1 for none.
type own struct {
	row, sheet, reason int
	// named columns have a header on either level.
	named map[int]bool
}

func ownColumns(rows [][]string) own {
	o := own{-1, -1, -1, map[int]bool{}}
	for _, cells := range rows {
		for j, s := range cells {
			o.named[j] = o.named[j] || strings.TrimSpace(s) != ""
			switch strings.TrimSpace(s) {
			case label("row"):
				o.row = j
			case label("sheet"):
				o.sheet = j
			case label("reason"):
				o.reason = j
			}
		}
	}
	return o
}

func (r *returned) row(c *Contract, h *header, o own, at Place, cells []string) returnedRow {
	cell := func(j int) string {
		if j < 0 || j >= len(cells) {
			return ""
		}
		return cells[j]
	}
	x := returnedRow{Place: Place{Sheet: strings.TrimSpace(cell(o.sheet)), Row: rowNumber(cell(o.row))}, at: at, empty: true}
	if _, ok := r.lines[x.Place]; !ok && x.Sheet == "" {
		p := Place{at.Sheet, x.Row}
		if _, ok := r.lines[p]; ok {
			x.Place = p
		}
	}
	for _, j := range h.cols {
		s := cell(j)
		x.empty = x.empty && strings.TrimSpace(s) == ""
		x.cells = append(x.cells, s)
	}
	left := max(o.row, o.sheet) + 1
	right := len(cells)
	if o.reason >= left {
		right = min(o.reason, right)
	}
	between := cells[min(left, right):right]
	x.empty = x.empty || c.drops(between)
	for j, s := range between {
		x.surplus = x.surplus || (strings.TrimSpace(s) != "" && !o.named[left+j])
	}
	x.digest = rowDigest(between)
	return x
}

// returnedCells gives the cells of the contract's columns in a returned
// workbook, by the place of their row in the extract.
func (in *Ingester) returnedCells(ctx context.Context, path string) (out map[Place][]string, err error) {
	book, r, err := in.openReturned(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	load, ok, err := in.lake.Load(ctx, r.load)
	if err != nil {
		return nil, err
	}
	c := in.contracts[load.Feed]
	if !ok || c == nil {
		return nil, refuse("noload", r.load)
	}
	if err := r.readRows(ctx, c, book.File); err != nil {
		return nil, err
	}
	out = map[Place][]string{}
	for _, x := range r.rows {
		if _, twice := out[x.Place]; !twice && !x.empty {
			out[x.Place] = x.cells
		}
	}
	return out, nil
}
