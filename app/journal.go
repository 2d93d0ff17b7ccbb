package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// journal keeps in state.duckdb what the daemon must remember over a restart:
// each schedule's next run, and how each stage last went.
type journal struct {
	db    *sql.DB
	clock func() time.Time
	// explain says of a stage's error what to do, where the machine is at fault.
	explain func(error) error
}

// Stage is how a stage of the work last went.
type Stage struct {
	Name        string
	Started     time.Time
	Seconds     float64
	OK          bool
	Detail      string
	LastSuccess time.Time // zero when it never succeeded
}

func openJournal(ctx context.Context, db *sql.DB, clock func() time.Time, explain func(error) error) (*journal, error) {
	for _, q := range []string{
		`CREATE TABLE IF NOT EXISTS state.main.schedules (name VARCHAR PRIMARY KEY, next_run TIMESTAMP NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS state.main.stages (name VARCHAR PRIMARY KEY, started TIMESTAMP NOT NULL,
			seconds DOUBLE NOT NULL, ok BOOLEAN NOT NULL, detail VARCHAR NOT NULL, last_success TIMESTAMP)`,
	} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
	}
	return &journal{db, clock, explain}, nil
}

// NextRun implements schedules.Store.
func (j *journal) NextRun(ctx context.Context, name string) (time.Time, error) {
	var t time.Time
	err := j.db.QueryRowContext(ctx, `SELECT next_run FROM state.main.schedules WHERE name = ?`, name).Scan(&t)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return t, err
}

// SetNextRun implements schedules.Store.
func (j *journal) SetNextRun(ctx context.Context, name string, next time.Time) error {
	_, err := j.db.ExecContext(ctx, `INSERT OR REPLACE INTO state.main.schedules VALUES (?, ?)`, name, next.UTC())
	return err
}

// timed runs one stage and notes how it went.
func (j *journal) timed(ctx context.Context, name string, run func(context.Context) error) (time.Duration, error) {
	started := j.clock().UTC()
	begin := time.Now()
	err := j.explain(run(ctx))
	took := time.Since(begin)
	ok, detail := err == nil, ""
	if err != nil {
		detail = err.Error()
	}
	var success any
	if ok {
		success = j.clock().UTC()
	}
	// The note is kept even when the stage was canceled.
	_, nerr := j.db.ExecContext(context.WithoutCancel(ctx), `INSERT INTO state.main.stages VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET started = excluded.started, seconds = excluded.seconds, ok = excluded.ok,
		detail = excluded.detail, last_success = coalesce(excluded.last_success, stages.last_success)`,
		name, started, took.Seconds(), ok, detail, success)
	if err != nil {
		return took, err
	}
	if nerr != nil {
		return took, fmt.Errorf("state: note of stage %s: %w", name, nerr)
	}
	return took, nil
}

// stages lists the last run of every stage, by name.
func (j *journal) stages(ctx context.Context) ([]Stage, error) {
	rows, err := j.db.QueryContext(ctx, `SELECT name, started, seconds, ok, detail, last_success FROM state.main.stages ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Stage
	for rows.Next() {
		var s Stage
		var success sql.NullTime
		if err := rows.Scan(&s.Name, &s.Started, &s.Seconds, &s.OK, &s.Detail, &success); err != nil {
			return nil, err
		}
		s.LastSuccess = success.Time
		out = append(out, s)
	}
	return out, rows.Err()
}
