// Package control holds the statistical charts of early warning: the Sahm
// indicator, EWMA and CUSUM charts with the average run lengths that their limits
// are chosen by, and the whitening that charts need when samples overlap.
//
// Charts see one series and say where it left its usual range. Nothing here
// knows of alerts, levels or persons.
package control

import (
	"fmt"
	"math"

	"laborwatch/messages"
	"laborwatch/period"
)

// Observation is one month's value; NaN where there is none.
type Observation struct {
	Month period.Period
	Value float64
}

// SahmPoint is the indicator in one month, in the unit of the series.
type SahmPoint struct {
	Month period.Period
	// Mean of this month and the two before; HasMean is false where one of the
	// three is missing.
	Mean    float64
	HasMean bool
	// Rise of the mean over the lowest of the twelve means before it, which
	// leaves the month's own out; Low is the month of that one. HasRise is false
	// where one of the thirteen is missing.
	Rise    float64
	Low     period.Period
	HasRise bool
}

const (
	sahmMean = 3
	sahmBack = 12
)

// Sahm is the recession indicator of Sahm (Direct Stimulus Payments to
// Individuals, in: Recession Ready, Brookings 2019) on consecutive months, to
// be used with a seasonally adjusted rate. It gives one point a month.
func Sahm(series []Observation) ([]SahmPoint, error) {
	out := make([]SahmPoint, len(series))
	for i, v := range series {
		if i > 0 && v.Month != series[i-1].Month.Add(1) {
			return nil, fmt.Errorf("sahm: %s follows %s; want consecutive months, NaN for one without a value", v.Month, series[i-1].Month)
		}
		if math.IsInf(v.Value, 0) {
			return nil, fmt.Errorf("sahm: the value of %s is infinite", v.Month)
		}
		p := &out[i]
		p.Month = v.Month
		if i < sahmMean-1 {
			continue
		}
		mean := (series[i-2].Value + series[i-1].Value + v.Value) / sahmMean
		if math.IsNaN(mean) {
			continue
		}
		p.Mean, p.HasMean = mean, true
		if i < sahmMean-1+sahmBack {
			continue
		}
		low := out[i-1]
		p.HasRise = true
		for _, q := range out[i-sahmBack : i] {
			p.HasRise = p.HasRise && q.HasMean
			if q.Mean < low.Mean {
				low = q
			}
		}
		if p.HasRise {
			p.Rise, p.Low = mean-low.Mean, low.Month
		}
	}
	return out, nil
}

// RiseSE is the standard error of a point's rise from those of the months'
// rates: the rise is a weighted sum of up to six of them, and the errors of
// months whose samples overlap are correlated.
//
//	V = ΣΣ w_i·w_j·se_i·se_j·ρ(|i−j|)
//
// standardError gives a month's standard error, correlation that of errors so
// many months apart (1 at 0; the 2-10-2 rotation shares half of its sample at 1
// and at 12 months). The lowest mean is taken as if it had been known which
// it would be; that it was picked makes rises somewhat larger by chance than V says.
func (p SahmPoint) RiseSE(standardError func(period.Period) float64, correlation func(lag int) float64) (float64, error) {
	if !p.HasRise {
		return 0, fmt.Errorf("sahm: %s has no rise", p.Month)
	}
	weights := map[period.Period]float64{}
	for k := range sahmMean {
		weights[p.Month.Add(-k)] += 1.0 / sahmMean
		weights[p.Low.Add(-k)] -= 1.0 / sahmMean
	}
	months := period.Range(p.Low.Add(1-sahmMean), p.Month)
	variance := 0.0
	for _, a := range months {
		for _, b := range months {
			if weights[a] == 0 || weights[b] == 0 {
				continue
			}
			rho := 1.0
			if a != b {
				rho = correlation(max(int(a-b), int(b-a)))
			}
			variance += weights[a] * weights[b] * standardError(a) * standardError(b) * rho
		}
	}
	if math.IsNaN(variance) || math.IsInf(variance, 0) || variance < 0 {
		return 0, fmt.Errorf("sahm: the standard errors and correlations up to %s make a variance of %g", p.Month, variance)
	}
	return math.Sqrt(variance), nil
}

// Verdict of the city's rule.
type Verdict string

// The verdicts. Their texts are "control.verdict." and the verdict.
const (
	// Rising: the rise is large enough and beyond its sampling error.
	Rising Verdict = "rising"
	// WithinError: large enough, but a sample of this size can do that by chance.
	WithinError Verdict = "within_error"
	// ErrorUnknown: large enough, with no standard error to hold it against.
	ErrorUnknown Verdict = "error_unknown"
	// Quiet: not large enough.
	Quiet Verdict = "quiet"
)

// Text is the verdict in words.
func (v Verdict) Text(lang messages.Lang) string {
	return messages.T(lang, "control.verdict."+string(v))
}

// Rule is when a rise of the city's rate is a warning.
type Rule struct {
	// Rise in percentage points from which on it counts: 0.50 as for the Sahm rule.
	Rise float64
	// Z is the number of standard errors that it must exceed: 1.645, one-sided 5 %.
	Z float64
}

// CityRule is the rule of the methodology.
var CityRule = Rule{Rise: 0.50, Z: 1.645}

// rounding is the share of the threshold that is forgiven: rates of one decimal
// make rises of 0.5 that are 0.4999999999999996 in binary.
const rounding = 1e-9

// Judge a rise, both in percentage points; a standard error of 0 or less, or
// NaN, is unknown.
func (r Rule) Judge(rise, se float64) Verdict {
	switch {
	case !(rise >= r.Rise*(1-rounding)):
		return Quiet
	case !(se > 0):
		return ErrorUnknown
	case rise > r.Z*se:
		return Rising
	}
	return WithinError
}
