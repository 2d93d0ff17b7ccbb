package ingest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"laborwatch/engine"
)

// quirk is one way in which extracts arrive other than they should. Its folder
// in testdata/quirks holds the extracts byte for byte, the contract they are
// read by when it is none of those that ship, and golden, what comes of them.
type quirk struct {
	dir                                    string
	loaded, quarantined, repeated, refused int
}

var quirks = []quirk{
	// Encodings.
	{"gbk", 3, 0, 0, 0},
	{"gb18030", 2, 0, 0, 0}, // characters of four bytes
	{"utf8", 3, 0, 0, 0},
	{"utf8_bom", 3, 0, 0, 0},
	{"utf16le", 3, 0, 0, 0},
	{"utf16be", 3, 0, 0, 0},
	{"gzip", 3, 0, 0, 0},
	{"damaged_bytes", 1, 1, 0, 0},
	// Characters.
	{"fullwidth", 3, 0, 0, 0},
	{"hyphens", 3, 0, 0, 0},
	// Resident IDs.
	{"lowercase_x", 3, 0, 0, 0},
	{"ids_of_15_digits", 2, 1, 0, 0}, // one has 14
	{"ids_rounded", 1, 2, 0, 0},
	{"ids_scientific", 1, 3, 0, 0},
	{"wrong_check_digit", 0, 3, 0, 0},
	// Dates, months, numbers.
	{"date_serials", 2, 2, 0, 0},
	{"date_forms", 4, 3, 0, 0},
	{"month_forms", 12, 3, 0, 0},
	{"missing_months", 2, 2, 0, 1},
	{"thousands", 4, 2, 0, 0},
	{"empty_marks", 8, 2, 0, 0},
	// Headers and what stands around the data.
	{"titles_above", 3, 0, 0, 0},
	{"totals_below", 3, 0, 0, 0},
	{"xlsx_two_levels", 2, 0, 0, 0},
	{"xlsx_several_sheets", 2, 0, 0, 0},
	{"xlsx_merged_rows", 1, 1, 0, 0},
	{"xlsx_numbers", 3, 1, 0, 0},
	// Lines.
	{"cr", 3, 0, 0, 0},
	{"crlf", 3, 0, 0, 0},
	{"mixed_line_ends", 3, 0, 0, 0},
	{"blank_lines", 3, 1, 0, 0}, // a line of blanks alone is no row, and is told,
	{"trailing_commas", 3, 0, 0, 0},
	{"quoted_breaks", 2, 0, 0, 0},
	{"malformed_rows", 2, 2, 0, 0},
	{"wrapped_cells", 2, 1, 0, 0},
	// Codes of older editions.
	// Not declared, a code that today's edition does not have is told; the same
	// digits with another meaning cannot be: hence industry_version.
	{"industry_2002_not_declared", 5, 3, 0, 0},
	{"industry_2002", 7, 1, 0, 0},
	{"industry_2011", 5, 3, 0, 0},
	// Rows.
	{"duplicates", 3, 0, 1, 0},
	{"small_cells", 2, 1, 0, 0},
}

var pseudonym = regexp.MustCompile(`\b[0-9a-f]{32}\b`)

func TestQuirks(t *testing.T) {
	entries, err := os.ReadDir("testdata/quirks")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.ContainsFunc(quirks, func(q quirk) bool { return q.dir == e.Name() }) {
			t.Errorf("nothing is said of %s", e.Name())
		}
	}
	for _, q := range quirks {
		t.Run(q.dir, func(t *testing.T) { testQuirk(t, q) })
	}
}

func testQuirk(t *testing.T, q quirk) {
	dir := filepath.Join("testdata", "quirks", q.dir)
	contracts, err := LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "contract.yaml")); err == nil {
		own, err := LoadOnly(dir)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(contracts, own)
	}
	h := newHouseWith(t, contracts, city)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var secrets []string
	for _, e := range entries {
		if e.Name() == "golden" || e.Name() == "contract.yaml" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		h.put(e.Name(), b)
		secrets = append(secrets, regexp.MustCompile(`410499\d{11}[\dXx]`).FindAllString(string(b), -1)...)
	}
	sum := h.load()
	if got := (quirk{q.dir, int(sum.RowsLoaded), int(sum.RowsQuarantined), int(sum.RowsRepeated), len(sum.Refused)}); got != q {
		t.Errorf("got %+v, want %+v", got, q)
	}
	got := h.outcome(sum)
	for _, s := range append(secrets, "某某") {
		if strings.Contains(got, s) {
			t.Errorf("the outcome shows %q", s)
		}
	}
	golden(t, filepath.Join("quirks", q.dir, "golden"), got)
}

// outcome prints what became of the inbox: the rows of each load, persons
// numbered as they come, then the quarantine with its hints, and the refusals.
func (h *house) outcome(sum Summary) string {
	h.t.Helper()
	var b strings.Builder
	for _, l := range sum.Loads {
		path := engine.Quote(h.lake.Path(l.Load))
		fmt.Fprintf(&b, "%s → %s %s: %d in, %d loaded, %d quarantined, %d repeated\n", l.File, l.Load.Feed, l.Load.Period, l.Load.RowsIn, l.Load.RowsLoaded, l.Load.RowsQuarantined, l.Load.RowsRepeated)
		b.WriteString(h.query("SELECT string_agg(column_name, '|') FROM (DESCRIBE SELECT * FROM read_parquet(" + path + ", hive_partitioning = false))"))
		b.WriteString(h.query("SELECT * FROM read_parquet(" + path + ", hive_partitioning = false) ORDER BY _row"))
	}
	faults, err := h.lake.Quarantined(context.Background(), "", 0)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range faults {
		fmt.Fprintf(&b, "quarantined: %s %s row %d %s: %s [%s] %s\n", f.File, f.Sheet, f.Row, f.Column, f.Reason, f.Masked, f.Hint)
	}
	for _, r := range sum.Refused {
		fmt.Fprintf(&b, "refused: %s: %s\n", r.File, r.Reason)
	}
	persons := map[string]string{}
	return pseudonym.ReplaceAllStringFunc(b.String(), func(key string) string {
		if persons[key] == "" {
			persons[key] = fmt.Sprintf("person %d", len(persons)+1)
		}
		return persons[key]
	})
}
