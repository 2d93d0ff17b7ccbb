package lake

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"laborwatch/engine"
)

// ticking opens a lake whose clock goes on a minute with every reading.
func ticking(t *testing.T, dir string) (*engine.DuckDB, *Lake) {
	t.Helper()
	now := clock()
	eng, l := open(t, dir)
	l.clock = func() time.Time { now = now.Add(time.Minute); return now }
	t.Cleanup(func() { _ = eng.Close() })
	return eng, l
}

var act = Act{Who: "duty", Why: "wrong county"}

// TestWithdraw takes loads out and back, and reads what is left.
func TestWithdraw(t *testing.T) {
	ctx := t.Context()
	june := month(t, "2026-06")
	put := func(t *testing.T, eng *engine.DuckDB, l *Lake, id, scope string, regions ...string) {
		t.Helper()
		if _, err := publish(t, eng, l, scoped(t, eng, l, id, scope, june, regions...)); err != nil {
			t.Fatal(err)
		}
	}
	take := func(t *testing.T, l *Lake, id string, restore bool) Withdrawal {
		t.Helper()
		w, err := l.Withdraw(ctx, id, act, restore)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	for _, c := range []struct {
		name string
		do   func(t *testing.T, eng *engine.DuckDB, l *Lake)
		want string
	}{
		{"alone", func(t *testing.T, eng *engine.DuckDB, l *Lake) {
			put(t, eng, l, "a", "1", "1")
			put(t, eng, l, "b", "2", "2")
			if w := take(t, l, "a", false); fmt.Sprint(w.Months) != "map[f:[2026-06]]" {
				t.Error(w.Months)
			}
		}, "2b"},
		{"a correction, not restoring", func(t *testing.T, eng *engine.DuckDB, l *Lake) {
			put(t, eng, l, "a", "1", "1")
			put(t, eng, l, "b", "1", "1")
			if w := take(t, l, "b", false); len(w.Superseded) != 1 || len(w.Restored) != 0 {
				t.Error(w)
			}
		}, ""},
		{"a correction, restoring", func(t *testing.T, eng *engine.DuckDB, l *Lake) {
			put(t, eng, l, "a", "1", "1")
			put(t, eng, l, "b", "1", "1")
			if w := take(t, l, "b", true); len(w.Restored) != 1 || w.Restored[0].ID != "a" {
				t.Error(w)
			}
		}, "1a"},
		{"the whole, restoring but where a county filed since", func(t *testing.T, eng *engine.DuckDB, l *Lake) {
			put(t, eng, l, "a", "1", "1")
			put(t, eng, l, "b", "2", "2")
			put(t, eng, l, "w", "", "1", "2")
			put(t, eng, l, "c", "1", "1")
			take(t, l, "w", true)
		}, "1c 2b"},
		{"a later whole keeps an earlier one out", func(t *testing.T, eng *engine.DuckDB, l *Lake) {
			put(t, eng, l, "a", "1", "1")
			put(t, eng, l, "b", "1", "1")
			put(t, eng, l, "w", "", "1", "2")
			put(t, eng, l, "c", "1", "1")
			take(t, l, "c", true) // it superseded nothing: the whole stands
		}, "1w 2w"},
		{"twice revived, the last replaced comes back", func(t *testing.T, eng *engine.DuckDB, l *Lake) {
			put(t, eng, l, "a", "1", "1")
			put(t, eng, l, "x", "1", "1")
			take(t, l, "x", false)
			put(t, eng, l, "b", "1", "1")
			if _, _, ok, err := l.Revive(ctx, "x"); !ok || err != nil {
				t.Fatal(ok, err)
			}
			if got := shown(t, eng, l, june); got != "1x" { //nolint:contextcheck // helpers use the test's own
				t.Error(got)
			}
			take(t, l, "x", true)
		}, "1b"},
		{"a part goes alone, and with its load", func(t *testing.T, eng *engine.DuckDB, l *Lake) {
			part := func(id, of string) { //nolint:contextcheck // helpers use the test's own
				p := scoped(t, eng, l, id, "", june, "4")
				p.Load.PartOf = of
				if _, err := publish(t, eng, l, p); err != nil {
					t.Fatal(err)
				}
			}
			put(t, eng, l, "a", "", "1")
			part("p", "a")
			part("q", "a")
			take(t, l, "p", false)
			if got := shown(t, eng, l, june); got != "1a 4q" { //nolint:contextcheck // helpers use the test's own
				t.Error(got)
			}
			take(t, l, "a", false)
			if got := shown(t, eng, l, june); got != "" { //nolint:contextcheck // helpers use the test's own
				t.Error(got)
			}
			if _, _, ok, err := l.Revive(ctx, "a"); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}, "1a 4q"},
		{"a county revived over the whole leaves the others", func(t *testing.T, eng *engine.DuckDB, l *Lake) {
			put(t, eng, l, "a", "1", "1")
			put(t, eng, l, "w", "", "1", "2")
			if _, _, ok, err := l.Revive(ctx, "a"); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}, "1a 2w"},
		{"a withdrawn correction revived takes its place again", func(t *testing.T, eng *engine.DuckDB, l *Lake) {
			put(t, eng, l, "a", "1", "1")
			put(t, eng, l, "b", "1", "1")
			take(t, l, "b", true)
			if _, replaced, ok, err := l.Revive(ctx, "b"); !ok || err != nil || replaced != "a.csv" {
				t.Fatal(replaced, ok, err)
			}
		}, "1b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			eng, l := ticking(t, t.TempDir())
			c.do(t, eng, l)
			if got := shown(t, eng, l, june); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A withdrawal keeps who and why, needs both, and takes a live load only; a
// withdrawn extract that comes again is known.
func TestWithdrawalIsKept(t *testing.T) {
	ctx := t.Context()
	eng, l := ticking(t, t.TempDir())
	june := month(t, "2026-06")
	for _, id := range []string{"ab1", "ab2"} {
		if _, err := publish(t, eng, l, scoped(t, eng, l, id, id, june, "1")); err != nil {
			t.Fatal(err)
		}
	}
	for want, try := range map[string]func() error{
		"--why":         func() error { _, err := l.Withdraw(ctx, "ab1", Act{Who: "x"}, false); return err },
		"2 loads":       func() error { _, err := l.Withdraw(ctx, "ab", act, false); return err },
		"no load whose": func() error { _, err := l.Withdraw(ctx, "c", act, false); return err },
		"is withdrawn already": func() error {
			if _, err := l.Withdraw(ctx, "ab1", act, false); err != nil {
				return err
			}
			_, err := l.Withdraw(ctx, "ab1", act, false)
			return err
		},
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	events, err := l.Events(ctx, "ab1")
	if err != nil || len(events) != 2 {
		t.Fatal(events, err)
	}
	if e := events[1]; e.Status != Withdrawn || e.Who != act.Who || e.Why != act.Why {
		t.Errorf("%+v", e)
	}
	ids, err := l.LoadIDs(ctx)
	if err != nil || !ids["ab1"] {
		t.Errorf("the withdrawn load is unknown: %v %v", ids, err)
	}
}

// TestVerify damages a lake in every way and expects each to be named; what is
// mended is whole again, under the same line of the ledger.
func TestVerify(t *testing.T) {
	ctx := t.Context()
	eng, l := ticking(t, t.TempDir())
	june := month(t, "2026-06")
	ids := []string{"whole", "missing", "truncated", "altered", "unreadable", "old", "oldbad"}
	for _, id := range ids {
		if _, err := publish(t, eng, l, scoped(t, eng, l, id, id, june, id)); err != nil {
			t.Fatal(err)
		}
	}
	path := func(id string) string { return l.Path(Load{ID: id, Feed: "f", Period: june}) }
	read := func(id string) []byte {
		b, err := os.ReadFile(path(id))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	write := func(file string, b []byte) {
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(path("missing")); err != nil {
		t.Fatal(err)
	}
	write(path("truncated"), read("truncated")[:50])
	write(path("altered"), read("whole"))
	broken := read("unreadable")
	for i := 4; i < len(broken)-8; i++ {
		broken[i] ^= 0x55
	}
	write(path("unreadable"), broken)
	write(filepath.Join(l.dir, "f", "notes.txt"), []byte("x"))
	if _, err := eng.DB().ExecContext(ctx, `UPDATE state.main.loads SET file_sha256 = '' WHERE load_id LIKE 'old%'`); err != nil {
		t.Fatal(err)
	}
	if _, err := eng.DB().ExecContext(ctx, `UPDATE state.main.loads SET rows_loaded = 99 WHERE load_id = 'oldbad'`); err != nil {
		t.Fatal(err)
	}
	calls := 0
	v, err := l.Verify(ctx, "", func(int, int, int64) { calls++ })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range v.Damages {
		got = append(got, d.Kind+" "+filepath.Base(d.Path))
	}
	want := []string{"missing missing.parquet", "truncated truncated.parquet", "altered altered.parquet", "unreadable unreadable.parquet", "altered oldbad.parquet", "stray notes.txt"}
	if !slices.Equal(got, want) || v.Files != 7 || calls != 7 || v.Recorded != 1 {
		t.Fatalf("got %q (%d files, %d recorded), want %q", got, v.Files, v.Recorded, want)
	}
	old, err := l.Find(ctx, "old")
	if err == nil {
		t.Fatal("old and oldbad share a beginning")
	}
	if loads, err := l.loads(ctx, "WHERE load_id = 'old'"); err != nil || loads[0].FileSHA256 == "" {
		t.Errorf("the hash of an older load was not recorded: %v %v", old, err)
	}

	// The same bytes again: the ledger keeps its line.
	before := states(t, l)
	if _, err := l.Forget(ctx, "whole", act); err == nil || !strings.Contains(err.Error(), "whole") {
		t.Errorf("a whole file was forgotten: %v", err)
	}
	for _, id := range []string{"missing", "altered"} {
		if _, err := l.Forget(ctx, id, act); err != nil {
			t.Fatal(err)
		}
	}
	if known, err := l.LoadIDs(ctx); err != nil || known["missing"] || !known["truncated"] {
		t.Fatal(known, err)
	}
	keys, err := l.LivePeriods(ctx)
	if err != nil {
		t.Fatal(err)
	}
	fresh := scoped(t, eng, l, "fresh", "fresh", june, "9")
	again := []Publication{scoped(t, eng, l, "missing", "missing", june, "missing"), fresh}
	if err := publishAll(t, eng, l, again); err != nil {
		t.Fatal(err)
	}
	if got := states(t, l); !slices.Equal(got[:len(before)], before) || len(got) != len(before)+1 {
		t.Errorf("mending changed the ledger: %q, before %q", got, before)
	}
	now, err := l.LivePeriods(ctx)
	if err != nil || !slices.Contains(now["f"][june], "missing.m1") || slices.Contains(keys["f"][june], "missing.m1") {
		t.Errorf("what was read from the damaged file is not computed again: %v %v", now, err)
	}
	if events, err := l.Events(ctx, "missing"); err != nil || len(events) != 3 || events[1].Who != act.Who {
		t.Errorf("events %+v %v", events, err)
	}
	// A backup brings the other one back.
	alt := scoped(t, eng, l, "altered", "altered", june, "altered")
	if err := os.Rename(alt.File, path("altered")); err != nil {
		t.Fatal(err)
	}
	if v, err = l.Verify(ctx, "f", nil); err != nil || len(v.Mended) != 1 || len(v.Damages) != 3 {
		t.Errorf("%+v %v", v, err)
	}
}

func publishAll(t *testing.T, eng *engine.DuckDB, l *Lake, pubs []Publication) error {
	t.Helper()
	conn, err := eng.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = l.Publish(context.Background(), conn, pubs, "", "")
	return err
}

// TestAsOf follows a month through corrections and a withdrawal, and reads the
// lake as it was after each.
func TestAsOf(t *testing.T) {
	ctx := t.Context()
	eng, l := ticking(t, t.TempDir())
	june := month(t, "2026-06")
	type moment struct {
		at   time.Time
		want string
	}
	var past []moment
	note := func() { past = append(past, moment{l.now(), shown(t, eng, l, june)}) }
	note()
	for _, p := range []Publication{scoped(t, eng, l, "a", "1", june, "1"), scoped(t, eng, l, "w", "", june, "1", "2"), scoped(t, eng, l, "c", "2", june, "2")} {
		if _, err := publish(t, eng, l, p); err != nil {
			t.Fatal(err)
		}
		note()
	}
	if _, _, ok, err := l.Revive(ctx, "a"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	note()
	if _, err := l.Withdraw(ctx, "w", act, false); err != nil {
		t.Fatal(err)
	}
	note()
	want := []string{"", "1a", "1w 2w", "1w 2c", "1a 2c", "1a 2c"}
	for i, m := range past {
		if m.want != want[i] {
			t.Fatalf("step %d: %q, want %q", i, m.want, want[i])
		}
		dir := t.TempDir()
		if err := l.CopyAsOf(ctx, m.at, dir); err != nil {
			t.Fatal(err)
		}
		then, err := engine.Open(ctx, engine.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		r, err := OpenReader(ctx, then, l.dir, l.clock)
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(t, then, r, june); got != m.want {
			t.Errorf("as of step %d: %q, want %q", i, got, m.want)
		}
		if _, err := r.Withdraw(ctx, "a", act, false); err == nil {
			t.Error("the past was changed")
		}
		list, err := l.List(ctx, Filter{At: m.at, Status: Live, From: june, To: june})
		if err != nil {
			t.Fatal(err)
		}
		if live, err := r.Live(ctx, ""); err != nil || len(live) != len(list) {
			t.Errorf("as of step %d: %d loads listed, %d live: %v", i, len(list), len(live), err)
		}
		if err := then.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A process that dies before the ledger has it leaves the load as it was.
func TestWithdrawCutOff(t *testing.T) {
	eng, l := ticking(t, t.TempDir())
	june := month(t, "2026-06")
	for _, id := range []string{"a", "b"} {
		if _, err := publish(t, eng, l, scoped(t, eng, l, id, "1", june, "1")); err != nil {
			t.Fatal(err)
		}
	}
	before := states(t, l)
	l.crash = func(step string) error {
		if step == "withdrawn" {
			return fmt.Errorf("cut off at %s", step)
		}
		return nil
	}
	if _, err := l.Withdraw(context.Background(), "b", act, true); err == nil {
		t.Fatal("no error")
	}
	if got := states(t, l); !slices.Equal(got, before) {
		t.Errorf("%q, before %q", got, before)
	}
	if events, err := l.Events(context.Background(), "b"); err != nil || len(events) != 1 {
		t.Errorf("%v %v", events, err)
	}
}
