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
)

// rekeyedFile is a file of the new generation that a rotation has written: its
// hash, and that of the file which it was made from.
type rekeyedFile struct{ from, sha string }

// files writes the files of the new generation and gives their hashes by load.
// A load of a feed without persons has none, nor has one that is skipped.
func (r *rekeying) files(ctx context.Context, loads []Load) (map[string]string, error) {
	var mu sync.Mutex
	out := map[string]string{}
	var damaged []Damage
	seen := 0
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(min(rekeyFiles, runtime.GOMAXPROCS(0)))
	for _, x := range loads {
		g.Go(func() error {
			sha, resumed, err := r.resumed(gctx, x)
			var found Damage
			if err == nil && !resumed {
				sha, found, err = r.file(gctx, x)
			}
			if err != nil {
				return fmt.Errorf("load %s (%s): %w", x.ID, x.Source, err)
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case found.Kind != "" && r.waiting[x.ID]:
				r.out.Skipped = append(r.out.Skipped, x)
			case found.Kind != "":
				damaged = append(damaged, found)
			case sha != "":
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
	if err := g.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(r.out.Skipped, func(a, b Load) int { return int(a.Seq - b.Seq) })
	if len(damaged) > 0 {
		slices.SortFunc(damaged, func(a, b Damage) int { return int(a.Load.Seq - b.Load.Seq) })
		return nil, errDamaged(damaged)
	}
	return out, nil
}

// errDamaged names loads that cannot be re-keyed, and what to do.
func errDamaged(damaged []Damage) error {
	const most = 5
	var names []string
	for _, d := range damaged[:min(len(damaged), most)] {
		names = append(names, fmt.Sprintf("%s %s (%s)", d.Load.ID, d.Load.Source, messages.Both("ledger.verify."+d.Kind)))
	}
	if len(damaged) > most {
		names = append(names, "…")
	}
	return errors.New(messages.Both("lake.rekey.damaged", len(damaged), strings.Join(names, ", "), damaged[0].Load.ID))
}

// resumed says whether the file of the new generation is there as a call before
// this one wrote it, from what the ledger has now; and gives its hash. Any other
// is written anew.
func (r *rekeying) resumed(ctx context.Context, x Load) (sha string, ok bool, err error) {
	was, ok := r.written[x.ID]
	if !ok || x.FileSHA256 == "" || was.from != x.FileSHA256 {
		return "", false, nil
	}
	x.KeyGeneration = len(r.keys)
	sha, _, _, err = hashFile(ctx, r.Path(x))
	if ctx.Err() != nil {
		return "", false, ctx.Err()
	}
	return sha, err == nil && sha == was.sha, nil
}

// file writes a load's file of the new generation and notes its hash, "" where
// the load has no persons. A damaged file is told and left.
func (r *rekeying) file(ctx context.Context, x Load) (sha string, found Damage, err error) {
	if found, _, err = r.examine(ctx, x); err != nil || found.Kind != "" {
		return "", found, err
	}
	to := x
	to.KeyGeneration = len(r.keys)
	path := r.Path(to)
	person, rekeyed, err := r.personColumn(ctx, r.Path(x))
	if err != nil || person == "" {
		return "", found, err
	}
	temp := r.Temp(filepath.Base(path))
	defer func() { _ = os.Remove(temp) }()
	_, err = r.eng.DB().ExecContext(withRekey(ctx, r.chain, x.KeyGeneration), fmt.Sprintf(
		"COPY (SELECT * REPLACE (%[1]s AS %[2]s) FROM read_parquet(%[3]s, hive_partitioning = false)) TO %[4]s (FORMAT parquet, COMPRESSION zstd)",
		rekeyed, person, engine.Quote(escapeGlob(r.Path(x))), engine.Quote(temp)))
	if err != nil {
		return "", found, err
	}
	if sha, err = hashAndSync(temp); err != nil {
		return "", found, err
	}
	if err := os.Rename(temp, path); err != nil {
		return "", found, err
	}
	if err := syncPath(filepath.Dir(path)); err != nil {
		return "", found, err
	}
	return sha, found, r.noteFile(ctx, x, sha)
}

// notedFiles gives what calls before this one wrote.
func (r *rekeying) notedFiles(ctx context.Context) (map[string]rekeyedFile, error) {
	rows, err := r.eng.DB().QueryContext(ctx, `SELECT load_id, from_sha256, file_sha256 FROM state.main.key_rotation_files`)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]rekeyedFile{}
	for rows.Next() {
		var id string
		var f rekeyedFile
		if err := rows.Scan(&id, &f.from, &f.sha); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		out[id] = f
	}
	return out, rows.Err()
}

// noteFile keeps the hash of a file that is in its place.
func (r *rekeying) noteFile(ctx context.Context, x Load, sha string) error {
	return r.inTransaction(ctx, func(tx *sql.Tx) error {
		if _, again := r.written[x.ID]; again {
			if _, err := tx.ExecContext(ctx, `DELETE FROM state.main.key_rotation_files WHERE load_id = ?`, x.ID); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO state.main.key_rotation_files VALUES (?, ?, ?)`, x.ID, x.FileSHA256, sha)
		return err
	})
}

// escapeGlob keeps the engine from reading a path as a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(path)
}

// personColumn finds a file's column of pseudonyms by what ingest puts behind
// every such column, and gives it with the expression of its new values; "" where
// there is none. A contract may have named the column otherwise since, and older
// files hold text where newer ones hold UUIDs.
func (l *Lake) personColumn(ctx context.Context, path string) (column, rekeyed string, err error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(`+engine.Quote(escapeGlob(path))+`, hive_partitioning = false))`)
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
