package weighting

import (
	"fmt"
	"slices"
)

// Plan says how Weigh calibrates and trims.
type Plan struct {
	Options
	// Trim caps weights at so many times the median of their stratum; 0 never.
	Trim float64
	// TrimRounds limits how often weights are trimmed and calibrated again; 0
	// means 10.
	TrimRounds int
}

// Weighed are final weights and how they came about.
type Weighed struct {
	Plan  Plan
	Final []float64 // of each row
	// Cells and G are those of the last calibration; a Projection is made of them.
	Cells Cells
	G     []float64
	// Calibrations in order: the first of the weights as given, one more after
	// each trimming.
	Calibrations []*Calibrated
	Trimmings    []*Trimmed
	// Above are the rows whose final weight is still above its stratum's cap, and
	// Excess their largest ratio to it less 1.
	Above  int
	Excess float64
	// Before and After are Kish's design effects of the weights after the first
	// calibration and of the final ones.
	Before, After float64
}

// settled is how far above its cap a weight may end: calibrating moves every
// weight a little, and that is not to be trimmed for ever.
const settled = 1e-3

// Weigh calibrates weights, trims what comes out at a multiple of its stratum's
// median (see Trim), and calibrates again, until a calibration leaves no weight
// above its cap or the rounds are used up; then the totals hold, and Above counts
// the weights that stay above. A bound on g holds in each calibration by itself.
// strata are numbered from 0, one a row.
func (f *Frame) Weigh(weight []float64, strata []int32, p Plan) (*Weighed, error) {
	if len(weight) != len(f.Of) {
		return nil, fmt.Errorf("calibration: %d weights for %d rows", len(weight), len(f.Of))
	}
	options, err := p.whole()
	if err != nil {
		return nil, err
	}
	p.Options = options
	if p.TrimRounds == 0 {
		p.TrimRounds = 10
	}
	w := &Weighed{Plan: p, Final: slices.Clone(weight)}
	if err := w.calibrate(f); err != nil {
		return nil, err
	}
	w.Before = Kish(w.Final)
	for p.Trim != 0 {
		t, err := Trim(w.Final, strata, p.Trim)
		if err != nil {
			return nil, err
		}
		w.Above, w.Excess = t.above(w.Final, strata)
		if w.Above == 0 || len(w.Trimmings) >= p.TrimRounds {
			break
		}
		if t.Persons == 0 { // only groups that no spreading helps
			break
		}
		w.Trimmings = append(w.Trimmings, t)
		w.Final = t.Weights
		if err := w.calibrate(f); err != nil {
			return nil, fmt.Errorf("after trimming %d times: %w", len(w.Trimmings), err)
		}
	}
	w.After = Kish(w.Final)
	return w, nil
}

func (w *Weighed) calibrate(f *Frame) error {
	w.Cells = f.Cells(w.Final)
	c, err := Calibrate(w.Cells, f.Variables, w.Plan.Options)
	if err != nil {
		return err
	}
	w.Calibrations, w.G = append(w.Calibrations, c), c.G
	final := make([]float64, len(w.Final))
	for i, k := range f.Of {
		if k >= 0 {
			final[i] = w.Final[i] * c.G[k]
		}
	}
	w.Final = final
	return nil
}

// Projection is that of the last calibration, for the variance of estimates.
func (w *Weighed) Projection(f *Frame) (*Projection, error) {
	return NewProjection(w.Cells, w.G, f.Of, w.Final)
}

// above counts the weights above their cap by more than what settles.
func (t *Trimmed) above(weight []float64, strata []int32) (n int, excess float64) {
	for i, w := range weight {
		if w == 0 {
			continue
		}
		if over := w/t.Cap[strata[i]] - 1; over > settled {
			n, excess = n+1, max(excess, over)
		}
	}
	return n, excess
}
