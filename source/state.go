package source

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Statuses of an object.
const (
	Waiting = "waiting" // seen, not known to be whole yet
	Landing = "landing" // partly here
	Here    = "landed"  // whole here, not loaded yet
	Done    = "done"    // loaded, or known to the ledger
	Refused = "refused" // refused whole; the ledger says why
	Failed  = "failed"  // could not be fetched
	Unknown = "unknown" // no contract knows its name
	Again   = "again"   // a person wants it offered again, at the next pull
)

// Record is what is remembered of an object.
type Record struct {
	Source, Object, Version string
	// Size of the object, Landed how much of it is safely here.
	Size, Landed int64
	Status       string
	// Attempts counts the runs that failed for this version.
	Attempts int64
	// Why it is as it is, for people: what is wrong, or what it waits for. Of a
	// done object, that it could not be looked at since.
	Why string
	// Note tells of an archive what was loaded of it and what was not.
	Note string
	// SeenAt is when this version was first seen, DoneAt when it was done with.
	SeenAt, DoneAt time.Time
	// Watermark is how far the query behind the object has read.
	Watermark string
}

// State is the status with what has befallen the object since: one that could
// not be fetched, loaded or looked at again has failed.
func (r Record) State() string {
	if r.Why != "" && (r.Status == Landing || r.Status == Here || r.Status == Done) {
		return Failed
	}
	return r.Status
}

// Standing is how a source stands.
type Standing struct {
	Source                string
	LastLook, LastSuccess time.Time // zero for never
	// Failures counts pulls that failed, in whole or for an object, ever.
	Failures  int64
	LastError string
	// Down says that the last look failed as a whole: nothing could be listed.
	Down bool
	// Waiting, Refused and Failed count objects; a source that is down is one
	// more that failed.
	Waiting, Refused, Failed int64
}

// State keeps in state.duckdb what sources must remember over a restart.
type State struct{ db *sql.DB }

// OpenState makes the tables where they are missing.
func OpenState(ctx context.Context, db *sql.DB) (*State, error) {
	for _, q := range []string{
		`CREATE TABLE IF NOT EXISTS state.main.source_objects (source VARCHAR NOT NULL, object VARCHAR NOT NULL, version VARCHAR NOT NULL,
			size BIGINT NOT NULL, landed BIGINT NOT NULL, status VARCHAR NOT NULL, attempts BIGINT NOT NULL, last_error VARCHAR NOT NULL,
			seen_at TIMESTAMP NOT NULL, done_at TIMESTAMP, watermark VARCHAR NOT NULL, PRIMARY KEY (source, object))`,
		`CREATE TABLE IF NOT EXISTS state.main.source_watermarks (source VARCHAR PRIMARY KEY, watermark VARCHAR NOT NULL, extracts BIGINT NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS state.main.source_looks (source VARCHAR PRIMARY KEY, last_look TIMESTAMP, last_success TIMESTAMP,
			failures BIGINT NOT NULL, last_error VARCHAR NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS state.main.source_archives (sha256 VARCHAR NOT NULL, contracts VARCHAR NOT NULL, file VARCHAR NOT NULL,
			done_at TIMESTAMP NOT NULL, PRIMARY KEY (sha256, contracts))`,
		`ALTER TABLE state.main.source_objects ADD COLUMN IF NOT EXISTS note VARCHAR DEFAULT ''`,
		`ALTER TABLE state.main.source_looks ADD COLUMN IF NOT EXISTS down BOOLEAN DEFAULT false`,
	} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return nil, fmt.Errorf("state: sources: %w", err)
		}
	}
	return &State{db}, nil
}

// Records gives what is remembered of a source's objects, by name.
func (t *State) Records(ctx context.Context, source string) (out map[string]Record, err error) {
	rows, err := t.db.QueryContext(ctx, `SELECT source, object, version, size, landed, status, attempts, last_error, seen_at, done_at, watermark, note
		FROM state.main.source_objects WHERE source = ?`, source)
	if err != nil {
		return nil, fmt.Errorf("state: sources: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[string]Record{}
	for rows.Next() {
		var r Record
		var done sql.NullTime
		if err := rows.Scan(&r.Source, &r.Object, &r.Version, &r.Size, &r.Landed, &r.Status, &r.Attempts, &r.Why, &r.SeenAt, &done, &r.Watermark, &r.Note); err != nil {
			return nil, fmt.Errorf("state: sources: %w", err)
		}
		r.DoneAt = done.Time
		out[r.Object] = r
	}
	return out, rows.Err()
}

const putRecord = `INSERT INTO state.main.source_objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (source, object) DO UPDATE SET version = excluded.version, size = excluded.size, landed = excluded.landed, status = excluded.status,
	attempts = excluded.attempts, last_error = excluded.last_error, seen_at = excluded.seen_at, done_at = excluded.done_at, watermark = excluded.watermark, note = excluded.note`

func (r Record) values() []any {
	var done any
	if !r.DoneAt.IsZero() {
		done = r.DoneAt.UTC()
	}
	return []any{r.Source, r.Object, r.Version, r.Size, r.Landed, r.Status, r.Attempts, r.Why, r.SeenAt.UTC(), done, r.Watermark, r.Note}
}

// Put keeps a record.
func (t *State) Put(ctx context.Context, r Record) error {
	if _, err := t.db.ExecContext(ctx, putRecord, r.values()...); err != nil {
		return fmt.Errorf("state: sources: %w", err)
	}
	return nil
}

// Settle keeps the records of objects that were loaded or refused, and the
// watermark of those loaded, all of them or none.
func (t *State) Settle(ctx context.Context, list []Record) (err error) {
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("state: sources: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("state: sources: %w", errors.Join(err, tx.Rollback()))
		}
	}()
	for _, r := range list {
		if _, err := tx.ExecContext(ctx, putRecord, r.values()...); err != nil {
			return err
		}
		if r.Status != Done || r.Watermark == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO state.main.source_watermarks VALUES (?, ?, 1)
			ON CONFLICT (source) DO UPDATE SET watermark = excluded.watermark, extracts = source_watermarks.extracts + 1`, r.Source, r.Watermark); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Watermark gives how far a source's query has read and how many extracts it
// gave; "" and 0 before the first.
func (t *State) Watermark(ctx context.Context, source string) (mark string, extracts int64, err error) {
	err = t.db.QueryRowContext(ctx, `SELECT watermark, extracts FROM state.main.source_watermarks WHERE source = ?`, source).Scan(&mark, &extracts)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("state: sources: %w", err)
	}
	return mark, extracts, nil
}

// Forget has nothing remembered of an object any more.
func (t *State) Forget(ctx context.Context, source, object string) error {
	if _, err := t.db.ExecContext(ctx, `DELETE FROM state.main.source_objects WHERE source = ? AND object = ?`, source, object); err != nil {
		return fmt.Errorf("state: sources: %w", err)
	}
	return nil
}

// Again has objects offered again: those refused, failed or unknown, or the one
// named, whatever its status. It gives how many. Why they were refused is kept
// until they are met again.
func (t *State) Again(ctx context.Context, source, object string) (int64, error) {
	q, args := `UPDATE state.main.source_objects SET status = 'again', version = '', landed = 0 WHERE source = ?`, []any{source}
	if object != "" {
		q, args = q+` AND object = ?`, append(args, object)
	} else {
		q += ` AND status IN ('refused', 'failed', 'unknown', 'again')`
	}
	res, err := t.db.ExecContext(ctx, q, args...)
	if err != nil {
		return 0, fmt.Errorf("state: sources: %w", err)
	}
	return res.RowsAffected()
}

// Looked notes how a look at a source went; what is the first error, "" for
// none, and down says that it was the whole source's.
func (t *State) Looked(ctx context.Context, source string, at time.Time, what string, down bool) error {
	var success any
	failed := 1
	if what == "" {
		success, failed = at.UTC(), 0
	}
	_, err := t.db.ExecContext(ctx, `INSERT INTO state.main.source_looks (source, last_look, last_success, failures, last_error, down) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (source) DO UPDATE SET last_look = excluded.last_look, last_success = coalesce(excluded.last_success, source_looks.last_success),
		failures = source_looks.failures + excluded.failures, last_error = excluded.last_error, down = excluded.down`, source, at.UTC(), success, failed, what, down)
	if err != nil {
		return fmt.Errorf("state: sources: %w", err)
	}
	return nil
}

// Standings gives how every source stands that was ever looked at, by name.
func (t *State) Standings(ctx context.Context) (out map[string]Standing, err error) {
	rows, err := t.db.QueryContext(ctx, `SELECT l.source, last_look, last_success, failures, l.last_error, l.down,
		count(*) FILTER (o.status IN ('waiting', 'again') OR o.status IN ('landing', 'landed') AND o.last_error = ''),
		count(*) FILTER (o.status IN ('refused', 'unknown')),
		count(*) FILTER (o.status = 'failed' OR o.status IN ('landing', 'landed', 'done') AND o.last_error <> '')
		FROM state.main.source_looks l LEFT JOIN state.main.source_objects o USING (source) GROUP BY ALL ORDER BY l.source`)
	if err != nil {
		return nil, fmt.Errorf("state: sources: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[string]Standing{}
	for rows.Next() {
		var s Standing
		var look, success sql.NullTime
		if err := rows.Scan(&s.Source, &look, &success, &s.Failures, &s.LastError, &s.Down, &s.Waiting, &s.Refused, &s.Failed); err != nil {
			return nil, fmt.Errorf("state: sources: %w", err)
		}
		if s.Down {
			s.Failed++
		}
		s.LastLook, s.LastSuccess = look.Time, success.Time
		out[s.Source] = s
	}
	return out, rows.Err()
}

// ArchiveKnown says whether an archive of these bytes was unpacked and loaded
// under these contracts.
func (t *State) ArchiveKnown(ctx context.Context, sha, contracts string) (known bool, err error) {
	err = t.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM state.main.source_archives WHERE sha256 = ? AND contracts = ?)`, sha, contracts).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("state: sources: %w", err)
	}
	return known, nil
}

// ArchiveDone notes an archive whose members are all loaded or refused.
func (t *State) ArchiveDone(ctx context.Context, sha, contracts, file string, at time.Time) error {
	_, err := t.db.ExecContext(ctx, `INSERT OR REPLACE INTO state.main.source_archives VALUES (?, ?, ?, ?)`, sha, contracts, file, at.UTC())
	if err != nil {
		return fmt.Errorf("state: sources: %w", err)
	}
	return nil
}
