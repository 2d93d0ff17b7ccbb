package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"laborwatch/config"
	"laborwatch/engine"
)

// house is a data folder with a state database, and stands in for the loader:
// it keeps what it is given, as the ledger would, by content.
type house struct {
	t       testing.TB
	dir     string
	eng     *engine.DuckDB
	state   *State
	now     time.Time
	wait    func()
	onBytes func(object string, done int64)
	// refuse are objects that the loader refuses.
	refuse map[string]string
	// strange says which names no contract knows; nil for none.
	strange func(base string) bool
	// fault is what the loader fails with.
	fault error
	// broken are objects that the loader fails on, and with them all that is
	// given to it at once.
	broken map[string]error
	// got are the contents loaded, by object, and the order they came in.
	got   map[string][]string
	order []string
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC), got: map[string][]string{}, refuse: map[string]string{}, broken: map[string]error{}}
	h.open()
	t.Cleanup(func() {
		if err := h.eng.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) open() {
	h.t.Helper()
	var err error
	if h.eng, err = engine.Open(context.Background(), engine.Options{Dir: h.dir, MemoryLimit: "400MB"}); err != nil {
		h.t.Fatal(err)
	}
	if h.state, err = OpenState(context.Background(), h.eng.DB()); err != nil {
		h.t.Fatal(err)
	}
}

// restart opens the state anew, as a process after a crash does.
func (h *house) restart() {
	h.t.Helper()
	if err := h.eng.Close(); err != nil {
		h.t.Fatal(err)
	}
	h.open()
}

func (h *house) landing() string { return filepath.Join(h.dir, "landing") }

// source makes a source with short pauses and the defaults of the configuration.
func (h *house) source(c config.Source) *Source {
	h.t.Helper()
	if c.Name == "" {
		c.Name = "place"
	}
	set(&c.Whole, "stable")
	set(&c.Settle, time.Minute)
	set(&c.Retry, config.Retry{Attempts: 3, First: time.Millisecond, Max: 4 * time.Millisecond})
	set(&c.Timeout, config.Timeout{Connect: 10 * time.Second, Idle: 10 * time.Second, Whole: time.Minute})
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		h.t.Fatal(err)
	}
	s, err := New(Options{
		Config: c, State: h.state, Landing: h.landing(), Location: loc, Clock: func() time.Time { return h.now },
		Wait: func(ctx context.Context, d time.Duration) error {
			h.now = h.now.Add(d)
			if h.wait != nil {
				h.wait()
			}
			return ctx.Err()
		},
		Known: func(base string) bool { return h.strange == nil || !h.strange(base) },
		Progress: func(object string, done, _ int64) {
			if h.onBytes != nil {
				h.onBytes(object, done)
			}
		},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func (h *house) load(_ context.Context, list []Landed) ([]Outcome, error) {
	if h.fault != nil {
		return nil, h.fault
	}
	for _, x := range list {
		if err := h.broken[x.Object.Name]; err != nil {
			return nil, err
		}
	}
	out := make([]Outcome, len(list))
	for i, x := range list {
		b, err := os.ReadFile(x.Path)
		if err != nil {
			return nil, err
		}
		if out[i].Refused = h.refuse[x.Object.Name]; out[i].Refused != "" {
			continue
		}
		// The ledger knows bytes that it has.
		if !slices.Contains(h.got[x.Object.Name], string(b)) {
			h.got[x.Object.Name] = append(h.got[x.Object.Name], string(b))
			h.order = append(h.order, x.Object.Name)
		}
	}
	return out, nil
}

func (h *house) pull(s *Source) Result {
	h.t.Helper()
	res, err := s.Pull(h.t.Context(), h.load)
	if err != nil {
		h.t.Fatal(err)
	}
	return res
}

// want checks that each object was loaded with these contents and no others.
func (h *house) want(want map[string][]string) {
	h.t.Helper()
	for name, list := range want {
		if !slices.Equal(h.got[name], list) {
			h.t.Errorf("%s: loaded %s, want %s", name, brief(h.got[name]), brief(list))
		}
	}
	for name := range h.got {
		if _, ok := want[name]; !ok {
			h.t.Errorf("%s was loaded", name)
		}
	}
}

func brief(list []string) string {
	var out []string
	for _, s := range list {
		if len(s) > 60 {
			s = fmt.Sprintf("%d bytes %s…", len(s), s[:20])
		}
		out = append(out, s)
	}
	return fmt.Sprintf("%q", out)
}

// empty checks that nothing is left in the landing folder.
func (h *house) empty(name string) {
	h.t.Helper()
	if left := h.left(name); len(left) > 0 {
		h.t.Errorf("left in landing: %v", left)
	}
}

// left are the files in a source's landing folder.
func (h *house) left(name string) (out []string) {
	h.t.Helper()
	err := filepath.WalkDir(filepath.Join(h.landing(), name), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			h.t.Errorf("%s has mode %v", p, info.Mode())
		}
		if d.Type().IsRegular() {
			out = append(out, filepath.Base(p))
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.t.Fatal(err)
	}
	return out
}

func (h *house) record(s *Source, object string) Record {
	h.t.Helper()
	all, err := h.state.Records(h.t.Context(), s.Name())
	if err != nil {
		h.t.Fatal(err)
	}
	return all[object]
}

// lines is a text of n bytes that no other seed gives.
func lines(n int, seed string) string {
	line := seed + ",410402,0123456789\n"
	return strings.Repeat(line, n/len(line)+1)[:n]
}

// cutter is a line to a server that breaks after so many bytes of answer.
type cutter struct {
	l      net.Listener
	target string
	mu     sync.Mutex
	cuts   []int // bytes let through by each connection; the last holds for all after
	n      int
	wait   sync.WaitGroup
}

func newCutter(t testing.TB, target string, cuts ...int) *cutter {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{l: l, target: target, cuts: cuts}
	c.wait.Go(c.accept)
	t.Cleanup(func() { _ = l.Close(); c.wait.Wait() })
	return c
}

func (c *cutter) accept() {
	for {
		conn, err := c.l.Accept()
		if err != nil {
			return
		}
		c.wait.Go(func() { c.serve(conn) })
	}
}

func (c *cutter) address() string { return c.l.Addr().String() }

func (c *cutter) serve(conn net.Conn) {
	c.mu.Lock()
	limit := c.cuts[min(c.n, len(c.cuts)-1)]
	c.n++
	c.mu.Unlock()
	out, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", c.target)
	if err != nil {
		_ = conn.Close()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		pipe(out, conn, -1)
		_ = out.Close()
	}()
	pipe(conn, out, limit)
	_ = conn.Close()
	_ = out.Close()
	<-done
}

// pipe copies up to limit bytes, all if it is negative.
func pipe(to, from net.Conn, limit int) {
	buf := make([]byte, 16<<10)
	for limit != 0 {
		n, err := from.Read(buf)
		if limit > 0 {
			n = min(n, limit)
			limit -= n
		}
		if _, werr := to.Write(buf[:n]); werr != nil || err != nil {
			return
		}
	}
}

func (c *cutter) connections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// newServer serves HTTP on loopback.
func newServer(t testing.TB, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}
