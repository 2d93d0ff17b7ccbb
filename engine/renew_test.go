package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A warehouse that is renewed is empty to the last byte, and a query that was
// running does not stand in the way.
func TestRenewWarehouse(t *testing.T) {
	dir := t.TempDir()
	d, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, q := range []string{
		`CREATE TABLE wh.main.t AS SELECT md5(range::VARCHAR) AS v FROM range(100000)`, `CHECKPOINT wh`,
		`CREATE TABLE state.main.kept AS SELECT 1 AS v`,
	} {
		if _, err := d.DB().ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := d.DB().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tx.QueryContext(t.Context(), `SELECT v FROM wh.main.t`) //nolint:sqlclosecheck // the renewal waits for it
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- d.RenewWarehouse(t.Context()) }()
	n := 1
	for rows.Next() {
		n++
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || n != 100_000 { //nolint:sqlclosecheck // the renewal waits for it
		t.Errorf("the running query gave %d rows, %v", n, err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var tables string
	if err := d.DB().QueryRowContext(t.Context(), `SELECT coalesce(string_agg(database_name || '.' || table_name, ' '), '') FROM duckdb_tables()`).Scan(&tables); err != nil || tables != "state.kept" {
		t.Errorf("%q, %v", tables, err)
	}
	if _, err := d.DB().ExecContext(t.Context(), `CREATE TABLE wh.main.t AS SELECT 1 AS v`); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "warehouse.duckdb"))
	if err != nil || strings.Contains(string(b), "cfcd208495d565ef66e7dff9f98764da") || len(b) > 1<<20 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}
