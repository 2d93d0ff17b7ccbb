// Package seasonal adjusts monthly series: the month in which the Spring
// Festival falls is taken out by regression, the seasonal pattern by STL
// (Cleveland et al. 1990). X-13ARIMA-SEATS is an optional external program
// beside it, never required.
//
// In goes a whole monthly series, out come its components, the adjusted series
// and how far it can be trusted. The adjusted series is experimental: the
// headline stays unadjusted.
package seasonal

import (
	"errors"
	"fmt"
	"math"

	"laborwatch/messages"
	"laborwatch/period"
)

// MinimumMonths is the shortest series that is adjusted: five years.
const MinimumMonths = 60

// Observation is one month's value.
type Observation struct {
	Month period.Period
	Value float64
}

// Options of Adjust. The zero value is robust STL in levels with a seasonal
// window of 13 and the Spring Festival with windows of 20, 7 and 20 days.
type Options struct {
	// Log decomposes the logarithm: the season multiplies.
	Log bool
	// SeasonalWindow of STL; 0 means 13. Periodic keeps the season constant.
	SeasonalWindow int
	Periodic       bool
	// NotRobust gives every month the same weight.
	NotRobust bool
	// NoFestival leaves the Spring Festival alone.
	NoFestival bool
	// Windows of the festival in days; zero means 20, 7, 20.
	Windows Windows
	// Level is the two-sided level at which a part of the festival must be
	// significant to stay; 0 means 0.01. In series of eight years the t values
	// are somewhat too large (a part without effect passes 0.05 in a tenth of
	// cases), and a part that comes and goes is worse than a small one missed.
	Level float64
}

// Adjustment of a series. Under Options.Log seasonal, festival and remainder are
// factors about 1, else differences about 0 in the unit of the series; trend
// and adjusted are in its unit in both cases.
type Adjustment struct {
	Months                                                            []period.Period
	Original, Seasonal, Festival, Trend, Remainder, Adjusted, Weights []float64
	// Log as in the options.
	Log bool
	// Effects are the parts of the festival that were tried, in the order
	// before, during, after.
	Effects []Effect
	// Diagnostics of the decomposition.
	Diagnostics Diagnostics
	// Revisions of the last twelve months, oldest first.
	Revisions []Revision
	// MeanRevision and LargestRevision are of their absolute values.
	MeanRevision, LargestRevision float64
}

// Revision compares a month's adjusted value as it was when the month was the
// newest with what it is now that all months are known. The festival and the
// season are estimated anew each time.
type Revision struct {
	Month      period.Period
	First, Now float64
}

// Fault is a series that cannot be adjusted.
type Fault struct {
	key  string
	args []any
}

// Error is the fault in English, for engineers.
func (f *Fault) Error() string { return f.Text(messages.EN) }

// Text is the fault in words.
func (f *Fault) Text(lang messages.Lang) string { return messages.T(lang, f.key, f.args...) }

// Adjust adjusts a series of consecutive months, at least MinimumMonths of
// them. It returns a *Fault for a series that is too short, has a gap or a value
// that cannot be used.
func Adjust(series []Observation, o Options) (*Adjustment, error) {
	o, err := o.checked()
	if err != nil {
		return nil, err
	}
	if err := checkSeries(series, o); err != nil {
		return nil, err
	}
	a, err := adjust(series, o)
	if err != nil {
		return nil, err
	}
	if err := a.revise(series, o); err != nil {
		return nil, err
	}
	return a, nil
}

func (o Options) checked() (Options, error) {
	if o.SeasonalWindow == 0 {
		o.SeasonalWindow = 13
	}
	if (o.Windows == Windows{}) {
		o.Windows = Windows{Before: 20, During: 7, After: 20}
	}
	if o.Level == 0 {
		o.Level = 0.01
	}
	var faults []error
	if o.SeasonalWindow < 7 || o.SeasonalWindow%2 == 0 {
		faults = append(faults, fmt.Errorf("seasonal window %d: want an odd number from 7 on", o.SeasonalWindow))
	}
	// Further back, the window would reach into the year before.
	if w := o.Windows; w.Before < 0 || w.Before > 20 || w.During < 0 || w.After < 0 || w.During+w.After > 60 {
		faults = append(faults, fmt.Errorf("festival windows of %d, %d and %d days: want at most 20 before and 60 from the festival on", w.Before, w.During, w.After))
	}
	if !(o.Level > 0 && o.Level < 1) {
		faults = append(faults, fmt.Errorf("level %g: want a probability", o.Level))
	}
	return o, errors.Join(faults...)
}

func checkSeries(series []Observation, o Options) error {
	for i, v := range series {
		switch {
		case i > 0 && v.Month <= series[i-1].Month:
			return &Fault{"seasonal.fault.order", []any{v.Month.String()}}
		case i > 0 && v.Month != series[i-1].Month.Add(1):
			return &Fault{"seasonal.fault.gap", []any{series[i-1].Month.Add(1).String()}}
		case math.IsNaN(v.Value) || math.IsInf(v.Value, 0):
			return &Fault{"seasonal.fault.gap", []any{v.Month.String()}}
		case o.Log && v.Value <= 0:
			return &Fault{"seasonal.fault.log", []any{v.Month.String()}}
		case !o.NoFestival && (v.Month.Year() < firstFestival || v.Month.Year() > lastFestival):
			return &Fault{"seasonal.fault.festival", []any{v.Month.String(), firstFestival, lastFestival}}
		}
	}
	if n := len(series); n < MinimumMonths {
		return &Fault{"seasonal.fault.short", []any{MinimumMonths, n, MinimumMonths - n}}
	}
	return nil
}

// adjust is Adjust without the checks and the revisions.
func adjust(series []Observation, o Options) (*Adjustment, error) {
	a := &Adjustment{Log: o.Log}
	y := make([]float64, len(series))
	for i, v := range series {
		a.Months, a.Original = append(a.Months, v.Month), append(a.Original, v.Value)
		y[i] = v.Value
		if o.Log {
			y[i] = math.Log(v.Value)
		}
	}
	a.Festival = make([]float64, len(y))
	if !o.NoFestival {
		var err error
		if a.Festival, a.Effects, err = festivalEffect(a.Months, y, o); err != nil {
			return nil, err
		}
	}
	calm := make([]float64, len(y))
	for i := range y {
		calm[i] = y[i] - a.Festival[i]
	}
	d, err := Decompose(calm, Parameters{
		Period: 12, SeasonalWindow: o.SeasonalWindow, Periodic: o.Periodic, Robust: !o.NotRobust,
	})
	if err != nil {
		return nil, err
	}
	a.Diagnostics = diagnose(a.Months, d)
	a.Seasonal, a.Trend, a.Remainder, a.Weights = d.Seasonal, d.Trend, d.Remainder, d.Weights
	a.Adjusted = make([]float64, len(y))
	for i := range y {
		a.Adjusted[i] = calm[i] - d.Seasonal[i]
	}
	if o.Log {
		for _, v := range [][]float64{a.Seasonal, a.Festival, a.Trend, a.Remainder, a.Adjusted} {
			for i := range v {
				v[i] = math.Exp(v[i])
			}
		}
	}
	return a, nil
}

// revise adjusts the series as it stood at each of the last twelve months.
func (a *Adjustment) revise(series []Observation, o Options) error {
	const months = 12
	for n := len(series) - months + 1; n <= len(series); n++ {
		then := a
		if n < len(series) {
			var err error
			if then, err = adjust(series[:n], o); err != nil {
				return fmt.Errorf("the series as of %s: %w", series[n-1].Month, err)
			}
		}
		r := Revision{Month: series[n-1].Month, First: then.Adjusted[n-1], Now: a.Adjusted[n-1]}
		a.Revisions = append(a.Revisions, r)
		off := math.Abs(r.Now - r.First)
		a.MeanRevision += off / months
		a.LargestRevision = max(a.LargestRevision, off)
	}
	return nil
}
