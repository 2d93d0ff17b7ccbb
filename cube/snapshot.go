package cube

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"

	"laborwatch/period"
)

// Headline is the indicator that decides which month is the latest one.
const Headline = "surveyed_unemployment_rate"

// Snapshot is the cube in memory: every observation that is not of a single
// employer, and those of the key employers. It never changes after it is
// built, so any number of readers may share it; a new run builds a new one.
type Snapshot struct {
	// Built is when the snapshot was read.
	Built time.Time
	// Latest is the newest month with the city's surveyed unemployment rate,
	// or the newest month at all where there is none; 0 for an empty cube.
	Latest period.Period
	// Enterprises are the credit codes of the key employers it holds, sorted.
	Enterprises []string

	rows    []row // sorted by series, then period
	words   []string
	ids     map[string]uint32
	latest  map[string]period.Period
	periods []period.Period
}

// columns of a series: the indicator and the seven dimensions.
const nSeries = 8

// The numeric columns of a row, in the cube's order.
const (
	colValue = iota
	colNumerator
	colDenominator
	colSE
	colCILow
	colCIHigh
	nNumbers
)

// row is an observation in about 115 bytes: codes are numbers into
// Snapshot.words, whose order they share, and NaN stands for NULL.
type row struct {
	series  [nSeries]uint32
	period  period.Period
	num     [nNumbers]float64
	n       int64
	hasN    bool
	status  uint32
	quality uint32
	reason  uint32
}

func (r *row) compare(o *row) int {
	for i := range r.series {
		if c := cmp.Compare(r.series[i], o.series[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(r.period, o.period)
}

// NewSnapshot builds a snapshot of given observations, in any order. Of two
// with the same key the later one stands.
func NewSnapshot(built time.Time, observations []Observation) *Snapshot {
	b := newBuilder()
	for _, o := range observations {
		b.add(o)
	}
	return b.snapshot(built)
}

// Len is the number of observations held.
func (s *Snapshot) Len() int { return len(s.rows) }

// Get gives one observation.
func (s *Snapshot) Get(k Key) (Observation, bool) {
	want, ok := s.probe(k)
	if !ok {
		return Observation{}, false
	}
	i, found := s.search(want)
	if !found {
		return Observation{}, false
	}
	return s.observation(i), true
}

// Value gives an observation's value, false where there is none or it is NULL.
func (s *Snapshot) Value(k Key) (float64, bool) {
	o, ok := s.Get(k)
	if !ok || o.Value == nil {
		return 0, false
	}
	return *o.Value, true
}

// Series lists the observations of a key's cell in all months, by period; the
// key's own period is not looked at.
func (s *Snapshot) Series(k Key) []Observation {
	want, ok := s.probe(k)
	if !ok {
		return nil
	}
	want.period = period.Period(math.MinInt32)
	i, _ := s.search(want)
	var out []Observation
	for ; i < len(s.rows) && s.rows[i].series == want.series; i++ {
		out = append(out, s.observation(i))
	}
	return out
}

// Select lists the observations that keep accepts, ordered by indicator,
// region, sex, age, group, industry, occupation, employer (totals first, codes
// in byte order), then period.
func (s *Snapshot) Select(keep func(Observation) bool) []Observation {
	return s.collect(0, len(s.rows), keep)
}

// Of is Select over one indicator's observations, without looking at others.
func (s *Snapshot) Of(indicator string, keep func(Observation) bool) []Observation {
	id, ok := s.ids[indicator]
	if !ok {
		return nil
	}
	from := sort.Search(len(s.rows), func(i int) bool { return s.rows[i].series[0] >= id })
	to := sort.Search(len(s.rows), func(i int) bool { return s.rows[i].series[0] > id })
	return s.collect(from, to, keep)
}

func (s *Snapshot) collect(from, to int, keep func(Observation) bool) []Observation {
	var out []Observation
	for i := from; i < to; i++ {
		if o := s.observation(i); keep == nil || keep(o) {
			out = append(out, o)
		}
	}
	return out
}

// Periods lists the months that have any observation, in order.
func (s *Snapshot) Periods() []period.Period { return slices.Clone(s.periods) }

// LatestOf is the newest month that an indicator has a value in, 0 for none.
func (s *Snapshot) LatestOf(indicator string) period.Period { return s.latest[indicator] }

// Indicators lists the codes of the indicators held, sorted.
func (s *Snapshot) Indicators() []string {
	out := make([]string, 0, len(s.latest))
	for code := range s.latest {
		out = append(out, code)
	}
	slices.Sort(out)
	return out
}

func (s *Snapshot) probe(k Key) (*row, bool) {
	var r row
	for i, w := range seriesOf(k.normal()) {
		id, ok := s.ids[w]
		if !ok {
			return nil, false
		}
		r.series[i] = id
	}
	r.period = k.Period
	return &r, true
}

func (s *Snapshot) search(want *row) (int, bool) {
	return sort.Find(len(s.rows), func(i int) int { return want.compare(&s.rows[i]) })
}

// observation gives row i as it is handed out. Its numbers point into the
// snapshot itself, so that looking at a row allocates nothing.
func (s *Snapshot) observation(i int) Observation {
	r := &s.rows[i]
	w := func(j int) string { return s.words[r.series[j]] }
	o := Observation{
		Period: r.period, Indicator: w(0), Region: w(1), Sex: w(2), Age: w(3),
		PopGroup: w(4), Industry: w(5), Occupation: w(6), Enterprise: w(7),
		Value: r.number(colValue), Numerator: r.number(colNumerator), Denominator: r.number(colDenominator),
		SE: r.number(colSE), CILow: r.number(colCILow), CIHigh: r.number(colCIHigh),
		ObsStatus: s.words[r.status], Quality: s.words[r.quality], Reason: s.words[r.reason],
	}
	if r.hasN {
		o.N = &r.n
	}
	return o
}

func (r *row) number(col int) *float64 {
	if math.IsNaN(r.num[col]) {
		return nil
	}
	return &r.num[col]
}

func seriesOf(k Key) [nSeries]string {
	return [nSeries]string{k.Indicator, k.Region, k.Sex, k.Age, k.PopGroup, k.Industry, k.Occupation, k.Enterprise}
}
