package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"laborwatch/engine"
	"laborwatch/messages"
	"laborwatch/period"
)

// Find gives the load of an ID, or of a beginning of one that no other load
// shares.
func (l *Lake) Find(ctx context.Context, id string) (Load, error) {
	if id == "" {
		return Load{}, errors.New(messages.Both("ledger.find.none", id))
	}
	loads, err := l.loads(ctx, `WHERE starts_with(load_id, ?)`, strings.ToLower(id))
	switch {
	case err != nil:
		return Load{}, err
	case len(loads) == 1:
		return loads[0], nil
	case len(loads) == 0:
		return Load{}, errors.New(messages.Both("ledger.find.none", id))
	}
	var some []string
	for _, x := range loads[:min(len(loads), 5)] {
		some = append(some, x.ID)
	}
	return Load{}, errors.New(messages.Both("ledger.find.many", id, len(loads), strings.Join(some, ", ")))
}

// Event is one change of a load: what it became, when, and by whom and why
// where a person did it.
type Event struct {
	N                    int64
	At                   time.Time
	Status, SupersededBy string
	Who, Why             string
}

// Events lists what became of a load, in order.
func (l *Lake) Events(ctx context.Context, id string) ([]Event, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT n, happened_at, status, superseded_by, who, why FROM state.main.load_events WHERE load_id = ? ORDER BY n`, id)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Event
	for rows.Next() {
		var e Event
		var by sql.NullString
		if err := rows.Scan(&e.N, &e.At, &e.Status, &by, &e.Who, &e.Why); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		e.SupersededBy = by.String
		out = append(out, e)
	}
	return out, rows.Err()
}

// SupersededBy lists the loads that a load superseded, by Seq.
func (l *Lake) SupersededBy(ctx context.Context, id string) ([]Load, error) {
	return l.loads(ctx, `WHERE superseded_by = ? AND part_of <> superseded_by`, id)
}

// Parts lists the loads that bring corrected rows of a load, by Seq.
func (l *Lake) Parts(ctx context.Context, id string) ([]Load, error) {
	return l.loads(ctx, `WHERE part_of = ?`, id)
}

// Months gives how many rows of each month a load holds.
func (l *Lake) Months(ctx context.Context, id string) (map[period.Period]int64, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT period, rows FROM state.main.load_periods WHERE load_id = ?`, id)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[period.Period]int64{}
	for rows.Next() {
		var month time.Time
		var n int64
		if err := rows.Scan(&month, &n); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		out[period.FromTime(month)] = n
	}
	return out, rows.Err()
}

// Filter chooses loads; what is empty chooses all.
type Filter struct {
	Feed, Status string
	// From and To bound the months that a load is filed under or has rows of.
	From, To period.Period
	// At gives the ledger as it was then; zero is now.
	At time.Time
}

// List gives the loads that a filter chooses, by Seq.
func (l *Lake) List(ctx context.Context, f Filter) ([]Load, error) {
	where := []string{`(? = '' OR feed = ?)`, `(? = '' OR status = ?)`}
	args := []any{f.Feed, f.Feed, f.Status, f.Status}
	if f.From != 0 {
		where = append(where, fmt.Sprintf(`(period BETWEEN %[1]s AND %[2]s OR load_id IN (SELECT load_id FROM state.main.load_periods p WHERE p.period BETWEEN %[1]s AND %[2]s))`, f.From.SQL(), f.To.SQL()))
	}
	from := "state.main.loads"
	if !f.At.IsZero() {
		from = asOf(f.At)
	}
	return l.loadsFrom(ctx, from, "WHERE "+strings.Join(where, " AND "), args...)
}

// asOf is the ledger of loads as it was at a time: those published by then,
// with the statuses and the order that they had.
func asOf(t time.Time) string {
	return fmt.Sprintf(`(SELECT x.* REPLACE (e.status AS status, e.superseded_by AS superseded_by, coalesce(e.seq, x.seq) AS seq)
		FROM state.main.loads x JOIN (SELECT load_id, status, superseded_by, seq FROM state.main.load_events WHERE happened_at <= CAST(%s AS TIMESTAMP)
			QUALIFY row_number() OVER (PARTITION BY load_id ORDER BY n DESC) = 1) e USING (load_id)) AS then_loads`, stamp(t))
}

// stamp is an instant as an SQL text, in UTC.
func stamp(t time.Time) string { return engine.Quote(t.UTC().Format("2006-01-02 15:04:05.999999")) }
