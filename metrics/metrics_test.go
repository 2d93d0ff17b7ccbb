package metrics

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"laborwatch/cube"
	"laborwatch/period"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	month = period.Of(2026, time.October)
	built = time.Date(2026, 11, 15, 8, 0, 0, 0, time.UTC)
)

const (
	uscc1 = "91410400MA00000001"
	uscc2 = "91410400MA00000002"
)

func catalog(t testing.TB) *cube.Catalog {
	t.Helper()
	c, err := cube.LoadCatalog("")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func collector(t testing.TB, o Options) *Collector {
	t.Helper()
	c, err := New(catalog(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// obs is an observation of the newest month; dims are pairs of dimension and code.
func obs(indicator string, value float64, dims ...string) cube.Observation {
	k := cube.K(indicator, month)
	for i := 0; i < len(dims); i += 2 {
		k = k.With(dims[i], dims[i+1])
	}
	return cube.Observation{
		Period: month, Indicator: indicator, Region: k.Region, Sex: k.Sex, Age: k.Age, PopGroup: k.PopGroup, Industry: k.Industry,
		Occupation: k.Occupation, Enterprise: k.Enterprise, Value: new(value), ObsStatus: "A",
	}
}

// every is a row of each indicator of the catalog in its city total and each
// of its dimensions, two months of them.
func every(t testing.TB, c *cube.Catalog) []cube.Observation {
	t.Helper()
	var out []cube.Observation
	for n, i := range c.All() {
		cells := []cube.Observation{obs(i.Code, float64(n)+.25)}
		for _, d := range i.Dims {
			cells = append(cells, obs(i.Code, float64(n)+.5, d, "X"+d))
		}
		for _, o := range cells {
			o.Numerator, o.Denominator = new(float64(n)*10+1), new(float64(n)*10+2)
			if i.Sampled {
				o.SE, o.CILow, o.CIHigh = new(.01), new(float64(n)), new(float64(n)+1)
			}
			before := o
			before.Period, before.Value = month.Add(-1), new(-1.0)
			out = append(out, before, o)
		}
	}
	return out
}

func full(t testing.TB) State {
	t.Helper()
	return State{
		Snapshot: cube.NewSnapshot(built, every(t, catalog(t))),
		Alerts: []AlertCount{
			{Level: 1, Rule: "enterprise_layoff", Region: "410402", Industry: "C", Count: 1},
			{Level: 1, Rule: "enterprise_layoff", Region: "410402", Industry: "C", Count: 2},
			{Level: 4, Rule: "city_rate", Count: 1},
		},
		Feeds: []Feed{{"social_insurance", built.Add(-time.Hour), month, 2}, {Feed: "layoff_notice"}},
		Rows:  []RowCount{{"social_insurance", Loaded, 900}, {"social_insurance", Quarantined, 3}, {"social_insurance", Repeated, 30}},
		Loads: []LoadCount{{"social_insurance", Accepted, 26}, {"social_insurance", Refused, 1}},
		Filing: []Filing{
			{Feed: "job_seeker", Region: "410402", State: "missing", Expected: 1}, {Feed: "insurance_change", State: "late", Expected: 21},
		},
		Runs: []Run{{"transform", 12500 * time.Millisecond, built}, {Stage: "ingest", Duration: time.Second}},
	}
}

func scrape(t testing.TB, c *Collector) string {
	t.Helper()
	return gather(t, c.Handler())
}

// line finds a series in a scrape by its beginning.
func line(text, series string) string {
	for l := range strings.SplitSeq(text, "\n") {
		if rest, ok := strings.CutPrefix(l, series+" "); ok {
			return rest
		}
	}
	return ""
}

func TestFixedMetrics(t *testing.T) {
	c := collector(t, Options{Version: "v1"})
	c.Set(full(t))
	text := scrape(t, c)
	for series, want := range map[string]string{
		`laborwatch_alerts{industry="C",level="red",region="410402",rule="enterprise_layoff"}`: "3",
		`laborwatch_alerts{industry="_T",level="blue",region="_T",rule="city_rate"}`:           "1",
		`laborwatch_feed_last_success_timestamp_seconds{feed="social_insurance"}`:              "1.794726e+09",
		`laborwatch_feed_last_success_timestamp_seconds{feed="layoff_notice"}`:                 "",
		`laborwatch_quarantine_rows_open{feed="social_insurance"}`:                             "2",
		`laborwatch_quarantine_rows_open{feed="layoff_notice"}`:                                "0",
		`laborwatch_feed_reference_period_timestamp_seconds{feed="social_insurance"}`:          "1.7908128e+09",
		`laborwatch_load_rows_total{feed="social_insurance",outcome="repeated"}`:               "30",
		`laborwatch_loads_total{feed="social_insurance",status="refused"}`:                     "1",
		`laborwatch_run_duration_seconds{stage="transform"}`:                                   "12.5",
		`laborwatch_run_last_success_timestamp_seconds{stage="ingest"}`:                        "",
		`laborwatch_reference_period_timestamp_seconds{indicator="insured_persons"}`:           "1.7908128e+09",
		`laborwatch_filing{feed="job_seeker",region="410402",state="missing"}`:                 "1",
		`laborwatch_filing{feed="insurance_change",region="_T",state="late"}`:                  "21",
		`laborwatch_snapshot_timestamp_seconds`:                                                "1.7947296e+09",
	} {
		if got := line(text, series); got != want {
			t.Errorf("%s = %q, want %q", series, got, want)
		}
	}
	if !strings.Contains(text, `laborwatch_build_info{goversion="go`) || !strings.Contains(text, `version="v1"} 1`) {
		t.Error("build_info is missing")
	}
}

func TestIndicatorMetrics(t *testing.T) {
	rate := obs(cube.Headline, .053, cube.Region, "410402", cube.Sex, "F")
	rate.SE, rate.CILow, rate.CIHigh = new(.004), new(.046), new(.061)
	rate.Numerator, rate.Denominator = new(53.0), new(1000.0)
	unemployed := obs("surveyed_unemployed", 53, cube.Region, "410402", cube.Sex, "F")
	unemployed.SE = new(4.0)
	hours := obs("mean_weekly_hours", 46.5)
	hours.SE, hours.Numerator, hours.Denominator = new(.5), new(465.0), new(10.0)
	registered := obs("registered_unemployment_rate", .03)
	registered.Numerator, registered.Denominator = new(30.0), new(1000.0)
	null := obs("job_openings", 0)
	null.Value = nil
	stray := obs("job_seekers", 12, cube.Sex, "M") // the catalog breaks it down by no sex
	c := collector(t, Options{Enterprises: true})
	c.Set(State{Snapshot: cube.NewSnapshot(built, []cube.Observation{
		rate, unemployed, hours, registered, null, stray,
		obs("surveyed_unemployment_rate_mom", -.002), obs("insured_persons_yoy", .021),
		obs("insured_persons", 300, cube.Enterprise, uscc1), obs("insurance_terminations", 20, cube.Enterprise, uscc1),
		obs("insured_persons_mom", .1, cube.Enterprise, uscc1),
	})})
	text := scrape(t, c)
	cell := `{age="_T",pop_group="_T",region="410402",sex="F"}`
	city := `{age="_T",pop_group="_T",region="_T",sex="_T"}`
	for series, want := range map[string]string{
		"laborwatch_surveyed_unemployment_ratio" + cell:                             "0.053",
		"laborwatch_surveyed_unemployment_ratio_standard_error" + cell:              "0.004",
		"laborwatch_surveyed_unemployment_ratio_ci_lower" + cell:                    "0.046",
		"laborwatch_surveyed_unemployment_ratio_ci_upper" + cell:                    "0.061",
		"laborwatch_surveyed_unemployed_persons" + cell:                             "53",
		"laborwatch_surveyed_unemployed_persons_standard_error" + cell:              "4",
		"laborwatch_surveyed_labor_force_persons" + cell:                            "1000",
		"laborwatch_mean_weekly_worked_seconds" + city:                              "167400",
		"laborwatch_mean_weekly_worked_seconds_standard_error" + city:               "1800",
		"laborwatch_weekly_worked_seconds" + city:                                   "1.674e+06",
		"laborwatch_surveyed_worked_persons" + city:                                 "10",
		"laborwatch_surveyed_unemployment_monthly_change_ratio" + city:              "-0.002",
		`laborwatch_insured_persons_yearly_change_ratio{industry="_T",region="_T"}`: "0.021",
		`laborwatch_registered_unemployment_ratio{region="_T"}`:                     "0.03",
		"laborwatch_registered_unemployed_persons" + city:                           "30",
		`laborwatch_registered_labor_force_persons{region="_T"}`:                    "1000",
		`laborwatch_enterprise_insured_persons{uscc="` + uscc1 + `"}`:               "300",
		`laborwatch_enterprise_insurance_terminations{uscc="` + uscc1 + `"}`:        "20",
	} {
		if got := line(text, series); got != want {
			t.Errorf("%s = %q, want %q", series, got, want)
		}
	}
	for _, absent := range []string{"laborwatch_job_openings", "laborwatch_job_seekers", "enterprise_insured_persons_monthly"} {
		if strings.Contains(text, absent) {
			t.Errorf("%s must have no series", absent)
		}
	}
}

func TestNewestMonthOnly(t *testing.T) {
	old := obs("insured_persons", 5, cube.Region, "410482")
	old.Period = month.Add(-1)
	c := collector(t, Options{})
	c.Set(State{Snapshot: cube.NewSnapshot(built, []cube.Observation{old, obs("insured_persons", 7)})})
	if text := scrape(t, c); strings.Contains(text, "410482") || line(text, `laborwatch_insured_persons{industry="_T",region="_T"}`) != "7" {
		t.Error("a region without the newest month shows an older one")
	}
}

// A rate's numerator is not mixed with a count that is of another month.
func TestPartsOfOneMonth(t *testing.T) {
	rate := obs("openings_to_seekers_ratio", 1.2)
	rate.Numerator, rate.Denominator = new(12.0), new(10.0)
	newer := obs("job_openings", 99, cube.Region, "410402")
	newer.Period = month.Add(1)
	c := collector(t, Options{})
	c.Set(State{Snapshot: cube.NewSnapshot(built, []cube.Observation{rate, newer})})
	text := scrape(t, c)
	if got := line(text, `laborwatch_job_openings{industry="_T",region="_T"}`); got != "" {
		t.Errorf("openings of the month before: %s", got)
	}
	if got := line(text, `laborwatch_job_seekers{industry="_T",region="_T"}`); got != "10" {
		t.Errorf("seekers = %q", got)
	}
}

func TestEnterprisesAreBoundedAndCanBeOff(t *testing.T) {
	s := State{Snapshot: cube.NewSnapshot(built, []cube.Observation{
		obs("insured_persons", 300, cube.Enterprise, uscc1), obs("insured_persons", 900, cube.Enterprise, uscc2),
	})}
	for _, c := range []struct {
		name string
		opt  Options
		want string
	}{
		{"off", Options{}, ""},
		{"all", Options{Enterprises: true}, uscc1 + uscc2},
		{"bounded", Options{Enterprises: true, MaxEnterprises: 1}, uscc2},
	} {
		t.Run(c.name, func(t *testing.T) {
			col := collector(t, c.opt)
			col.Set(s)
			text, got := scrape(t, col), ""
			for _, code := range []string{uscc1, uscc2} {
				if strings.Contains(text, code) {
					got += code
				}
			}
			if got != c.want {
				t.Errorf("shows %s, want %s", got, c.want)
			}
		})
	}
}

// What is gone from the state is gone from the scrape.
func TestSwappedWhole(t *testing.T) {
	c := collector(t, Options{Enterprises: true})
	c.Set(full(t))
	many := c.Len()
	if !strings.Contains(scrape(t, c), `region="Xregion"`) {
		t.Fatal("the region is missing")
	}
	c.Set(State{Snapshot: cube.NewSnapshot(built, []cube.Observation{obs("job_seekers", 3)})})
	text := scrape(t, c)
	if strings.Contains(text, "Xregion") || strings.Contains(text, "laborwatch_alerts") || c.Len() >= many {
		t.Error("series of the former state are left")
	}
	c.Set(State{})
	if c.Len() != 1 {
		t.Errorf("an empty state has %d series, want build_info alone", c.Len())
	}
}

func TestNoDuplicates(t *testing.T) {
	c := collector(t, Options{Enterprises: true})
	s := full(t)
	s.Rows = append(s.Rows, s.Rows...)
	s.Feeds = append(s.Feeds, s.Feeds...)
	c.Set(s)
	// A pedantic registry refuses repeats and series that were not described.
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(c)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) < 60 {
		t.Errorf("only %d metrics", len(families))
	}
	if problems, err := testutil.CollectAndLint(c); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

func TestBadCatalogIsRefused(t *testing.T) {
	text := strings.Replace(string(cube.CatalogYAML()), "metric: job_openings", "metric: alerts", 1)
	cat, err := cube.ParseCatalog("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(cat, Options{}); err == nil || !strings.Contains(err.Error(), "laborwatch_alerts") {
		t.Errorf("a metric named like a fixed one: %v", err)
	}
	if _, err := New(nil, Options{}); err == nil {
		t.Error("no catalog was accepted")
	}
}

func BenchmarkScrape(b *testing.B) {
	var rows []cube.Observation
	for _, i := range catalog(b).All() {
		for r := range 13 {
			for k := range 30 {
				d := cube.Region
				if i.Has(cube.Industry) {
					d = cube.Industry
				}
				rows = append(rows, obs(i.Code, 1, cube.Region, fmt.Sprint(r), d, fmt.Sprint(k)))
			}
		}
	}
	c := collector(b, Options{Enterprises: true})
	c.Set(State{Snapshot: cube.NewSnapshot(built, rows)})
	h := c.Handler()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/metrics", nil))
	}
	b.ReportMetric(float64(c.Len()), "series")
}

// gather asks a handler without a server.
func gather(t testing.TB, h http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d:\n%s", w.Code, w.Body)
	}
	return w.Body.String()
}
