package transform_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"laborwatch/lake"
	"laborwatch/transform"
)

const heads = "SELECT strftime(period, '%Y-%m'), uscc, heads FROM wh.main.core_heads ORDER BY ALL"

// An empty lake leaves empty tables and views with all their columns.
func TestEmpty(t *testing.T) {
	w := newWorld(t)
	w.run()
	w.expect("SELECT count(*) FROM wh.main.observations", "0")
	w.expect("SELECT count(*) FROM wh.main.alert_candidates", "0")
	w.expect("SELECT count(*) FROM wh.main.core_heads", "0")
	same(t, "columns of observations",
		w.rows("SELECT column_name || ' ' || data_type FROM duckdb_columns() WHERE database_name = 'wh' AND table_name = 'observations' ORDER BY column_index"),
		[]string{
			"period DATE", "indicator VARCHAR", "region VARCHAR", "sex VARCHAR", "age VARCHAR", "pop_group VARCHAR", "industry VARCHAR",
			"occupation VARCHAR", "enterprise VARCHAR", "value DOUBLE", "numerator DOUBLE", "denominator DOUBLE", "se DOUBLE",
			"ci_low DOUBLE", "ci_high DOUBLE", "n BIGINT", "obs_status VARCHAR", "quality VARCHAR", "reason VARCHAR",
		})
	if got := w.plan(); len(got) > 0 {
		t.Errorf("an empty lake computed twice: %v", got)
	}
}

func fiveMonths(w *world) {
	w.t.Helper()
	for i, persons := range []string{"A1 A2 B1", "A1 A2 B1 B2", "A1 B1 B2", "A1 A2 A3", "A1 A2 A3 B1"} {
		p := may.Add(i - 4)
		w.pay(p.String(), p, persons)
		w.register(p.String(), p, "A:410402 B:410403")
	}
}

func TestRun(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	r := w.run()
	if r.Models != 6 || r.Months != 30 || r.Rows == 0 {
		t.Errorf("%d models, %d months, %d rows", r.Models, r.Months, r.Rows)
	}
	w.expect(heads, "2026-01 A 2", "2026-01 B 1", "2026-02 A 2", "2026-02 B 2", "2026-03 A 1", "2026-03 B 2",
		"2026-04 A 3", "2026-05 A 3", "2026-05 B 1")
	// From one month before to two after, as far as there are any.
	w.expect("SELECT strftime(period, '%Y-%m'), heads, months FROM wh.main.core_around ORDER BY ALL",
		"2026-01 10 3", "2026-02 13 4", "2026-03 14 4", "2026-04 10 3", "2026-05 7 2")
	// Twelve significant digits.
	w.expect("SELECT region, enterprise, value FROM wh.main.observations WHERE indicator = 'heads' AND period = '2026-02-01' ORDER BY ALL",
		"410402 A 0.666666666667", "410403 B 0.666666666667")
	w.expect("SELECT strftime(period, '%Y-%m'), rule, region, enterprise, persons FROM wh.main.alert_candidates WHERE period >= '2026-04-01' ORDER BY ALL",
		"2026-04 many 410402 A 3", "2026-05 many 410402 A 3")
	if got := w.plan(); len(got) > 0 {
		t.Errorf("computed twice: %v", got)
	}
	if r := w.run(); r.Models != 0 || r.Rows != 0 {
		t.Errorf("a second run computed %+v", r)
	}
}

// Only the months that a load reaches are computed, and the outcome is that of
// computing everything anew.
func TestIncremental(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	w.run()
	w.lake.withdraw("2026-03")
	w.register("2026-03", may.Add(-2), "A:410402 B:410403")
	w.pay("correction", may.Add(-2), "A1 A2 A3 A4 B1")
	same(t, "plan", w.plan(), []string{
		"core_heads: 2026-03",
		"alert_many: 2026-03",
		"core_around: 2026-01 2026-02 2026-03 2026-04",
		"ind_around: 2026-01 2026-02 2026-03 2026-04",
		"ind_heads: 2026-03",
	})
	same(t, "why", w.why(), []string{
		"core_heads: new load: pay", "alert_many: upstream: core_heads", "core_around: upstream: core_heads",
		"ind_around: upstream: core_around", "ind_heads: upstream: core_heads",
	})
	w.run()
	w.expect("SELECT uscc, heads FROM wh.main.core_heads WHERE period = '2026-03-01' ORDER BY ALL", "A 4", "B 1")
	same(t, "against a rebuild", w.dump(), w.rebuilt())

	w.pay("next", may.Add(1), "A1 C1")
	same(t, "plan of a new month", w.plan(), []string{
		"core_heads: 2026-06",
		"core_register: 2026-06",
		"alert_many: 2026-06",
		"core_around: 2026-04 2026-05 2026-06",
		"ind_around: 2026-04 2026-05 2026-06",
		"ind_heads: 2026-06",
	})
	if got := w.fails(); !strings.Contains(got, "ind_heads") || !strings.Contains(got, "C") {
		t.Errorf("C is in no list of firms: %s", got)
	}
	w.seeds[0].Rows = append(w.seeds[0].Rows, []any{"C", "410403"})
	w.run()
	same(t, "against a rebuild", w.dump(), w.rebuilt())
}

// rebuilt is the dump of a warehouse made from nothing.
func (w *world) rebuilt() []string {
	w.t.Helper()
	other := *w
	other.dir = w.t.TempDir()
	other.open()
	other.run()
	return other.dump()
}

// A month whose register is late takes the last one: windows give a model months
// that its inputs lack themselves.
func TestWindowCarries(t *testing.T) {
	w := newWorld(t)
	w.register("may", may, "A:410402")
	w.pay("may", may, "A1 A2")
	w.pay("june", may.Add(1), "A1 A2")
	w.run()
	const q = "SELECT strftime(period, '%Y-%m'), region FROM wh.main.alert_candidates ORDER BY ALL"
	w.expect(q, "2026-05 410402", "2026-06 410402")
	w.register("june", may.Add(1), "A:410403")
	w.run()
	w.expect(q, "2026-05 410402", "2026-06 410403")
}

func TestWithdrawnMonth(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	w.run()
	w.lake.withdraw("2026-02")
	same(t, "plan", w.plan(), []string{
		"core_heads: -2026-02",
		"core_register: 2026-03 -2026-02",
		"alert_many: 2026-03 -2026-02",
		"core_around: 2026-01 2026-03 -2026-02",
		"ind_around: 2026-01 2026-03 -2026-02",
		"ind_heads: -2026-02",
	})
	w.run()
	w.expect("SELECT count(*) FROM wh.main.observations WHERE period = '2026-02-01'", "0")
	same(t, "against a rebuild", w.dump(), w.rebuilt())
}

// Months asked for are brought up to date with what they rest on, nothing else.
func TestOnlySomeMonths(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	w.run(may.Add(-4))
	w.expect("SELECT DISTINCT strftime(period, '%Y-%m') FROM wh.main.ind_around ORDER BY 1", "2026-01")
	w.expect("SELECT heads, months FROM wh.main.core_around", "10 3")
	w.run(may.Add(-3))
	if got := w.plan(may.Add(-12)); len(got) > 0 {
		t.Errorf("a month without data: %v", got)
	}
	same(t, "why", w.why()[:1], []string{"core_heads: new month"})
	w.run()
	same(t, "against a rebuild", w.dump(), w.rebuilt())

	// Half brought up to date: a later run must not take the rest as done.
	w.replace("core/core_heads.sql", "count(DISTINCT s.person)", "count(DISTINCT s.person) + 1")
	w.run(may)
	w.run()
	same(t, "against a rebuild", w.dump(), w.rebuilt())
}

func TestChanges(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	w.run()
	all := " 2026-01 2026-02 2026-03 2026-04 2026-05"
	w.params["alert.heads"] = 3
	same(t, "changed parameter", w.plan(), []string{"alert_many:" + all})
	same(t, "why", w.why(), []string{"alert_many: changed parameters: alert_many"})
	w.run()
	w.expect("SELECT count(*) FROM wh.main.alert_candidates", "2")

	w.seeds[0].Rows[0][1] = "410411"
	same(t, "changed configuration", w.plan(), []string{"ind_heads:" + all})
	same(t, "why", w.why(), []string{"ind_heads: changed configuration: cfg_firm"})
	w.run()

	w.replace("staging/stg_pay.sql", "p.fen > 0", "p.fen > 0 AND p.person <> 'A1'")
	same(t, "changed view", w.plan(), []string{"core_heads:" + all, "alert_many:" + all, "core_around:" + all, "ind_around:" + all, "ind_heads:" + all})
	same(t, "why", w.why(), []string{
		"core_heads: changed SQL: stg_pay", "alert_many: upstream: core_heads", "core_around: upstream: core_heads",
		"ind_around: upstream: core_around", "ind_heads: upstream: core_heads",
	})
	w.run()
	same(t, "against a rebuild", w.dump(), w.rebuilt())

	// Other columns: the table is made anew, and so is one that takes them all.
	w.model("core/core_all.sql", "/*\ndescription: All.\ngrain: [period, uscc]\n*/\nSELECT h.* FROM core_heads AS h")
	w.run()
	w.replace("core/core_heads.sql", "SELECT s.period, s.uscc,", "SELECT s.period, s.uscc, 'x' AS mark,")
	w.run()
	w.expect("SELECT DISTINCT mark FROM wh.main.core_all", "x")
	same(t, "against a rebuild", w.dump(), w.rebuilt())

	delete(w.models, "core/core_all.sql")
	delete(w.models, "indicator/ind_around.sql")
	w.run()
	w.expect("SELECT count(*) FROM duckdb_tables() WHERE table_name IN ('core_all', 'ind_around')", "0")
	w.expect("SELECT DISTINCT indicator FROM wh.main.observations", "heads")
	same(t, "against a rebuild", w.dump(), w.rebuilt())
}

// Configuration, views and SELECT * pass on new columns of a contract.
func TestNewColumn(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	w.model("core/core_pay.sql", "/*\ndescription: All.\ngrain: [period, person]\n*/\nSELECT p.* FROM lake.pay AS p")
	w.run()
	o := w.options()
	o.Sources["pay"] = append(o.Sources["pay"], lake.Column{Name: "kind", Type: "VARCHAR"})
	tr, err := transform.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	p, err := tr.Plan(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Steps[0].Reasons; !slices.Equal(got, []transform.Reason{{Why: transform.WhyColumns}}) {
		t.Errorf("why: %v", got)
	}
	if _, err := tr.Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	w.expect("SELECT count(*), count(kind) FROM wh.main.core_pay", "17 0")
}

// A failing data test takes the whole run back.
func TestRollback(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	w.run()
	before := w.dump()
	w.pay("june", may.Add(1), "A1 A2 D1 E1 F1 G1 H1 I1")
	tr := w.transform()
	_, err := tr.Run(t.Context(), nil)
	var failed *transform.TestError
	if !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if failed.Model != "core_heads" || failed.Count != 6 || len(failed.Examples) != 5 || !strings.Contains(failed.Examples[0], "D") {
		t.Errorf("%+v", failed)
	}
	same(t, "after a failed run", w.dump(), before)
	w.lake.withdraw("june")
	if got := w.plan(); len(got) > 0 {
		t.Errorf("something is left of the failed run: %v", got)
	}
}

func TestDataTests(t *testing.T) {
	for _, c := range []struct{ test, want string }{
		{"unique: [uscc]", "unique"},
		{"not_null: [region]", "not_null"},
		{"range: {column: heads, max: 2}", "range"},
		{"range: {column: heads, min: 2, where: \"uscc = 'B'\"}", "range"},
		{"accepted: {column: heads, values: [1, 2]}", "accepted"},
		{"relation: {column: uscc, to: core_other, field: uscc}", "core_other"},
	} {
		w := newWorld(t)
		fiveMonths(w)
		w.model("core/core_other.sql", "/*\ndescription: A alone.\ngrain: [period, uscc]\n*/\nSELECT h.period, h.uscc FROM core_heads AS h WHERE h.uscc = 'A'")
		w.model("core/core_tested.sql", "/*\ndescription: Tested.\ngrain: [period, uscc]\ntests:\n  - "+c.test+
			"\n*/\nSELECT h.period, h.uscc, h.heads, NULLIF(h.uscc, 'B') AS region FROM core_heads AS h")
		got := w.fails()
		if !strings.Contains(got, "core_tested") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", c.test, got)
		}
	}
}

// A run that is canceled leaves everything as it was, and the engine usable.
func TestCancel(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	w.run()
	before := w.dump()
	w.pay("june", may.Add(1), "A1 A2")
	for _, at := range []string{"core_heads", "core_around", "ind_heads"} {
		ctx, cancel := context.WithCancel(t.Context())
		o := w.options()
		o.Progress = func(model string, _, _ int) {
			if model == at {
				cancel()
			}
		}
		tr, err := transform.New(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Run(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled at %s: %v", at, err)
		}
		same(t, "canceled at "+at, w.dump(), before)
	}
	w.run()
	same(t, "against a rebuild", w.dump(), w.rebuilt())
}

func TestProgress(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	var seen []string
	o := w.options()
	o.Progress = func(model string, done, total int) {
		if done > total || total != 6 {
			t.Errorf("%s: %d of %d", model, done, total)
		}
		seen = append(seen, model)
	}
	tr, err := transform.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(seen, "ind_heads") {
		t.Errorf("progress shows %v", seen)
	}
}

// A table may become a view and the other way round.
func TestTableAndView(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	w.run()
	before := w.rows("SELECT * FROM wh.main.observations ORDER BY ALL")
	w.replace("core/core_around.sql", "window: [-1, 2]", "window: [-1, 2]\nmaterialized: view")
	w.run()
	same(t, "as a view", w.rows("SELECT * FROM wh.main.observations ORDER BY ALL"), before)
	w.expect("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'core_around'", "0")
	w.replace("core/core_around.sql", "materialized: view", "materialized: table")
	w.run()
	same(t, "as a table", w.rows("SELECT * FROM wh.main.observations ORDER BY ALL"), before)
	same(t, "against a rebuild", w.dump(), w.rebuilt())
}

// A warehouse of another version's layout is computed anew.
func TestOtherLayout(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	w.run()
	want := w.dump()
	w.exec("ALTER TABLE wh.main.model_tables DROP COLUMN shape")
	w.exec("CREATE TABLE wh.main.old_model AS SELECT 1 AS x")
	w.run()
	same(t, "after an old layout", w.dump(), want)
}

func TestPlanInWords(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	tr := w.transform()
	p, err := tr.Plan(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.String(); !strings.HasPrefix(got, "core_heads                       2026-01..2026-05     新模型 / new model\n") {
		t.Errorf("the plan reads\n%s", got)
	}
	w.expect("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'wh'", "0")
	w.run()
	if p, err = tr.Plan(t.Context(), nil); err != nil || !strings.Contains(p.String(), "nothing to compute") {
		t.Errorf("%s, %v", p, err)
	}
}
