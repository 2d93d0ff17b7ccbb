package filing

import (
	"time"

	"laborwatch/config"
	"laborwatch/period"
)

// expectation is one extract that the calendar wants, of every county or of
// the whole.
type expectation struct {
	feed   string
	period period.Period
	// day is the day of a daily extract, zero for a monthly one.
	day time.Time
	// due is when it is to be there, orange when it is overdue for long.
	due, orange time.Time
	byRegion    bool
}

// calendar turns the configuration into expectations.
type calendar struct {
	feeds              []config.FeedCalendar
	holidays, workdays map[string]bool
	orangeAfter        int
	zone               *time.Location
}

func newCalendar(c config.Filing, zone *time.Location) (*calendar, error) {
	holidays, err := config.Days(c.Holidays)
	if err != nil {
		return nil, err
	}
	workdays, err := config.Days(c.Workdays)
	if err != nil {
		return nil, err
	}
	return &calendar{feeds: c.Feeds, holidays: holidays, workdays: workdays, orangeAfter: c.OrangeAfterDays, zone: zone}, nil
}

// works reports whether a day is worked: from Monday to Friday but for
// holidays, and the weekend days that are worked in their stead.
func (c *calendar) works(day time.Time) bool {
	key := day.Format(time.DateOnly)
	switch {
	case c.workdays[key]:
		return true
	case c.holidays[key]:
		return false
	}
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
}

// later is the nth working day after a day; the 0th is the day itself, or the
// first working day after it.
func (c *calendar) later(day time.Time, n int) time.Time {
	for !c.works(day) {
		day = day.AddDate(0, 0, 1)
	}
	for ; n > 0; n-- {
		day = day.AddDate(0, 0, 1)
		for !c.works(day) {
			day = day.AddDate(0, 0, 1)
		}
	}
	return day
}

// of lists what is expected of a feed in a month: nothing of days and months
// that have not begun.
func (c *calendar) of(f config.FeedCalendar, month period.Period, now time.Time) []expectation {
	now = now.In(c.zone)
	if f.Frequency == config.Unexpected || month > period.FromTime(now) {
		return nil
	}
	expect := func(day, due time.Time) expectation {
		// A local hour of a local day, as an instant.
		at := time.Date(due.Year(), due.Month(), due.Day(), f.DueHour, 0, 0, 0, c.zone)
		return expectation{feed: f.Feed, period: month, day: day, due: at, orange: at.AddDate(0, 0, c.orangeAfter), byRegion: f.ByRegion}
	}
	if f.Frequency == config.Monthly {
		return []expectation{expect(time.Time{}, c.later(month.Add(1).First().AddDate(0, 0, f.DueDay-1), 0))}
	}
	var out []expectation
	today := now.Format(time.DateOnly)
	for day := month.First(); !day.After(month.Last()) && day.Format(time.DateOnly) <= today; day = day.AddDate(0, 0, 1) {
		if c.works(day) {
			out = append(out, expect(day, c.later(day, f.DueDays)))
		}
	}
	return out
}
