package transform

import (
	"slices"

	"laborwatch/period"
)

// planner compares what should be with what is.
type planner struct {
	t     *Transform
	want  universe
	have  state
	asked map[period.Period]bool // nil: all months
	// boards are the boards' rows, as of now.
	boards []Seed
}

func newPlanner(t *Transform, want universe, have state, months []period.Period) *planner {
	p := &planner{t: t, want: want, have: have}
	if months != nil {
		p.asked = map[period.Period]bool{timeless: true}
		for _, m := range months {
			p.asked[m] = true
		}
	}
	return p
}

// plan lists what to compute so that the months asked for are right. Inputs of
// those months that are out of date are computed too: a key is only ever noted
// for rows that were computed from inputs of their own keys.
func (p *planner) plan() *Plan {
	required := p.require()
	out := &Plan{}
	for _, m := range p.t.models {
		if m.view() {
			continue
		}
		s := Step{Model: m.Name, Months: sortedKeys(required[m.Name]), Drop: p.gone(m)}
		stored := p.have.stored(m.Name)
		if len(s.Months)+len(s.Drop) == 0 && stored {
			continue
		}
		// A table that is no more what it was made by is made anew, which
		// takes all its months; dropping months alone leaves it as it is.
		s.Rebuild = !stored || len(s.Months) > 0 && p.reshaped(m)
		s.Reasons = p.why(m, s)
		out.Steps = append(out.Steps, s)
	}
	return out
}

func (p *planner) within(month period.Period) bool { return p.asked == nil || p.asked[month] }

// stale reports whether the month's key is not the one that is stored.
func (p *planner) stale(name string, month period.Period) bool {
	key, ok := p.want[name][month]
	return ok && p.have.keys[name][month] != key
}

// reshaped reports whether the model's stored table was made by another SQL, or
// on inputs of other columns.
func (p *planner) reshaped(m *Model) bool {
	return p.have.stored(m.Name) && p.have.models[m.Name].shape != m.shape
}

// gone are the model's stored months whose inputs are no more.
func (p *planner) gone(m *Model) []period.Period {
	var out []period.Period
	for month := range p.have.keys[m.Name] {
		if _, ok := p.want[m.Name][month]; !ok && p.within(month) {
			out = append(out, month)
		}
	}
	slices.Sort(out)
	return out
}

// require walks from the last model to the first: which of its months are asked
// for and stale, and which stale months of its inputs these rest on.
func (p *planner) require() map[string]map[period.Period]bool {
	required := map[string]map[period.Period]bool{}
	add := func(name string, month period.Period) {
		if required[name] == nil {
			required[name] = map[period.Period]bool{}
		}
		required[name][month] = true
	}
	for _, m := range slices.Backward(p.t.models) {
		if !m.view() {
			for month := range p.want[m.Name] {
				if p.stale(m.Name, month) && p.within(month) {
					add(m.Name, month)
				}
			}
			if p.reshaped(m) && len(required[m.Name]) > 0 {
				for month := range p.want[m.Name] {
					add(m.Name, month)
				}
			}
		}
		for month := range required[m.Name] {
			for _, d := range m.Deps {
				dep := p.t.byName[d]
				for _, q := range p.want.inputs(m, d, month) {
					_, exists := p.want[d][q]
					// Views are not stored: one looks through them.
					if dep != nil && exists && (dep.view() || p.stale(d, q)) {
						add(d, q)
					}
				}
			}
		}
	}
	return required
}
