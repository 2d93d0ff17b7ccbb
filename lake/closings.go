package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"laborwatch/engine"
	"laborwatch/messages"
)

// closings has the entries of quarantine that each part closed, by what found
// them: what a part brings stays known when it is withdrawn and another brings
// the rows in its stead.
const (
	closingSchema = `CREATE TABLE state.main.closings (part VARCHAR NOT NULL, load_id VARCHAR NOT NULL, sheet VARCHAR NOT NULL, "row" BIGINT NOT NULL, found_by VARCHAR NOT NULL)`
	closedNow     = `INSERT INTO state.main.closings SELECT DISTINCT closed_by, load_id, sheet, "row", found_by FROM state.main.quarantine WHERE closed_by <> '' AND ($1 = '' OR closed_by = $1)`
)

// createClosings makes the table, filled where the ledger is older than it.
func (l *Lake) createClosings(ctx context.Context) error {
	var there bool
	if err := l.eng.DB().QueryRowContext(ctx, `SELECT count(*) > 0 FROM duckdb_tables() WHERE database_name = 'state' AND table_name = 'closings'`).Scan(&there); err != nil || there {
		return err
	}
	return l.inTransaction(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, closingSchema); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, closedNow, "")
		return err
	})
}

// correct closes the quarantine entries of the rows that a part brings again:
// the SELECT p.Corrects gives their sheet and "row" in the extract of the load
// that p.Load is a part of, which must still be live.
func (l *Lake) correct(ctx context.Context, tx *sql.Tx, p Publication, now time.Time) error {
	if p.Load.PartOf == "" {
		return nil
	}
	var live bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM state.main.loads WHERE load_id = ? AND status = 'live')`, p.Load.PartOf).Scan(&live); err != nil {
		return err
	}
	if !live {
		return ErrNotLive
	}
	if p.Corrects == "" {
		return nil
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`UPDATE state.main.quarantine AS q SET closed_by = ?, closed_at = ?
		WHERE load_id = ? AND (sheet, "row") IN (SELECT (sheet, "row") FROM (%s))
		AND (closed_by = '' OR closed_by NOT IN (SELECT load_id FROM state.main.loads WHERE status = 'live' AND part_of = %s))`,
		p.Corrects, engine.Quote(p.Load.PartOf)), p.Load.ID, now, p.Load.PartOf); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, closedNow, p.Load.ID)
	return err
}

// recall finds what a part closed that was withdrawn when ledgers did not keep it:
// the entries of the rows that its file has. Of a workbook of several sheets it
// does not tell, for the file has no sheets.
func (l *Lake) recall(ctx context.Context, part Load) error {
	var kept bool
	if err := l.eng.DB().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM state.main.closings WHERE part = ?)`, part.ID).Scan(&kept); err != nil || kept {
		return err
	}
	_, err := l.eng.DB().ExecContext(ctx, fmt.Sprintf(`INSERT INTO state.main.closings
		SELECT DISTINCT CAST($1 AS VARCHAR), load_id, sheet, "row", '' FROM state.main.quarantine
		WHERE load_id = $2 AND found_by = '' AND "row" IN (SELECT _row FROM read_parquet(%s, hive_partitioning = false))
			AND (SELECT count(DISTINCT sheet) FROM state.main.quarantine WHERE load_id = $2) = 1`, engine.Quote(escapeGlob(l.Path(part)))), part.ID, part.PartOf)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// closeAgain closes the entries that a part which is live again had closed.
// Those that it closed last are its own still.
func (l *Lake) closeAgain(ctx context.Context, tx execer, part Load) error {
	if part.PartOf == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE state.main.quarantine AS q SET closed_by = c.part, closed_at = CAST($2 AS TIMESTAMP) FROM state.main.closings c
		WHERE c.part = $1 AND q.load_id = c.load_id AND q.sheet = c.sheet AND q."row" = c."row" AND q.found_by = c.found_by AND q.closed_by <> c.part
			AND q.closed_by NOT IN (SELECT load_id FROM state.main.loads WHERE status = 'live')`, part.ID, l.now())
	return err
}

// notTwice refuses a part of whose rows another part that is live, or waits with
// their load, has brought one since: the row would count twice.
func (l *Lake) notTwice(ctx context.Context, part Load) error {
	others, err := l.loads(ctx, `WHERE load_id IN (
		SELECT o.part FROM state.main.closings mine JOIN state.main.closings o ON o.part <> mine.part AND o.load_id = mine.load_id
			AND o.sheet = mine.sheet AND o."row" = mine."row" AND o.found_by = mine.found_by WHERE mine.part = ?)
		AND (status = 'live' OR superseded_by = part_of)`, part.ID)
	if err != nil || len(others) == 0 {
		return err
	}
	var names []string
	for _, x := range others {
		names = append(names, x.ID+" ("+x.Source+")")
	}
	return errors.New(messages.Both("ledger.restore.twice", part.ID, strings.Join(names, ", "), others[0].ID))
}
