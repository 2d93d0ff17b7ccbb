package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"laborwatch/messages"
	"laborwatch/period"
)

// Filing is the calendar by which feeds are expected (填报), and when an
// overdue one raises which alert.
type Filing struct {
	// OrangeAfterDays is how many days after its due time an extract that has
	// not come raises orange instead of yellow.
	OrangeAfterDays int `yaml:"orange_after_days"`
	// Holidays are the statutory days off, Workdays the weekend days that are
	// worked instead: days "2026-10-01" or spans "2026-10-01..2026-10-07".
	Holidays []string `yaml:"holidays"`
	Workdays []string `yaml:"workdays"`
	// Feeds are the calendars; a feed that has none is not expected.
	Feeds []FeedCalendar `yaml:"feeds"`
}

// How often a feed is expected.
const (
	Monthly    = "monthly"
	Daily      = "daily"
	Unexpected = "none" // it comes when something happened
)

// FeedCalendar says when a feed is due.
type FeedCalendar struct {
	Feed string `yaml:"feed"`
	// Frequency is monthly, daily (one extract a working day) or none.
	Frequency string `yaml:"frequency"`
	// DueDay is the day of the following month that a month is due on, the next
	// working day where that is none.
	DueDay int `yaml:"due_day"`
	// DueDays is how many working days after its day a daily extract is due.
	DueDays int `yaml:"due_days"`
	// DueHour is the hour of the due day by which it is there; 24 is its end.
	DueHour int `yaml:"due_hour"`
	// ByRegion says that every county files its own; an extract of the whole
	// city stands for all of them.
	ByRegion bool `yaml:"by_region"`
	// Since is the first month expected. Empty, it is the first month that the
	// feed ever delivered: what was never there is not missed.
	Since string `yaml:"since"`
}

// SinceMonth is Since as a month, 0 where it is empty.
func (f FeedCalendar) SinceMonth() period.Period {
	p, err := period.Parse(f.Since)
	if err != nil {
		return 0
	}
	return p
}

// Days spreads days and spans of days, as text in the form 2006-01-02.
func Days(list []string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, text := range list {
		first, last, span := strings.Cut(text, "..")
		if !span {
			last = first
		}
		from, err := time.Parse(time.DateOnly, first)
		if err != nil {
			return nil, errors.New(messages.Beside("%q is no day such as 2026-10-01 and no span such as 2026-10-01..2026-10-07", text))
		}
		to, err := time.Parse(time.DateOnly, last)
		if err != nil || to.Before(from) || to.Sub(from) > 366*24*time.Hour {
			return nil, errors.New(messages.Beside("%q is no span of days such as 2026-10-01..2026-10-07", text))
		}
		for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
			out[d.Format(time.DateOnly)] = true
		}
	}
	return out, nil
}

func (c *Config) validateFiling(bad faultFunc) {
	f := c.Filing
	if f.OrangeAfterDays < 0 {
		bad("filing.orange_after_days", f.OrangeAfterDays, "want 0 or more days")
	}
	for _, x := range []struct {
		field string
		list  []string
	}{{"filing.holidays", f.Holidays}, {"filing.workdays", f.Workdays}} {
		if _, err := Days(x.list); err != nil {
			bad(x.field, x.list, "%v", err)
		}
	}
	seen := map[string]bool{}
	for i, x := range f.Feeds {
		at := fmt.Sprintf("filing.feeds[%d]", i)
		if x.Feed == "" || seen[x.Feed] {
			bad(at+".feed", x.Feed, "name each feed once")
		}
		seen[x.Feed] = true
		if !slices.Contains([]string{Monthly, Daily, Unexpected}, x.Frequency) {
			bad(at+".frequency", x.Frequency, "want monthly, daily or none")
		}
		if x.Frequency == Monthly && (x.DueDay < 1 || x.DueDay > 28) {
			bad(at+".due_day", x.DueDay, "want a day of the following month, 1 to 28")
		}
		if x.Frequency == Daily && (x.DueDays < 0 || x.DueDays > 30) {
			bad(at+".due_days", x.DueDays, "want 0 to 30 working days")
		}
		if x.Frequency != Unexpected && (x.DueHour < 1 || x.DueHour > 24) {
			bad(at+".due_hour", x.DueHour, "want an hour from 1 to 24")
		}
		if x.Since != "" && x.SinceMonth() == 0 {
			bad(at+".since", x.Since, "want a month such as 2026-01")
		}
	}
}
