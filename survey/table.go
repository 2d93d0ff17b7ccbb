package survey

import (
	"fmt"
	"math"
)

// Frame numbers the PSUs of one or several samples: a PSU that is in two months
// has one number, which is how a change knows the samples' overlap.
type Frame struct {
	// Stratum of each PSU.
	Stratum []int32
	Lonely  Lonely
}

// Class is what rows share: the domains that they are in, and their cell of the
// calibration, −1 for none.
type Class struct {
	Domains []int32
	Cell    int32
}

// Measures are the columns of what is estimated, one function for all of a
// row's values: it fills num and den, one a measure. Both are 0 for a row that a
// measure leaves out.
type Measures struct {
	Kinds []Kind
	Of    func(row int, num, den []float64)
}

// Rows of one sample, those of a PSU next to each other.
type Rows struct {
	PSU    []int32 // into the frame
	Class  []int32 // into Classes
	Weight []float64
	// Classes of the rows, Domains their number.
	Classes []Class
	Domains int
	// Calibration of the weights; nil for none.
	Calibration *Cells
}

// Table holds, for every domain and measure, the sums of every PSU: all that
// levels, changes and pooled estimates need, from one pass over the rows.
type Table struct {
	kinds  []Kind
	sums   []sums // domain-major
	psus   []int32
	cal    *Cells
	inCell []cellWeight
	rows   int
	size   float64
}

// sums of a domain and measure.
type sums struct {
	psu      []int32
	num, den []float64 // of each of psu
	// filled tells which of psu hold somebody in the denominator.
	filled     []bool
	n, counted int
	// totals, and the weighted squares over those in the denominator.
	y, x, w, yy, yx, xx, wy float64
	// of the calibration's cells
	cellNum, cellDen []float64
}

// cellWeight is the weight that a PSU has in a cell of the calibration.
type cellWeight struct {
	psu, cell int32
	weight    float64
}

// Tabulate adds the rows up.
func Tabulate(r Rows, m Measures) (*Table, error) {
	k := len(m.Kinds)
	t := &Table{kinds: m.Kinds, sums: make([]sums, r.Domains*k), cal: r.Calibration}
	num, den := make([]float64, k), make([]float64, k)
	b := newBlock(r.Domains * k)
	if t.cal != nil {
		b.cells = make([]float64, len(t.cal.X))
		for i := range t.sums {
			t.sums[i].cellNum, t.sums[i].cellDen = make([]float64, len(t.cal.X)), make([]float64, len(t.cal.X))
		}
	}
	closed := map[int32]bool{}
	for i, w := range r.Weight {
		if math.IsNaN(w) || math.IsInf(w, 0) || w < 0 {
			return nil, fmt.Errorf("row %d: weight %v: want a number of 0 or more", i+1, w)
		}
		if i == 0 || r.PSU[i] != r.PSU[i-1] {
			if i > 0 {
				t.flush(r.PSU[i-1], b)
			}
			if closed[r.PSU[i]] {
				return nil, fmt.Errorf("row %d: the rows of a PSU must stand together", i+1)
			}
			closed[r.PSU[i]] = true
		}
		c := r.Classes[r.Class[i]]
		if w > 0 {
			t.rows++
			t.size += w
			if t.cal != nil && c.Cell >= 0 {
				b.cell(c.Cell, w)
			}
		}
		if len(c.Domains) == 0 {
			continue
		}
		m.Of(i, num, den)
		for j := range k {
			y, x := num[j], den[j]
			total := m.Kinds[j] == Total
			if y == 0 && x == 0 {
				continue
			}
			for _, dom := range c.Domains {
				at := int(dom)*k + j
				s := &t.sums[at]
				b.add(at, w*y, w*x, x != 0 && w > 0)
				s.y += w * y
				s.x += w * x
				if w == 0 {
					continue
				}
				if x != 0 {
					s.n++
					if y != 0 {
						s.counted++
					}
				}
				if x != 0 || total {
					s.w += w
					s.wy += w * y
					s.yy += w * y * y
					s.yx += w * y * x
					s.xx += w * x * x
				}
				if t.cal != nil && c.Cell >= 0 {
					s.cellNum[c.Cell] += w * y
					s.cellDen[c.Cell] += w * x
				}
			}
		}
	}
	if n := len(r.PSU); n > 0 {
		t.flush(r.PSU[n-1], b)
	}
	return t, nil
}

// block adds up one PSU.
type block struct {
	num, den []float64
	filled   []bool
	touched  []int
	seen     []bool
	cells    []float64
	inCells  []int32
}

func newBlock(n int) *block {
	return &block{num: make([]float64, n), den: make([]float64, n), filled: make([]bool, n), seen: make([]bool, n)}
}

func (b *block) add(at int, y, x float64, filled bool) {
	if !b.seen[at] {
		b.seen[at] = true
		b.touched = append(b.touched, at)
	}
	b.num[at] += y
	b.den[at] += x
	b.filled[at] = b.filled[at] || filled
}

func (b *block) cell(c int32, w float64) {
	if b.cells[c] == 0 {
		b.inCells = append(b.inCells, c)
	}
	b.cells[c] += w
}

// flush moves a PSU's sums into the table.
func (t *Table) flush(psu int32, b *block) {
	t.psus = append(t.psus, psu)
	for _, at := range b.touched {
		s := &t.sums[at]
		s.psu = append(s.psu, psu)
		s.num = append(s.num, b.num[at])
		s.den = append(s.den, b.den[at])
		s.filled = append(s.filled, b.filled[at])
		b.num[at], b.den[at], b.filled[at], b.seen[at] = 0, 0, false, false
	}
	b.touched = b.touched[:0]
	for _, c := range b.inCells {
		t.inCell = append(t.inCell, cellWeight{psu, c, b.cells[c]})
		b.cells[c] = 0
	}
	b.inCells = b.inCells[:0]
}

// Estimate is the level of a measure in a domain, without its error; ok is false
// where nobody of weight is in the denominator.
func (t *Table) Estimate(domain, measure int) (e Estimate, ok bool) {
	s := &t.sums[domain*len(t.kinds)+measure]
	e = Estimate{Numerator: s.y, Denominator: s.x, N: s.n, Deff: math.NaN(), DeffReplace: math.NaN(), SE: math.NaN()}
	if s.x <= 0 {
		return e, false
	}
	e.Value = s.y
	if t.kinds[measure] != Total {
		e.Value = s.y / s.x
	}
	return e, true
}

// Counted persons of a measure in a domain: those with a numerator, such as the
// unemployed of an unemployment rate.
func (t *Table) Counted(domain, measure int) int { return t.sums[domain*len(t.kinds)+measure].counted }

// simple is the variance of a simple random sample with replacement.
func (t *Table) simple(domain, measure int, value float64) float64 {
	s := &t.sums[domain*len(t.kinds)+measure]
	if t.kinds[measure] == Total {
		n := float64(t.rows)
		mean := s.wy / t.size
		return (s.yy/t.size - mean*mean) * t.size * t.size / (n - 1)
	}
	n := float64(s.n)
	square := (s.yy - 2*value*s.yx + value*value*s.xx) / s.w
	return square / (n - 1) * (s.w / s.x) * (s.w / s.x)
}

// Pooled is a measure over several samples together: the ratio of their sums, of
// a total their mean. Numerator, denominator and a total are means of the
// samples'. Its error is that of the terms.
func Pooled(tables []*Table, domain, measure int) (Estimate, []Linear, bool) {
	pooled := Estimate{Deff: math.NaN(), DeffReplace: math.NaN(), SE: math.NaN()}
	k := float64(len(tables))
	var terms []Linear
	for _, t := range tables {
		e, ok := t.Estimate(domain, measure)
		if !ok {
			return pooled, nil, false
		}
		pooled.Numerator += e.Numerator / k
		pooled.Denominator += e.Denominator / k
		pooled.N += e.N
		terms = append(terms, Linear{Table: t, Domain: domain, Measure: measure, Factor: 1 / k, Scale: 1})
	}
	pooled.Value = pooled.Numerator
	if tables[0].kinds[measure] != Total {
		pooled.Value /= pooled.Denominator
		for i := range terms {
			terms[i].Value, terms[i].Scale = pooled.Value, pooled.Denominator
		}
	}
	return pooled, terms, true
}

// Deff is the design effect of a level with the given variance, against simple
// random sampling without and with replacement; NaN without spread.
func (t *Table) Deff(domain, measure int, variance float64) (wor, wr float64) {
	e, ok := t.Estimate(domain, measure)
	simple := t.simple(domain, measure, e.Value)
	if !ok || !(simple > 0) || math.IsInf(simple, 0) {
		return math.NaN(), math.NaN()
	}
	size, n := t.sums[domain*len(t.kinds)+measure].w, float64(e.N)
	if t.kinds[measure] == Total {
		size, n = t.size, float64(t.rows)
	}
	wr = variance / simple
	if size <= n {
		return math.NaN(), wr
	}
	return wr * size / (size - n), wr
}
