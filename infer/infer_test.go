package infer

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"laborwatch/codes"
	"laborwatch/ingest"
	"laborwatch/messages"
	"laborwatch/period"
	"laborwatch/referencetest"
	"laborwatch/simulate"
)

func contracts(t testing.TB) ingest.Contracts {
	t.Helper()
	cs, err := ingest.LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

func write(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// guess looks at a file and holds the proposal to being a contract.
func guess(t testing.TB, path string) *Guess {
	t.Helper()
	g, err := File(context.Background(), path, Options{Contracts: contracts(t)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ingest.ParseContract("proposal", []byte(g.Contract())); err != nil {
		t.Fatalf("%v\n%s", err, g.Contract())
	}
	return g
}

// all is whatever is shown to a person.
func all(t testing.TB, g *Guess) string {
	t.Helper()
	var b bytes.Buffer
	for _, lang := range []messages.Lang{messages.ZH, messages.EN} {
		if err := g.Report(&b, lang); err != nil {
			t.Fatal(err)
		}
	}
	return b.String() + g.Contract()
}

// columns prints header=name for the matched columns.
func columns(g *Guess) string {
	var out []string
	for _, c := range g.Columns {
		if c.Matched {
			out = append(out, c.Header+"="+c.Name)
		}
	}
	return strings.Join(out, " ")
}

func TestPostings(t *testing.T) {
	g := guess(t, referencetest.Path(t, "postings/51job_2019-09_gbk.csv"))
	if g.Encoding != "gb18030" || g.Delimiter != "," || !g.Wrapped || g.Header != 1 || g.Feed != "job_vacancy" || g.FileMonth == 0 {
		t.Errorf("%s %q wrapped %v header %d feed %s %v period %q", g.Encoding, g.Delimiter, g.Wrapped, g.Header, g.Feed, g.candidates(), g.FileMonth)
	}
	for _, want := range []string{"职位=title", "薪资=wage_low_fen", "公司=employer", "地区=region", "学历=education", "人数=openings", "时间=posted_on"} {
		if !strings.Contains(columns(g), want) {
			t.Errorf("%s lacks %s", columns(g), want)
		}
	}
	if !strings.Contains(g.Contract(), `"工作地址", "公司地址"] # ?`) || !strings.Contains(g.Contract(), `"job_vacancy_*", "51job_*_gbk.csv"] # ?`) || strings.Contains(columns(g), "岗位信息=") {
		t.Error(g.Contract())
	}
}

func TestNotices(t *testing.T) {
	g := guess(t, referencetest.Path(t, "warn/us_oh_notices.csv"))
	if g.Encoding != "utf-8" || g.Header != 1 || g.Feed != "layoff_notice" {
		t.Errorf("%s header %d feed %q %v", g.Encoding, g.Header, g.Feed, g.candidates())
	}
	types := map[string]string{}
	for _, c := range g.Columns {
		types[c.Header] = c.Type
	}
	for header, want := range map[string]string{"employees_affected": "integer", "notice_date": "date", "effective_date": "date", "layoff_type": "code", "is_amendment": "boolean"} {
		if types[header] != want {
			t.Errorf("%s is %q, want %s", header, types[header], want)
		}
	}
	if !strings.Contains(columns(g), "employer_name=employer") || !strings.Contains(columns(g), "source_notice_id=notice_no") {
		t.Error(columns(g))
	}
	if g.FileMonth != 0 || len(g.PeriodColumns) == 0 {
		t.Errorf("period %q %v", g.FileMonth, g.PeriodColumns)
	}
}

// Whatever the simulated city writes is recognized, every column of it.
func TestSimulatedCity(t *testing.T) {
	end, err := period.Parse("2026-10")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "city")
	if _, err := simulate.Run(context.Background(), simulate.Options{Out: dir, Region: "410400", Persons: 50_000, Months: 6, End: end, Seed: 3}); err != nil {
		t.Fatal(err)
	}
	cs := contracts(t)
	seen := map[string]bool{}
	err = filepath.WalkDir(filepath.Join(dir, "inbox"), func(path string, d os.DirEntry, err error) error {
		want := cs.FeedOf(filepath.Base(path))
		if err != nil || d.IsDir() || want == "" || seen[want] {
			return err
		}
		seen[want] = true
		g := guess(t, path)
		if g.Feed != want {
			t.Errorf("%s: %q %v", g.File, g.Feed, g.candidates())
			return nil
		}
		for _, c := range g.Columns {
			if !c.Personal && (!c.Matched || c.Why != "alias") {
				t.Errorf("%s: %s is %s %s by %s", g.File, c.Header, c.Type, c.Name, c.Why)
			}
		}
		// A proposal reads the header as the contract that ships does.
		own, err := ingest.ParseContract("proposal", []byte(g.Contract()))
		if err != nil {
			return err
		}
		sample, err := ingest.Peek(context.Background(), path, 50)
		if err != nil {
			return err
		}
		a, b := own.Recognize(sample.Tables[0].Rows), cs[want].Recognize(sample.Tables[0].Rows)
		if a == nil || !slices.Equal(a.Cells, b.Cells) || a.Row != b.Row || !slices.Equal(a.Extra, b.Extra) || !reflect.DeepEqual(own.Needs, cs[want].Needs) {
			t.Errorf("%s: %+v, want %+v", g.File, a, b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 9 {
		t.Errorf("feeds seen: %v", seen)
	}
}

func person(n int) string {
	first := fmt.Sprintf("410499%04d%02d%02d%03d", 1960+n%45, 1+n%12, 1+n%28, n%1000)
	c, _ := codes.ResidentCheck(first)
	return first + string(c)
}

// Headers that no contract has: what the cells hold tells, and nothing of a
// person is shown.
func TestUnknownHeaders(t *testing.T) {
	names := []string{"王小明", "李建国", "张秀英", "陈志强", "赵丽华", "周建军"}
	var b strings.Builder
	b.WriteString("某县失业人员花名册\n序,身份证件,人员名单,手机号,登记办理日期,所在区县,失业的原因,备注\n")
	for i := range 60 {
		fmt.Fprintf(&b, "%d,%s,%s,138%08d,2026年%d月%d日,410402,%s,家住某某路%d号%s\n", i+1, person(500+i), names[i%6], 20260000+i, 1+i%6, 1+i%28, []string{"单位失业", "毕业", "厂子倒了"}[i%3], i, names[i%6])
	}
	gbk, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	g := guess(t, write(t, "失业人员名单202606.csv", gbk))
	if g.Encoding != "gb18030" || g.Header != 2 || g.Feed != "unemployment_registration" {
		t.Errorf("%s header %d feed %q %v", g.Encoding, g.Header, g.Feed, g.candidates())
	}
	for _, want := range []string{"身份证件=person", "登记办理日期=registered_on", "失业的原因=reason"} {
		if !strings.Contains(columns(g), want) {
			t.Errorf("%s lacks %s", columns(g), want)
		}
	}
	shown := all(t, g)
	for i := range 60 {
		for _, secret := range []string{person(500 + i), person(500 + i)[6:14], fmt.Sprintf("138%08d", 20260000+i), names[i%6], fmt.Sprintf("某某路%d号", i)} {
			if strings.Contains(shown, secret) {
				t.Fatalf("shows %s\n%s", secret, shown)
			}
		}
	}
	if !strings.Contains(shown, "厂子倒了") || !strings.Contains(shown, `"AAE006", "人员名单"] # ?`) {
		t.Error(shown)
	}
}

// Two levels, a title, a signature: the header of a form.
func TestFormOfTwoLevels(t *testing.T) {
	f := excelize.NewFile()
	rows := [][]any{
		{"2026年6月失业动态监测表"},
		{"监测月份", "统一社会信用代码", "企业名称", "建档期", "", "调查期", "", "减少类型", "", "减少人数"},
		{"", "", "", "就业人数", "劳务派遣", "就业人数", "劳务派遣", "退休", "经济性裁员", ""},
		{"2026-06", "91410499MA0000001T", "甲厂", 100, 3, 90, 2, 4, 6, 10},
		{"2026-06", "91410499MA0000002X", "乙厂", 200, 0, 201, 0, 1, 0, 1},
		{"合计", "", "", 300, 3, 291, 2, 5, 6, 11},
		{"填表人：某某"},
	}
	for i, row := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.NewSheet("说明"); err != nil {
		t.Fatal(err)
	}
	if err := f.SetCellStr("说明", "A1", "本表由企业填写"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	g := guess(t, write(t, "监测_202606.xlsx", b.Bytes()))
	if g.Feed != "monitored_enterprise" || g.Sheet != "Sheet1" || g.Header != 3 || g.Levels != 2 || g.Rows != 2 {
		t.Errorf("feed %q %v sheet %s header %d/%d rows %d", g.Feed, g.candidates(), g.Sheet, g.Header, g.Levels, g.Rows)
	}
	own, err := ingest.ParseContract("proposal", []byte(g.Contract()))
	if err != nil {
		t.Fatal(err)
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		for _, v := range row {
			cells[i] = append(cells[i], fmt.Sprint(v))
		}
	}
	want := contracts(t)["monitored_enterprise"].Recognize(cells)
	if got := own.Recognize(cells); got == nil || !slices.Equal(got.Cells, want.Cells) {
		t.Errorf("the proposal reads %+v, the contract %+v\n%s", got, want, g.Contract())
	}
}

func TestNoFeed(t *testing.T) {
	var b strings.Builder
	b.WriteString("编号;颜色;重量;单价;代码\n")
	for i := range 40 {
		fmt.Fprintf(&b, "%05d;%s;%d.5;%d,123.40;%02d\n", i, []string{"红", "绿"}[i%2], i, i+1, i%7)
	}
	g := guess(t, write(t, "库存.csv", []byte(b.String())))
	if g.Feed != "" || g.Delimiter != ";" || g.Header != 1 {
		t.Errorf("feed %q %v delimiter %q header %d", g.Feed, g.candidates(), g.Delimiter, g.Header)
	}
	var types []string
	for _, c := range g.Columns {
		types = append(types, c.Header+" "+c.Type)
	}
	if got := strings.Join(types, ", "); got != "编号 text, 颜色 code, 重量 number, 单价 number, 代码 code" {
		t.Error(got)
	}
	if !strings.Contains(g.Contract(), "constant: ") || !strings.Contains(g.Contract(), "绿、红") && !strings.Contains(g.Contract(), "红、绿") {
		t.Error(g.Contract())
	}
}

// Old editions of GB/T 4754 are told by codes that today's does not have.
func TestOldIndustryEdition(t *testing.T) {
	var b strings.Builder
	b.WriteString("统计月份,统一社会信用代码,单位名称,行政区划代码,行业代码,单位状态\n")
	for i := range 40 {
		fmt.Fprintf(&b, "202606,91410499MA0000001T,某公司,410402,%s,存续\n", []string{"3721", "3040", "8421", "9710", "0610", "8531"}[i%6])
	}
	g := guess(t, write(t, "单位登记_202606.csv", []byte(b.String())))
	if !strings.Contains(g.Contract(), "industry_version: 2002") {
		t.Error(g.Contract())
	}
}

// A file without a header is refused: its first row is a person.
func TestNoHeader(t *testing.T) {
	for _, id := range []string{person(4), person(500)} {
		_, err := File(context.Background(), write(t, "x.csv", []byte("王小明,"+id+",410402\n李建国,"+person(501)+",410402\n")), Options{Contracts: contracts(t)})
		if err == nil || strings.Contains(err.Error(), "王小明") || strings.Contains(err.Error(), id) {
			t.Errorf("error %v", err)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, b := range map[string][]byte{"a.csv": nil, "b.csv": []byte("\n \n"), "c.xlsx": []byte("PK\x03\x04 no"), "d.parquet": []byte("PAR1 no"), "e.pdf": []byte("%PDF-1.4\n"), "f.csv.gz": {0x1f, 0x8b, 1}} {
		if _, err := File(context.Background(), write(t, name, b), Options{Contracts: contracts(t)}); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	if _, err := File(context.Background(), t.TempDir(), Options{}); err == nil {
		t.Error("a folder is read")
	}
}

// Whatever the bytes, the end is a refusal or a proposal that is a contract.
func FuzzFile(f *testing.F) {
	f.Add("失业登记_202606.csv", []byte("登记编号,证件号码\nS1,410499196102020019\n"))
	f.Add("x.csv", []byte("a\tb\n\"\n"))
	f.Add("*[].csv", []byte("'\"\\,#: ?,\x85\n1,2,3\n"))
	f.Add("2026年6月.csv", []byte("姓名;period;sex\n王一;202605;男\n"))
	f.Add("u.csv", []byte("\xff\xfe\x31\x00"))
	cs := contracts(f)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		name = filepath.Base(name)
		if len(name) > 100 || strings.ContainsAny(name, "/\x00") || name == "." || name == ".." {
			return
		}
		path := filepath.Join(dir, name)
		if os.WriteFile(path, b, 0o600) != nil {
			return
		}
		defer os.Remove(path)
		g, err := File(context.Background(), path, Options{Contracts: cs, Rows: 50})
		if err != nil {
			return
		}
		if _, err := ingest.ParseContract("proposal", []byte(g.Contract())); err != nil {
			t.Errorf("%v\n%s", err, g.Contract())
		}
		if err := g.Report(&bytes.Buffer{}, messages.ZH); err != nil {
			t.Error(err)
		}
	})
}

// Extracts with quirks are recognized all the same, and show nothing of a person.
func TestQuirks(t *testing.T) {
	cs := contracts(t)
	names, err := filepath.Glob("../ingest/testdata/quirks/*/*_*.*")
	if err != nil || len(names) < 30 {
		t.Fatal(names, err)
	}
	encodings := map[string]string{"gbk": "gb18030", "gb18030": "gb18030", "utf8": "utf-8", "utf8_bom": "utf-8", "utf16le": "utf-16", "utf16be": "utf-16", "gzip": "gb18030"}
	for _, name := range names {
		quirk := filepath.Base(filepath.Dir(name))
		t.Run(quirk+"/"+filepath.Base(name), func(t *testing.T) {
			g := guess(t, name)
			if want := cs.FeedOf(g.File); g.Feed != want {
				t.Errorf("feed %q, want %s: %v", g.Feed, want, g.candidates())
			}
			if want := encodings[quirk]; want != "" && g.Encoding != want {
				t.Errorf("encoding %s, want %s", g.Encoding, want)
			}
			if g.Zipped != (quirk == "gzip") || g.Wrapped != (quirk == "wrapped_cells") {
				t.Errorf("zipped %v, wrapped %v", g.Zipped, g.Wrapped)
			}
			shown := all(t, g)
			for n := range 30 {
				if n == 1 {
					continue // the example of contracts
				}
				if strings.Contains(shown, person(n)) || strings.Contains(shown, person(n)[6:14]) {
					t.Errorf("shows an ID")
				}
			}
			if strings.Contains(shown, "某某") {
				t.Error("shows a name")
			}
		})
	}
}
