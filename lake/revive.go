package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"laborwatch/messages"
)

// Revive makes a superseded or withdrawn load live again, in place of what is
// live for it now, and gives the sources of that. It is how a correction or a
// withdrawal is taken back: the bytes are still in the lake. A live load is
// left as it is, and ok is false. One whose file is damaged is an error.
//
// A county's load does not take the place of the whole that superseded it: it
// comes after it in the order, and stands for its own rows alone.
func (l *Lake) Revive(ctx context.Context, id string) (load Load, replaced string, ok bool, err error) {
	loads, err := l.loads(ctx, "WHERE load_id = ? AND (status = 'withdrawn' OR status = 'superseded' AND part_of = '')", id)
	if err != nil || len(loads) == 0 {
		return Load{}, "", false, err
	}
	found, _, err := l.examine(ctx, loads[0])
	if err != nil {
		return Load{}, "", false, fmt.Errorf("ledger: revive %s: %w", id, err)
	}
	if found.Kind != "" {
		return Load{}, "", false, errors.New(messages.Both("ledger.restore.damaged", loads[0].ID, loads[0].Source))
	}
	gone, err := l.bringBack(ctx, loads[0], Act{})
	if err != nil {
		return Load{}, "", false, fmt.Errorf("ledger: revive %s: %w", id, err)
	}
	load = loads[0]
	load.Status, load.SupersededBy = Live, ""
	sources := make([]string, len(gone))
	for i, x := range gone {
		sources[i] = x.Source
	}
	return load, strings.Join(sources, ", "), true, nil
}

// bringBack makes a load live, and gives those that go in its stead.
func (l *Lake) bringBack(ctx context.Context, load Load, act Act) (gone []Load, err error) {
	tx, err := l.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	current := load.ID // stands for nobody: a withdrawn load was superseded by none
	if load.Status == Superseded {
		if current, err = endOfChain(ctx, tx, load); err != nil {
			return nil, err
		}
	}
	if gone, err = l.loadsFrom(ctx, "state.main.loads AS o", "WHERE "+gives, load.ID, current); err != nil {
		return nil, err
	}
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`UPDATE state.main.loads AS o SET status = 'superseded', superseded_by = $1 WHERE ` + gives, []any{load.ID, current}},
		{`UPDATE state.main.loads SET status = 'live', superseded_by = NULL WHERE load_id = ?`, []any{load.ID}},
		// After the whole that is live now, of which it gives a part anew.
		{`UPDATE state.main.loads SET seq = (SELECT max(seq) + 1 FROM state.main.loads) WHERE load_id = ? AND mode = 'snapshot' AND scope <> ''`, []any{load.ID}},
	} {
		if _, err := tx.ExecContext(ctx, q.sql, q.args...); err != nil {
			return nil, err
		}
	}
	if err := l.closeAgain(ctx, tx, load); err != nil {
		return nil, err
	}
	if err := l.settle(ctx, tx, act); err != nil {
		return nil, err
	}
	if err := l.crash("revived"); err != nil {
		return nil, err
	}
	return gone, tx.Commit()
}

// gives is what makes room for the load $1, where $2 is the live end of the
// chain of those that superseded it: that one, what the load had superseded
// before it was withdrawn, and any other snapshot of its feed, period and scope.
const gives = `o.status = 'live' AND o.load_id <> $1 AND o.part_of = ''
	AND EXISTS (SELECT 1 FROM state.main.loads x WHERE x.load_id = $1
		AND NOT (x.mode = 'snapshot' AND x.scope <> '' AND o.scope = '')
		AND (o.load_id = $2
			OR x.status = 'withdrawn' AND o.load_id IN (SELECT e.load_id FROM state.main.load_events e WHERE e.superseded_by = $1)
			OR x.part_of = '' AND o.mode = 'snapshot' AND x.mode = 'snapshot' AND o.feed = x.feed AND o.period IS NOT DISTINCT FROM x.period AND o.scope = x.scope))`

// endOfChain gives the load at the end of those that superseded a load one
// after another: the first may have been superseded in turn.
func endOfChain(ctx context.Context, tx *sql.Tx, load Load) (string, error) {
	current, seen := load.SupersededBy, map[string]bool{load.ID: true}
	for !seen[current] {
		seen[current] = true
		var next sql.NullString
		err := tx.QueryRowContext(ctx, `SELECT superseded_by FROM state.main.loads WHERE load_id = ?`, current).Scan(&next)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return "", err
		}
		if next.String == "" {
			break
		}
		current = next.String
	}
	return current, nil
}

func texts(rows *sql.Rows) (out []string, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
