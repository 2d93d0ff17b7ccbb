package lake

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"laborwatch/engine"
)

// TestRestore takes withdrawals back from the lake alone.
func TestRestore(t *testing.T) {
	ctx := t.Context()
	eng, l := ticking(t, t.TempDir())
	june := month(t, "2026-06")
	for _, id := range []string{"a1", "b1", "c1"} {
		if _, err := publish(t, eng, l, scoped(t, eng, l, id, "1", june, "1")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Withdraw(ctx, "c1", act, false); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, eng, l, june); got != "" {
		t.Fatal(got)
	}
	restore := func(id string) Restoration {
		t.Helper()
		r, err := l.Restore(ctx, id, Act{Who: "duty", Why: "it was right"})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := restore("c"); r.Load.ID != "c1" || r.Load.Status != Live || len(r.Superseded) != 0 || fmt.Sprint(r.Months) != "map[f:[2026-06]]" {
		t.Errorf("%+v", r)
	}
	if events, err := l.Events(ctx, "c1"); err != nil || len(events) != 3 || events[2].Status != Live || events[2].Who != "duty" || events[2].Why != "it was right" {
		t.Errorf("%+v %v", events, err)
	}
	if got := shown(t, eng, l, june); got != "1c1" {
		t.Error(got)
	}
	// A superseded one takes the place of what superseded it.
	if r := restore("a1"); len(r.Superseded) != 1 || r.Superseded[0].ID != "c1" {
		t.Errorf("%+v", r)
	}
	if got := shown(t, eng, l, june); got != "1a1" {
		t.Error(got)
	}
	if err := os.Remove(fileOf(t, l, "b1")); err != nil {
		t.Fatal(err)
	}
	for want, try := range map[string]func() error{
		"--why":      func() error { _, err := l.Restore(ctx, "c1", Act{Who: "x"}); return err },
		"is live":    func() error { _, err := l.Restore(ctx, "a1", act); return err },
		"is damaged": func() error { _, _, _, err := l.Revive(ctx, "b1"); return err },
		"no load":    func() error { _, err := l.Restore(ctx, "z", act); return err },
		"b1 (b1.cs":  func() error { _, err := l.Restore(ctx, "b1", act); return err },
		"b1.csv)":    func() error { _, _ = l.Forget(ctx, "b1", act); _, err := l.Restore(ctx, "b1", act); return err },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	before := states(t, l)
	dieAt(l, "revived")
	if _, err := l.Restore(ctx, "c1", act); err == nil {
		t.Fatal("no error")
	}
	if got := states(t, l); !slices.Equal(got, before) {
		t.Errorf("%q, before %q", got, before)
	}
}

// mending is a lake with load a, of which rows 2 to 4 are in quarantine.
type mending struct {
	t   *testing.T
	eng *engine.DuckDB
	*Lake
}

func newMending(t *testing.T) *mending {
	t.Helper()
	eng, l := ticking(t, t.TempDir())
	if err := publishWith(t, eng, l, bad, publication(t, eng, l, "a", "f", Snapshot, "1", month(t, "2026-05"), 3)); err != nil {
		t.Fatal(err)
	}
	return &mending{t, eng, l}
}

// part brings rows of a again, those of again with a fault.
func (m *mending) part(id, rows, again string) {
	m.t.Helper()
	p := publication(m.t, m.eng, m.Lake, id, "f", Snapshot, id, month(m.t, "2026-05"), 2)
	p.Load.PartOf, p.Corrects, p.Act = "a", `SELECT '' AS sheet, r AS "row" FROM (VALUES `+rows+`) t(r)`, act
	if again != "" {
		again = strings.NewReplacer("'' AS found_by", "'"+id+"' AS found_by", "(2, 'x'), (2, 'y'), (3, 'x'), (4, 'x')", again).Replace(bad)
	}
	if err := publishWith(m.t, m.eng, m.Lake, again, p); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mending) withdrawn(id string) {
	m.t.Helper()
	if _, err := m.Withdraw(m.t.Context(), id, act, false); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mending) restored(id string) Restoration {
	m.t.Helper()
	r, err := m.Restore(m.t.Context(), id, act)
	if err != nil {
		m.t.Fatal(err)
	}
	return r
}

func (m *mending) open(want string) {
	m.t.Helper()
	if got := listed(m.t, m.Lake, FaultFilter{}); got != want {
		m.t.Errorf("open %q, want %q", got, want)
	}
}

// What a part had closed is closed again with it, and with it alone.
func TestRestoredPartsClose(t *testing.T) {
	t.Run("alone", func(t *testing.T) {
		m := newMending(t)
		m.part("p", "(2), (3)", "(3, 'z')")
		m.open("3zp 4x")
		m.withdrawn("p")
		m.open("2x 2y 3x 4x")
		if r := m.restored("p"); r.Load.Status != Live || fmt.Sprint(r.Months) != "map[f:[2026-05]]" {
			t.Errorf("%+v", r)
		}
		m.open("3zp 4x")
	})
	t.Run("another brought a row since", func(t *testing.T) {
		m := newMending(t)
		m.part("p", "(2), (3)", "")
		m.withdrawn("p")
		m.part("q", "(3), (4)", "")
		m.open("2x 2y")
		before := states(t, m.Lake)
		if _, err := m.Restore(t.Context(), "p", act); err == nil || !strings.Contains(err.Error(), "q (q.csv)") || !strings.Contains(err.Error(), "loads withdraw q") {
			t.Errorf("row 3 would count twice: %v", err)
		}
		if got := states(t, m.Lake); !slices.Equal(got, before) {
			t.Errorf("%q, before %q", got, before)
		}
		m.withdrawn("q")
		m.open("2x 2y 3x 4x")
		m.restored("p")
		m.open("4x")
		// It is p's again: q may come back no more, and p's withdrawal opens it.
		if _, err := m.Restore(t.Context(), "q", act); err == nil {
			t.Error("row 3 counts twice")
		}
		m.withdrawn("p")
		m.open("2x 2y 3x 4x")
	})
	t.Run("another corrected it further", func(t *testing.T) {
		m := newMending(t)
		m.part("p", "(2), (3)", "(3, 'z')")
		m.part("q", "(3)", "")
		m.open("4x")
		m.withdrawn("p")
		m.restored("p") // what q brought is what p had found
		m.open("4x")
	})
	t.Run("its load is not in use", func(t *testing.T) {
		m := newMending(t)
		m.part("p", "(2), (3)", "")
		m.withdrawn("p")
		m.withdrawn("a")
		if r := m.restored("p"); r.Load.Status != Superseded || len(r.Months) != 0 {
			t.Errorf("%+v", r)
		}
		m.open("")
		if _, err := m.Restore(t.Context(), "p", act); err == nil || !strings.Contains(err.Error(), "loads restore a ") {
			t.Errorf("%v", err)
		}
		if r := m.restored("a"); len(r.Parts) != 1 || r.Parts[0].ID != "p" {
			t.Errorf("%+v", r)
		}
		m.open("4x")
	})
	t.Run("in a ledger that did not keep what it closed", func(t *testing.T) {
		m := newMending(t)
		m.part("p", "(2), (3)", "")
		m.withdrawn("p")
		for _, q := range []string{`UPDATE state.main.quarantine SET closed_by = '', closed_at = NULL`, `DROP TABLE state.main.closings`} {
			if _, err := m.eng.DB().ExecContext(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(m.createClosings(t.Context()), m.createClosings(t.Context())); err != nil {
			t.Fatal(err)
		}
		m.restored("p") // its file has rows 2 and 3
		m.open("4x")
	})
}
