package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"laborwatch/config"
	"laborwatch/source/servertest"
)

func folder(h *house, change func(*config.Source)) (*Source, string) {
	dir := filepath.Join(h.dir, "offered")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		h.t.Fatal(err)
	}
	c := config.Source{Kind: "directory", Directory: &config.DirectorySource{Path: dir, After: "keep"}}
	if change != nil {
		change(&c)
	}
	return h.source(c), dir
}

// A file that is still being written is left alone until two looks agree, and
// is then loaded once and whole; it stays where it lies.
func TestHalfWrittenFile(t *testing.T) {
	h := newHouse(t)
	s, dir := folder(h, nil)
	file := filepath.Join(dir, "x.csv")
	servertest.Write(t, file, "half")
	grow := []string{"half a", "half and ", "half and half"}
	h.wait = func() {
		if len(grow) > 0 {
			servertest.Write(t, file, grow[0])
			grow = grow[1:]
		}
	}
	for range 3 {
		res := h.pull(s)
		if len(res.Waiting) != 1 || res.Waiting[0].Object != "x.csv" || !strings.Contains(res.Waiting[0].Why, "1m0s") || len(res.Loaded) != 0 {
			t.Fatalf("%+v", res)
		}
		if r := h.record(s, "x.csv"); r.State() != Waiting || r.Why != res.Waiting[0].Why {
			t.Errorf("%+v", r)
		}
		h.now = h.now.Add(time.Second)
	}
	h.restart() // the look is remembered
	s, _ = folder(h, nil)
	if res := h.pull(s); len(res.Waiting) != 0 || len(res.Loaded) != 1 {
		t.Errorf("%+v", res)
	}
	h.pull(s)
	h.want(map[string][]string{"x.csv": {"half and half"}})
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	h.empty("place")
}

// Looks of two scheduled runs count however the clock jumped between them, and
// a jump neither loses nor doubles a file.
func TestClockJumps(t *testing.T) {
	for name, jump := range map[string]time.Duration{"forward": 400 * 24 * time.Hour, "backward": -400 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			s, dir := folder(h, nil)
			servertest.Write(t, filepath.Join(dir, "x.csv"), "1")
			grown := false
			h.wait = func() {
				if !grown {
					servertest.Write(t, filepath.Join(dir, "x.csv"), "12")
					grown = true
				}
			}
			h.pull(s)
			h.want(map[string][]string{})
			h.now = h.now.Add(jump)
			waits := 0
			h.wait = func() { waits++ }
			h.pull(s)
			if waits != 0 {
				t.Error("the earlier look did not count")
			}
			h.now = h.now.Add(-jump)
			h.pull(s)
			h.want(map[string][]string{"x.csv": {"12"}})
			// A file dated in the future or the past is a file like any other.
			servertest.Write(t, filepath.Join(dir, "y.csv"), "1")
			at := time.Now().Add(jump)
			if err := os.Chtimes(filepath.Join(dir, "y.csv"), at, at); err != nil {
				t.Fatal(err)
			}
			h.pull(s)
			h.want(map[string][]string{"x.csv": {"12"}, "y.csv": {"1"}})
		})
	}
}

func TestAfter(t *testing.T) {
	for after, want := range map[string][]string{"keep": {"bad.csv", "sub/x.csv"}, "delete": {"bad.csv"}, "move:loaded": {"bad.csv", "loaded/sub/x.csv"}} {
		t.Run(after, func(t *testing.T) {
			h := newHouse(t)
			s, dir := folder(h, func(c *config.Source) { c.Directory.After = after })
			h.refuse["bad.csv"] = "no column"
			servertest.Write(t, filepath.Join(dir, "sub", "x.csv"), "1")
			servertest.Write(t, filepath.Join(dir, "bad.csv"), "1")
			for range 2 {
				h.pull(s)
			}
			if got := files(t, dir); !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
			h.want(map[string][]string{"sub/x.csv": {"1"}})
			h.empty("place")
		})
	}
}

// A refused object is offered again when it changes, or when a person says so.
func TestRefusedIsOfferedAgain(t *testing.T) {
	h := newHouse(t)
	s, dir := folder(h, nil)
	servertest.Write(t, filepath.Join(dir, "x.csv"), "1")
	h.refuse["x.csv"] = "no column"
	for range 2 {
		h.pull(s)
	}
	if r := h.record(s, "x.csv"); r.Status != Refused || r.Why != "no column" {
		t.Errorf("%+v", r)
	}
	h.empty("place")
	delete(h.refuse, "x.csv")
	if res := h.pull(s); len(res.Loaded) != 0 {
		t.Errorf("it was offered again: %+v", res)
	}
	for range 2 {
		if n, err := h.state.Again(t.Context(), "place", ""); err != nil || n != 1 {
			t.Errorf("%d %v", n, err)
		}
		// It is still there to be seen, with its reason, and to be named.
		if r := h.record(s, "x.csv"); r.State() != Again || r.Why != "no column" {
			t.Errorf("%+v", r)
		}
		if n, err := h.state.Again(t.Context(), "place", "x.csv"); err != nil || n != 1 {
			t.Errorf("%d %v", n, err)
		}
	}
	if st, err := h.state.Standings(t.Context()); err != nil || st["place"].Waiting != 1 || st["place"].Refused != 0 {
		t.Errorf("%+v %v", st, err)
	}
	h.pull(s)
	h.want(map[string][]string{"x.csv": {"1"}})
	servertest.Write(t, filepath.Join(dir, "x.csv"), "12")
	h.pull(s)
	h.want(map[string][]string{"x.csv": {"1", "12"}})
}

// Permission lost, or a path that is no file any more: the others are loaded,
// the fault is told, and when it is mended the file comes.
func TestPermissionLost(t *testing.T) {
	h := newHouse(t)
	s, dir := folder(h, nil)
	servertest.Write(t, filepath.Join(dir, "a.csv"), "1")
	servertest.Write(t, filepath.Join(dir, "b.csv"), "2")
	h.pull(s)
	servertest.Write(t, filepath.Join(dir, "a.csv"), "11")
	servertest.Write(t, filepath.Join(dir, "b.csv"), "22")
	h.wait = func() { // between the looks and the reading
		if err := errors.Join(os.Rename(filepath.Join(dir, "a.csv"), filepath.Join(dir, ".a")), os.Mkdir(filepath.Join(dir, "a.csv"), 0o755)); err != nil {
			t.Fatal(err)
		}
		h.wait = nil
	}
	h.pull(s)
	h.want(map[string][]string{"a.csv": {"1"}, "b.csv": {"2", "22"}})
	if err := errors.Join(os.Remove(filepath.Join(dir, "a.csv")), os.Rename(filepath.Join(dir, ".a"), filepath.Join(dir, "a.csv"))); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(time.Hour)
	h.pull(s)
	h.want(map[string][]string{"a.csv": {"1", "11"}, "b.csv": {"2", "22"}})

	if err := os.Rename(dir, dir+"-gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pull(t.Context(), h.load); err == nil {
		t.Error("a folder that is gone is no empty folder")
	}
	st, err := h.state.Standings(t.Context())
	if err != nil || st["place"].Failures != 1 || st["place"].LastSuccess.IsZero() || st["place"].LastError == "" || !st["place"].Down || st["place"].Failed != 1 {
		t.Errorf("%+v %v", st, err)
	}
}

// A full disk stops the pull, leaves room, and loses nothing.
func TestDiskFull(t *testing.T) {
	h := newHouse(t)
	s, dir := folder(h, nil)
	if err := os.MkdirAll(h.landing(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", h.landing(), "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		t.Fatalf("mount a small file system: %v. Try: run the tests as root", err)
	}
	mounted := true
	unmount := func() {
		if mounted {
			if err := unix.Unmount(h.landing(), 0); err != nil {
				t.Error(err)
			}
			mounted = false
		}
	}
	defer unmount()
	body := lines(3<<20, "disk")
	servertest.Write(t, filepath.Join(dir, "a.csv"), body)
	// The size is told, so it is refused beforehand; a source that tells none
	// meets the end of the disk itself.
	for _, told := range []bool{true, false} {
		if !told {
			if err := s.open(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.backend = unsized{s.backend.(*directory)}
		}
		_, err := s.Pull(t.Context(), h.load)
		if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "disk is full") {
			t.Fatalf("told %v: %v", told, err)
		}
		if left := h.left("place"); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
	h.want(map[string][]string{})
	unmount()
	h.pull(s)
	h.want(map[string][]string{"a.csv": {body}})
}

// unsized is a folder that does not tell sizes.
type unsized struct{ *directory }

func (u unsized) List(ctx context.Context, known map[string]string) ([]Object, error) {
	list, err := u.directory.List(ctx, known)
	for i := range list {
		list[i].Size = -1
	}
	return list, err
}

func (u unsized) Open(ctx context.Context, o Object, offset int64) (*Stream, error) {
	s, err := u.directory.Open(ctx, o, offset)
	if s != nil {
		s.Object.Size = -1
	}
	return s, err
}

// What a killed process had landed is loaded by the next, once; what it had
// begun goes on; what it had loaded but not yet noted is known to the ledger.
func TestKilledBetweenLandingAndLoad(t *testing.T) {
	h := newHouse(t)
	s, dir := folder(h, nil)
	servertest.Write(t, filepath.Join(dir, "a.csv"), "1")
	h.fault = Stop(errors.New("killed"))
	if _, err := s.Pull(t.Context(), h.load); err == nil {
		t.Fatal("no fault")
	}
	if left := h.left("place"); len(left) != 1 {
		t.Errorf("landed: %v", left)
	}
	h.fault = nil
	h.restart()
	s, _ = folder(h, nil)
	if err := os.Remove(filepath.Join(dir, "a.csv")); err != nil { // the sender cleaned up
		t.Fatal(err)
	}
	servertest.Write(t, filepath.Join(h.landing(), "place", "stray", "x"), "left by nobody")
	h.pull(s)
	h.want(map[string][]string{"a.csv": {"1"}})
	h.empty("place")
}
