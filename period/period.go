// Package period holds the calendar month, the unit in which everything in
// laborwatch is filed, computed and published.
//
// A period is a month, never an instant: it has no time zone and cannot be
// shifted by one.
package period

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"laborwatch/messages"
)

// Period is a calendar month, counted in months since 0000-01. The zero value
// means "no period".
type Period int

// Of returns the period of a year and a month (1–12).
func Of(year int, month time.Month) Period { return Period(year*12 + int(month) - 1) }

// FromTime returns the month that t falls in, in t's own location.
func FromTime(t time.Time) Period { return Of(t.Year(), t.Month()) }

var form = regexp.MustCompile(`^(\d{4})-(\d{2})$`)

// Parse reads the one printed form, YYYY-MM.
func Parse(s string) (Period, error) {
	m := form.FindStringSubmatch(s)
	if m == nil {
		return 0, errors.New(messages.Beside("period %q: want YYYY-MM, for example 2026-10", s))
	}
	y, _ := strconv.Atoi(m[1])
	mon, _ := strconv.Atoi(m[2])
	if y < 1900 || mon < 1 || mon > 12 {
		return 0, errors.New(messages.Beside("period %q: month must be 01 to 12 and the year 1900 or later", s))
	}
	return Of(y, time.Month(mon)), nil
}

// ParseRange reads A..B, or a single period as A..A.
func ParseRange(s string) (from, to Period, err error) {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '.' && s[i+1] == '.' {
			if from, err = Parse(s[:i]); err != nil {
				return 0, 0, err
			}
			if to, err = Parse(s[i+2:]); err != nil {
				return 0, 0, err
			}
			if to < from {
				return 0, 0, errors.New(messages.Beside("period range %q: the end is before the start", s))
			}
			return from, to, nil
		}
	}
	from, err = Parse(s)
	return from, from, err
}

// Year of the period.
func (p Period) Year() int { return int(p) / 12 }

// Month of the period.
func (p Period) Month() time.Month { return time.Month(int(p)%12 + 1) }

// Add returns the period n months later (earlier when n is negative).
func (p Period) Add(n int) Period { return p + Period(n) }

// First is the month's first day at midnight UTC, the form dates have in the cube.
func (p Period) First() time.Time { return time.Date(p.Year(), p.Month(), 1, 0, 0, 0, 0, time.UTC) }

// Last is the month's last day at midnight UTC.
func (p Period) Last() time.Time { return p.Add(1).First().AddDate(0, 0, -1) }

// Days in the month.
func (p Period) Days() int { return p.Last().Day() }

// String prints YYYY-MM, or "" for the zero period.
func (p Period) String() string {
	if p == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", p.Year(), int(p.Month()))
}

// SQL prints the first day as a DATE literal that every engine reads.
func (p Period) SQL() string { return fmt.Sprintf("DATE '%s-01'", p) }

// MarshalText prints YYYY-MM.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads YYYY-MM.
func (p *Period) UnmarshalText(b []byte) error {
	v, err := Parse(string(b))
	if err == nil {
		*p = v
	}
	return err
}

// Range lists the periods from a to b, both included.
func Range(a, b Period) []Period {
	var out []Period
	for p := a; p <= b; p++ {
		out = append(out, p)
	}
	return out
}

// Sorted returns the distinct periods in order.
func Sorted(ps []Period) []Period {
	out := slices.Clone(ps)
	slices.Sort(out)
	return slices.Compact(out)
}
