package ingest

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keyBytes is the length of a pseudonym key.
const keyBytes = 32

// ReadKey reads a pseudonym key: 64 hex digits in a file that only its owner
// may read. A missing file gives an error that wraps fs.ErrNotExist.
func ReadKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("pseudonym key %s does not exist. Try: laborwatch init, or copy the key there from its backup: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("pseudonym key: %w", err)
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return nil, fmt.Errorf("pseudonym key %s may be read by others (mode %04o). Try: chmod 600 %s", path, perm, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("pseudonym key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(key) != keyBytes {
		return nil, fmt.Errorf("pseudonym key %s: want %d hex digits in one line", path, 2*keyBytes)
	}
	return key, nil
}

// CreateKey makes a new random key file of mode 0600, and its folder of mode
// 0700. It never replaces a file: losing a key breaks every person's history.
func CreateKey(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("pseudonym key: %w", err)
	}
	key := make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("pseudonym key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("pseudonym key: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("pseudonym key: %w", errors.Join(err, os.Remove(path)))
	}
	return key, nil
}
