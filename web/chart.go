package web

import (
	"slices"

	"laborwatch/cube"
	"laborwatch/period"
)

// chart is the headline series: data for the drawing, and the same as a table.
type chart struct {
	Data *chartData
	Rows []chartRow
}

// chartData is what the script draws. Values are ratios; null is a gap.
type chartData struct {
	Periods    []string   `json:"periods"`
	Rate       []*float64 `json:"rate"`
	Low        []*float64 `json:"low"`
	High       []*float64 `json:"high"`
	Registered []*float64 `json:"registered"`
	Target     *float64   `json:"target"`
	Names      chartNames `json:"names"`
}

type chartNames struct {
	Rate       string `json:"rate"`
	Band       string `json:"band"`
	Registered string `json:"registered"`
	Target     string `json:"target"`
	Title      string `json:"title"`
}

type chartRow struct {
	Period, Rate, Interval, SE, Registered string
	Grade                                  grade
}

// chartMonths is how far back the dashboard's series goes.
const chartMonths = 36

func (s *server) chart(v view) chart {
	const registered = "registered_unemployment_rate"
	d := &chartData{Names: chartNames{
		Rate: v.name(cube.Headline), Band: v.t("web.chart.band"), Registered: v.name(registered),
		Target: v.t("web.chart.target"), Title: v.t("web.chart.title"),
	}}
	if t := s.Config.Targets.Surveyed; t > 0 {
		d.Target = &t
	}
	var c chart
	first := firstOf(v.snap, cube.Headline, registered)
	if first == 0 {
		return c
	}
	for _, p := range period.Range(max(first, v.period.Add(1-chartMonths)), v.period) {
		o, _ := v.get(cube.K(cube.Headline, p))
		o.Indicator = cube.Headline
		r, _ := v.get(cube.K(registered, p))
		rate := o.Value
		if unfit(o) {
			rate = nil
		}
		d.Periods = append(d.Periods, p.String())
		d.Rate, d.Low, d.High = append(d.Rate, rate), append(d.Low, o.CILow), append(d.High, o.CIHigh)
		d.Registered = append(d.Registered, r.Value)
		c.Rows = append(c.Rows, chartRow{
			Period: p.String(), Rate: v.value(cube.K(cube.Headline, p)), Interval: v.interval(o), SE: points(o), Grade: v.grade(o),
			Registered: v.value(cube.K(registered, p)),
		})
	}
	slices.Reverse(c.Rows)
	c.Data = d
	return c
}

// firstOf is the first month in which one of the indicators has a figure.
func firstOf(s *cube.Snapshot, codes ...string) period.Period {
	first := period.Period(0)
	for _, code := range codes {
		for _, o := range s.Series(cube.K(code, 0)) {
			if o.Value != nil && (first == 0 || o.Period < first) {
				first = o.Period
			}
		}
	}
	return first
}
