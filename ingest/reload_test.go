package ingest

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"laborwatch/engine"
	"laborwatch/lake"
)

// threeBad is an extract of three good and three bad rows, in lines 5 to 7.
func threeBad() []byte {
	u := employer(1)
	return []byte(social("202605", 3) + "202605," + person(5) + ",张某某," + u + ",210,1,10,三千,1\n" +
		"202605,110105194912310021,李某某," + u + ",210,1,10,3001,1\n" + "202605," + person(6) + ",王某某," + u + ",999,1,10,3002,1\n")
}

func TestTwoSheetsUnderTwoLevels(t *testing.T) {
	h := newHouse(t)
	f := excelize.NewFile()
	head := [][]any{
		{"2026年5月失业登记花名册"},
		{"登记编号", "个人信息", "", "", "登记信息", "", "", "", "注销信息", "备注"},
		{"", "证件号码", "姓名", "联系电话", "登记地区划", "登记日期", "失业原因", "人员类别", "注销日期", ""},
	}
	sheets := map[string][][]any{
		"新华区": append(slices.Clone(head), []any{"0001", person(1), "某某", "1", "410402", 46143, "单位失业", "", "", "甲"},
			[]any{"0002", 4.10402199001011e17, "某某", "007", "410402", 46144, "毕业", "", "", "乙"}),
		"卫东区": append(append(slices.Clone(head), []any{"填报人：略"}), []any{"0003", person(3), "某某", "1", "410403", 46145, "毕业", "无此类", 46150, ""},
			[]any{"合计", "1"}),
	}
	if err := f.SetSheetName("Sheet1", "新华区"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.NewSheet("卫东区"); err != nil {
		t.Fatal(err)
	}
	for name, rows := range sheets {
		for i, row := range rows {
			if err := f.SetSheetRow(name, fmt.Sprintf("A%d", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
		for _, m := range [][2]string{{"A1", "J1"}, {"A2", "A3"}, {"B2", "D2"}, {"E2", "H2"}, {"J2", "J3"}} {
			if err := f.MergeCell(name, m[0], m[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	h.put("失业登记_202605.xlsx", b.Bytes())
	h.load()
	if got := h.faults(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "新华区 row 5 person: excel_rounded") || !strings.Contains(got, "卫东区 row 5 categories: unknown_code") {
		t.Fatal(got)
	}
	path, e := h.export("unemployment_registration")
	if e.Rows != 2 || e.ByNumber != 0 {
		t.Fatalf("%+v", e)
	}
	checkMarks(t, h, path)
	book, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := gridOf(t, book, "卫东区").rows
	if want := []string{"5", "卫东区", "0003", person(3), "某某", "1", "410403", "2026-05-03", "毕业", "无此类", "2026-05-08", ""}; !slices.Equal(rows[2][:12], want) {
		t.Errorf("%q, want %q", rows[2][:12], want)
	}
	merged, err := book.GetMergeCells("新华区")
	if err != nil {
		t.Fatal(err)
	}
	var at []string
	for _, m := range merged {
		at = append(at, m[0])
	}
	slices.Sort(at)
	if want := []string{"A1:A2", "B1:B2", "C1:C2", "D1:F1", "G1:J1", "L1:L2", "M1:M2"}; !slices.Equal(at, want) {
		t.Errorf("merged %q, want %q", at, want)
	}
	book.Close()
	h.edit(path, "新华区", map[string]string{"5/证件号码": person(2)})
	h.edit(path, "卫东区", map[string]string{"5/人员类别": "农民工"})
	if r := h.reload(path); r.Corrected != 2 {
		t.Errorf("%+v", r)
	}
	if got := h.faults(); got != "" {
		t.Error(got)
	}
	if got, want := h.all("unemployment_registration", "registration_no, registered_on, categories, origin, _row"), "0001|2026-05-01||410499|4\n0002|2026-05-02||410499|5\n0003|2026-05-03|migrant_worker|410499|5\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestParquetRowsAreCorrected(t *testing.T) {
	h := newHouse(t)
	path := filepath.Join(h.dir, "inbox", "单位登记_202605.parquet")
	_, err := h.eng.DB().ExecContext(context.Background(), fmt.Sprintf(`COPY (SELECT DATE '2026-05-01' AS "统计月份", u AS "统一社会信用代码", '某公司' AS "单位名称",
		410402 AS "行政区划代码", i AS "行业代码", '存续' AS "单位状态" FROM (VALUES ('%s', 2614), ('%s', 9999), ('%s', 2614)) t(u, i)) TO %s (FORMAT parquet)`,
		employer(1), employer(2), employer(3), engine.Quote(path)))
	if err != nil {
		t.Fatal(err)
	}
	h.load()
	out, e := h.export("enterprise")
	if e.Rows != 1 || e.ByNumber != 0 {
		t.Fatalf("%+v\n%s", e, h.faults())
	}
	h.edit(out, "待更正", map[string]string{"2/行业代码": "2614"})
	if r := h.reload(out); r.Corrected != 1 || h.faults() != "" {
		t.Errorf("%+v\n%s", r, h.faults())
	}
}

// What a person may do with a workbook beside correcting it.
func TestPartialCorrections(t *testing.T) {
	h := newHouse(t)
	h.put("社保缴费_202605.csv", threeBad())
	h.load()
	first, _ := h.export("social_insurance")
	if s := h.status(); s.RowsOpen != 3 || s.RowsQuarantined != 3 {
		t.Errorf("%+v", s)
	}

	// One row corrected, one still bad in another way, one deleted, one added,
	// one number changed to that of a row that was loaded.
	h.edit(first, "待更正", map[string]string{"5/缴费基数": "3000", "6/社会保障号码": person(8), "6/人员状态": "9"})
	h.change(first, func(f *excelize.File) {
		row := []any{"7", "202605", person(9), "赵某某", employer(1), "210", "1", "10", "3005", "1"}
		if err := f.RemoveRow("待更正", 4); err != nil {
			t.Fatal(err)
		}
		for i, n := range []string{"3", ""} {
			row[0] = n
			if err := f.SetSheetRow("待更正", fmt.Sprintf("A%d", 4+i), &row); err != nil {
				t.Fatal(err)
			}
		}
	})
	r := h.reload(first)
	if r.Corrected != 1 || r.Faulty != 1 || r.Repeated != 0 || !slices.Equal(r.Deleted, []Place{{"", 7}}) ||
		!slices.Equal(r.Added, []Place{{"待更正", 4}, {"待更正", 5}}) || r.Part.PartOf != r.Of.ID {
		t.Errorf("%+v", r)
	}
	want := "社保缴费_202605.csv  row 6 person_status: unknown_code [1字符/chars]\n社保缴费_202605.csv  row 7 insurance: unknown_code [9… (3字符/chars)]\n"
	if got := h.faults(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if s := h.status(); s.RowsOpen != 2 || s.RowsQuarantined != 4 || s.Ever.RowsLoaded != 4 {
		t.Errorf("%+v", s)
	}

	// The next export shows each row as it was last seen.
	if err := os.Rename(first, filepath.Join(h.dir, "first.xlsx")); err != nil {
		t.Fatal(err)
	}
	if _, e := h.export("social_insurance"); e.Rows != 2 || e.ByNumber != 1 || len(e.Absent) != 1 {
		t.Errorf("%+v", e)
	}
	second, e := h.export("social_insurance", filepath.Join(h.dir, "first.xlsx"))
	if e.Rows != 2 || e.ByNumber != 0 {
		t.Errorf("%+v", e)
	}
	checkMarks(t, h, second)
	book, err := excelize.OpenFile(second)
	if err != nil {
		t.Fatal(err)
	}
	if got := gridOf(t, book, "待更正").rows[1]; got[2] != person(8) || got[3] != "李某某" || got[9] != "9" {
		t.Errorf("the row is %q", got)
	}
	book.Close()

	// A row equal to one that is loaded is a repeat; the first workbook, sent
	// again with more corrected, brings only what is open.
	h.edit(second, "待更正", map[string]string{"6/人员状态": "1", "7/社会保障号码": person(5), "7/险种": "210", "7/缴费基数": "3000"})
	if r := h.reload(second); r.Corrected != 1 || r.Repeated != 1 || r.Faulty != 0 {
		t.Errorf("%+v", r)
	}
	if got := h.faults(); got != "" {
		t.Error(got)
	}
	h.edit(filepath.Join(h.dir, "first.xlsx"), "待更正", map[string]string{"6/人员状态": "1"})
	if r := h.reload(filepath.Join(h.dir, "first.xlsx")); r.Already != 2 || r.Part.ID != "" || len(r.Deleted) > 0 {
		t.Errorf("%+v", r)
	}
	if got := h.all("social_insurance", "_row"); got != "2\n3\n4\n5\n6\n" {
		t.Errorf("rows %q", got)
	}

	// A whole corrected file closes what is left of the old one by itself.
	h.put("社保缴费_202605_更正.csv", []byte(social("202605", 3)))
	h.load()
	if s := h.status(); s.RowsOpen != 0 || s.RowsQuarantined != 0 || s.Loads != 1 {
		t.Errorf("%+v", s)
	}
	h.edit(second, "待更正", map[string]string{"6/人员状态": "2"})
	_, err = h.in.Reload(context.Background(), second, lake.Act{})
	if err == nil || !strings.Contains(err.Error(), "superseded by 社保缴费_202605_更正.csv") {
		t.Errorf("error %v", err)
	}
}

func (h *house) change(path string, do func(*excelize.File)) {
	h.t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	do(f)
	if err := f.Save(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) status() lake.FeedStatus {
	h.t.Helper()
	s, err := h.lake.Status(context.Background())
	if err != nil || len(s) != 1 {
		h.t.Fatal(s, err)
	}
	return s[0]
}

// Without the original the workbook tells numbers, masked values and reasons,
// and no cell of a row; filled in, it is reloaded like any other.
func TestExportWithoutTheOriginal(t *testing.T) {
	h := newHouse(t)
	h.put("社保缴费_202605.csv", threeBad())
	h.load()
	inbox := filepath.Join(h.dir, "inbox", "社保缴费_202605.csv")
	if err := os.Rename(inbox, filepath.Join(h.dir, "elsewhere.csv")); err != nil {
		t.Fatal(err)
	}
	path, e := h.export("social_insurance")
	if e.Rows != 3 || e.ByNumber != 3 || len(e.Absent) != 1 || !strings.Contains(e.Absent[0], inbox) {
		t.Errorf("%+v", e)
	}
	checkMarks(t, h, path)
	book, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g := gridOf(t, book, "待更正")
	if !strings.Contains(g.rows[0][0], "原文件行号") || g.rows[2][0] != "5" || strings.Join(g.rows[2][1:9], "") != "" || !strings.Contains(g.rows[2][9], "[2字符/chars]") {
		t.Errorf("%q", g.rows)
	}
	for _, sheet := range book.GetSheetList() {
		for _, row := range gridOf(t, book, sheet).rows {
			if s := strings.Join(row, " "); strings.Contains(s, "某某") || strings.Contains(s, person(5)) || strings.Contains(s, "三千") {
				t.Errorf("%s shows %q", sheet, s)
			}
		}
	}
	book.Close()

	// A file that is not the original, at its place or named, is not taken for it.
	h.put("社保缴费_202605.csv", append(threeBad(), '\n'))
	if _, e := h.export("social_insurance"); e.ByNumber != 3 || !strings.Contains(e.Absent[0], "SHA-256") {
		t.Errorf("%+v", e)
	}
	if _, err := h.in.Export(context.Background(), h.whole("social_insurance"), []string{inbox}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "is not the 社保缴费_202605.csv that was loaded") {
		t.Errorf("error %v", err)
	}
	if _, e := h.export("social_insurance", filepath.Join(h.dir, "elsewhere.csv")); e.ByNumber != 0 {
		t.Errorf("%+v", e)
	}

	h.edit(path, "待更正", map[string]string{
		"5/费款所属期": "202605", "5/证件号码": person(5), "5/统一社会信用代码": employer(1), "5/险种": "210", "5/缴费状态": "1", "5/缴费类型": "10", "5/缴费基数": "3000", "5/人员状态": "1",
	})
	r := h.reload(path)
	if r.Corrected != 1 || !slices.Equal(r.Deleted, []Place{{"", 6}, {"", 7}}) {
		t.Errorf("%+v", r)
	}
}

func TestReloadRefusals(t *testing.T) {
	h := newHouse(t)
	h.put("社保缴费_202605.csv", threeBad())
	h.load()
	path, _ := h.export("social_insurance")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before := h.query("SELECT count(*), (SELECT count(*) FROM state.main.quarantine WHERE closed_by <> '') FROM state.main.loads")
	other := newHouse(t)
	for _, c := range []struct {
		name, want string
		h          *house
		change     func(f *excelize.File)
	}{
		{"of another data folder", "is not in this data folder", other, nil},
		{"without the hidden sheet", "no workbook of corrections", h, func(f *excelize.File) {
			if err := f.DeleteSheet(hiddenSheet); err != nil {
				t.Fatal(err)
			}
		}},
		{"without row numbers", "lacks the column 原文件行号", h, func(f *excelize.File) {
			if err := f.RemoveCol("待更正", "A"); err != nil {
				t.Fatal(err)
			}
		}},
		{"without a required column", "required columns are missing: person", h, func(f *excelize.File) {
			if err := f.RemoveCol("待更正", "C"); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "back.xlsx")
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				h.change(path, c.change)
			}
			if _, err := c.h.in.Reload(context.Background(), path, lake.Act{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if after := h.query("SELECT count(*), (SELECT count(*) FROM state.main.quarantine WHERE closed_by <> '') FROM state.main.loads"); after != before {
		t.Errorf("from %s to %s", before, after)
	}
	// In the inbox it would pass for the whole month.
	h.put("社保缴费_202605_改.xlsx", b)
	if sum := h.load(); len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "laborwatch quarantine reload") {
		t.Errorf("%+v", sum)
	}
}

// Closing an entry hangs on the part that did it: withdrawn, the row waits again.
func TestWithdrawnPartOpensItsEntries(t *testing.T) {
	h := newHouse(t)
	h.in.scanFrom = 0 // as large extracts are
	h.put("社保缴费_202605.csv", threeBad())
	h.load()
	before := h.faults()
	path, _ := h.export("social_insurance")
	h.edit(path, "待更正", map[string]string{"5/缴费基数": "3000", "6/社会保障号码": "1"})
	r := h.reload(path)
	if h.faults() == before {
		t.Fatal("nothing was closed")
	}
	if _, err := h.eng.DB().ExecContext(context.Background(), "UPDATE state.main.loads SET status = 'withdrawn' WHERE load_id = ?", r.Part.ID); err != nil {
		t.Fatal(err)
	}
	if got := h.faults(); got != before {
		t.Errorf("got\n%swant\n%s", got, before)
	}
	if _, err := h.in.Reload(context.Background(), path, lake.Act{}); err == nil || !strings.Contains(err.Error(), "was withdrawn") {
		t.Errorf("error %v", err)
	}
}

// Neither the ledger nor the lake, nor any file left beside them, holds what the
// workbooks hold.
func TestCorrectionsLeaveNoPersonalData(t *testing.T) {
	h := newHouse(t)
	h.put("社保缴费_202605.csv", threeBad())
	h.load()
	var log bytes.Buffer
	h.in.log = slog.New(slog.NewTextHandler(&log, nil))
	path, _ := h.export("social_insurance")
	h.edit(path, "待更正", map[string]string{"5/缴费基数": "3000", "6/社会保障号码": person(8), "7/社会保障号码": "110105194912310000"})
	h.reload(path)
	if !strings.Contains(log.String(), "quarantined=1") {
		t.Errorf("log %q", log.String())
	}
	if err := os.WriteFile(filepath.Join(h.dir, "log"), log.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.eng.DB().ExecContext(context.Background(), "CHECKPOINT state"); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(h.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.Contains(p, "inbox") {
			return err
		}
		files++
		b, err := os.ReadFile(p)
		for _, secret := range []string{person(5), person(6), person(8), "110105194912310021", "110105194912310000", "张某某", "李某某"} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds %s…", p, secret[:6])
			}
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("%d files, %v", files, err)
	}
	events := h.query("SELECT who, why FROM state.main.load_events ORDER BY n")
	if events != "|\ntester|test\n" {
		t.Errorf("events %q", events)
	}
	left, err := os.ReadDir(h.lake.Temp(""))
	if err != nil || len(left) > 0 {
		t.Errorf("left in tmp: %v, %v", left, err)
	}
}

// Daily files add up; a corrected one takes the place of the file and of the
// rows that were corrected in it, whatever the workbook was called meanwhile.
func TestCorrectedDailyFile(t *testing.T) {
	h := newHouse(t)
	const head = "证件号码,统一社会信用代码,变更日期,增减标志,变更原因\n"
	row := func(n int, day string) string {
		return person(n) + "," + employer(1) + "," + day + ",减员,裁员\n"
	}
	h.put("增减员_20260512.csv", []byte(head+row(1, "2026-05-12")+row(2, "2026-05-32")+row(3, "2026-04-31")))
	h.put("增减员_20260513.csv", []byte(head+row(4, "2026-05-13")))
	h.load()
	path, _ := h.export("insurance_change")
	back := filepath.Join(h.dir, "增减员_20260512_更正.xlsx")
	if err := os.Rename(path, back); err != nil {
		t.Fatal(err)
	}
	for n, cell := range []string{"3/变更日期", "4/变更日期"} {
		h.edit(back, "待更正", map[string]string{cell: "2026-05-12"})
		if r := h.reload(back); r.Corrected != 1 || r.Already != int64(n) {
			t.Errorf("%d: %+v", n, r)
		}
	}
	if got := h.all("insurance_change", "_row"); got != "2\n2\n3\n4\n" {
		t.Errorf("rows %q", got)
	}
	h.put("增减员_20260512_更正.csv", []byte(head+row(1, "2026-05-12")))
	if sum := h.load(); len(sum.Refused) > 0 || len(sum.Loads) != 1 || !slices.Equal(sum.Loads[0].Superseded, []string{"增减员_20260512.csv"}) {
		t.Errorf("%+v", sum)
	}
	if got := h.all("insurance_change", "_row"); got != "2\n2\n" {
		t.Errorf("rows %q", got)
	}
}

// A quote that is never closed swallows no line: each is the row that it is, in
// the workbook too.
func TestLinesAfterAStrayQuote(t *testing.T) {
	h := newHouse(t)
	h.put("岗位信息_202605.csv", []byte("岗位编号,工作地区划,招聘人数,发布日期,岗位名称\r\nP1,410402,1,2026-05-01,普工\r\n\"P2,410402,x,2026-05-02,普工\r\nP3,410402,1,2026-05-03,普工\r\n"+
		"\"P4\",410402,1,2026-05-04,\"普,工\"\r\nP5,410402,x,2026-05-05,\"普\r\n工\"\r\n"))
	h.load()
	if got := h.faults(); got != "岗位信息_202605.csv  row 3 openings: bad_number [1字符/chars]\n岗位信息_202605.csv  row 6 openings: bad_number [1字符/chars]\n" {
		t.Fatal(got)
	}
	path, e := h.export("job_vacancy")
	if e.Rows != 2 || e.ByNumber != 0 {
		t.Errorf("%+v", e)
	}
	h.change(path, func(f *excelize.File) {
		g := gridOf(t, f, "待更正")
		for i, want := range [][]string{{"3", "P2", "410402", "x", "2026-05-02", "普工"}, {"6", "P5", "410402", "x", "2026-05-05", "普\n工"}} {
			if !slices.Equal(g.rows[1+i][:6], want) {
				t.Errorf("%q, want %q", g.rows[1+i], want)
			}
		}
		for cell, value := range map[string]string{"D2": "2", "D3": "2"} {
			if err := f.SetCellStr("待更正", cell, value); err != nil {
				t.Fatal(err)
			}
		}
	})
	if r := h.reload(path); r.Corrected != 2 || r.Faulty+r.Repeated != 0 || len(r.Unrepaired)+len(r.Added) > 0 {
		t.Errorf("%+v", r)
	}
	if got, want := h.all("job_vacancy", "_row, posting_no, title"), "2|P1|普工\n3|P2|普工\n4|P3|普工\n5|P4|普,工\n6|P5|普 工\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
