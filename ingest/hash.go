package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// stamp tells whether a file is the one that was hashed before, as git's index
// does: size, times of content and inode, and the inode itself.
type stamp struct{ size, mtime, ctime, inode int64 }

func stampOf(info os.FileInfo) stamp {
	s := stamp{size: info.Size(), mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.ctime, s.inode = st.Ctim.Nano(), int64(st.Ino)
	}
	return s
}

type hashed struct {
	stamp
	sha string
	// shape is that of large text, seen while it was hashed.
	shape *textShape
}

// hashes gives the SHA-256 of every file, from the ledger's memory where the
// file has not changed since, and remembers the new ones.
func (r *run) hashes(ctx context.Context, files []File) ([]hashed, error) {
	known, err := r.knownHashes(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]hashed, len(files))
	fresh := make([]bool, len(files))
	g, ctx2 := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range files {
		g.Go(func() error {
			info, err := os.Stat(f.Path)
			if err != nil {
				return err
			}
			out[i].stamp = stampOf(info)
			if k, ok := known[f.Path]; ok && k.stamp == out[i].stamp {
				out[i].sha = k.sha
				return nil
			}
			if info.Size() >= r.in.scanFrom {
				out[i].sha, out[i].shape, err = hashAndShape(ctx2, f.Path)
			} else {
				out[i].sha, err = hashFile(ctx2, f.Path)
			}
			// A file changed within the last moments may change again unseen.
			fresh[i] = r.in.clock().Sub(info.ModTime()) > 2*time.Second
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if r.dry {
		return out, nil
	}
	return out, r.remember(ctx, files, out, fresh)
}

// hashAndShape hashes a large file and, where it may be text, sees its shape on
// another core in the same pass.
func hashAndShape(ctx context.Context, path string) (sha string, shape *textShape, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	chunks, free := make(chan []byte, 1), make(chan []byte, 2)
	free <- make([]byte, 1<<20)
	free <- make([]byte, 1<<20)
	seen := &textShape{}
	var g errgroup.Group
	g.Go(func() error {
		for b := range chunks {
			seen.feed(b)
			free <- b[:cap(b)]
		}
		return nil
	})
	h := sha256.New()
	in := &cancelable{ctx, f}
	for {
		b := <-free
		var n int
		if n, err = io.ReadFull(in, b); n > 0 {
			chunks <- b[:n]
			h.Write(b[:n])
		}
		if err != nil {
			break
		}
	}
	close(chunks)
	err = errors.Join(ended(err), g.Wait())
	if err != nil {
		return "", nil, fmt.Errorf("read %s: %w", path, err)
	}
	seen.end()
	return hex.EncodeToString(h.Sum(nil)), seen, nil
}

// ended is nil where a read came to the end of the file.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

func hashFile(ctx context.Context, path string) (sha string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, &cancelable{ctx, f}, make([]byte, 1<<20)); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (r *run) knownHashes(ctx context.Context) (map[string]hashed, error) {
	rows, err := r.in.eng.DB().QueryContext(ctx, `SELECT path, size, mtime, ctime, inode, sha256 FROM state.main.file_hashes`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out := map[string]hashed{}
	for rows.Next() {
		var path string
		var h hashed
		if err := rows.Scan(&path, &h.size, &h.mtime, &h.ctime, &h.inode, &h.sha); err != nil {
			return nil, err
		}
		out[path] = h
	}
	return out, rows.Err()
}

// remember keeps the hashes of the files marked fresh. It is a cache: losing
// it costs time only.
func (r *run) remember(ctx context.Context, files []File, hashes []hashed, fresh []bool) error {
	if _, err := r.conn.ExecContext(ctx, `CREATE OR REPLACE TEMP TABLE lw_hashes (path VARCHAR, size BIGINT, mtime BIGINT, ctime BIGINT, inode BIGINT, sha256 VARCHAR)`); err != nil {
		return err
	}
	rows := make([][]any, 0, len(files))
	for i, f := range files {
		if fresh[i] {
			h := hashes[i]
			rows = append(rows, []any{f.Path, h.size, h.mtime, h.ctime, h.inode, h.sha})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := appendRows(r.conn, "lw_hashes", rows); err != nil {
		return err
	}
	tx, err := r.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, q := range []string{
		`DELETE FROM state.main.file_hashes WHERE path IN (SELECT path FROM lw_hashes)`,
		`INSERT INTO state.main.file_hashes SELECT * FROM lw_hashes ORDER BY path`,
	} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}
