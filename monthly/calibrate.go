package monthly

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"laborwatch/config"
	"laborwatch/messages"
	"laborwatch/weighting"
)

// weighed is how a month's weights came about.
type weighed struct {
	response []weighting.Adjusted
	// tried are the sets of margins that did not converge, with their errors.
	tried []error
	// set of margins in use, its frame and what was done in it.
	set   []config.Margin
	frame *weighting.Frame
	made  *weighting.Weighed
	// adjusted are the weights that went into it.
	adjusted []float64
}

// calibrate makes weights from base weights: response, calibration, trimming.
func (f *fielded) calibrate(c config.Weighting) (*weights, error) {
	w := newWeights(len(f.rows))
	w.how = &weighed{}
	if err := f.respond(w, c.ResponseFloor); err != nil {
		return nil, err
	}
	w.how.adjusted = slices.Clone(w.base)
	for _, set := range c.Margins {
		err := f.fit(w, set, c)
		var off *weighting.NoConvergence
		if errors.As(err, &off) {
			w.how.tried = append(w.how.tried, fmt.Errorf("%v: %w", set, err))
			continue
		}
		return w, err
	}
	return nil, fmt.Errorf("%s: %w", messages.Beside("weighting: none of the %d sets of margins converges; widen weighting.bounds, add a set with fewer cells to weighting.margins, or set weighting.method to given", len(c.Margins)),
		errors.Join(w.how.tried...))
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
	w.how.response = adjusted
	for i := range f.rows {
		r := &f.rows[i]
		if r.answered && r.base > 0 {
			w.response[i] = adjusted[number[of(r)]].Factor
			w.base[i] = r.base * w.response[i]
		}
	}
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
	best, of := 5, []populationTotal(nil)
	for _, t := range f.totals {
		told, whole := 0, true
		for d, ok := range has(t) {
			if ok {
				told++
			} else if slices.Contains(m, d) {
				whole = false
			}
		}
		if !whole || told > best {
			continue
		}
		if told < best {
			best, of = told, nil
		}
		of = append(of, t)
	}
	if len(of) == 0 {
		return nil, errors.New(messages.Beside("weighting: the population totals in force are not told by %s; load totals that are, or change weighting.margins", strings.Join(m, " × ")))
	}
	out := map[string]float64{}
	for _, t := range of {
		out[category(m, t.region, t.sex, t.age, t.hukou)] += t.persons
	}
	return out, nil
}

// fit calibrates to one set of margins, and trims.
func (f *fielded) fit(w *weights, set []config.Margin, c config.Weighting) error {
	margins := make([]weighting.Margin, len(set))
	for j, m := range set {
		totals, err := f.margin(m)
		if err != nil {
			return err
		}
		delete(totals, "")
		margins[j] = weighting.Margin{Name: strings.Join(m, "×"), Totals: totals, Of: make([]string, len(f.rows))}
		for i := range f.rows {
			r := &f.rows[i]
			margins[j].Of[i] = category(m, r.region, r.sex, r.age, r.hukou)
		}
	}
	frame, err := weighting.NewFrame(margins, nil, w.how.adjusted)
	if err != nil {
		return err
	}
	number := map[string]int32{}
	var names []string
	strata := make([]int32, len(f.rows))
	for i := range f.rows {
		strata[i] = numbered(number, &names, f.rows[i].stratum)
	}
	made, err := frame.Weigh(w.how.adjusted, strata, weighting.Plan{
		Options: weighting.Options{Distance: weighting.Distance(c.Distance), Low: c.Bounds[0], High: c.Bounds[1]}, Trim: c.Trim,
	})
	if err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, name := range frame.Names {
		kept[name] = true
	}
	for i := range f.rows {
		w.margins[i] = [maxMargins]string{}
		k := frame.Of[i]
		if k < 0 {
			continue
		}
		// The variance rests on the weights that the last calibration started from.
		w.final[i], w.g[i] = made.Final[i], made.G[k]
		w.base[i] = made.Final[i] / made.G[k]
		for j, m := range margins {
			if kept[m.Name+" "+m.Of[i]] {
				w.margins[i][j] = m.Of[i]
			}
		}
	}
	w.how.set, w.how.frame, w.how.made = set, frame, made
	return nil
}
