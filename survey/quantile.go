package survey

import (
	"cmp"
	"math"
	"slices"
	"sort"
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
	slices.SortStableFunc(q.order, func(a, b int) int { return cmp.Compare(y[a], y[b]) })
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
	rows := make([]int, 0, len(q.order))
	for _, i := range q.order {
		if in == nil || in(i) {
			rows = append(rows, i)
		}
	}
	d := newDistribution(q.y, q.d.weight, rows)
	if d.size == 0 {
		return e, false
	}
	e.N = len(rows)
	e.Value = d.at(p)
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
	e.DF, e.Told = share.DF, share.Told
	e.woodruff(d, share.Value, share.SE, level)
	return e, true
}

// woodruff carries the interval of the share at the value back to the variable.
func (e *Quantile) woodruff(d distribution, share, se, level float64) {
	t := TQuantile(level, e.DF)
	if e.Told = e.Told && !math.IsNaN(t); !e.Told {
		e.SE, e.Low, e.High = math.NaN(), math.NaN(), math.NaN()
		return
	}
	e.Low, e.High = d.at(math.Max(share-t*se, 0)), d.at(math.Min(share+t*se, 1))
	e.SE = (e.High - e.Low) / (2 * t)
}

// distribution is the weight below each value, by rows in the order of values.
type distribution struct {
	y      []float64
	weight []float64 // summed up
	size   float64
}

func newDistribution(y, weight []float64, rows []int) distribution {
	d := distribution{y: make([]float64, len(rows)), weight: make([]float64, len(rows))}
	for k, i := range rows {
		d.size += weight[i]
		d.y[k], d.weight[k] = y[i], d.size
	}
	return d
}

// at is the smallest value below or at which the share lies.
func (d distribution) at(share float64) float64 {
	// Sums of shares that should be equal differ in their last digits.
	want := d.size * share * (1 - 1e-12)
	k := sort.Search(len(d.y), func(k int) bool { return d.weight[k] >= want })
	return d.y[min(k, len(d.y)-1)]
}

// Values are a variable over the rows of a table, for quantiles in its domains.
type Values struct {
	rows  Rows
	table *Table
	y     []float64
	in    [][]int // rows of each domain, in the order of values
}

// NewValues sorts a variable, NaN for a row without a value.
func NewValues(t *Table, r Rows, y []float64) *Values {
	v := &Values{rows: r, table: t, y: y, in: make([][]int, r.Domains)}
	var order []int
	for i, x := range y {
		if !math.IsNaN(x) && r.Weight[i] > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(y[a], y[b]) })
	for _, i := range order {
		for _, d := range r.Classes[r.Class[i]].Domains {
			v.in[d] = append(v.in[d], i)
		}
	}
	return v
}

// Of gives a domain's quantile with Woodruff's interval, as Quantiles.Of does.
func (v *Values) Of(e *Errors, domain int, p, level float64) (q Quantile, ok bool) {
	rows := v.in[domain]
	d := newDistribution(v.y, v.rows.Weight, rows)
	if d.size == 0 {
		return q, false
	}
	q.N, q.Value = len(rows), d.at(p)
	below := d.weight[sort.Search(len(d.y), func(k int) bool { return d.y[k] > q.Value })-1] / d.size
	clear(e.z)
	clear(e.in)
	for _, p := range v.table.psus {
		e.in[p] = true
	}
	var linear []float64
	if v.table.cal != nil {
		linear = make([]float64, len(v.table.cal.X))
	}
	e.count++
	for _, i := range rows {
		z := -below
		if v.y[i] <= q.Value {
			z++
		}
		z *= v.rows.Weight[i] / d.size
		e.z[v.rows.PSU[i]] += z
		if c := v.rows.Classes[v.rows.Class[i]].Cell; linear != nil && c >= 0 {
			linear[c] += z
		}
		q.DF += e.free(v.rows.PSU[i])
	}
	if linear != nil {
		v.table.explain(linear, e.z)
	}
	var variance float64
	variance, q.Told = e.variance()
	q.woodruff(d, below, math.Sqrt(variance), level)
	return q, true
}
