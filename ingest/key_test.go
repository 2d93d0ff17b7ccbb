package ingest

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A contract of an extract without persons.
const personless = `
feed: seats
version: 1
files: ["seats_*.csv"]
mode: snapshot
period: {constant: 2026-05}
columns:
  - {name: seat, type: code, aliases: [seat]}
`

func TestKeyIsNeededForPersonsAlone(t *testing.T) {
	h := newHouse(t)
	if _, err := New(Options{Lake: h.lake, Engine: h.eng, Contracts: h.contracts}); err == nil {
		t.Error("contracts that read resident IDs need a key")
	}
	c, err := ParseContract("seats", []byte(personless))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		key []byte
		ok  bool
	}{{nil, true}, {testKey, true}, {testKey[1:], false}} {
		if _, err := New(Options{Lake: h.lake, Engine: h.eng, Contracts: Contracts{c.Feed: c}, Key: k.key}); (err == nil) != k.ok {
			t.Errorf("a key of %d bytes: %v", len(k.key), err)
		}
	}
}

func TestPseudonymDependsOnTheKeyAlone(t *testing.T) {
	p := func(key []byte, raw string) string {
		s, _ := newPseudonyms(key).cell(&reader{}, raw)
		return s
	}
	id := person(1)
	a := p(testKey, id)
	if len(a) != 49 || a[32:] != "M1961-02-01410499" {
		t.Errorf("%q", a)
	}
	if _, err := hex.DecodeString(a[:32]); err != nil || a != p(testKey, strings.ToLower(id)) || a != p(testKey, id[:6]+id[8:17]) {
		t.Error("the form of the ID changes the pseudonym")
	}
	if a[:32] == p(bytes.Repeat([]byte{8}, keyBytes), id)[:32] {
		t.Error("the key does not matter")
	}
	if _, err := readCells(context.Background()); err == nil {
		t.Error("works without a key")
	}
}

func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys", "pseudonym.key")
	if _, err := ReadKey(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	key, err := CreateKey(path)
	if err != nil || len(key) != keyBytes {
		t.Fatal(key, err)
	}
	if _, err := CreateKey(path); err == nil {
		t.Error("a key was replaced")
	}
	got, err := ReadKey(path)
	if err != nil || !bytes.Equal(got, key) {
		t.Errorf("%v", err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Error("the key's folder is open to others")
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(path); err == nil || !strings.Contains(err.Error(), "64 hex") {
		t.Errorf("error %v", err)
	}
}
