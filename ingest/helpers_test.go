package ingest

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"laborwatch/codes"
	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/pseudonym"
)

// ways are the two ways in which large text is read, by the size from which it is scanned.
var ways = map[string]int64{"engine": math.MaxInt64, "scan": 0}

// testKeys are a chain of keys that are all one byte, one for each.
func testKeys(bytes ...byte) *pseudonym.Chain {
	var keys pseudonym.Keys
	for _, b := range bytes {
		k := pseudonym.Key{Algorithm: pseudonym.SM3}
		for i := range k.Secret {
			k.Secret[i] = b
		}
		keys = append(keys, k)
	}
	chain, err := pseudonym.NewChain(keys)
	if err != nil {
		panic(err)
	}
	return chain
}

// city are regions that tests accept.
var city = []string{"410402", "410403", "410421", "410482"}

func clock() time.Time { return time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC) }

// house is a data folder with everything that ingest needs.
type house struct {
	t         testing.TB
	dir       string
	eng       *engine.DuckDB
	lake      *lake.Lake
	in        *Ingester
	contracts Contracts
}

func newHouse(t testing.TB) *house {
	t.Helper()
	contracts, err := LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	return newHouseWith(t, contracts, city)
}

func newHouseWith(t testing.TB, contracts Contracts, regions []string) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), contracts: contracts}
	h.open(regions)
	t.Cleanup(h.close)
	if err := os.MkdirAll(filepath.Join(h.dir, "inbox"), 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) open(regions []string) {
	h.t.Helper()
	ctx := context.Background()
	var err error
	if h.eng, err = engine.Open(ctx, engine.Options{Dir: h.dir, MemoryLimit: "1200MB"}); err != nil {
		h.t.Fatal(err)
	}
	if h.lake, err = lake.Open(ctx, h.eng, filepath.Join(h.dir, "lake"), clock); err != nil {
		h.t.Fatal(err)
	}
	if h.in, err = New(Options{Lake: h.lake, Engine: h.eng, Contracts: h.contracts, Inbox: filepath.Join(h.dir, "inbox"), Keys: testKeys(7), Regions: regions, Clock: clock}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) close() {
	if err := h.eng.Close(); err != nil {
		h.t.Error(err)
	}
}

// put writes an extract into the inbox.
func (h *house) put(name string, b []byte) {
	h.t.Helper()
	path := filepath.Join(h.dir, "inbox", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// load ingests the inbox.
func (h *house) load() Summary {
	h.t.Helper()
	files, _, err := h.in.Scan(filepath.Join(h.dir, "inbox"))
	if err != nil {
		h.t.Fatal(err)
	}
	sum, err := h.in.Load(context.Background(), files)
	if err != nil {
		h.t.Fatal(err)
	}
	if sum.RowsIn != sum.RowsLoaded+sum.RowsQuarantined+sum.RowsRepeated {
		h.t.Errorf("rows are not accounted for: %+v", sum)
	}
	return sum
}

// rows prints the given columns of the feed's live loads, in order of load and row.
func (h *house) rows(feed, columns string) string {
	h.t.Helper()
	loads, err := h.lake.Live(context.Background(), feed)
	if err != nil {
		h.t.Fatal(err)
	}
	var b bytes.Buffer
	for _, l := range loads {
		b.WriteString(h.query(fmt.Sprintf("SELECT %s FROM read_parquet(%s, hive_partitioning = false) ORDER BY _row", columns, engine.Quote(h.lake.Path(l)))))
	}
	return b.String()
}

// query prints the rows of a query, cells parted by bars.
func (h *house) query(sql string) string {
	h.t.Helper()
	rows, err := h.eng.DB().QueryContext(context.Background(), "SELECT COLUMNS(*)::VARCHAR FROM ("+sql+")")
	if err != nil {
		h.t.Fatalf("%v\n%s", err, sql)
	}
	defer func() { _ = rows.Close() }()
	cols, err := rows.Columns()
	if err != nil {
		h.t.Fatal(err)
	}
	var b bytes.Buffer
	for rows.Next() {
		cells := make([]*string, len(cols))
		into := make([]any, len(cols))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			h.t.Fatal(err)
		}
		for i, c := range cells {
			if i > 0 {
				b.WriteByte('|')
			}
			if c == nil {
				b.WriteString("∅")
			} else {
				b.WriteString(*c)
			}
		}
		b.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		h.t.Fatal(err)
	}
	return b.String()
}

// faults prints the quarantine without hints.
func (h *house) faults() string {
	h.t.Helper()
	list, err := h.lake.Quarantined(context.Background(), "", 0)
	if err != nil {
		h.t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range list {
		if f.Hint == "" {
			h.t.Errorf("%+v has no hint", f)
		}
		fmt.Fprintf(&b, "%s %s row %d %s: %s [%s]\n", f.File, f.Sheet, f.Row, f.Column, f.Reason, f.Masked)
	}
	return b.String()
}

// person makes a valid resident ID under a county code never assigned.
func person(n int) string {
	first := fmt.Sprintf("410499%04d%02d%02d%03d", 1960+n%45, 1+n%12, 1+n%28, n%1000)
	c, ok := codes.ResidentCheck(first)
	if !ok {
		panic(first)
	}
	return first + string(c)
}

// employer makes a valid credit code.
func employer(n int) string {
	first := fmt.Sprintf("91410499MA%07d", n)
	c, ok := codes.CreditCheck(first)
	if !ok {
		panic(first)
	}
	return first + string(c)
}

func gb18030(s string) []byte {
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		panic(err)
	}
	return b
}

// book makes a workbook of one sheet; merges are pairs of cells.
func book(t testing.TB, rows [][]any, merges ...[2]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range merges {
		if err := f.MergeCell("Sheet1", m[0], m[1]); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
