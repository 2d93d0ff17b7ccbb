package smallarea

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// estimate gives one area its figure and MSE.
func estimate(a Area, d *design, f *fit, v component, positive float64) Estimate {
	row, ok := d.row(a)
	if !ok {
		return keepDirect(a, CovariateMissing)
	}
	x := mat.NewVecDense(len(row), row)
	e := Estimate{
		Code: a.Code, Basis: Synthetic, HasMSE: true, InFit: d.member[a.Code],
		Regression: mat.Dot(x, f.beta), HasRegression: true,
	}
	e.Value = e.Regression
	switch {
	case !a.Sampled:
		e.Reason = NotSampled
	case !e.InFit:
		e.Reason = VarianceUnknown
	case f.a == 0:
		e.Reason = NoAreaEffect
	}
	if e.InFit {
		e.Residual = (a.Direct - e.Regression) / math.Sqrt(f.a+a.Variance)
	}
	if e.Reason == "" {
		e.composite(a, quadratic(row, f.q), v)
		return e
	}
	if f.a > 0 {
		e.MSE = f.a + quadratic(row, f.q)
		return e
	}
	e.MSE = syntheticMSE(row, a.Variance, e.InFit, d, f, positive)
	return e
}

// composite is the EBLUP and its second-order MSE: Prasad and Rao (1990),
// Datta and Lahiri (2000), Datta, Rao and Smith (2005); Rao and Molina (2015),
// section 6.2.
func (e *Estimate) composite(a Area, xqx float64, v component) {
	e.Basis = Composite
	total := v.a + a.Variance
	b := a.Variance / total
	e.Gamma = v.a / total
	e.Value = e.Gamma*a.Direct + b*e.Regression
	e.G1 = e.Gamma * a.Variance
	e.G2 = b * b * xqx
	e.G3 = b * b * v.variance / total
	e.Bias = v.bias * b * b
	e.MSE = e.G1 + e.G2 + 2*e.G3 - e.Bias
	if e.MSE <= 0 {
		// A large positive bias term of the moment method can exceed the rest
		// with very unequal D; without it the MSE is positive.
		e.Bias, e.MSE = 0, e.G1+e.G2+2*e.G3
	}
}

// syntheticMSE is the MSE of x'β̂ where Â is 0. An Â of 0 is what a small
// number of areas often gives with A well above 0, and g1 would then be 0 and
// the MSE mostly that of β̂. So the MSE is taken at the strictly positive
// A* of an adjusted likelihood (Li and Lahiri 2010; Rao and Molina 2015,
// chapter 6, on estimates of A that are zero):
//
//	E(x'β̂ − θ)² = A* + x'V(β̂)x − 2A*·x'Q₀x/D,  V(β̂) = Q₀ + A*·Q₀X'D⁻²XQ₀,
//
// the exact error at A* of the β̂ that was used, Q₀ = (X'D⁻¹X)⁻¹; the last
// term is the covariance with the area's own effect, absent outside the fit.
func syntheticMSE(row []float64, variance float64, inFit bool, d *design, f *fit, positive float64) float64 {
	var v, t mat.Dense
	t.Mul(f.q, d.gram(d.weights(0, 2)))
	v.Mul(&t, f.q)
	v.Scale(positive, &v)
	v.Add(&v, f.q)
	mse := positive + quadratic(row, &v)
	if inFit {
		mse -= 2 * positive * quadratic(row, f.q) / variance
	}
	return mse
}

// positiveA maximizes A times the residual likelihood (Li and Lahiri, Journal
// of Multivariate Analysis 101 (2010) 882–892). The product is 0 at A = 0 and
// falls for large A when there are more than p+2 areas, which Fit sees to.
//
// It errs on the side of a larger MSE. The milder factor of Yoshimori and
// Lahiri (2014), (arctan Σ A/(A+D))^(1/m), was tried: with 11 areas the MSE it
// gives is half the real one where A is a third of a typical D, and nobody can
// tell such a city from one with A = 0.
func positiveA(d *design) (float64, error) {
	value := func(logA float64) (float64, error) {
		a := math.Exp(logA)
		f, err := d.gls(a)
		if err != nil {
			return 0, err
		}
		logDet, _ := mat.LogDet(f.q)
		l := logA + logDet/2
		for i, v := range d.d {
			l -= (math.Log(a+v) + f.residual[i]*f.residual[i]/(a+v)) / 2
		}
		return l, nil
	}
	// A grid finds the highest hill, a golden section its top.
	const steps = 120
	lo, hi := math.Log(floats.Min(d.d))-10, math.Log(floats.Max(d.d))+10
	best, at := math.Inf(-1), 0
	for i := range steps + 1 {
		l, err := value(lo + (hi-lo)*float64(i)/steps)
		if err != nil {
			return 0, err
		}
		if l > best {
			best, at = l, i
		}
	}
	step := (hi - lo) / steps
	a, b := lo+float64(at-1)*step, lo+float64(at+1)*step
	golden := (math.Sqrt(5) - 1) / 2
	for b-a > 1e-10 {
		c1, c2 := b-golden*(b-a), a+golden*(b-a)
		l1, err := value(c1)
		if err != nil {
			return 0, err
		}
		l2, err := value(c2)
		if err != nil {
			return 0, err
		}
		if l1 > l2 {
			b = c2
		} else {
			a = c1
		}
	}
	return math.Exp((a + b) / 2), nil
}
