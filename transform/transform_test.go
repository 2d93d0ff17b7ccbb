package transform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/period"
)

// files is a lake of Parquet files without a ledger: feed → file → its months.
type files struct {
	dir   string
	eng   *engine.DuckDB
	loads map[string]map[string][]period.Period
}

func (f *files) add(t *testing.T, feed, id, query string, months ...period.Period) {
	t.Helper()
	path := filepath.Join(f.dir, id+".parquet")
	if _, err := f.eng.DB().ExecContext(t.Context(), fmt.Sprintf("COPY (%s) TO %s (FORMAT parquet)", query, engine.Quote(path))); err != nil {
		t.Fatal(err)
	}
	if f.loads[feed] == nil {
		f.loads[feed] = map[string][]period.Period{}
	}
	f.loads[feed][id] = months
}

func (f *files) LivePeriods(context.Context) (map[string]map[period.Period][]string, error) {
	out := map[string]map[period.Period][]string{}
	for feed, loads := range f.loads {
		out[feed] = map[period.Period][]string{}
		for _, id := range sortedKeys(loads) {
			for _, p := range loads[id] {
				out[feed][p] = append(out[feed][p], id)
			}
		}
	}
	return out, nil
}

func (f *files) PathsFor(_ context.Context, feed string, months []period.Period) ([]string, error) {
	var out []string
	for _, id := range sortedKeys(f.loads[feed]) {
		if slices.ContainsFunc(f.loads[feed][id], func(p period.Period) bool { return slices.Contains(months, p) }) {
			out = append(out, filepath.Join(f.dir, id+".parquet"))
		}
	}
	return out, nil
}

const (
	stg = `/*
grain: [period, k]
materialized: view
*/
SELECT period, k, v, v * 2 AS twice FROM lake.sale`
	core = `/*
grain: [period]
window: [-1, 1]
tests:
  - unique: [period]
  - range: {column: total, min: 0}
*/
SELECT m.period, {{ to_bigint "sum(s.twice)" }} AS total
FROM (SELECT DISTINCT period FROM stg_sale) AS m
JOIN stg_sale AS s ON s.period BETWEEN {{ add_months "m.period" -1 }} AND {{ add_months "m.period" 1 }}
GROUP BY m.period`
	ind = `/*
grain: [period, indicator]
cube: true
*/
SELECT c.period, 'total' AS indicator, r.code AS region, '_T' AS sex, '_T' AS age, '_T' AS pop_group, '_T' AS industry,
  '_T' AS occupation, '_T' AS enterprise, c.total / {{ param "divide" }} AS value, c.total AS numerator, NULL AS denominator,
  NULL AS se, NULL AS ci_low, NULL AS ci_high, 1 AS n, 'A' AS obs_status, '' AS quality
FROM core_sale AS c CROSS JOIN cfg_region AS r`
)

type fixture struct {
	*files
	opts Options
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	dir := t.TempDir()
	eng, err := engine.Open(t.Context(), engine.Options{Dir: dir, MemoryLimit: "512MB"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { eng.Close() })
	f := &fixture{files: &files{dir: dir, eng: eng, loads: map[string]map[string][]period.Period{}}}
	f.opts = Options{
		Engine: eng, Lake: f.files, Params: map[string]any{"divide": 3.0},
		Models: fstest.MapFS{
			"staging/stg_sale.sql":   {Data: []byte(stg)},
			"core/core_sale.sql":     {Data: []byte(core)},
			"indicator/ind_sale.sql": {Data: []byte(ind)},
		},
		Seeds:   []Seed{{Name: "cfg_region", Columns: []string{"code VARCHAR"}, Rows: [][]any{{"_T"}, {"410402"}}}},
		Sources: map[string][]lake.Column{"sale": {{Name: "period", Type: "DATE"}, {Name: "k", Type: "VARCHAR"}, {Name: "v", Type: "BIGINT"}}},
	}
	return f
}

func month(s string) period.Period {
	p, err := period.Parse(s)
	if err != nil {
		panic(err)
	}
	return p
}

// sale is one load: value v in a month.
func (f *fixture) sale(t *testing.T, id, m string, v int) {
	t.Helper()
	p := month(m)
	f.add(t, "sale", id, fmt.Sprintf("SELECT %s AS period, 'a' AS k, CAST(%d AS BIGINT) AS v", p.SQL(), v), p)
}

func (f *fixture) run(t *testing.T) *Result {
	t.Helper()
	tr, err := New(t.Context(), f.opts)
	if err != nil {
		t.Fatal(err)
	}
	r, err := tr.Run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (f *fixture) totals(t *testing.T) string {
	t.Helper()
	var s string
	err := f.eng.DB().QueryRowContext(t.Context(), `SELECT coalesce(string_agg(strftime(period, '%m') || '=' || total, ' ' ORDER BY period), '') FROM wh.main.core_sale`).Scan(&s)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func computed(r *Result, model string) string {
	for _, s := range r.Steps {
		if s.Model == model {
			return monthsText(s.Months, s.Drop)
		}
	}
	return ""
}

func TestIncremental(t *testing.T) {
	f := newFixture(t)
	r := f.run(t)
	if got := f.totals(t); got != "" {
		t.Errorf("without data: %s", got)
	}
	for i, m := range []string{"2026-01", "2026-02", "2026-03", "2026-04", "2026-05"} {
		f.sale(t, "l"+m, m, i+1)
	}
	r = f.run(t)
	if got := f.totals(t); got != "01=6 02=12 03=18 04=24 05=18" {
		t.Fatalf("first run: %s", got)
	}
	if r = f.run(t); r.Models != 0 {
		t.Errorf("nothing changed, yet %v ran", r.Steps)
	}
	// A correction of March touches February to April alone: the window is a month each way.
	delete(f.loads["sale"], "l2026-03")
	f.sale(t, "l2026-03b", "2026-03", 100)
	r = f.run(t)
	if got := computed(r, "core_sale"); got != "2026-02..2026-04" {
		t.Errorf("core_sale computed %s", got)
	}
	if got := computed(r, "ind_sale"); got != "2026-02..2026-04" {
		t.Errorf("ind_sale computed %s", got)
	}
	if got := f.totals(t); got != "01=6 02=206 03=212 04=218 05=18" {
		t.Errorf("after the correction: %s", got)
	}
	// A withdrawn month disappears, and its neighbors are computed without it.
	delete(f.loads["sale"], "l2026-05")
	r = f.run(t)
	if got := computed(r, "core_sale"); got != "2026-04,-2026-05" {
		t.Errorf("core_sale computed %s", got)
	}
	if got := f.totals(t); got != "01=6 02=206 03=212 04=208" {
		t.Errorf("after the withdrawal: %s", got)
	}
	var n int
	var v float64
	if err := f.eng.DB().QueryRowContext(t.Context(), "SELECT count(*), max(value) FROM wh.main.observations WHERE period = DATE '2026-03-01'").Scan(&n, &v); err != nil {
		t.Fatal(err)
	}
	if n != 2 || v != 70.6666666667 {
		t.Errorf("cube: %d rows, value %v; want 2 and 212/3 to twelve digits", n, v)
	}
}

func TestPlanSaysWhy(t *testing.T) {
	f := newFixture(t)
	f.sale(t, "a", "2026-01", 1)
	f.run(t)
	f.sale(t, "b", "2026-02", 1)
	tr, err := New(t.Context(), f.opts)
	if err != nil {
		t.Fatal(err)
	}
	p, err := tr.Plan(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"core_sale", "2026-01..2026-02", "new month", "upstream core_sale"} {
		if !strings.Contains(p.String(), want) {
			t.Errorf("%q is missing from the plan:\n%s", want, p)
		}
	}
	if got := f.totals(t); got != "01=2" {
		t.Errorf("planning must compute nothing: %s", got)
	}
	if p, err = tr.Plan(t.Context(), []period.Period{month("2030-01")}); err != nil || len(p.Steps) != 0 {
		t.Errorf("a month without data: %v %v", p, err)
	}
}

func TestChangesOfSQLParametersAndConfiguration(t *testing.T) {
	f := newFixture(t)
	for _, m := range []string{"2026-01", "2026-02", "2026-03"} {
		f.sale(t, m, m, 1)
	}
	f.run(t)
	f.opts.Params = map[string]any{"divide": 4.0}
	r := f.run(t)
	if computed(r, "core_sale") != "" || computed(r, "ind_sale") != "2026-01..2026-03" {
		t.Errorf("a parameter of ind_sale alone changed, yet ran %+v", r.Steps)
	}
	f.opts.Seeds[0].Rows = [][]any{{"_T"}}
	if r = f.run(t); computed(r, "ind_sale") != "2026-01..2026-03" || computed(r, "core_sale") != "" {
		t.Errorf("a configuration table changed: %+v", r.Steps)
	}
	models := f.opts.Models.(fstest.MapFS)
	models["core/core_sale.sql"] = &fstest.MapFile{Data: []byte(strings.Replace(core, "AS total", "AS total, 7 AS extra", 1))}
	if r = f.run(t); computed(r, "core_sale") != "2026-01..2026-03" {
		t.Errorf("a new column must reach every month: %+v", r.Steps)
	}
	delete(models, "indicator/ind_sale.sql")
	f.run(t)
	var n int
	if err := f.eng.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM wh.main.observations").Scan(&n); err != nil || n != 0 {
		t.Errorf("a model that is no more left %d rows, %v", n, err)
	}
}

func TestFailingDataTestPublishesNothing(t *testing.T) {
	f := newFixture(t)
	f.sale(t, "a", "2026-01", 1)
	f.run(t)
	f.sale(t, "b", "2026-02", -100)
	tr, err := New(t.Context(), f.opts)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tr.Run(t.Context(), nil)
	var failed *TestError
	if !errors.As(err, &failed) || failed.Model != "core_sale" || failed.Count != 2 {
		t.Fatalf("got %v", err)
	}
	if got := f.totals(t); got != "01=2" {
		t.Errorf("the failed run left %s", got)
	}
	delete(f.loads["sale"], "b")
	f.sale(t, "c", "2026-02", 5)
	f.run(t)
	if got := f.totals(t); got != "01=12 02=12" {
		t.Errorf("after the data were corrected: %s", got)
	}
}

func TestCanceledRunLeavesTheOldState(t *testing.T) {
	f := newFixture(t)
	f.sale(t, "a", "2026-01", 1)
	f.run(t)
	f.sale(t, "b", "2026-02", 1)
	ctx, cancel := context.WithCancel(t.Context())
	opts := f.opts
	opts.Progress = func(model string, _, _ int) {
		if model == "ind_sale" {
			cancel()
		}
	}
	tr, err := New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Run(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if got := f.totals(t); got != "01=2" {
		t.Errorf("the canceled run left %s", got)
	}
	f.run(t)
	if got := f.totals(t); got != "01=4 02=4" {
		t.Errorf("after the rerun: %s", got)
	}
}

func TestFaultsOfModels(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []string
	}{
		{"no header", "core/x.sql", "SELECT 1", []string{"core/x.sql", "header"}},
		{"unknown key", "core/x.sql", "/*\ngrain: [a]\ngrian: [b]\n*/ SELECT 1 AS a", []string{"core/x.sql", "grian", "2"}},
		{"bad window", "core/x.sql", "/*\ngrain: [a]\nwindow: [1, 0]\n*/ SELECT 1 AS a", []string{"window"}},
		{"two claims in one test", "core/x.sql", "/*\ngrain: [a]\ntests: [{unique: [a], not_null: [a]}]\n*/ SELECT 1 AS a", []string{"tests[0]", "exactly one"}},
		{"unknown table", "core/x.sql", "/*\ngrain: [a]\n*/ SELECT * FROM core_sael", []string{"core_sael", "core_sale"}},
		{"unknown parameter", "core/x.sql", "/*\ngrain: [a]\n*/ SELECT {{ param \"divid\" }} AS a", []string{"divid", "divide"}},
		{"cycle", "core/x.sql", "/*\ngrain: [a]\n*/ SELECT * FROM x", []string{"cycle", "x → x"}},
		{"syntax", "core/x.sql", "/*\ngrain: [a]\n*/ SELECT FROM WHERE", []string{"core/x.sql", "syntax error"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			f.opts.Models.(fstest.MapFS)[c.file] = &fstest.MapFile{Data: []byte(c.text)}
			_, err := New(t.Context(), f.opts)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is missing from: %v", w, err)
				}
			}
		})
	}
}

// The warehouse is a cache: deleted, it comes back to the same rows.
func TestRebuiltWarehouseIsTheSame(t *testing.T) {
	f := newFixture(t)
	for i, m := range []string{"2025-11", "2025-12", "2026-01"} {
		f.sale(t, m, m, i+3)
		f.run(t)
	}
	byMonth := f.totals(t)
	dir := t.TempDir()
	eng, err := engine.Open(t.Context(), engine.Options{Dir: dir, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	f.opts.Engine, f.eng = eng, eng
	f.run(t)
	if got := f.totals(t); got != byMonth {
		t.Errorf("rebuilt at once: %s; month by month: %s", got, byMonth)
	}
	if _, err := os.Stat(filepath.Join(dir, "warehouse.duckdb")); err != nil {
		t.Error(err)
	}
}
