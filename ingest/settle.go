package ingest

import (
	"context"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2"

	"laborwatch/codes"
)

// secondsADay turns instants into the engine's days.
const secondsADay = 24 * 60 * 60

// sexes are the values of the engine's ENUM of sexes, in order.
var sexes = []string{"M", "F"}

// persons is lw_person: the key, month of birth, sex and origin of every ID
// that stands in plain form, 18 characters with a capital X.
func persons(ctx context.Context, chunk *duckdb.ChunkIteratorState) error {
	r, err := readingOf(ctx)
	if err != nil {
		return err
	}
	cells, err := textsOf(chunk, 0)
	if err != nil {
		return err
	}
	n := cells.Len()
	vec := vectorOf(chunk.GetResultVector())
	keys, births := fixedOf[[2]uint64](child(vec, 0), n), fixedOf[int32](child(vec, 1), n)
	sex, origins := fixedOf[uint8](child(vec, 2), n), fixedOf[int32](child(vec, 3), n)
	p := newPseudonyms(r.key)
	last, lastRow := "", 0 // rows of one person often follow each other
	for row := range n {
		cell, ok, err := cells.GetValueBorrowed(row)
		if err != nil {
			return err
		}
		if ok && last != "" && cell == last {
			keys.data[row], births.data[row], sex.data[row], origins.data[row] = keys.data[lastRow], births.data[lastRow], sex.data[lastRow], origins.data[lastRow]
			continue
		}
		id, err := codes.ParseResident(cell)
		if !ok || err != nil || !same(id.Number, cell) {
			keys.null(row)
			births.null(row)
			sex.null(row)
			origins.null(row)
			continue
		}
		last, lastRow = cell, row
		keys.data[row] = p.uuid(id.Number)
		births.data[row] = int32(id.Birth.Unix()/secondsADay) - int32(id.Birth.Day()-1)
		sex.data[row] = 0
		if id.Sex == sexes[1] {
			sex.data[row] = 1
		}
		origins.data[row] = digits(id.Origin)
	}
	return nil
}

// same tells without looking at the bytes when both are one text.
func same(a, b string) bool {
	return len(a) == len(b) && (unsafe.StringData(a) == unsafe.StringData(b) || a == b)
}

// digits reads a text that is known to be all digits.
func digits(s string) (v int32) {
	for i := range len(s) {
		v = v*10 + int32(s[i]-'0')
	}
	return v
}

// months is lw_month: 202605 → 2026-05-01. A file's rows share few months.
func months(_ context.Context, chunk *duckdb.ChunkIteratorState) error {
	cells, err := textsOf(chunk, 0)
	if err != nil {
		return err
	}
	out := fixedOf[int32](vectorOf(chunk.GetResultVector()), cells.Len())
	last, day := "", int32(0)
	for row := range out.data {
		cell, ok, err := cells.GetValueBorrowed(row)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if last == "" || cell != last {
			d, ok := firstDay(cell)
			if !ok {
				out.null(row)
				continue
			}
			last, day = cell, d
		}
		out.data[row] = day
	}
	return nil
}

func firstDay(s string) (int32, bool) {
	if len(s) != 6 || !allDigits(s) {
		return 0, false
	}
	t, ok := civilTime(s[:4], s[4:], "1")
	return int32(t.Unix() / secondsADay), ok
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// sames is lw_same: whether reading the cell by its column gives the cell.
func sames(ctx context.Context, chunk *duckdb.ChunkIteratorState) error {
	r, err := readingOf(ctx)
	if err != nil {
		return err
	}
	cells, err := textsOf(chunk, 0)
	if err != nil {
		return err
	}
	columns, err := textsOf(chunk, 1)
	if err != nil {
		return err
	}
	out := fixedOf[bool](vectorOf(chunk.GetResultVector()), cells.Len())
	column, _, err := columns.GetValueBorrowed(0)
	if err != nil {
		return err
	}
	by := r.readers[column] // of one call the column is one constant
	last, was := "", false
	for row := range out.data {
		cell, ok, err := cells.GetValueBorrowed(row)
		if err != nil {
			return err
		}
		if ok && cell != last {
			value, filled, fault := by.read(cell)
			last, was = cell, fault == "" && filled && same(value, cell)
		}
		out.data[row] = was && ok
	}
	return nil
}
