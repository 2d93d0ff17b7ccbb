package monthly

import (
	"errors"
	"math"

	"laborwatch/config"
	"laborwatch/period"
	"laborwatch/transform"
	"laborwatch/weighting"
)

// ErrGiven says that a month's weights were given with the extract, not made.
var ErrGiven = errors.New("the weights of the month were given with its extract")

// WeightingReport makes a month's weights once more, from what core_survey_weight
// selects, and tells how they came about. The same rows give the same weights.
func WeightingReport(in *transform.Input, p period.Period, c config.Weighting, place weighting.Word) (*weighting.Report, error) {
	all, err := readFielded(in)
	if err != nil {
		return nil, err
	}
	f := all[p]
	if f == nil || len(f.rows) == 0 {
		return nil, ErrGiven
	}
	w, err := f.weigh(c)
	if err != nil {
		return nil, err
	}
	base := make([]float64, len(f.rows))
	number := map[string]int{}
	var counties []weighting.Class
	seen := map[string]bool{}
	for i := range f.rows {
		r := &f.rows[i]
		if !math.IsNaN(r.base) {
			base[i] = r.base
		}
		if seen[r.household] || !(r.base > 0) {
			continue
		}
		seen[r.household] = true
		k, ok := number[r.region]
		if !ok {
			k = len(counties)
			number[r.region] = k
			counties = append(counties, weighting.Class{Name: r.region})
		}
		counties[k].Households++
		counties[k].Drawn += r.base
		if r.answered {
			counties[k].Respondents++
			counties[k].Answered += r.base
		}
	}
	return weighting.NewReport(weighting.Source{
		Period: p.String(), Place: place, Counties: counties, Classes: w.how.response,
		Base: base, Adjusted: w.how.adjusted, Frame: w.how.frame, Weighed: w.how.made,
	})
}
