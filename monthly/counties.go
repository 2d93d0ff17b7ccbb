package monthly

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"laborwatch/config"
	"laborwatch/period"
	"laborwatch/smallarea"
	"laborwatch/transform"
)

// countyModel estimates the counties of every month by the Fay–Herriot model.
func countyModel(c config.CountyModel) transform.Computation {
	return transform.Computation{
		Key: fmt.Sprint("1 ", c.Method, c.Months, c.Covariates),
		Columns: []string{
			"period DATE", "region VARCHAR", "basis VARCHAR", "reason VARCHAR", "value DOUBLE", "mse DOUBLE", "gamma DOUBLE",
			"direct DOUBLE", "variance DOUBLE", "model DOUBLE", "regression DOUBLE", "residual DOUBLE", "n BIGINT", "a DOUBLE", "factor DOUBLE",
		},
		Run: func(_ context.Context, in *transform.Input, months []period.Period, put func(...driver.Value) error) error {
			all, err := readCounties(in, map[int]string{1: "level", 3: "pooled"}[c.Months])
			if err != nil {
				return err
			}
			for _, m := range months {
				if err := all[m].estimate(m, c, put); err != nil {
					return fmt.Errorf("%s: %w", m, err)
				}
			}
			return nil
		},
	}
}

// counties is what a month knows of its counties.
type counties struct {
	city   county
	direct map[string]county
	x      map[string]map[string]float64
}

// county is the direct estimate of one.
type county struct {
	rate, se, laborForce float64
	n                    float64
}

func readCounties(in *transform.Input, contrast string) (map[period.Period]*counties, error) {
	r, err := newReader(in, "kind", "period", "contrast", "region", "covariate", "value", "se", "denominator", "n", "x")
	if err != nil {
		return nil, err
	}
	out := map[period.Period]*counties{}
	err = in.Each(func(row []driver.Value) error {
		at, _ := r.of(row, 1).(time.Time)
		m := period.FromTime(at)
		if out[m] == nil {
			out[m] = &counties{direct: map[string]county{}, x: map[string]map[string]float64{}}
		}
		region, _ := r.of(row, 3).(string)
		if number(r.of(row, 0), 0) == 1 {
			name, _ := r.of(row, 4).(string)
			if out[m].x[region] == nil {
				out[m].x[region] = map[string]float64{}
			}
			out[m].x[region][name] = number(r.of(row, 9), math.NaN())
			return nil
		}
		if r.of(row, 2) != contrast {
			return nil
		}
		c := county{
			rate: number(r.of(row, 5), 0), se: number(r.of(row, 6), math.NaN()),
			laborForce: number(r.of(row, 7), 0), n: number(r.of(row, 8), 0),
		}
		if region == total {
			out[m].city = c
		} else {
			out[m].direct[region] = c
		}
		return nil
	})
	return out, err
}

// estimate fits the model of a month and puts a row for every county of which
// anything can be said. A month without a direct estimate of the city has none.
func (cs *counties) estimate(m period.Period, c config.CountyModel, put func(...driver.Value) error) error {
	if cs == nil || cs.city.n == 0 || len(cs.direct) == 0 {
		return nil
	}
	regions := slices.Sorted(maps.Keys(cs.direct))
	for r := range cs.x {
		if _, ok := cs.direct[r]; !ok {
			regions = append(regions, r)
		}
	}
	slices.Sort(regions)
	samples := make([]smallarea.Sample, len(regions))
	for i, r := range regions {
		d := cs.direct[r]
		samples[i] = smallarea.Sample{Variance: d.se * d.se, N: d.n}
	}
	variances, _, err := smallarea.Smooth(samples, cs.city.rate)
	if errors.Is(err, smallarea.ErrNoVariance) || cs.city.rate == 0 {
		return nil // the sample tells of no spread to borrow from
	}
	if err != nil {
		return err
	}
	areas := make([]smallarea.Area, len(regions))
	weights := make([]float64, len(regions))
	for i, r := range regions {
		d, sampled := cs.direct[r]
		areas[i] = smallarea.Area{Code: r, Sampled: sampled, Direct: d.rate, Variance: variances[i]}
		for _, name := range c.Covariates {
			x, ok := cs.x[r][name]
			if !ok {
				x = math.NaN()
			}
			areas[i].X = append(areas[i].X, x)
		}
		weights[i] = d.laborForce
	}
	res, err := fit(areas, c)
	if err != nil {
		return err
	}
	bench, err := res.Benchmark(weights, cs.city.rate, smallarea.Ratio)
	if err != nil {
		return err
	}
	for i, a := range res.Areas {
		if a.Basis == smallarea.None {
			continue
		}
		d := cs.direct[regions[i]]
		opt := func(v float64, ok bool) driver.Value {
			if !ok || math.IsNaN(v) {
				return nil
			}
			return v
		}
		err := put(m.First(), a.Code, string(a.Basis), string(a.Reason), min(bench.Values[i], 1), opt(bench.MSE[i], a.HasMSE), a.Gamma,
			opt(d.rate, areas[i].Sampled), opt(variances[i], areas[i].Sampled), a.Value, opt(a.Regression, a.HasRegression),
			opt(a.Residual, a.InFit), int64(d.n), res.A, bench.Factor)
		if err != nil {
			return err
		}
	}
	return nil
}

// fit leaves out covariates that no county has: a register that never came must
// not leave the counties without a model.
func fit(areas []smallarea.Area, c config.CountyModel) (*smallarea.Result, error) {
	names := slices.Clone(c.Covariates)
	for j := len(names) - 1; j >= 0; j-- {
		if slices.ContainsFunc(areas, func(a smallarea.Area) bool { return !math.IsNaN(a.X[j]) }) {
			continue
		}
		names = slices.Delete(names, j, j+1)
		for i := range areas {
			areas[i].X = slices.Delete(areas[i].X, j, j+1)
		}
	}
	method := map[string]smallarea.Method{"reml": smallarea.REML, "ml": smallarea.ML, "fh": smallarea.FH, "pr": smallarea.PrasadRao}[c.Method]
	return smallarea.Fit(areas, smallarea.Options{Method: cmp.Or(method, smallarea.REML), Covariates: names})
}
