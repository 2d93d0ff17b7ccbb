package release

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"laborwatch/cube"
	"laborwatch/period"
)

// Revisions are the figures that an earlier release published otherwise, and
// the extracts that changed since.
type Revisions struct {
	Against []Against
	Rows    []Revision
	Inputs  []InputChange
	Alerts  []AlertRevision
	// Kind is why figures changed: an input was replaced, one arrived late, or
	// neither.
	Kind string

	catalog *cube.Catalog
}

// Against names an earlier release.
type Against struct {
	Period  period.Period
	Version int
}

// The kinds of revision.
const (
	corrected = "correction"
	late      = "late"
	method    = "method"
)

// Revision is a figure that changed. A nil value was or is not published.
type Revision struct {
	Against  Against
	Key      cube.Key
	Old, New *float64
}

// AlertRevision is a count of alerts that changed.
type AlertRevision struct {
	Count    alertCount // without its count
	Old, New int
}

// InputChange is an extract that a figure may have changed with.
type InputChange struct {
	Feed     string
	Period   period.Period
	Old, New []string // load ids
}

// revisions compares a new release with the last version of its month, and
// with the newest release of an earlier month. It gives nil when there is
// nothing to tell: no earlier version, and no earlier figure that changed.
func revisions(o Options, figs *figures, alerts []alertCount, last *Release, inputs []Input) (*Revisions, error) {
	r := &Revisions{catalog: o.Catalog}
	if last != nil {
		old, err := last.observations()
		if err != nil {
			return nil, err
		}
		r.compareVersion(last, old, figs)
		if r.Alerts, err = alertRevisions(last, alerts); err != nil {
			return nil, err
		}
		r.Inputs = inputChanges(last.manifest.Inputs, inputs)
	}
	before, err := earlier(o.Dir, o.Period)
	if err != nil {
		return nil, err
	}
	if before != nil {
		old, err := before.observations()
		if err != nil {
			return nil, err
		}
		found := r.compareEarlier(before, old, figs)
		if found && last == nil {
			r.Inputs = inputChanges(before.manifest.Inputs, until(inputs, before.Period))
		}
	}
	if last == nil && len(r.Rows) == 0 {
		return nil, nil
	}
	r.Kind = kindOf(r.Inputs)
	slices.SortFunc(r.Rows, func(a, b Revision) int {
		if a.Against != b.Against {
			return int(b.Against.Period-a.Against.Period)*1000 + b.Against.Version - a.Against.Version
		}
		return compareKeys(a.Key, b.Key)
	})
	return r, nil
}

// compareVersion lists what differs from an earlier version of the same month.
func (r *Revisions) compareVersion(last *Release, old map[cube.Key]*float64, figs *figures) {
	a := Against{last.Period, last.Version}
	r.Against = append(r.Against, a)
	for k, was := range old {
		var is *float64
		if f, ok := figs.shown[k]; ok {
			is = f.obs.Value
		}
		r.note(figs.rules, a, k, was, is)
	}
	for k, f := range figs.shown {
		if _, ok := old[k]; !ok {
			r.note(figs.rules, a, k, nil, f.obs.Value)
		}
	}
}

// compareEarlier lists the figures of an earlier month's release that the cube
// now gives otherwise.
func (r *Revisions) compareEarlier(before *Release, old map[cube.Key]*float64, figs *figures) bool {
	a := Against{before.Period, before.Version}
	n := len(r.Rows)
	for k, was := range old {
		var is *float64
		if o, ok := figs.snapshot.Get(k); ok && figs.rules.withheld(k) == "" {
			is = o.Value
		}
		r.note(figs.rules, a, k, was, is)
	}
	if len(r.Rows) == n {
		return false
	}
	r.Against = append(r.Against, a)
	return true
}

func (r *Revisions) note(rules *disclosure, a Against, k cube.Key, was, is *float64) {
	if was == nil && is == nil || was != nil && is != nil && *was == *is {
		return
	}
	if is == nil && rules.withheld(k) == confidential {
		was = nil // it should not have been told, and is not told again
	}
	r.Rows = append(r.Rows, Revision{Against: a, Key: k, Old: was, New: is})
}

// observations reads the figures that a release published.
func (r *Release) observations() (map[cube.Key]*float64, error) {
	if err := r.verify(); err != nil {
		return nil, err
	}
	name := filepath.Join(r.Dir, observationsFile)
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	out, err := readObservations(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

// earlier gives the newest release of a month before p.
func earlier(dir string, p period.Period) (*Release, error) {
	all, err := List(dir)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Period < p {
			return &all[i], nil
		}
	}
	return nil, nil
}

func until(list []Input, p period.Period) []Input {
	var out []Input
	for _, i := range list {
		if i.Period <= p {
			out = append(out, i)
		}
	}
	return out
}

// inputChanges lists feeds and months whose loads differ.
func inputChanges(old, now []Input) []InputChange {
	type slot struct {
		feed string
		p    period.Period
	}
	ids := map[slot]*InputChange{}
	at := func(i Input) *InputChange {
		k := slot{i.Feed, i.Period}
		if ids[k] == nil {
			ids[k] = &InputChange{Feed: i.Feed, Period: i.Period}
		}
		return ids[k]
	}
	for _, i := range old {
		c := at(i)
		c.Old = append(c.Old, i.LoadID)
	}
	for _, i := range now {
		c := at(i)
		c.New = append(c.New, i.LoadID)
	}
	var out []InputChange
	for _, c := range ids {
		slices.Sort(c.Old)
		slices.Sort(c.New)
		if !slices.Equal(c.Old, c.New) {
			out = append(out, *c)
		}
	}
	slices.SortFunc(out, func(a, b InputChange) int {
		if a.Feed != b.Feed {
			return compareWords(a.Feed, b.Feed)
		}
		return int(a.Period - b.Period)
	})
	return out
}

// kindOf tells a correction (a load is gone) from late data.
func kindOf(changes []InputChange) string {
	kind := method
	for _, c := range changes {
		kind = late
		for _, id := range c.Old {
			if !slices.Contains(c.New, id) {
				return corrected
			}
		}
	}
	return kind
}

func alertRevisions(last *Release, now []alertCount) ([]AlertRevision, error) {
	old, err := readAlerts(filepath.Join(last.Dir, alertsFile))
	if err != nil {
		return nil, err
	}
	both := map[alertCount]*AlertRevision{}
	at := func(c alertCount) *AlertRevision {
		c.Count = 0
		if both[c] == nil {
			both[c] = &AlertRevision{Count: c}
		}
		return both[c]
	}
	for _, c := range old {
		at(c).Old = c.Count
	}
	for _, c := range now {
		at(c).New = c.Count
	}
	var out []AlertRevision
	for _, r := range both {
		if r.Old != r.New {
			out = append(out, *r)
		}
	}
	slices.SortFunc(out, func(a, b AlertRevision) int { return compareWords(a.Count.key(), b.Count.key()) })
	return out, nil
}

func (c alertCount) key() string {
	return strings.Join([]string{strconv.Itoa(c.Level), c.Scope, c.Region, c.Industry}, "|")
}

// visible reports whether a revision shows in figures as they are printed.
func (r *Revisions) visible(v Revision) bool {
	k := kindFor(r.catalog, v.Key.Indicator)
	return v.Old == nil || v.New == nil || k.format(*v.Old) != k.format(*v.New)
}

// kindFor is how an indicator's values are shown.
func kindFor(cat *cube.Catalog, code string) Kind {
	ind, _ := cat.Get(code)
	switch {
	case ind.Unit == cube.Ratio && ind.IsChange():
		return Points
	case ind.Unit == cube.Ratio:
		return Percent
	case ind.Unit == cube.Relative:
		return Growth
	case ind.Unit == cube.Hours && !ind.IsChange():
		return Hours
	case ind.IsChange():
		return Delta
	case ind.Unit == cube.Multiple:
		return Times
	}
	return Count
}

// csv lists every revised figure with full precision.
func (r *Revisions) csv() ([]byte, error) {
	var rows [][]string
	for _, v := range r.Rows {
		row := []string{v.Against.Period.String(), strconv.Itoa(v.Against.Version), v.Key.Period.String(), v.Key.Indicator}
		for _, d := range cube.Dims() {
			row = append(row, v.Key.Dim(d))
		}
		change := ""
		if v.Old != nil && v.New != nil {
			d := *v.New - *v.Old
			change = exact(&d)
		}
		rows = append(rows, append(row, exact(v.Old), exact(v.New), change))
	}
	for _, a := range r.Alerts {
		row := []string{"", "", "", "alerts:" + a.Count.Scope + ":" + strconv.Itoa(a.Count.Level), a.Count.Region, cube.Total, cube.Total, cube.Total, a.Count.Industry, cube.Total, cube.Total}
		rows = append(rows, append(row, strconv.Itoa(a.Old), strconv.Itoa(a.New), strconv.Itoa(a.New-a.Old)))
	}
	head := append([]string{"published_in", "published_version", "period", "indicator"}, cube.Dims()...)
	return table2csv(append(head, "old", "new", "difference"), rows)
}
