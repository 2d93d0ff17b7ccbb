package lake

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"laborwatch/engine"
	"laborwatch/messages"
)

// OpenReader opens the lake in dir by the ledger in another engine's state
// database: one that CopyAsOf made. It makes, sweeps and publishes nothing.
func OpenReader(_ context.Context, eng *engine.DuckDB, dir string, clock func() time.Time) (*Lake, error) {
	if clock == nil {
		return nil, errors.New("lake: a clock is needed")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	return &Lake{eng: eng, dir: dir, clock: clock, reader: true, crash: func(string) error { return nil }}, nil
}

// copies are the tables of the ledger as of a time, and what of them is copied.
var copies = []struct{ table, query string }{
	{"loads", `SELECT * FROM %s`},
	{"load_events", `SELECT * FROM state.main.load_events WHERE happened_at <= CAST(%s AS TIMESTAMP)`},
	{"load_periods", `SELECT * FROM state.main.load_periods WHERE load_id IN (SELECT load_id FROM %s)`},
	{"load_coverage", `SELECT * FROM state.main.load_coverage WHERE load_id IN (SELECT load_id FROM %s)`},
	{"quarantine", `SELECT q.* REPLACE (CASE WHEN q.closed_at > CAST(%[2]s AS TIMESTAMP) THEN '' ELSE q.closed_by END AS closed_by,
		CASE WHEN q.closed_at > CAST(%[2]s AS TIMESTAMP) THEN NULL ELSE q.closed_at END AS closed_at)
		FROM state.main.quarantine q WHERE q.load_id IN (SELECT load_id FROM %[1]s)`},
	{"refusals", `SELECT * FROM state.main.refusals WHERE refused_at <= CAST(%s AS TIMESTAMP)`},
}

// CopyAsOf writes the ledger as it was at a time into dir/state.duckdb, a new
// file that an engine of its own may then open. It fails where a load that was
// live then has a file that is known to be damaged. Rows are given as they are
// in the lake now, under the pseudonyms of the present key.
func (l *Lake) CopyAsOf(ctx context.Context, t time.Time, dir string) (err error) {
	damaged, err := l.loadsFrom(ctx, asOf(t), `WHERE status = 'live' AND load_id IN (SELECT load_id FROM state.main.damages WHERE mended_at IS NULL)`)
	if err != nil {
		return err
	}
	if len(damaged) > 0 {
		return errors.New(messages.Both("ledger.asof.damaged", damaged[0].ID, damaged[0].Source))
	}
	c, err := l.eng.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	name := fmt.Sprintf("asof_%x", time.Now().UnixNano())
	if _, err := c.ExecContext(ctx, fmt.Sprintf("ATTACH %s AS %s", engine.Quote(filepath.Join(dir, "state.duckdb")), name)); err != nil {
		return fmt.Errorf("ledger as of %s: %w", t, err)
	}
	defer func() {
		_, derr := c.ExecContext(context.WithoutCancel(ctx), "DETACH "+name)
		err = errors.Join(err, derr)
	}()
	for _, q := range append(slices.Clone(schema), coverageSchema) {
		if _, err := c.ExecContext(ctx, strings.ReplaceAll(q, "state.main.", name+".main.")); err != nil {
			return fmt.Errorf("ledger as of %s: %w", t, err)
		}
	}
	for _, x := range copies {
		q := x.query
		switch x.table {
		case "load_events", "refusals":
			q = fmt.Sprintf(q, stamp(t))
		case "quarantine":
			q = fmt.Sprintf(q, asOf(t), stamp(t))
		default:
			q = fmt.Sprintf(q, asOf(t))
		}
		if _, err := c.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s.main.%s BY NAME %s", name, x.table, q)); err != nil {
			return fmt.Errorf("ledger as of %s: %s: %w", t, x.table, err)
		}
	}
	return nil
}
