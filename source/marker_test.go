package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"laborwatch/config"
	"laborwatch/source/servertest"
)

func TestMarkers(t *testing.T) {
	h := newHouse(t)
	s, dir := folder(h, func(c *config.Source) { c.Whole = "marker" })
	at := func(name string, age time.Duration) {
		when := time.Now().Add(-age)
		if err := os.Chtimes(filepath.Join(dir, name), when, when); err != nil {
			t.Fatal(err)
		}
	}
	servertest.Write(t, filepath.Join(dir, "x.csv"), "1")
	servertest.Write(t, filepath.Join(dir, "y.csv"), "1")
	servertest.Write(t, filepath.Join(dir, "z.csv"), "1")
	servertest.Write(t, filepath.Join(dir, "x.csv.ok"), "")
	servertest.Write(t, filepath.Join(dir, "y.csv.done"), "")
	res := h.pull(s)
	h.want(map[string][]string{"x.csv": {"1"}, "y.csv": {"1"}})
	if len(res.Waiting) != 1 || res.Waiting[0].Object != "z.csv" || !strings.Contains(res.Waiting[0].Why, "z.csv.ok") || res.Offered != 3 {
		t.Errorf("%+v", res)
	}
	// A file that is written anew is not whole until its marker is.
	at("x.csv.ok", time.Hour)
	servertest.Write(t, filepath.Join(dir, "x.csv"), "ne")
	if res := h.pull(s); len(res.Waiting) != 2 || !strings.Contains(res.Waiting[0].Why, "older than the file") {
		t.Errorf("%+v", res)
	}
	h.want(map[string][]string{"x.csv": {"1"}, "y.csv": {"1"}})
	servertest.Write(t, filepath.Join(dir, "x.csv"), "new")
	at("x.csv", time.Minute)
	at("x.csv.ok", 0)
	h.pull(s)
	h.want(map[string][]string{"x.csv": {"1", "new"}, "y.csv": {"1"}})
}

// A marker is no extract, whatever says that files are whole.
func TestMarkersAreNoExtracts(t *testing.T) {
	for _, whole := range []string{"stable", "none", "marker"} {
		places(t, func(t *testing.T, h *house, s *Source, dir string) {
			s.c.Whole = whole
			servertest.Write(t, filepath.Join(dir, "x.csv"), "1")
			for _, m := range []string{"x.csv.done", "x.csv.OK", "stray.Done"} {
				servertest.Write(t, filepath.Join(dir, m), "")
			}
			old := Record{Source: s.Name(), Object: "old.csv.ok", Status: Refused, SeenAt: h.now, Why: "empty"}
			if err := h.state.Put(t.Context(), old); err != nil {
				t.Fatal(err)
			}
			if res := h.pull(s); !slices.Equal(res.Loaded, []string{"x.csv"}) || res.Offered != 1 {
				t.Errorf("%s: %+v", whole, res)
			}
			if r := h.record(s, old.Object); r.Status != "" {
				t.Errorf("%s: %+v", whole, r)
			}
		})
	}
	h := newHouse(t)
	g := servertest.StartGateway(t)
	g.Put(t, "out/社保缴费_202610.csv", "1")
	g.Put(t, "out/社保缴费_202610.csv.ok", "")
	h.pull(h.source(g.Place(t, g.Address)))
	h.want(map[string][]string{"社保缴费_202610.csv": {"1"}})
}

// The markers of a file go with it when it is put away; those of others stay.
func TestMarkersArePutAway(t *testing.T) {
	for after, want := range map[string][]string{
		"keep":        {"bad.csv", "bad.csv.done", "sub/x.csv", "sub/x.csv.OK", "sub/x.csv.done"},
		"delete":      {"bad.csv", "bad.csv.done"},
		"move:loaded": {"bad.csv", "bad.csv.done", "loaded/sub/x.csv", "loaded/sub/x.csv.OK", "loaded/sub/x.csv.done"},
	} {
		for _, whole := range []string{"stable", "marker"} {
			h := newHouse(t)
			s, dir := folder(h, func(c *config.Source) { c.Directory.After, c.Whole = after, whole })
			h.refuse["bad.csv"] = "no column"
			for _, name := range []string{"sub/x.csv", "bad.csv", "sub/x.csv.OK", "sub/x.csv.done", "bad.csv.done"} {
				servertest.Write(t, filepath.Join(dir, name), "")
			}
			for range 2 {
				h.pull(s)
			}
			if got := files(t, dir); !slices.Equal(got, want) {
				t.Errorf("%s, %s: %q, want %q", after, whole, got, want)
			}
		}
	}
}

// files lists what lies in a folder and below.
func files(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			rel, _ := filepath.Rel(dir, p)
			out = append(out, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
