package seasonal

import (
	"fmt"
	"math"
	"slices"
)

// Parameters of STL. Windows are spans of loess in observations, jumps how far
// apart loess is computed, values between being interpolated linearly. A zero
// field takes the default of R's stl: the documented value of the field.
type Parameters struct {
	// Period is the number of observations in a cycle, 12 for months.
	Period int
	// Periodic makes the seasonal component the same every cycle;
	// SeasonalWindow is then not read.
	Periodic bool
	// SeasonalWindow is odd and at least 7 as a rule.
	SeasonalWindow int
	// TrendWindow is the odd number not below 1.5·Period/(1 − 1.5/SeasonalWindow).
	TrendWindow int
	// LowPassWindow is the odd number not below Period.
	LowPassWindow int
	// SeasonalDegree is 0 or 1, 0 the default.
	SeasonalDegree int
	// FlatTrend fits the trend and the low pass with degree 0 instead of 1.
	FlatTrend bool
	// Jumps are a tenth of the window, rounded up.
	SeasonalJump, TrendJump, LowPassJump int
	// Robust runs 15 outer loops with 1 inner each instead of 2 inner without
	// weights; Inner and Outer override both numbers.
	Robust       bool
	Inner, Outer int
}

// Decomposition of a series: the three components add up to it.
type Decomposition struct {
	Seasonal, Trend, Remainder []float64
	// Weights are the robustness weights, 0 to 1; all 1 without outer loops.
	Weights []float64
}

// Decompose is the seasonal-trend decomposition by loess of R. B. Cleveland,
// W. S. Cleveland, McRae and Terpenning, Journal of Official Statistics 6
// (1990) 3–73, with the details of R's stl but for one: the robustness weights
// are taken against the true median of the remainders. R's program sorts just
// enough to find the two middle remainders and, now and then, takes a wrong one
// for the upper, so that its robust results can differ from these (by 0.0001 at
// most in the logarithms of the airline passengers).
func Decompose(y []float64, p Parameters) (*Decomposition, error) {
	return decompose(y, p, median)
}

func decompose(y []float64, p Parameters, middle func([]float64) float64) (*Decomposition, error) {
	p, err := p.withDefaults(len(y))
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(y, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }); i >= 0 {
		return nil, fmt.Errorf("stl: observation %d is %g", i+1, y[i])
	}
	d := &Decomposition{
		Seasonal: make([]float64, len(y)), Trend: make([]float64, len(y)),
		Remainder: make([]float64, len(y)), Weights: make([]float64, len(y)),
	}
	for i := range d.Weights {
		d.Weights[i] = 1
	}
	for outer := 0; ; outer++ {
		for range p.Inner {
			d.innerLoop(y, p)
		}
		if outer == p.Outer {
			break
		}
		d.reweigh(y, middle)
	}
	if p.Periodic {
		averageCycle(d.Seasonal, p.Period)
	}
	for i := range y {
		d.Remainder[i] = y[i] - d.Seasonal[i] - d.Trend[i]
	}
	return d, nil
}

func (p Parameters) withDefaults(n int) (Parameters, error) {
	if p.Period < 2 || n <= 2*p.Period {
		return p, fmt.Errorf("stl: %d observations at a period of %d; want more than two cycles of at least two", n, p.Period)
	}
	if p.Periodic {
		p.SeasonalWindow, p.SeasonalDegree = 10*n+1, 0
	}
	if p.SeasonalWindow < 2 {
		return p, fmt.Errorf("stl: a seasonal window of %d; want an odd number from 3 on, or periodic", p.SeasonalWindow)
	}
	p.SeasonalWindow = odd(p.SeasonalWindow)
	or := func(v *int, otherwise int) {
		if *v == 0 {
			*v = otherwise
		}
	}
	or(&p.TrendWindow, int(math.Ceil(1.5*float64(p.Period)/(1-1.5/float64(p.SeasonalWindow)))))
	or(&p.LowPassWindow, p.Period)
	p.TrendWindow, p.LowPassWindow = odd(p.TrendWindow), odd(p.LowPassWindow)
	or(&p.SeasonalJump, (p.SeasonalWindow+9)/10)
	or(&p.TrendJump, (p.TrendWindow+9)/10)
	or(&p.LowPassJump, (p.LowPassWindow+9)/10)
	if p.Robust {
		or(&p.Inner, 1)
		or(&p.Outer, 15)
	}
	or(&p.Inner, 2)
	if p.SeasonalDegree < 0 || p.SeasonalDegree > 1 || p.Outer < 0 ||
		min(p.TrendWindow, p.LowPassWindow) < 3 || min(p.SeasonalJump, p.TrendJump, p.LowPassJump, p.Inner) < 1 {
		return p, fmt.Errorf("stl: windows must be 3 or more, jumps and inner loops positive, the seasonal degree 0 or 1: %+v", p)
	}
	return p, nil
}

// odd rounds up to an odd number.
func odd(n int) int { return n + 1 - n%2 }

func (p Parameters) trendDegree() int {
	if p.FlatTrend {
		return 0
	}
	return 1
}

// innerLoop updates the seasonal and trend components once: detrending,
// smoothing of the cycle-subseries, low-pass filtering of what they give,
// detrending of the smoothed cycle-subseries, deseasonalizing, smoothing of
// the trend (section 2.4 of the paper).
func (d *Decomposition) innerLoop(y []float64, p Parameters) {
	n := len(y)
	work := make([]float64, n)
	for i := range y {
		work[i] = y[i] - d.Trend[i]
	}
	cycle := smoothCycles(work, d.Weights, p)
	low := movingAverage(movingAverage(movingAverage(cycle, p.Period), p.Period), 3)
	low = loess{span: p.LowPassWindow, degree: p.trendDegree(), jump: p.LowPassJump}.smooth(low, nil)
	for i := range y {
		d.Seasonal[i] = cycle[p.Period+i] - low[i]
		work[i] = y[i] - d.Seasonal[i]
	}
	d.Trend = loess{span: p.TrendWindow, degree: p.trendDegree(), jump: p.TrendJump}.smooth(work, d.Weights)
}

// smoothCycles smooths each month's subseries and extends it by one cycle at
// either end: the result is two periods longer than y.
func smoothCycles(y, weights []float64, p Parameters) []float64 {
	out := make([]float64, len(y)+2*p.Period)
	s := loess{span: p.SeasonalWindow, degree: p.SeasonalDegree, jump: p.SeasonalJump}
	for j := range p.Period {
		var sub, w []float64
		for i := j; i < len(y); i += p.Period {
			sub, w = append(sub, y[i]), append(w, weights[i])
		}
		k := len(sub)
		smooth := s.smooth(sub, w)
		first, ok := s.at(0, sub, w, 1, min(p.SeasonalWindow, k))
		if !ok {
			first = smooth[0]
		}
		last, ok := s.at(float64(k+1), sub, w, max(1, k-p.SeasonalWindow+1), k)
		if !ok {
			last = smooth[k-1]
		}
		for m, v := range slices.Concat([]float64{first}, smooth, []float64{last}) {
			out[m*p.Period+j] = v
		}
	}
	return out
}

func movingAverage(x []float64, n int) []float64 {
	out := make([]float64, len(x)-n+1)
	for i := range out {
		sum := 0.0
		for _, v := range x[i : i+n] {
			sum += v
		}
		out[i] = sum / float64(n)
	}
	return out
}

// reweigh gives each observation the bisquare weight of its remainder against
// six times the median absolute remainder (section 2.4).
func (d *Decomposition) reweigh(y []float64, middle func([]float64) float64) {
	r := make([]float64, len(y))
	for i := range y {
		r[i] = math.Abs(y[i] - d.Trend[i] - d.Seasonal[i])
	}
	scale := 6 * middle(r)
	for i, v := range r {
		d.Weights[i] = taper(v, scale, func(u float64) float64 { return (1 - u*u) * (1 - u*u) })
	}
}

// taper is 1 up to a thousandth of the scale and 0 from 999 thousandths on, as
// in the paper's program; f of the relative distance between.
func taper(v, scale float64, f func(float64) float64) float64 {
	switch {
	case v <= 0.001*scale:
		return 1
	case v <= 0.999*scale:
		return f(v / scale)
	}
	return 0
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// averageCycle replaces every month's values by their mean.
func averageCycle(s []float64, period int) {
	for j := range period {
		sum, n := 0.0, 0
		for i := j; i < len(s); i += period {
			sum += s[i]
			n++
		}
		for i := j; i < len(s); i += period {
			s[i] = sum / float64(n)
		}
	}
}
