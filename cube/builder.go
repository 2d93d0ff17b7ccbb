package cube

import (
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"laborwatch/period"
)

// separator joins the words of a key while it is read; no code holds it.
const separator = "\x1f"

// builder gathers rows and gives words numbers in the order they come; at the
// end the numbers are exchanged for ranks, so that rows sort as their words do.
type builder struct {
	rows  []row
	words []string
	ids   map[string]uint32
	// keys and marks are what has been split already.
	keys  map[string][nSeries]uint32
	marks map[string][3]uint32
}

func newBuilder() *builder {
	return &builder{ids: map[string]uint32{}, keys: map[string][nSeries]uint32{}, marks: map[string][3]uint32{}}
}

func (b *builder) word(s string) uint32 {
	if id, ok := b.ids[s]; ok {
		return id
	}
	s = strings.Clone(s)
	id := uint32(len(b.words))
	b.words = append(b.words, s)
	b.ids[s] = id
	return id
}

func (b *builder) add(o Observation) {
	r := row{period: o.Period, status: b.word(o.ObsStatus), quality: b.word(o.Quality), reason: b.word(o.Reason)}
	for i, w := range seriesOf(o.Key().normal()) {
		r.series[i] = b.word(w)
	}
	for i, p := range []*float64{o.Value, o.Numerator, o.Denominator, o.SE, o.CILow, o.CIHigh} {
		r.num[i] = math.NaN()
		if p != nil {
			r.num[i] = *p
		}
	}
	if o.N != nil {
		r.n, r.hasN = *o.N, true
	}
	b.rows = append(b.rows, r)
}

// addRaw adds a row as readInto gets it: the indicator and the dimensions
// joined by a separator, and the status, the quality and its reason likewise.
func (b *builder) addRaw(p period.Period, key []byte, f [nNumbers]sql.NullFloat64, n sql.NullInt64, marks []byte) error {
	r := row{period: p, n: n.Int64, hasN: n.Valid}
	var ok bool
	if r.series, ok = b.keys[string(key)]; !ok {
		if err := b.split(key, r.series[:]); err != nil {
			return err
		}
		b.keys[string(key)] = r.series
	}
	three, ok := b.marks[string(marks)]
	if !ok {
		if err := b.split(marks, three[:]); err != nil {
			return err
		}
		b.marks[string(marks)] = three
	}
	r.status, r.quality, r.reason = three[0], three[1], three[2]
	for i, v := range f {
		r.num[i] = math.NaN()
		if v.Valid {
			r.num[i] = v.Float64
		}
	}
	b.rows = append(b.rows, r)
	return nil
}

// split numbers the words of a joined text; there must be as many as there is
// room for.
func (b *builder) split(joined []byte, into []uint32) error {
	words := strings.Split(string(joined), separator)
	if len(words) != len(into) {
		return fmt.Errorf("%s: a row's key is NULL or holds a control character: %q", table, joined)
	}
	for i, w := range words {
		into[i] = b.word(w)
	}
	return nil
}

func (b *builder) snapshot(built time.Time) *Snapshot {
	s := &Snapshot{Built: built, rows: b.rows, latest: map[string]period.Period{}}
	s.words, s.ids = b.rank()
	slices.SortStableFunc(s.rows, func(x, y row) int { return x.compare(&y) })
	s.rows = lastOfEach(s.rows)
	s.index()
	return s
}

// rank orders the words, Total first, and rewrites the rows' numbers.
func (b *builder) rank() ([]string, map[string]uint32) {
	words := slices.Clone(b.words)
	slices.SortFunc(words, func(x, y string) int {
		if (x == Total) != (y == Total) {
			if x == Total {
				return -1
			}
			return 1
		}
		return strings.Compare(x, y)
	})
	ids := make(map[string]uint32, len(words))
	for i, w := range words {
		ids[w] = uint32(i)
	}
	rank := make([]uint32, len(b.words))
	for old, w := range b.words {
		rank[old] = ids[w]
	}
	for i := range b.rows {
		r := &b.rows[i]
		for j := range r.series {
			r.series[j] = rank[r.series[j]]
		}
		r.status, r.quality, r.reason = rank[r.status], rank[r.quality], rank[r.reason]
	}
	return words, ids
}

// lastOfEach keeps the last of neighbors with the same key.
func lastOfEach(rows []row) []row {
	out := rows[:0]
	for i := range rows {
		if i+1 < len(rows) && rows[i].compare(&rows[i+1]) == 0 {
			continue
		}
		out = append(out, rows[i])
	}
	return out
}

// index finds the months, each indicator's latest one and the employers held.
func (s *Snapshot) index() {
	seen := map[period.Period]bool{}
	employers := map[uint32]bool{}
	total, hasTotal := s.ids[Total]
	var headline period.Period
	for i := range s.rows {
		r := &s.rows[i]
		seen[r.period] = true
		if e := r.series[nSeries-1]; !hasTotal || e != total {
			employers[e] = true
		}
		if math.IsNaN(r.num[colValue]) {
			continue
		}
		code := s.words[r.series[0]]
		s.latest[code] = max(s.latest[code], r.period)
		if code == Headline && s.isTotal(r, total) {
			headline = max(headline, r.period)
		}
	}
	for p := range seen {
		s.periods = append(s.periods, p)
	}
	slices.Sort(s.periods)
	for e := range employers {
		s.Enterprises = append(s.Enterprises, s.words[e])
	}
	slices.Sort(s.Enterprises)
	s.Latest = headline
	if s.Latest == 0 && len(s.periods) > 0 {
		s.Latest = s.periods[len(s.periods)-1]
	}
}

func (s *Snapshot) isTotal(r *row, total uint32) bool {
	for _, id := range r.series[1:] {
		if id != total {
			return false
		}
	}
	return true
}
