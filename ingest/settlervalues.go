package ingest

import (
	"fmt"
	"hash/maphash"
)

// valueSettler reads cells as lw_read does, and the value from the canonical text.
type valueSettler[T comparable] struct {
	out  fixed[T]
	by   *reader
	read func(string) (T, error)
	last recent[T]
	rows map[T]int64 // by value, of dates and of columns whose codes are counted
	// coded says that rows are by code.
	coded bool
	level *levelSketch
}

// tally counts rows by value, where that is asked for, and numbers by magnitude.
func (s *valueSettler[T]) tally(n int) {
	if s.rows != nil {
		s.tallyRows(n)
	}
	if s.level == nil {
		return
	}
	switch out := any(s.out).(type) {
	case fixed[int64]:
		tallyLevel(s.level, out, n)
	case fixed[float64]:
		tallyLevel(s.level, out, n)
	}
}

// tallyRows counts rows by value; neighbors are often of one.
func (s *valueSettler[T]) tallyRows(n int) {
	var last T
	run := int64(0)
	for row, value := range s.out.data[:n] {
		if !s.out.has(row) {
			continue
		}
		if value != last && run > 0 {
			s.rows[last] += run
			run = 0
		}
		last = value
		run++
	}
	if run > 0 {
		s.rows[last] += run
	}
}

func (s *valueSettler[T]) tallied() map[string]int64 {
	if !s.coded {
		return nil
	}
	out := map[string]int64{}
	for value, n := range s.rows {
		out[fmt.Sprint(value)] = n
	}
	return out
}

func (s *valueSettler[T]) sketch() *levelSketch { return s.level }

// tallyLevel adds the first n numbers of a vector.
func tallyLevel[T int64 | float64](level *levelSketch, out fixed[T], n int) {
	for row, value := range out.data[:n] {
		if out.has(row) {
			level.add(float64(value))
		}
	}
}

func (s *valueSettler[T]) begin(v []vectorMemory, n int) { s.out = fixedAt[T](v[0], n) }

func (s *valueSettler[T]) null(row int) { s.out.null(row) }

func (s *valueSettler[T]) set(row int, cell []byte) (uint64, bool) {
	if !s.last.is(cell) {
		text, filled, fault := s.by.read(borrowed(cell))
		if fault != "" || !filled {
			return 0, false
		}
		value, err := s.read(text)
		if err != nil {
			return 0, false
		}
		s.last.keep(cell, value, maphash.String(seed, text))
	}
	s.out.put(row, s.last.value)
	return s.last.hash, true
}

// decimalSettler reads plain decimals into whole numbers of their last digit:
// 1234.5 yuan at two digits is 123450 fen. More digits are rounded half away
// from zero.
type decimalSettler struct {
	out    fixed[int64]
	by     *reader
	digits int
	level  *levelSketch
}

// tally counts numbers by their magnitude.
func (s *decimalSettler) tally(n int) {
	if s.level != nil {
		tallyLevel(s.level, s.out, n)
	}
}

func (s *decimalSettler) tallied() map[string]int64 { return nil }

func (s *decimalSettler) sketch() *levelSketch { return s.level }

func (s *decimalSettler) begin(v []vectorMemory, n int) { s.out = fixedAt[int64](v[0], n) }

func (s *decimalSettler) null(row int) { s.out.null(row) }

func (s *decimalSettler) set(row int, cell []byte) (uint64, bool) {
	n, ok := decimal(cell, s.digits)
	if !ok || !s.by.within(float64(n)) {
		return 0, false
	}
	s.out.put(row, n)
	return uint64(n), true
}

// decimal reads [-]digits[.digits].
func decimal(cell []byte, digits int) (n int64, ok bool) {
	negative := cell[0] == '-'
	if negative {
		cell = cell[1:]
	}
	if len(cell) == 0 || len(cell)+digits > 17 || cell[0] == '.' {
		return 0, false // 64 bits may not hold it
	}
	after, up := -1, false // digits after the point, -1 before it
	for _, c := range cell {
		switch {
		case c == '.' && after < 0:
			after = 0
		case c < '0' || c > '9':
			return 0, false
		case after < 0:
			n = n*10 + int64(c-'0')
		case after < digits:
			n = n*10 + int64(c-'0')
			after++
		case after == digits:
			if digits == 0 && c != '0' {
				return 0, false // an integer must be whole
			}
			up = c >= '5'
			after++
		case digits == 0 && c != '0':
			return 0, false
		}
	}
	for after = max(after, 0); after < digits; after++ {
		n *= 10
	}
	if up {
		n++
	}
	if negative {
		n = -n
	}
	return n, true
}
