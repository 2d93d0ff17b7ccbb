package releasetest

import (
	"math"

	"laborwatch/config"
	"laborwatch/cube"
	"laborwatch/period"
)

// behind adds what stands behind the rate: three months pooled, the county
// model, underutilization, the registers and the sample's design.
func (m *maker) behind(i int, p period.Period) {
	rate := 0.051 * wave(i, 5)
	if i >= 2 { // the first two months have no two before them
		m.pooled(p, rate)
	}
	for _, sex := range []string{cube.Total, "M", "F"} {
		m.underuse(cube.K("", p).With(cube.Sex, sex), rate, 2380)
	}
	for j, age := range []string{"Y16T24", "Y25T29", "Y30T59", "Y_GE60"} {
		m.underuse(cube.K("", p).With(cube.Age, age), rate*[]float64{2.6, 1.35, 0.8, 0.45}[j], []int64{160, 240, 1700, 280}[j])
	}
	m.register(p)
	m.sampled(cube.K("survey_link_rate", p), 0.981, 0.002, 3600)
	response, deff := cube.K("survey_response_rate", p), cube.K(cube.Headline+"_deff", p)
	m.counted(response, 1680)
	*m.out[len(m.out)-1].Value = 0.873
	m.add(deff, 1.31, nil)
	for j, r := range m.cfg.Regions {
		if r.Kind == "zone" {
			continue
		}
		m.counted(response.With(cube.Region, r.Code), 170-6*float64(j))
		*m.out[len(m.out)-1].Value = 0.9 - 0.01*float64(j)
		m.add(deff.With(cube.Region, r.Code), 1.2+0.02*float64(j), nil)
	}
}

// pooled adds the rates of three months, the mean since January and the model's.
func (m *maker) pooled(p period.Period, rate float64) {
	key, mean := cube.K(cube.Headline+"_3m", p), cube.K(cube.Headline+"_avg", p)
	m.sampled(key, rate, 0.0029, 7100)
	m.sampled(mean, rate*1.01, 0.0018, 22000)
	for j, r := range m.cfg.Regions {
		if r.Kind == "zone" {
			continue
		}
		n := int64(700 - 60*j)
		if j == 2 {
			n = 24 // too few to publish, but not for the model
		}
		v := rate * (0.8 + 0.05*float64(j))
		m.sampled(key.With(cube.Region, r.Code), v, 0.17/math.Sqrt(float64(n)), n)
		m.sampled(mean.With(cube.Region, r.Code), v*1.01, 0.14/math.Sqrt(float64(n)), 3*n)
		m.model(p, r.Code, j, v*1.02, n)
	}
	for j, sex := range []string{"M", "F"} {
		m.sampled(key.With(cube.Sex, sex), rate*(0.94+0.13*float64(j)), 0.0038, 3800-int64(j)*500)
	}
	for j, age := range []string{"Y16T24", "Y25T29", "Y30T59", "Y_GE60"} {
		v, n := rate*[]float64{2.6, 1.35, 0.8, 0.45}[j], []int64{480, 720, 5100, 840}[j]
		m.sampled(key.With(cube.Age, age), v, 0.22/math.Sqrt(float64(n)), n)
		if j < 3 {
			m.sampled(key.With(cube.Age, age).With(cube.PopGroup, "NON_STUDENT"), v*1.04, 0.22/math.Sqrt(float64(n)), n-27)
		}
	}
	for j, g := range []string{"LOCAL", "MIGRANT", "MIGRANT_AGRI"} {
		m.sampled(key.With(cube.PopGroup, g), rate*(1.02-0.06*float64(j)), 0.003+0.002*float64(j), 5700-2100*int64(j))
	}
}

// model adds a county's estimate by the model. The third county has few persons
// and yet one; the last has one that its own error forbids to publish.
func (m *maker) model(p period.Period, region string, j int, v float64, n int64) {
	m.add(cube.K(cube.Headline+"_model", p).With(cube.Region, region), v, func(o *cube.Observation) {
		se := 0.006
		o.ObsStatus, o.Quality, o.N = "E", "publish", &n
		switch j {
		case 2:
			o.Quality, o.Reason = "caution", "cv"
			se = v * 0.25
		case 9:
			o.Quality, o.Reason = "unreliable", "cv"
			se = v * 0.4
		}
		o.SE, o.CILow, o.CIHigh = &se, new(v-1.96*se), new(v+1.96*se)
	})
	m.add(cube.K("county_model_shrinkage", p).With(cube.Region, region), 0.35+0.02*float64(j), func(o *cube.Observation) {
		o.ObsStatus, o.N = "E", &n
	})
}

// underuse adds the measures beside the rate, and medians.
func (m *maker) underuse(k cube.Key, rate float64, n int64) {
	root := math.Sqrt(float64(n))
	for j, code := range []string{"labor_underutilization_lu2", "labor_underutilization_lu3", "labor_underutilization_lu4", cube.Headline + "_ilo"} {
		m.sampled(k.Of(code), rate*[]float64{1.5, 1.4, 1.9, 0.9}[j], 0.25/root, n)
	}
	m.sampled(k.Of("long_term_unemployment_share"), 0.17, 0.4/math.Sqrt(float64(n)*0.051), int64(float64(n)*0.051))
	m.sampled(k.Of("median_weekly_hours"), 45, 0.3, n)
	m.sampled(k.Of("median_monthly_wage"), 469000, 4800, n)
	if k.Dim(cube.Sex) != cube.Total || k.Dim(cube.Age) != cube.Total {
		m.sampled(k.Of("labor_force_participation_rate"), 0.64, 0.6/root, n+1300)
		m.sampled(k.Of("employment_rate"), 0.6, 0.6/root, n+1300)
		m.sampled(k.Of("mean_weekly_hours"), 46.2, 0.4, n)
	}
}

// register adds the statuses by register. Of the unemployed only those who
// cannot be linked are too few, so that the insured go with them.
func (m *maker) register(p period.Period) {
	for _, status := range []struct {
		code   string
		values []float64 // insured, registered, in no record, not linked
		errors []float64
	}{
		{"survey_employed_by_register", []float64{54800, 0, 37200, 1900}, []float64{1100, 0, 1200, 300}},
		{"survey_unemployed_by_register", []float64{456, 1600, 3300, 44}, []float64{70, 180, 430, 43}},
		{"survey_inactive_by_register", []float64{112, 270, 58900, 1100}, []float64{78, 125, 1170, 200}},
	} {
		for j, class := range []string{"REG_INSURED", "REG_REGISTERED", "REG_NONE", "REG_UNLINKED"} {
			v, e := status.values[j], status.errors[j]
			m.sampled(cube.K(status.code, p).With(cube.PopGroup, class), v, e, []int64{1221, 42, 2273, 69}[j])
			if v == 0 {
				o := &m.out[len(m.out)-1]
				o.SE, o.CILow, o.CIHigh = nil, nil, nil
				o.Quality, o.ObsStatus, o.Reason = "unreliable", "N", "no_case"
			}
		}
	}
	m.sampled(cube.K("surveyed_employed", p), 93900, 1200, 2380)
	m.sampled(cube.K("surveyed_unemployed", p), 5400, 480, 2380)
}

// Season is the adjusted series of the city and its charts, which a cube holds
// only after five years of months: in the last month all three charts warn.
func Season(cfg *config.Config) []cube.Observation {
	m := &maker{cfg: cfg}
	for i, p := range period.Range(First, Last) {
		rate := 0.051 * wave(i, 5)
		last := 0.0
		if p == Last {
			last = 1
		}
		chart := func(code string, v, low, high float64) {
			m.add(cube.K(code, p), v, func(o *cube.Observation) {
				o.ObsStatus = "E"
				if low != 0 {
					o.CILow = &low
				}
				if high != 0 {
					o.CIHigh = &high
				}
			})
		}
		chart(cube.Headline+"_sa", rate*0.99, 0, 0)
		chart(cube.Headline+"_trend", rate*0.98, 0, 0)
		chart("surveyed_rate_sahm", 0.0012+0.0045*last, 0, 0)
		m.out[len(m.out)-1].SE = new(0.002)
		chart("surveyed_rate_ewma", 0.31+0.9*last, -0.95, 0.95)
		chart("surveyed_rate_cusum", 1.4+2*last, 0, 3.02)
	}
	return m.out
}
