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

// unlinked marks a person without a usable ID.
const unlinked = "REG_UNLINKED"

// linkMeasures are the persons of each status, and the share that can be linked.
var linkMeasures = []measure{
	{"survey_employed_by_register", survey.Total, func(p *person) (float64, float64) { return is(p.status == 1), is(p.status > 0) }, false},
	{"survey_unemployed_by_register", survey.Total, func(p *person) (float64, float64) { return is(p.status == 2), is(p.status > 0) }, false},
	{"survey_inactive_by_register", survey.Total, func(p *person) (float64, float64) { return is(p.status == 3), is(p.status > 0) }, false},
}

// surveyLinks computes the survey's statuses by what the registers hold.
func surveyLinks(c *config.Config) transform.Computation {
	return transform.Computation{
		Key:     fmt.Sprint("1 ", c.Survey.LonelyPSU, c.Survey.Confidence),
		Columns: estimateColumns,
		Run: func(_ context.Context, in *transform.Input, months []period.Period, put func(...driver.Value) error) error {
			s, err := readSample(in)
			if err != nil {
				return err
			}
			byRegister := func(c cell, add func(domain)) {
				if c.register != "" {
					add(domain{total, total, total, c.register})
				}
			}
			e := newEstimator(newTables(s, linkMeasures, c.Survey.LonelyPSU, byRegister), c.Survey.Confidence, put)
			rate := newEstimator(newTables(s, []measure{linkRate(s)}, c.Survey.LonelyPSU, func(_ cell, add func(domain)) {
				add(domain{total, total, total, total})
			}), c.Survey.Confidence, put)
			for _, m := range months {
				if !linked(s, m) {
					continue // nobody has an ID, or no register is there: nothing is compared
				}
				if err := e.levels(m); err != nil {
					return err
				}
				if err := rate.levels(m); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// linkRate is the share of persons in scope who can be linked.
func linkRate(s *sample) measure {
	can := make([]bool, len(s.cells))
	for i, c := range s.cells {
		can[i] = c.register != unlinked
	}
	return measure{"survey_link_rate", survey.Ratio, func(p *person) (float64, float64) {
		return is(p.status > 0 && can[p.cell]), is(p.status > 0)
	}, false}
}

// linked reports whether any person of a month is found in a register.
func linked(s *sample, m period.Period) bool {
	for i := range s.months[m] {
		switch s.cells[s.months[m][i].cell].register {
		case "", unlinked, "REG_NONE":
		default:
			return true
		}
	}
	return false
}

// levels puts the levels of a month, those of nobody as 0 without an error.
func (e *estimator) levels(m period.Period) error {
	t, err := e.of(m)
	if err != nil || t == nil {
		return err
	}
	for d, dom := range e.domains {
		for k := range e.measures {
			f, ok := e.own(t, d, k)
			if !ok {
				continue
			}
			if f.kind == survey.Total && f.value == 0 {
				f.se = math.NaN()
			}
			if err := e.emit(m, dom, f); err != nil {
				return err
			}
		}
	}
	return nil
}
