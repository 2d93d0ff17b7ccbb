package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"laborwatch/config"
	"laborwatch/source/servertest"
)

// An object that loading fails on holds up no other: neither those that came
// with it nor those that come later. It is here already and is not fetched
// again; a new version of it is, and what the sender took away is kept.
func TestLoadFailsOnOneObject(t *testing.T) {
	h := newHouse(t)
	s, dir := folder(h, func(c *config.Source) { c.Whole = "none" })
	want := map[string][]string{}
	for i := range 9 {
		name := fmt.Sprintf("%d.csv", i)
		servertest.Write(t, filepath.Join(dir, name), name)
		want[name] = []string{name}
	}
	h.broken["3.csv"], h.broken["7.csv"] = errors.New("a page is torn"), errors.New("another")
	delete(want, "3.csv")
	delete(want, "7.csv")
	failed := func(res Result, objects ...string) {
		t.Helper()
		var got []string
		for _, f := range res.Failed {
			got = append(got, f.Object)
			if r := h.record(s, f.Object); r.State() != Failed || r.Why != h.broken[f.Object].Error() {
				t.Errorf("%+v", r)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(objects) {
			t.Errorf("failed: %v, want %v", got, objects)
		}
		if st, err := h.state.Standings(t.Context()); err != nil || st["place"].Failed != int64(len(objects)) {
			t.Errorf("%+v %v", st, err)
		}
	}
	failed(h.pull(s), "3.csv", "7.csv")
	h.want(want)

	fetched := map[string]bool{}
	h.onBytes = func(object string, _ int64) { fetched[object] = true }
	servertest.Write(t, filepath.Join(dir, "9.csv"), "9.csv")
	want["9.csv"] = []string{"9.csv"}
	h.restart()
	s, _ = folder(h, func(c *config.Source) { c.Whole = "none" })
	failed(h.pull(s), "3.csv", "7.csv")
	h.want(want)
	if fetched["3.csv"] || !fetched["9.csv"] || len(h.left("place")) != 2 {
		t.Errorf("fetched %v, landed %v", fetched, h.left("place"))
	}

	// One is sent anew and fails again, the other taken away.
	servertest.Write(t, filepath.Join(dir, "3.csv"), "3, mended?")
	if err := os.Remove(filepath.Join(dir, "7.csv")); err != nil {
		t.Fatal(err)
	}
	failed(h.pull(s), "7.csv", "3.csv")
	delete(h.broken, "3.csv")
	delete(h.broken, "7.csv")
	failed(h.pull(s))
	want["3.csv"], want["7.csv"] = []string{"3, mended?"}, []string{"7.csv"}
	h.want(want)
	h.empty("place")
}

// A fault of the machine is no object's: it ends the pull, and all that is here
// is loaded at the next.
func TestLoadFailsOnTheMachine(t *testing.T) {
	for name, fault := range map[string]error{
		"marked": Stop(errors.New("no key")), "full": fmt.Errorf("write: %w", unix.ENOSPC), "canceled": context.Canceled,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			s, dir := folder(h, func(c *config.Source) { c.Whole = "none" })
			servertest.Write(t, filepath.Join(dir, "a.csv"), "a")
			servertest.Write(t, filepath.Join(dir, "b.csv"), "b")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			calls := 0
			_, err := s.Pull(ctx, func(context.Context, []Landed) ([]Outcome, error) {
				calls++
				if errors.Is(fault, context.Canceled) {
					cancel()
				}
				return nil, fault
			})
			if !errors.Is(err, fault) || calls != 1 {
				t.Errorf("%v after %d calls", err, calls)
			}
			if r := h.record(s, "a.csv"); r.State() != Here {
				t.Errorf("%+v", r)
			}
			h.pull(s)
			h.want(map[string][]string{"a.csv": {"a"}, "b.csv": {"b"}})
		})
	}
}

// A query whose extract cannot be loaded is asked again from where it was: the
// watermark stays, and no row is lost.
func TestLoadFailsOnAnExtract(t *testing.T) {
	both(t, func(t *testing.T, s *servertest.Database) {
		s.Exec(t, `CREATE TABLE k (id bigint)`, `INSERT INTO k VALUES (1)`)
		if s.Kind == "postgres" {
			s.Exec(t, `GRANT SELECT ON k TO lw`)
		}
		h := newHouse(t)
		src := h.source(s.Place(t, "SELECT id FROM k WHERE id > {watermark} ORDER BY id", &config.Watermark{Column: "id", Type: "bigint", Start: "0"}))
		h.broken["q_1_20261103.csv"] = errors.New("a page is torn")
		for range 2 {
			if res := h.pull(src); len(res.Failed) != 1 || !strings.Contains(res.Failed[0].Err.Error(), "torn") {
				t.Errorf("%+v", res)
			}
			s.Exec(t, `INSERT INTO k SELECT max(id) + 1 FROM k`)
		}
		clear(h.broken)
		h.pull(src)
		var all []string
		for _, list := range h.got {
			all = append(all, list...)
		}
		if got := strings.Join(all, ""); strings.Count(got, "1\n") != 1 || strings.Count(got, "2\n") != 1 || strings.Count(got, "3\n") != 1 {
			t.Errorf("%q", h.got)
		}
		if mark, _, err := h.state.Watermark(t.Context(), "db"); err != nil || mark != "3" {
			t.Errorf("watermark %q %v", mark, err)
		}
		h.empty("db")
	})
}
