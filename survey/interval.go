package survey

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Method is a way of finding a confidence interval of a proportion; the names
// are those of R's svyciprop.
type Method string

// The methods.
const (
	// Logit is symmetric on the logit scale, so that it never leaves 0 to 1.
	Logit Method = "logit"
	// Beta is Korn and Graubard's (Survey Methodology 24 (1998) 193–201), exact
	// binomial limits at the effective sample size: for small domains, and the
	// only one that has a limit at 0 and 1.
	Beta Method = "beta"
	// Symmetric is p ± t·se.
	Symmetric Method = "mean"
	// Arcsine is symmetric for the arcsine of the root.
	Arcsine Method = "asin"
	// Likelihood holds the proportions that a binomial likelihood, scaled to the
	// design's variance, does not rule out (Rao and Scott, Annals of Statistics
	// 12 (1984) 46–60).
	Likelihood Method = "likelihood"
)

// TQuantile is the quantile of Student's t with df degrees of freedom that leaves
// (1−level)/2 above; NaN without degrees of freedom.
func TQuantile(level float64, df int) float64 {
	if df < 1 {
		return math.NaN()
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(df)}.Quantile(1 - (1-level)/2)
}

// Interval of a proportion p with standard error se on df degrees of freedom. n
// is the number of persons behind it, which Beta needs. ok is false where the
// method has no limits: without degrees of freedom, and at 0 and 1 for all but
// Beta, which then takes n itself, scaled by the design's degrees of freedom, as
// the effective sample size.
func Interval(m Method, p, se float64, df, n int, level float64) (low, high float64, ok bool) {
	t := TQuantile(level, df)
	if math.IsNaN(t) || math.IsNaN(p) || math.IsNaN(se) {
		return 0, 0, false
	}
	edge := p <= 0 || p >= 1
	if m != Beta && m != Symmetric && edge {
		return 0, 0, false
	}
	switch m {
	case Logit:
		d := t * se / (p * (1 - p))
		return expit(math.Log(p/(1-p)) - d), expit(math.Log(p/(1-p)) + d), true
	case Symmetric:
		return p - t*se, p + t*se, true
	case Arcsine:
		a, d := math.Asin(math.Sqrt(p)), t*se/(2*math.Sqrt(p*(1-p)))
		return sin2(math.Max(a-d, 0)), sin2(math.Min(a+d, math.Pi/2)), true
	case Likelihood:
		if n < 2 {
			return 0, 0, false
		}
		// 2·(p·ln(p/q) + (1−p)·ln((1−p)/(1−q)))·(n−1)/n = t²·se²/(p(1−p)) for q.
		bound := t * t * se * se / (p * (1 - p)) * float64(n) / float64(n-1) / 2
		far := func(q float64) bool { return p*math.Log(p/q)+(1-p)*math.Log((1-p)/(1-q)) > bound }
		return bisect(0, p, far), bisect(1, p, far), true
	case Beta:
		if n < 2 {
			return 0, 0, false
		}
		eff := float64(n)
		if !edge && se > 0 {
			eff = p * (1 - p) / (se * se)
		}
		eff *= math.Pow(TQuantile(level, n-1)/t, 2)
		alpha := 1 - level
		low, high = 0, 1
		if p > 0 {
			low = betaQuantile(alpha/2, eff*p, eff*(1-p)+1)
		}
		if p < 1 {
			high = betaQuantile(1-alpha/2, eff*p+1, eff*(1-p))
		}
		return low, high, true
	}
	panic(fmt.Sprintf("survey: no interval method %q", m))
}

// bisect finds between out, where far holds, and in, where it does not, the
// place at which it begins to.
func bisect(out, in float64, far func(float64) bool) float64 {
	for range 200 {
		mid := (out + in) / 2
		if far(mid) {
			out = mid
		} else {
			in = mid
		}
	}
	return in
}

func betaQuantile(q, a, b float64) float64 { return distuv.Beta{Alpha: a, Beta: b}.Quantile(q) }

func expit(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func sin2(x float64) float64 { s := math.Sin(x); return s * s }
