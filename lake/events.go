package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Act is who changed the ledger by hand, and why; empty for what ingest does.
type Act struct{ Who, Why string }

func (l *Lake) now() time.Time { return l.clock().UTC().Truncate(time.Microsecond) }

// execer is a connection or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// begin starts a change of the ledger.
func (l *Lake) begin(ctx context.Context) (*sql.Tx, error) {
	if l.reader {
		return nil, errors.New("ledger: this lake is open for reading only")
	}
	return l.eng.DB().BeginTx(ctx, nil)
}

// settle brings the ledger in order after statuses changed: parts follow the
// load that they belong to, and every change is noted as an event.
func (l *Lake) settle(ctx context.Context, tx execer, act Act) error {
	for _, q := range []string{
		// A part that waits for its load is superseded by that very load.
		`UPDATE state.main.loads AS p SET status = 'superseded', superseded_by = p.part_of FROM state.main.loads AS w
			WHERE p.part_of = w.load_id AND p.status = 'live' AND w.status <> 'live'`,
		`UPDATE state.main.loads AS p SET status = 'live', superseded_by = NULL FROM state.main.loads AS w
			WHERE p.part_of = w.load_id AND p.superseded_by = p.part_of AND w.status = 'live'`,
	} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
	}
	return l.noteChanges(ctx, tx, act)
}

// noteChanges adds an event for every load whose status is not that of its last
// event. A load without any, from a ledger that kept none, is noted as of when
// it was loaded.
func (l *Lake) noteChanges(ctx context.Context, tx execer, act Act) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO state.main.load_events (n, happened_at, load_id, status, superseded_by, who, why, seq)
		WITH last AS (SELECT load_id, arg_max(status, n) AS status, arg_max(coalesce(superseded_by, ''), n) AS superseded_by FROM state.main.load_events GROUP BY load_id)
		SELECT (SELECT coalesce(max(n), 0) FROM state.main.load_events) + row_number() OVER (ORDER BY x.seq),
			CASE WHEN last.load_id IS NULL THEN x.loaded_at ELSE CAST(? AS TIMESTAMP) END, x.load_id, x.status, x.superseded_by, ?, ?, x.seq
		FROM state.main.loads x LEFT JOIN last USING (load_id)
		WHERE last.load_id IS NULL OR last.status <> x.status OR last.superseded_by <> coalesce(x.superseded_by, '')`, l.now(), act.Who, act.Why)
	if err != nil {
		return fmt.Errorf("ledger: note what changed: %w", err)
	}
	return nil
}
