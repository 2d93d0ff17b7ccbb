package ingest

import "slices"

// DriftPolicy says what happens when an extract's columns are not what they
// were. A required column that is missing always refuses the extract.
type DriftPolicy struct {
	// New columns are kept aside (keep, the default), left out (ignore), or
	// refuse the extract (refuse).
	New string `yaml:"new"`
	// Missing optional columns are empty and reported (null, the default), or
	// refuse the extract (refuse).
	Missing string `yaml:"missing"`
	// Type is what happens when at least half of a column's cells, of a required
	// one 30 %, cannot be read as its type any more: the extract is refused (refuse,
	// the default), or its rows go to quarantine one by one (quarantine). So it is
	// with unknown texts in a column with otherwise.
	Type string `yaml:"type"`
}

// What a drift policy may say.
const (
	driftKeep       = "keep"
	driftIgnore     = "ignore"
	driftRefuse     = "refuse"
	driftNull       = "null"
	driftQuarantine = "quarantine"
)

// SetChecks compare an extract as a whole with the last loads of its feed. The
// levels are robust z-scores, 0 for never; what is left out has the defaults
// of the feed's mode.
type SetChecks struct {
	// History is how many earlier loads count, Least how many there must be.
	History *int `yaml:"history"`
	Least   *int `yaml:"least"`
	// Rows, Distinct and Levels (the medians of numbers) are judged by their
	// relative change; by their absolute one the shares of empty cells, of repeats,
	// of codes and unknown texts, and of rows of the month that the name tells.
	Rows     *Level `yaml:"rows"`
	Distinct *Level `yaml:"distinct"`
	Nulls    *Level `yaml:"nulls"`
	Repeats  *Level `yaml:"repeats"`
	Codes    *Level `yaml:"codes"`
	Levels   *Level `yaml:"levels" json:",omitempty"`
	Month    *Level `yaml:"month" json:",omitempty"`
}

// byName gives the levels by their keys in a contract, nil for those left out.
func (s SetChecks) byName() map[string]*Level {
	return map[string]*Level{"rows": s.Rows, "distinct": s.Distinct, "nulls": s.Nulls, "repeats": s.Repeats, "codes": s.Codes, "levels": s.Levels, "month": s.Month}
}

// measured gives the key under which a measure is judged.
var measured = map[string]string{
	measureRows: "rows", measureDistinct: "distinct", measureNulls: "nulls", measureRepeats: "repeats",
	measureCode: "codes", measureUnknown: "codes", measureLevel: "levels", measureOwn: "month",
}

// Level is from which robust z-score a set check warns, and from which it refuses.
type Level struct {
	Warn   float64 `yaml:"warn"`
	Refuse float64 `yaml:"refuse"`
}

// Outliers lie beyond 3.5 (B. Iglewicz and D. Hoaglin, How to Detect and Handle
// Outliers, ASQC 1993, section 3). An extract is refused only far beyond.
var (
	usualLevel = Level{Warn: 3.5, Refuse: 8}
	// Daily files swing with the calendar, and a day of many terminations is what
	// the alerts wait for: it must come in, and its reasons are no news here.
	openLevel = Level{Warn: 10}
)

// checkPolicies finds faults in the drift policy and the set checks.
func (c *Contract) checkPolicies(f *faults) {
	for _, p := range []struct {
		path, value string
		allowed     []string
	}{
		{"/drift/new", c.Drift.New, []string{"", driftKeep, driftIgnore, driftRefuse}},
		{"/drift/missing", c.Drift.Missing, []string{"", driftNull, driftRefuse}},
		{"/drift/type", c.Drift.Type, []string{"", driftRefuse, driftQuarantine}},
	} {
		if !slices.Contains(p.allowed, p.value) {
			f.at(p.path, "%s: want one of %v, not %q", last(p.path), p.allowed[1:], p.value)
		}
	}
	for name, l := range c.Checks.byName() {
		if l != nil && (l.Warn < 0 || l.Refuse < 0 || (l.Refuse > 0 && l.Refuse < l.Warn)) {
			f.at("/checks/"+name, "checks.%s: want 0 ≤ warn ≤ refuse (0: never)", name)
		}
	}
	for name, n := range map[string]*int{"history": c.Checks.History, "least": c.Checks.Least} {
		if n != nil && *n < 0 {
			f.at("/checks/"+name, "checks.%s: want a count", name)
		}
	}
	if s := c.Scope.Column; s != "" {
		if col := c.column(s); col == nil || types[col.Type] != "VARCHAR" || col.Type == "list" || col.enum() != "" || col.Constant != nil {
			f.at("/scope/column", "scope.column: %q is no column of plain text or regions%s", s, suggest(s, c.names()))
		}
		if c.Scope.File == "" {
			f.at("/scope", "scope.file: say how the file's name tells the scope")
		}
	}
}

// levels are the set checks with their defaults.
func (c *Contract) levels() (history, least int, of map[string]Level) {
	history, least = 12, 4
	if c.Mode != "snapshot" {
		history = 24
	}
	if c.Checks.History != nil {
		history = *c.Checks.History
	}
	if c.Checks.Least != nil {
		least = *c.Checks.Least
	}
	usual := usualLevel
	if c.Mode != "snapshot" {
		usual = openLevel
	}
	of, own := map[string]Level{}, c.Checks.byName()
	for name, key := range measured {
		of[name] = usual
		if c.Mode != "snapshot" && (key == "codes" || name == measureDistinct) {
			of[name] = Level{}
		}
		if l := own[key]; l != nil {
			of[name] = *l
		}
	}
	return history, least, of
}
