package filing

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"laborwatch/lake"
)

// Where it is configured since when a feed is expected, the first extract of one
// county neither silences what is overdue of the others nor is itself in time.
func TestSinceIsKept(t *testing.T) {
	c := newCity(t)
	calendar := calendarOf
	calendar.Feeds = slices.Clone(calendarOf.Feeds[:1])
	calendar.Feeds[0].Since = "2026-05"
	check := func(states string, alarms ...string) {
		t.Helper()
		board := c.boardOf(calendar)
		cells, err := board.Cells(t.Context(), Ask{To: may})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range cells {
			got = append(got, fmt.Sprintf("%s %s %d", x.Region, x.State, x.Late))
		}
		if strings.Join(got, ", ") != states {
			t.Errorf("got %q, want %q", got, states)
		}
		over, err := board.Overdue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = nil
		for _, o := range over {
			got = append(got, fmt.Sprintf("%s %d", o.Region, o.Level))
		}
		if !slices.Equal(got, alarms) {
			t.Errorf("alarms %q, want %q", got, alarms)
		}
	}
	c.now = at(6, 8, 9) // May was due on the 5th
	check("410402 missing 0, 410403 missing 0", "_T 3")
	c.load(extract{feed: "county", source: "county_202605_410402.csv", scope: "410402", mode: lake.Snapshot, month: may})
	check("410402 late 1, 410403 missing 0", "410403 3")
	c.now = at(6, 20, 9)
	check("410402 late 1, 410403 missing 0", "410403 2")
}
