package pseudonym

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"laborwatch/messages"
)

const (
	formatName    = "laborwatch-keys"
	formatVersion = "1"
)

// ReadFile reads a key file. One that others may read, or whose folder others
// may write, is refused. A missing file gives an error that is fs.ErrNotExist.
func ReadFile(path string) (Keys, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missingError(path)
	}
	if err != nil {
		return nil, fmt.Errorf("pseudonym key: %w", err)
	}
	defer func() { _ = f.Close() }()
	return read(f, path)
}

// missingError says that a key file is not there; it is fs.ErrNotExist.
type missingError string

func (e missingError) Error() string        { return messages.Both("pseudonym.missing", string(e)) }
func (e missingError) Is(target error) bool { return target == fs.ErrNotExist }

func read(f *os.File, path string) (Keys, error) {
	if err := private(f, path); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("pseudonym key: %w", err)
	}
	return parse(b, path)
}

// private refuses a key file that is not its owner's alone.
func private(f *os.File, path string) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("pseudonym key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return errors.New(messages.Both("pseudonym.nofile", path))
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return errors.New(messages.Both("pseudonym.mode", path, fmt.Sprintf("%04o", perm)))
	}
	dir := filepath.Dir(path)
	if info, err = os.Stat(dir); err != nil {
		return fmt.Errorf("pseudonym key: %w", err)
	}
	if perm := info.Mode().Perm(); perm&0o022 != 0 {
		return errors.New(messages.Both("pseudonym.folder", dir, fmt.Sprintf("%04o", perm)))
	}
	return nil
}

func parse(b []byte, path string) (Keys, error) {
	wrong := func(line int, key string, args ...any) error {
		return errors.New(messages.Both("pseudonym.line", path, line) + ": " + messages.Both("pseudonym."+key, args...))
	}
	var keys Keys
	headed := false
	n := 0
	for text := range strings.Lines(string(b)) {
		n++
		fields := strings.Fields(text)
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
		case !headed && len(keys) == 0 && len(fields) == 1:
			// The first format: the key alone.
			k, ok := secret(fields[0])
			if !ok {
				return nil, wrong(n, "form")
			}
			keys = append(keys, Key{SM3, k})
		case !headed && len(keys) == 0 && fields[0] == formatName && len(fields) == 2:
			if fields[1] != formatVersion {
				return nil, wrong(n, "version", fields[1])
			}
			headed = true
		case !headed || len(fields) != 3:
			return nil, wrong(n, "form")
		default:
			if fields[0] != strconv.Itoa(len(keys)+1) {
				return nil, wrong(n, "order", len(keys)+1, fields[0])
			}
			a, err := ParseAlgorithm(fields[1])
			if err != nil {
				return nil, errors.New(messages.Both("pseudonym.line", path, n) + ": " + err.Error())
			}
			k, ok := secret(fields[2])
			if !ok {
				return nil, wrong(n, "form")
			}
			keys = append(keys, Key{a, k})
		}
	}
	if len(keys) == 0 {
		return nil, wrong(max(n, 1), "form")
	}
	return keys, nil
}

// secret reads 64 hex digits; what they are is never repeated in an error.
func secret(s string) (k [KeyBytes]byte, ok bool) {
	n, err := hex.Decode(k[:], []byte(s[:min(len(s), 2*KeyBytes)]))
	return k, err == nil && n == KeyBytes && len(s) == 2*KeyBytes
}

func format(keys Keys) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n", formatName, formatVersion)
	for i, k := range keys {
		fmt.Fprintf(&b, "%d %s %s\n", i+1, k.Algorithm, hex.EncodeToString(k.Secret[:]))
	}
	return b.Bytes()
}

// CreateFile makes a key file with one random key, of mode 0600, and its folder
// of mode 0700. It never replaces a file: losing a key breaks every person's
// history. Killed at any instant it leaves the whole file or none.
func CreateFile(path string, a Algorithm) (Keys, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("pseudonym key: %w", err)
	}
	k, err := NewKey(a)
	if err != nil {
		return nil, err
	}
	keys := Keys{k}
	// A link to an existing name fails, which a rename would not.
	if err := writeTemp(path, keys, os.Link); err != nil {
		return nil, err
	}
	return keys, nil
}

// AddKey adds a random key to a key file and gives all its keys. The file is
// replaced whole. Others who add to it at the same time wait for each other.
func AddKey(path string, a Algorithm) (Keys, error) {
	// A link stays a link: the file behind it is replaced.
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("pseudonym key: %w", err)
	}
	f, err := locked(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // which gives the lock back
	keys, err := read(f, path)
	if err != nil {
		return nil, err
	}
	// What a killed process left behind holds keys too.
	left, err := filepath.Glob(tempPattern(path))
	if err != nil {
		return nil, fmt.Errorf("pseudonym key: %w", err)
	}
	for _, l := range left {
		if err := os.Remove(l); err != nil {
			return nil, fmt.Errorf("pseudonym key: %w", err)
		}
	}
	k, err := NewKey(a)
	if err != nil {
		return nil, err
	}
	keys = append(keys, k)
	if err := writeTemp(path, keys, os.Rename); err != nil {
		return nil, err
	}
	return keys, nil
}

// locked opens a key file when no one else changes it.
func locked(path string) (*os.File, error) {
	for {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("pseudonym key: %w", err)
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
			return nil, errors.Join(fmt.Errorf("pseudonym key: %w", err), f.Close())
		}
		mine, err := f.Stat()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("pseudonym key: %w", err), f.Close())
		}
		// Another may have replaced the file while we waited.
		if now, err := os.Stat(path); err == nil && os.SameFile(mine, now) {
			return f, nil
		}
		if err := f.Close(); err != nil {
			return nil, fmt.Errorf("pseudonym key: %w", err)
		}
	}
}

// tempPattern is the pattern of temporary files beside a key file.
func tempPattern(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"-*")
}

// writeTemp writes a file beside path, makes it durable, and puts it in place.
func writeTemp(path string, keys Keys, place func(from, to string) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("pseudonym key: %w", err)
		}
	}()
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(tempPattern(path))) // of mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(format(keys))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := place(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
