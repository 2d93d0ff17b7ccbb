package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"laborwatch/messages"
)

// Forget lets the extract of a damaged load be loaded again: until its bytes
// are, the ledger does not know them. Neither the load's line nor its status
// changes, and what happened is kept as an event; the same bytes write the same
// rows into the same file again. A load whose file is whole is refused.
func (l *Lake) Forget(ctx context.Context, id string, act Act) (Load, error) {
	load, err := l.Find(ctx, id)
	if err != nil {
		return load, err
	}
	if act.Who == "" || act.Why == "" {
		return load, errors.New(messages.Both("ledger.forget.who"))
	}
	waiting, err := l.forgotten(ctx)
	if err != nil || waiting[load.ID] {
		return load, err
	}
	found, _, err := l.examine(ctx, load)
	if err != nil {
		return load, fmt.Errorf("forget %s: %w", load.ID, err)
	}
	if found.Kind == "" {
		return load, errors.New(messages.Both("ledger.forget.whole", load.ID))
	}
	return load, l.inTx(ctx, func(tx execer) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO state.main.damages (load_id, found_at, who, why) VALUES (?, ?, ?, ?)`, load.ID, l.now(), act.Who, act.Why); err != nil {
			return err
		}
		act.Why = messages.Both("ledger.verify."+found.Kind) + ": " + act.Why
		return l.note(ctx, tx, load.ID, act)
	})
}

// forgotten are the damaged loads that wait for their extract.
func (l *Lake) forgotten(ctx context.Context) (map[string]bool, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT load_id FROM state.main.damages WHERE mended_at IS NULL`)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	ids, err := texts(rows)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	out := map[string]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out, nil
}

// LiveWaiting lists the live loads whose damaged file waits for its extract, by Seq.
func (l *Lake) LiveWaiting(ctx context.Context) ([]Load, error) {
	return l.loads(ctx, `WHERE status = 'live' AND load_id IN (SELECT load_id FROM state.main.damages WHERE mended_at IS NULL)`)
}

// WaitError names live loads whose damaged file waits for its extract, and what
// to do. There must be one at least.
func WaitError(loads []Load) error {
	const most = 5
	var names []string
	for _, x := range loads[:min(len(loads), most)] {
		names = append(names, x.ID+" ("+x.Source+")")
	}
	if len(loads) > most {
		names = append(names, "…")
	}
	return errors.New(messages.Both("ledger.waiting", len(loads), strings.Join(names, ", "), loads[0].ID))
}

// mend notes that a damaged load's file is whole again, with the hash and the
// key generation that it has now.
func (l *Lake) mend(ctx context.Context, tx execer, x Load) error {
	if _, err := tx.ExecContext(ctx, `UPDATE state.main.loads SET file_sha256 = ?, key_generation = ? WHERE load_id = ?`, x.FileSHA256, x.KeyGeneration, x.ID); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE state.main.damages SET mended_at = ? WHERE load_id = ? AND mended_at IS NULL`, l.now(), x.ID); err != nil {
		return err
	}
	return l.note(ctx, tx, x.ID, Act{Why: messages.Both("ledger.mended")})
}

// mendedLoad is a load whose extract came again: as it is now, and the file that
// it had.
type mendedLoad struct {
	Load
	was string
}

// mendAll puts back the files of loads that the ledger has, and gives these as
// it has them then. One that keys were changed without is under the present key.
func (l *Lake) mendAll(ctx context.Context, tx *sql.Tx, pubs []Publication) (map[string]mendedLoad, error) {
	waiting, err := l.forgotten(ctx)
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	out := map[string]mendedLoad{}
	for _, p := range pubs {
		if !waiting[p.Load.ID] {
			continue
		}
		known, err := l.loads(ctx, `WHERE load_id = ?`, p.Load.ID)
		if err != nil {
			return nil, err
		}
		if err := l.mend(ctx, tx, p.Load); err != nil {
			return nil, err
		}
		now := mendedLoad{known[0], l.Path(known[0])}
		now.FileSHA256, now.KeyGeneration = p.Load.FileSHA256, p.Load.KeyGeneration
		out[p.Load.ID] = now
	}
	return out, nil
}

// removeDamaged removes what was left of mended loads' files where the new ones
// have other names: those of a later key. What it leaves the next Open removes.
func (l *Lake) removeDamaged(mended map[string]mendedLoad) {
	for _, x := range mended {
		if x.was != l.Path(x.Load) {
			_ = os.Remove(x.was)
		}
	}
}

// inOrder gives the ledger's loads of publications, fresh and mended ones.
func inOrder(pubs []Publication, fresh []Load, mended map[string]mendedLoad) []Load {
	var out []Load
	for _, p := range pubs {
		if x, ok := mended[p.Load.ID]; ok {
			out = append(out, x.Load)
			continue
		}
		out, fresh = append(out, fresh[0]), fresh[1:]
	}
	return out
}

// note adds an event to a load whose status stays what it is.
func (l *Lake) note(ctx context.Context, tx execer, id string, act Act) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO state.main.load_events (n, happened_at, load_id, status, superseded_by, who, why, seq)
		SELECT (SELECT coalesce(max(n), 0) + 1 FROM state.main.load_events), CAST(? AS TIMESTAMP), load_id, status, superseded_by, ?, ?, seq
		FROM state.main.loads WHERE load_id = ?`, l.now(), act.Who, act.Why, id)
	return err
}

// inTx runs one change of the ledger.
func (l *Lake) inTx(ctx context.Context, do func(execer) error) error {
	tx, err := l.begin(ctx)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return fmt.Errorf("ledger: %w", errors.Join(err, tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}
