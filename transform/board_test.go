package transform_test

import (
	"context"
	"strings"
	"testing"

	"laborwatch/filing"
	"laborwatch/period"
	"laborwatch/transform"
)

// TestBoard: a board's month is computed again when its rows change, the other
// months and models are not, and a month that no feed has is none of the calendar.
func TestBoard(t *testing.T) {
	c := newCity(t)
	arrived := map[period.Period]int64{may - 1: 1, may: 0, may + 1: 0}
	c.opts.Boards = []transform.Board{{Name: filing.Name, Columns: filing.Columns(), Rows: func(_ context.Context, months []period.Period) (map[period.Period][][]any, error) {
		out := map[period.Period][][]any{}
		for _, p := range months {
			if n, ok := arrived[p]; ok {
				out[p] = [][]any{{p.First(), "job_seeker", "410402", int64(1), n}, {p.First(), "job_seeker", "410403", int64(1), int64(1)}}
			}
		}
		return out, nil
	}}}
	c.month(may - 1)
	c.month(may)
	c.compute()
	plan := func() string {
		t.Helper()
		c.opts.Engine = c.eng
		tr, err := transform.New(t.Context(), c.opts)
		if err != nil {
			t.Fatal(err)
		}
		p, err := tr.Plan(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, s := range p.Steps {
			out = append(out, s.Model)
			for _, m := range append(s.Months, s.Drop...) {
				out = append(out, m.String())
			}
		}
		return strings.Join(out, " ")
	}
	const q = "SELECT strftime(period, '%Y-%m'), region, value FROM wh.main.ind_filing ORDER BY ALL"
	c.expect(q, "2026-04 410402 1.0", "2026-04 410403 1.0", "2026-04 _T 1.0", "2026-05 410402 0.0", "2026-05 410403 1.0", "2026-05 _T 0.5")
	if got := plan(); got != "" {
		t.Errorf("nothing changed, and %s is computed", got)
	}
	arrived[may] = 1
	if got := plan(); got != "ind_filing 2026-05" {
		t.Errorf("one cell changed, and %s is computed", got)
	}
	c.compute()
	c.expect(q, "2026-04 410402 1.0", "2026-04 410403 1.0", "2026-04 _T 1.0", "2026-05 410402 1.0", "2026-05 410403 1.0", "2026-05 _T 1.0")
	delete(arrived, may)
	if got := plan(); got != "ind_filing 2026-05" {
		t.Errorf("a month is expected no more, and %s is computed", got)
	}
}
