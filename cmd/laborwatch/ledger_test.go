package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"laborwatch/engine"
)

// ledgerTables are what a ledger says of the data, without the times at which
// it came to know it: loads and what superseded them, their rows by month and by
// county, every row in quarantine, every extract refused, and profiles. Notes
// stand with the first load that they are true of, and so follow the order.
var ledgerTables = []string{
	`SELECT * EXCLUDE (seq, loaded_at) FROM state.main.loads`,
	`SELECT * FROM state.main.load_periods`,
	`SELECT * FROM state.main.load_coverage`,
	`SELECT * EXCLUDE (closed_at) FROM state.main.quarantine`,
	`SELECT * EXCLUDE (refused_at) FROM state.main.refusals`,
	`SELECT * FROM state.main.load_profiles`,
	`SELECT * EXCLUDE (kept_at) FROM state.main.contracts`,
}

// ledgerOf is the ledger of a folder, a line a row, and every file of its lake
// with its hash, which must be the ledger's. Folders that are compared by it
// must share a key and an inbox.
func ledgerOf(t *testing.T, dir string) []string {
	t.Helper()
	eng, err := engine.Open(t.Context(), engine.Options{Dir: filepath.Join(dir, "data"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	column := func(q string) (out []string) {
		t.Helper()
		rows, err := eng.DB().QueryContext(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				t.Fatal(err)
			}
			out = append(out, s)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return out
	}
	var all []string
	for _, q := range ledgerTables {
		_, name, _ := strings.Cut(q, "state.main.")
		for _, row := range column("SELECT CAST(row AS VARCHAR) FROM (" + q + ") AS row ORDER BY 1") {
			all = append(all, name+" "+row)
		}
	}
	hashes := column(`SELECT file_sha256 FROM state.main.loads ORDER BY 1`)
	var lying []string
	lake := filepath.Join(dir, "data", "lake")
	if err := filepath.WalkDir(lake, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(lake, path)
		sum := fmt.Sprintf("%x", sha256.Sum256(read(t, path)))
		all, lying = append(all, "file "+rel+" "+sum), append(lying, sum)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if slices.Sort(lying); !slices.Equal(lying, hashes) {
		t.Errorf("the files of %s are not those of its ledger: %d and %d", lake, len(lying), len(hashes))
	}
	return all
}

// sameLedger says where two ledgers differ.
func sameLedger(t *testing.T, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	less := func(from, other []string) (out []string) {
		for _, line := range from {
			if !slices.Contains(other, line) {
				out = append(out, line)
			}
		}
		return out[:min(len(out), 5)]
	}
	t.Errorf("ledgers and lakes differ: %d lines, want %d. Beyond:\n%s\nlacking:\n%s", len(got), len(want),
		strings.Join(less(got, want), "\n"), strings.Join(less(want, got), "\n"))
}

// startingAt is the command "sources pull" with its sources in another order, so
// that each of them is the one that is under way at times.
func startingAt(pull []string, n int) []string {
	names := pull[2:]
	n %= len(names)
	return slices.Concat(pull[:2], names[n:], names[:n])
}
