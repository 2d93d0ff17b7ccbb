package ingest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"laborwatch/lake"
	"laborwatch/messages"
)

// export writes the corrections of the feed's only live extract.
func (h *house) export(feed string, originals ...string) (string, Exported) {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), "corrections.xlsx")
	f, err := os.Create(path)
	if err != nil {
		h.t.Fatal(err)
	}
	e, err := h.in.Export(context.Background(), h.whole(feed), originals, f)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		h.t.Fatal(err)
	}
	return path, e
}

// whole is the feed's only live load that is no part.
func (h *house) whole(feed string) lake.Load {
	h.t.Helper()
	loads, err := h.lake.Live(context.Background(), feed)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, x := range loads {
		if x.PartOf == "" {
			return x
		}
	}
	h.t.Fatalf("no load of %s in %v", feed, loads)
	return lake.Load{}
}

func (h *house) reload(path string) Reloaded {
	h.t.Helper()
	r, err := h.in.Reload(context.Background(), path, lake.Act{Who: "tester", Why: "test"})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// edit changes cells of a workbook: the keys are "row in the original/header".
func (h *house) edit(path, sheet string, cells map[string]string) {
	h.t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	g := gridOf(h.t, f, sheet)
	for key, value := range cells {
		row, header, _ := strings.Cut(key, "/")
		cell := g.find(row, header)
		if cell == "" {
			h.t.Fatalf("no cell %s in %v", key, g.rows)
		}
		if err := f.SetCellStr(sheet, cell, value); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := f.Save(); err != nil {
		h.t.Fatal(err)
	}
}

// grid finds cells of an exported sheet as a person does.
type grid struct{ rows [][]string }

func gridOf(t testing.TB, f *excelize.File, sheet string) grid {
	t.Helper()
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return grid{rows}
}

func (g grid) find(row, header string) string {
	col := -1
	for i, cells := range g.rows {
		for j, s := range cells {
			if s == header && col < 0 {
				col = j
			}
		}
		if col >= 0 && len(cells) > 0 && cells[0] == row {
			return cellName(col, i+1)
		}
	}
	return ""
}

// Every reason, in every kind of file: exported, corrected by a person,
// reloaded, all rows are there and no entry is open.
func TestCorrectEveryReason(t *testing.T) {
	u, id := employer(1), person(7)
	tried := map[string]bool{}
	for _, c := range []struct {
		name, file, feed, sheet string
		b                       []byte
		rows                    int // bad rows
		faults                  []string
		fix                     map[string]string
		want                    string // rows in the lake, of columns
		columns                 string
	}{
		{
			name: "social insurance in GB18030", file: "社保缴费_202605.csv", feed: "social_insurance", sheet: "待更正",
			b: gb18030("2026年5月社保缴费\n" + social("202605", 2) + strings.Join([]string{
				"202605,110105194912310021,某某," + u + ",210,1,10,3000,1",
				"202605,4.10402E+17,某某," + u + ",210,1,10,3001,1",
				"202605," + id + ",某某," + u[:17] + "0,210,1,10,3002,1",
				"202613," + id + ",某某," + u + ",210,1,10,3003,1",
				"202705," + id + ",某某," + u + ",999,1,10,3004,1",
				"202605," + id + ",某某," + u + ",210,1,10,三千,1",
				"202605,,某某," + u + ",210,1,10,3006,1",
				"202605," + id + ",某某," + u + ",210,1,10",
				"202605," + id + ",某某,分部," + u + ",210,1,10,3008,1",
				"202605," + id + ",\"某\"某," + u + ",210,1,10,3009,1",
			}, "\n") + "\n"),
			rows: 10, faults: []string{BadCheckDigit, ExcelRounded, BadMonth, FarMonth, UnknownCode, BadNumber, Missing, MalformedRow},
			fix: map[string]string{
				"5/社会保障号码": person(11), "6/社会保障号码": person(12), "7/统一社会信用代码": u, "8/费款所属期": "202605", "9/费款所属期": "202605", "9/险种": "210", "10/缴费基数": "3005",
				"11/社会保障号码": person(13), "12/缴费基数": "3007", "12/人员状态": "1",
				"13/统一社会信用代码": u, "13/险种": "210", "13/缴费状态": "1", "13/缴费类型": "10", "13/缴费基数": "3008", "13/人员状态": "1", "13/原因": "",
				"14/姓名": "某某",
			},
			columns: "base_fen, uscc, _row",
			want: "300050|91410499MA0000000P|3\n300150|91410499MA0000001T|4\n" + func() (s string) {
				for i := range 10 {
					s += fmt.Sprintf("%d|%s|%d\n", 300000+100*i, u, 5+i)
				}
				return s
			}(),
		},
		{
			name: "a county's registrations", file: "失业登记_410402_202605.csv", feed: "unemployment_registration", sheet: "待更正",
			b:    []byte("登记编号,证件号码,登记地区划,登记日期,失业原因\nS1," + id + ",410402,2026-05-01,毕业\nS2," + person(8) + ",410403,2026-05-02,毕业\n" + person(9) + "," + person(9) + ",410402,2026-05-03,毕业\nS4," + person(10) + ",410402,2026-05-04,毕业\nS5," + person(11) + ",410402,2026-05-05,毕业\nS4," + person(12) + ",410402,2026-05-06,毕业\n"),
			rows: 3, faults: []string{OutOfScope, PersonalData, ConflictingKey},
			fix: map[string]string{"3/登记地区划": "410402", "4/登记编号": "S3", "7/登记编号": "S6"}, columns: "registration_no, region, _row",
			want: "S1|410402|2\nS2|410402|3\nS3|410402|4\nS4|410402|5\nS5|410402|6\nS6|410402|7\n",
		},
		{
			name: "vacancies in gz with damage", file: "岗位信息_202605.csv.gz", feed: "job_vacancy", sheet: "待更正",
			b: gzipped(bytes.Replace(gb18030("岗位编号,工作地区划,招聘人数,薪资,岗位名称,发布日期,行业代码\n"+
				"G1,410402,3,面议,普工,2026-05-01,2614\nG2,410402,3,4000-6000元/月,普@工,2026-05-02,2614\n"+
				"G3,410499,若干人,六千,普工,2026-02-30,9999\n\"00\n04\",410402,x,面议,普工,2026-05-03,2614\n"), []byte("@"), []byte{0xff}, 1)),
			rows: 3, faults: []string{BadEncoding, BadRegion, BadNumber, BadDate, BadIndustry},
			fix: map[string]string{
				"3/岗位名称": "普通工", "4/工作地区划": "410403", "4/薪资": "6千/月", "4/发布日期": "2026-05-30", "4/行业代码": "2614", "5/招聘人数": "2", "5/岗位编号": "0004",
			},
			columns: "posting_no, region, wage_low_fen, posted_on, _row",
			want:    "G1|410402|∅|2026-05-01|2\nG2|410402|400000|2026-05-02|3\nG3|410403|600000|2026-05-30|4\n0004|410402|∅|2026-05-03|5\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.put(c.file, c.b)
			h.load()
			before := h.faults()
			for _, f := range c.faults {
				tried[f] = true
				if !strings.Contains(before, f) {
					t.Errorf("no row has the fault %s:\n%s", f, before)
				}
			}
			path, e := h.export(c.feed)
			if e.Rows != c.rows || e.ByNumber != 0 || len(e.Absent) > 0 {
				t.Fatalf("%+v\n%s", e, before)
			}
			checkMarks(t, h, path)
			unchanged := h.reload(path)
			if unchanged.Corrected != 0 || int(unchanged.Faulty)+len(unchanged.Unrepaired) != c.rows {
				t.Errorf("unchanged: %+v", unchanged)
			}
			if after := h.faults(); after != before {
				t.Errorf("an unchanged workbook changed the faults from\n%sto\n%s", before, after)
			}
			h.edit(path, c.sheet, c.fix)
			for _, key := range surplus(t, path, c.sheet) {
				h.clear(path, c.sheet, key)
			}
			r := h.reload(path)
			if int(r.Corrected) != c.rows || r.Faulty+r.Repeated != 0 || len(r.Deleted)+len(r.Added)+len(r.Unrepaired) > 0 {
				t.Errorf("%+v", r)
			}
			if f := h.faults(); f != "" {
				t.Errorf("still open:\n%s", f)
			}
			if got := h.all(c.feed, c.columns); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
			if again := h.reload(path); !again.Known || again.Part.ID != r.Part.ID {
				t.Errorf("again: %+v", again)
			}
		})
	}
	for _, reason := range reasons {
		if !tried[reason] {
			t.Errorf("no case has the fault %s", reason)
		}
	}
}

// Every reason has a name and a hint in both languages.
func TestReasonsAreTold(t *testing.T) {
	for _, reason := range reasons {
		for _, key := range []string{"quarantine.reason.", "ingest.hint."} {
			if !messages.Has(key + reason) {
				t.Errorf("the catalog lacks %s%s", key, reason)
			}
		}
	}
}

// all prints columns of all live loads of a feed in order of row.
func (h *house) all(feed, columns string) string {
	h.t.Helper()
	loads, err := h.lake.Live(context.Background(), feed)
	if err != nil {
		h.t.Fatal(err)
	}
	var files []string
	for _, l := range loads {
		files = append(files, h.lake.Path(l))
	}
	return h.query(fmt.Sprintf("SELECT %s FROM read_parquet([%s], hive_partitioning = false, union_by_name = true) ORDER BY _row, 1", columns, texts(files)))
}

// surplus finds cells of the data beyond its header, without the reason.
func surplus(t *testing.T, path, sheet string) (cells []string) {
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g := gridOf(t, f, sheet)
	for i, row := range g.rows[1:] {
		for j, s := range row {
			if s != "" && (j >= len(g.rows[0]) || g.rows[0][j] == "") {
				cells = append(cells, cellName(j, i+2))
			}
		}
	}
	return cells
}

func (h *house) clear(path, sheet, cell string) {
	f, err := excelize.OpenFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	if err := f.SetCellStr(sheet, cell, ""); err != nil {
		h.t.Fatal(err)
	}
	if err := f.Save(); err != nil {
		h.t.Fatal(err)
	}
}

// checkMarks reads a workbook back: every open fault's cell is colored and its
// comment says what is wrong, in Chinese first; every cell of a row is text.
func checkMarks(t *testing.T, h *house, path string) {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	faults, err := h.lake.Quarantined(context.Background(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	c := h.contracts[faults[0].Feed]
	for _, x := range faults {
		sheet := x.Sheet
		if sheet == "" {
			sheet = "待更正"
		}
		g := gridOf(t, f, sheet)
		comments, err := f.GetComments(sheet)
		if err != nil {
			t.Fatal(err)
		}
		cell := ""
		if x.Reason == MalformedRow {
			cell = strings.Replace(g.find(fmt.Sprint(x.Row), "原文件行号"), "A", "B", 1)
		}
		for _, a := range append([]string{""}, aliasesOf(c, x.Column)...) {
			if at := g.find(fmt.Sprint(x.Row), a); a != "" && at != "" && cell == "" {
				cell = at
			}
		}
		if cell == "" {
			t.Errorf("no cell of %+v", x)
			continue
		}
		id, err := f.GetCellStyle(sheet, cell)
		if err != nil {
			t.Fatal(err)
		}
		style, err := f.GetStyle(id)
		if err != nil {
			t.Fatal(err)
		}
		if style.NumFmt != 49 || len(style.Fill.Color) == 0 || style.Fill.Color[0] != "FFC7CE" {
			t.Errorf("%s %s of row %d: style %+v", sheet, cell, x.Row, style)
		}
		hint, told := strings.Split(x.Hint, " / ")[0], ""
		for _, k := range comments {
			if k.Cell == cell {
				told += k.Text
				for _, p := range k.Paragraph {
					told += p.Text
				}
			}
		}
		if i := strings.Index(told, hint); i < 0 || !strings.Contains(told[i:], strings.Split(x.Hint, " / ")[1]) {
			t.Errorf("%s %s: the comment %q lacks %q", sheet, cell, told, x.Hint)
		}
	}
	if ok, err := f.GetSheetVisible(hiddenSheet); err != nil || ok {
		t.Errorf("the hidden sheet is visible: %v", err)
	}
	for _, sheet := range f.GetSheetList() {
		if sheet == hiddenSheet || sheet == "填写说明" {
			continue
		}
		for i, row := range gridOf(t, f, sheet).rows {
			for j := range row {
				if typ, err := f.GetCellType(sheet, cellName(j, i+1)); err != nil || (row[j] != "" && typ != excelize.CellTypeSharedString) {
					t.Errorf("%s %s is no text: %v %v", sheet, cellName(j, i+1), typ, err)
				}
			}
		}
	}
}

func aliasesOf(c *Contract, column string) []string {
	var out []string
	for _, a := range c.column2(column) {
		if _, leaf, ok := strings.Cut(a, "/"); ok {
			a = leaf
		}
		out = append(out, a)
	}
	return out
}

func (c *Contract) column2(name string) []string {
	if col := c.column(name); col != nil {
		return col.Aliases
	}
	return nil
}

// A workbook holds so many rows and comments; what is beyond is said, and stays
// open.
func TestExportIsBounded(t *testing.T) {
	h := newHouse(t)
	var b strings.Builder
	b.WriteString("岗位编号,工作地区划,招聘人数,发布日期\n")
	for i := range exportRows + 3 {
		fmt.Fprintf(&b, "P%d,410402,x,2026-05-01\n", i)
		for j := range 3 { // were a third of the cells bad, the column would be
			fmt.Fprintf(&b, "G%d-%d,410402,1,2026-05-01\n", i, j)
		}
	}
	h.put("岗位信息_202605.csv", []byte(b.String()))
	h.load()
	path, e := h.export("job_vacancy")
	if e.Rows != exportRows || e.Left != 3 || e.ByNumber != 0 {
		t.Fatalf("%+v", e)
	}
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	comments, err := f.GetComments("待更正")
	if err != nil || len(comments) != commentsMost {
		t.Errorf("%d comments, %v", len(comments), err)
	}
	last := gridOf(t, f, "待更正").rows[exportRows]
	if last[0] != fmt.Sprint(4*exportRows-2) || !strings.Contains(last[5], "数字有误") {
		t.Errorf("the last row is %q", last)
	}
	help := fmt.Sprint(gridOf(t, f, "填写说明").rows)
	if !strings.Contains(help, "另有 3 行") {
		t.Error(help)
	}
	if r := h.reload(path); int(r.Faulty) != exportRows || len(r.Deleted) > 0 {
		t.Errorf("%d at fault, %d deleted", r.Faulty, len(r.Deleted))
	}
	if s := h.status(); s.RowsOpen != exportRows+3 {
		t.Errorf("%+v", s)
	}
}
