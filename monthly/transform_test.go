package monthly_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"laborwatch/engine"
	"laborwatch/period"
	"laborwatch/transform"
)

// ledger is a lake of one Parquet file a month.
type ledger map[period.Period]string

func (l ledger) LivePeriods(context.Context) (map[string]map[period.Period][]string, error) {
	out := map[period.Period][]string{}
	for p, file := range l {
		out[p] = []string{filepath.Base(file)}
	}
	return map[string]map[period.Period][]string{"labor_force_survey": out}, nil
}

func (l ledger) Source(_ context.Context, _ string, _ []string, months []period.Period) (string, error) {
	var files, in []string
	for _, p := range months {
		if file, ok := l[p]; ok {
			files, in = append(files, engine.Quote(file)), append(in, p.SQL())
		}
	}
	if len(files) == 0 {
		return "", nil
	}
	slices.Sort(files)
	return fmt.Sprintf("SELECT * FROM read_parquet([%s], union_by_name = true, hive_partitioning = false) WHERE period IN (%s)", strings.Join(files, ", "), strings.Join(in, ", ")), nil
}

// TestMonthByMonth: months that arrive one after another, one of them corrected
// late, give the same figures as all of them at once. It holds the windows in
// the models' headers to what the models read.
func TestMonthByMonth(t *testing.T) {
	dir := t.TempDir()
	db := open(t, 2)
	national(t, db, 30_000, 14)
	run(t, db, "DELETE FROM lake.labor_force_survey WHERE CAST(psu AS INTEGER) >= 120")
	write := func(p period.Period, name, where string) string {
		file := filepath.Join(dir, name+".parquet")
		run(t, db, fmt.Sprintf("COPY (SELECT * FROM lake.labor_force_survey WHERE period = %s%s) TO %s (FORMAT parquet)",
			p.SQL(), where, engine.Quote(file)))
		return file
	}
	first := period.Of(2024, 1)
	final := ledger{}
	for i := range 14 {
		p := first.Add(i)
		final[p] = write(p, p.String(), "")
	}
	atOnce := newWarehouse(t)
	atOnce.run(t, final)

	later := newWarehouse(t)
	arrived := ledger{}
	for i := range 14 {
		p := first.Add(i)
		arrived[p] = final[p]
		if i == 1 {
			arrived[p] = write(p, "draft", " AND CAST(psu AS INTEGER) % 2 = 0")
		}
		if i%6 == 1 || i == 13 {
			later.run(t, arrived)
		}
	}
	arrived[first.Add(1)] = final[first.Add(1)]
	later.run(t, arrived)

	want, got := atOnce.cube(t), later.cube(t)
	if len(want) < 5_000 || !slices.Equal(want, got) {
		t.Errorf("month by month: %d figures, at once: %d, and they differ", len(got), len(want))
		for i := range min(len(want), len(got)) {
			if want[i] != got[i] {
				t.Fatalf("first difference:\n%s\n%s", want[i], got[i])
			}
		}
	}
}

// warehouse is the survey's models run by transform.
type warehouse struct {
	engine *engine.DuckDB
	lake   ledger
	t      *transform.Transform
}

func newWarehouse(t *testing.T) *warehouse {
	t.Helper()
	eng, err := engine.Open(t.Context(), engine.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := eng.Close(); err != nil {
			t.Error(err)
		}
	})
	engines[eng.DB()] = eng
	w := &warehouse{engine: eng, lake: ledger{}}
	w.t, err = newTransform(t, eng.DB(), w.lake, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// run brings the warehouse up to a ledger.
func (w *warehouse) run(t *testing.T, l ledger) {
	t.Helper()
	clear(w.lake)
	maps.Copy(w.lake, l)
	if _, err := w.t.Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// cube lists all observations as text, ordered.
func (w *warehouse) cube(t *testing.T) []string {
	t.Helper()
	rows, err := w.engine.DB().QueryContext(t.Context(),
		"SELECT CAST(o AS VARCHAR) FROM wh.main.observations AS o ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s sql.NullString
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
