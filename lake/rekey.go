package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"laborwatch/engine"
	"laborwatch/messages"
	"laborwatch/pseudonym"
)

// rekeyFiles is how many files are worked on at a time: small ones do not keep
// the engine's threads busy by themselves, and each holds a few row groups.
const rekeyFiles = 4

// Rekeyed is what Rekey did.
type Rekeyed struct {
	// Loads have persons of the new generation; Resumed of their files were there
	// from a call before.
	Loads, Resumed int
	Generation     int
	// Skipped are damaged loads that wait for their extract; see Forget. It brings
	// them back under the new key.
	Skipped []Load
}

// Rekey gives the persons of every load, superseded and withdrawn ones too, the
// pseudonyms of the last of keys, which must begin with those in force. The new
// files are written beside the old ones; then one transaction puts files and
// keys in force, and the old files are removed. Killed or failed before that,
// the old state is in force and another call goes on where this one ended. No
// one may publish loads meanwhile.
//
// A load's file is held against the ledger's hash first: what is damaged must
// not come out with a hash of its own. Damaged loads are an error that names
// them, but for those that wait for their extract, which are skipped.
//
// After it Rotation is done, until EndRotation.
func (l *Lake) Rekey(ctx context.Context, keys pseudonym.Keys, progress func(done, total int)) (Rekeyed, error) {
	r := &rekeying{Lake: l, keys: keys, progress: progress}
	err := r.do(ctx)
	if err != nil {
		err = fmt.Errorf("rotate the key: %w", err)
	}
	return r.out, err
}

type rekeying struct {
	*Lake
	keys     pseudonym.Keys
	chain    *pseudonym.Chain
	progress func(done, total int)
	waiting  map[string]bool
	// written are the files of calls before this one.
	written map[string]rekeyedFile
	out     Rekeyed
}

func (r *rekeying) do(ctx context.Context) (err error) {
	if err := r.begin(ctx); err != nil {
		return err
	}
	if err := r.crash("begun"); err != nil {
		return err
	}
	loads, err := r.loads(ctx, `WHERE key_generation BETWEEN 1 AND ?`, len(r.keys)-1)
	if err != nil {
		return err
	}
	if r.waiting, err = r.forgotten(ctx); err != nil {
		return err
	}
	if r.written, err = r.notedFiles(ctx); err != nil {
		return err
	}
	conn, err := r.eng.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := registerRekey(ctx, conn); err != nil {
		return err
	}
	done, err := r.files(ctx, loads)
	if err != nil {
		return err
	}
	if err := r.crash("rekeyed"); err != nil {
		return err
	}
	if err := r.enforce(ctx, done); err != nil {
		return err
	}
	r.out.Loads = len(done)
	if err := r.crash("enforced"); err != nil {
		return err
	}
	for _, x := range loads {
		if _, ok := done[x.ID]; !ok {
			continue
		}
		if err := os.Remove(r.Path(x)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return r.crash("removed")
}

// begin checks the keys against the ledger and notes what is under way, so that
// the next Open leaves the files alone.
func (r *rekeying) begin(ctx context.Context) (err error) {
	r.out.Generation = len(r.keys)
	if r.chain, err = pseudonym.NewChain(r.keys); err != nil {
		return err
	}
	known, err := r.Keys(ctx)
	if err != nil {
		return err
	}
	if len(r.keys) <= len(known) || !slices.Equal(known, Marks(r.keys[:len(known)])) {
		return fmt.Errorf("%d keys do not follow the %d in force", len(r.keys), len(known))
	}
	under, err := r.Rotation(ctx)
	if err != nil {
		return err
	}
	if under.Done {
		return fmt.Errorf("the rotation to generation %d is not ended", under.Generation)
	}
	prints := fmt.Sprint(Marks(r.keys))
	if under.keys == prints {
		return nil // goes on
	}
	// A key that an earlier attempt used is lost: so are the files it wrote.
	if err := r.discard(ctx, under.Generation); err != nil {
		return err
	}
	return r.inTransaction(ctx, func(tx *sql.Tx) error {
		for _, q := range []string{`DELETE FROM state.main.key_rotation`, `DELETE FROM state.main.key_rotation_files`} {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO state.main.key_rotation VALUES (?, ?, ?, false)`, len(r.keys), prints, r.now())
		return err
	})
}

// discard removes the files of a rotation that never came into force.
func (r *rekeying) discard(ctx context.Context, generation int) error {
	if generation == 0 {
		return nil
	}
	loads, err := r.loads(ctx, `WHERE key_generation BETWEEN 1 AND ?`, generation-1)
	if err != nil {
		return err
	}
	for _, x := range loads {
		x.KeyGeneration = generation
		if err := os.Remove(r.Path(x)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// enforce puts the new files and keys in force, all at once.
func (r *rekeying) enforce(ctx context.Context, files map[string]string) error {
	return r.inTransaction(ctx, func(tx *sql.Tx) error {
		ids := make([]string, 0, len(files))
		for id := range files {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for chunk := range slices.Chunk(ids, 500) {
			var values []string
			for _, id := range chunk {
				values = append(values, fmt.Sprintf("(%s, %s)", engine.Quote(id), engine.Quote(files[id])))
			}
			if _, err := tx.ExecContext(ctx, fmt.Sprintf(`UPDATE state.main.loads AS l SET key_generation = %d, file_sha256 = n.sha
				FROM (VALUES %s) AS n(id, sha) WHERE l.load_id = n.id`, len(r.keys), strings.Join(values, ", "))); err != nil {
				return err
			}
		}
		for _, id := range ids {
			if !r.waiting[id] {
				continue
			}
			// It waited for its extract, but its file was whole.
			if err := r.mend(ctx, tx, Load{ID: id, FileSHA256: files[id], KeyGeneration: len(r.keys)}); err != nil {
				return err
			}
		}
		if err := r.noteKeys(ctx, tx, r.keys); err != nil {
			return err
		}
		for _, q := range []string{`UPDATE state.main.key_rotation SET done = true`, `DELETE FROM state.main.key_rotation_files`} {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		return r.crash("enforcing")
	})
}

// errNoPseudonym says that a column of persons holds something else.
var errNoPseudonym = errors.New(messages.Both("lake.nopseudonym"))
