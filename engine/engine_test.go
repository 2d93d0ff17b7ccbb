package engine

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
)

func open(t *testing.T, o Options) *DuckDB {
	t.Helper()
	d, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func scalar[T any](t *testing.T, d *DuckDB, q string) T {
	t.Helper()
	var v T
	if err := d.DB().QueryRowContext(t.Context(), q).Scan(&v); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return v
}

func TestFilesStay(t *testing.T) {
	dir := t.TempDir()
	d, err := Open(t.Context(), Options{Dir: dir, MemoryLimit: "256MB", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"CREATE TABLE state.main.a AS SELECT 1 AS x", "CREATE TABLE wh.main.b AS SELECT 2 AS x",
	} {
		if _, err := d.DB().ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, Options{Dir: dir})
	if got := scalar[int](t, again, "SELECT a.x * 10 + b.x FROM state.main.a, wh.main.b"); got != 12 {
		t.Errorf("read %d after reopening", got)
	}
	if got := scalar[string](t, again, "SELECT current_setting('TimeZone')"); got != "UTC" {
		t.Errorf("time zone %s", got)
	}
}

// A second process must get an error that names the file, not DuckDB's own.
func TestBusy(t *testing.T) {
	dir := os.Getenv("ENGINE_TEST_DIR")
	if dir != "" {
		_, err := Open(context.Background(), Options{Dir: dir})
		var busy *BusyError
		if !errors.As(err, &busy) || !strings.HasSuffix(busy.File, "state.duckdb") {
			t.Fatalf("second process: %v", err)
		}
		if busy.PID != os.Getppid() || !strings.Contains(err.Error(), strconv.Itoa(os.Getppid())) {
			t.Errorf("the holder is process %d, the error says %v", os.Getppid(), err)
		}
		return
	}
	dir = t.TempDir()
	open(t, Options{Dir: dir})
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBusy$")
	cmd.Env = append(os.Environ(), "ENGINE_TEST_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTablesAndFunctions(t *testing.T) {
	d := open(t, Options{})
	const q = `WITH a AS (SELECT * FROM lake.survey), b AS (SELECT * FROM a JOIN core_x USING (k))
		SELECT sum(v) FILTER (WHERE v > 1), (SELECT max(y) FROM core_y) FROM b
		WHERE EXISTS (SELECT 1 FROM cfg_z WHERE z = v) GROUP BY GROUPING SETS ((k), ())`
	got, err := Tables(t.Context(), d.DB(), q)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"cfg_z", "core_x", "core_y", "lake.survey"}; !slices.Equal(got, want) {
		t.Errorf("tables %v, want %v", got, want)
	}
	fns, err := Functions(t.Context(), d.DB(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"sum", "max"} {
		if !slices.Contains(fns, f) {
			t.Errorf("%s is missing from %v", f, fns)
		}
	}
	for _, bad := range []string{"SELEC 1", "SELECT 1; SELECT 2", "DROP TABLE x"} {
		if _, err := Tables(t.Context(), d.DB(), bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestSyntaxErrorHasItsLine(t *testing.T) {
	d := open(t, Options{})
	_, err := Parse(t.Context(), d.DB(), "SELECT 1\nFROM a\nWHERE FROM b")
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Line != 3 {
		t.Errorf("%+v", err)
	}
}

func TestTablesRespectScope(t *testing.T) {
	d := open(t, Options{})
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"WITH a AS (SELECT * FROM a) SELECT * FROM a", []string{"a"}},
		{"WITH A AS (SELECT 1) SELECT * FROM a", nil},
		{"WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM b, (WITH c AS (SELECT * FROM b) SELECT * FROM c)", nil},
		{"SELECT * FROM (WITH c AS (SELECT 1) SELECT * FROM c), c", []string{"c"}},
		{"WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r, step WHERE i < 3) SELECT * FROM r", []string{"step"}},
		{"SELECT * FROM x UNION ALL (SELECT * FROM y WHERE k IN (SELECT k FROM z))", []string{"x", "y", "z"}},
		{"WITH a AS (SELECT 1) SELECT * FROM lake.a", []string{"lake.a"}},
	} {
		got, err := Tables(t.Context(), d.DB(), c.query)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s reads %v (%v), want %v", c.query, got, err, c.want)
		}
	}
}

// A connection made after the context of Open has ended must still work.
func TestOutlivesOpen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d, err := Open(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	cancel()
	a, err := d.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	b, err := d.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	var zone string
	if err := b.QueryRowContext(t.Context(), "SELECT current_setting('TimeZone')").Scan(&zone); err != nil || zone != "UTC" {
		t.Errorf("time zone %s, %v", zone, err)
	}
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(t.Context(), Options{Dir: dir, ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
	d, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	ro := open(t, Options{Dir: dir, ReadOnly: true})
	if _, err := ro.DB().ExecContext(t.Context(), "CREATE TABLE wh.main.x (i INTEGER)"); err == nil {
		t.Error("a read-only warehouse was written to")
	}
}

func TestDialect(t *testing.T) {
	d := open(t, Options{})
	for _, c := range []struct{ tmpl, want string }{
		{`{{ add_months "DATE '2026-01-31'" 1 }}`, "2026-02-28"},
		{`{{ add_months "DATE '2026-01-01'" -13 }}`, "2024-12-01"},
		{`{{ month_of "DATE '2026-05-12'" }}`, "2026-05-01"},
		{`{{ month_end "DATE '2024-02-01'" }}`, "2024-02-29"},
		{`{{ add_days "DATE '2026-02-27'" 2 }}`, "2026-03-01"},
		{`{{ days_between "DATE '2026-02-27'" "DATE '2026-03-01'" }}`, "2"},
		{`{{ months_between "DATE '2025-12-01'" "DATE '2026-03-01'" }}`, "3"},
		{`{{ round12 "0.1234567890123456" }}`, "0.123456789012"},
		{`{{ round12 "CAST('nan' AS DOUBLE)" }}`, ""},
		{`{{ round12 "CAST('inf' AS DOUBLE)" }}`, ""},
		{`{{ round12 "CAST(NULL AS DOUBLE)" }}`, ""},
		{`{{ round12 "CAST('-0.0' AS DOUBLE)" }}`, "0.0"},
		{`{{ round12 "CAST(-123456789012 AS DOUBLE)" }}`, "-123456789012.0"},
		{`{{ round12 "-98765432109876.5" }}`, "-98765432109900.0"},
		{`{{ round12 "1.23456789012549e-7" }}`, "1.23456789013e-07"},
		{`{{ matches "'41 0400'" "^[0-9 ]+$" }}`, "true"},
		{`sum({{ exact "v" }})`, "0.300000000000000000"},
	} {
		var b strings.Builder
		tm, err := template.New("q").Funcs(DuckDBDialect().Funcs()).Parse(c.tmpl)
		if err != nil {
			t.Fatal(err)
		}
		if err := tm.Execute(&b, nil); err != nil {
			t.Fatal(err)
		}
		got := scalar[string](t, d, "SELECT coalesce(CAST("+b.String()+" AS VARCHAR), '') FROM (VALUES (0.1), (0.2)) AS x(v)"+group(c.tmpl))
		if got != c.want {
			t.Errorf("%s = %s, want %s", c.tmpl, got, c.want)
		}
	}
}

// group keeps a macro that is no aggregate to one row.
func group(tmpl string) string {
	if strings.HasPrefix(tmpl, "sum(") {
		return ""
	}
	return " LIMIT 1"
}
