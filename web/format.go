package web

import (
	"strconv"

	"laborwatch/cube"
	"laborwatch/messages"
	"laborwatch/period"
)

const (
	none     = "–" // no such figure
	withheld = "…" // the sample cannot bear it
)

// view reads a snapshot in one language for one month.
type view struct {
	lang    messages.Lang
	catalog *cube.Catalog
	snap    *cube.Snapshot
	period  period.Period
}

func (v view) t(key string, args ...any) string { return messages.T(v.lang, key, args...) }

// city is the key of an indicator's total in the month shown.
func (v view) city(indicator string) cube.Key { return cube.K(indicator, v.period) }

func (v view) get(k cube.Key) (cube.Observation, bool) { return v.snap.Get(k) }

// unfit reports whether the sample cannot bear a figure.
func unfit(o cube.Observation) bool { return o.Quality == "unreliable" }

// value prints a figure, with a mark for one that is missing or unfit.
func (v view) value(k cube.Key) string {
	o, ok := v.get(k)
	switch {
	case !ok || o.Value == nil:
		return none
	case unfit(o):
		return withheld
	}
	ind, _ := v.catalog.Get(k.Indicator)
	return ind.Format(v.lang, *o.Value)
}

// interval prints a figure's interval, which is shown whatever the figure's quality.
func (v view) interval(o cube.Observation) string {
	if o.CILow == nil || o.CIHigh == nil {
		return none
	}
	ind, _ := v.catalog.Get(o.Indicator)
	return ind.FormatInterval(v.lang, *o.CILow, *o.CIHigh)
}

func (v view) se(o cube.Observation) string {
	if o.SE == nil {
		return none
	}
	ind, _ := v.catalog.Get(o.Indicator)
	return ind.FormatSE(v.lang, *o.SE)
}

// points prints a standard error in percentage points for a column that says so.
func points(o cube.Observation) string {
	if o.SE == nil {
		return none
	}
	return strconv.FormatFloat(100**o.SE, 'f', 2, 64)
}

func (v view) n(o cube.Observation) string {
	if o.N == nil {
		return none
	}
	return count(*o.N)
}

// count prints a whole number with thousands parted.
func count(n int64) string {
	return cube.Indicator{Unit: cube.Persons}.Format(messages.EN, float64(n))
}

// name of an indicator.
func (v view) name(code string) string {
	ind, _ := v.catalog.Get(code)
	return ind.Name.In(v.lang)
}

// month prints a month as people write it.
func (v view) month(p period.Period) string {
	if p == 0 {
		return none
	}
	return v.t("web.month", p.Year(), v.t(monthKey(p)))
}

// grade is a quality with its mark, told by shape and word, not by color alone.
type grade struct {
	Class, Mark, Text string
	Title             string // with the reason
}

func (v view) grade(o cube.Observation) grade {
	marks := map[string]string{"publish": "●", "caution": "▲", "unreliable": "✕"}
	if marks[o.Quality] == "" {
		return grade{}
	}
	return grade{Class: o.Quality, Mark: marks[o.Quality], Text: v.t("cube.quality." + o.Quality), Title: cube.QualityText(v.lang, o)}
}

// change is a change with what can be said of it.
type change struct {
	Label, Value, Interval, Verdict string
	Class                           string // good, bad or plain
}

// change reads the change of an indicator against so many months before.
func (v view) change(code string, months int) change {
	c := change{Label: v.t(map[int]string{1: "web.mom", 12: "web.yoy"}[months]), Value: none, Class: "plain"}
	ind, ok := v.catalog.ChangeOf(code, months)
	if !ok {
		return c
	}
	o, ok := v.get(v.city(ind.Code))
	if !ok || o.Value == nil {
		c.Verdict = v.t("web.verdict.none")
		return c
	}
	if unfit(o) {
		c.Value, c.Verdict = withheld, v.t("web.verdict.unreliable")
		return c
	}
	c.Value = ind.Format(v.lang, *o.Value)
	if o.CILow == nil || o.CIHigh == nil {
		return c
	}
	c.Interval = ind.FormatInterval(v.lang, *o.CILow, *o.CIHigh)
	base, _ := v.catalog.Get(code)
	switch o.Verdict() {
	case cube.Rose:
		c.Verdict, c.Class = v.t("web.verdict.rose"), toned(base.Direction == cube.UpIsGood, base.Direction)
	case cube.Fell:
		c.Verdict, c.Class = v.t("web.verdict.fell"), toned(base.Direction == cube.UpIsBad, base.Direction)
	default:
		c.Verdict = v.t("web.verdict.within")
	}
	return c
}

func toned(good bool, d cube.Direction) string {
	switch {
	case d == cube.Neutral:
		return "plain"
	case good:
		return "good"
	}
	return "bad"
}
