package simulate

import (
	"slices"
	"strings"
	"testing"

	"laborwatch/codes"
	"laborwatch/period"
	"laborwatch/referencetest"
)

func TestCalendar(t *testing.T) {
	c := newCalendar()
	for _, want := range []string{"1900-01-01", "1999-02-28", "2000-02-29", "2026-10-01"} {
		y, m, d := want[:4], want[5:7], want[8:]
		day := dayNumber(number(t, y), 1, 1)
		for c.iso(day) != want {
			day++
			if day > 60_000 {
				t.Fatalf("%s-%s-%s is no day", y, m, d)
			}
		}
		if got := c.iso(day); got != want {
			t.Errorf("day %d is %s, want %s", day, got, want)
		}
	}
	if got := c.iso(springFestival(2026)); got != "2026-02-17" {
		t.Errorf("Spring Festival 2026 is on %s", got)
	}
	for _, y := range []int{2008, 2055} {
		if m := c.month(springFestival(y)).Month(); m != 1 && m != 2 {
			t.Errorf("Spring Festival %d is in month %d", y, m)
		}
	}
	if w := weekday(dayNumber(2026, 10, 31)); w != 6 {
		t.Errorf("2026-10-31 has weekday %d, want Saturday", w)
	}
	if got := c.iso(c.addMonths(dayNumber(2025, 12, 31), 2)); got != "2026-02-28" {
		t.Errorf("two months after 2025-12-31 is %s", got)
	}
	if got := serial(dayNumber(2026, 5, 1)); got != 46143 {
		t.Errorf("2026-05-01 has serial %d", got)
	}
	work := c.workingDays(period.Of(2026, 10))
	if len(work) != 17 || c.iso(work[0]) != "2026-10-08" {
		t.Errorf("October 2026 has %d working days from %s", len(work), c.iso(work[0]))
	}
	var ages [1 << 16]uint8
	c.ages(dayNumber(2026, 10, 6), &ages)
	if a, b := ages[dayNumber(2000, 10, 6)], ages[dayNumber(2000, 10, 7)]; a != 26 || b != 25 {
		t.Errorf("ages %d and %d, want 26 and 25", a, b)
	}
}

func TestEnterpriseLevel(t *testing.T) {
	for _, k := range []struct {
		persons int
		base    int32
		want    int
	}{
		{200, 100_000, 1},
		{199, 100_000, 2},
		{640, 640, 1},
		{50, 100_000, 2},
		{51, 500, 2},
		{50, 499, 2},
		{49, 499, 3},
		{20, 100_000, 3},
		{5, 50, 3},
		{4, 40, 4},
		{10, 180, 4},
		{9, 180, 0},
		{4, 16, 4},
		{6, 30, 3},
		{2, 10, 0},
		{3, 10, 4},
		{1, 1, 0},
		{0, 10, 0},
	} {
		if got := enterpriseLevel(k.persons, k.base); got != k.want {
			t.Errorf("%d of %d: level %d, want %d", k.persons, k.base, got, k.want)
		}
	}
}

func TestLedgerNetsOut(t *testing.T) {
	cal := newCalendar()
	day := func(s string) int32 { return dayNumber(number(t, s[:4]), 1, 1) + int32(number(t, s[5:])) - 1 }
	firms := []firm{{uscc: "A"}, {uscc: "B"}}
	for name, k := range map[string]struct {
		changes []change
		want    int
	}{
		"laid off":               {[]change{{day("2026-060"), 1, 0, redundancy}}, 1},
		"retired":                {[]change{{day("2026-060"), 1, 0, retirement}}, 0},
		"insured soon":           {[]change{{day("2026-060"), 1, 0, redundancy}, {day("2026-100"), 1, 1, transferredIn}}, 0},
		"insured the same day":   {[]change{{day("2026-060"), 1, 1, transferredIn}, {day("2026-060"), 1, 0, redundancy}}, 0},
		"insured after 3 months": {[]change{{day("2026-060"), 1, 0, redundancy}, {day("2026-150"), 1, 1, transferredIn}}, 1},
		"insured before":         {[]change{{day("2026-050"), 1, 1, transferredIn}, {day("2026-060"), 1, 0, redundancy}}, 0},
		"insured long before":    {[]change{{day("2026-010"), 1, 1, transferredIn}, {day("2026-060"), 1, 0, redundancy}}, 1},
		"joined the same firm":   {[]change{{day("2026-050"), 1, 0, newEnrolment}, {day("2026-060"), 1, 0, redundancy}}, 1},
		"reported twice":         {[]change{{day("2026-050"), 1, 0, redundancy}, {day("2026-060"), 1, 0, redundancy}}, 1},
	} {
		l := newLedger(cal)
		l.add(k.changes, func(int32) int32 { return 10 })
		got := 0
		for _, d := range l.net(func(f int32) int32 { return f }) {
			for _, e := range d {
				got += e.persons
			}
		}
		if got != k.want {
			t.Errorf("%s: %d net dismissals, want %d", name, got, k.want)
		}
		l.alerts(firms, []county{{code: "410402"}})
	}
}

func TestIDs(t *testing.T) {
	w := newWords("410400", newCalendar())
	for i := range 2000 {
		p := person{birth: uint16(10_000 + i*17), seq: uint16(i % 1000)}
		id := string(w.id(nil, &p))
		if !codes.ResidentValid(id) {
			t.Fatalf("%d: the ID is not valid", i)
		}
		for k := range 4 {
			got, err := codes.ParseResident(string(quirkyID(nil, []byte(id), k, utf8)))
			if err != nil || got.Number != id && p.seq < 996 {
				t.Fatalf("%d: written in way %d it reads as another: %v", i, k, err)
			}
		}
		if _, err := codes.ParseCredit(creditCode("410400", i)); err != nil {
			t.Fatal(err)
		}
	}
}

// Codes stand in the national lists; the county in IDs stands in none.
func TestReferenceCodes(t *testing.T) {
	classes := referencetest.Read(t, "codes/gbt4754_2017.csv").Text(t, "code")
	for _, k := range industries {
		if !slices.ContainsFunc(classes, func(c string) bool { return len(c) == 5 && c[1:] == k.class }) {
			t.Errorf("industry %s is no class of GB/T 4754-2017", k.class)
		}
	}
	areas := referencetest.Read(t, "codes/gbt2260_areas.csv").Text(t, "code")
	towns := referencetest.Read(t, "codes/pingdingshan_streets.csv").Text(t, "code")
	for _, c := range pingdingshan {
		if !slices.Contains(areas, c.code) {
			t.Errorf("county %s is not in GB/T 2260", c.code)
		}
		for _, town := range c.towns {
			if !slices.Contains(towns, town) {
				t.Errorf("town %s does not exist", town)
			}
		}
	}
	for _, a := range areas {
		if strings.HasSuffix(a, "99") {
			t.Errorf("%s is assigned", a)
		}
	}
}
