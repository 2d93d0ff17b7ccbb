package alert

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"laborwatch/messages"
)

// Comparison holds alerts against the events that a synthetic city is known
// to contain.
type Comparison struct {
	Expected, Found int
	// Missing and Spurious are one readable line an alert, ordered.
	Missing, Spurious []string
	// Unjudged counts alerts on the city's estimated rate: no event is injected
	// into it, so nothing says whether they are right.
	Unjudged int
}

// expected is one row of truth/expected_alerts.csv.
type expected struct {
	scope, key, event, persons string
	level                      int
	from, to                   time.Time
}

// Compare reads the expected alerts and matches each with an alert of the
// same scope, subject and level whose window meets its own. Alerts that match
// none are spurious; resolved ones were taken back and are not counted, nor
// are those on the city's rate, which is an estimate from a sample.
func Compare(expectedCSV string, alerts []Alert) (Comparison, error) {
	f, err := os.Open(expectedCSV)
	if err != nil {
		return Comparison{}, fmt.Errorf("expected alerts: %w", err)
	}
	defer func() { _ = f.Close() }()
	want, err := readExpected(f)
	if err != nil {
		return Comparison{}, fmt.Errorf("expected alerts %s: %w", expectedCSV, err)
	}
	c := Comparison{Expected: len(want)}
	used := map[string]bool{}
	for _, w := range want {
		found := false
		for _, a := range alerts {
			if a.Status != Resolved && w.matches(a) {
				found, used[a.ID] = true, true
			}
		}
		if found {
			c.Found++
		} else {
			c.Missing = append(c.Missing, w.String())
		}
	}
	for _, a := range alerts {
		switch {
		case a.Status == Resolved || used[a.ID]:
		case a.Scope() == ScopeCity:
			c.Unjudged++
		default:
			c.Spurious = append(c.Spurious, messages.Both("alert.compare.spurious", a.Level, a.Rule, a.Key(),
				a.WindowFrom.Format(time.DateOnly), a.WindowTo.Format(time.DateOnly), a.Persons))
		}
	}
	slices.Sort(c.Missing)
	slices.Sort(c.Spurious)
	return c, nil
}

func (e expected) matches(a Alert) bool {
	return e.scope == a.Scope() && e.key == a.Key() && e.level == a.Level &&
		!a.WindowFrom.After(e.to) && !a.WindowTo.Before(e.from)
}

func (e expected) String() string {
	return messages.Both("alert.compare.expected", strconv.Itoa(e.level), e.scope, e.key,
		e.from.Format(time.DateOnly), e.to.Format(time.DateOnly), e.persons, e.event)
}

func readExpected(in io.Reader) ([]expected, error) {
	r := csv.NewReader(in)
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	col := map[string]int{}
	for i, h := range head {
		col[h] = i
	}
	for _, h := range []string{"scope", "key", "level", "window_from", "window_to", "persons", "event"} {
		if _, ok := col[h]; !ok {
			return nil, fmt.Errorf("column %q is missing", h)
		}
	}
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var out []expected
	for i, row := range rows {
		e := expected{scope: row[col["scope"]], key: row[col["key"]], event: row[col["event"]], persons: row[col["persons"]]}
		if e.level, err = strconv.Atoi(row[col["level"]]); err != nil {
			return nil, fmt.Errorf("row %d: level: %w", i+2, err)
		}
		if e.from, err = time.Parse(time.DateOnly, row[col["window_from"]]); err != nil {
			return nil, fmt.Errorf("row %d: window_from: %w", i+2, err)
		}
		if e.to, err = time.Parse(time.DateOnly, row[col["window_to"]]); err != nil {
			return nil, fmt.Errorf("row %d: window_to: %w", i+2, err)
		}
		out = append(out, e)
	}
	return out, nil
}
