package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Revive makes a superseded load live again, in place of the load that is live
// for it now, and gives that load's source. It is how a correction is taken
// back: the bytes are still in the lake. A load that is not superseded is left
// as it is, and ok is false.
func (l *Lake) Revive(ctx context.Context, id string) (load Load, replaced string, ok bool, err error) {
	loads, err := l.loads(ctx, "WHERE load_id = ? AND status = 'superseded'", id)
	if err != nil || len(loads) == 0 {
		return Load{}, "", false, err
	}
	tx, err := l.eng.DB().BeginTx(ctx, nil)
	if err != nil {
		return Load{}, "", false, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	// What superseded it may have been superseded in turn: the end of the chain is live.
	current, seen := loads[0].SupersededBy, map[string]bool{id: true}
	for !seen[current] {
		seen[current] = true
		var next sql.NullString
		err := tx.QueryRowContext(ctx, `SELECT source, superseded_by FROM state.main.loads WHERE load_id = ?`, current).Scan(&replaced, &next)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return Load{}, "", false, fmt.Errorf("ledger: %w", err)
		}
		if next.String == "" {
			break
		}
		current = next.String
	}
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`UPDATE state.main.loads SET status = 'superseded', superseded_by = ? WHERE load_id = ? AND status = 'live'`, []any{id, current}},
		{`UPDATE state.main.loads SET status = 'live', superseded_by = NULL WHERE load_id = ?`, []any{id}},
	} {
		if _, err := tx.ExecContext(ctx, q.sql, q.args...); err != nil {
			return Load{}, "", false, fmt.Errorf("ledger: %w", err)
		}
	}
	if err := l.settle(ctx, tx, Act{}); err != nil {
		return Load{}, "", false, err
	}
	if err := tx.Commit(); err != nil {
		return Load{}, "", false, fmt.Errorf("ledger: %w", err)
	}
	loads[0].Status, loads[0].SupersededBy = "live", ""
	return loads[0], replaced, true, nil
}
