// Package releasetest makes a small synthetic cube of a city, with every
// indicator that the release and the dashboard show, for tests of both. Its
// figures follow from formulas alone: no chance, no clock.
package releasetest

import (
	"math"
	"strings"
	"time"

	"laborwatch/alert"
	"laborwatch/config"
	"laborwatch/cube"
	"laborwatch/period"
)

// First and Last are the months that the synthetic cube covers.
var (
	First = period.Of(2024, time.September)
	Last  = period.Of(2026, time.October)
)

// maker collects observations.
type maker struct {
	out []cube.Observation
	cfg *config.Config
}

// Observations is the cube of the configured city, with changes on the month
// and on the year, survey figures with errors, one county's survey figure
// unreliable and one of its registers confidential.
func Observations(cfg *config.Config) []cube.Observation {
	m := &maker{cfg: cfg}
	for i, p := range period.Range(First, Last) {
		m.survey(i, p)
		m.behind(i, p)
		m.registered(i, p)
		m.insured(i, p)
		m.market(i, p)
	}
	m.changes()
	return m.out
}

// Snapshot is the same as the faces read it.
func Snapshot(cfg *config.Config) *cube.Snapshot {
	return cube.NewSnapshot(Last.Add(1).First().AddDate(0, 0, 9).Add(90*time.Minute), Observations(cfg))
}

// wave is a slow swing with a season in it, around 1.
func wave(i, phase int) float64 {
	t := float64(i + phase)
	return 1 + 0.08*math.Sin(2*math.Pi*t/12) + 0.03*math.Sin(t/3.1)
}

func (m *maker) add(k cube.Key, v float64, edit func(*cube.Observation)) {
	o := cube.Observation{
		Period: k.Period, Indicator: k.Indicator, Region: k.Dim(cube.Region), Sex: k.Dim(cube.Sex), Age: k.Dim(cube.Age),
		PopGroup: k.Dim(cube.PopGroup), Industry: k.Dim(cube.Industry), Occupation: cube.Total, Enterprise: cube.Total,
		Value: new(v), ObsStatus: "A",
	}
	if edit != nil {
		edit(&o)
	}
	m.out = append(m.out, o)
}

// sampled adds a survey figure with its error and sample size.
func (m *maker) sampled(k cube.Key, v, se float64, n int64) {
	m.add(k, v, func(o *cube.Observation) {
		o.SE, o.CILow, o.CIHigh, o.N = new(se), new(math.Max(0, v-1.98*se)), new(v+1.98*se), new(n)
		cv := se / v
		switch {
		case n < 30:
			o.Quality, o.ObsStatus, o.Reason = "unreliable", "N", "few_persons"
		case cv > .333:
			o.Quality, o.ObsStatus, o.Reason = "unreliable", "N", "cv"
		case cv > .165:
			o.Quality, o.Reason = "caution", "cv"
		default:
			o.Quality = "publish"
		}
	})
}

// survey adds the rate in all its breakdowns, and the city's other figures.
func (m *maker) survey(i int, p period.Period) {
	rate := 0.051 * wave(i, 5)
	key := cube.K(cube.Headline, p)
	m.sampled(key, rate, 0.0046, 2380)
	for j, r := range m.cfg.Regions {
		if r.Kind == "zone" {
			continue
		}
		n := int64(250 - 22*j)
		if j == 2 {
			n = 24 // too few to publish
		}
		m.sampled(key.With(cube.Region, r.Code), rate*(0.8+0.05*float64(j)), 0.15/math.Sqrt(float64(n)), n)
	}
	for j, sex := range []string{"M", "F"} {
		m.sampled(key.With(cube.Sex, sex), rate*(0.94+0.13*float64(j)), 0.0064, 1290-int64(j)*200)
	}
	for j, age := range []string{"Y16T24", "Y25T29", "Y30T59", "Y_GE60"} {
		v := rate * []float64{2.6, 1.35, 0.8, 0.45}[j]
		n := []int64{160, 240, 1700, 280}[j]
		m.sampled(key.With(cube.Age, age), v, 0.22/math.Sqrt(float64(n)), n)
		if j < 3 {
			m.sampled(key.With(cube.Age, age).With(cube.PopGroup, "NON_STUDENT"), v*1.04, 0.22/math.Sqrt(float64(n)), n-9)
		}
	}
	for j, g := range []string{"LOCAL", "MIGRANT", "MIGRANT_AGRI"} {
		m.sampled(key.With(cube.PopGroup, g), rate*(1.02-0.06*float64(j)), 0.005+0.003*float64(j), 1900-700*int64(j))
	}
	m.sampled(cube.K("labor_force_participation_rate", p), 0.642*(0.9+0.1*wave(i, 5)), 0.011, 3700)
	part := &m.out[len(m.out)-1]
	part.Numerator, part.Denominator = new(99300.), new(159682.)
	m.sampled(cube.K("employment_rate", p), 0.609*(0.9+0.1*wave(i, 5)), 0.0112, 3700)
	m.sampled(cube.K("mean_weekly_hours", p), 46.2*(0.9+0.1*wave(i, 7)), 0.32, 2230)
}

// counted adds a register's count of so many persons.
func (m *maker) counted(k cube.Key, v float64) {
	v = math.Round(v)
	m.add(k, v, func(o *cube.Observation) { o.N = new(int64(v)) })
}

func (m *maker) registered(i int, p period.Period) {
	all := 0.0
	each := func(k cube.Key, size float64) {
		m.counted(k.Of("registered_unemployed"), size*wave(i, 3))
		m.counted(k.Of("registered_unemployed_inflow"), size*0.11*wave(i, 4))
		m.counted(k.Of("registered_unemployed_outflow"), size*0.105*wave(i, 1))
	}
	for j, r := range m.cfg.Regions {
		if r.Kind == "zone" {
			continue
		}
		size := 3400 - 290*float64(j)
		if j == 2 {
			size = 8 // confidential, and with it a second county
		}
		all += size
		k := cube.K("", p).With(cube.Region, r.Code)
		each(k, size)
		m.add(k.Of("registered_unemployment_rate"), 0.036*wave(i, 3)*(0.9+0.02*float64(j)), nil)
	}
	city := cube.K("", p)
	each(city, all)
	m.add(city.Of("registered_unemployment_rate"), 0.036*wave(i, 3), nil)
	each(city.With(cube.Sex, "M"), all*0.53)
	each(city.With(cube.Sex, "F"), all*0.47)
	for j, age := range []string{"Y16T24", "Y25T29", "Y30T59", "Y_GE60"} {
		each(city.With(cube.Age, age), all*[]float64{.21, .19, .55, .05}[j])
	}
	for j, reason := range []string{"EMPLOYER", "GRADUATION", "OWNER_CLOSED", "OTHER"} {
		each(city.With(cube.PopGroup, "REASON_"+reason), all*[]float64{.52, .2, .15, .13}[j])
	}
	for j, g := range m.cfg.Groups {
		each(city.With(cube.PopGroup, g.Code), all*(0.3-0.02*float64(j)))
	}
}

// employed adds a figure that so many employers stand behind.
func (m *maker) employed(k cube.Key, v float64, employers int64) {
	m.add(k, math.Round(v), func(o *cube.Observation) { o.N = new(employers) })
}

var sections = []string{"B", "C", "E", "F", "G", "I", "P", "Q"}

func (m *maker) insured(i int, p period.Period) {
	cell := func(k cube.Key, heads float64, employers int64) {
		m.employed(k.Of("insured_persons"), heads*(0.93+0.07*wave(i, 6)), employers)
		m.employed(k.Of("insured_employers"), float64(employers), employers)
		m.employed(k.Of("insurance_enrolments"), heads*0.021*wave(i, 0), max(1, employers/3))
		m.employed(k.Of("insurance_terminations"), heads*0.02*wave(i, 8), max(1, employers/3))
		m.employed(k.Of("involuntary_terminations"), heads*0.006*wave(i, 9), max(1, employers/8))
	}
	city := cube.K("", p)
	cell(city, 486000, 9200)
	for j, r := range m.cfg.Regions {
		if r.Kind != "zone" {
			cell(city.With(cube.Region, r.Code), 88000-8000*float64(j), 1700-160*int64(j))
		}
	}
	for j, s := range sections {
		employers := 1900 - 240*int64(j)
		if s == "E" {
			employers = 2 // withheld
		}
		cell(city.With(cube.Industry, s), 140000-16000*float64(j), employers)
	}
	for j, k := range m.cfg.Industries {
		cell(city.With(cube.Industry, k.Code), 42000-4000*float64(j), 310-30*int64(j))
	}
}

func (m *maker) market(i int, p period.Period) {
	cell := func(k cube.Key, openings, seekers float64) {
		openings, seekers = math.Round(openings*wave(i, 10)), math.Round(seekers*wave(i, 2))
		m.add(k.Of("job_openings"), openings, func(o *cube.Observation) { o.N = new(int64(openings / 4)) })
		m.counted(k.Of("job_seekers"), seekers)
		m.add(k.Of("openings_to_seekers_ratio"), openings/seekers, func(o *cube.Observation) {
			o.Numerator, o.Denominator, o.N = new(openings), new(seekers), new(int64(seekers))
		})
	}
	city := cube.K("", p)
	cell(city, 21400, 17300)
	for j, r := range m.cfg.Regions {
		if r.Kind != "zone" {
			cell(city.With(cube.Region, r.Code), 3900-350*float64(j), 3100-260*float64(j))
		}
	}
	for j, s := range sections {
		cell(city.With(cube.Industry, s), 6400-700*float64(j), 4200-420*float64(j))
	}
}

// changes adds the _mom and _yoy of everything, as the models do.
func (m *maker) changes() {
	at := map[cube.Key]cube.Observation{}
	for _, o := range m.out {
		at[o.Key()] = o
	}
	catalog, err := cube.ForConfig(m.cfg)
	if err != nil {
		panic(err) // the configuration of a test
	}
	for _, now := range m.out {
		for _, back := range []struct {
			suffix string
			months int
		}{{"_mom", 1}, {"_yoy", 12}} {
			then, ok := at[now.Key().At(now.Period.Add(-back.months))]
			if _, has := catalog.ChangeOf(now.Indicator, back.months); !ok || !has {
				continue
			}
			o := now
			o.Indicator += back.suffix
			o.Numerator, o.Denominator = nil, nil
			d := *now.Value - *then.Value
			o.Value = &d
			switch {
			case now.SE != nil:
				se := math.Hypot(*now.SE, *then.SE) * 0.72 // half of the sample is shared
				o.SE, o.CILow, o.CIHigh = &se, new(d-1.98*se), new(d+1.98*se)
			case !strings.HasSuffix(now.Indicator, "_rate") && !strings.HasSuffix(now.Indicator, "_ratio"):
				o.Value = new(d / *then.Value)
			}
			m.out = append(m.out, o)
		}
	}
}

// Alerts are alerts of each level and scope in the last month, one that ended
// before it and one that was taken back.
func Alerts() []alert.Alert {
	day := func(d int) time.Time { return Last.First().AddDate(0, 0, d) }
	one := func(id, rule string, level int, region, industry, name string, persons, base int64) alert.Alert {
		a := alert.Alert{
			ID: id, Rule: rule, Level: level, Region: region, Industry: industry, Enterprise: cube.Total,
			First: Last, Last: Last, WindowFrom: day(-6), WindowTo: day(21), Persons: persons, Base: base,
			Rate: float64(persons) / float64(base), Status: alert.Firing, Current: true,
			RaisedAt: day(23), UpdatedAt: day(23),
		}
		if name != "" {
			a.Enterprise, a.EnterpriseName = "9141049900000"+id, name
		}
		return a
	}
	list := []alert.Alert{
		one("a001", alert.EnterpriseLayoff, alert.Red, "410402", "26", "测试化纤厂甲", 236, 1320),
		one("a002", alert.EnterpriseLayoff, alert.Orange, "410421", "06", "测试矿山乙", 74, 610),
		one("a003", alert.EnterpriseLayoff, alert.Yellow, "410403", "34", "测试机械<b>丙</b>", 23, 180),
		one("a004", alert.EnterpriseLayoff, alert.Blue, "410482", "13", "测试食品丁", 9, 120),
		one("a005", alert.EnterpriseLayoff, alert.Blue, "410482", "13", "测试食品戊", 7, 96),
		one("a006", alert.EnterpriseLayoff, alert.Blue, "410422", "17", "测试纺织己", 11, 150),
		one("a007", alert.IndustryLayoff, alert.Red, cube.Total, "26", "", 1640, 14200),
	}
	list[0].NoticeOK, list[0].NoticeDays, list[0].NoticeNo = new(true), new(34), "2026-017"
	list[1].NoticeOK = new(false)
	list[2].NoticeOK, list[2].NoticeDays = new(false), new(6)
	past := one("a008", alert.EnterpriseLayoff, alert.Orange, "410411", "31", "测试钢管庚", 61, 900)
	past.First, past.Last, past.Current = Last.Add(-7), Last.Add(-6), false
	withdrawn := one("a009", alert.EnterpriseLayoff, alert.Red, "410404", "30", "测试炭素辛", 310, 800)
	withdrawn.Status, withdrawn.Reason = alert.Resolved, alert.NettedOut
	return append(list, past, withdrawn)
}
