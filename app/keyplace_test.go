package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"laborwatch/config"
)

// A key may not lie in the data folder by any way that leads there.
func TestKeyPlace(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, d := range []string{"data/inbox", "keys"} {
		if err := os.MkdirAll(at(d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"link": "data/inbox", "alias": at("data"), "keys/late.key": "../data/late.key", "keys/out.key": "../elsewhere/out.key",
		"chain": "link", "loop": "loop",
	} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct{ data, key, want string }{
		{"data", "keys/k.key", ""},
		{"data", "nowhere/deep/k.key", ""},
		{"data", "keys/out.key", ""},
		{"unmade", "keys/k.key", ""},
		{"data", "link/k.key", "lies in the data folder"},
		{"data", "chain/new/k.key", "lies in the data folder"},
		{"data", "keys/late.key", "lies in the data folder"}, // leads to a file that is not there yet
		{"alias", "data/k.key", "lies in the data folder"},
		{"data", "loop/k.key", "too many links"},
	} {
		c := &config.Config{Data: at(x.data)}
		c.Ingest.KeyFile = at(x.key)
		err := CheckKeyPlace(c)
		if (err == nil) != (x.want == "") || (err != nil && !strings.Contains(err.Error(), x.want)) {
			t.Errorf("%s in %s: %v, want %q", x.key, x.data, err, x.want)
		}
	}
}
