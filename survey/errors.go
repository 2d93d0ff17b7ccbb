package survey

import "math"

// Errors finds errors of estimates over the PSUs of a frame. It is not safe for
// use by several goroutines at once.
type Errors struct {
	frame Frame
	z     []float64
	in    []bool
	size  []float64 // PSUs of each stratum
	at    []float64 // z of the PSUs fielded
	work  level
	// stamps of PSUs and strata already counted, by the number of the count
	psus, strata []int
	count        int
}

// NewErrors of a frame.
func NewErrors(f Frame) *Errors {
	n := int32(0)
	for _, h := range f.Stratum {
		n = max(n, h+1)
	}
	return &Errors{
		frame: f, z: make([]float64, len(f.Stratum)), in: make([]bool, len(f.Stratum)), size: make([]float64, n),
		psus: make([]int, len(f.Stratum)), strata: make([]int, n),
	}
}

// Linear is one term of an estimate: factor·(num − value·den)/scale of a table's
// domain and measure. A ratio's own error has its value, and its denominator as
// scale; a total's 0 and 1.
type Linear struct {
	Table           *Table
	Domain, Measure int
	Factor          float64
	Value, Scale    float64
}

// Term of a level's own error.
func (t *Table) Term(domain, measure int, factor float64) Linear {
	l := Linear{Table: t, Domain: domain, Measure: measure, Factor: factor, Scale: 1}
	if e, ok := t.Estimate(domain, measure); ok && t.kinds[measure] != Total {
		l.Value, l.Scale = e.Value, e.Denominator
	}
	return l
}

// Of gives the variance of a sum of terms, stacked under the PSUs that any of
// their samples fielded, with its degrees of freedom: the PSUs less the strata
// that hold somebody whom a term rests on. told is false where no stratum has
// two PSUs.
func (e *Errors) Of(terms ...Linear) (variance float64, df int, told bool) {
	clear(e.z)
	clear(e.in)
	for i, l := range terms {
		fielded := false
		for _, o := range terms[:i] {
			fielded = fielded || o.Table == l.Table
		}
		if !fielded {
			for _, p := range l.Table.psus {
				e.in[p] = true
			}
		}
		l.into(e.z)
	}
	variance, told = e.variance()
	return variance, e.df(terms), told
}

// variance of the linearised values in z over the PSUs in in: the frame may hold
// other months' besides.
func (e *Errors) variance() (float64, bool) {
	clear(e.size)
	w, at := &e.work, e.at[:0]
	w.parents, w.stratum, w.size, w.parent, w.scale = 1, w.stratum[:0], w.size[:0], w.parent[:0], w.scale[:0]
	for p, ok := range e.in {
		if ok {
			h := e.frame.Stratum[p]
			w.stratum = append(w.stratum, h)
			e.size[h]++
			at = append(at, e.z[p])
		}
	}
	number := make([]int32, len(e.size))
	for h, n := range e.size {
		number[h] = int32(len(w.size))
		if n > 0 {
			w.size = append(w.size, n)
			w.parent = append(w.parent, 0)
			w.scale = append(w.scale, n/math.Max(n-1, 1))
		}
	}
	for c, h := range w.stratum {
		w.stratum[c] = number[h]
	}
	e.at = at
	v, told := w.cross(at, at, e.frame.Lonely)
	return math.Max(v, 0), told
}

func (e *Errors) df(terms []Linear) int {
	e.count++
	df := 0
	for _, l := range terms {
		s := &l.Table.sums[l.Domain*len(l.Table.kinds)+l.Measure]
		for i, p := range s.psu {
			if s.filled[i] {
				df += e.free(p)
			}
		}
	}
	return df
}

// free is what a PSU adds to the degrees of freedom of the running count.
func (e *Errors) free(psu int32) int {
	if e.psus[psu] == e.count {
		return 0
	}
	e.psus[psu] = e.count
	if h := e.frame.Stratum[psu]; e.strata[h] != e.count {
		e.strata[h] = e.count
		return 0
	}
	return 1
}

// into adds a term's linearised values to the PSUs'.
func (l Linear) into(z []float64) {
	t := l.Table
	s := &t.sums[l.Domain*len(t.kinds)+l.Measure]
	f := l.Factor / l.Scale
	for i, p := range s.psu {
		z[p] += f * (s.num[i] - l.Value*s.den[i])
	}
	if t.cal == nil {
		return
	}
	linear := make([]float64, len(s.cellNum))
	for c := range linear {
		linear[c] = f * (s.cellNum[c] - l.Value*s.cellDen[c])
	}
	t.explain(linear, z)
}

// explain takes out of the PSUs' values what the calibration explains, from the
// cells' values.
func (t *Table) explain(linear, z []float64) {
	fitted := t.cal.fitted(linear)
	for _, w := range t.inCell {
		z[w.psu] -= w.weight * fitted[w.cell]
	}
}
