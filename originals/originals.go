// Package originals keeps the bytes of loaded extracts, encrypted with age to a
// public key of the operator. Whoever holds the private key, which need not be
// on this machine, reads them with the program age; laborwatch cannot.
package originals

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
	"strings"

	"filippo.io/age"
)

// ErrChanged says that a file no longer holds the bytes that were loaded.
var ErrChanged = errors.New("the file is no longer the one that was loaded")

// Store is the folder of kept originals. The zero value keeps nothing.
type Store struct {
	dir        string
	recipients []age.Recipient
}

// Recipient reads a public key as age-keygen prints it (age1…).
func Recipient(key string) (age.Recipient, error) {
	list, err := age.ParseRecipients(strings.NewReader(key))
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, fmt.Errorf("want one key, not %d", len(list))
	}
	return list[0], nil
}

// Open makes a store over a folder, which is made when first needed, and
// removes what a killed process left half-written. Without a key it keeps
// nothing and only tells what is there.
func Open(dir, key string) (*Store, error) {
	s := &Store{dir: dir}
	if key != "" {
		r, err := Recipient(key)
		if err != nil {
			return nil, fmt.Errorf("originals: %w", err)
		}
		s.recipients = []age.Recipient{r}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.part"))
	for _, f := range left {
		err = errors.Join(err, os.Remove(f))
	}
	return s, err
}

// Keeps reports whether a key is configured.
func (s *Store) Keeps() bool { return len(s.recipients) > 0 }

// Path is where the original of an extract lies, by its SHA-256 in hex.
func (s *Store) Path(sha string) string {
	return filepath.Join(s.dir, sha[:min(2, len(sha))], sha+".age")
}

// Has reports whether the original of an extract is kept.
func (s *Store) Has(sha string) bool {
	_, err := os.Stat(s.Path(sha))
	return sha != "" && err == nil
}

// Keep encrypts a file, and gives its SHA-256 in hex. The kept file is there
// whole or not at all, and on disk when Keep returns; one that is there is not
// written again. A file that is not the wanted one ("" for any) is ErrChanged.
func (s *Store) Keep(ctx context.Context, path, want string) (sha string, err error) {
	if !s.Keeps() {
		return "", errors.New("originals: no key is configured")
	}
	if s.Has(want) {
		return want, nil
	}
	in, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return "", err
	}
	out, err := os.CreateTemp(s.dir, "*.part") // mode 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if rerr := os.Remove(out.Name()); !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}()
	sha, err = s.encrypt(out, &cancelable{ctx, in})
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return "", fmt.Errorf("keep the original of %s: %w", path, err)
	}
	if want != "" && sha != want {
		return sha, ErrChanged
	}
	if s.Has(sha) {
		return sha, nil
	}
	place := filepath.Dir(s.Path(sha))
	if err := os.MkdirAll(place, 0o700); err != nil {
		return "", err
	}
	if err := os.Rename(out.Name(), s.Path(sha)); err != nil {
		return "", err
	}
	return sha, errors.Join(syncDir(place), syncDir(s.dir))
}

func (s *Store) encrypt(to io.Writer, from io.Reader) (sha string, err error) {
	w, err := age.Encrypt(to, s.recipients...)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.CopyBuffer(io.MultiWriter(w, h), from, make([]byte, 1<<20)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), w.Close()
}

// cancelable ends a long copy with its context.
type cancelable struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelable) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
