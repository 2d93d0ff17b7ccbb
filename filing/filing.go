// Package filing holds what has arrived against what is expected (填报情况): for
// every feed, county and month whether its extract is there, in time, late,
// corrected, partly refused, or missing.
//
// Board.Cells is its verb. In go the calendar of the configuration, the ledger
// and the time; out come cells. One statement of the engine joins the three; it
// reads of the ledger only the feeds and months that are asked for.
//
// # What is expected
//
// Of a feed that files by county one extract of every county (an extract of
// the whole stands for all), of any other one extract; a month, or every
// working day. A feed is expected from its configured month on, else from the
// first month that it ever delivered: a feed that never came is not missed.
// Where no month is configured, what was due before the feed's first extract
// came is history that was loaded afterwards: it is not late, and its gaps raise
// no alert.
package filing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"laborwatch/config"
	"laborwatch/engine"
	"laborwatch/period"
)

// State of a cell; its names are keys of the message catalog.
type State string

// The states. Of those that hold, a cell has the first: Missing is overdue,
// PartlyRefused has rows in quarantine or an extract refused whole since,
// Late came after its due time, Corrected was replaced by a later extract,
// Expected is not due yet.
const (
	Missing       State = "missing"
	PartlyRefused State = "partly_refused"
	Late          State = "late"
	Corrected     State = "corrected"
	Arrived       State = "arrived"
	Expected      State = "expected"
)

// States lists the states, the most pressing first.
func States() []State {
	return []State{Missing, PartlyRefused, Late, Corrected, Arrived, Expected}
}

// Whole is the region of a feed that files as a whole.
const Whole = "_T"

// Options of New; all are required.
type Options struct {
	Engine   *engine.DuckDB
	Calendar config.Filing
	// Regions are the city's; those of kind county file.
	Regions []config.Region
	// Zone is that of the calendar's days and hours.
	Zone  *time.Location
	Clock func() time.Time
}

// Board holds the ledger in an engine's state database against a calendar.
type Board struct {
	eng      *engine.DuckDB
	calendar *calendar
	counties []config.Region
	clock    func() time.Time
}

// New makes a board.
func New(o Options) (*Board, error) {
	if o.Engine == nil || o.Zone == nil || o.Clock == nil {
		return nil, errors.New("filing: Engine, Zone and Clock are required")
	}
	c, err := newCalendar(o.Calendar, o.Zone)
	if err != nil {
		return nil, fmt.Errorf("filing: %w", err)
	}
	b := &Board{eng: o.Engine, calendar: c, clock: o.Clock}
	for _, r := range o.Regions {
		if r.Kind == "county" {
			b.counties = append(b.counties, r)
		}
	}
	return b, nil
}

// Ask chooses cells; what is empty chooses all.
type Ask struct {
	// From and To bound the months; 0 is the ledger's first and the present one.
	From, To     period.Period
	Feed, Region string
	// arrivals leaves the quarantine out.
	arrivals bool
}

// Cell is how a feed's extract of a month and a county stands. Of a daily feed
// it stands for the month's working days, which the counts are of.
type Cell struct {
	Feed   string        `json:"feed"`
	Region string        `json:"region"` // Whole where the feed files as a whole
	Period period.Period `json:"period"`
	State  State         `json:"state"`
	// Expected extracts = Arrived + Missing + those not due yet; Late of the
	// arrived ones came too late.
	Expected int64 `json:"expected"`
	Arrived  int64 `json:"arrived"`
	Late     int64 `json:"late"`
	Missing  int64 `json:"missing"`
	// MissingDays are those of a daily feed, YYYY-MM-DD, in order.
	MissingDays []string `json:"missing_days,omitempty"`
	// Corrected counts extracts that later ones replaced, and workbooks of
	// corrected rows that came.
	Corrected int64 `json:"corrected"`
	// Rows loaded that are the region's, rows in quarantine that are still open
	// and may be, and extracts that were refused whole since the last that was not.
	Rows        int64 `json:"rows"`
	Quarantined int64 `json:"quarantined"`
	Refused     int64 `json:"refused"`
	// Due is when it was to be there: of a daily feed the earliest that is
	// missing, else the last.
	Due time.Time `json:"due"`
	// First is when its first extract came, zero for never.
	First time.Time `json:"first"`
	// Loads are the ids of the live loads, in order.
	Loads []string `json:"loads"`
	// Overdue is the level of the alert it raises: 3 yellow, 2 orange, 0 none.
	Overdue int `json:"overdue"`
}

// DayList shows missing days as a line of a table has room for: the first few
// as MM-DD, and how many there are.
func DayList(days []string) string {
	const most = 5
	var out []string
	for _, d := range days[:min(len(days), most)] {
		out = append(out, d[len("2006-"):])
	}
	if len(days) > most {
		out = append(out, fmt.Sprintf("… (%d)", len(days)))
	}
	return strings.Join(out, " ")
}

// Latest is the newest month that is due: the month before, or the one before
// that until the first of its monthly extracts falls due.
func (b *Board) Latest() period.Period {
	now := b.clock()
	last := period.FromTime(now.In(b.calendar.zone)).Add(-1)
	monthly := false
	for _, f := range b.calendar.feeds {
		if f.Frequency != config.Monthly {
			continue
		}
		monthly = true
		for _, e := range b.calendar.of(f, last, now) {
			if !e.due.After(now) {
				return last
			}
		}
	}
	if monthly {
		return last.Add(-1)
	}
	return last
}

// feeds are the calendars of what is asked for.
func (b *Board) feeds(a Ask) []config.FeedCalendar {
	var out []config.FeedCalendar
	for _, f := range b.calendar.feeds {
		if a.Feed == "" || a.Feed == f.Feed {
			out = append(out, f)
		}
	}
	return out
}

// Cells gives the cells that are asked for, by the calendar's order of feeds,
// period and region.
func (b *Board) Cells(ctx context.Context, a Ask) ([]Cell, error) {
	now := b.clock()
	if a.To == 0 {
		a.To = period.FromTime(now.In(b.calendar.zone))
	}
	feeds := b.feeds(a)
	if a.From == 0 {
		var err error
		if a.From, err = b.first(ctx, feeds); err != nil {
			return nil, err
		}
	}
	var wanted []string
	var since []string
	for i, f := range feeds {
		begins := "NULL"
		if p := f.SinceMonth(); p != 0 {
			begins = p.SQL()
		}
		since = append(since, fmt.Sprintf("(%s, %s, %d)", engine.Quote(f.Feed), "CAST("+begins+" AS DATE)", i))
		for _, p := range period.Range(max(a.From, f.SinceMonth()), a.To) {
			for _, e := range b.calendar.of(f, p, now) {
				wanted = append(wanted, e.values())
			}
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	return b.read(ctx, b.statement(a, wanted, since, now))
}

// first is the first month that any of the feeds is expected of, 0 for none.
func (b *Board) first(ctx context.Context, feeds []config.FeedCalendar) (period.Period, error) {
	var month *time.Time
	names := []string{"NULL"}
	out := period.Period(0)
	for _, f := range feeds {
		names = append(names, engine.Quote(f.Feed))
		if p := f.SinceMonth(); p != 0 && (out == 0 || p < out) {
			out = p
		}
	}
	q := fmt.Sprintf(`SELECT min(period) FROM state.main.loads WHERE status <> 'withdrawn' AND feed IN (%s)`, strings.Join(names, ", "))
	if err := b.eng.DB().QueryRowContext(ctx, q).Scan(&month); err != nil {
		return 0, fmt.Errorf("filing: %w", err)
	}
	if month != nil {
		if p := period.FromTime(*month); out == 0 || p < out {
			out = p
		}
	}
	if out == 0 { // nothing is expected yet
		return period.FromTime(b.clock().In(b.calendar.zone)), nil
	}
	return out, nil
}

func (e expectation) values() string {
	day := "NULL"
	if !e.day.IsZero() {
		day = "'" + e.day.Format(time.DateOnly) + "'"
	}
	return fmt.Sprintf("(%s, %s, CAST(%s AS DATE), TIMESTAMP %s, TIMESTAMP %s, %t)", engine.Quote(e.feed), e.period.SQL(), day, stamp(e.due), stamp(e.orange), e.byRegion)
}

// stamp is an instant as the ledger has it, in UTC.
func stamp(t time.Time) string { return "'" + t.UTC().Format("2006-01-02 15:04:05.999999") + "'" }
