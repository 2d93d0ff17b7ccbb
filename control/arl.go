package control

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// The average run length is the mean number of values until a chart signals,
// for independent normal values of standard deviation 1 whose mean is the
// target plus shift, from a chart that starts at its target. It solves
//
//	L(s) = 1 + ∫ L(x)·f(x given s) dx (+ an atom at the reflecting end),
//
// by Gauss–Legendre quadrature: Nyström's method (Page, Biometrika 41 (1954)
// 100–115, for CUSUM; Crowder, Technometrics 29 (1987) 401–407, for EWMA), as
// the functions xcusum.arl and xewma.arl of R's spc do.

// ErrTooLong says that a run length is beyond what floating point can tell.
var ErrTooLong = errors.New("the average run length is beyond 1e12")

const longest = 1e12

// CUSUMARL is the average run length of a CUSUM chart with allowance k and
// limit h, both in standard deviations. The two sides of a chart that watches
// both are independent enough that 1/ARL is the sum of theirs (Kemp, Journal of
// the Royal Statistical Society B 23 (1961) 149–153).
func CUSUMARL(k, h, shift float64, sides Sides) (float64, error) {
	if err := sides.checked(); err != nil {
		return 0, err
	}
	if !(k >= 0 && k <= 10) || !(h > 0 && h <= 50) || !(math.Abs(shift) <= 100) {
		return 0, fmt.Errorf("cusum run length: k %g, h %g, shift %g: want k from 0 to 10, h above 0 up to 50, a shift within 100", k, h, shift)
	}
	switch sides {
	case Upper:
		return cusumUpper(k, h, shift)
	case Lower:
		return cusumUpper(k, h, -shift)
	}
	rate := 0.0
	for _, s := range []float64{shift, -shift} {
		l, err := cusumUpper(k, h, s)
		if errors.Is(err, ErrTooLong) {
			continue // a side that never signals adds nothing
		}
		if err != nil {
			return 0, err
		}
		rate += 1 / l
	}
	if rate == 0 {
		return 0, ErrTooLong
	}
	return 1 / rate, nil
}

func cusumUpper(k, h, shift float64) (float64, error) {
	normal := distuv.Normal{Mu: shift - k, Sigma: 1}
	return runLength(process{
		lo: 0, hi: h, start: 0, nodes: 40 + int(10*h),
		density: func(from, to float64) float64 { return normal.Prob(to - from) },
		atom:    func(from float64) float64 { return normal.CDF(-from) },
	})
}

// EWMAARL is the average run length of an EWMA chart with asymptotic limits at
// l standard deviations of the average. A chart that watches one side lets the
// average go as far as it will on the other, as Chart does; texts that reflect
// it at the target have other limits (2.317 instead of 2.110 at lambda 0.2 and a
// run length of 120).
func EWMAARL(lambda, l, shift float64, sides Sides) (float64, error) {
	if err := sides.checked(); err != nil {
		return 0, err
	}
	if !(lambda >= 0.005 && lambda <= 1) || !(l > 0 && l <= 20) || !(math.Abs(shift) <= 100) {
		return 0, fmt.Errorf("ewma run length: lambda %g, L %g, shift %g: want lambda from 0.005 to 1, L above 0 up to 20, a shift within 100", lambda, l, shift)
	}
	deviation := math.Sqrt(lambda / (2 - lambda))
	if sides == Lower {
		shift = -shift
	}
	normal := distuv.Normal{Mu: shift, Sigma: 1}
	// value that takes the average from one place to another.
	value := func(from, to float64) float64 { return (to - (1-lambda)*from) / lambda }
	p := process{
		lo: -l * deviation, hi: l * deviation,
		density: func(from, to float64) float64 { return normal.Prob(value(from, to)) / lambda },
	}
	if sides != Both {
		// Ten deviations below where it settles is as far as it will go; from
		// twenty below the target it does not come back within ErrTooLong.
		p.lo = max(min(0, shift)-10*deviation, -20*deviation)
		p.atom = func(from float64) float64 { return normal.CDF(value(from, p.lo)) }
	}
	// One value moves the average by lambda: eight nodes for each of those.
	p.nodes = 40 + int(8*(p.hi-p.lo)/lambda)
	return runLength(p)
}

// process is a chart's statistic: where it may go without a signal, how it moves,
// and with what probability it lands on lo itself, if that end reflects.
type process struct {
	lo, hi, start float64
	nodes         int
	density       func(from, to float64) float64
	atom          func(from float64) float64
}

func runLength(p process) (float64, error) {
	x, w := make([]float64, p.nodes), make([]float64, p.nodes)
	quad.Legendre{}.FixedLocations(x, w, p.lo, p.hi)
	n := p.nodes
	if p.atom != nil {
		n++ // the reflecting end is a state of its own
	}
	at := func(i int) float64 {
		if i < p.nodes {
			return x[i]
		}
		return p.lo
	}
	weight := func(from float64, j int) float64 {
		if j < p.nodes {
			return w[j] * p.density(from, x[j])
		}
		return p.atom(from)
	}
	a, one, l := mat.NewDense(n, n, nil), mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
	for i := range n {
		one.SetVec(i, 1)
		for j := range n {
			v := -weight(at(i), j)
			if i == j {
				v++
			}
			a.Set(i, j, v)
		}
	}
	err := l.SolveVec(a, one)
	var condition mat.Condition
	if err != nil && !errors.As(err, &condition) {
		return 0, fmt.Errorf("average run length: %w", err)
	}
	arl := 1.0
	for j := range n {
		arl += weight(p.start, j) * l.AtVec(j)
	}
	// The equations are nearly singular when the chart hardly ever signals.
	if err != nil || !(arl >= 1-1e-9 && arl <= longest) {
		return 0, ErrTooLong
	}
	return arl, nil
}

// CUSUMLimit is the h at which a CUSUM chart with allowance k has an average
// run length of arl in control.
func CUSUMLimit(k, arl float64, sides Sides) (float64, error) {
	return limit(arl, 0.001, 50, func(h float64) (float64, error) { return CUSUMARL(k, h, 0, sides) })
}

// EWMALimit is the L at which an EWMA chart has an average run length of arl
// in control.
func EWMALimit(lambda, arl float64, sides Sides) (float64, error) {
	return limit(arl, 0.001, 20, func(l float64) (float64, error) { return EWMAARL(lambda, l, 0, sides) })
}

// limit bisects: the run length grows with the limit.
func limit(arl, lo, hi float64, of func(float64) (float64, error)) (float64, error) {
	if !(arl > 1 && arl <= 1e6) {
		return 0, fmt.Errorf("control limit: an average run length of %g; want one above 1 up to a million", arl)
	}
	shortest, err := of(lo)
	if err != nil {
		return 0, err
	}
	if shortest > arl {
		return 0, fmt.Errorf("control limit: even without a limit the average run length is %g, not %g", shortest, arl)
	}
	// Up in steps first: far beyond the limit the equations take long to solve.
	for step := 0.5; lo+step < hi; lo += step {
		l, err := of(lo + step)
		if err != nil && !errors.Is(err, ErrTooLong) {
			return 0, err
		}
		if err != nil || l > arl {
			hi = lo + step
			break
		}
	}
	for hi-lo > 1e-10 {
		mid := (lo + hi) / 2
		l, err := of(mid)
		if err != nil && !errors.Is(err, ErrTooLong) {
			return 0, err
		}
		if err != nil || l > arl {
			hi = mid
		} else {
			lo = mid
		}
	}
	return (lo + hi) / 2, nil
}
