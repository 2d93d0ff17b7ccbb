package transform_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/period"
	"laborwatch/transform"
)

// may and its neighbors are the months that the tests load.
const may = period.Period(2026*12 + 4)

// load is one Parquet file of the test's lake.
type load struct {
	feed, id, path string
	months         []period.Period
}

// parquetLake is a lake of real files whose ledger is a slice.
type parquetLake struct {
	dir   string
	loads []load
}

func (l *parquetLake) LivePeriods(context.Context) (map[string]map[period.Period][]string, error) {
	out := map[string]map[period.Period][]string{}
	for _, x := range l.loads {
		for _, p := range x.months {
			if out[x.feed] == nil {
				out[x.feed] = map[period.Period][]string{}
			}
			out[x.feed][p] = append(out[x.feed][p], x.id)
			slices.Sort(out[x.feed][p])
		}
	}
	return out, nil
}

func (l *parquetLake) Source(_ context.Context, feed string, _ []string, ps []period.Period) (string, error) {
	var paths, in []string
	for _, x := range l.loads {
		if x.feed == feed && slices.ContainsFunc(x.months, func(p period.Period) bool { return slices.Contains(ps, p) }) {
			paths = append(paths, engine.Quote(x.path))
		}
	}
	if len(paths) == 0 {
		return "", nil
	}
	slices.Sort(paths)
	for _, p := range ps {
		in = append(in, p.SQL())
	}
	return fmt.Sprintf("SELECT * FROM read_parquet([%s], union_by_name = true, hive_partitioning = false) WHERE period IN (%s)", strings.Join(paths, ", "), strings.Join(in, ", ")), nil
}

// withdraw takes a load out of the ledger; its file stays, as in the real lake.
func (l *parquetLake) withdraw(id string) {
	l.loads = slices.DeleteFunc(l.loads, func(x load) bool { return x.id == id })
}

// world is a data folder with its engine, a lake and a set of models.
type world struct {
	t      *testing.T
	dir    string
	eng    *engine.DuckDB
	lake   *parquetLake
	models fstest.MapFS
	params map[string]any
	seeds  []transform.Seed

	computations map[string]transform.Computation
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), models: fstest.MapFS{}, params: map[string]any{"alert.heads": 2, "text": "it's"}}
	w.lake = &parquetLake{dir: t.TempDir()}
	w.seeds = []transform.Seed{{
		Name: "cfg_firm", Columns: []string{"uscc VARCHAR", "region VARCHAR"},
		Rows: [][]any{{"A", "410402"}, {"B", "410403"}},
	}}
	files, err := filepath.Glob("testdata/models/*/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no models under testdata", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		w.model(strings.TrimPrefix(filepath.ToSlash(f), "testdata/models/"), string(b))
	}
	w.open()
	return w
}

func (w *world) open() {
	w.t.Helper()
	eng, err := engine.Open(w.t.Context(), engine.Options{Dir: w.dir, Threads: 2, MemoryLimit: "512MB"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.eng = eng
	w.t.Cleanup(func() { _ = eng.Close() })
}

func (w *world) model(name, text string) { w.models[name] = &fstest.MapFile{Data: []byte(text)} }

// replace edits a model's text; the old text must be there.
func (w *world) replace(name, old, now string) {
	w.t.Helper()
	text := string(w.models[name].Data)
	if !strings.Contains(text, old) {
		w.t.Fatalf("%s holds no %q", name, old)
	}
	w.model(name, strings.ReplaceAll(text, old, now))
}

// pay loads one month of the feed pay: "A1 A2 B1" is the persons A1 and A2 at
// the firm A and B1 at B, 100 fen each.
func (w *world) pay(id string, p period.Period, persons string) {
	w.t.Helper()
	var rows []string
	for i, x := range strings.Fields(persons) {
		rows = append(rows, fmt.Sprintf("(%s, '%s', '%s', 100, %d)", p.SQL(), x, x[:1], i))
	}
	w.load("pay", id, "SELECT * FROM (VALUES "+strings.Join(rows, ", ")+") AS v(period, person, uscc, fen, _row)", p)
}

// register loads one month of the feed register: "A:410402".
func (w *world) register(id string, p period.Period, firms string) {
	w.t.Helper()
	var rows []string
	for i, x := range strings.Fields(firms) {
		uscc, region, _ := strings.Cut(x, ":")
		rows = append(rows, fmt.Sprintf("(%s, '%s', '%s', %d)", p.SQL(), uscc, region, i))
	}
	w.load("register", id, "SELECT * FROM (VALUES "+strings.Join(rows, ", ")+") AS v(period, uscc, region, _row)", p)
}

func (w *world) load(feed, id, query string, months ...period.Period) {
	w.t.Helper()
	path := filepath.Join(w.lake.dir, feed+"-"+id+".parquet")
	w.exec(fmt.Sprintf("COPY (%s) TO %s (FORMAT parquet)", query, engine.Quote(path)))
	w.lake.loads = append(w.lake.loads, load{feed, id, path, months})
}

func (w *world) exec(q string) {
	w.t.Helper()
	if _, err := w.eng.DB().ExecContext(w.t.Context(), q); err != nil {
		w.t.Fatalf("%s: %v", q, err)
	}
}

func (w *world) options() transform.Options {
	return transform.Options{
		Engine: w.eng, Lake: w.lake, Models: w.models, Params: w.params, Seeds: w.seeds,
		Computations: w.computations,
		Sources: map[string][]lake.Column{
			"pay": {
				{Name: "period", Type: "DATE"},
				{Name: "person", Type: "VARCHAR"},
				{Name: "uscc", Type: "VARCHAR"},
				{Name: "fen", Type: "BIGINT"},
				{Name: "_row", Type: "BIGINT"},
			},
			"register": {
				{Name: "period", Type: "DATE"},
				{Name: "uscc", Type: "VARCHAR"},
				{Name: "region", Type: "VARCHAR"},
				{Name: "_row", Type: "BIGINT"},
			},
		},
	}
}

func (w *world) transform() *transform.Transform {
	w.t.Helper()
	t, err := transform.New(w.t.Context(), w.options())
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) run(ps ...period.Period) *transform.Result {
	w.t.Helper()
	r, err := w.transform().Run(w.t.Context(), ps)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// fails runs and gives the error's text, which must be one.
func (w *world) fails() string {
	w.t.Helper()
	t, err := transform.New(w.t.Context(), w.options())
	if err == nil {
		_, err = t.Run(w.t.Context(), nil)
	}
	if err == nil {
		w.t.Fatal("want an error")
	}
	return err.Error()
}

// plan prints the plan as "model: months (reasons)".
func (w *world) plan(ps ...period.Period) []string {
	w.t.Helper()
	p, err := w.transform().Plan(w.t.Context(), ps)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, s := range p.Steps {
		var months []string
		for _, m := range s.Months {
			months = append(months, m.String())
		}
		for _, m := range s.Drop {
			months = append(months, "-"+m.String())
		}
		out = append(out, s.Model+": "+strings.Join(months, " "))
	}
	return out
}

// why prints the plan's reasons in English.
func (w *world) why() []string {
	w.t.Helper()
	p, err := w.transform().Plan(w.t.Context(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, s := range p.Steps {
		var texts []string
		for _, r := range s.Reasons {
			texts = append(texts, r.Text(messages.EN))
		}
		out = append(out, s.Model+": "+strings.Join(texts, "; "))
	}
	return out
}

// rows prints a query's rows, columns joined by blanks.
func (w *world) rows(q string) []string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "rows.csv")
	w.exec(fmt.Sprintf("COPY (%s) TO %s (HEADER false, NULLSTR '-')", q, engine.Quote(path)))
	f, err := os.Open(path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, r := range records {
		out = append(out, strings.Join(r, " "))
	}
	return out
}

func (w *world) expect(q string, want ...string) {
	w.t.Helper()
	same(w.t, q, w.rows(q), want)
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s\ngot:\n  %s\nwant:\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// dump prints every table of the warehouse, in an order of its own.
func (w *world) dump() []string {
	w.t.Helper()
	var out []string
	for _, name := range w.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'wh' ORDER BY 1") {
		for _, r := range w.rows("SELECT * FROM wh.main." + engine.Ident(name) + " ORDER BY ALL") {
			out = append(out, name+": "+r)
		}
	}
	return append(out, w.rows("SELECT * FROM wh.main.observations ORDER BY ALL")...)
}
