package monthly

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"laborwatch/config"
	"laborwatch/weighting"
)

// Weighed is how a month's weights came about.
type Weighed struct {
	Response []weighting.Adjusted
	Trimmed  *weighting.Trimmed
	// Tried are the sets of margins that did not converge, with their errors.
	Tried []error
	// Margins in use, the categories without a respondent that were left out,
	// and the calibration with the cells that it was made of.
	Margins    []config.Margin
	Left       []LeftOut
	Variables  weighting.Variables
	Cells      weighting.Cells
	Calibrated *weighting.Calibrated
}

// LeftOut is a category of a margin that has people and no respondent; the
// margin's other categories stand for them.
type LeftOut struct {
	Category string
	Persons  float64
}

// calibrate makes weights from base weights: response, trimming, calibration.
func (f *fielded) calibrate(c config.Weighting) (*weights, error) {
	w := newWeights(len(f.rows))
	w.how = &Weighed{}
	if err := f.respond(w, c.ResponseFloor); err != nil {
		return nil, err
	}
	if err := f.trim(w, c.Trim); err != nil {
		return nil, err
	}
	for _, set := range c.Margins {
		err := f.fit(w, set, c)
		var off *weighting.NoConvergence
		if errors.As(err, &off) {
			w.how.Tried = append(w.how.Tried, fmt.Errorf("%v: %w", set, err))
			continue
		}
		return w, err
	}
	return nil, fmt.Errorf("weighting: none of the %d sets of margins converges. %w. Widen weighting.bounds, add a set with fewer cells to weighting.margins, or set weighting.method to given",
		len(c.Margins), errors.Join(w.how.Tried...))
}

// respond spreads the weights of those who did not answer over those who did.
func (f *fielded) respond(w *weights, floor float64) error {
	number := map[string]int{}
	var classes []weighting.Class
	seen := map[string]bool{}
	of := func(r *interview) string { return r.stratum + "/" + r.class }
	for i := range f.rows {
		r := &f.rows[i]
		if seen[r.household] || !(r.base > 0) {
			continue
		}
		seen[r.household] = true // one household, one answer
		k, ok := number[of(r)]
		if !ok {
			k = len(classes)
			number[of(r)] = k
			classes = append(classes, weighting.Class{Name: of(r), Wider: r.stratum})
		}
		c := &classes[k]
		c.Households++
		c.Drawn += r.base
		if r.answered {
			c.Respondents++
			c.Answered += r.base
		}
	}
	adjusted, err := weighting.Respond(classes, floor)
	if err != nil {
		return err
	}
	w.how.Response = adjusted
	for i := range f.rows {
		r := &f.rows[i]
		if r.answered && r.base > 0 {
			w.response[i] = adjusted[number[of(r)]].Factor
			w.base[i] = r.base * w.response[i]
		}
	}
	return nil
}

// trim holds the weights within a multiple of their stratum's median.
func (f *fielded) trim(w *weights, multiple float64) error {
	number := map[string]int32{}
	var names []string
	group := make([]int32, len(f.rows))
	for i := range f.rows {
		group[i] = numbered(number, &names, f.rows[i].stratum)
	}
	t, err := weighting.Trim(w.base, group, multiple)
	if err != nil {
		return err
	}
	w.base, w.how.Trimmed = t.Weights, t
	return nil
}

// category is a person's or a total's category of a margin, "" where an item of
// it is unknown.
func category(m config.Margin, region, sex, age, hukou string) string {
	var parts []string
	for _, d := range m {
		x := map[string]string{"region": region, "sex": sex, "age": age, "hukou": hukou}[d]
		if x == "" || x == unknown || x == total {
			return ""
		}
		parts = append(parts, x)
	}
	return strings.Join(parts, "×")
}

// margin gives the population of a margin's categories, from the totals that are
// told by the fewest dimensions beyond the margin's.
func (f *fielded) margin(m config.Margin) (map[string]float64, error) {
	has := func(t populationTotal) map[string]bool {
		return map[string]bool{"region": t.region != total, "sex": t.sex != total, "age": t.age != total, "hukou": t.hukou != total}
	}
	best := 5
	for _, t := range f.totals {
		told, whole := 0, true
		for d, ok := range has(t) {
			if ok {
				told++
			} else if slices.Contains(m, d) {
				whole = false
			}
		}
		if whole {
			best = min(best, told)
		}
	}
	if best == 5 {
		return nil, fmt.Errorf("weighting: the population totals in force are not told by %s; load totals that are, or change weighting.margins", strings.Join(m, " × "))
	}
	out := map[string]float64{}
	for _, t := range f.totals {
		told, whole := 0, true
		for d, ok := range has(t) {
			if ok {
				told++
			} else if slices.Contains(m, d) {
				whole = false
			}
		}
		if whole && told == best {
			out[category(m, t.region, t.sex, t.age, t.hukou)] += t.persons
		}
	}
	return out, nil
}

// fit calibrates to one set of margins.
func (f *fielded) fit(w *weights, set []config.Margin, c config.Weighting) error {
	w.how.Left = nil
	var v weighting.Variables
	column := make([]map[string]int, len(set))
	population := 0.0
	for j, m := range set {
		totals, err := f.margin(m)
		if err != nil {
			return err
		}
		sampled := map[string]bool{}
		for i := range f.rows {
			if r := &f.rows[i]; w.base[i] > 0 {
				sampled[category(m, r.region, r.sex, r.age, r.hukou)] = true
			}
		}
		column[j] = map[string]int{}
		all, kept := 0.0, 0.0
		for name, persons := range totals {
			all += persons
			if persons > 0 && sampled[name] {
				kept += persons
			}
		}
		if j == 0 {
			population = all
		}
		for _, name := range slices.Sorted(maps.Keys(totals)) {
			persons := totals[name]
			if persons <= 0 || !sampled[name] {
				if persons > 0 {
					w.how.Left = append(w.how.Left, LeftOut{strings.Join(m, "×") + " " + name, persons})
				}
				continue
			}
			column[j][name] = len(v.Names)
			v.Names = append(v.Names, strings.Join(m, "×")+" "+name)
			// Every margin adds up to the same population, or none could be met.
			v.Totals = append(v.Totals, persons*population/kept)
		}
	}
	cells := weighting.Cells{}
	number := map[[maxMargins]string]int{}
	var keys [][maxMargins]string
	of := make([]int, len(f.rows))
	for i := range f.rows {
		r := &f.rows[i]
		of[i] = -1
		var key [maxMargins]string
		if w.base[i] > 0 {
			for j, m := range set {
				if name := category(m, r.region, r.sex, r.age, r.hukou); name != "" {
					if _, ok := column[j][name]; ok {
						key[j] = name
					}
				}
			}
		}
		w.margins[i] = key
		if key == [maxMargins]string{} {
			continue
		}
		k, ok := number[key]
		if !ok {
			k = len(keys)
			number[key] = k
			keys = append(keys, key)
			x := make([]float64, len(v.Names))
			for j, name := range key {
				if name != "" {
					x[column[j][name]] = 1
				}
			}
			cells.X = append(cells.X, x)
			cells.Base = append(cells.Base, 0)
		}
		cells.Base[k] += w.base[i]
		of[i] = k
	}
	got, err := weighting.Calibrate(cells, v, weighting.Options{Distance: weighting.Distance(c.Distance), Low: c.Bounds[0], High: c.Bounds[1]})
	if err != nil {
		return err
	}
	for i := range f.rows {
		if k := of[i]; k >= 0 {
			w.g[i] = got.G[k]
		}
		w.final[i] = w.base[i] * w.g[i]
	}
	w.how.Margins, w.how.Variables, w.how.Cells, w.how.Calibrated = set, v, cells, got
	return nil
}
