package transform

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"laborwatch/messages"
	"laborwatch/period"
)

// Why is a kind of reason for computing a model.
type Why string

// The reasons; what they name is in brackets.
const (
	WhyModel     Why = "model"     // a new model
	WhyMonth     Why = "month"     // a new month
	WhySQL       Why = "sql"       // changed SQL [model or view]
	WhyParams    Why = "params"    // changed parameters or macros [model or view]
	WhyColumns   Why = "columns"   // a feed or configuration table has other columns
	WhyLoad      Why = "load"      // a new, corrected or withdrawn load [feed]
	WhyConfig    Why = "config"    // changed rows [configuration table]
	WhyUpstream  Why = "upstream"  // a computed input [model]
	WhyWithdrawn Why = "withdrawn" // the inputs of stored months are gone
	WhyLeftover  Why = "leftover"  // an earlier run was for some months only
)

// Reason says why a model is computed.
type Reason struct {
	Why  Why
	Name string // "" where the kind says it all
}

// Text is the reason in words.
func (r Reason) Text(lang messages.Lang) string {
	if r.Name == "" {
		return messages.T(lang, "transform.why."+string(r.Why))
	}
	return messages.T(lang, "transform.why."+string(r.Why), r.Name)
}

// Step is what a run does, or would do, to one model.
type Step struct {
	Model   string
	Months  []period.Period // to compute; the zero period alone for a model without months
	Drop    []period.Period // to remove, their inputs are gone
	Reasons []Reason
	Rebuild bool // the table is made anew, its columns may have changed

	Rows     int64 // inserted by the run
	Duration time.Duration
}

// why finds the reasons for a step.
func (p *planner) why(m *Model, s Step) []Reason {
	if !p.have.stored(m.Name) {
		return []Reason{{Why: WhyModel}}
	}
	found := map[Reason]bool{}
	p.changed(m, found)
	for _, month := range s.Months {
		if _, had := p.have.keys[m.Name][month]; !had {
			found[Reason{Why: WhyMonth}] = true
		}
		p.changedInputs(m, month, found)
	}
	if len(s.Drop) > 0 {
		found[Reason{Why: WhyWithdrawn}] = true
	}
	switch {
	case len(found) > 0:
	case s.Rebuild:
		found[Reason{Why: WhyColumns}] = true
	default:
		found[Reason{Why: WhyLeftover}] = true
	}
	var out []Reason
	for r := range found {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Reason) int {
		return strings.Compare(string(a.Why)+" "+a.Name, string(b.Why)+" "+b.Name)
	})
	return out
}

// changed says what of a model or view itself is another than it was.
func (p *planner) changed(m *Model, found map[Reason]bool) {
	was, known := p.have.models[m.Name]
	switch {
	case !known || was.shape == m.shape:
	case was.text != m.text:
		found[Reason{WhySQL, m.Name}] = true
	case was.base != m.base:
		found[Reason{WhyParams, m.Name}] = true
	}
}

// changedInputs says which inputs of a model's month are others than they were,
// through views to what these read.
func (p *planner) changedInputs(m *Model, month period.Period, found map[Reason]bool) {
	for _, d := range m.Deps {
		for _, q := range p.want.inputs(m, d, month) {
			if p.want[d][q] == p.have.keys[d][q] {
				continue
			}
			dep := p.t.byName[d]
			switch {
			case dep != nil && dep.view():
				p.changed(dep, found)
				p.changedInputs(dep, q, found)
			case dep != nil:
				found[Reason{WhyUpstream, d}] = true
			case strings.HasPrefix(d, "lake."):
				found[Reason{WhyLoad, strings.TrimPrefix(d, "lake.")}] = true
			default:
				found[Reason{WhyConfig, d}] = true
			}
		}
	}
}

// Plan is what a run would do, in order.
type Plan struct{ Steps []Step }

// Months is the number of model-months to compute.
func (p *Plan) Months() int {
	n := 0
	for _, s := range p.Steps {
		n += len(s.Months)
	}
	return n
}

// String prints one line a model: name, months, why.
func (p *Plan) String() string {
	if len(p.Steps) == 0 {
		return messages.Both("transform.none") + "\n"
	}
	var b strings.Builder
	for _, s := range p.Steps {
		var zh, en []string
		for _, r := range s.Reasons {
			zh = append(zh, r.Text(messages.ZH))
			en = append(en, r.Text(messages.EN))
		}
		fmt.Fprintf(&b, "%-32s %-20s %s / %s\n", s.Model, monthsText(s.Months, s.Drop), strings.Join(zh, "；"), strings.Join(en, "; "))
	}
	return b.String()
}

// monthsText folds runs of months: 2026-01..2026-03,2026-10; dropped ones have a minus.
func monthsText(months, drop []period.Period) string {
	var parts []string
	for i := 0; i < len(months); {
		j := i
		for j+1 < len(months) && months[j+1] == months[j]+1 {
			j++
		}
		switch {
		case months[i] == timeless:
			parts = append(parts, messages.Both("transform.all"))
		case i == j:
			parts = append(parts, months[i].String())
		default:
			parts = append(parts, months[i].String()+".."+months[j].String())
		}
		i = j + 1
	}
	for _, p := range drop {
		parts = append(parts, "-"+p.String())
	}
	return strings.Join(parts, ",")
}
