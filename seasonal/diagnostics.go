package seasonal

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"laborwatch/period"
)

// Diagnostics say how much season there is to take out.
type Diagnostics struct {
	// SeasonalStrength and TrendStrength are 1 − V(remainder)/V(component +
	// remainder), cut at 0: none at 0, all at 1 (Wang, Smith and Hyndman, Data
	// Mining and Knowledge Discovery 13 (2006) 335–364).
	SeasonalStrength, TrendStrength float64
	// StableF tests whether the calendar months differ: one-way analysis of
	// variance of season and remainder, the form of X-11's test for stable
	// seasonality in table D8, with StableDF degrees of freedom. X-11 calls
	// seasonality present at StableP below 0.001. F is MaxF when the remainder
	// is nothing.
	StableF  float64
	StableDF [2]int
	StableP  float64
}

// MaxF stands for an F statistic without an error to divide by.
const MaxF = 1e12

func diagnose(months []period.Period, d *Decomposition) Diagnostics {
	var out Diagnostics
	n := len(months)
	detrended, deseasonalized := make([]float64, n), make([]float64, n)
	for i := range months {
		detrended[i] = d.Seasonal[i] + d.Remainder[i]
		deseasonalized[i] = d.Trend[i] + d.Remainder[i]
	}
	// What is left of rounding is no season.
	if stat.StdDev(detrended, nil) <= 1e-12*floats.Norm(d.Trend, math.Inf(1)) {
		return Diagnostics{StableDF: [2]int{11, n - 12}, StableP: 1}
	}
	out.SeasonalStrength = strength(d.Remainder, detrended)
	out.TrendStrength = strength(d.Remainder, deseasonalized)

	var sum [12]float64
	var count [12]int
	for i, p := range months {
		sum[p.Month()-1] += detrended[i]
		count[p.Month()-1]++
	}
	mean := stat.Mean(detrended, nil)
	between, within := 0.0, 0.0
	for m := range sum {
		off := sum[m]/float64(count[m]) - mean
		between += float64(count[m]) * off * off
	}
	for i, p := range months {
		off := detrended[i] - sum[p.Month()-1]/float64(count[p.Month()-1])
		within += off * off
	}
	out.StableDF = [2]int{11, n - 12}
	between /= 11
	within /= float64(n - 12)
	out.StableF = MaxF
	if within > between/MaxF {
		out.StableF = between / within
		out.StableP = distuv.F{D1: 11, D2: float64(n - 12)}.Survival(out.StableF)
	}
	return out
}

func strength(remainder, with []float64) float64 {
	all := stat.Variance(with, nil)
	if all == 0 {
		return 0
	}
	return max(0, 1-stat.Variance(remainder, nil)/all)
}
