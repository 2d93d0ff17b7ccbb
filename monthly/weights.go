package monthly

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"time"

	"laborwatch/config"
	"laborwatch/messages"
	"laborwatch/period"
	"laborwatch/transform"
)

// surveyWeights makes the weights of every month's persons.
func surveyWeights(c config.Weighting) transform.Computation {
	return transform.Computation{
		Key: fmt.Sprintf("1 %+v", c),
		Columns: []string{
			"period DATE", "household VARCHAR", "person_no VARCHAR", "weight_e6 BIGINT", "base_e6 BIGINT", "response DOUBLE", "g DOUBLE",
			"margin1 VARCHAR", "margin2 VARCHAR", "margin3 VARCHAR",
		},
		Run: func(_ context.Context, in *transform.Input, months []period.Period, put func(...driver.Value) error) error {
			all, err := readFielded(in)
			if err != nil {
				return err
			}
			for _, m := range months {
				f := all[m]
				if f == nil {
					continue
				}
				w, err := f.weigh(c)
				if err != nil {
					return fmt.Errorf("%s: %w", m, err)
				}
				if err := w.put(m, f, put); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// fielded is a month's sample with those who did not answer, and the totals.
type fielded struct {
	rows   []interview
	totals []populationTotal
}

// interview is a person, or a household that did not answer.
type interview struct {
	household, person      string
	region, stratum, class string
	sex, age, hukou        string
	answered               bool
	base, given            float64 // NaN where there is none
}

// populationTotal is a cell's persons; total in what it is not told by.
type populationTotal struct {
	region, sex, age, hukou string
	persons                 float64
}

func readFielded(in *transform.Input) (map[period.Period]*fielded, error) {
	r, err := newReader(in, "kind", "period", "household", "person_no", "region", "stratum", "class", "responded",
		"sex", "age", "hukou", "base_weight_e6", "weight_e6", "persons")
	if err != nil {
		return nil, err
	}
	out := map[period.Period]*fielded{}
	err = in.Each(func(row []driver.Value) error {
		at, _ := r.of(row, 1).(time.Time)
		m := period.FromTime(at)
		if out[m] == nil {
			out[m] = &fielded{}
		}
		f := out[m]
		text := func(i int) string { s, _ := r.of(row, i).(string); return s }
		if number(r.of(row, 0), 0) == 1 {
			f.totals = append(f.totals, populationTotal{text(4), text(8), text(9), text(10), number(r.of(row, 13), 0)})
			return nil
		}
		f.rows = append(f.rows, interview{
			household: text(2), person: text(3), region: text(4), stratum: text(5), class: text(6), sex: text(8), age: text(9), hukou: text(10),
			answered: yes(r.of(row, 7)),
			base:     number(r.of(row, 11), math.NaN()) / 1e6, given: number(r.of(row, 12), math.NaN()) / 1e6,
		})
		return nil
	})
	return out, err
}

// weights of a month's rows; of a household that did not answer 0.
type weights struct {
	final, base, response, g []float64
	margins                  [][maxMargins]string
	how                      *weighed
}

func newWeights(n int) *weights {
	w := &weights{
		final: make([]float64, n), base: make([]float64, n), response: make([]float64, n), g: make([]float64, n),
		margins: make([][maxMargins]string, n),
	}
	for i := range n {
		w.response[i], w.g[i] = 1, 1
	}
	return w
}

// weigh makes a month's weights. Where the model selects it at all, it has base
// weights and totals, unless the configuration asks for calibration without them.
func (f *fielded) weigh(c config.Weighting) (*weights, error) {
	based, persons := 0, 0
	for i := range f.rows {
		if f.rows[i].answered {
			persons++
			based += int(is(f.rows[i].base > 0))
		}
	}
	if based < persons || len(f.totals) == 0 {
		return nil, errors.New(messages.Beside("weighting.method is calibrated, and of %d persons who answered %d have a base weight, with %d population totals in force; load them, or set weighting.method to auto", persons, based, len(f.totals)))
	}
	return f.calibrate(c)
}

// put stores the weights of those who answered, in millionths.
func (w *weights) put(m period.Period, f *fielded, put func(...driver.Value) error) error {
	for i := range f.rows {
		r := &f.rows[i]
		if !r.answered {
			continue
		}
		g := w.margins[i]
		err := put(m.First(), r.household, r.person, int64(math.Round(w.final[i]*1e6)), int64(math.Round(w.base[i]*1e6)), w.response[i], w.g[i], g[0], g[1], g[2])
		if err != nil {
			return err
		}
	}
	return nil
}
