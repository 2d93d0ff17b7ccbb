package config

import (
	"strings"
	"testing"
	"time"
)

// Every feed of the default calendar is due at a time that exists, and holidays
// and worked weekends do not overlap.
func TestFilingDefaults(t *testing.T) {
	c, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Filing.Feeds) != 16 {
		t.Errorf("%d feeds", len(c.Filing.Feeds))
	}
	off, err := Days(c.Filing.Holidays)
	if err != nil {
		t.Fatal(err)
	}
	on, err := Days(c.Filing.Workdays)
	if err != nil {
		t.Fatal(err)
	}
	if !off["2026-02-17"] || off["2026-02-24"] || len(on) != 11 {
		t.Errorf("%d days off, %d worked", len(off), len(on))
	}
	for day := range on {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil || off[day] || d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
			t.Errorf("%s, a %s, is no worked weekend", day, d.Weekday())
		}
	}
}

func TestFilingFaults(t *testing.T) {
	for text, want := range map[string]string{
		"feeds: [{feed: a, frequency: weekly, due_hour: 1}]":                           "monthly, daily or none",
		"feeds: [{feed: a, frequency: monthly, due_day: 31, due_hour: 1}]":             "filing.feeds[0].due_day = 31",
		"feeds: [{feed: a, frequency: daily, due_days: 99, due_hour: 1}]":              "filing.feeds[0].due_days = 99",
		"feeds: [{feed: a, frequency: daily, due_hour: 25}]":                           "filing.feeds[0].due_hour = 25",
		"feeds: [{feed: a, frequency: none}, {feed: a, frequency: none}]":              "name each feed once",
		"feeds: [{feed: a, frequency: monthly, due_day: 1, due_hour: 1, since: June}]": "filing.feeds[0].since = June",
		"holidays: [2026-13-01]":             "2026-13-01",
		"workdays: [2026-10-07..2026-10-01]": "filing.workdays",
		"orange_after_days: -1":              "filing.orange_after_days",
	} {
		_, err := Load(write(t, "filing: {"+text+"}\n"), "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q in %v", text, want, err)
		}
	}
}
