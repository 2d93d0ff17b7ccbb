package period

import (
	"slices"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Period
		ok   bool
	}{
		{"2026-10", Of(2026, time.October), true},
		{"2026-01", Of(2026, time.January), true},
		{"2026-13", 0, false},
		{"2026-00", 0, false},
		{"2026-1", 0, false},
		{"202610", 0, false},
		{"", 0, false},
	} {
		got, err := Parse(c.in)
		if (err == nil) != c.ok || got != c.want {
			t.Errorf("Parse(%q) = %v, %v", c.in, got, err)
		}
		if err == nil && got.String() != c.in {
			t.Errorf("Parse(%q).String() = %q", c.in, got)
		}
	}
}

func TestArithmetic(t *testing.T) {
	p := Of(2026, time.January)
	if got := p.Add(-1).String(); got != "2025-12" {
		t.Errorf("a month before 2026-01 is %s", got)
	}
	if got := p.Add(-12).String(); got != "2025-01" {
		t.Errorf("a year before 2026-01 is %s", got)
	}
	if got := Of(2024, time.February).Days(); got != 29 {
		t.Errorf("2024-02 has %d days", got)
	}
	if got := p.SQL(); got != "DATE '2026-01-01'" {
		t.Errorf("SQL = %s", got)
	}
}

func TestParseRange(t *testing.T) {
	a, b, err := ParseRange("2026-01..2026-03")
	if err != nil || !slices.Equal(Range(a, b), []Period{a, a + 1, a + 2}) {
		t.Errorf("range: %v %v %v", a, b, err)
	}
	if _, _, err := ParseRange("2026-03..2026-01"); err == nil {
		t.Error("a backward range must be refused")
	}
	if a, b, err = ParseRange("2026-05"); err != nil || a != b {
		t.Errorf("single: %v %v %v", a, b, err)
	}
}
