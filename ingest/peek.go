package ingest

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/xuri/excelize/v2"

	"laborwatch/archive"
	"laborwatch/engine"
)

// Kinds of extracts.
const (
	KindText    = "text"
	KindXLSX    = "xlsx"
	KindParquet = "parquet"
)

// Sample is the beginning of an extract as it lies on disk.
type Sample struct {
	// Kind is text, xlsx or parquet; Zipped says that it is gzipped.
	Kind   string
	Zipped bool
	// Encoding of text: utf-8, gb18030 or utf-16. Damaged says that some bytes
	// are no characters of it.
	Encoding string
	Damaged  bool
	// Tables are the sheets with anything in them; a text has one.
	Tables []Table
}

// Table is one sheet, or the text under the delimiter that fits best.
type Table struct {
	Sheet, Delimiter string
	Rows             [][]string
}

// Peek reads up to so many rows of each table of a file. The error is a refusal
// in words for people when the file is none that laborwatch reads.
func Peek(ctx context.Context, path string, rows int) (s *Sample, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	switch head = head[:n]; {
	case n == 0:
		return nil, refuse("empty")
	case bytes.HasPrefix(head, []byte("PAR1")):
		return peekParquet(ctx, path, rows)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return peekXLSX(ctx, path, rows)
	}
	return peekText(ctx, f, bytes.HasPrefix(head, []byte{0x1f, 0x8b}), rows)
}

func peekText(ctx context.Context, f *os.File, zipped bool, rows int) (*Sample, error) {
	r, err := reread(f, zipped, archive.Default)
	if err != nil {
		return nil, err
	}
	shape, err := readShape(&cancelable{ctx, r})
	if err != nil {
		return nil, err
	}
	encs, err := shape.encodings("")
	if err != nil {
		return nil, err
	}
	text, err := decodeHead(shape.head, encs[0])
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, refuse("empty")
	}
	t := splitText(text, rows)
	return &Sample{Kind: KindText, Zipped: zipped, Encoding: encs[0], Damaged: strings.ContainsRune(text, '\ufffd'), Tables: []Table{t}}, nil
}

// splitText takes the delimiter under which most rows have as many cells as
// the widest kind of row; of several the one with most cells.
func splitText(text string, rows int) Table {
	best, most := Table{Delimiter: ","}, -1
	for _, delim := range []string{",", "\t", ";", "|"} {
		r := csv.NewReader(strings.NewReader(text))
		r.Comma = rune(delim[0])
		r.FieldsPerRecord, r.LazyQuotes = -1, true
		t := Table{Delimiter: delim}
		widths := map[int]int{}
		for len(t.Rows) < rows {
			cells, err := r.Read()
			if err != nil {
				break
			}
			t.Rows = append(t.Rows, cells)
			widths[len(cells)]++
		}
		score := 0
		for w, n := range widths {
			score = max(score, (w-1)*n)
		}
		if score > most {
			best, most = t, score
		}
	}
	return best
}

func peekXLSX(ctx context.Context, path string, n int) (s *Sample, err error) {
	book, err := openBook(ctx, path, "", archive.Default)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	s = &Sample{Kind: KindXLSX}
	for _, sheet := range book.GetSheetList() {
		t := Table{Sheet: sheet}
		if t.Rows, err = firstRows(book.File, sheet, n); err != nil {
			return nil, err
		}
		if len(t.Rows) > 0 {
			s.Tables = append(s.Tables, t)
		}
	}
	if len(s.Tables) == 0 {
		return nil, refuse("empty")
	}
	return s, nil
}

func firstRows(book *excelize.File, sheet string, n int) (out [][]string, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, refuse("xlsx", fmt.Sprint(p))
		}
	}()
	rows, err := book.Rows(sheet)
	if err != nil {
		return nil, refuse("xlsx", err.Error())
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for len(out) < n && rows.Next() {
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, refuse("xlsx", err.Error())
		}
		out = append(out, cells)
	}
	for len(out) > 0 && strings.Join(out[len(out)-1], "") == "" {
		out = out[:len(out)-1]
	}
	return out, nil
}

func peekParquet(ctx context.Context, path string, n int) (s *Sample, err error) {
	eng, err := engine.Open(ctx, engine.Options{Threads: 1})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, eng.Close()) }()
	rows, err := eng.DB().QueryContext(ctx, fmt.Sprintf("SELECT COLUMNS(*)::VARCHAR FROM read_parquet(%s, hive_partitioning = false) LIMIT %d", engine.Quote(escapeGlob(path)), n))
	if err != nil {
		return nil, refuse("parquet", brief(err))
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	t := Table{Rows: [][]string{names}}
	for rows.Next() {
		cells, into := make([]*string, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := make([]string, len(names))
		for i, c := range cells {
			if c != nil {
				row[i] = *c
			}
		}
		t.Rows = append(t.Rows, row)
	}
	if err := rows.Err(); err != nil {
		return nil, refuse("parquet", brief(err))
	}
	return &Sample{Kind: KindParquet, Tables: []Table{t}}, nil
}
