package survey

import "math"

// Kind of an estimate.
type Kind string

// The kinds. A mean is a ratio whose denominator counts those who have a value.
const (
	Ratio  Kind = "ratio"
	Mean   Kind = "mean"
	Total  Kind = "total"
	Median Kind = "median"
)

// Estimate is a figure with its error. SE and what rests on it are NaN where the
// design cannot tell them: see Told.
type Estimate struct {
	Value                  float64
	Numerator, Denominator float64 // of ratios and means: weighted sums
	SE                     float64
	// Told is false where no stratum has two PSUs, so that there is no error.
	Told bool
	// DF are PSUs less strata that hold somebody the estimate rests on.
	DF int
	// Deff is the variance over that of a simple random sample of as many
	// persons without replacement, DeffReplace with replacement; NaN where one
	// person or none has spread.
	Deff, DeffReplace float64
	// N persons it rests on: those in the denominator, of a total all.
	N int
	// Z are the linearised values, one a row, for contrasts.
	Z []float64
}

// CV is the coefficient of variation, NaN of an estimate of 0.
func (e Estimate) CV() float64 {
	if e.Value == 0 {
		return math.NaN()
	}
	return e.SE / math.Abs(e.Value)
}

// Variable is what is estimated: the values of every row. NaN in either leaves
// the row out, as do rows for which in is false.
type Variable struct {
	Kind Kind
	// Num of a total or mean is the variable itself.
	Num []float64
	// Den of a ratio; nil otherwise.
	Den []float64
}

// Estimate a variable over a domain's rows (in nil: all). The domain's estimate
// keeps the whole design: rows outside have a linearised value of 0. A domain
// that nobody of weight is in gives ok false.
//
// Of a ratio R = Σw·y/Σw·x the linearised value is w(y − R·x)/Σw·x, of a total
// w·y (Woodruff, JASA 66 (1971) 411–414; Binder, Int. Stat. Review 51 (1983)).
func (d *Design) Estimate(v Variable, in func(row int) bool) (e Estimate, ok bool) {
	y, x := make([]float64, d.Rows()), make([]float64, d.Rows())
	used := make([]bool, d.Rows())
	for i := range used {
		if in != nil && !in(i) {
			continue
		}
		den := 1.0
		if v.Den != nil {
			den = v.Den[i]
		}
		if math.IsNaN(v.Num[i]) || math.IsNaN(den) {
			continue
		}
		y[i], x[i] = v.Num[i], den
		used[i] = v.Kind == Total || den != 0
		if used[i] && d.weight[i] > 0 {
			e.N++
		}
		e.Numerator += d.weight[i] * y[i]
		e.Denominator += d.weight[i] * x[i]
	}
	e.Z = make([]float64, d.Rows())
	if v.Kind == Total {
		e.Value = e.Numerator
		for i := range e.Z {
			e.Z[i] = d.weight[i] * y[i]
		}
	} else {
		if e.Denominator == 0 {
			return Estimate{}, false
		}
		e.Value = e.Numerator / e.Denominator
		for i := range e.Z {
			e.Z[i] = d.weight[i] * (y[i] - e.Value*x[i]) / e.Denominator
		}
	}
	if e.N == 0 {
		return Estimate{}, false
	}
	variance, told := d.Variance(e.Z)
	e.SE, e.Told = math.Sqrt(variance), told
	if !told {
		e.SE = math.NaN()
	}
	e.DF = d.DF(func(i int) bool { return used[i] })
	e.Deff, e.DeffReplace = d.deff(v.Kind, e, variance, y, x, used)
	return e, true
}

// deff compares a variance with that of a simple random sample: S²/n of the
// residuals y − R·x over the mean of x, S² with n−1; of a total N²·S²/n of y
// over all rows (Kish 1965; R's svymean and svytotal with deff).
func (d *Design) deff(k Kind, e Estimate, variance float64, y, x []float64, used []bool) (wor, wr float64) {
	var n, size, sum, square float64
	for i, w := range d.weight {
		if w == 0 || (k != Total && !used[i]) {
			continue
		}
		r := y[i]
		if k != Total {
			r -= e.Value * x[i]
		}
		n++
		size += w
		sum += w * r
		square += w * r * r
	}
	mean := sum / size
	s2 := (square/size - mean*mean) * n / (n - 1)
	simple := s2 / n
	if k == Total {
		simple *= size * size
	} else {
		simple *= size / e.Denominator * size / e.Denominator
	}
	if n < 2 || !(simple > 0) {
		return math.NaN(), math.NaN()
	}
	wr = variance / simple
	if size <= n {
		return math.NaN(), wr
	}
	return wr * size / (size - n), wr
}

// Contrast is Σ factors·estimates over estimates of the same design, such as the
// difference of two months, with the error that their overlap leaves. N and DF
// are the smallest of the parts'.
func (d *Design) Contrast(parts []Estimate, factors []float64) Estimate {
	e := Estimate{Z: make([]float64, d.Rows()), Told: true, Deff: math.NaN(), DeffReplace: math.NaN()}
	for i, p := range parts {
		e.Value += factors[i] * p.Value
		for row, z := range p.Z {
			e.Z[row] += factors[i] * z
		}
		if i == 0 || p.N < e.N {
			e.N = p.N
		}
		if i == 0 || p.DF < e.DF {
			e.DF = p.DF
		}
	}
	variance, told := d.Variance(e.Z)
	e.SE, e.Told = math.Sqrt(variance), told
	if !told {
		e.SE = math.NaN()
	}
	return e
}
