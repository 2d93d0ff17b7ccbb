package lake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"laborwatch/engine"
	"laborwatch/period"
)

func clock() time.Time { return time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC) }

func open(t *testing.T, dir string) (*engine.DuckDB, *Lake) {
	t.Helper()
	ctx := context.Background()
	eng, err := engine.Open(ctx, engine.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(ctx, eng, filepath.Join(dir, "lake"), clock)
	if err != nil {
		t.Fatal(errors.Join(err, eng.Close()))
	}
	return eng, l
}

func month(t *testing.T, s string) period.Period {
	t.Helper()
	p, err := period.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// publication writes a Parquet file of n rows of the month and describes it.
func publication(t *testing.T, eng *engine.DuckDB, l *Lake, id, feed, mode, sha string, m period.Period, n int) Publication {
	t.Helper()
	file := l.Temp(id + ".parquet")
	_, err := eng.DB().ExecContext(t.Context(), fmt.Sprintf("COPY (SELECT %s AS period, range AS k, '%s' AS v, range + 2 AS _row FROM range(%d)) TO %s (FORMAT parquet)",
		m.SQL(), id, n, engine.Quote(file)))
	if err != nil {
		t.Fatal(err)
	}
	return Publication{
		File: file, Periods: map[period.Period]int64{m: int64(n)},
		Load: Load{ID: id, Feed: feed, ContractVersion: 1, Source: id + ".csv", Period: m, Mode: mode, RowsIn: int64(n), RowsLoaded: int64(n), Bytes: 10, SHA256: sha},
	}
}

func publish(t *testing.T, eng *engine.DuckDB, l *Lake, pubs ...Publication) ([]Load, error) {
	t.Helper()
	ctx := t.Context()
	conn, err := eng.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return l.Publish(ctx, conn, pubs, "", "")
}

func states(t *testing.T, l *Lake) []string {
	t.Helper()
	all, err := l.Loads(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, x := range all {
		out = append(out, fmt.Sprintf("%d %s %s %s", x.Seq, x.ID, x.Status, x.SupersededBy))
	}
	return out
}

func TestSnapshotsSupersede(t *testing.T) {
	eng, l := open(t, t.TempDir())
	defer func() { _ = eng.Close() }()
	may, june := month(t, "2026-05"), month(t, "2026-06")
	must := func(loads []Load, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range loads {
			if !x.LoadedAt.Equal(clock()) {
				t.Errorf("loaded at %s", x.LoadedAt)
			}
		}
	}
	must(publish(t, eng, l, publication(t, eng, l, "a", "f", Snapshot, "1", may, 3), publication(t, eng, l, "b", "f", Snapshot, "2", june, 3)))
	// A correction of May, and within one batch one of the correction.
	must(publish(t, eng, l, publication(t, eng, l, "c", "f", Snapshot, "3", may, 4), publication(t, eng, l, "d", "f", Snapshot, "4", may, 5)))
	// Appends add up, but the same bytes under a new contract replace.
	must(publish(t, eng, l, publication(t, eng, l, "e", "g", Append, "5", may, 1), publication(t, eng, l, "h", "g", Append, "6", may, 1)))
	must(publish(t, eng, l, publication(t, eng, l, "i", "g", Append, "5", may, 1)))
	scoped := publication(t, eng, l, "j", "f", Snapshot, "7", june, 1)
	scoped.Load.Scope = "410402"
	must(publish(t, eng, l, scoped))
	want := []string{"1 a superseded d", "2 b live ", "3 c superseded d", "4 d live ", "5 e superseded i", "6 h live ", "7 i live ", "8 j live "}
	if got := states(t, l); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	live, err := l.LivePeriods(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(live); got != "map[f:map[2026-05:[d] 2026-06:[b j]] g:map[2026-05:[h i]]]" {
		t.Error(got)
	}
	source, err := l.Source(context.Background(), "f", nil, []period.Period{june})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := eng.DB().QueryRowContext(context.Background(), "SELECT count(*) FROM ("+source+")").Scan(&n); err != nil || n != 4 {
		t.Errorf("%d rows of June, %v", n, err)
	}
	for _, id := range []string{"a", "c"} {
		if _, err := os.Stat(filepath.Join(l.Dir(), "f", "period=2026-05", id+".parquet")); err != nil {
			t.Errorf("a superseded file is gone: %v", err)
		}
	}
	status, err := l.Status(context.Background())
	if err != nil || len(status) != 2 || status[0].Feed != "f" || status[0].Loads != 3 || status[0].RowsLoaded != 9 || status[0].LatestPeriod != june {
		t.Errorf("%+v, %v", status, err)
	}
}

func TestSourceSettlesUpserts(t *testing.T) {
	eng, l := open(t, t.TempDir())
	defer func() { _ = eng.Close() }()
	may := month(t, "2026-05")
	for i, id := range []string{"a", "b"} {
		if _, err := publish(t, eng, l, publication(t, eng, l, id, "f", Upsert, id, may, 3-i)); err != nil {
			t.Fatal(err)
		}
	}
	q, err := l.Source(context.Background(), "f", []string{"k"}, []period.Period{may})
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := eng.DB().QueryRowContext(context.Background(), "SELECT string_agg(k || v, ' ' ORDER BY k) FROM ("+q+")").Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != "0b 1b 2a" {
		t.Error(got)
	}
	if q, err := l.Source(context.Background(), "f", nil, []period.Period{may.Add(1)}); q != "" || err != nil {
		t.Errorf("%q, %v", q, err)
	}
}

// Whatever step a process dies at, a new one finds either nothing or the whole
// load, and no file that the ledger does not name.
func TestCrashAtEveryStep(t *testing.T) {
	for _, step := range []string{"written", "synced", "renamed", "placed", "recorded"} {
		t.Run(step, func(t *testing.T) {
			dir := t.TempDir()
			eng, l := open(t, dir)
			may := month(t, "2026-05")
			if _, err := publish(t, eng, l, publication(t, eng, l, "old", "f", Snapshot, "0", may, 2)); err != nil {
				t.Fatal(err)
			}
			crash := errors.New("killed")
			l.crash = func(at string) error {
				if at == step {
					return crash
				}
				return nil
			}
			if _, err := publish(t, eng, l, publication(t, eng, l, "new", "f", Snapshot, "1", may, 3)); !errors.Is(err, crash) {
				t.Fatalf("error %v", err)
			}
			if err := os.WriteFile(l.Temp("half.parquet"), []byte("PAR1"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := eng.Close(); err != nil {
				t.Fatal(err)
			}
			eng, l = open(t, dir)
			defer func() { _ = eng.Close() }()
			if got := states(t, l); !slices.Equal(got, []string{"1 old live "}) {
				t.Errorf("ledger: %q", got)
			}
			var files []string
			err := filepath.WalkDir(l.Dir(), func(path string, d os.DirEntry, err error) error {
				if !d.IsDir() {
					files = append(files, filepath.Base(path))
				}
				return err
			})
			if err != nil || !slices.Equal(files, []string{"old.parquet"}) {
				t.Errorf("files: %q, %v", files, err)
			}
			if _, err := publish(t, eng, l, publication(t, eng, l, "new", "f", Snapshot, "1", may, 3)); err != nil {
				t.Fatal(err)
			}
			if got := states(t, l); !slices.Equal(got, []string{"1 old superseded new", "2 new live "}) {
				t.Errorf("ledger after a new try: %q", got)
			}
		})
	}
}

func TestReadOnlyChangesNothing(t *testing.T) {
	dir := t.TempDir()
	eng, l := open(t, dir)
	may := month(t, "2026-05")
	if _, err := publish(t, eng, l, publication(t, eng, l, "a", "f", Snapshot, "1", may, 2)); err != nil {
		t.Fatal(err)
	}
	stray := l.Temp("stray")
	if err := os.WriteFile(stray, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := eng.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	eng, err := engine.Open(ctx, engine.Options{Dir: dir, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = eng.Close() }()
	l, err = Open(ctx, eng, filepath.Join(dir, "lake"), clock)
	if err != nil {
		t.Fatal(err)
	}
	if live, err := l.Live(ctx, ""); err != nil || len(live) != 1 {
		t.Errorf("%v, %v", live, err)
	}
	if _, err := os.Stat(stray); err != nil {
		t.Errorf("a reader swept: %v", err)
	}
}

func TestRefuseOnce(t *testing.T) {
	eng, l := open(t, t.TempDir())
	defer func() { _ = eng.Close() }()
	ctx := context.Background()
	r := Refused{SHA256: "1", Feed: "f", File: "x.csv", Reason: "why", LoadID: "id"}
	for range 2 {
		if err := l.Refuse(ctx, []Refused{r}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.Refusals(ctx)
	if err != nil || len(got) != 1 || got[0].Reason != "why" || !got[0].RefusedAt.Equal(clock()) {
		t.Errorf("%+v, %v", got, err)
	}
	if s, err := l.Status(ctx); err != nil || len(s) != 1 || s[0].Refused != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}
