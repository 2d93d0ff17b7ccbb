package monthly

import "laborwatch/survey"

// measure is one of the figures that are estimated in every domain.
type measure struct {
	code string
	kind survey.Kind
	// of gives a person's part in numerator and denominator; of a total the
	// denominator tells who counts as a person that it rests on.
	of func(p *person) (num, den float64)
	// pooled measures are estimated over three months too.
	pooled bool
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func inForce(status int8) bool { return status == 1 || status == 2 }

// measures of the labor force by the rule in force; LU1 is the unemployment rate
// itself, LU2 to LU4 as the resolution of the 19th ICLS (2013) defines them.
var measures = []measure{
	{"surveyed_unemployment_rate", survey.Ratio, func(p *person) (float64, float64) { return is(p.status == 2), is(inForce(p.status)) }, true},
	{"labor_force_participation_rate", survey.Ratio, func(p *person) (float64, float64) { return is(inForce(p.status)), is(p.status > 0) }, true},
	{"employment_rate", survey.Ratio, func(p *person) (float64, float64) { return is(p.status == 1), is(p.status > 0) }, true},
	{"mean_weekly_hours", survey.Mean, func(p *person) (float64, float64) {
		if p.status != 1 || p.hours < 0 {
			return 0, 0
		}
		return p.hours, 1
	}, false},
	{"surveyed_employed", survey.Total, func(p *person) (float64, float64) { return is(p.status == 1), is(inForce(p.status)) }, false},
	{"surveyed_unemployed", survey.Total, func(p *person) (float64, float64) { return is(p.status == 2), is(inForce(p.status)) }, false},
	{"surveyed_labor_force", survey.Total, func(p *person) (float64, float64) { return is(inForce(p.status)), is(inForce(p.status)) }, false},
	{"labor_underutilization_lu2", survey.Ratio, func(p *person) (float64, float64) {
		return is(p.status == 2 || p.status == 1 && p.tru), is(inForce(p.status))
	}, false},
	{"labor_underutilization_lu3", survey.Ratio, func(p *person) (float64, float64) {
		potential := p.status == 3 && p.plf
		return is(p.status == 2 || potential), is(inForce(p.status) || potential)
	}, false},
	{"labor_underutilization_lu4", survey.Ratio, func(p *person) (float64, float64) {
		potential := p.status == 3 && p.plf
		return is(p.status == 2 || p.status == 1 && p.tru || potential), is(inForce(p.status) || potential)
	}, false},
	{"long_term_unemployment_share", survey.Ratio, func(p *person) (float64, float64) {
		return is(p.status == 2 && p.long), is(p.status == 2 && p.known)
	}, false},
	{"surveyed_unemployment_rate_ilo", survey.Ratio, func(p *person) (float64, float64) { return is(p.ilo == 2), is(inForce(p.ilo)) }, false},
}

// medians are the variables whose medians are estimated; −1 is no value.
var medians = []struct {
	code string
	of   func(p *person) float64
}{
	{"median_weekly_hours", func(p *person) float64 {
		if p.status != 1 {
			return -1
		}
		return p.hours
	}},
	{"median_monthly_wage", func(p *person) float64 {
		if p.status != 1 {
			return -1
		}
		return p.wage
	}},
}

func kindsOf(list []measure) []survey.Kind {
	out := make([]survey.Kind, len(list))
	for i, m := range list {
		out[i] = m.kind
	}
	return out
}
