// Package lake keeps what ingest has accepted: one immutable zstd Parquet file
// per load under lake/<feed>/period=YYYY-MM/<load id>.parquet, and the ledger
// (tables of state.duckdb) that says which of them are live.
//
// A file is written under lake/tmp, fsynced and renamed before one transaction
// of the ledger names it, so a process killed at any instant leaves either the
// whole load or nothing that anyone reads; Open removes what was left behind.
// A correction is a new load that supersedes; the old file stays.
//
// # Reading
//
// The rows of a feed in a month are those of the live loads whose load_periods
// hold that month, filtered by the rows' own period column. For a feed in mode
// upsert the same key may stand in several live loads, and a county's rows both
// in the city's snapshot and in its own: Source gives a SELECT that settles it.
package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"laborwatch/engine"
	"laborwatch/period"
)

// Column is a column of a feed as it stands in the lake: its name and its SQL type.
type Column struct{ Name, Type string }

// Statuses of a load.
const (
	Live       = "live"
	Superseded = "superseded"
	// Withdrawn loads were taken out by a person, with a reason.
	Withdrawn = "withdrawn"
)

// Modes of a feed: a snapshot replaces the live load of its feed, period and
// scope, and one of no scope (the whole) those of every scope; append adds, and
// replaces what its Publication names; upsert adds rows that replace earlier
// ones of equal key.
const (
	Snapshot = "snapshot"
	Append   = "append"
	Upsert   = "upsert"
)

// Load is one line of the ledger: one extract turned into one Parquet file.
type Load struct {
	// Seq orders loads as they were published, from 1.
	Seq int64
	// ID is 32 hex digits over the extract's bytes, the feed and its contract.
	ID              string
	Feed            string
	ContractVersion int
	// Source is the extract's path, relative to the inbox when it lies there.
	Source string
	// Period is the month the load is filed under, 0 when it has none.
	Period period.Period
	// Scope is the part of the period that a snapshot covers, "" for all.
	Scope string
	// ScopeColumn names the column that tells the scope of a row, "" when none
	// does. By it the rows of a whole snapshot give way to those of a later
	// snapshot of their scope.
	ScopeColumn string
	Mode        string
	// Origin is the source that the extract came through, "" for a file by hand.
	Origin string
	// PartOf is the load whose corrected rows this one brings, "" for a load of
	// its own. A part is live only while that load is.
	PartOf string
	// Contract is the fingerprint of the contract that the load was made by.
	Contract string
	// KeyGeneration counts the pseudonym keys that its persons went through,
	// 0 for a feed without persons.
	KeyGeneration int
	// RowsIn = RowsLoaded + RowsQuarantined + RowsRepeated.
	RowsIn, RowsLoaded, RowsQuarantined, RowsRepeated int64
	// Bytes of the extract as it arrived, and their SHA-256 in hex.
	Bytes  int64
	SHA256 string
	// FileSHA256 is the hash of the Parquet file, in hex.
	FileSHA256   string
	LoadedAt     time.Time
	Status       string
	SupersededBy string
}

// Lake is the folder of Parquet files together with its ledger.
type Lake struct {
	eng   *engine.DuckDB
	dir   string
	clock func() time.Time
	// reader says that the folder is another's: nothing is written or removed.
	reader bool
	// crash is called with the name of each step of Publish; tests make it fail.
	crash func(step string) error
}

// Open opens the lake in dir (made if missing) with its ledger in the engine's
// state database, and removes what a killed process left behind: temporary
// files, and Parquet files that no load names. Over a read-only state database
// it changes nothing.
func Open(ctx context.Context, eng *engine.DuckDB, dir string, clock func() time.Time) (*Lake, error) {
	if clock == nil {
		return nil, errors.New("lake: a clock is needed")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	l := &Lake{eng: eng, dir: dir, clock: clock, crash: func(string) error { return nil }}
	var readonly bool
	const q = `SELECT readonly FROM duckdb_databases() WHERE database_name = 'state'`
	if err := eng.DB().QueryRowContext(ctx, q).Scan(&readonly); err != nil {
		return nil, fmt.Errorf("lake: no state database is attached: %w", err)
	}
	if readonly {
		return l, nil
	}
	for _, stmt := range slices.Concat(schema, noteSchema, []string{contractSchema}) {
		if _, err := eng.DB().ExecContext(ctx, stmt); err != nil {
			return nil, fmt.Errorf("lake: create the ledger: %w", err)
		}
	}
	if err := l.createCoverage(ctx); err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	if err := errors.Join(l.createClosings(ctx), l.createKeys(ctx)); err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	if err := l.noteChanges(ctx, eng.DB(), Act{}); err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	if err := os.MkdirAll(l.tmp(), 0o755); err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	if err := l.sweep(ctx); err != nil {
		return nil, fmt.Errorf("lake: sweep %s: %w", dir, err)
	}
	return l, nil
}

// Dir is the lake's folder.
func (l *Lake) Dir() string { return l.dir }

func (l *Lake) tmp() string { return filepath.Join(l.dir, "tmp") }

// Temp is the path for a temporary file of the given name; Open sweeps it.
func (l *Lake) Temp(name string) string { return filepath.Join(l.tmp(), name) }

// Path is the absolute path of a load's Parquet file.
func (l *Lake) Path(load Load) string {
	month := load.Period.String()
	if month == "" {
		month = "none"
	}
	return filepath.Join(l.dir, load.Feed, "period="+month, fileName(load.ID, load.KeyGeneration))
}

// fileName is a load's base name; a file whose persons were given another key
// carries the key's generation, so that both can stand while keys change.
func fileName(id string, generation int) string {
	if generation > 1 {
		return fmt.Sprintf("%s.k%d.parquet", id, generation)
	}
	return id + ".parquet"
}

// sweep removes temporary files and Parquet files that no load names, now or
// after a rotation of keys that is under way.
func (l *Lake) sweep(ctx context.Context) error {
	left, err := os.ReadDir(l.tmp())
	if err != nil {
		return err
	}
	for _, e := range left {
		if err := os.RemoveAll(l.Temp(e.Name())); err != nil {
			return err
		}
	}
	loads, err := l.Loads(ctx, "")
	if err != nil {
		return err
	}
	rotation, err := l.Rotation(ctx)
	if err != nil {
		return err
	}
	known := l.named(loads, rotation)
	return filepath.WalkDir(l.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || filepath.Ext(path) != ".parquet" || !strings.HasPrefix(filepath.Base(filepath.Dir(path)), "period=") || known[path] {
			return nil
		}
		return os.Remove(path)
	})
}

// named are the files of loads, and those that a rotation of keys under way has
// written or will.
func (l *Lake) named(loads []Load, under Rotation) map[string]bool {
	out := map[string]bool{}
	for _, x := range loads {
		out[l.Path(x)] = true
		if under.Generation > x.KeyGeneration && x.KeyGeneration > 0 {
			x.KeyGeneration = under.Generation
			out[l.Path(x)] = true
		}
	}
	return out
}
