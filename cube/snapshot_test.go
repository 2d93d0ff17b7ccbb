package cube

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestSnapshotHoldsTheCube(t *testing.T) {
	s := readSmall(t, SnapshotOptions{})
	if s.Built != clock() {
		t.Errorf("built at %v", s.Built)
	}
	// The newest month with the city's rate, though registers run ahead of it.
	if s.Latest != month {
		t.Errorf("latest is %s, want %s", s.Latest, month)
	}
	if got := s.LatestOf("insured_persons"); got != month.Add(1) {
		t.Errorf("latest of insured_persons is %s", got)
	}
	if got := s.LatestOf("job_openings"); got != 0 {
		t.Errorf("latest of an absent indicator is %s", got)
	}
	if len(s.Enterprises) != 0 || s.Len() != 2*(9+9+2)+2 {
		t.Errorf("%d observations, employers %v", s.Len(), s.Enterprises)
	}
	o, ok := s.Get(Key{Indicator: Headline, Period: month, Region: "410402", Sex: "F"})
	if !ok || math.Abs(*o.Value-.0720003333333) > 1e-12 || *o.N != 812 || o.Quality != "publish" || o.Age != Total {
		t.Errorf("got %+v, %v", o, ok)
	}
	o, ok = s.Get(K("insured_persons", month))
	if !ok || o.SE != nil || o.Numerator != nil || o.Quality != "" {
		t.Errorf("NULLs: %+v %v", o, ok)
	}
	for _, k := range []Key{
		K("insured_persons", month).With(Region, "999999"),
		K("no_such", month),
		K("insured_persons", month.Add(5)),
		{},
	} {
		if _, ok := s.Get(k); ok {
			t.Errorf("found %+v", k)
		}
	}
}

func TestSnapshotSeriesAndOrder(t *testing.T) {
	s := readSmall(t, SnapshotOptions{})
	series := s.Series(K(Headline, 0).With(Region, "410402"))
	if len(series) != 3 || series[0].Period != month.Add(-1) || series[2].Period != month.Add(1) {
		t.Errorf("series: %+v", series)
	}
	if got := s.Series(K("no_such", 0)); got != nil {
		t.Errorf("series of nothing: %v", got)
	}
	var cells []string
	for _, o := range s.Of(Headline, func(o Observation) bool { return o.Period == month }) {
		cells = append(cells, o.Region+" "+o.Sex)
	}
	want := []string{"_T _T", "_T F", "_T M", "410402 _T", "410402 F", "410402 M", "410482 _T", "410482 F", "410482 M"}
	if !slices.Equal(cells, want) {
		t.Errorf("order: %q", cells)
	}
	if got := len(s.Select(nil)); got != s.Len() {
		t.Errorf("Select(nil) gives %d of %d", got, s.Len())
	}
	if got := s.Indicators(); !slices.Equal(got, []string{"insured_persons", "surveyed_unemployed", Headline}) {
		t.Errorf("indicators: %v", got)
	}
}

func TestSnapshotKeyEnterprises(t *testing.T) {
	for _, c := range []struct {
		name string
		opt  SnapshotOptions
		want []string
	}{
		{"none", SnapshotOptions{}, nil},
		{"listed", SnapshotOptions{Enterprises: []string{uscc3, uscc3, "not there"}}, []string{uscc3}},
		{"large", SnapshotOptions{MinInsured: 100_000}, []string{uscc1, uscc2}},
		{"bounded", SnapshotOptions{MinInsured: 1, MaxEnterprises: 2, Enterprises: []string{uscc3}}, []string{uscc1, uscc3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := readSmall(t, c.opt).Enterprises; !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// A snapshot built of the rows that another gives is the same, in any order.
func TestSnapshotOfItsOwnRows(t *testing.T) {
	s := readSmall(t, SnapshotOptions{MinInsured: 1})
	rows := s.Select(nil)
	shuffled := slices.Clone(rows)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	again := NewSnapshot(clock(), shuffled)
	if !reflect.DeepEqual(again.Select(nil), rows) || again.Latest != s.Latest {
		t.Error("differs")
	}
}

func TestSnapshotLaterRowStands(t *testing.T) {
	one, two := 1.0, 2.0
	s := NewSnapshot(clock(), []Observation{
		{Period: month, Indicator: "job_openings", Value: &one},
		{Period: month, Indicator: "job_openings", Value: &two, Region: Total},
	})
	if v, ok := s.Value(K("job_openings", month)); !ok || v != 2 || s.Len() != 1 {
		t.Errorf("got %v %v of %d", v, ok, s.Len())
	}
	if s.Latest != month {
		t.Errorf("latest without the headline is %s", s.Latest)
	}
}

func TestSnapshotOfAnEmptyWarehouse(t *testing.T) {
	s, err := ReadSnapshot(t.Context(), warehouse(t), SnapshotOptions{Clock: clock})
	if err != nil || s.Len() != 0 || s.Latest != 0 || s.Periods() != nil {
		t.Errorf("%+v, %v", s, err)
	}
	if _, ok := s.Get(K(Headline, month)); ok {
		t.Error("an empty snapshot has an observation")
	}
}

// The whole cube of a large city: wide enough that reading it must not be slow.
func BenchmarkReadSnapshot(b *testing.B) {
	p := warehouse(b)
	p.exec(b, `CREATE TABLE wh.main.observations AS SELECT DATE '2024-01-01' + to_months(CAST(m AS INT)) AS period,
		'indicator_' || i AS indicator, '4104' || r AS region, '_T' AS sex, '_T' AS age, '_T' AS pop_group, CAST(k AS VARCHAR) AS industry,
		'_T' AS occupation, '_T' AS enterprise, random() AS value, random() AS numerator, random() AS denominator, NULL::DOUBLE AS se,
		NULL::DOUBLE AS ci_low, NULL::DOUBLE AS ci_high, 5::BIGINT AS n, 'A' AS obs_status, '' AS quality, '' AS reason
		FROM range(26) a(m), range(54) b(i), range(13) c(r), range(12) d(k)`)
	for b.Loop() {
		start := time.Now()
		s, err := ReadSnapshot(b.Context(), p, SnapshotOptions{MinInsured: 300})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(s.Len())/time.Since(start).Seconds(), "rows/s")
	}
}
