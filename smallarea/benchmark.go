package smallarea

import (
	"fmt"
	"math"
)

// Adjustment makes weighted estimates add up to a total.
type Adjustment string

// The adjustments (Rao and Molina 2015, section 6.4.6).
const (
	// Ratio multiplies every estimate by the same factor, which keeps signs and
	// zeros and moves well measured areas as much as others.
	Ratio Adjustment = "ratio"
	// Difference adds more where the spread is larger.
	Difference Adjustment = "difference"
)

// Benchmarked estimates of the areas.
type Benchmarked struct {
	// Values in the order of the estimates.
	Values []float64
	// MSE is that of the model plus the square of the shift, as You, Rao and
	// Dick (Statistics in Transition 6 (2004) 631–640) give it for the posterior
	// error. It is nil from Benchmark, which knows no MSE.
	MSE []float64
	// Factor is Σw·target / Σw·estimate; Gap is target − Σw·estimate. A factor
	// far from 1 says that model and city disagree.
	Factor, Gap float64
}

// Benchmark adjusts estimates so that Σ weights·estimates = total. Weights are
// the areas' shares of the labor force, or their labor force with total scaled
// accordingly. For Difference each area moves by the gap times
//
//	w_i·spread_i / Σ w_j²·spread_j,
//
// spread being the sampling variances or MSEs (Wang, Fuller and Qu, Survey
// Methodology 34 (2008) 29–36; Battese, Harter and Fuller 1988); Ratio does
// not read spread.
func Benchmark(estimates, weights []float64, total float64, how Adjustment, spread []float64) (*Benchmarked, error) {
	if len(weights) != len(estimates) || how == Difference && len(spread) != len(estimates) {
		return nil, fmt.Errorf("benchmark: %d estimates, %d weights, %d spreads: want one of each an area", len(estimates), len(weights), len(spread))
	}
	sum := 0.0
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("benchmark: weight %d is %g; want a share of the labor force", i+1, w)
		}
		sum += w * estimates[i]
	}
	if math.IsNaN(total+sum) || math.IsInf(total+sum, 0) {
		return nil, fmt.Errorf("benchmark: the total is %g and the estimates add up to %g", total, sum)
	}
	b := &Benchmarked{Values: make([]float64, len(estimates)), Gap: total - sum, Factor: 1}
	if sum != 0 {
		b.Factor = total / sum
	}
	switch how {
	case Ratio:
		if sum == 0 && total != 0 || total*sum < 0 {
			return nil, fmt.Errorf("benchmark: estimates that add up to %g cannot be multiplied to give %g; use difference", sum, total)
		}
		for i, e := range estimates {
			b.Values[i] = e * b.Factor
		}
	case Difference:
		moved := 0.0
		for i, w := range weights {
			if !(spread[i] >= 0) || math.IsInf(spread[i], 0) {
				return nil, fmt.Errorf("benchmark: spread %d is %g; want a variance", i+1, spread[i])
			}
			moved += w * w * spread[i]
		}
		if moved == 0 {
			return nil, fmt.Errorf("benchmark: no area has both a weight and a spread, so none can move")
		}
		for i, e := range estimates {
			b.Values[i] = e + weights[i]*spread[i]/moved*b.Gap
		}
	default:
		return nil, fmt.Errorf("benchmark: adjustment %q is neither ratio nor difference", how)
	}
	return b, nil
}

// Benchmark adjusts the result's estimates to the city's direct estimate.
// Weights are one an area, in order; an area without an estimate is left out,
// the weights of the others being taken as shares of what they cover, and
// keeps a value of 0. Difference spreads by sampling variances when every area
// has one, and by MSE otherwise.
func (r *Result) Benchmark(weights []float64, city float64, how Adjustment) (*Benchmarked, error) {
	if len(weights) != len(r.Areas) {
		return nil, fmt.Errorf("benchmark: %d weights for %d areas", len(weights), len(r.Areas))
	}
	var at []int
	var estimates, used, variances, mses []float64
	share := 0.0
	for i, e := range r.Areas {
		if e.Basis == None {
			continue
		}
		at = append(at, i)
		estimates, used = append(estimates, e.Value), append(used, weights[i])
		if r.variances[i] > 0 {
			variances = append(variances, r.variances[i])
		}
		if e.HasMSE {
			mses = append(mses, e.MSE)
		}
		share += weights[i]
	}
	if !(share > 0) {
		return nil, fmt.Errorf("benchmark: the areas that have an estimate have a weight of %g in all", share)
	}
	for i := range used {
		used[i] /= share
	}
	spread := variances
	if len(variances) < len(at) {
		spread = mses
	}
	b, err := Benchmark(estimates, used, city, how, spread)
	if err != nil {
		return nil, err
	}
	out := &Benchmarked{
		Values: make([]float64, len(r.Areas)), MSE: make([]float64, len(r.Areas)),
		Factor: b.Factor, Gap: b.Gap,
	}
	for k, i := range at {
		out.Values[i] = b.Values[k]
		if shift := b.Values[k] - estimates[k]; r.Areas[i].HasMSE {
			out.MSE[i] = r.Areas[i].MSE + shift*shift
		}
	}
	return out, nil
}
