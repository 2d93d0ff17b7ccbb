package lake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"laborwatch/engine"
	"laborwatch/period"
)

// scoped writes a snapshot that has two rows of each of the given regions.
func scoped(t *testing.T, eng *engine.DuckDB, l *Lake, id, scope string, m period.Period, regions ...string) Publication {
	t.Helper()
	p := publication(t, eng, l, id, "f", Snapshot, id, m, 0)
	quoted := make([]string, len(regions))
	for i, r := range regions {
		quoted[i] = engine.Quote(r)
	}
	list := strings.Join(quoted, ", ")
	_, err := eng.DB().ExecContext(t.Context(), fmt.Sprintf("COPY (SELECT %s AS period, r AS region, '%s' AS v, 2 AS _row FROM unnest([%s]) t(r), range(2)) TO %s (FORMAT parquet)",
		m.SQL(), id, list, engine.Quote(p.File)))
	if err != nil {
		t.Fatal(err)
	}
	n := int64(2 * len(regions))
	p.Periods = map[period.Period]int64{m: n}
	p.Load.RowsIn, p.Load.RowsLoaded, p.Load.Scope, p.Load.ScopeColumn = n, n, scope, "region"
	return p
}

func shown(t *testing.T, eng *engine.DuckDB, l *Lake, m period.Period) string {
	t.Helper()
	ctx := t.Context()
	q, err := l.Source(ctx, "f", nil, []period.Period{m})
	if err != nil {
		t.Fatal(err)
	}
	if q == "" {
		return ""
	}
	var got string
	if err := eng.DB().QueryRowContext(ctx, "SELECT string_agg(DISTINCT region || v, ' ' ORDER BY region || v) FROM ("+q+")").Scan(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

// A county's file replaces its own rows of the month and nobody else's, whether
// the month was delivered whole or county by county, early or late.
func TestCountyFilesKeepToThemselves(t *testing.T) {
	eng, l := open(t, t.TempDir())
	defer func() { _ = eng.Close() }()
	june := month(t, "2026-06")
	var before map[string]map[period.Period][]string
	for _, step := range []struct {
		pub  Publication
		want string
	}{
		{scoped(t, eng, l, "a", "1", june, "1"), "1a"},
		{scoped(t, eng, l, "b", "2", june, "2"), "1a 2b"},
		{scoped(t, eng, l, "c", "1", june, "1"), "1c 2b"},             // corrected
		{scoped(t, eng, l, "w", "", june, "1", "2", "3"), "1w 2w 3w"}, // the whole month
		{scoped(t, eng, l, "d", "2", june, "2"), "1w 2d 3w"},          // late, into the whole
		{scoped(t, eng, l, "e", "2", june, "2"), "1w 2e 3w"},
	} {
		if _, err := publish(t, eng, l, step.pub); err != nil {
			t.Fatal(err)
		}
		if got := shown(t, eng, l, june); got != step.want {
			t.Errorf("after %s: %q, want %q", step.pub.Load.ID, got, step.want)
		}
		live, err := l.LivePeriods(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(live) == fmt.Sprint(before) {
			t.Errorf("after %s no month is to be computed again", step.pub.Load.ID)
		}
		before = live
	}
	want := []string{"1 a superseded c", "2 b superseded w", "3 c superseded w", "4 w live ", "5 d superseded e", "6 e live "}
	if got := states(t, l); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A part brings corrected rows of a load: it replaces nothing, goes when its
// load goes and comes back with it. Every change is an event.
func TestPartsFollowTheirLoad(t *testing.T) {
	now := clock()
	eng, l := open(t, t.TempDir())
	l.clock = func() time.Time { now = now.Add(time.Minute); return now }
	defer func() { _ = eng.Close() }()
	june := month(t, "2026-06")
	part := scoped(t, eng, l, "p", "", june, "4")
	part.Load.PartOf = "a"
	for _, pub := range []Publication{scoped(t, eng, l, "a", "", june, "1"), part} {
		if _, err := publish(t, eng, l, pub); err != nil {
			t.Fatal(err)
		}
	}
	if got := shown(t, eng, l, june); got != "1a 4p" {
		t.Error(got)
	}
	if _, err := publish(t, eng, l, scoped(t, eng, l, "b", "", june, "1")); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, eng, l, june); got != "1b" {
		t.Error(got)
	}
	if _, _, ok, err := l.Revive(context.Background(), "a"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if got := shown(t, eng, l, june); got != "1a 4p" {
		t.Error(got)
	}
	var events string
	if err := eng.DB().QueryRowContext(context.Background(), `SELECT string_agg(load_id || ' ' || status, ', ' ORDER BY n) FROM state.main.load_events`).Scan(&events); err != nil {
		t.Fatal(err)
	}
	if want := "a live, p live, a superseded, p superseded, b live, a live, p live, b superseded"; events != want {
		t.Errorf("events %q, want %q", events, want)
	}
}
