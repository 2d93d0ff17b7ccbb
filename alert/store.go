package alert

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"laborwatch/period"
)

// Engine is the database that alerts live in: state and warehouse attached as
// state and wh. *engine.DuckDB is one.
type Engine interface{ DB() *sql.DB }

// Store keeps alerts and their history in state.duckdb.
type Store struct {
	db    *sql.DB
	clock func() time.Time
}

const schema = `
CREATE TABLE IF NOT EXISTS state.main.alerts (
  id VARCHAR PRIMARY KEY,
  rule VARCHAR NOT NULL,
  level SMALLINT NOT NULL,
  region VARCHAR NOT NULL,
  industry VARCHAR NOT NULL,
  enterprise VARCHAR NOT NULL,
  enterprise_name VARCHAR NOT NULL,
  first_period DATE NOT NULL,
  last_period DATE NOT NULL,
  window_from DATE NOT NULL,
  window_to DATE NOT NULL,
  persons BIGINT NOT NULL,
  base BIGINT NOT NULL,
  rate DOUBLE NOT NULL,
  notice_no VARCHAR NOT NULL,
  notice_days INTEGER,
  notice_ok BOOLEAN,
  status VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  current BOOLEAN NOT NULL,
  raised_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE TABLE IF NOT EXISTS state.main.alert_events (
  seq BIGINT NOT NULL,
  alert_id VARCHAR NOT NULL,
  happened_at TIMESTAMP NOT NULL,
  event VARCHAR NOT NULL,
  level_from SMALLINT NOT NULL,
  level_to SMALLINT NOT NULL,
  actor VARCHAR NOT NULL,
  note VARCHAR NOT NULL
);`

// Open creates the tables where they are missing, unless the state file is
// open for reading only. The clock stamps events.
func Open(ctx context.Context, eng Engine, clock func() time.Time) (*Store, error) {
	if clock == nil {
		clock = time.Now
	}
	s := &Store{db: eng.DB(), clock: clock}
	if err := s.inTx(ctx, func(t tx) error {
		var readonly bool
		const q = `SELECT readonly FROM duckdb_databases() WHERE database_name = 'state'`
		if err := t.QueryRowContext(ctx, q).Scan(&readonly); err != nil {
			return fmt.Errorf("no state database is attached: %w", err)
		}
		if readonly {
			return nil
		}
		_, err := t.ExecContext(ctx, schema)
		return err
	}); err != nil {
		return nil, fmt.Errorf("open alerts: %w", err)
	}
	return s, nil
}

// tx is one transaction on the state file.
type tx struct{ *sql.Tx }

func (s *Store) inTx(ctx context.Context, f func(tx) error) error {
	t, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx{t}); err != nil {
		return errors.Join(err, t.Rollback())
	}
	return t.Commit()
}

const columns = `id, rule, level, region, industry, enterprise, enterprise_name, first_period, last_period,
  window_from, window_to, persons, base, rate, notice_no, notice_days, notice_ok, status, reason, current,
  raised_at, updated_at`

// scan reads one row of columns.
func scan(rows *sql.Rows) (a Alert, err error) {
	var first, last time.Time
	var days sql.NullInt64
	var ok sql.NullBool
	err = rows.Scan(&a.ID, &a.Rule, &a.Level, &a.Region, &a.Industry, &a.Enterprise, &a.EnterpriseName, &first, &last,
		&a.WindowFrom, &a.WindowTo, &a.Persons, &a.Base, &a.Rate, &a.NoticeNo, &days, &ok, &a.Status, &a.Reason,
		&a.Current, &a.RaisedAt, &a.UpdatedAt)
	a.First, a.Last = period.FromTime(first), period.FromTime(last)
	a.NoticeDays, a.NoticeOK = intPtr(days), boolPtr(ok)
	return a, err
}

func intPtr(n sql.NullInt64) *int {
	if !n.Valid {
		return nil
	}
	v := int(n.Int64)
	return &v
}

func boolPtr(n sql.NullBool) *bool {
	if !n.Valid {
		return nil
	}
	return &n.Bool
}

// query collects the rows of a statement.
func query[T any](ctx context.Context, t tx, read func(*sql.Rows) (T, error), text string, args ...any) (out []T, err error) {
	rows, err := t.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := read(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// alerts reads all of them, ordered by ID.
func (t tx) alerts(ctx context.Context) ([]Alert, error) {
	out, err := query(ctx, t, scan, `SELECT `+columns+` FROM state.main.alerts ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	return out, nil
}

func (t tx) candidates(ctx context.Context) ([]candidate, error) {
	var there bool
	if err := t.QueryRowContext(ctx, `SELECT count(*) > 0 FROM information_schema.tables
		WHERE table_catalog = 'wh' AND table_schema = 'main' AND table_name = 'alert_candidates'`).Scan(&there); err != nil {
		return nil, fmt.Errorf("look for candidates: %w", err)
	}
	if !there {
		return nil, ErrNoCandidates
	}
	out, err := query(ctx, t, scanCandidate, `
		SELECT period, rule, level, coalesce(region, '_T'), coalesce(industry, '_T'), coalesce(enterprise, '_T'),
			window_from, window_to, persons, coalesce(base, 0), coalesce(rate, 0), coalesce(notice_no, ''),
			notice_days, notice_ok
		FROM wh.main.alert_candidates
		ORDER BY rule, enterprise, region, industry, period, level, persons DESC`)
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	return out, nil
}

func scanCandidate(rows *sql.Rows) (c candidate, err error) {
	var p time.Time
	var days sql.NullInt64
	var ok sql.NullBool
	err = rows.Scan(&p, &c.rule, &c.level, &c.region, &c.industry, &c.enterprise, &c.from, &c.to, &c.persons, &c.base,
		&c.rate, &c.noticeNo, &days, &ok)
	c.period, c.noticeDays, c.noticeOK = period.FromTime(p), intPtr(days), boolPtr(ok)
	return c, err
}

// names reads the employers' latest registered names.
func (t tx) names(ctx context.Context, alerts []Alert) (map[string]string, error) {
	wanted := map[string]bool{}
	for _, a := range alerts {
		if a.Enterprise != total {
			wanted[a.Enterprise] = true
		}
	}
	out := map[string]string{}
	if len(wanted) == 0 {
		return out, nil
	}
	type name struct{ uscc, name string }
	list, err := query(ctx, t, func(rows *sql.Rows) (n name, err error) {
		err = rows.Scan(&n.uscc, &n.name)
		return n, err
	}, `SELECT e.uscc, coalesce(e.name, '') FROM wh.main.core_enterprise AS e
		JOIN (SELECT DISTINCT enterprise FROM wh.main.alert_candidates) AS c ON c.enterprise = e.uscc
		ORDER BY e.uscc, e.period`)
	if err != nil {
		return nil, fmt.Errorf("read employers' names: %w", err)
	}
	for _, n := range list {
		if wanted[n.uscc] {
			out[n.uscc] = n.name
		}
	}
	return out, nil
}

// apply writes one change and logs its event.
func (t tx) apply(ctx context.Context, c change, now time.Time) error {
	a := c.alert
	a.UpdatedAt = now
	if c.insert {
		a.RaisedAt = now
	}
	values := []any{
		a.Rule, a.Level, a.Region, a.Industry, a.Enterprise, a.EnterpriseName, a.First.First(), a.Last.First(),
		a.WindowFrom, a.WindowTo, a.Persons, a.Base, a.Rate, a.NoticeNo, a.NoticeDays, a.NoticeOK, string(a.Status),
		a.Reason, a.Current, a.RaisedAt, a.UpdatedAt, a.ID,
	}
	text := `UPDATE state.main.alerts SET rule = ?, level = ?, region = ?, industry = ?, enterprise = ?,
		enterprise_name = ?, first_period = ?, last_period = ?, window_from = ?, window_to = ?, persons = ?, base = ?,
		rate = ?, notice_no = ?, notice_days = ?, notice_ok = ?, status = ?, reason = ?, current = ?, raised_at = ?,
		updated_at = ? WHERE id = ?`
	if c.insert {
		text = `INSERT INTO state.main.alerts (rule, level, region, industry, enterprise, enterprise_name, first_period,
			last_period, window_from, window_to, persons, base, rate, notice_no, notice_days, notice_ok, status, reason,
			current, raised_at, updated_at, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	}
	if _, err := t.ExecContext(ctx, text, values...); err != nil {
		return err
	}
	if c.event == "" {
		return nil
	}
	return t.log(ctx, Event{AlertID: a.ID, At: now, Kind: c.event, From: c.from, To: a.Level, Note: a.Reason})
}
