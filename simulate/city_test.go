package simulate

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"

	"laborwatch/period"
)

// TestCity looks at one city large enough for every event from all sides.
func TestCity(t *testing.T) {
	dir := t.TempDir()
	o := Options{Out: dir, Persons: 110_000, Months: 26, Seed: 7}
	sum, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	x := &extracts{dir: dir}
	t.Run("summary", func(t *testing.T) { checkSummary(t, x, sum) })
	t.Run("rates", func(t *testing.T) { checkRates(t, x, sum) })
	t.Run("bad rows", func(t *testing.T) { checkBadRows(t, x) })
	t.Run("text extracts", func(t *testing.T) { checkTables(t, x) })
	t.Run("workbooks", func(t *testing.T) { checkWorkbooks(t, x) })
	t.Run("register", func(t *testing.T) { checkRegister(t, x) })
	t.Run("insurance", func(t *testing.T) { checkInsurance(t, x) })
	t.Run("registrations", func(t *testing.T) { checkRegistrations(t, x) })
	t.Run("population totals", func(t *testing.T) { checkPopulationTotals(t, x) })
	t.Run("survey items", func(t *testing.T) { checkSurveyItems(t, x) })
	t.Run("survey", func(t *testing.T) { checkSurvey(t, x) })
	t.Run("events", func(t *testing.T) { checkEvents(t, x) })
	t.Run("alerts follow from the extracts", func(t *testing.T) { checkAlerts(t, x) })
}

// extracts reads a simulated city back.
type extracts struct{ dir string }

// read gives the rows of a text file, header first, decoded by its feed.
func (x *extracts) read(t *testing.T, rel string) [][]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(x.dir, rel))
	if err != nil {
		t.Fatal(err)
	}
	var r io.Reader = bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff")))
	if strings.Contains(rel, "社保缴费") {
		r = transform.NewReader(r, simplifiedchinese.GB18030.NewDecoder())
	}
	rows, err := csv.NewReader(bufio.NewReader(r)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", rel, err)
	}
	return rows
}

// truth gives a truth file's rows by column name.
func (x *extracts) truth(t *testing.T, name string) []map[string]string {
	t.Helper()
	return named(x.read(t, "truth/"+name))
}

func named(rows [][]string) []map[string]string {
	out := make([]map[string]string, 0, len(rows))
	for _, r := range rows[1:] {
		m := make(map[string]string, len(r))
		for i, v := range r {
			m[rows[0][i]] = v
		}
		out = append(out, m)
	}
	return out
}

// files lists a feed's extracts in order of delivery, corrected ones left out.
func (x *extracts) files(t *testing.T, feed string) []map[string]string {
	t.Helper()
	all := x.truth(t, "files.csv")
	corrected := map[string]bool{}
	for _, f := range all {
		corrected[f["corrects"]] = true
	}
	var out []map[string]string
	for _, f := range all {
		if f["feed"] == feed && !corrected[f["file"]] {
			out = append(out, f)
		}
	}
	return out
}

// badRows gives the bad rows of a file by row number.
func (x *extracts) badRows(t *testing.T, file string) map[int]map[string]string {
	t.Helper()
	out := map[int]map[string]string{}
	for _, b := range x.truth(t, "bad_rows.csv") {
		if b["file"] == file {
			out[number(t, b["row"])] = b
		}
	}
	return out
}

// sheetRows reads a workbook's first sheet as a person sees it.
func (x *extracts) sheetRows(t *testing.T, rel string) ([][]string, []excelize.MergeCell) {
	t.Helper()
	f, err := excelize.OpenFile(filepath.Join(x.dir, rel))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := f.GetRows(sheetName)
	if err != nil {
		t.Fatal(err)
	}
	merged, err := f.GetMergeCells(sheetName)
	if err != nil {
		t.Fatal(err)
	}
	return rows, merged
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func month(t *testing.T, s string) period.Period {
	t.Helper()
	p, err := period.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The same options give the same bytes, another seed gives others.
func TestSameSeedSameBytes(t *testing.T) {
	sums := map[string]string{}
	for _, run := range []struct {
		name string
		seed uint64
	}{{"first", 3}, {"again", 3}, {"other", 4}} {
		dir := t.TempDir()
		if _, err := Run(t.Context(), Options{Out: dir, Persons: 50_000, Months: 10, Seed: run.seed}); err != nil {
			t.Fatal(err)
		}
		sums[run.name] = hashTree(t, dir)
	}
	if sums["first"] != sums["again"] {
		t.Error("two runs of one seed differ")
	}
	if sums["first"] == sums["other"] {
		t.Error("two seeds gave the same city")
	}
}

func hashTree(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		_, _ = fmt.Fprintf(h, "%s %d %x\n", rel, len(b), sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestOptions(t *testing.T) {
	full := t.TempDir()
	if err := os.MkdirAll(filepath.Join(full, "inbox", "2026-01"), 0o755); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Options{
		"no output folder":      {},
		"10 persons":            {Out: "x", Persons: 10},
		"3 months":              {Out: "x", Months: 3},
		"121 months":            {Out: "x", Months: 121},
		`region "410402"`:       {Out: "x", Region: "410402"},
		"want a month of 2012":  {Out: "x", End: period.Of(1990, 1)},
		"inbox is not empty":    {Out: full},
		"5 persons: want 50000": {Out: "x", Persons: 5, Months: 1},
	} {
		if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// A short run says what it leaves out; a city elsewhere has its own counties.
func TestShortRunElsewhere(t *testing.T) {
	sum, err := Run(t.Context(), Options{Out: t.TempDir(), Region: "370200", Persons: 50_000, Months: 6, End: period.Of(2024, 12)})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Events != 0 || sum.ExpectedAlerts != 0 || len(sum.LeftOut) == 0 {
		t.Errorf("a run of 6 months has %d events, %d alerts, left out %v", sum.Events, sum.ExpectedAlerts, sum.LeftOut)
	}
}

func BenchmarkRun(b *testing.B) {
	rows := 0
	for b.Loop() {
		sum, err := Run(b.Context(), Options{Out: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		for _, n := range sum.Rows {
			rows += n
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
