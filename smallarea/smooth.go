package smallarea

import (
	"errors"
	"fmt"
)

// ErrNoVariance says that no area has a usable sampling variance.
var ErrNoVariance = errors.New("no area has a sample and a positive sampling variance")

// SmoothedVariance is a generalized sampling variance of a proportion,
//
//	D = deff·p̄(1−p̄)/n,
//
// p̄ being the proportion of a larger whole (the city, or several months), so
// that an area's own unlucky sample moves its weight in the model as little as
// possible (Wolter, Introduction to Variance Estimation, 2nd ed. 2007, chapter
// 7; Rao and Molina 2015, section 6.1). Proportions are 0–1; n is the number
// of persons in the denominator.
func SmoothedVariance(deff, p, n float64) (float64, error) {
	if !(deff > 0) || !(p > 0 && p < 1) || !(n > 0) || deff > 1e6 || n > 1e12 {
		return 0, fmt.Errorf("smoothed variance: deff %g, proportion %g, n %g: want deff and n positive and a proportion between 0 and 1", deff, p, n)
	}
	return deff * p * (1 - p) / n, nil
}

// Sample is what Smooth needs of one area.
type Sample struct {
	// Variance is the design-based variance of the area's proportion, NaN when
	// unknown. N is the number of sampled persons in the denominator; an area
	// with N of 0 was not sampled.
	Variance, N float64
}

// Smooth gives every sampled area a smoothed variance at the overall
// proportion p (0–1). The design effect is the one that makes the areas' known
// variances add up:
//
//	deff = Σ n_i²·V_i / Σ n_i·p(1−p),
//
// both being variances of numbers of persons. An area whose sample had nobody
// unemployed has an estimated variance of 0; it takes part, since leaving such
// samples out would overstate deff. Areas of unknown variance take part in
// neither sum and get a smoothed variance all the same; areas without a sample
// get 0.
func Smooth(samples []Sample, p float64) (variances []float64, deff float64, err error) {
	if !(p > 0 && p < 1) {
		return nil, 0, fmt.Errorf("smoothed variances: the overall proportion is %g, want one between 0 and 1", p)
	}
	var seen, simple float64
	for _, s := range samples {
		if s.N > 0 && s.Variance >= 0 {
			seen += s.N * s.N * s.Variance
			simple += s.N * p * (1 - p)
		}
	}
	if seen == 0 {
		return nil, 0, fmt.Errorf("smoothed variances: %w", ErrNoVariance)
	}
	deff = seen / simple
	variances = make([]float64, len(samples))
	for i, s := range samples {
		if !(s.N > 0) {
			continue
		}
		if variances[i], err = SmoothedVariance(deff, p, s.N); err != nil {
			return nil, 0, err
		}
	}
	return variances, deff, nil
}
