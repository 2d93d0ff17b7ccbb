package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/messages"
)

// Place is where a row stands in an extract: its sheet ("" in text and
// Parquet), and the row as a person counts it, from 1.
type Place struct {
	Sheet string
	Row   int64
}

// Excerpt is a sheet of an extract, or all of a text or Parquet file, with some
// of its rows as they arrived.
type Excerpt struct {
	Sheet string
	// Header holds the header's rows: one, or two where groups stand above.
	Header [][]string
	// Columns gives the index of the cell of each column of the contract that
	// the header has.
	Columns map[string]int
	// Rows are the wanted rows' cells by row number.
	Rows map[int64][]string
}

// HashFile gives the SHA-256 of a file, in hex.
func HashFile(ctx context.Context, path string) (string, error) { return hashFile(ctx, path) }

// Original reads rows of an extract again, in one pass: the cells of the wanted
// rows as they arrived, decoded but not read. load is the load that the extract
// became, path where the extract lies now. Dates that a spreadsheet holds as
// serials are given as YYYY-MM-DD. What is returned may hold personal data.
func (in *Ingester) Original(ctx context.Context, load lake.Load, path string, wanted []Place) ([]Excerpt, error) {
	c := in.contracts[load.Feed]
	if c == nil {
		return nil, errors.New(messages.Beside("no contract knows the feed %s", load.Feed))
	}
	want := map[string]map[int64]bool{}
	for _, p := range wanted {
		if want[p.Sheet] == nil {
			want[p.Sheet] = map[int64]bool{}
		}
		want[p.Sheet][p.Row] = true
	}
	head, err := fileHead(path)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return in.originalSheets(ctx, c, path, want)
	}
	s := &source{file: File{Path: path, Rel: load.Source, Feed: load.Feed}}
	if info, err := os.Stat(path); err == nil {
		s.size = info.Size()
	}
	err = in.prepare(ctx, s)
	defer func() { _ = s.close() }()
	if err != nil {
		return nil, err
	}
	var t Excerpt
	if s.layout.parquet {
		t, err = in.originalParquet(ctx, c, s, want[""])
	} else {
		t, err = originalText(ctx, c, s, want[""])
	}
	return []Excerpt{t}, err
}

func fileHead(path string) (head []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head = make([]byte, 16)
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:n], err
}

// table begins a table by its header, found in its first rows.
func (c *Contract) table(sheet string, first [][]string) (*Excerpt, *header, error) {
	h, err := c.findHeader(first)
	if err != nil {
		return nil, nil, err
	}
	t := &Excerpt{Sheet: sheet, Header: [][]string{first[h.row]}, Columns: map[string]int{}, Rows: map[int64][]string{}}
	if h.row > 0 && c.matchHeader(first[h.row], nil).matched < h.matched {
		t.Header = [][]string{first[h.row-1], first[h.row]} // groups stand above
	}
	for i, j := range h.cols {
		if j >= 0 {
			t.Columns[c.Columns[i].Name] = j
		}
	}
	return t, h, nil
}

// originalText reads the records of text that prepare made ready.
func originalText(ctx context.Context, c *Contract, s *source, want map[int64]bool) (Excerpt, error) {
	if _, err := s.handle.Seek(0, io.SeekStart); err != nil {
		return Excerpt{}, err
	}
	r := bufio.NewReaderSize(&cancelable{ctx, s.handle}, 1<<20)
	if err := passMark(r); err != nil {
		return Excerpt{}, err
	}
	var above strings.Builder
	for range s.layout.skip {
		line, err := r.ReadString('\n')
		above.WriteString(line)
		if err != nil && !errors.Is(err, io.EOF) {
			return Excerpt{}, err
		}
	}
	rows, _, _ := records(strings.ReplaceAll(above.String(), "\r\n", "\n"), s.layout.delim)
	t, _, err := c.table("", rows)
	if err != nil {
		return Excerpt{}, err
	}
	skip := int64(s.layout.skip)
	err = scanRecords(r, s.layout.delim[0], func(n int64) bool { return want[n+skip] }, func(n int64, record string) error {
		t.Rows[n+skip] = splitRecord(record, s.layout.delim)
		return nil
	})
	return *t, err
}

// originalParquet lets the engine find the rows.
func (in *Ingester) originalParquet(ctx context.Context, c *Contract, s *source, want map[int64]bool) (Excerpt, error) {
	t, _, err := c.table("", [][]string{s.layout.names})
	if err != nil {
		return Excerpt{}, err
	}
	var cols, numbers []string
	for _, name := range s.layout.names {
		value := "''"
		if name != "" {
			value = fmt.Sprintf("coalesce(CAST(%s AS VARCHAR), '')", engine.Ident(name))
		}
		cols = append(cols, value)
	}
	for n := range want {
		numbers = append(numbers, fmt.Sprint(n-1))
	}
	if len(numbers) == 0 {
		return *t, nil
	}
	rows, err := in.eng.DB().QueryContext(ctx, fmt.Sprintf("SELECT file_row_number + 1, %s FROM read_parquet(%s, file_row_number = true, hive_partitioning = false) WHERE file_row_number IN (%s)",
		strings.Join(cols, ", "), text(s.path), strings.Join(numbers, ", ")))
	if err != nil {
		return Excerpt{}, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var n int64
		cells := make([]string, len(cols))
		into := []any{&n}
		for i := range cells {
			into = append(into, &cells[i])
		}
		if err := rows.Scan(into...); err != nil {
			return Excerpt{}, err
		}
		t.Rows[n] = cells
	}
	return *t, rows.Err()
}

// originalSheets reads the sheets of a workbook that have wanted rows.
func (in *Ingester) originalSheets(ctx context.Context, c *Contract, path string, want map[string]map[int64]bool) (out []Excerpt, err error) {
	book, err := openBook(ctx, path, in.lake.Temp(""), in.limits)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	for _, sheet := range book.GetSheetList() {
		if len(want[sheet]) == 0 {
			continue
		}
		first, rows, err := sheetRows(ctx, book.File, sheet, want[sheet])
		if err != nil {
			return nil, err
		}
		t, _, err := c.table(sheet, first)
		if err != nil {
			return nil, err
		}
		for _, cells := range rows {
			c.datesOfSerials(t.Columns, cells)
		}
		t.Rows = rows
		out = append(out, *t)
	}
	return out, book.Sound()
}

// sheetRows gives the rows among which the header is, and the wanted ones (all
// for nil), by number.
func sheetRows(ctx context.Context, book *excelize.File, sheet string, want map[int64]bool) (first [][]string, out map[int64][]string, err error) {
	out = map[int64][]string{}
	_, err = eachRow(ctx, book, sheet, func(n int, cells []string) error {
		if n <= headerRows {
			first = append(first, slices.Clone(cells))
		}
		if want == nil || want[int64(n)] {
			out[int64(n)] = cells
		}
		return nil
	})
	return first, out, err
}

// datesOfSerials writes the dates that a spreadsheet holds as serials as a person does.
func (c *Contract) datesOfSerials(columns map[string]int, cells []string) {
	for _, col := range c.Columns {
		j, ok := columns[col.Name]
		if (col.Type != "date" && col.Type != "month") || !ok || j >= len(cells) {
			continue
		}
		if d, ok := fromSerial(cells[j]); ok && serial.MatchString(cells[j]) {
			cells[j] = d
		}
	}
}

// Heading is a header under which the feed's extracts have a column, "" when
// the contract names none.
func (c *Contract) Heading(column string) string {
	if col := c.column(column); col != nil && len(col.Aliases) > 0 {
		return col.Aliases[0]
	}
	return ""
}
