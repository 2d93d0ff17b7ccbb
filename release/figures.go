package release

import (
	"slices"

	"laborwatch/cube"
	"laborwatch/period"
)

// figure is an observation as it may be published.
type figure struct {
	obs   cube.Observation
	found bool
	// withheld is the reason why its value is not published, "" if it is.
	withheld string
	n        *int64
}

// ok reports whether the figure has a value to show.
func (f figure) ok() bool { return f.found && f.withheld == "" && f.obs.Value != nil }

// value of a figure that is ok.
func (f figure) value() float64 { return *f.obs.Value }

// figures hands out the observations that a release shows and remembers them,
// so that its CSV file holds just what its tables say. Everything shown goes
// through get, and so through disclosure control.
type figures struct {
	snapshot *cube.Snapshot
	rules    *disclosure
	shown    map[cube.Key]figure
}

func newFigures(o Options) *figures {
	return &figures{snapshot: o.Snapshot, rules: newDisclosure(o), shown: map[cube.Key]figure{}}
}

// get gives a figure for publication.
func (f *figures) get(k cube.Key) figure {
	k = full(k)
	if got, ok := f.shown[k]; ok {
		return got
	}
	o, found := f.snapshot.Get(k)
	out := figure{obs: o, found: found, n: o.N}
	if found {
		if out.withheld = f.rules.withheld(k); out.withheld != "" {
			out.obs = blank(o, out.withheld)
		}
		f.shown[k] = out
	}
	return out
}

// rows are the figures handed out, in the cube's order.
func (f *figures) rows() []cube.Observation {
	out := make([]cube.Observation, 0, len(f.shown))
	for _, g := range f.shown {
		out = append(out, g.obs)
	}
	return sortObservations(out)
}

// full spells out every dimension, so that equal cells have equal keys.
func full(k cube.Key) cube.Key {
	for _, d := range cube.Dims() {
		if k.Dim(d) == cube.Total {
			k = k.With(d, cube.Total)
		}
	}
	return k
}

// blank takes the figures out of an observation that is withheld.
func blank(o cube.Observation, reason string) cube.Observation {
	o.Value, o.Numerator, o.Denominator, o.SE, o.CILow, o.CIHigh = nil, nil, nil, nil, nil, nil
	o.ObsStatus = "Q"
	if reason == confidential {
		o.N = nil
	}
	return o
}

func sortObservations(list []cube.Observation) []cube.Observation {
	slices.SortFunc(list, func(a, b cube.Observation) int { return compareKeys(a.Key(), b.Key()) })
	return list
}

// compareKeys orders by indicator, then period, then every dimension, totals first.
func compareKeys(a, b cube.Key) int {
	if a.Indicator != b.Indicator {
		return compareWords(a.Indicator, b.Indicator)
	}
	if a.Period != b.Period {
		return int(a.Period - b.Period)
	}
	for _, d := range cube.Dims() {
		x, y := a.Dim(d), b.Dim(d)
		switch {
		case x == y:
			continue
		case x == cube.Total:
			return -1
		case y == cube.Total:
			return 1
		}
		return compareWords(x, y)
	}
	return 0
}

func compareWords(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// cell names a cell of a table: a key without its indicator.
type cell = cube.Key

func city(p period.Period) cell { return cube.K("", p) }
