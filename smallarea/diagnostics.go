package smallarea

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Normality is the Anderson–Darling test of residuals against a normal law of
// unknown mean and variance: the statistic A²(1 + 0.75/n + 2.25/n²) and its
// p-value (D'Agostino and Stephens, Goodness-of-Fit Techniques, 1986, table 4.9).
type Normality struct{ Statistic, P float64 }

// fewest residuals for which the p-value's approximation is meant.
const fewestForNormality = 8

// describe fills in what the fit as a whole says.
func (r *Result) describe(d *design, f *fit) {
	for j, name := range d.names {
		c := Coefficient{
			Name: name, Value: f.beta.AtVec(j) / d.scale[j],
			SE: math.Sqrt(f.q.At(j, j)) / d.scale[j],
		}
		c.Z = c.Value / c.SE
		c.P = 2 * distuv.UnitNormal.Survival(math.Abs(c.Z))
		r.Coefficients = append(r.Coefficients, c)
	}
	standard := make([]float64, len(d.y))
	for i, v := range d.d {
		total := f.a + v
		standard[i] = f.residual[i] / math.Sqrt(total)
		r.LogLik -= (math.Log(2*math.Pi*total) + standard[i]*standard[i]) / 2
	}
	// β and A are the parameters, as R's sae counts them.
	k := float64(d.p() + 1)
	r.AIC = -2*r.LogLik + 2*k
	r.BIC = -2*r.LogLik + k*math.Log(float64(len(d.y)))
	r.KIC = -2*r.LogLik + 3*k
	r.Normality = andersonDarling(standard)
}

func andersonDarling(residuals []float64) Normality {
	n := len(residuals)
	mean, sd := stat.MeanStdDev(residuals, nil)
	if n < fewestForNormality || !(sd > 0) {
		return Normality{P: 1}
	}
	z := slices.Sorted(slices.Values(residuals))
	sum := 0.0
	for i := range z {
		low := distuv.UnitNormal.CDF((z[i] - mean) / sd)
		high := distuv.UnitNormal.Survival((z[n-1-i] - mean) / sd)
		// A residual too far out for a float64 is as far out as it can say.
		sum += float64(2*i+1) * (math.Log(max(low, math.SmallestNonzeroFloat64)) + math.Log(max(high, math.SmallestNonzeroFloat64)))
	}
	m := float64(n)
	a := (-m - sum/m) * (1 + 0.75/m + 2.25/(m*m))
	return Normality{Statistic: a, P: andersonDarlingP(a)}
}

func andersonDarlingP(a float64) float64 {
	switch {
	case a >= 13: // the parabola below turns upward far out
		return 0
	case a >= 0.6:
		return math.Exp(1.2937 - 5.709*a + 0.0186*a*a)
	case a > 0.34:
		return math.Exp(0.9177 - 4.279*a - 1.38*a*a)
	case a > 0.2:
		return 1 - math.Exp(-8.318+42.796*a-59.938*a*a)
	}
	return 1 - math.Exp(-13.436+101.14*a-223.73*a*a)
}
