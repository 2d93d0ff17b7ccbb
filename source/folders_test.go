package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"laborwatch/config"
	"laborwatch/source/servertest"
)

// places runs a test on a folder of this machine and on one of sshd, neither of
// which may read what permissions forbid.
func places(t *testing.T, test func(t *testing.T, h *house, s *Source, dir string)) {
	t.Run("directory", func(t *testing.T) {
		h := newHouse(t)
		s, dir := folder(h, nil)
		servertest.Unprivileged(t)
		test(t, h, s, dir)
	})
	t.Run("sftp", func(t *testing.T) {
		h := newHouse(t)
		dir := t.TempDir()
		servertest.Unprivileged(t)
		test(t, h, h.source(servertest.StartSSHD(t).Place(dir)), dir)
	})
}

// A folder within that cannot be read is a fault with a name and a reason, and
// hides no other; what is known of its files stays known.
func TestUnreadableFolder(t *testing.T) {
	places(t, func(t *testing.T, h *house, s *Source, dir string) {
		servertest.Write(t, filepath.Join(dir, "a", "x.csv"), "x")
		servertest.Write(t, filepath.Join(dir, "b", "y.csv"), "y")
		servertest.Write(t, filepath.Join(dir, "z.csv"), "z")
		s.c.Pattern = []string{"*.csv"}
		servertest.Lock(t, filepath.Join(dir, "b"))
		for range 2 {
			res := h.pull(s)
			if len(res.Failed) != 1 || res.Failed[0].Object != "b/" || !strings.Contains(res.Failed[0].Err.Error(), "没有读取权限") {
				t.Fatalf("%+v", res.Failed)
			}
		}
		h.want(map[string][]string{"a/x.csv": {"x"}, "z.csv": {"z"}})
		if r := h.record(s, "b/"); r.Status != Failed || r.Attempts != 2 || !strings.Contains(strings.ToLower(r.Why), "permission denied") {
			t.Errorf("%+v", r)
		}
		if st, err := h.state.Standings(t.Context()); err != nil || st["place"].Failed != 1 || !strings.Contains(st["place"].LastError, "b/") {
			t.Errorf("%+v %v", st, err)
		}
		if _, err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "b")) {
			t.Errorf("check: %v", err)
		}
		if err := os.Chmod(filepath.Join(dir, "b"), 0o700); err != nil {
			t.Fatal(err)
		}
		h.refuse["b/y.csv"] = "no column"
		h.pull(s)
		if r := h.record(s, "b/"); r.Status != "" {
			t.Errorf("%+v", r)
		}
		servertest.Write(t, filepath.Join(dir, "b", "y.csv"), "yy")
		if err := h.state.Put(t.Context(), s.noted(Object{Name: "b/y.csv", Version: "1"}, map[string]Record{}, Waiting, "…")); err != nil {
			t.Fatal(err)
		}
		servertest.Lock(t, filepath.Join(dir, "b"))
		h.pull(s)
		if r := h.record(s, "b/y.csv"); r.Status != Waiting {
			t.Errorf("what lies in an unread folder was forgotten: %+v", r)
		}
	})
}

// The folder itself may be a link. Links to files are followed under their own
// names; broken ones are told, those to folders passed over.
func TestLinks(t *testing.T) {
	places(t, func(t *testing.T, h *house, s *Source, dir string) {
		store := t.TempDir()
		servertest.Write(t, filepath.Join(store, "v1"), "1")
		servertest.Write(t, filepath.Join(store, "folder", "x.csv"), "1")
		out := filepath.Join(t.TempDir(), "out")
		link := func(target, name string) {
			t.Helper()
			if err := os.Symlink(target, name); err != nil {
				t.Fatal(err)
			}
		}
		link(dir, out)
		if s.c.Directory != nil {
			s.c.Directory.Path = out
		} else {
			s.c.SFTP.Path = out
		}
		link(filepath.Join(store, "v1"), filepath.Join(dir, "month.csv"))
		link(filepath.Join(store, "gone"), filepath.Join(dir, "broken.csv"))
		link(filepath.Join(store, "gone"), filepath.Join(dir, ".hidden"))
		link(filepath.Join(store, "folder"), filepath.Join(dir, "folder"))
		for range 2 {
			res := h.pull(s)
			if len(res.Failed) != 1 || res.Failed[0].Object != "broken.csv" || !strings.Contains(res.Failed[0].Err.Error(), "链接") {
				t.Fatalf("%+v", res.Failed)
			}
		}
		h.want(map[string][]string{"month.csv": {"1"}})
		servertest.Write(t, filepath.Join(store, "v2"), "2nd")
		if err := os.Remove(filepath.Join(dir, "month.csv")); err != nil {
			t.Fatal(err)
		}
		link(filepath.Join(store, "v2"), filepath.Join(dir, "month.csv"))
		h.pull(s)
		h.want(map[string][]string{"month.csv": {"1", "2nd"}})

		// What was loaded and cannot be looked at any more has failed, until it goes.
		if err := os.Remove(filepath.Join(store, "v2")); err != nil {
			t.Fatal(err)
		}
		if res := h.pull(s); len(res.Failed) != 2 || res.Offered != 0 {
			t.Errorf("%+v", res)
		}
		for _, want := range []string{Failed, Done} {
			if r := h.record(s, "month.csv"); r.State() != want || r.Status != Done {
				t.Errorf("%+v, want %s", r, want)
			}
			if err := os.RemoveAll(filepath.Join(dir, "month.csv")); err != nil {
				t.Fatal(err)
			}
			h.pull(s)
		}
	})
}

// A link is put away; the file behind it stays, and it goes on pointing there.
func TestLinksArePutAway(t *testing.T) {
	for _, after := range []string{"delete", "move:loaded"} {
		h := newHouse(t)
		s, dir := folder(h, func(c *config.Source) { c.Directory.After = after })
		store := filepath.Join(filepath.Dir(dir), "store")
		servertest.Write(t, filepath.Join(store, "v1"), "1")
		if err := os.Symlink(filepath.Join("..", "store", "v1"), filepath.Join(dir, "x.csv")); err != nil {
			t.Fatal(err)
		}
		h.pull(s)
		h.want(map[string][]string{"x.csv": {"1"}})
		if _, err := os.Lstat(filepath.Join(dir, "x.csv")); err == nil {
			t.Errorf("%s: the link is still there", after)
		}
		if b, err := os.ReadFile(filepath.Join(store, "v1")); err != nil || string(b) != "1" {
			t.Errorf("%s: %q %v", after, b, err)
		}
		if b, err := os.ReadFile(filepath.Join(dir, "loaded", "x.csv")); after != "delete" && (err != nil || string(b) != "1") {
			t.Errorf("%s: %q %v", after, b, err)
		}
		if res := h.pull(s); len(res.Loaded) != 0 || !slices.Equal(h.order, []string{"x.csv"}) {
			t.Errorf("%s: %+v", after, res)
		}
	}
}
