package lake

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"laborwatch/period"
)

// Note is something about a load that a person should know, though it was
// loaded: a column that came or went, a set check that gave a warning.
type Note struct {
	LoadID string
	// Check names what was looked at, Column the column where it was one.
	Check, Column string
	// Detail is for people, in Chinese and English.
	Detail string
}

// Measure is one figure of a load's profile, by which later loads are judged:
// how many rows, the share of a column that is empty, of a code, of repeats.
type Measure struct {
	LoadID string
	// Name is rows, repeats, nulls, distinct or code; Column and Code say of what.
	Name, Column, Code string
	Value              float64
}

// Past is a profile of an earlier load.
type Past struct {
	LoadID   string
	Period   period.Period
	Measures []Measure
}

// noteSchema holds what set checks need of the past, and what they found.
var noteSchema = []string{
	`CREATE TABLE IF NOT EXISTS state.main.load_profiles (load_id VARCHAR NOT NULL, name VARCHAR NOT NULL, col VARCHAR NOT NULL, code VARCHAR NOT NULL, value DOUBLE NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS state.main.load_notes (load_id VARCHAR NOT NULL, "check" VARCHAR NOT NULL, col VARCHAR NOT NULL, detail VARCHAR NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS state.main.overrides (load_id VARCHAR NOT NULL, who VARCHAR NOT NULL, why VARCHAR NOT NULL, decided_at TIMESTAMP NOT NULL)`,
}

func insertNotes(ctx context.Context, tx *sql.Tx, pubs []Publication) error {
	for _, p := range pubs {
		for _, n := range p.Notes {
			if _, err := tx.ExecContext(ctx, `INSERT INTO state.main.load_notes VALUES (?, ?, ?, ?)`, p.Load.ID, n.Check, n.Column, n.Detail); err != nil {
				return err
			}
		}
	}
	return nil
}

// Notes lists what is to be known of a load, "" for all live ones.
func (l *Lake) Notes(ctx context.Context, loadID string) ([]Note, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT n.load_id, n."check", n.col, n.detail FROM state.main.load_notes n JOIN state.main.loads l USING (load_id)
		WHERE n.load_id = ? OR (? = '' AND l.status = 'live') ORDER BY l.seq, n."check", n.col`, loadID, loadID)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Note
	for rows.Next() {
		var n Note
		if err := rows.Scan(&n.LoadID, &n.Check, &n.Column, &n.Detail); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// Profiles gives the profiles of the newest live loads of a feed and scope, at
// most so many, but none of the month itself: a correction is not judged by
// what it corrects.
func (l *Lake) Profiles(ctx context.Context, feed, scope string, month period.Period, most int) ([]Past, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `
		WITH past AS (SELECT load_id, period, seq FROM state.main.loads WHERE status = 'live' AND part_of = '' AND feed = ? AND scope = ?
			AND (mode <> 'snapshot' OR period IS DISTINCT FROM CAST(? AS DATE)) ORDER BY period DESC, seq DESC LIMIT ?)
		SELECT past.load_id, past.period, p.name, p.col, p.code, p.value FROM past JOIN state.main.load_profiles p USING (load_id)
		ORDER BY past.seq, p.name, p.col, p.code`, feed, scope, date(month), most)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Past
	for rows.Next() {
		var m Measure
		var month sql.NullTime
		if err := rows.Scan(&m.LoadID, &month, &m.Name, &m.Column, &m.Code, &m.Value); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		if len(out) == 0 || out[len(out)-1].LoadID != m.LoadID {
			p := Past{LoadID: m.LoadID}
			if month.Valid {
				p.Period = period.FromTime(month.Time)
			}
			out = append(out, p)
		}
		last := &out[len(out)-1]
		last.Measures = append(last.Measures, m)
	}
	return out, rows.Err()
}

// Override is a person's word that an extract refused by a set check is right.
type Override struct {
	LoadID string
	Act
	DecidedAt time.Time
}

// Accept notes that a person takes responsibility for a refused extract: the
// next time it is offered it is loaded. The refusal stays in the ledger.
func (l *Lake) Accept(ctx context.Context, loadID string, act Act) error {
	_, err := l.eng.DB().ExecContext(ctx, `INSERT INTO state.main.overrides VALUES (?, ?, ?, ?)`, loadID, act.Who, act.Why, l.now())
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// Overrides gives the newest override of each extract, by the id its load has.
func (l *Lake) Overrides(ctx context.Context) (map[string]Override, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT load_id, who, why, decided_at FROM state.main.overrides ORDER BY decided_at`)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]Override{}
	for rows.Next() {
		var o Override
		if err := rows.Scan(&o.LoadID, &o.Who, &o.Why, &o.DecidedAt); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		out[o.LoadID] = o
	}
	return out, rows.Err()
}
