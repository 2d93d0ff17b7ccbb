package control

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
)

// AR1 is a first-order autoregression in control: what charts must have taken
// out of a series whose errors are correlated, as those of a survey are when
// months share half of their sample. On such a series an untreated chart gives
// about three times the false alarms that its limits promise (at a correlation
// of 0.5). The 2-10-2 rotation correlates months 12 apart as well, which this
// leaves in.
type AR1 struct {
	Mean, Phi float64
	// Sigma is the standard deviation of the innovations.
	Sigma float64
}

const (
	// fewestForAR1 values leave something to estimate three parameters from.
	fewestForAR1 = 24
	// largestPhi keeps the innovations of a series that hardly returns from
	// vanishing.
	largestPhi = 0.95
)

// FitAR1 estimates the autoregression from a stretch in control of at least
// 24 consecutive values. Phi is the lag-one autocorrelation with Kendall's
// correction for a short series, r + (1 + 3r)/n (Kendall, Biometrika 41 (1954)
// 403–404), within ±0.95. A negative Phi is kept.
func FitAR1(baseline []float64) (AR1, error) {
	if err := finite(baseline); err != nil {
		return AR1{}, err
	}
	n := len(baseline)
	if n < fewestForAR1 {
		return AR1{}, fmt.Errorf("whitening: %d values in control; want at least %d", n, fewestForAR1)
	}
	a := AR1{Mean: stat.Mean(baseline, nil)}
	var own, next float64
	for i, v := range baseline {
		own += (v - a.Mean) * (v - a.Mean)
		if i > 0 {
			next += (v - a.Mean) * (baseline[i-1] - a.Mean)
		}
	}
	if own <= 1e-20*float64(n)*a.Mean*a.Mean || own == 0 {
		return AR1{}, fmt.Errorf("whitening: the %d values in control are all %g; nothing says how much they vary", n, a.Mean)
	}
	r := next / own
	a.Phi = min(largestPhi, max(-largestPhi, r+(1+3*r)/float64(n)))
	sum := 0.0
	for i := 1; i < n; i++ {
		e := baseline[i] - a.Mean - a.Phi*(baseline[i-1]-a.Mean)
		sum += e * e
	}
	// The mean and Phi were estimated from the n−1 innovations.
	a.Sigma = math.Sqrt(sum / float64(n-3))
	return a, nil
}

// Whiten gives the innovations in standard deviations: independent with mean 0
// and deviation 1 in control, as charts and run lengths want them. The first
// value is taken as one of the stationary series. A lasting shift of d shows
// as d·(1 − Phi)/Sigma, and as d/Sigma in its first month.
func (a AR1) Whiten(values []float64) ([]float64, error) {
	if err := finite(values); err != nil {
		return nil, err
	}
	if !(math.Abs(a.Phi) < 1) || !(a.Sigma > 0) || math.IsInf(a.Sigma, 0) || math.IsNaN(a.Mean) || math.IsInf(a.Mean, 0) {
		return nil, fmt.Errorf("whitening: mean %g, phi %g, sigma %g: want phi between -1 and 1 and sigma positive", a.Mean, a.Phi, a.Sigma)
	}
	out := make([]float64, len(values))
	for i, v := range values {
		e := (v - a.Mean) * math.Sqrt(1-a.Phi*a.Phi)
		if i > 0 {
			e = v - a.Mean - a.Phi*(values[i-1]-a.Mean)
		}
		out[i] = e / a.Sigma
	}
	return out, nil
}
