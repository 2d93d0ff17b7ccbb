package monthly

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math"
	"time"

	"laborwatch/config"
	"laborwatch/control"
	"laborwatch/period"
	"laborwatch/seasonal"
	"laborwatch/transform"
)

// The charts' designs: EWMA as its average run length of 370 months in control
// asks, CUSUM one-sided with 120 (methodology of the early warnings).
const (
	ewmaLambda, ewmaL = 0.2, 2.86
	cusumK, cusumH    = 0.5, 3.02
)

// season adjusts the city's rate and charts it.
func season(c config.Seasonal) transform.Computation {
	return transform.Computation{
		Key: fmt.Sprint("1 ", c.MinMonths, c.Festival, c.X13),
		Columns: []string{
			"period DATE", "method VARCHAR", "original DOUBLE", "seasonal DOUBLE", "festival DOUBLE", "trend DOUBLE", "adjusted DOUBLE",
			"sahm DOUBLE", "sahm_se DOUBLE", "sahm_signal BOOLEAN", "ewma DOUBLE", "ewma_low DOUBLE", "ewma_high DOUBLE", "ewma_signal BOOLEAN",
			"cusum DOUBLE", "cusum_limit DOUBLE", "cusum_signal BOOLEAN",
		},
		Run: func(ctx context.Context, in *transform.Input, months []period.Period, put func(...driver.Value) error) error {
			r, err := readRates(in)
			if err != nil {
				return err
			}
			series := r.unbroken()
			if len(series) < c.MinMonths {
				return nil
			}
			rows, err := r.adjust(ctx, series, c)
			if err != nil {
				return err
			}
			for _, m := range months {
				if row, ok := rows[m]; ok {
					if err := put(row...); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
}

// rates are the city's rates with what their errors tell of the samples' overlap.
type rates struct {
	value, se, mom, yoy map[period.Period]float64
	newest              period.Period
}

func readRates(in *transform.Input) (*rates, error) {
	cols, err := newReader(in, "period", "contrast", "value", "se")
	if err != nil {
		return nil, err
	}
	r := &rates{value: map[period.Period]float64{}, se: map[period.Period]float64{}, mom: map[period.Period]float64{}, yoy: map[period.Period]float64{}}
	err = in.Each(func(row []driver.Value) error {
		at, _ := cols.of(row, 0).(time.Time)
		m, se := period.FromTime(at), number(cols.of(row, 3), math.NaN())
		switch cols.of(row, 1) {
		case "level":
			r.value[m], r.se[m] = number(cols.of(row, 2), math.NaN()), se
			r.newest = max(r.newest, m)
		case "mom":
			r.mom[m] = se
		case "yoy":
			r.yoy[m] = se
		}
		return nil
	})
	return r, err
}

// unbroken are the months without a gap that end with the newest.
func (r *rates) unbroken() []seasonal.Observation {
	var out []seasonal.Observation
	first := r.newest
	for _, ok := r.value[first]; ok; _, ok = r.value[first] {
		first--
	}
	for m := first + 1; m <= r.newest; m++ {
		out = append(out, seasonal.Observation{Month: m, Value: r.value[m]})
	}
	return out
}

// correlation of two months' errors so far apart, on average over the months:
// the overlap of the samples makes it for 1 and 12 months, others share nobody.
func (r *rates) correlation(lag int) float64 {
	changes := map[int]map[period.Period]float64{1: r.mom, 12: r.yoy}[lag]
	sum, n := 0.0, 0.0
	for m, se := range changes {
		a, b := r.se[m], r.se[m.Add(-lag)]
		if rho := (a*a + b*b - se*se) / (2 * a * b); !math.IsNaN(rho) && !math.IsInf(rho, 0) {
			sum += math.Max(-1, math.Min(1, rho))
			n++
		}
	}
	if lag == 0 {
		return 1
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// adjust gives a row of the model for every month.
func (r *rates) adjust(ctx context.Context, series []seasonal.Observation, c config.Seasonal) (map[period.Period][]driver.Value, error) {
	method := "stl"
	a, err := seasonal.Adjust(series, seasonal.Options{NoFestival: !c.Festival})
	if err != nil {
		return nil, err
	}
	adjusted, trend, season, festival := a.Adjusted, a.Trend, a.Seasonal, a.Festival
	if c.X13 != "" {
		x, err := seasonal.X13{Path: c.X13}.Run(ctx, series, seasonal.X13Options{Model: "(0 1 1)(0 1 1)", Festival: c.Festival})
		if err != nil {
			return nil, fmt.Errorf("seasonal.x13: %w", err)
		}
		method, adjusted, trend, season, festival = "x13", x.Adjusted, x.Trend, x.Seasonal, x.Festival
	}
	warn, err := r.charts(series, adjusted)
	if err != nil {
		return nil, err
	}
	out := map[period.Period][]driver.Value{}
	for i, o := range series {
		f := 0.0
		if i < len(festival) {
			f = festival[i]
		}
		row := []driver.Value{o.Month.First(), method, o.Value, season[i], f, trend[i], adjusted[i]}
		out[o.Month] = append(row, warn[i]...)
	}
	return out, nil
}

// charts gives the columns of early warning for every month of the series.
func (r *rates) charts(series []seasonal.Observation, adjusted []float64) ([][]driver.Value, error) {
	observed := make([]control.Observation, len(series))
	for i, o := range series {
		observed[i] = control.Observation{Month: o.Month, Value: adjusted[i] * 100}
	}
	sahm, err := control.Sahm(observed)
	if err != nil {
		return nil, err
	}
	// The first five years are in control; what follows is judged against them.
	// Rates that never move give no scale to judge by, and no charts.
	var ewma []control.EWMAPoint
	var cusum []control.CUSUMPoint
	if model, err := control.FitAR1(adjusted[:min(len(adjusted), 60)]); err == nil && model.Sigma > 0 {
		white, err := model.Whiten(adjusted)
		if err != nil {
			return nil, err
		}
		if ewma, err = (control.EWMA{Sigma: 1, Lambda: ewmaLambda, L: ewmaL, Sides: control.Both}).Chart(white); err != nil {
			return nil, err
		}
		if cusum, err = (control.CUSUM{K: cusumK, H: cusumH, Sides: control.Upper}).Chart(white); err != nil {
			return nil, err
		}
	}
	out := make([][]driver.Value, len(series))
	for i, p := range sahm {
		row := []driver.Value{nil, nil, nil}
		if p.HasRise {
			// A month without an error leaves the rise without one, and without a signal.
			se, err := p.RiseSE(func(m period.Period) float64 { return r.se[m] * 100 }, r.correlation)
			if err != nil || math.IsNaN(se) {
				row = []driver.Value{p.Rise / 100, nil, false}
			} else {
				row = []driver.Value{p.Rise / 100, se / 100, control.CityRule.Judge(p.Rise, se) == control.Rising}
			}
		}
		chart := []driver.Value{nil, nil, nil, nil, nil, nil, nil}
		if ewma != nil {
			e, c := ewma[i], cusum[i]
			chart = []driver.Value{e.Average, e.Lower, e.Upper, e.Signal, c.High, cusumH, c.Signal}
		}
		out[i] = append(row, chart...)
	}
	return out, nil
}
