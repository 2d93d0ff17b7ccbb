package filing

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"laborwatch/config"
	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/period"
)

var shanghai = time.FixedZone("CST", 8*3600)

// at is a local time of 2026.
func at(month, day, hour int) time.Time {
	return time.Date(2026, time.Month(month), day, hour, 0, 0, 0, shanghai)
}

// city is a ledger with a clock that tests set.
type city struct {
	t    testing.TB
	eng  *engine.DuckDB
	lake *lake.Lake
	now  time.Time
	n    int
}

func newCity(t testing.TB) *city {
	t.Helper()
	c := &city{t: t, now: at(6, 1, 9)}
	dir := t.TempDir()
	var err error
	if c.eng, err = engine.Open(t.Context(), engine.Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.eng.Close(); err != nil {
			t.Error(err)
		}
	})
	if c.lake, err = lake.Open(t.Context(), c.eng, filepath.Join(dir, "lake"), func() time.Time { return c.now }); err != nil {
		t.Fatal(err)
	}
	return c
}

// extract is what arrives.
type extract struct {
	feed, source, scope, mode string
	month                     period.Period
	// day is told by the name; holds are the rows by region and day, 3 of the
	// scope and the day when nil.
	day   int
	holds []lake.Coverage
	// bad rows are in quarantine, of the county badIn.
	bad              int
	badIn            string
	replaces, partOf string
	// corrects chooses the quarantined rows that a part brings.
	corrects string
}

func (c *city) load(x extract) string {
	c.t.Helper()
	c.n++
	id := fmt.Sprintf("load%02d", c.n)
	file := c.lake.Temp(id + ".parquet")
	if _, err := c.eng.DB().ExecContext(c.t.Context(), fmt.Sprintf("COPY (SELECT %s AS period, range AS k FROM range(3)) TO %s (FORMAT parquet)", x.month.SQL(), engine.Quote(file))); err != nil {
		c.t.Fatal(err)
	}
	if x.holds == nil {
		x.holds = []lake.Coverage{{Region: x.scope, Rows: 3}}
		if x.day > 0 {
			x.holds[0].Day = x.month.First().AddDate(0, 0, x.day-1)
		}
	}
	rows := int64(0)
	for i := range x.holds {
		x.holds[i].Period = x.month
		rows += x.holds[i].Rows
	}
	p := lake.Publication{File: file, Corrects: x.corrects, Periods: map[period.Period]int64{x.month: rows}, Coverage: x.holds, Load: lake.Load{
		ID: id, Feed: x.feed, ContractVersion: 1, Source: x.source, Period: x.month, Scope: x.scope, Mode: x.mode, RowsIn: rows, RowsLoaded: rows, SHA256: id, PartOf: x.partOf,
	}}
	if x.replaces != "" {
		p.Replaces = []string{x.replaces}
	}
	quarantine := ""
	if x.bad > 0 {
		quarantine = fmt.Sprintf(`SELECT '%s' AS load_id, '%s' AS feed, '' AS file, '' AS sheet, range AS "row", '%s' AS region, 'c' AS col, unnest(['r', 's']) AS reason, '' AS value_masked, '' AS hint FROM range(%d)`, id, x.feed, x.badIn, x.bad)
	}
	conn, err := c.eng.Conn(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := c.lake.Publish(c.t.Context(), conn, []lake.Publication{p}, quarantine, ""); err != nil {
		c.t.Fatal(err)
	}
	return id
}

// calendarOf has a feed by county due on the 5th, one as a whole due on the
// 10th, a daily one due the next day, one that comes by chance, and one never seen.
var calendarOf = config.Filing{
	OrangeAfterDays: 10,
	Holidays:        []string{"2026-06-19..2026-06-21"},
	Workdays:        []string{"2026-06-28"},
	Feeds: []config.FeedCalendar{
		{Feed: "county", Frequency: config.Monthly, DueDay: 5, DueHour: 18, ByRegion: true},
		{Feed: "whole", Frequency: config.Monthly, DueDay: 10, DueHour: 18},
		{Feed: "daily", Frequency: config.Daily, DueDays: 1, DueHour: 18},
		{Feed: "chance", Frequency: config.Unexpected},
		{Feed: "never", Frequency: config.Monthly, DueDay: 5, DueHour: 18},
	},
}

func (c *city) board() *Board { return c.boardOf(calendarOf) }

func (c *city) boardOf(calendar config.Filing) *Board {
	c.t.Helper()
	b, err := New(Options{
		Engine: c.eng, Calendar: calendar, Zone: shanghai, Clock: func() time.Time { return c.now },
		Regions: []config.Region{{Code: "410402", ZH: "新华区", Kind: "county"}, {Code: "410403", ZH: "卫东区", Kind: "county"}, {Code: "410471", ZH: "高新区", Kind: "zone"}},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// shown prints cells in a line: feed region period state arrived/expected.
func (c *city) shown(a Ask) string {
	c.t.Helper()
	cells, err := c.board().Cells(context.Background(), a)
	if err != nil {
		c.t.Fatal(err)
	}
	var out []string
	for _, x := range cells {
		out = append(out, fmt.Sprintf("%s %s %s %s %d/%d", x.Feed, x.Region, x.Period, x.State, x.Arrived, x.Expected))
	}
	return strings.Join(out, "\n")
}

func (c *city) expect(a Ask, want ...string) {
	c.t.Helper()
	if got := c.shown(a); got != strings.Join(want, "\n") {
		c.t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

const (
	may  = period.Period(2026*12 + 4)
	june = may + 1
	july = may + 2
)

func TestCalendar(t *testing.T) {
	c, err := newCalendar(calendarOf, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name  string
		feed  int
		month period.Period
		now   time.Time
		want  int
		last  time.Time
	}{
		// 5 July 2026 is a Sunday.
		{"a due day off moves to Monday", 0, june, at(7, 1, 0), 1, at(7, 6, 18)},
		{"a month that has not begun", 0, july, at(6, 30, 23), 0, time.Time{}},
		{"the present month", 0, june, at(6, 1, 0), 1, at(7, 6, 18)},
		// June has 22 weekdays; the 19th is off, Sunday the 28th is worked.
		{"working days", 2, june, at(7, 15, 0), 22, at(7, 1, 18)},
		{"days so far", 2, june, at(6, 3, 8), 3, at(6, 4, 18)},
		{"over a holiday", 2, june, at(6, 18, 8), 14, at(6, 22, 18)},
		{"by chance", 3, june, at(7, 15, 0), 0, time.Time{}},
	} {
		got := c.of(calendarOf.Feeds[x.feed], x.month, x.now)
		if len(got) != x.want || (x.want > 0 && !got[len(got)-1].due.Equal(x.last)) {
			t.Errorf("%s: %d expected, want %d: %v", x.name, len(got), x.want, got)
		}
	}
}

// TestStates walks a feed through every state.
func TestStates(t *testing.T) {
	c := newCity(t)
	c.expect(Ask{}) // nothing was ever delivered, nothing is missed
	// History is loaded in June; it is not late.
	c.load(extract{feed: "county", source: "county_202605_410402.csv", scope: "410402", mode: lake.Snapshot, month: may})
	c.now = at(6, 20, 9)
	c.expect(Ask{To: may}, "county 410402 2026-05 arrived 1/1", "county 410403 2026-05 missing 0/1")
	if over, err := c.board().Overdue(t.Context()); err != nil || len(over) != 1 || over[0].Region != "410403" || over[0].Level != 2 {
		// The feed's first extract came before the 5th, so its due time counts.
		t.Errorf("%+v %v", over, err)
	}
	june2 := Ask{From: june, To: june}
	c.expect(june2, "county 410402 2026-06 expected 0/1", "county 410403 2026-06 expected 0/1")
	// A refused extract before it is due.
	if err := c.lake.Refuse(t.Context(), []lake.Refused{{SHA256: "x", Feed: "county", File: "in/卫东区_202606.csv", Reason: "r", LoadID: "x", Period: june, Scope: "410403"}}); err != nil {
		t.Fatal(err)
	}
	c.expect(june2, "county 410402 2026-06 expected 0/1", "county 410403 2026-06 partly_refused 0/1")
	c.now = at(7, 6, 17)
	c.load(extract{feed: "county", source: "county_202606_410402.csv", scope: "410402", mode: lake.Snapshot, month: june})
	c.now = at(7, 6, 19)
	c.expect(june2, "county 410402 2026-06 arrived 1/1", "county 410403 2026-06 missing 0/1")
	c.load(extract{feed: "county", source: "county_202606_410403.csv", scope: "410403", mode: lake.Snapshot, month: june})
	c.expect(june2, "county 410402 2026-06 arrived 1/1", "county 410403 2026-06 late 1/1")
	// A correction, and rows in quarantine.
	c.now = at(7, 7, 9)
	second := c.load(extract{feed: "county", source: "county_202606_410402b.csv", scope: "410402", mode: lake.Snapshot, month: june})
	c.load(extract{feed: "county", source: "county_202606_410403b.csv", scope: "410403", mode: lake.Snapshot, month: june, bad: 2, badIn: "410403"})
	c.expect(june2, "county 410402 2026-06 corrected 1/1", "county 410403 2026-06 partly_refused 1/1")
	cells, err := c.board().Cells(t.Context(), Ask{From: june, To: june, Region: "410403", Feed: "county"})
	if err != nil || len(cells) != 1 {
		t.Fatal(cells, err)
	}
	if x := cells[0]; x.Quarantined != 2 || x.Rows != 3 || x.Corrected != 1 || x.Late != 1 || !x.First.Equal(at(7, 6, 19)) || !x.Due.Equal(at(7, 6, 18)) || !slices.Equal(x.Loads, []string{"load05"}) {
		t.Errorf("%+v", x)
	}
	// A withdrawn extract is not there, what it superseded neither.
	if _, err := c.lake.Withdraw(t.Context(), second, lake.Act{Who: "w", Why: "y"}, false); err != nil {
		t.Fatal(err)
	}
	c.expect(june2, "county 410402 2026-06 missing 0/1", "county 410403 2026-06 partly_refused 1/1")
	// The whole stands for all counties; that the first was late stays true.
	c.load(extract{feed: "county", source: "county_202606.csv", mode: lake.Snapshot, month: june})
	c.expect(june2, "county 410402 2026-06 corrected 1/1", "county 410403 2026-06 late 1/1")
}

// TestDaily counts the working days of a month.
func TestDaily(t *testing.T) {
	c := newCity(t)
	c.now = at(6, 2, 9)
	c.load(extract{feed: "daily", source: "增减员_20260602.csv", mode: lake.Append, month: june, day: 2})
	c.now = at(6, 5, 9) // due: the 2nd and the 3rd
	c.expect(Ask{Feed: "daily"}, "daily _T 2026-06 missing 1/4")
	first := c.load(extract{feed: "daily", source: "增减员_2026-06-03.csv", mode: lake.Append, month: june, day: 3})
	c.expect(Ask{Feed: "daily"}, "daily _T 2026-06 late 2/4")
	c.load(extract{feed: "daily", source: "增减员_20260603_更正.csv", mode: lake.Append, month: june, day: 3, replaces: first})
	cells, err := c.board().Cells(t.Context(), Ask{Feed: "daily"})
	if err != nil || len(cells) != 1 || cells[0].Corrected != 1 || cells[0].Late != 1 || cells[0].Rows != 6 {
		t.Errorf("%+v %v", cells, err)
	}
	if d := cells[0].MissingDays; len(d) != 0 {
		t.Errorf("missing %v", d)
	}
	// A file without a day in its name stands for the days that it has rows of.
	c.now = at(6, 10, 9)
	c.load(extract{feed: "daily", source: "增减员_202606.csv", mode: lake.Append, month: june, holds: []lake.Coverage{
		{Day: at(6, 4, 0), Rows: 1}, {Day: at(6, 5, 0), Rows: 2}, {Day: at(6, 9, 0), Rows: 2},
	}})
	// A day on which nothing was, told by the name.
	c.load(extract{feed: "daily", source: "增减员_20260610.csv", mode: lake.Append, month: june, holds: []lake.Coverage{{Day: at(6, 10, 0)}}})
	c.now = at(6, 12, 20)
	c.expect(Ask{Feed: "daily"}, "daily _T 2026-06 missing 6/9")
	cells, err = c.board().Cells(t.Context(), Ask{Feed: "daily"})
	if err != nil || len(cells) != 1 || !slices.Equal(cells[0].MissingDays, []string{"2026-06-08", "2026-06-11"}) || cells[0].Rows != 11 {
		t.Errorf("%+v %v", cells, err)
	}
	if over, err := c.board().Overdue(t.Context()); err != nil || len(over) != 1 || over[0].Missing != 2 || over[0].Level != 3 {
		t.Errorf("%+v %v", over, err)
	}
}

// TestWhole: of a file of the whole city each county has what is its own.
func TestWhole(t *testing.T) {
	c := newCity(t)
	c.now = at(7, 1, 9)
	shown := func() string {
		t.Helper()
		cells, err := c.board().Cells(t.Context(), Ask{Feed: "county", From: june, To: june})
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, x := range cells {
			fmt.Fprintf(&out, "%s %s rows %d bad %d refused %d corrected %d; ", x.Region, x.State, x.Rows, x.Quarantined, x.Refused, x.Corrected)
		}
		return out.String()
	}
	check := func(what, want string) {
		t.Helper()
		if got := shown(); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", what, got, want)
		}
	}
	whole := c.load(extract{
		feed: "county", source: "county_202606.csv", mode: lake.Snapshot, month: june, bad: 2, badIn: "410403",
		holds: []lake.Coverage{{Region: "410402", Rows: 5}, {Region: "410403", Rows: 7}},
	})
	check("a whole", "410402 arrived rows 5 bad 0 refused 0 corrected 0; 410403 partly_refused rows 7 bad 2 refused 0 corrected 0; ")
	part := c.load(extract{feed: "county", source: "待更正.xlsx", mode: lake.Snapshot, month: june, partOf: whole, holds: []lake.Coverage{{Region: "410403", Rows: 2}}})
	if _, err := c.eng.DB().ExecContext(t.Context(), `UPDATE state.main.quarantine SET closed_by = ?, closed_at = now() WHERE load_id = ?`, part, whole); err != nil {
		t.Fatal(err)
	}
	check("its corrections", "410402 arrived rows 5 bad 0 refused 0 corrected 0; 410403 corrected rows 9 bad 0 refused 0 corrected 1; ")
	c.now = at(7, 2, 9)
	c.load(extract{feed: "county", source: "county_410402_202606.csv", scope: "410402", mode: lake.Snapshot, month: june})
	check("a county's own", "410402 corrected rows 3 bad 0 refused 0 corrected 1; 410403 corrected rows 9 bad 0 refused 0 corrected 1; ")
	c.now = at(7, 3, 9)
	if err := c.lake.Refuse(t.Context(), []lake.Refused{{SHA256: "x", Feed: "county", File: "county_202606b.csv", Reason: "r", LoadID: "x", Period: june}}); err != nil {
		t.Fatal(err)
	}
	check("a refused whole", "410402 corrected rows 3 bad 0 refused 0 corrected 1; 410403 partly_refused rows 9 bad 0 refused 1 corrected 1; ")
	c.now = at(7, 4, 9)
	c.load(extract{feed: "county", source: "county_410403_202606.csv", scope: "410403", mode: lake.Snapshot, month: june, bad: 1})
	check("a row of nobody", "410402 corrected rows 3 bad 0 refused 0 corrected 1; 410403 partly_refused rows 3 bad 1 refused 0 corrected 1; ")
}

// TestOverdue: what was due before the first extract came raises nothing, all
// counties together are one line, and time raises yellow to orange.
func TestOverdue(t *testing.T) {
	c := newCity(t)
	c.now = at(7, 20, 9)
	for _, m := range []period.Period{may - 1, june} { // May is a gap in history
		c.load(extract{feed: "county", source: fmt.Sprintf("county_%s.csv", m), mode: lake.Snapshot, month: m})
		c.load(extract{feed: "whole", source: fmt.Sprintf("whole_%s.csv", m), mode: lake.Snapshot, month: m})
	}
	c.expect(Ask{From: may, To: may}, "county 410402 2026-05 missing 0/1", "county 410403 2026-05 missing 0/1", "whole _T 2026-05 missing 0/1")
	check := func(want ...string) {
		t.Helper()
		over, err := c.board().Overdue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range over {
			got = append(got, fmt.Sprintf("%s %s %s %d %d/%d", o.Feed, o.Region, o.Period, o.Level, o.Missing, o.Expected))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	check()
	c.now = at(8, 6, 9) // July was due on the 5th for counties
	check("county _T 2026-07 3 2/2")
	c.load(extract{feed: "county", source: "county_202607_410402.csv", scope: "410402", mode: lake.Snapshot, month: july})
	check("county 410403 2026-07 3 1/1")
	c.now = at(8, 16, 9)
	check("county 410403 2026-07 2 1/1", "whole _T 2026-07 3 1/1")
	for when, want := range map[time.Time]period.Period{at(8, 5, 17): june, at(8, 5, 18): july, at(8, 31, 23): july, at(9, 1, 1): july} {
		c.now = when
		if got := c.board().Latest(); got != want {
			t.Errorf("latest on %s: %s, want %s", when, got, want)
		}
	}
	c.now = at(8, 16, 9)
	c.load(extract{feed: "county", source: "county_202607_410403.csv", scope: "410403", mode: lake.Snapshot, month: july})
	c.load(extract{feed: "whole", source: "whole_202607.csv", mode: lake.Snapshot, month: july})
	check()
}
