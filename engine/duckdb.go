// Package engine opens the SQL engine behind the models: one embedded DuckDB
// with the two files of a data folder attached, state.duckdb as "state" and
// warehouse.duckdb as "wh". It also knows the engine's dialect (macros of the
// models) and reads SQL by the engine's own parser.
//
// DuckDB lets a transaction write to one attached file only: the ledger and
// what people did are written to state, models and cube to wh.
package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

// Options of Open.
type Options struct {
	// Dir is the data folder. Empty means an engine without files, for tests
	// and for stand-alone queries.
	Dir string
	// MemoryLimit as DuckDB writes it, for example 1200MB; empty leaves its default.
	MemoryLimit string
	// Threads the engine may use; 0 means all cores.
	Threads int
	// ReadOnly attaches the files without the right to write.
	ReadOnly bool
}

// DuckDB is an open engine.
type DuckDB struct {
	db        *sql.DB
	connector *duckdb.Connector
	dir       string
}

// BusyError means that another process holds one of the data folder's files.
type BusyError struct {
	File string
	// PID of the process that holds it, 0 when the engine does not tell.
	PID int
	Err error
}

func (e *BusyError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("%s is held by %s; end it, or send it the command through its socket", e.File, who)
}

func (e *BusyError) Unwrap() error { return e.Err }

// Open starts the engine and attaches the data folder's files, creating what is
// not there. A file that another process holds gives a *BusyError.
func Open(ctx context.Context, o Options) (*DuckDB, error) {
	// Connections are made as long as the engine lives, not as long as ctx does.
	life := context.WithoutCancel(ctx)
	connector, err := duckdb.NewConnector("", func(c driver.ExecerContext) error {
		_, err := c.ExecContext(life, "SET TimeZone = 'UTC'", nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	d := &DuckDB{db: sql.OpenDB(connector), connector: connector, dir: o.Dir}
	if err := d.setUp(ctx, o); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *DuckDB) setUp(ctx context.Context, o Options) error {
	set := []string{
		// Nothing is ever fetched: what is linked in is what there is.
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET enable_progress_bar = false",
		// A checkpoint for every few megabytes of log would fall on every other month.
		"SET checkpoint_threshold = '64MB'",
	}
	if o.MemoryLimit != "" {
		set = append(set, "SET memory_limit = "+Quote(o.MemoryLimit))
	}
	if o.Threads > 0 {
		set = append(set, fmt.Sprintf("SET threads = %d", o.Threads))
	}
	if o.Dir != "" {
		tmp := filepath.Join(o.Dir, "tmp")
		if err := os.MkdirAll(tmp, 0o755); err != nil {
			return fmt.Errorf("engine: %w", err)
		}
		set = append(set, "SET temp_directory = "+Quote(tmp))
	}
	for _, q := range set {
		if _, err := d.db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("engine: %s: %w", q, err)
		}
	}
	if o.Dir == "" {
		return nil
	}
	for _, a := range []struct{ name, file string }{{"state", "state.duckdb"}, {"wh", "warehouse.duckdb"}} {
		if err := d.attach(ctx, a.name, filepath.Join(o.Dir, a.file), o.ReadOnly); err != nil {
			return err
		}
	}
	return nil
}

// rowGroup is how many rows a table's row group holds, a sixth of DuckDB's
// default: a month adds some thousand rows to a table, and a checkpoint writes
// the last row group again. Scans of small tables get all threads, too.
const rowGroup = 20480

func (d *DuckDB) attach(ctx context.Context, name, file string, readOnly bool) error {
	q := fmt.Sprintf("ATTACH IF NOT EXISTS %s AS %s", Quote(file), name)
	if readOnly {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("engine: nothing to read yet: %w", err)
		}
		q += " (READ_ONLY)"
	} else {
		q += fmt.Sprintf(" (ROW_GROUP_SIZE %d)", rowGroup)
	}
	_, err := d.db.ExecContext(ctx, q)
	if err == nil {
		return nil
	}
	if strings.Contains(err.Error(), "Conflicting lock") || strings.Contains(err.Error(), "Could not set lock") {
		return &BusyError{File: file, PID: holder(err.Error()), Err: err}
	}
	return fmt.Errorf("engine: open %s: %w", file, err)
}

var holderForm = regexp.MustCompile(`\(PID (\d+)\)`)

// holder finds the process id that DuckDB's lock error names, or 0.
func holder(text string) int {
	m := holderForm.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	pid, _ := strconv.Atoi(m[1])
	return pid
}

// DB is the pool for ordinary statements. Temporary tables and views live on a
// connection: take one with Conn for those.
func (d *DuckDB) DB() *sql.DB { return d.db }

// Conn takes a connection of one's own out of the pool; close it to give it back.
func (d *DuckDB) Conn(ctx context.Context) (*sql.Conn, error) {
	c, err := d.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return c, nil
}

// Close ends the engine; what was committed is on disk.
func (d *DuckDB) Close() error {
	return errors.Join(d.db.Close(), d.connector.Close())
}

// Quote writes s as an SQL text literal.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Ident writes s as a quoted SQL identifier.
func Ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
