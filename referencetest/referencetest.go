// Package referencetest reads the reference data that tests hold numbers against.
// They are not part of the repository: LABORWATCH_REFERENCE names their folder,
// and without it a test that asks for them is skipped.
package referencetest

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// Path of a file or folder in the reference folder.
func Path(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("LABORWATCH_REFERENCE")
	if dir == "" {
		t.Skip("LABORWATCH_REFERENCE does not name the folder of reference data")
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// Table is a CSV file with a header; it has at least one row.
type Table struct {
	Head []string
	Rows [][]string
}

// Read reads a CSV file of the reference folder.
func Read(t testing.TB, name string) Table {
	t.Helper()
	f, err := os.Open(Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(rows) < 2 {
		t.Fatalf("%s has no row", name)
	}
	return Table{rows[0], rows[1:]}
}

// Maps is the file as one map a row.
func Maps(t testing.TB, name string) []map[string]string {
	t.Helper()
	table := Read(t, name)
	out := make([]map[string]string, len(table.Rows))
	for i, row := range table.Rows {
		out[i] = map[string]string{}
		for j, column := range table.Head {
			out[i][column] = row[j]
		}
	}
	return out
}

// Column is where a column stands, from 0.
func (f Table) Column(t testing.TB, name string) int {
	t.Helper()
	for i, n := range f.Head {
		if n == name {
			return i
		}
	}
	t.Fatalf("no column %s", name)
	return -1
}

// Text of a column.
func (f Table) Text(t testing.TB, name string) []string {
	t.Helper()
	i := f.Column(t, name)
	out := make([]string, len(f.Rows))
	for r, row := range f.Rows {
		out[r] = row[i]
	}
	return out
}

// Numbers of a column: NaN for what is none, an empty cell or NA.
func (f Table) Numbers(t testing.TB, name string) []float64 {
	t.Helper()
	out := make([]float64, len(f.Rows))
	for i, s := range f.Text(t, name) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			v = math.NaN()
		}
		out[i] = v
	}
	return out
}

// Number reads a cell that must be one.
func Number(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
