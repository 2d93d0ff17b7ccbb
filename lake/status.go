package lake

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"laborwatch/period"
)

// FeedStatus is how a feed stands: what it has delivered so far.
type FeedStatus struct {
	Feed string
	// LatestPeriod is the newest month of which a live load has rows, 0 for none.
	LatestPeriod period.Period
	// LastLoad is when the newest load was published.
	LastLoad time.Time
	// Loads counts live loads; the rows are those of live loads.
	Loads, RowsLoaded, RowsQuarantined, RowsRepeated int64
	// RowsOpen counts the rows of live loads that wait in quarantine for their
	// correction; RowsQuarantined counts those that ever went there.
	RowsOpen int64
	// Ever counts every accepted load, superseded ones too, and their
	// rows: these never decrease.
	Ever Totals
	// Refused counts extracts that were refused whole.
	Refused int64
}

// Totals are counts since the ledger began.
type Totals struct{ Loads, RowsLoaded, RowsQuarantined, RowsRepeated int64 }

// Status gives the standing of every feed that delivered anything, by feed.
func (l *Lake) Status(ctx context.Context) ([]FeedStatus, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `
		WITH live AS (SELECT * FROM state.main.loads WHERE status = 'live'),
		sums AS (SELECT feed, max(loaded_at) AS last_load, count(*) AS loads, CAST(sum(rows_loaded) AS BIGINT) AS loaded,
			CAST(sum(rows_quarantined) AS BIGINT) AS quarantined, CAST(sum(rows_repeated) AS BIGINT) AS repeated FROM live GROUP BY feed),
		ever AS (SELECT feed, count(*) AS all_loads, CAST(sum(rows_loaded) AS BIGINT) AS all_loaded,
			CAST(sum(rows_quarantined) AS BIGINT) AS all_quarantined, CAST(sum(rows_repeated) AS BIGINT) AS all_repeated FROM state.main.loads GROUP BY feed),
		latest AS (SELECT feed, max(p.period) AS period FROM live JOIN state.main.load_periods p USING (load_id) GROUP BY feed),
		open AS (SELECT feed, count(DISTINCT (load_id, sheet, "row")) AS open `+faultsOf+` WHERE closer = '' GROUP BY feed),
		refused AS (SELECT feed, count(*) AS refused FROM state.main.refusals GROUP BY feed)
		SELECT feed, latest.period, last_load, coalesce(loads, 0), coalesce(loaded, 0), coalesce(quarantined, 0), coalesce(repeated, 0),
			coalesce(all_loads, 0), coalesce(all_loaded, 0), coalesce(all_quarantined, 0), coalesce(all_repeated, 0), coalesce(refused, 0), coalesce(open, 0)
		FROM ever FULL JOIN refused USING (feed) LEFT JOIN sums USING (feed) LEFT JOIN latest USING (feed) LEFT JOIN open USING (feed) ORDER BY feed`)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []FeedStatus
	for rows.Next() {
		var s FeedStatus
		var month, last sql.NullTime
		if err := rows.Scan(&s.Feed, &month, &last, &s.Loads, &s.RowsLoaded, &s.RowsQuarantined, &s.RowsRepeated,
			&s.Ever.Loads, &s.Ever.RowsLoaded, &s.Ever.RowsQuarantined, &s.Ever.RowsRepeated, &s.Refused, &s.RowsOpen); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		if month.Valid {
			s.LatestPeriod = period.FromTime(month.Time)
		}
		s.LastLoad = last.Time
		out = append(out, s)
	}
	return out, rows.Err()
}

// Refused is an extract that was refused whole.
type Refused struct {
	SHA256, Feed, File, Reason string
	RefusedAt                  time.Time
	// LoadID is the id its load would have had; "" when the same bytes may be
	// accepted another time.
	LoadID string
	// Overridable says that a person may let the extract pass.
	Overridable bool
	// Period, Scope and Day are what its name tells, 0, "" and zero for nothing.
	Period period.Period
	Scope  string
	Day    time.Time
}

// ID names a refusal: the id its load would have had, or the extract's SHA-256
// where the same bytes may be accepted another time.
func (r Refused) ID() string { return cmp.Or(r.LoadID, r.SHA256) }

// Refuse notes refused extracts, each once.
func (l *Lake) Refuse(ctx context.Context, refused []Refused) error {
	for _, r := range refused {
		_, err := l.eng.DB().ExecContext(ctx, `INSERT INTO state.main.refusals (sha256, feed, file, reason, refused_at, load_id, overridable, period, scope, day)
			SELECT ?, ?, ?, ?, ?, ?, ?, CAST(? AS DATE), ?, CAST(? AS DATE) WHERE NOT EXISTS (SELECT 1 FROM state.main.refusals WHERE load_id = ? AND sha256 = ? AND file = ?)`,
			r.SHA256, r.Feed, r.File, r.Reason, l.clock().UTC(), r.LoadID, r.Overridable, date(r.Period), r.Scope, sql.NullTime{Time: r.Day, Valid: !r.Day.IsZero()},
			r.LoadID, r.SHA256, r.File)
		if err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
	}
	return nil
}

// Refusals lists the refused extracts in order of time and file.
func (l *Lake) Refusals(ctx context.Context) ([]Refused, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT sha256, feed, file, reason, refused_at, load_id, overridable FROM state.main.refusals ORDER BY refused_at, file, load_id`)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Refused
	for rows.Next() {
		var r Refused
		if err := rows.Scan(&r.SHA256, &r.Feed, &r.File, &r.Reason, &r.RefusedAt, &r.LoadID, &r.Overridable); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
