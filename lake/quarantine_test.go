package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"laborwatch/engine"
)

// bad is the quarantine of load a: two faults in row 2, one each in rows 3 and 4.
const bad = `SELECT 'a' AS load_id, 'f' AS feed, 'in/a.csv' AS file, '' AS sheet, r AS "row", c AS col, 'missing' AS reason, '' AS value_masked, 'fill it in' AS hint, '' AS found_by
	FROM (VALUES (2, 'x'), (2, 'y'), (3, 'x'), (4, 'x')) t(r, c)`

func publishWith(t *testing.T, eng *engine.DuckDB, l *Lake, quarantine string, pubs ...Publication) error {
	t.Helper()
	conn, err := eng.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = l.Publish(context.Background(), conn, pubs, quarantine, "")
	return err
}

// listed prints faults: row, column, who found and who closed them.
func listed(t *testing.T, l *Lake, f FaultFilter) string {
	t.Helper()
	faults, err := l.Faults(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, x := range faults {
		out = append(out, fmt.Sprintf("%d%s%s%s", x.Row, x.Column, x.FoundBy, strings.ToUpper(x.ClosedBy)))
	}
	return strings.Join(out, " ")
}

// A part closes the entries of the rows that it brings, in the transaction that
// makes it live: whatever step it dies at, all of it has happened or nothing.
func TestPartsCloseEntries(t *testing.T) {
	for _, step := range []string{"written", "synced", "renamed", "placed", "recorded", ""} {
		t.Run("dies at "+step, func(t *testing.T) {
			dir := t.TempDir()
			eng, l := open(t, dir)
			may := month(t, "2026-05")
			if err := publishWith(t, eng, l, bad, publication(t, eng, l, "a", "f", Snapshot, "1", may, 3)); err != nil {
				t.Fatal(err)
			}
			part := publication(t, eng, l, "p", "f", Snapshot, "2", may, 1)
			part.Load.PartOf, part.Corrects, part.Act = "a", `SELECT '' AS sheet, r AS "row" FROM (VALUES (2), (3)) t(r)`, Act{Who: "w", Why: "y"}
			again := strings.NewReplacer("'' AS found_by", "'p' AS found_by", "(2, 'x'), (2, 'y'), (3, 'x'), (4, 'x')", "(3, 'z')").Replace(bad)
			l.crash = func(at string) error {
				if at == step {
					return errors.New("killed")
				}
				return nil
			}
			if err := publishWith(t, eng, l, again, part); (err == nil) != (step == "") {
				t.Fatal(err)
			}
			if err := eng.Close(); err != nil {
				t.Fatal(err)
			}
			eng, l = open(t, dir)
			defer func() { _ = eng.Close() }()
			want, all, rows, loads := "2x 2y 3x 4x", "2x 2y 3x 4x", int64(3), int64(1)
			if step == "" {
				want, all, rows, loads = "3zp 4x", "2xP 2yP 3xP 3zp 4x", 2, 2
			}
			if got := listed(t, l, FaultFilter{}); got != want {
				t.Errorf("open %q, want %q", got, want)
			}
			if got := listed(t, l, FaultFilter{State: AllFaults}); got != all {
				t.Errorf("all %q, want %q", got, all)
			}
			status, err := l.Status(context.Background())
			if err != nil || status[0].RowsOpen != rows || status[0].Loads != loads {
				t.Errorf("%+v, %v", status, err)
			}
		})
	}
}

func TestPartOfASupersededLoad(t *testing.T) {
	eng, l := open(t, t.TempDir())
	defer func() { _ = eng.Close() }()
	may := month(t, "2026-05")
	if err := publishWith(t, eng, l, bad, publication(t, eng, l, "a", "f", Snapshot, "1", may, 3)); err != nil {
		t.Fatal(err)
	}
	if err := publishWith(t, eng, l, "", publication(t, eng, l, "b", "f", Snapshot, "2", may, 3)); err != nil {
		t.Fatal(err)
	}
	part := publication(t, eng, l, "p", "f", Snapshot, "3", may, 1)
	part.Load.PartOf, part.Corrects = "a", `SELECT '' AS sheet, 2 AS "row"`
	if err := publishWith(t, eng, l, "", part); !errors.Is(err, ErrNotLive) {
		t.Errorf("error %v", err)
	}
	if got, want := states(t, l), []string{"1 a superseded b", "2 b live "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// Its entries went with the load, and come back with it.
	if got := listed(t, l, FaultFilter{State: AllFaults}); got != "" {
		t.Error(got)
	}
	if _, _, _, err := l.Revive(context.Background(), "a"); err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[FaultFilter]string{
		{}: "2x 2y 3x 4x", {Feed: "g"}: "", {File: "a.csv"}: "2x 2y 3x 4x", {File: "in/a.csv", Limit: 2}: "2x 2y", {File: "in"}: "", {Load: "a"}: "2x 2y 3x 4x",
		{Load: "b"}: "", {Scope: "410402"}: "", {State: ClosedFaults}: "",
	} {
		if got := listed(t, l, filter); got != want {
			t.Errorf("%+v: %q, want %q", filter, got, want)
		}
	}
	counts, err := l.CountFaults(context.Background(), FaultFilter{})
	want := []FaultCount{{"f", "a", "in/a.csv", "x", "missing", 3, 3, 2, ""}, {"f", "a", "in/a.csv", "y", "missing", 1, 1, 2, ""}}
	if err != nil || !slices.Equal(counts, want) {
		t.Errorf("%+v, %v", counts, err)
	}
}
