package smallarea

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// component is A, its asymptotic variance and the bias term b of the MSE.
type component struct {
	a, variance, bias float64
	iterations        int
}

// moments are the sums over areas of V⁻¹ and its powers.
type moments struct{ v1, v2 float64 }

func (d *design) moments(a float64) (s moments) {
	for _, v := range d.d {
		w := 1 / (a + v)
		s.v1 += w
		s.v2 += w * w
	}
	return s
}

func estimateA(d *design, o Options) (component, error) {
	if o.Method == PrasadRao {
		return prasadRao(d)
	}
	a, n, err := solve(d, o)
	if err != nil {
		return component{}, err
	}
	c := component{a: a, iterations: n}
	s, m := d.moments(a), float64(len(d.y))
	switch o.Method {
	case REML: // Datta and Lahiri (2000): no bias to the order of the MSE.
		c.variance = 2 / s.v2
	case ML: // Datta and Lahiri (2000), (4.8).
		c.variance = 2 / s.v2
		f, err := d.gls(a)
		if err != nil {
			return component{}, err
		}
		var t mat.Dense
		t.Mul(f.q, d.gram(d.weights(a, 2)))
		c.bias = -mat.Trace(&t) / s.v2
	case FH: // Datta, Rao and Smith (2005).
		c.variance = 2 * m / (s.v1 * s.v1)
		c.bias = 2 * (m*s.v2 - s.v1*s.v1) / (s.v1 * s.v1 * s.v1)
	}
	return c, nil
}

// weights are (A+D)^−power.
func (d *design) weights(a float64, power int) []float64 {
	w := make([]float64, len(d.d))
	for i, v := range d.d {
		w[i] = math.Pow(a+v, -float64(power))
	}
	return w
}

// scoringSteps is how long Fisher scoring is given. It settles in about ten
// steps as a rule, but crawls or swings where the likelihood is far from its
// expected curve; bisection then finds the root for certain.
const scoringSteps = 100

// solve finds the root of a method's score by Fisher scoring from the median
// sampling variance, and counts the steps. A step below zero ends at zero when
// the score there points further down, and goes half the way otherwise.
func solve(d *design, o Options) (a float64, steps int, err error) {
	a = median(d.d)
	for steps = 1; steps <= scoringSteps; steps++ {
		s, f, err := score(d, o.Method, a)
		if err != nil {
			return 0, steps, err
		}
		next := a + s/f
		if next <= 0 {
			at0, _, err := score(d, o.Method, 0)
			if err != nil {
				return 0, steps, err
			}
			if at0 <= 0 {
				return 0, steps, nil
			}
			next = a / 2
		}
		if math.Abs((next-a)/a) <= o.Precision {
			return next, steps, nil
		}
		a = next
	}
	return bisect(d, o, a, steps)
}

// bisect looks for the root up from a when the score is positive there, and
// between zero and a when it is not. Every method's score is negative for
// large A, so there is an upper end; where it is negative at zero as well, A
// is zero.
func bisect(d *design, o Options, a float64, steps int) (float64, int, error) {
	at := func(a float64) (s float64, err error) {
		steps++
		s, _, err = score(d, o.Method, a)
		return s, err
	}
	s, err := at(a)
	if err != nil {
		return 0, steps, err
	}
	lo, hi := 0.0, a
	if s > 0 {
		for lo, hi = a, 2*a; ; lo, hi = hi, 2*hi {
			if s, err = at(hi); err != nil {
				return 0, steps, err
			}
			if s <= 0 {
				break
			}
		}
	} else if s, err = at(0); err != nil || s <= 0 {
		return 0, steps, err
	}
	for hi-lo > o.Precision*hi {
		mid := (lo + hi) / 2
		if mid == lo || mid == hi {
			break
		}
		if s, err = at(mid); err != nil {
			return 0, steps, err
		}
		if s > 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2, steps, nil
}

// score is the estimating function of a method at A and its expected slope.
// With P = V⁻¹ − V⁻¹XQX'V⁻¹: REML ½(y'PPy − tr P) and ½ tr PP; ML ½(y'PPy −
// tr V⁻¹) and ½ tr V⁻²; FH y'Py − (m−p) and tr V⁻¹ (Rao and Molina 2015,
// section 6.1.2). Traces are taken in p×p form.
func score(d *design, method Method, a float64) (value, slope float64, err error) {
	f, err := d.gls(a)
	if err != nil {
		return 0, 0, err
	}
	s := d.moments(a)
	w := d.weights(a, 1)
	yPy, yPPy := 0.0, 0.0
	for i, r := range f.residual {
		yPy += w[i] * r * r
		yPPy += w[i] * w[i] * r * r
	}
	switch method {
	case FH:
		return yPy - float64(len(d.y)-d.p()), s.v1, nil
	case ML:
		return (yPPy - s.v1) / 2, s.v2 / 2, nil
	}
	var q2, q3, q22 mat.Dense
	q2.Mul(f.q, d.gram(d.weights(a, 2)))
	q3.Mul(f.q, d.gram(d.weights(a, 3)))
	q22.Mul(&q2, &q2)
	trP := s.v1 - mat.Trace(&q2)
	trPP := s.v2 - 2*mat.Trace(&q3) + mat.Trace(&q22)
	return (yPPy - trP) / 2, trPP / 2, nil
}

// prasadRao is the moment estimator from ordinary least squares residuals
// (Prasad and Rao 1990, section 3), with its asymptotic variance
// 2 Σ(A+D)²/m². It is unbiased but for the cut at zero.
func prasadRao(d *design) (component, error) {
	one := make([]float64, len(d.y))
	for i := range one {
		one[i] = 1
	}
	f, err := d.leastSquares(0, one)
	if err != nil {
		return component{}, err
	}
	sum := 0.0
	for i, r := range f.residual {
		h := quadratic(mat.Row(nil, i, d.x), f.q)
		sum += r*r - d.d[i]*(1-h)
	}
	m := float64(len(d.y))
	c := component{a: max(0, sum/(m-float64(d.p())))}
	for _, v := range d.d {
		c.variance += 2 * (c.a + v) * (c.a + v) / (m * m)
	}
	return c, nil
}
