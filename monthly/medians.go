package monthly

import (
	"math"

	"laborwatch/period"
	"laborwatch/survey"
)

// medians puts the medians of a month with Woodruff's intervals.
func (e *estimator) medians(m period.Period) error {
	t, err := e.of(m)
	if err != nil {
		return err
	}
	r, err := e.rowsOf(m)
	if err != nil {
		return err
	}
	persons := e.sample.months[m]
	y := make([]float64, len(persons))
	for _, x := range medians {
		for i := range persons {
			y[i] = math.NaN()
			if v := x.of(&persons[i]); v >= 0 {
				y[i] = v
			}
		}
		values := survey.NewValues(t, r, y)
		for d, dom := range e.domains {
			q, ok := values.Of(e.errors, d, .5, e.level)
			if !ok {
				continue
			}
			err := e.emit(m, dom, figure{
				contrast: "level", measure: x.code, kind: survey.Median, value: q.Value, num: math.NaN(), den: math.NaN(), deff: math.NaN(),
				se: q.SE, low: q.Low, high: q.High, df: q.DF, n: q.N, counted: q.N,
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
