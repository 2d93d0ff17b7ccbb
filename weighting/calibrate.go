// Package weighting makes survey weights: from base weights (inverse inclusion
// probabilities) through the adjustment for non-response, trimming, and
// calibration to population totals, with a report of every step.
//
// Everything works on cells: persons who are alike in what a step looks at, with
// their summed weights. A calibration of a nation's sample is one of some hundred
// cells; a numeric auxiliary variable is the case of one person a cell.
package weighting

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// Distance says how far calibrated weights may go from base weights, and at what
// price; it decides the function F of g = F(x'λ).
type Distance string

// The distances of Deville and Särndal (JASA 87 (1992) 376–382).
const (
	// Linear is g = 1 + u, the generalized regression estimator. It needs one
	// step, and may give weights below 0.
	Linear Distance = "linear"
	// Raking is g = exp(u); with factor margins iterative proportional fitting.
	Raking Distance = "raking"
	// Logit holds g between bounds.
	Logit Distance = "logit"
)

// Options of Calibrate.
type Options struct {
	Distance Distance
	// Low and High bound g under Logit; 0 means 0.5 and 2.5.
	Low, High float64
	// Tolerance is the largest deviation from a total, relative to it (of a total
	// below 1, absolute); 0 means 1e-9. Rounds are at most so many; 0 means 100.
	Tolerance float64
	Rounds    int
}

func (o Options) whole() (Options, error) {
	if o.Distance == "" {
		o.Distance = Logit
	}
	if o.Low == 0 && o.High == 0 {
		o.Low, o.High = 0.5, 2.5
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-9
	}
	if o.Rounds == 0 {
		o.Rounds = 100
	}
	switch {
	case o.Distance != Linear && o.Distance != Raking && o.Distance != Logit:
		return o, fmt.Errorf("calibration: distance %q: want %s, %s or %s", o.Distance, Linear, Raking, Logit)
	case o.Distance == Logit && !(o.Low >= 0 && o.Low < 1 && o.High > 1 && finite(o.High)):
		return o, fmt.Errorf("calibration: bounds %v and %v: want one of 0 to below 1 and one above 1", o.Low, o.High)
	case !(o.Tolerance > 0) || o.Rounds < 0:
		return o, fmt.Errorf("calibration: a tolerance of %v in %d rounds: want both above 0, or 0 for the defaults", o.Tolerance, o.Rounds)
	}
	return o, nil
}

// f gives F(u) and its slope.
func (o Options) f(u float64) (g, slope float64) {
	switch o.Distance {
	case Linear:
		return 1 + u, 1
	case Raking:
		g = math.Exp(math.Min(u, 300))
		return g, g
	}
	l, h := o.Low, o.High
	a := (h - l) / ((1 - l) * (h - 1))
	e := math.Exp(math.Max(-300, math.Min(a*u, 300)))
	den := (h - 1) + (1-l)*e
	g = (l*(h-1) + h*(1-l)*e) / den
	return g, a * (h - 1) * (1 - l) * (h - l) * e / (den * den)
}

// Cells are what is calibrated: base weights and the variables' values.
type Cells struct {
	Base []float64
	X    [][]float64 // of each cell, one a variable
}

// Variables are the names of X's columns with the population's totals.
type Variables struct {
	Names  []string
	Totals []float64
}

// Step is one round of the iteration.
type Step struct {
	// Deviation is the largest from a total, relative to it, and Variable whose.
	Deviation float64
	Variable  string
}

// Calibrated is the result.
type Calibrated struct {
	// G is the factor of each cell's weights.
	G []float64
	// Steps of the iteration, the first before any.
	Steps []Step
	// Dependent is how many variables others determine.
	Dependent int
}

// NoConvergence says that no weights within the bounds meet the totals, or that
// the totals contradict one another.
type NoConvergence struct {
	Distance Distance
	Rounds   int
	// Worst are the variables farthest from their totals, the farthest first.
	Worst []Deviation
}

// Deviation of a variable's weighted sum from its total.
type Deviation struct {
	Variable    string
	Sum, Total  float64
	Respondents float64 // the cells' base weight in it, 0 where nobody is
}

func (e *NoConvergence) Error() string {
	var parts []string
	for _, d := range e.Worst {
		parts = append(parts, fmt.Sprintf("%s: %.6g instead of %.6g", d.Variable, d.Sum, d.Total))
	}
	return fmt.Sprintf("calibration (%s) does not meet its totals after %d rounds; farthest off: %s. Try wider bounds, or margins of fewer cells", e.Distance, e.Rounds, strings.Join(parts, "; "))
}

// Calibrate finds the g nearest to 1 whose weights d·g add up to the totals:
//
//	Σ d·F(x'λ)·x = t,
//
// by Newton's method with steps halved where they lead away. Variables that
// others determine are no fault while their totals agree.
func Calibrate(c Cells, v Variables, o Options) (*Calibrated, error) {
	o, err := o.whole()
	if err != nil {
		return nil, err
	}
	n, p := len(c.Base), len(v.Totals)
	if len(c.X) != n || len(v.Names) != p {
		return nil, fmt.Errorf("calibration: %d cells with %d rows of variables; %d names for %d totals", n, len(c.X), len(v.Names), p)
	}
	if n == 0 {
		return nil, errors.New("calibration: nobody answered")
	}
	if p == 0 {
		return nil, errors.New("calibration: no variable: want at least one population total")
	}
	for j, t := range v.Totals {
		if !finite(t) {
			return nil, fmt.Errorf("calibration: the total of %s is %v: want a number", v.Names[j], t)
		}
	}
	for i, d := range c.Base {
		if !(d > 0) || !finite(d) {
			return nil, fmt.Errorf("calibration: cell %d has the base weight %v: want one above 0", i+1, d)
		}
		if len(c.X[i]) != p {
			return nil, fmt.Errorf("calibration: cell %d has %d variables, not %d", i+1, len(c.X[i]), p)
		}
		for j, x := range c.X[i] {
			if !finite(x) {
				return nil, fmt.Errorf("calibration: cell %d has the value %v of %s: want a number", i+1, x, v.Names[j])
			}
		}
	}
	s := solver{Cells: c, Variables: v, Options: o}
	return s.solve()
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

type solver struct {
	Cells
	Variables
	Options
}

// at gives g, the sums and their deviations under λ.
func (s *solver) at(lambda []float64) (g, slope, sums []float64, worst float64, variable int) {
	g, slope, sums = make([]float64, len(s.Base)), make([]float64, len(s.Base)), make([]float64, len(s.Totals))
	for i, x := range s.X {
		u := 0.0
		for j, xj := range x {
			u += xj * lambda[j]
		}
		g[i], slope[i] = s.f(u)
		for j, xj := range x {
			sums[j] += s.Base[i] * g[i] * xj
		}
	}
	for j, t := range s.Totals {
		if d := math.Abs(sums[j]-t) / math.Max(math.Abs(t), 1); d > worst || math.IsNaN(d) {
			worst, variable = d, j
		}
	}
	return g, slope, sums, worst, variable
}

func (s *solver) solve() (*Calibrated, error) {
	p := len(s.Totals)
	lambda := make([]float64, p)
	g, slope, sums, worst, at := s.at(lambda)
	out := &Calibrated{Steps: []Step{{worst, s.Names[at]}}}
	for round := 0; worst > s.Tolerance; round++ {
		if round == s.Rounds {
			return nil, s.failed(sums, round)
		}
		m := newProducts(p)
		for i, x := range s.X {
			m.add(s.Base[i]*slope[i], x)
		}
		root, err := m.root()
		if err != nil {
			return nil, err
		}
		off := mat.NewVecDense(p, nil)
		for j, t := range s.Totals {
			off.SetVec(j, t-sums[j])
		}
		_, independent := root.Dims()
		if round == 0 {
			out.Dependent = p - independent
		}
		var along, step mat.VecDense
		along.MulVec(root.T(), off)
		step.MulVec(root, &along)
		moved := false
		for half := 1.0; half > 1e-6; half /= 2 {
			next := make([]float64, p)
			for j := range next {
				next[j] = lambda[j] + half*step.AtVec(j)
			}
			ng, nslope, nsums, nworst, nat := s.at(next)
			if nworst < worst {
				lambda, g, slope, sums, worst, at, moved = next, ng, nslope, nsums, nworst, nat, true
				break
			}
		}
		if !moved {
			return nil, s.failed(sums, round)
		}
		out.Steps = append(out.Steps, Step{worst, s.Names[at]})
	}
	out.G = g
	return out, nil
}

func (s *solver) failed(sums []float64, rounds int) error {
	e := &NoConvergence{Distance: s.Distance, Rounds: rounds}
	for j, t := range s.Totals {
		d := Deviation{Variable: s.Names[j], Sum: sums[j], Total: t}
		for i, x := range s.X {
			if x[j] != 0 {
				d.Respondents += s.Base[i]
			}
		}
		if math.Abs(sums[j]-t)/math.Max(math.Abs(t), 1) > s.Tolerance {
			e.Worst = append(e.Worst, d)
		}
	}
	sort.SliceStable(e.Worst, func(a, b int) bool {
		off := func(d Deviation) float64 { return math.Abs(d.Sum-d.Total) / math.Max(math.Abs(d.Total), 1) }
		return off(e.Worst[a]) > off(e.Worst[b])
	})
	e.Worst = e.Worst[:min(len(e.Worst), 5)]
	return e
}
