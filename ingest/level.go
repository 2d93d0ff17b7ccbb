package ingest

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"laborwatch/engine"
)

// The level of a column of numbers is its median: yuan written as fen move it by
// a hundred, and no single row shows it.

// levelLeast is of how many cells a median is judged.
const levelLeast = 50

// columnLevel is the median of so many cells.
type columnLevel struct {
	median float64
	cells  int64
}

// leveled says whether the column's level is judged.
func (col ColumnRule) leveled() bool {
	return len(col.Codes) == 0 && slices.Contains([]string{"money", "number", "weight", "wage_low", "wage_high"}, col.Type)
}

// milli is the level of a column in thousandths, as whole numbers are counted
// with the others: the engine's estimate of it, which costs little.
func milli(col string) string {
	return fmt.Sprintf("coalesce(CAST(round(1000 * approx_quantile(CAST(%s AS DOUBLE), 0.5)) AS BIGINT), 0)", engine.Ident(col))
}

// levelSketch counts numbers by their magnitude, to 1/32 of each power of two:
// its median is off by 1.6 % at most. Zero and what is below count as zero.
type levelSketch struct {
	none, some int64
	counts     [1 << levelBits]uint32
}

// levelBits are those of exponent and five of the fraction of a float.
const (
	levelBits  = 16
	levelShift = 63 - levelBits
)

func (s *levelSketch) add(v float64) {
	if !(v > 0) {
		s.none++
		return
	}
	s.some++
	s.counts[math.Float64bits(v)>>levelShift]++
}

func (s *levelSketch) merge(o *levelSketch) {
	s.none, s.some = s.none+o.none, s.some+o.some
	for i, n := range o.counts {
		s.counts[i] += n
	}
}

func (s *levelSketch) level() columnLevel {
	out := columnLevel{cells: s.none + s.some}
	left := (out.cells+1)/2 - s.none
	for i := 0; left > 0 && i < len(s.counts); i++ {
		if left -= int64(s.counts[i]); left <= 0 {
			out.median = math.Float64frombits(uint64(i)<<levelShift | 1<<(levelShift-1))
		}
	}
	return out
}

// leveler is a settler that counts numbers by their magnitude.
type leveler interface{ sketch() *levelSketch }

// units are factors by which a wrong unit is off, and the words for it: what a
// cell is given in instead of yuan.
var units = []struct {
	factor float64
	key    string
}{{100, "fen"}, {1.0 / 1000, "thousand"}, {1.0 / 10_000, "wan"}}

// isMoney says whether cells of the column are amounts in yuan.
func (col ColumnRule) isMoney() bool {
	return slices.Contains([]string{"money", "wage_low", "wage_high"}, col.Type)
}

// times says how many times the usual a level is, and which unit may be the cause.
func (col ColumnRule) times(v, usual float64) phrases {
	if usual == 0 {
		return nil
	}
	n := v / usual
	for _, u := range units {
		if col.isMoney() && n > u.factor/1.5 && n < u.factor*1.5 {
			return phrases{{"ingest.check.times", []any{strconv.FormatFloat(u.factor, 'f', -1, 64), phrases{{"ingest.check.unit." + u.key, nil}}}}}
		}
	}
	return phrases{{"ingest.check.times", []any{strconv.FormatFloat(n, 'g', 3, 64), phrases{}}}}
}

// written is a level as cells give it: money in yuan.
func (col ColumnRule) written(v float64) string {
	switch {
	case col.isMoney():
		v /= 100
	case col.Type == "weight":
		v /= 1e6
	}
	if math.Abs(v) >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
