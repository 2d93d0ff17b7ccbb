package survey

import (
	"math"
	"slices"
)

// Quantiles finds quantiles of a variable over any domain; the values are sorted
// once for all.
type Quantiles struct {
	d     *Design
	y     []float64
	order []int
}

// Quantiles of a variable, NaN for a row without a value.
func (d *Design) Quantiles(y []float64) *Quantiles {
	q := &Quantiles{d: d, y: y}
	for i, v := range y {
		if !math.IsNaN(v) && d.weight[i] > 0 {
			q.order = append(q.order, i)
		}
	}
	slices.SortStableFunc(q.order, func(a, b int) int {
		switch {
		case y[a] < y[b]:
			return -1
		case y[a] > y[b]:
			return 1
		}
		return 0
	})
	return q
}

// Quantile is an estimate with its interval, which is not symmetric.
type Quantile struct {
	Value, SE, Low, High float64
	// Told is false where the design or the degrees of freedom give no error.
	Told  bool
	DF, N int
}

// Of gives the smallest value below or at which at least the share p of the
// domain's weight lies, with Woodruff's interval: the interval of the share at
// that value, carried back through the distribution (Woodruff, JASA 47 (1952)
// 635–646). SE is the interval's length over twice the t quantile. ok is false
// for a domain of nobody. The figures are those of R's svyquantile with qrule
// "math" and interval.type "mean".
func (q *Quantiles) Of(p, level float64, in func(row int) bool) (e Quantile, ok bool) {
	size := 0.0
	rows := make([]int, 0, len(q.order))
	for _, i := range q.order {
		if in == nil || in(i) {
			rows = append(rows, i)
			size += q.d.weight[i]
		}
	}
	if size == 0 {
		return e, false
	}
	e.N = len(rows)
	at := func(share float64) float64 {
		sum := 0.0
		for _, i := range rows {
			sum += q.d.weight[i]
			// Sums of shares that should be equal differ in their last digits.
			if sum >= size*share*(1-1e-12) {
				return q.y[i]
			}
		}
		return q.y[rows[len(rows)-1]]
	}
	e.Value = at(p)
	below := Variable{Kind: Mean, Num: make([]float64, q.d.Rows())}
	for i := range below.Num {
		below.Num[i] = math.NaN()
	}
	for _, i := range rows {
		below.Num[i] = 0
		if q.y[i] <= e.Value {
			below.Num[i] = 1
		}
	}
	share, _ := q.d.Estimate(below, nil)
	e.DF = share.DF
	t := TQuantile(level, e.DF)
	if !share.Told || math.IsNaN(t) {
		e.SE, e.Low, e.High = math.NaN(), math.NaN(), math.NaN()
		return e, true
	}
	e.Told = true
	e.Low, e.High = at(math.Max(share.Value-t*share.SE, 0)), at(math.Min(share.Value+t*share.SE, 1))
	e.SE = (e.High - e.Low) / (2 * t)
	return e, true
}
