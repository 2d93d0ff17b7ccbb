package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

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
}

// Rekey gives the persons of every load, superseded and withdrawn ones too, the
// pseudonyms of the last of keys, which must begin with those in force. The new
// files are written beside the old ones; then one transaction puts files and
// keys in force, and the old files are removed. Killed or failed before that,
// the old state is in force and another call goes on where this one ended. No
// one may publish loads meanwhile.
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
	out      Rekeyed
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
		if _, err := tx.ExecContext(ctx, `DELETE FROM state.main.key_rotation`); err != nil {
			return err
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

// files writes the files of the new generation and gives their hashes by load.
// A load of a feed without persons has none.
func (r *rekeying) files(ctx context.Context, loads []Load) (map[string]string, error) {
	var mu sync.Mutex
	out := map[string]string{}
	seen := 0
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(min(rekeyFiles, runtime.GOMAXPROCS(0)))
	for _, x := range loads {
		g.Go(func() error {
			sha, resumed, err := r.file(ctx, x)
			if err != nil {
				return fmt.Errorf("load %s (%s): %w", x.ID, x.Source, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if sha != "" {
				out[x.ID] = sha
			}
			if resumed {
				r.out.Resumed++
			}
			if seen++; r.progress != nil {
				r.progress(seen, len(loads))
			}
			return r.crash("file")
		})
	}
	return out, g.Wait()
}

func (r *rekeying) file(ctx context.Context, x Load) (sha string, resumed bool, err error) {
	to := x
	to.KeyGeneration = len(r.keys)
	path := r.Path(to)
	if _, err := os.Stat(path); err == nil {
		sha, err = hashAndSync(path)
		return sha, true, err
	}
	person, rekeyed, err := r.personColumn(ctx, r.Path(x))
	if err != nil || person == "" {
		return "", false, err
	}
	temp := r.Temp(filepath.Base(path))
	defer func() { _ = os.Remove(temp) }()
	_, err = r.eng.DB().ExecContext(withRekey(ctx, r.chain, x.KeyGeneration), fmt.Sprintf(
		"COPY (SELECT * REPLACE (%[1]s AS %[2]s) FROM read_parquet(%[3]s, hive_partitioning = false)) TO %[4]s (FORMAT parquet, COMPRESSION zstd)",
		rekeyed, person, engine.Quote(escapeGlob(r.Path(x))), engine.Quote(temp)))
	if err != nil {
		return "", false, err
	}
	if sha, err = hashAndSync(temp); err != nil {
		return "", false, err
	}
	if err := os.Rename(temp, path); err != nil {
		return "", false, err
	}
	return sha, false, syncPath(filepath.Dir(path))
}

// escapeGlob keeps the engine from reading a path as a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(path)
}

// personColumn finds a file's column of pseudonyms by what ingest puts behind
// every such column, and gives it with the expression of its new values; "" where
// there is none. A contract may have named the column otherwise since, and older
// files hold text where newer ones hold UUIDs.
func (r *rekeying) personColumn(ctx context.Context, path string) (column, rekeyed string, err error) {
	rows, err := r.eng.DB().QueryContext(ctx, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(`+engine.Quote(escapeGlob(path))+`, hive_partitioning = false))`)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = rows.Close() }()
	var names, types []string
	for rows.Next() {
		var name, typ string
		if err := rows.Scan(&name, &typ); err != nil {
			return "", "", err
		}
		names, types = append(names, name), append(types, typ)
	}
	for i := range names {
		if !slices.Equal(names[i:min(i+2, len(names))], []string{"birth_month", "origin"}) {
			continue
		}
		at := i - 1
		if at > 0 && names[at] == "sex" { // left out where extracts state it themselves
			at--
		}
		if at < 0 {
			continue
		}
		column = engine.Ident(names[at])
		if types[at] == "UUID" {
			rekeyed = fmt.Sprintf("CAST(lw_rekey(replace(CAST(%s AS VARCHAR), '-', '')) AS UUID)", column)
		} else {
			rekeyed = fmt.Sprintf("lw_rekey(%s)", column)
		}
		break
	}
	return column, rekeyed, rows.Err()
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
		if err := r.noteKeys(ctx, tx, r.keys); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE state.main.key_rotation SET done = true`); err != nil {
			return err
		}
		return r.crash("enforcing")
	})
}

// errNoPseudonym says that a column of persons holds something else.
var errNoPseudonym = errors.New(messages.Both("lake.nopseudonym"))
