package pseudonym

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestKeyFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	path := filepath.Join(dir, "pseudonym.key")
	if _, err := ReadFile(path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "laborwatch key init") {
		t.Errorf("%v", err)
	}
	made, err := CreateFile(path, SM3)
	if err != nil || len(made) != 1 || made[0].Algorithm != SM3 {
		t.Fatal(made, err)
	}
	if _, err := CreateFile(path, SM3); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a key was replaced: %v", err)
	}
	// As a process leaves it that was killed while it added a key.
	if err := os.WriteFile(filepath.Join(dir, ".pseudonym.key-123"), []byte("laborwatch-keys 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	added, err := AddKey(path, SHA256)
	if err != nil || len(added) != 2 || added[0] != made[0] || added[1].Algorithm != SHA256 || added[0].Secret == added[1].Secret {
		t.Fatal(added, err)
	}
	got, err := ReadFile(path)
	if err != nil || !slices.Equal(got, added) {
		t.Errorf("%v, %v", got, err)
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, path: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	for _, c := range []struct {
		path string
		mode fs.FileMode
		back fs.FileMode
		want string
	}{
		{path, 0o640, 0o600, "chmod 600 " + path},
		{path, 0o604, 0o600, "chmod 600 " + path},
		{dir, 0o770, 0o700, "chmod go-w " + dir},
		{dir, 0o1777, 0o700, "chmod go-w " + dir},
	} {
		if err := os.Chmod(c.path, c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("mode %o: %v", c.mode, err)
		}
		if _, err := AddKey(path, SM3); err == nil {
			t.Errorf("mode %o: a key was added", c.mode)
		}
		if err := os.Chmod(c.path, c.back); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ReadFile(dir); err == nil {
		t.Error("a folder was read")
	}
}

func TestLinkStaysALink(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "real.key"), filepath.Join(dir, "linked.key")
	if _, err := CreateFile(path, SM3); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := AddKey(link, SM3); err != nil {
		t.Fatal(err)
	}
	if keys, err := ReadFile(path); err != nil || len(keys) != 2 {
		t.Errorf("%v, %v", keys, err)
	}
}

// Two folders may share a key file: no key that one added may get lost.
func TestKeysAddedAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k")
	if _, err := CreateFile(path, SM3); err != nil {
		t.Fatal(err)
	}
	const n = 16
	var wg sync.WaitGroup
	got := make([]Keys, n)
	for i := range n {
		wg.Go(func() {
			var err error
			if got[i], err = AddKey(path, SM3); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := ReadFile(path)
	if err != nil || len(all) != n+1 {
		t.Fatalf("%d keys, %v", len(all), err)
	}
	for _, keys := range got {
		if !slices.Equal(keys, all[:len(keys)]) {
			t.Error("a key that was given out is gone")
		}
	}
}

func TestParse(t *testing.T) {
	a, b := strings.Repeat("0a", KeyBytes), strings.Repeat("FF", KeyBytes)
	for _, c := range []struct {
		name, text string
		keys       []Algorithm
		err        string
	}{
		{"the first format", a + "\n", []Algorithm{SM3}, ""},
		{"without a newline", a, []Algorithm{SM3}, ""},
		{"two generations", "laborwatch-keys 1\n1 hmac-sm3 " + a + "\n2 hmac-sha256 " + b + "\n", []Algorithm{SM3, SHA256}, ""},
		{"comments and CRLF", "# kept in the safe\r\nlaborwatch-keys 1\r\n\r\n1 hmac-sha256 " + a + "\r\n", []Algorithm{SHA256}, ""},
		{"empty", "", nil, "line 1: "},
		{"too short", a[2:], nil, "64 hex"},
		{"too long", a + "00", nil, "64 hex"},
		{"no hex", strings.Repeat("xy", KeyBytes), nil, "64 hex"},
		{"two bare keys", a + "\n" + b, nil, "line 2: "},
		{"a bare key and a line", a + "\n2 hmac-sm3 " + b, nil, "line 2: "},
		{"no key", "laborwatch-keys 1\n", nil, "line 1: "},
		{"a newer format", "laborwatch-keys 2\n1 hmac-sm3 " + a, nil, "newer laborwatch"},
		{"a generation is missing", "laborwatch-keys 1\n2 hmac-sm3 " + a, nil, "want generation 1"},
		{"a generation twice", "laborwatch-keys 1\n1 hmac-sm3 " + a + "\n1 hmac-sm3 " + b, nil, "line 3: "},
		{"another algorithm", "laborwatch-keys 1\n1 hmac-md5 " + a, nil, "hmac-sha256"},
		{"half a line", "laborwatch-keys 1\n1 hmac-sm3 " + a[:20], nil, "line 2: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys, err := parse([]byte(c.text), "file")
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("%v", err)
				}
				if strings.Contains(err.Error(), a[:16]) || strings.Contains(err.Error(), b[:16]) {
					t.Error("the error shows the key")
				}
				return
			}
			if err != nil || len(keys) != len(c.keys) {
				t.Fatalf("%v, %v", keys, err)
			}
			for i, k := range keys {
				if k.Algorithm != c.keys[i] {
					t.Errorf("%v", k)
				}
			}
			again, err := parse(format(keys), "file")
			if err != nil || !slices.Equal(again, keys) {
				t.Errorf("written and read: %v, %v", again, err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("laborwatch-keys 1\n1 hmac-sm3 " + strings.Repeat("0a", KeyBytes)))
	f.Add([]byte(strings.Repeat("0a", KeyBytes)))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := parse(b, "file")
		if err != nil {
			return
		}
		again, err := parse(format(keys), "file")
		if err != nil || !slices.Equal(again, keys) {
			t.Errorf("written and read: %v, %v", again, err)
		}
	})
}
