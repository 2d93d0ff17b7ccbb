package control

import (
	"errors"
	"fmt"
	"math"
)

// Sides that a chart watches.
type Sides string

// Upper watches for a rise, Lower for a fall.
const (
	Upper Sides = "upper"
	Lower Sides = "lower"
	Both  Sides = "both"
)

// checked refuses anything else.
func (s Sides) checked() error {
	if s != Upper && s != Lower && s != Both {
		return fmt.Errorf("control chart: sides %q: want upper, lower or both", s)
	}
	return nil
}

// EWMA is an exponentially weighted moving average chart (Roberts 1959;
// NIST/SEMATECH e-Handbook of Statistical Methods, section 6.3.2.4).
type EWMA struct {
	// Target is the level in control, Sigma the standard deviation of one value.
	Target, Sigma float64
	// Lambda is the weight of the newest value, above 0 up to 1; L the width of
	// the limits in standard deviations of the average (see EWMALimit).
	Lambda, L float64
	// Asymptotic limits are those that the exact ones widen to; the exact ones
	// find early shifts sooner.
	Asymptotic bool
	Sides      Sides
}

// EWMAPoint is the chart at one value.
type EWMAPoint struct {
	Average, Lower, Upper float64
	Signal                bool
}

// Chart runs over values in order. The average starts at the target.
func (c EWMA) Chart(values []float64) ([]EWMAPoint, error) {
	if err := errors.Join(c.Sides.checked(), finite(values), finite([]float64{c.Target})); err != nil {
		return nil, err
	}
	if !(c.Lambda > 0 && c.Lambda <= 1) || !(c.L > 0) || !(c.Sigma > 0) || math.IsInf(c.L*c.Sigma, 0) {
		return nil, fmt.Errorf("ewma: lambda %g, L %g, sigma %g: want a lambda above 0 up to 1 and the others positive", c.Lambda, c.L, c.Sigma)
	}
	out := make([]EWMAPoint, len(values))
	average := c.Target
	for i, v := range values {
		average = c.Lambda*v + (1-c.Lambda)*average
		variance := c.Lambda / (2 - c.Lambda)
		if !c.Asymptotic {
			variance *= 1 - math.Pow(1-c.Lambda, float64(2*(i+1)))
		}
		width := c.L * c.Sigma * math.Sqrt(variance)
		p := EWMAPoint{Average: average, Lower: c.Target - width, Upper: c.Target + width}
		p.Signal = c.Sides != Lower && average > p.Upper || c.Sides != Upper && average < p.Lower
		out[i] = p
	}
	return out, nil
}

// CUSUM is a tabular cumulative sum chart (Page 1954; NIST/SEMATECH e-Handbook
// of Statistical Methods, section 6.3.2.3).
type CUSUM struct {
	// Target is the level in control. K is the allowance, half of the shift to be
	// found as a rule, and H the limit, all in the unit of the values: with
	// values in standard deviations, K 0.5 and H from CUSUMLimit.
	Target, K, H float64
	Sides        Sides
}

// CUSUMPoint is the chart at one value.
type CUSUMPoint struct {
	// High is max(0, High before + value − Target − K), Low the same downward;
	// a side that is not watched stays 0.
	High, Low float64
	Signal    bool
}

// Chart runs over values in order. Sums go on after a signal.
func (c CUSUM) Chart(values []float64) ([]CUSUMPoint, error) {
	if err := errors.Join(c.Sides.checked(), finite(values), finite([]float64{c.Target})); err != nil {
		return nil, err
	}
	if !(c.K >= 0) || !(c.H > 0) || math.IsInf(c.K+c.H, 0) {
		return nil, fmt.Errorf("cusum: K %g, H %g: want K at least 0 and H positive", c.K, c.H)
	}
	out := make([]CUSUMPoint, len(values))
	var p CUSUMPoint
	for i, v := range values {
		if c.Sides != Lower {
			p.High = max(0, p.High+v-c.Target-c.K)
		}
		if c.Sides != Upper {
			p.Low = max(0, p.Low+c.Target-v-c.K)
		}
		p.Signal = p.High > c.H || p.Low > c.H
		out[i] = p
	}
	return out, nil
}

func finite(values []float64) error {
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("control chart: value %d is %g; leave months without a value out, or begin after them", i+1, v)
		}
	}
	return nil
}
