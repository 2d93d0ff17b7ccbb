package transform

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"laborwatch/period"
)

// planner compares what should be with what is.
type planner struct {
	t       *Transform
	want    universe
	have    done
	bases   map[string]string // what each stored table was made by
	stale   map[string]map[period.Period]bool
	reasons map[string]map[string]bool
}

// plan lists what to compute so that the months asked for are right; nil asks
// for all. Inputs of those months that are out of date are computed too.
func (t *Transform) plan(want universe, have done, bases map[string]string, asked []period.Period) *Plan {
	p := &planner{t: t, want: want, have: have, bases: bases, stale: map[string]map[period.Period]bool{}, reasons: map[string]map[string]bool{}}
	p.compare()
	required := p.require(asked)
	out := &Plan{}
	for _, m := range t.models {
		s := Step{Model: m.Name, View: m.view(), Months: sortedKeys(required[m.Name])}
		for month := range have[m.Name] {
			if _, ok := want[m.Name][month]; !ok {
				s.Drop = append(s.Drop, month)
			}
		}
		slices.Sort(s.Drop)
		create := !m.view() && bases[m.Name] == ""
		if m.view() || (len(s.Months)+len(s.Drop) == 0 && !create) {
			continue
		}
		if create {
			p.because(m.Name, "new model")
		}
		if len(s.Drop) > 0 {
			p.because(m.Name, "inputs withdrawn")
		}
		s.Rebuild = p.rebuild(m)
		s.Reasons = sortedKeys(p.reasons[m.Name])
		out.Steps = append(out.Steps, s)
	}
	return out
}

// rebuild reports whether the model's table must be made anew: there is none, or
// another SELECT made it and its columns may be others.
func (p *planner) rebuild(m *Model) bool { return !m.view() && p.bases[m.Name] != m.base }

func (p *planner) because(model, reason string) {
	if p.reasons[model] == nil {
		p.reasons[model] = map[string]bool{}
	}
	p.reasons[model][reason] = true
}

// compare finds the months of every source and model whose key is not the one
// that is stored, and says why. Views are never stored: theirs is stale where an
// input's is.
func (p *planner) compare() {
	for _, m := range p.t.models {
		for _, d := range m.Deps {
			if strings.HasPrefix(d, "lake.") && p.stale[d] == nil {
				p.stale[d] = p.differing(d)
			}
			if _, ok := p.want[d][timeless]; ok && p.stale[d] == nil {
				p.stale[d] = p.differing(d)
			}
		}
		if m.view() {
			p.stale[m.Name] = p.viewStale(m)
			continue
		}
		p.stale[m.Name] = p.differing(m.Name)
		for month := range p.stale[m.Name] {
			p.explain(m, month)
		}
	}
}

func (p *planner) differing(name string) map[period.Period]bool {
	out := map[period.Period]bool{}
	for month, key := range p.want[name] {
		if p.have[name][month] != key {
			out[month] = true
		}
	}
	return out
}

func (p *planner) viewStale(m *Model) map[period.Period]bool {
	out := map[period.Period]bool{}
	for month := range p.want[m.Name] {
		for _, d := range m.Deps {
			for _, q := range p.inputs(m, d, month) {
				if p.stale[d][q] {
					out[month] = true
				}
			}
		}
	}
	return out
}

// inputs are the months of a dependency that a month of the model reads.
func (p *planner) inputs(m *Model, dep string, month period.Period) []period.Period {
	if _, ok := p.want[dep][timeless]; ok {
		return []period.Period{timeless}
	}
	if month == timeless {
		return nil
	}
	return period.Range(month.Add(m.Window[0]), month.Add(m.Window[1]))
}

func (p *planner) explain(m *Model, month period.Period) {
	_, stored := p.have[m.Name][month]
	switch {
	case p.bases[m.Name] == "":
	case p.rebuild(m):
		p.because(m.Name, "changed SQL or parameters")
	case !stored:
		p.because(m.Name, "new month")
	}
	for _, d := range m.Deps {
		for _, q := range p.inputs(m, d, month) {
			if !p.stale[d][q] {
				continue
			}
			reason := "upstream " + d
			if strings.HasPrefix(d, "lake.") {
				reason = "new load of " + strings.TrimPrefix(d, "lake.")
			} else if q == timeless {
				reason = "changed configuration " + d
			}
			p.because(m.Name, reason)
		}
	}
}

// require walks from the last model to the first: what is stale and asked for,
// and what of its inputs is stale.
func (p *planner) require(asked []period.Period) map[string]map[period.Period]bool {
	within := map[period.Period]bool{timeless: true}
	for _, a := range asked {
		within[a] = true
	}
	required := map[string]map[period.Period]bool{}
	for _, m := range slices.Backward(p.t.models) {
		if required[m.Name] == nil {
			required[m.Name] = map[period.Period]bool{}
		}
		for month := range p.stale[m.Name] {
			if asked == nil || within[month] {
				required[m.Name][month] = true
			}
		}
		// A table whose SELECT changed is made anew, so all of it is needed.
		if p.rebuild(m) && p.bases[m.Name] != "" && len(required[m.Name]) > 0 {
			for month := range p.stale[m.Name] {
				required[m.Name][month] = true
			}
		}
		for month := range required[m.Name] {
			for _, d := range m.Deps {
				for _, q := range p.inputs(m, d, month) {
					if p.stale[d][q] {
						if required[d] == nil {
							required[d] = map[period.Period]bool{}
						}
						required[d][q] = true
					}
				}
			}
		}
	}
	return required
}

func sortedKeys[K interface{ ~int | ~string }, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}

// needs are the months of every input, direct or through views, that computing
// the given months of a model reads.
func (t *Transform) needs(want universe, m *Model, months []period.Period) map[string]map[period.Period]bool {
	p := &planner{t: t, want: want}
	need := map[string]map[period.Period]bool{}
	var add func(m *Model, months []period.Period)
	add = func(m *Model, months []period.Period) {
		for _, d := range m.Deps {
			if need[d] == nil {
				need[d] = map[period.Period]bool{}
			}
			for _, month := range months {
				for _, q := range p.inputs(m, d, month) {
					need[d][q] = true
				}
			}
			if dep := t.byName[d]; dep != nil && dep.view() {
				add(dep, sortedKeys(need[d]))
			}
		}
	}
	add(m, months)
	return need
}

// inList writes months for WHERE period IN (…).
func inList(months []period.Period) string {
	if len(months) == 0 {
		return "(NULL)"
	}
	parts := make([]string, len(months))
	for i, m := range months {
		parts[i] = m.SQL()
	}
	return fmt.Sprintf("(%s)", strings.Join(parts, ", "))
}
