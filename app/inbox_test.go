package app

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"laborwatch/config"
)

const vacancyHead = "岗位编号,工作地区划,招聘人数,发布日期\n"

// What becomes of a file in the inbox once it is loaded, by a scheduled run and
// by hand; what is refused or unknown, and what one feed's run left, stays.
func TestInboxAfter(t *testing.T) {
	good := func(month string) []byte { return []byte(vacancyHead + "P1,410402,2,2026-" + month + "-04\n") }
	for _, c := range []struct {
		after string
		// moved are the files in the folder for loaded ones.
		moved []string
		stays bool
	}{
		{after: "keep", stays: true},
		{after: "delete"},
		{after: "move:loaded", moved: []string{"岗位信息_202605.csv", "区/岗位信息_202606.csv"}},
	} {
		for _, by := range []string{"hand", "schedule"} {
			t.Run(c.after+" "+by, func(t *testing.T) {
				cfg := towns(t)
				cfg.Ingest.After, cfg.Ingest.Settle = c.after, 10*time.Millisecond
				if err := cfg.Validate(); err != nil {
					t.Fatal(err)
				}
				a := start(t, cfg)
				inbox := cfg.Ingest.Inbox
				put(t, filepath.Join(inbox, "岗位信息_202605.csv"), good("05"))
				put(t, filepath.Join(inbox, "区", "岗位信息_202606.csv"), good("06"))
				put(t, filepath.Join(inbox, "岗位信息_202607.csv"), []byte(vacancyHead)) // refused
				put(t, filepath.Join(inbox, "名单.csv"), good("05"))                   // of no feed
				load := func() (n int) {
					t.Helper()
					if by == "schedule" {
						return len(pull(t, a, Inbox).Loads)
					}
					sum, err := a.Ingest(t.Context(), "", nil)
					if err != nil {
						t.Fatal(err)
					}
					return len(sum.Loads)
				}
				if by == "hand" { // nothing is moved by a try, or by a run of another feed
					if _, err := a.TryIngest(t.Context(), "", nil); err != nil {
						t.Fatal(err)
					}
					if _, err := a.Ingest(t.Context(), "enterprise", nil); err != nil {
						t.Fatal(err)
					}
				}
				if n := load(); n != 2 {
					t.Fatalf("%d loads", n)
				}
				want := []string{"名单.csv", "岗位信息_202607.csv"}
				if c.stays {
					want = append(want, "岗位信息_202605.csv", "区/岗位信息_202606.csv")
				}
				for _, m := range c.moved {
					want = append(want, "loaded/"+m)
				}
				slices.Sort(want)
				if got := filesIn(t, inbox); !slices.Equal(got, want) {
					t.Errorf("the inbox holds %q, want %q", got, want)
				}
				if n := load(); n != 0 { // what was moved is not met again
					t.Errorf("%d loads again", n)
				}
				if got := filesIn(t, inbox); !slices.Equal(got, want) {
					t.Errorf("then the inbox holds %q, want %q", got, want)
				}
				// Its next version comes in and is put beside the first.
				put(t, filepath.Join(inbox, "岗位信息_202605.csv"), append(good("05"), "P2,410403,1,2026-05-06\n"...))
				if n := load(); n != 1 {
					t.Errorf("%d loads of the new version", n)
				}
				if c.moved != nil {
					if _, err := os.Stat(filepath.Join(inbox, "loaded", "2", "岗位信息_202605.csv")); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// A marker beside a file in the inbox is no extract, and goes with the file.
func TestInboxMarkers(t *testing.T) {
	for _, by := range []string{"hand", "schedule"} {
		cfg := towns(t)
		cfg.Ingest.After, cfg.Ingest.Settle = "move:loaded", 10*time.Millisecond
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		a := start(t, cfg)
		put(t, filepath.Join(cfg.Ingest.Inbox, "岗位信息_202605.csv"), []byte(vacancyHead+"P1,410402,2,2026-05-04\n"))
		put(t, filepath.Join(cfg.Ingest.Inbox, "岗位信息_202605.csv.done"), nil)
		put(t, filepath.Join(cfg.Ingest.Inbox, "岗位信息_202605.csv.OK"), nil)
		var got Ingested
		var err error
		if by == "hand" {
			got, err = a.Ingest(t.Context(), "", nil)
		} else {
			got = pull(t, a, Inbox).Ingested
		}
		if err != nil || len(got.Loads) != 1 || len(got.Refused)+len(got.Unknown) != 0 {
			t.Errorf("by %s: %+v %v", by, got, err)
		}
		want := []string{"loaded/岗位信息_202605.csv", "loaded/岗位信息_202605.csv.OK", "loaded/岗位信息_202605.csv.done"}
		if left := filesIn(t, cfg.Ingest.Inbox); !slices.Equal(left, want) {
			t.Errorf("by %s: the inbox holds %q", by, left)
		}
	}
}

// filesIn lists the files below a folder, by name.
func filesIn(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			rel, _ := filepath.Rel(dir, p)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func TestInboxAfterIsChecked(t *testing.T) {
	cfg, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []string{"", "burn", "move:", "move:."} {
		cfg.Ingest.After = after
		if err := cfg.Validate(); err == nil {
			t.Errorf("%q was accepted", after)
		}
	}
}
