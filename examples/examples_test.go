// Package examples_test holds the examples against real data: what a person
// gets who follows their READMEs, beside what the files themselves say.
package examples_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"laborwatch/app"
	"laborwatch/config"
	"laborwatch/cube"
)

// example is a data folder under the configuration of an example.
type example struct {
	*app.App
	t *testing.T
}

func open(t *testing.T, name string) example {
	t.Helper()
	cfg, err := config.Load(filepath.Join(name, "laborwatch.yaml"), filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(context.Background(), app.Options{Config: cfg, Clock: time.Now, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return example{a, t}
}

// load ingests one file and checks that every row of it is accounted for.
// No pseudonym key was made: nothing here is about persons by number.
func (e example) load(feed, file string, loaded, repeated, quarantined int64) {
	e.t.Helper()
	sum, err := e.Ingest(context.Background(), feed, []string{file})
	if err != nil || len(sum.Refused) > 0 || len(sum.Loads) != 1 {
		e.t.Fatalf("ingest: %+v %v", sum, err)
	}
	for _, x := range sum.Loads {
		if len(x.Missing) > 0 {
			e.t.Errorf("columns that the contract looks for and the file lacks: %v", x.Missing)
		}
	}
	if sum.RowsLoaded != loaded || sum.RowsRepeated != repeated || sum.RowsQuarantined != quarantined {
		e.t.Errorf("loaded %d, repeated %d, quarantined %d; want %d, %d, %d", sum.RowsLoaded, sum.RowsRepeated, sum.RowsQuarantined, loaded, repeated, quarantined)
	}
	if sum.RowsIn != sum.RowsLoaded+sum.RowsRepeated+sum.RowsQuarantined {
		e.t.Errorf("of %d rows some are nowhere: %+v", sum.RowsIn, sum.Summary)
	}
}

func (e example) transform() {
	e.t.Helper()
	if _, err := e.RunTransform(context.Background(), nil); err != nil {
		e.t.Fatal(err)
	}
}

// query gives the rows of the cube as the command prints them with --format csv.
func (e example) query(indicator, by string) []map[string]string {
	e.t.Helper()
	ctx := context.Background()
	spec, err := cube.ParseSpec(indicator, "", by, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	res, err := cube.Query(ctx, e.Engine, e.Catalog, spec)
	if err != nil {
		e.t.Fatal(err)
	}
	var b bytes.Buffer
	if err := res.Write(ctx, &b, cube.WriteOptions{Format: cube.CSV}); err != nil {
		e.t.Fatal(err)
	}
	return records(e.t, &b)
}

// rows reads the live rows of a feed, in the order of the file, as texts; an
// empty cell is "". With a key the latest row of each stands, as for models.
func (e example) rows(feed string, key ...string) []map[string]string {
	e.t.Helper()
	ctx := context.Background()
	live, err := e.Lake.LivePeriods(ctx)
	if err != nil {
		e.t.Fatal(err)
	}
	source, err := e.Lake.Source(ctx, feed, key, sorted(live[feed]))
	if err != nil || source == "" {
		e.t.Fatal(source, err)
	}
	rows, err := e.Engine.DB().QueryContext(ctx, "SELECT COLUMNS(*)::VARCHAR FROM ("+source+") ORDER BY CAST(_row AS BIGINT)")
	if err != nil {
		e.t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		e.t.Fatal(err)
	}
	var out []map[string]string
	cells, into := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			e.t.Fatal(err)
		}
		row := map[string]string{}
		for i, n := range names {
			row[n] = cells[i].String
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		e.t.Fatal(err)
	}
	return out
}

// records reads a CSV with a header.
func records(t *testing.T, r io.Reader) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		out = append(out, row)
	}
	return out
}

// count counts the rows for which ok holds.
func count(rows []map[string]string, ok func(map[string]string) bool) (n int) {
	for _, r := range rows {
		if ok(r) {
			n++
		}
	}
	return n
}

func empty(column string) func(map[string]string) bool {
	return func(r map[string]string) bool { return r[column] == "" }
}

// The READMEs' commands name files that exist, and both languages are there.
func TestReadmes(t *testing.T) {
	dirs, err := filepath.Glob("*/laborwatch.yaml")
	if err != nil || len(dirs) != 3 {
		t.Fatal(dirs, err)
	}
	for _, d := range dirs {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(d), "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		zh, en := strings.Index(string(b), "\n## 中文"), strings.Index(string(b), "\n## English")
		if zh < 0 || en < zh || !strings.Contains(string(b), "--config examples/"+d) {
			t.Errorf("%s: want 中文, then English, and the commands with --config examples/%s", filepath.Dir(d), d)
		}
	}
}
