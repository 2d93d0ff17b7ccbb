package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"laborwatch/pseudonym"
)

// The ledger knows the pseudonym keys by their fingerprints: those that the
// persons of all loads went through, and the one that a rotation leads to.
// key_rotation has at most one row. Until done, files of its generation may lie
// beside those in force; from then on, what was computed under the old keys may
// still be about. key_rotation_files has the hash of each file that the rotation
// wrote, and that of the file which it wrote it from.
var keySchema = []string{
	`CREATE TABLE IF NOT EXISTS state.main.pseudonym_keys (
		generation INTEGER NOT NULL, algorithm VARCHAR NOT NULL, fingerprint VARCHAR NOT NULL, since TIMESTAMP NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS state.main.key_rotation (
		generation INTEGER NOT NULL, keys VARCHAR NOT NULL, started_at TIMESTAMP NOT NULL, done BOOLEAN NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS state.main.key_rotation_files (load_id VARCHAR NOT NULL, from_sha256 VARCHAR NOT NULL, file_sha256 VARCHAR NOT NULL)`,
}

// KeyMark is what the ledger keeps of a pseudonym key.
type KeyMark struct {
	Generation             int
	Algorithm, Fingerprint string
}

// Marks are what the ledger would keep of keys.
func Marks(keys pseudonym.Keys) []KeyMark {
	var out []KeyMark
	for i, k := range keys {
		out = append(out, KeyMark{i + 1, string(k.Algorithm), k.Fingerprint()})
	}
	return out
}

// createKeys makes the tables, and takes over the fingerprint that ledgers
// before key generations kept.
func (l *Lake) createKeys(ctx context.Context) error {
	for _, stmt := range keySchema {
		if _, err := l.eng.DB().ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
	}
	var old bool
	const q = `SELECT EXISTS (SELECT 1 FROM duckdb_tables() WHERE database_name = 'state' AND table_name = 'pseudonym_key')`
	if err := l.eng.DB().QueryRowContext(ctx, q).Scan(&old); err != nil || !old {
		return err
	}
	return l.inTransaction(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO state.main.pseudonym_keys
			SELECT 1, ?, fingerprint, ? FROM state.main.pseudonym_key WHERE NOT EXISTS (SELECT 1 FROM state.main.pseudonym_keys)`, string(pseudonym.SM3), l.now()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DROP TABLE state.main.pseudonym_key`)
		return err
	})
}

func (l *Lake) inTransaction(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := l.eng.DB().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if err := do(tx); err != nil {
		return fmt.Errorf("ledger: %w", errors.Join(err, tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// Keys lists the keys in force by generation, none before the first load of persons.
func (l *Lake) Keys(ctx context.Context) ([]KeyMark, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT generation, algorithm, fingerprint FROM state.main.pseudonym_keys ORDER BY generation`)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []KeyMark
	for rows.Next() {
		var k KeyMark
		if err := rows.Scan(&k.Generation, &k.Algorithm, &k.Fingerprint); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		out = append(out, k)
	}
	return out, rows.Err()
}

// NoteKeys puts the keys in force that come after those the ledger knows.
func (l *Lake) NoteKeys(ctx context.Context, keys pseudonym.Keys) error {
	return l.inTransaction(ctx, func(tx *sql.Tx) error { return l.noteKeys(ctx, tx, keys) })
}

func (l *Lake) noteKeys(ctx context.Context, tx *sql.Tx, keys pseudonym.Keys) error {
	for _, k := range Marks(keys) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO state.main.pseudonym_keys SELECT ?, ?, ?, ?
			WHERE NOT EXISTS (SELECT 1 FROM state.main.pseudonym_keys WHERE generation = ?)`,
			k.Generation, k.Algorithm, k.Fingerprint, l.now(), k.Generation); err != nil {
			return err
		}
	}
	return nil
}

// Rotation is a change of keys that is under way.
type Rotation struct {
	// Generation is the one that persons get, 0 when there is no rotation.
	Generation int
	// Done says that the lake is through: the new keys are in force.
	Done bool
	// keys are the marks of all keys, which tell a resumed rotation from another.
	keys string
}

// Rotation tells of the change of keys that is under way, if there is one.
func (l *Lake) Rotation(ctx context.Context) (Rotation, error) {
	var r Rotation
	err := l.eng.DB().QueryRowContext(ctx, `SELECT generation, done, keys FROM state.main.key_rotation`).Scan(&r.Generation, &r.Done, &r.keys)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Rotation{}, fmt.Errorf("ledger: %w", err)
	}
	return r, nil
}

// EndRotation forgets a rotation that is done, once all is computed anew.
func (l *Lake) EndRotation(ctx context.Context) error {
	if l.reader {
		return nil
	}
	if _, err := l.eng.DB().ExecContext(ctx, `DELETE FROM state.main.key_rotation WHERE done`); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}
