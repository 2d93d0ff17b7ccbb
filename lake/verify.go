package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// Kinds of damage; their names are keys of the message catalog.
const (
	Missing    = "missing"
	Truncated  = "truncated"
	Altered    = "altered"
	Unreadable = "unreadable"
	Stray      = "stray"
)

// Damage is a file of the lake that is not as the ledger has it.
type Damage struct {
	Kind string
	// Load is zero for a stray file.
	Load Load
	// Path is relative to the lake's folder.
	Path string
	// Detail is what the machine says of it, "" where the kind says it all.
	Detail string
}

// Verified is what Verify found.
type Verified struct {
	Files int
	Bytes int64
	// Recorded are files of older ledgers that had no hash: readable and of the
	// right number of rows, and their hash is in the ledger from now on.
	Recorded int
	// Waiting are damaged loads whose extract may be loaded again; Mended are
	// such ones whose file is whole again. Behind are those of the waiting whose
	// file is whole too, but has the pseudonyms of a key that was changed meanwhile.
	Waiting, Mended, Behind []Load
	Damages                 []Damage
	// Rotation is a change of keys that was cut off: its files are no strays.
	Rotation Rotation
}

// VerifyProgress tells how many files of how many, and bytes of them, are done.
type VerifyProgress func(done, total int, bytes int64)

// Verify reads every file of the ledger's loads of a feed ("" for all) on all
// cores, and holds it against its hash. With all feeds it also names files
// that no load has. Nothing may change the lake meanwhile.
func (l *Lake) Verify(ctx context.Context, feed string, progress VerifyProgress) (v Verified, err error) {
	loads, err := l.Loads(ctx, feed)
	if err != nil {
		return v, err
	}
	waiting, err := l.forgotten(ctx)
	if err != nil {
		return v, err
	}
	inForce, err := l.Keys(ctx)
	if err != nil {
		return v, err
	}
	if v.Rotation, err = l.Rotation(ctx); err != nil {
		return v, err
	}
	var mu sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for _, x := range loads {
		g.Go(func() error {
			found, size, err := l.examine(gctx, x)
			if err != nil {
				return err
			}
			behind := false
			if waiting[x.ID] && found.Kind == "" {
				if behind, err = l.behind(gctx, x, len(inForce)); err != nil {
					return err
				}
			}
			mu.Lock()
			defer mu.Unlock()
			v.Files++
			v.Bytes += size
			if progress != nil {
				progress(v.Files, len(loads), v.Bytes)
			}
			switch {
			case behind:
				v.Behind = append(v.Behind, x)
			case waiting[x.ID] && found.Kind == "":
				v.Mended = append(v.Mended, x)
			case waiting[x.ID]:
				v.Waiting = append(v.Waiting, x)
			case found.Kind != "":
				v.Damages = append(v.Damages, found)
			case x.FileSHA256 == "":
				v.Recorded++
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	bySeq := func(a, b Load) int { return int(a.Seq - b.Seq) }
	slices.SortFunc(v.Waiting, bySeq)
	slices.SortFunc(v.Mended, bySeq)
	slices.SortFunc(v.Behind, bySeq)
	slices.SortFunc(v.Damages, func(a, b Damage) int { return bySeq(a.Load, b.Load) })
	for _, x := range v.Mended {
		if err := l.inTx(ctx, func(tx execer) error { return l.mend(ctx, tx, x) }); err != nil {
			return v, fmt.Errorf("verify: %w", err)
		}
	}
	if feed == "" {
		strays, err := l.strays(loads, v.Rotation)
		if err != nil {
			return v, fmt.Errorf("verify: %w", err)
		}
		v.Damages = append(v.Damages, strays...)
	}
	return v, nil
}

// examine holds one file against the ledger; the kind of damage is "" where
// there is none. What the file held is the bytes read.
func (l *Lake) examine(ctx context.Context, x Load) (d Damage, size int64, err error) {
	path := l.Path(x)
	rel, err := filepath.Rel(l.dir, path)
	if err != nil {
		return d, 0, err
	}
	d = Damage{Load: x, Path: rel}
	sha, size, whole, err := hashFile(ctx, path)
	switch {
	case ctx.Err() != nil:
		return d, size, ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		d.Kind = Missing
		return d, 0, nil
	case err != nil:
		d.Kind, d.Detail = Unreadable, err.Error()
		return d, size, nil
	case sha == x.FileSHA256:
		return d, size, nil
	case !whole:
		d.Kind = Truncated
		return d, size, nil
	}
	// Every page is read, not the footer alone.
	var rows int64
	var every string
	q := fmt.Sprintf(`SELECT count(*), coalesce(CAST(bit_xor(hash(t)) AS VARCHAR), '') FROM read_parquet(%s, hive_partitioning = false) AS t`, engine.Quote(path))
	if err := l.eng.DB().QueryRowContext(ctx, q).Scan(&rows, &every); err != nil {
		if ctx.Err() != nil {
			return d, size, ctx.Err()
		}
		d.Kind, d.Detail = Unreadable, brief(err)
		return d, size, nil
	}
	if x.FileSHA256 == "" && rows == x.RowsLoaded {
		return d, size, l.recordHash(ctx, x.ID, sha)
	}
	d.Kind, d.Detail = Altered, messages.Both("ledger.verify.rows", rows, x.RowsLoaded)
	return d, size, nil
}

// brief is the first line of an engine's error.
func brief(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

func (l *Lake) recordHash(ctx context.Context, id, sha string) error {
	if l.reader {
		return nil
	}
	_, err := l.eng.DB().ExecContext(ctx, `UPDATE state.main.loads SET file_sha256 = ? WHERE load_id = ? AND file_sha256 = ''`, sha, id)
	return err
}

// hashFile reads a file as a stream; whole says that it ends as a Parquet file does.
func hashFile(ctx context.Context, path string) (sha string, size int64, whole bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	buf, tail := make([]byte, 1<<20), []byte{}
	for {
		if ctx.Err() != nil {
			return "", size, false, ctx.Err()
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		size += int64(n)
		tail = append(tail, buf[:n]...)
		tail = append([]byte{}, tail[max(0, len(tail)-4):]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", size, false, err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), size, string(tail) == "PAR1", nil
}

// behind says whether a load's whole file has persons under an earlier key than
// the one in force: it was damaged when keys were changed. Older ledgers count
// feeds without persons as of the first key.
func (l *Lake) behind(ctx context.Context, x Load, inForce int) (bool, error) {
	if x.KeyGeneration == 0 || x.KeyGeneration >= inForce {
		return false, nil
	}
	person, _, err := l.personColumn(ctx, l.Path(x))
	return person != "", err
}

// strays are the files below the lake that no load names.
func (l *Lake) strays(loads []Load, under Rotation) (out []Damage, err error) {
	known := l.named(loads, under)
	err = filepath.WalkDir(l.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path == l.tmp():
			return fs.SkipDir
		case d.IsDir() || known[path]:
			return nil
		}
		rel, err := filepath.Rel(l.dir, path)
		out = append(out, Damage{Kind: Stray, Path: rel})
		return err
	})
	return out, err
}
