package weighting

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Word is a name in both languages.
type Word struct{ ZH, EN string }

// Source is what a report is made of.
type Source struct {
	Period string // YYYY-MM
	Place  Word
	// Counties with their households drawn and answered; Classes as Respond gave
	// them, none where there was no adjustment.
	Counties []Class
	Classes  []Adjusted
	// Base and Adjusted are each row's weight before and after the adjustment for
	// non-response; Weighed was made of Adjusted, in Frame.
	Base, Adjusted []float64
	Frame          *Frame
	Weighed        *Weighed
}

// Report tells how a month's weights came about. Shares and rates are 0–1.
type Report struct {
	Period   string
	Place    Word
	Plan     Plan
	Counties []Class
	Classes  []Adjusted
	Persons  int
	// SumBefore and SumAfter are the weights' sums before and after calibration.
	SumBefore, SumAfter float64
	Weights             []Distribution // base, adjusted, final, g
	Histogram           []Bin          // of g
	Margins             []MarginLine
	Dropped             []Dropped
	Rounds              []Round
	Dependent           int
	Trimmings           []*Trimmed
	// KishAdjusted is the design effect before any calibration, KishBefore after
	// the first, KishAfter of the final weights.
	KishAdjusted, KishBefore, KishAfter float64
	Above                               int
	Excess                              float64
}

// Distribution of one kind of weight over persons.
type Distribution struct {
	Key       string // base, adjusted, final, g
	Mean      float64
	Quantiles []float64 // at Shares
}

// Shares are the quantiles that a Distribution holds.
var Shares = []float64{0, .01, .05, .25, .5, .75, .95, .99, 1}

// Bin of the histogram of g, its lower end in it, the last bin's upper end too.
type Bin struct {
	Low, High float64
	Persons   int
	label     string
}

// MarginLine is one constraint of the calibration.
type MarginLine struct {
	Name          string
	Before, After float64 // weighted sums
	Population    float64
	Target        float64 // the population, less what is left out or unknown
	// Deviation is of After from Target, relative to it (absolute where it is 0).
	Deviation float64
}

// Round is one iteration of one calibration; Iteration 0 is the start.
type Round struct {
	Calibration, Iteration int
	Step
}

// NewReport lays out how weights came about.
func NewReport(s Source) (*Report, error) {
	if _, err := time.Parse("2006-01", s.Period); err != nil {
		return nil, fmt.Errorf("weighting report: period %q: want YYYY-MM", s.Period)
	}
	if s.Frame == nil || s.Weighed == nil {
		return nil, fmt.Errorf("weighting report of %s: no calibrated weights", s.Period)
	}
	n := len(s.Frame.Of)
	if len(s.Base) != n || len(s.Adjusted) != n || len(s.Weighed.Final) != n {
		return nil, fmt.Errorf("weighting report of %s: %d base, %d adjusted and %d final weights for %d rows", s.Period, len(s.Base), len(s.Adjusted), len(s.Weighed.Final), n)
	}
	w := s.Weighed
	r := &Report{
		Period: s.Period, Place: s.Place, Plan: w.Plan, Counties: s.Counties, Classes: s.Classes,
		Dropped: s.Frame.Dropped, Trimmings: w.Trimmings, Dependent: w.Calibrations[0].Dependent,
		KishAdjusted: Kish(s.Adjusted), KishBefore: w.Before, KishAfter: w.After, Above: w.Above, Excess: w.Excess,
	}
	var base, adjusted, final, g []float64
	for i, x := range s.Adjusted {
		if s.Frame.Of[i] < 0 {
			continue
		}
		if !(x > 0) || !finite(s.Base[i]) {
			return nil, fmt.Errorf("weighting report of %s: row %d has the weights %v and %v: want both above 0, as it was calibrated", s.Period, i+1, s.Base[i], x)
		}
		base, adjusted, final = append(base, s.Base[i]), append(adjusted, x), append(final, w.Final[i])
		g = append(g, w.Final[i]/x)
		r.SumBefore += x
		r.SumAfter += w.Final[i]
	}
	r.Persons = len(g)
	for _, d := range []struct {
		key    string
		values []float64
	}{{"base", base}, {"adjusted", adjusted}, {"final", final}, {"g", g}} {
		r.Weights = append(r.Weights, distribution(d.key, d.values))
	}
	r.Histogram = histogram(g)
	r.margins(s)
	for i, c := range w.Calibrations {
		for k, step := range c.Steps {
			r.Rounds = append(r.Rounds, Round{i + 1, k, step})
		}
	}
	return r, nil
}

func (r *Report) margins(s Source) {
	before, after := s.Frame.Sums(s.Adjusted), s.Frame.Sums(s.Weighed.Final)
	for j, name := range s.Frame.Names {
		t := s.Frame.Totals[j]
		off := after[j] - t
		if t != 0 {
			off /= math.Abs(t)
		}
		r.Margins = append(r.Margins, MarginLine{name, before[j], after[j], s.Frame.Population[j], t, off})
	}
}

// households sums the counties.
func (r *Report) households() Class {
	var sum Class
	for _, c := range r.Counties {
		sum.Households += c.Households
		sum.Respondents += c.Respondents
		sum.Drawn += c.Drawn
		sum.Answered += c.Answered
	}
	return sum
}

// worst is the margin farthest from its target.
func (r *Report) worst() float64 {
	out := 0.0
	for _, m := range r.Margins {
		out = math.Max(out, math.Abs(m.Deviation))
	}
	return out
}

func distribution(key string, values []float64) Distribution {
	d := Distribution{Key: key}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	for _, v := range sorted {
		d.Mean += v / float64(len(sorted))
	}
	for _, p := range Shares {
		d.Quantiles = append(d.Quantiles, quantile(sorted, p))
	}
	return d
}

// quantile interpolates between order statistics, type 7 of Hyndman and Fan (The
// American Statistician 50 (1996) 361–365), which gonum's stat does not have.
func quantile(sorted []float64, p float64) float64 {
	h := p * float64(len(sorted)-1)
	low := int(h)
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + (h-float64(low))*(sorted[low+1]-sorted[low])
}

// mostBins is how many bins a reader can tell apart.
const mostBins = 24

// histogram counts values in bins of a round width.
func histogram(values []float64) []Bin {
	low, high := slices.Min(values), slices.Max(values)
	// Values on an edge belong above it, whatever rounding made of them.
	at := func(v, width float64) int { return int(math.Floor(v/width + 1e-6)) }
	// Widths are 5, 10, 20, 50, ... hundredths.
	width, decimals, first, last := .05, 2, 0, 0
	for k := 0; ; k++ {
		width = []float64{5, 10, 20}[k%3] * math.Pow(10, float64(k/3)) / 100
		first, last = at(low, width), at(high, width)
		if last > first && float64(last)*width >= high-1e-6*width {
			last-- // the highest value ends the last bin
		}
		if last-first < mostBins {
			break
		}
	}
	if width >= 1 {
		decimals = 0
	}
	bins := make([]Bin, last-first+1)
	for i := range bins {
		b := &bins[i]
		b.Low, b.High = float64(first+i)*width, float64(first+i+1)*width
		b.label = fmt.Sprintf("%.*f–%.*f", decimals, b.Low, decimals, b.High)
	}
	for _, v := range values {
		bins[min(at(v, width), last)-first].Persons++
	}
	return bins
}
