package ingest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"laborwatch/engine"
)

// parquetOf writes the rows of a SELECT as a Parquet file.
func (h *house) parquetOf(query string) []byte {
	h.t.Helper()
	file := filepath.Join(h.t.TempDir(), "x.parquet")
	if _, err := h.eng.DB().ExecContext(h.t.Context(), fmt.Sprintf("COPY (%s) TO %s (FORMAT parquet, ROW_GROUP_SIZE 2048)", query, engine.Quote(file))); err != nil {
		h.t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

func registeredParquet(n int, more string) string {
	return fmt.Sprintf(`SELECT 'R' || range AS 登记编号, '%s' AS 证件号码, 410402 AS 登记地区划, DATE '2026-06-01' + CAST(range %% 20 AS INTEGER) AS 登记日期, ['毕业', '其他'][1 + range %% 2] AS 失业原因%s FROM range(%d)`, person(3), more, n)
}

// TestDamagedParquet: damage, wherever it is, refuses the file that has it and
// nothing else.
func TestDamagedParquet(t *testing.T) {
	h := newHouse(t)
	whole := h.parquetOf(registeredParquet(5000, ""))
	refused := 0
	const tries = 60
	for i := range tries {
		b := bytes.Clone(whole)
		for k := range 4 {
			b[4+(i*len(b)/tries+k*37)%(len(b)-8)] ^= byte(1 << ((i + k) % 8))
		}
		month := fmt.Sprintf("20%02d%02d", 10+i/12, 1+i%12)
		h.put("失业登记_"+month+".parquet", b)
		h.put("求职登记_"+month+".csv", []byte("求职编号,证件号码,求职地区划,登记日期\nQ1,"+person(1)+",410402,2026-06-01\n"))
	}
	sum := h.load()
	good := 0
	for _, l := range sum.Loads {
		if l.Load.Feed == "job_seeker" {
			good++
		}
	}
	for _, r := range sum.Refused {
		refused++
		if r.Feed != "unemployment_registration" {
			t.Errorf("%+v", r)
		}
	}
	if good != tries || refused < tries/4 {
		t.Errorf("%d of %d good files loaded, %d damaged ones refused", good, tries, refused)
	}
}

// TestNestedParquet: lists and structures that the contract does not read are
// passed over; those that it reads are refused by name.
func TestNestedParquet(t *testing.T) {
	h := newHouse(t)
	h.put("失业登记_202606.parquet", h.parquetOf(registeredParquet(5, ", [1, 2] AS 标签, {'a': 1} AS 附件, MAP {'k': 'v'} AS 其他项, 1 AS 批次")))
	h.put("失业登记_202605.parquet", h.parquetOf(strings.Replace(registeredParquet(5, ""), "410402 AS", "[410402] AS", 1)))
	h.put("失业登记_202604.parquet", h.parquetOf(registeredParquet(5, ", 1 AS file_row_number")))
	h.put("失业登记_202603.parquet", h.parquetOf(registeredParquet(5, "")))
	sum := h.load()
	var told strings.Builder
	for _, r := range sum.Refused {
		told.WriteString(r.File + " " + r.Reason + "\n")
	}
	if sum.RowsLoaded != 10 || len(sum.Refused) != 2 || !strings.Contains(told.String(), "the column 登记地区划 of the Parquet file holds no plain values") {
		t.Errorf("%+v\n%s", sum, told.String())
	}
}

// A Parquet file, however broken, ends in a layout that can be read or a refusal.
func FuzzParquet(f *testing.F) {
	h := newHouse(f)
	f.Add(h.parquetOf(registeredParquet(3, "")))
	f.Add(h.parquetOf(registeredParquet(300, ", [1] AS 标签")))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &source{file: File{Path: filepath.Join(dir, "x.parquet"), Feed: "unemployment_registration"}}
		if err := os.WriteFile(s.file.Path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		err := h.in.prepareParquet(t.Context(), h.contracts[s.file.Feed], s)
		switch {
		case isRefusal(err):
		case err != nil:
			t.Fatalf("%v is no refusal", err)
		case len(s.layout.cols) != len(h.contracts[s.file.Feed].Columns):
			t.Fatalf("%+v", s.layout)
		}
	})
}
