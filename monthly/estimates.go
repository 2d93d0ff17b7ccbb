package monthly

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math"

	"laborwatch/config"
	"laborwatch/period"
	"laborwatch/survey"
	"laborwatch/transform"
)

// estimateColumns are those of core_survey_estimate.
var estimateColumns = []string{
	"period DATE", "contrast VARCHAR", "region VARCHAR", "sex VARCHAR", "age VARCHAR", "pop_group VARCHAR", "measure VARCHAR", "kind VARCHAR",
	"value DOUBLE", "numerator DOUBLE", "denominator DOUBLE", "se DOUBLE", "df BIGINT", "deff DOUBLE", "ci_low DOUBLE", "ci_high DOUBLE",
	"n BIGINT", "n_counted BIGINT",
}

// surveyEstimates computes levels, changes, pooled estimates and averages of
// every measure in every published domain.
func surveyEstimates(c *config.Config) transform.Computation {
	return transform.Computation{
		Key:     fmt.Sprint("1 ", c.Survey.LonelyPSU, c.Survey.Confidence),
		Columns: estimateColumns,
		Run: func(_ context.Context, in *transform.Input, months []period.Period, put func(...driver.Value) error) error {
			s, err := readSample(in)
			if err != nil {
				return err
			}
			e := newEstimator(newTables(s, measures, c.Survey.LonelyPSU, cell.domains), c.Survey.Confidence, put)
			for _, m := range months {
				if err := e.month(m); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// estimator puts the estimates of months.
type estimator struct {
	*tables
	errors *survey.Errors
	level  float64
	put    func(...driver.Value) error
}

func newEstimator(t *tables, level float64, put func(...driver.Value) error) *estimator {
	return &estimator{tables: t, errors: survey.NewErrors(t.frame), level: level, put: put}
}

// figure is an estimate on its way into the cube; NaN is NULL.
type figure struct {
	contrast, measure string
	kind              survey.Kind
	value, num, den   float64
	se, deff          float64
	low, high         float64
	df, n, counted    int
}

func (e *estimator) emit(m period.Period, d domain, f figure) error {
	v := func(x float64) driver.Value {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil
		}
		return x
	}
	return e.put(m.First(), f.contrast, d.region, d.sex, d.age, d.group, f.measure, string(f.kind),
		v(f.value), v(f.num), v(f.den), v(f.se), int64(f.df), v(f.deff), v(f.low), v(f.high), int64(f.n), int64(f.counted))
}

// month puts all estimates of one month.
func (e *estimator) month(m period.Period) error {
	now, err := e.of(m)
	if err != nil || now == nil {
		return err
	}
	then := map[string]*survey.Table{}
	for contrast, back := range map[string]int{"mom": -1, "yoy": -12} {
		if then[contrast], err = e.of(m.Add(back)); err != nil {
			return err
		}
	}
	windows := map[string][]*survey.Table{}
	for name, end := range map[string]period.Period{"pooled": m, "pooled_mom": m.Add(-1), "pooled_yoy": m.Add(-12)} {
		if windows[name], err = e.window(end.Add(-2), end); err != nil {
			return err
		}
	}
	year, err := e.window(period.Of(m.Year(), 1), m)
	if err != nil {
		return err
	}
	for d, dom := range e.domains {
		for k, measure := range e.measures {
			f, ok := e.own(now, d, k)
			if !ok {
				continue
			}
			if err := e.emit(m, dom, f); err != nil {
				return err
			}
			for _, contrast := range []string{"mom", "yoy"} {
				if f, ok := e.change(now, then[contrast], d, k); ok {
					f.contrast = contrast
					if err := e.emit(m, dom, f); err != nil {
						return err
					}
				}
			}
			if measure.pooled {
				if err := e.pooled(m, d, k, windows); err != nil {
					return err
				}
			}
			if k == 0 && dom.sex == total && dom.age == total && dom.group == total {
				if f, ok := e.average(year, d, k); ok {
					if err := e.emit(m, dom, f); err != nil {
						return err
					}
				}
			}
		}
	}
	return e.medians(m)
}

// window gives the tables of months, nil when one of them has no sample.
func (e *estimator) window(from, to period.Period) ([]*survey.Table, error) {
	var out []*survey.Table
	for _, m := range period.Range(from, to) {
		t, err := e.of(m)
		if err != nil || t == nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// own is a level.
func (e *estimator) own(t *survey.Table, d, k int) (figure, bool) {
	est, ok := t.Estimate(d, k)
	f := figure{contrast: "level", measure: e.measures[k].code, kind: e.measures[k].kind}
	if !ok {
		return f, false
	}
	f.value, f.num, f.den, f.n, f.counted = est.Value, est.Numerator, est.Denominator, est.N, t.Counted(d, k)
	if f.kind == survey.Total {
		f.num, f.den = math.NaN(), math.NaN()
	}
	variance := e.error(&f, t.Term(d, k, 1))
	f.deff, _ = t.Deff(d, k, variance)
	e.interval(&f)
	return f, true
}

// error finds a figure's standard error and degrees of freedom. Without degrees
// of freedom a standard error says nothing, be it 0.
func (e *estimator) error(f *figure, terms ...survey.Linear) float64 {
	variance, df, told := e.errors.Of(terms...)
	f.df, f.se = df, math.Sqrt(variance)
	if !told || df < 1 {
		f.se = math.NaN()
	}
	return variance
}

// interval of a level: logit for a ratio, at 0 and 1 Korn and Graubard's limit;
// symmetric for a mean or total, never below 0.
func (e *estimator) interval(f *figure) {
	f.low, f.high = math.NaN(), math.NaN()
	if math.IsNaN(f.se) {
		return
	}
	if f.kind != survey.Ratio {
		if t := survey.TQuantile(e.level, f.df); f.se > 0 {
			f.low, f.high = math.Max(f.value-t*f.se, 0), f.value+t*f.se
		}
		return
	}
	method := survey.Logit
	if f.value <= 0 || f.value >= 1 {
		method = survey.Beta
	} else if f.se == 0 {
		return
	}
	if low, high, ok := survey.Interval(method, f.value, f.se, f.df, f.n, e.level); ok {
		f.low, f.high = low, high
	}
}

// change on an earlier month: a difference, relative for totals.
func (e *estimator) change(now, then *survey.Table, d, k int) (figure, bool) {
	f := figure{measure: e.measures[k].code, kind: e.measures[k].kind, num: math.NaN(), den: math.NaN(), deff: math.NaN()}
	if then == nil {
		return f, false
	}
	a, ok := now.Estimate(d, k)
	b, earlier := then.Estimate(d, k)
	if !ok || !earlier {
		return f, false
	}
	f.n, f.counted = a.N, now.Counted(d, k)
	if f.kind == survey.Total {
		if b.Value == 0 { // relative to nothing there is no change
			return f, false
		}
		f.value, f.num, f.den = a.Value/b.Value-1, a.Value-b.Value, b.Value
		e.error(&f, now.Term(d, k, 1/b.Value), then.Term(d, k, -a.Value/(b.Value*b.Value)))
	} else {
		f.value = a.Value - b.Value
		e.error(&f, now.Term(d, k, 1), then.Term(d, k, -1))
	}
	f.kind = "change"
	e.symmetric(&f)
	return f, true
}

// symmetric is a change's interval.
func (e *estimator) symmetric(f *figure) {
	f.low, f.high = math.NaN(), math.NaN()
	if t := survey.TQuantile(e.level, f.df); f.se > 0 && !math.IsNaN(t) {
		f.low, f.high = f.value-t*f.se, f.value+t*f.se
	}
}

// pooled puts the estimates over three months, and their changes.
func (e *estimator) pooled(m period.Period, d, k int, windows map[string][]*survey.Table) error {
	type side struct {
		est   survey.Estimate
		terms []survey.Linear
	}
	sides := map[string]side{}
	for name, w := range windows {
		if w == nil {
			continue
		}
		if est, terms, ok := survey.Pooled(w, d, k); ok {
			sides[name] = side{est, terms}
		}
	}
	now, ok := sides["pooled"]
	if !ok {
		return nil
	}
	f := figure{
		contrast: "pooled", measure: e.measures[k].code, kind: e.measures[k].kind, deff: math.NaN(),
		value: now.est.Value, num: now.est.Numerator, den: now.est.Denominator, n: now.est.N,
	}
	for _, t := range windows["pooled"] {
		f.counted += t.Counted(d, k)
	}
	e.error(&f, now.terms...)
	e.interval(&f)
	if err := e.emit(m, e.domains[d], f); err != nil {
		return err
	}
	for _, name := range []string{"pooled_mom", "pooled_yoy"} {
		then, ok := sides[name]
		if !ok {
			continue
		}
		g := f
		g.contrast, g.kind, g.num, g.den = name, "change", math.NaN(), math.NaN()
		g.value = now.est.Value - then.est.Value
		terms := append([]survey.Linear(nil), now.terms...)
		for _, l := range then.terms {
			l.Factor = -l.Factor
			terms = append(terms, l)
		}
		e.error(&g, terms...)
		e.symmetric(&g)
		if err := e.emit(m, e.domains[d], g); err != nil {
			return err
		}
	}
	return nil
}

// average of the months' levels.
func (e *estimator) average(months []*survey.Table, d, k int) (figure, bool) {
	f := figure{contrast: "average", measure: e.measures[k].code, kind: e.measures[k].kind, num: math.NaN(), den: math.NaN(), deff: math.NaN()}
	if len(months) == 0 {
		return f, false
	}
	var terms []survey.Linear
	share := 1 / float64(len(months))
	for _, t := range months {
		est, ok := t.Estimate(d, k)
		if !ok {
			return f, false
		}
		f.value += share * est.Value
		f.n += est.N
		f.counted += t.Counted(d, k)
		terms = append(terms, t.Term(d, k, share))
	}
	e.error(&f, terms...)
	e.interval(&f)
	return f, true
}
