package seasonal

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"laborwatch/period"
)

// Effect is one part of the Spring Festival.
type Effect struct {
	// Part is before, during or after.
	Part string
	// Coefficient is the effect of the whole window's falling into one month,
	// in the unit of the series or, under Options.Log, in logarithms; with its
	// standard error and t value. They are of the last regression that the part
	// was in.
	Coefficient, SE, T float64
	// Kept says that the part is significant and was taken out of the series.
	Kept bool
}

// festivalEffect estimates the festival's parts jointly with twelve months'
// means on the series less its trend: y and the regressors all have their 2×12
// moving average taken off, which removes the same trend from both sides and
// leaves the coefficients what they are in the series. Months at either end
// that have no moving average are not used.
//
// The regression is robust, since a month like February 2020 is no festival:
// Tukey's bisquare at six median absolute residuals, as in STL, with Huber's
// standard errors (Huber, Robust Statistics, 1981, section 7.6). Parts are dropped one
// at a time, the least significant first, until all that are left have a t
// value beyond the two-sided level of Student's t.
func festivalEffect(months []period.Period, y []float64, o Options) ([]float64, []Effect, error) {
	effect := make([]float64, len(y))
	regressors := map[string][]float64{}
	var effects []Effect
	var in []string
	for part, name := range parts {
		x, err := o.Windows.regressor(part, months)
		if err != nil {
			return nil, nil, err
		}
		regressors[name] = x
		effects = append(effects, Effect{Part: name})
		if slices.Max(x)-slices.Min(x) > 0 { // a window of no days moves nothing
			in = append(in, name)
		}
	}
	for len(in) > 0 {
		fit, err := regress(months, y, in, regressors)
		if errors.Is(err, errDependent) {
			in = in[:len(in)-1]
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		weakest, smallest := "", math.Inf(1)
		for j, name := range in {
			e := &effects[slices.Index(parts[:], name)]
			e.Coefficient, e.SE, e.T = fit.coefficient[j], fit.se[j], fit.t(j)
			if math.Abs(e.T) < smallest {
				weakest, smallest = name, math.Abs(e.T)
			}
		}
		critical := distuv.StudentsT{Sigma: 1, Nu: fit.df}.Quantile(1 - o.Level/2)
		if smallest < critical {
			in = slices.DeleteFunc(in, func(s string) bool { return s == weakest })
			continue
		}
		for j, name := range in {
			effects[slices.Index(parts[:], name)].Kept = true
			for i, x := range regressors[name] {
				effect[i] += fit.coefficient[j] * x
			}
		}
		break
	}
	return effect, effects, nil
}

// regression holds the festival's coefficients; the months' means are not kept.
type regression struct {
	coefficient, se []float64
	df              float64
}

// t is 0 for a perfect fit of nothing.
func (r *regression) t(j int) float64 {
	if r.se[j] == 0 {
		if r.coefficient[j] == 0 {
			return 0
		}
		return math.Copysign(math.MaxFloat64, r.coefficient[j])
	}
	return r.coefficient[j] / r.se[j]
}

// errDependent says that regressors determine one another, as when a series
// has seen too few festivals.
var errDependent = errors.New("the festival's parts cannot be told apart in this series")

func regress(months []period.Period, y []float64, names []string, regressors map[string][]float64) (*regression, error) {
	target := detrended(y)
	n, k := len(target), len(names)
	x := mat.NewDense(n, k+12, nil)
	for j, name := range names {
		x.SetCol(j, detrended(regressors[name]))
	}
	for i := range n {
		x.Set(i, k+int(months[i+6].Month())-1, 1)
	}
	r := &regression{df: float64(n - k - 12)}
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	var beta *mat.VecDense
	var inverse *mat.SymDense
	residual := make([]float64, n)
	scale := 0.0
	// Residuals are smaller than errors by the parameters that were fitted.
	bisquare := 6 * math.Sqrt(float64(n)/r.df)
	const steps = 50
	for range steps {
		next, err := weighted(x, target, w)
		if err != nil {
			return nil, err
		}
		if beta != nil && settled(beta, next) {
			beta = next
			break
		}
		beta = next
		for i := range residual {
			residual[i] = target[i] - mat.Dot(x.RowView(i), beta)
		}
		scale = bisquare * median(absolute(residual))
		for i, e := range absolute(residual) {
			w[i] = taper(e, scale, func(u float64) float64 { return (1 - u*u) * (1 - u*u) })
		}
	}
	inverse, err := inverseGram(x, nil)
	if err != nil {
		return nil, err
	}
	// Huber's covariance: κ²·Σψ²/(n−p) over the squared mean of ψ', times
	// (X'X)⁻¹, with κ = 1 + p/n·V(ψ')/(mean ψ')² for a small number of months.
	psi, slope, slopes := 0.0, 0.0, 0.0
	for i, e := range residual {
		psi += w[i] * w[i] * e * e
		if u := e / scale; scale > 0 && math.Abs(u) < 1 {
			v := (1 - u*u) * (1 - 5*u*u)
			slope += v / float64(n)
			slopes += v * v / float64(n)
		}
	}
	variance := 0.0
	if psi > 0 && slope > 0 {
		kappa := 1 + float64(k+12)/float64(n)*(slopes-slope*slope)/(slope*slope)
		variance = kappa * kappa * psi / r.df / (slope * slope)
	}
	for j := range names {
		r.coefficient = append(r.coefficient, beta.AtVec(j))
		r.se = append(r.se, math.Sqrt(variance*inverse.At(j, j)))
	}
	return r, nil
}

func weighted(x *mat.Dense, y, w []float64) (*mat.VecDense, error) {
	inverse, err := inverseGram(x, w)
	if err != nil {
		return nil, err
	}
	_, p := x.Dims()
	xy := mat.NewVecDense(p, nil)
	for i := range y {
		xy.AddScaledVec(xy, w[i]*y[i], x.RowView(i))
	}
	beta := mat.NewVecDense(p, nil)
	beta.MulVec(inverse, xy)
	return beta, nil
}

// inverseGram is (X'WX)⁻¹; no weights are weights of 1.
func inverseGram(x *mat.Dense, w []float64) (*mat.SymDense, error) {
	n, p := x.Dims()
	gram := mat.NewSymDense(p, nil)
	for i := range n {
		v := 1.0
		if w != nil {
			v = w[i]
		}
		gram.SymRankOne(gram, v, x.RowView(i))
	}
	var chol mat.Cholesky
	if !chol.Factorize(gram) || chol.Cond() > 1e10 {
		return nil, errDependent
	}
	inverse := mat.NewSymDense(p, nil)
	if err := chol.InverseTo(inverse); err != nil {
		return nil, errDependent
	}
	return inverse, nil
}

func settled(a, b *mat.VecDense) bool {
	var d mat.VecDense
	d.SubVec(a, b)
	return mat.Norm(&d, 2) <= 1e-10*mat.Norm(b, 2)
}

func absolute(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = math.Abs(x)
	}
	return out
}

// detrended is v less its 2×12 moving average, without the six months at
// either end that have none.
func detrended(v []float64) []float64 {
	trend := movingAverage(movingAverage(v, 12), 2)
	out := make([]float64, len(trend))
	for i := range out {
		out[i] = v[i+6] - trend[i]
	}
	return out
}
