package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"laborwatch/engine"
)

var update = flag.Bool("update", false, "write golden files")

const socialHeader = "费款所属期,社会保障号码,姓名,统一社会信用代码,险种,缴费状态,缴费类型,缴费基数,人员状态\n"

// social makes a social insurance extract of n good rows.
func social(month string, n int) string {
	var b strings.Builder
	b.WriteString(socialHeader)
	for i := range n {
		fmt.Fprintf(&b, "%s,%s,某某,%s,210,1,10,%d.50,1\n", month, person(i), employer(i%3), 3000+i)
	}
	return b.String()
}

const socialColumns = "period, sex, birth_month, origin, uscc, insurance, payment_type, base_fen, person_status, _row"

var socialRows = `2026-05-01|F|1960-01-01|410499|91410499MA0000000P|210|10|300050|1|2
2026-05-01|M|1961-02-01|410499|91410499MA0000001T|210|10|300150|1|3
2026-05-01|F|1962-03-01|410499|91410499MA0000002X|210|10|300250|1|4
`

func utf16le(s string) []byte {
	b, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(s))
	if err != nil {
		panic(err)
	}
	return b
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// The same rows must come out of every form in which text arrives.
func TestTextForms(t *testing.T) {
	plain := social("202605", 3)
	lines := strings.SplitAfter(plain, "\n")
	for _, c := range []struct {
		name string
		b    []byte
		rows string
	}{
		{"utf-8", []byte(plain), socialRows},
		{"utf-8 with BOM", []byte("\ufeff" + plain), socialRows},
		{"GB18030", gb18030(plain), socialRows},
		{"UTF-16", utf16le(plain), socialRows},
		{"CRLF", []byte(strings.ReplaceAll(plain, "\n", "\r\n")), socialRows},
		{"CR alone", []byte(strings.ReplaceAll(plain, "\n", "\r")), socialRows},
		{"mixed line ends", []byte(lines[0] + strings.TrimSuffix(lines[1], "\n") + "\r\n" + lines[2] + lines[3]), socialRows},
		{"GBK with CRLF", gb18030(strings.ReplaceAll(plain, "\n", "\r\n")), socialRows},
		{"no line end at the end", []byte(strings.TrimSuffix(plain, "\n")), socialRows},
		{"blank lines at the end", []byte(plain + "\n\n"), socialRows},
		{"gzip", gzipped(gb18030(plain)), socialRows},
		{"tabs", []byte(strings.ReplaceAll(plain, ",", "\t")), socialRows},
		{"semicolons", []byte(strings.ReplaceAll(plain, ",", ";")), socialRows},
		{"quoted", []byte(strings.ReplaceAll(plain, "某某", "\"某,\n\"\"某\"")), socialRows},
		{"trailing commas in all lines", []byte(strings.ReplaceAll(plain, "\n", ",,\n")), socialRows},
		{"trailing commas in the data", []byte(lines[0] + strings.ReplaceAll(strings.Join(lines[1:], ""), "\n", ",\n")), socialRows},
		{"a title above", []byte("2026年5月社保缴费\n" + plain), shift(socialRows, 1)},
		{"a blank line among the data", []byte(lines[0] + lines[1] + "\n" + lines[2] + lines[3]), shiftFrom(socialRows, 1, 1)},
		{"sums and signatures", []byte(plain + "合计,,,,,,,9001.50,\n填表人：某某,,,,,,,,\n"), socialRows},
		{"headers by code", []byte(strings.NewReplacer("费款所属期", "AAE003", "社会保障号码", "AAC002", "统一社会信用代码", "AAB998", "险种", "AAE140", "缴费状态", "AAC031", "缴费类型", "AAA115", "缴费基数", "AAE180", "人员状态", "AAC008").Replace(plain)), socialRows},
		{"headers with blanks and units", []byte(strings.NewReplacer("费款所属期", " 费款　所属期* ", "缴费基数", "缴费基数（元）").Replace(plain)), socialRows},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.put("社保缴费_202605.csv", c.b)
			sum := h.load()
			if len(sum.Refused) > 0 {
				t.Fatal(sum.Refused[0].Reason)
			}
			if got := h.rows("social_insurance", socialColumns); got != c.rows {
				t.Errorf("got\n%swant\n%s", got, c.rows)
			}
			if sum.RowsIn != 3 || sum.RowsQuarantined != 0 {
				t.Errorf("%+v\n%s", sum, h.faults())
			}
		})
	}
}

// shift adds to the row numbers of all rows, shiftFrom to those after the first n.
func shift(rows string, by int) string { return shiftFrom(rows, 0, by) }

func shiftFrom(rows string, n, by int) string {
	lines := strings.SplitAfter(strings.TrimSuffix(rows, "\n"), "\n")
	for i := n; i < len(lines); i++ {
		j := strings.LastIndexByte(lines[i], '|')
		lines[i] = fmt.Sprintf("%s|%d\n", lines[i][:j], i+2+by)
	}
	return strings.Join(lines, "")
}

// Cells as people and spreadsheets write them.
func TestCellForms(t *testing.T) {
	h := newHouse(t)
	id := person(1)
	full := strings.Map(func(r rune) rune { return r - '0' + '０' }, "202605")
	rows := []string{
		"2026年5月," + id + ",某某," + strings.ToLower(employer(1)) + `,失业,参保,正常,"3,000.50",在职`,
		"2026.05, " + id[:6] + " " + id[6:] + ",某某," + employer(1) + ",210.0,1,10,３００１．５,1",
		"2026/5," + id + ",某某," + employer(1) + ",210,1,10,¥3000.5元,—",
		full + "," + id + "　,某某," + employer(1) + ",210,1,10,3002.504,无",
		"2026-05-17," + id + ",某某," + employer(1) + ",210,1,20,3.0005E3,/",
		"46143," + id[:6] + id[8:17] + ",某某," + employer(1) + ",210,1,10,3001,",
	}
	h.put("社保缴费_202605.csv", []byte(socialHeader+strings.Join(rows, "\n")+"\n"))
	h.load()
	if f := h.faults(); f != "" {
		t.Error(f)
	}
	got := h.rows("social_insurance", "period, birth_month, uscc, insurance, payment_type, base_fen, person_status, _row")
	want := `2026-05-01|1961-02-01|91410499MA0000001T|210|10|300050|1|2
2026-05-01|1961-02-01|91410499MA0000001T|210|10|300150|1|3
2026-05-01|1961-02-01|91410499MA0000001T|210|10|300050|∅|4
2026-05-01|1961-02-01|91410499MA0000001T|210|10|300250|∅|5
2026-05-01|1961-02-01|91410499MA0000001T|210|20|300050|∅|6
2026-05-01|1961-02-01|91410499MA0000001T|210|10|300100|∅|7
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if n := h.query("SELECT count(DISTINCT person) FROM read_parquet(" + engine.Quote(filepath.Join(h.dir, "lake/*/*/*.parquet")) + ")"); n != "1\n" {
		t.Errorf("one person has %s pseudonyms", n)
	}
}

// A row repeats another where all is the same; one whose key cannot be read, none.
func TestRepeats(t *testing.T) {
	h := newHouse(t)
	good := social("202605", 2)
	bad := "202605,110105194912310021,某某," + employer(0) + ",210,1,10,1,1\n"
	h.put("社保缴费_202605.csv", []byte(good+strings.SplitAfter(good, "\n")[1]+bad+bad+strings.Replace(bad, "21,", "22,", 1)))
	sum := h.load()
	if sum.RowsIn != 6 || sum.RowsLoaded != 2 || sum.RowsRepeated != 1 || sum.RowsQuarantined != 3 {
		t.Errorf("%+v", sum)
	}
}

func TestQuarantineGolden(t *testing.T) {
	h := newHouse(t)
	ok := social("202605", 2)
	u, id := employer(1), person(1)
	h.put("2026-06/社保缴费_202605.csv", []byte(ok+strings.Join([]string{
		"202605,110105194912310021,某某," + u + ",210,1,10,3000,1",
		"202605,110105194912310000,某某," + u + ",210,1,10,3000,1",
		"202605,4.10402E+17,某某," + u + ",210,1,10,3000,1",
		"202605," + id + ",某某," + u[:17] + "0,210,1,10,3000,1",
		"202613," + id + ",某某," + u + ",210,1,10,3000,1",
		"202605," + id + ",某某," + u + ",999,1,10,3000,1",
		"202605," + id + ",某某," + u + ",210,1,10,三千,1",
		"202605,,某某,,210,1,10,,1",
		"202605," + id + ",某某," + u,
		"202605," + id + ",某某," + u + ",210,1,10,3000,1,surplus",
		"202605," + id + ",某某," + u + ",210,9,99,3000,8",
	}, "\n")+"\n"))
	h.put("2026-06/单位登记_202605.csv", []byte("统计月份,统一社会信用代码,单位名称,行政区划代码,行业代码,单位状态\n"+
		"202605,"+employer(1)+",某公司,410402,2614,存续\n"+
		"202605,"+employer(2)+",某公司,410499,2614,存续\n"+
		"202605,"+employer(3)+",某公司,410402,9999,存续\n"+
		"202605,"+employer(4)+",某公司,４１０４０２００１,C2614,注销\n"))
	damaged := gb18030("岗位编号,工作地区划,招聘人数,薪资,岗位名称,发布日期\nG1,410402,3,面议,普工,2026-05-01\nG2,410402,3,4000-6000元/月,普@工,2026-05-02\nG3,410402,若干人,六千,普工,2026-02-30\n")
	h.put("2026-06/岗位信息_202605.csv", bytes.Replace(damaged, []byte("@"), []byte{0xff}, 1))
	h.put("2026-06/失业登记_202605.xlsx", book(t, [][]any{
		{"2026年5月失业登记花名册"},
		{"登记编号", "个人信息", "", "", "登记信息", "", "", "", "注销信息"},
		{"", "证件号码", "姓名", "联系电话", "登记地区划", "登记日期", "失业原因", "人员类别", "注销日期"},
		{"S1", person(1), "某某", "1", "410402", 46143, "单位失业", "农民工、退役军人", ""},
		{"S2", "'" + person(2), "某某", "1", "410402", "2026.5.3", "毕业", "", "2026年5月30日"},
		{"S3", 4.10402199001011e17, "某某", "1", "410402", "2026-05-03", "毕业", "无此类", ""},
		{"合 计", "3", "", "", "", "", "", "", ""},
		{"填表人：某某", "", "", "", "审核人：某某"},
	}, [2]string{"A1", "I1"}, [2]string{"A2", "A3"}, [2]string{"B2", "D2"}, [2]string{"E2", "H2"}))
	sum := h.load()
	if len(sum.Refused) > 0 {
		t.Fatal(sum.Refused)
	}
	got := fmt.Sprintf("in %d loaded %d quarantined %d\n%s\n%s", sum.RowsIn, sum.RowsLoaded, sum.RowsQuarantined, h.faults(),
		h.rows("unemployment_registration", "* EXCLUDE person")+h.rows("job_vacancy", "*"))
	golden(t, "quarantine.golden", got)
	for _, secret := range []string{"110105194912310021", person(1)[6:14], "某某", "13800"} {
		if strings.Contains(h.faults(), secret) {
			t.Errorf("the quarantine shows %q", secret)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it); got\n%s", path, got)
	}
}

func TestParquet(t *testing.T) {
	h := newHouse(t)
	path := filepath.Join(h.dir, "inbox", "单位登记_202605[*].parquet")
	_, err := h.eng.DB().ExecContext(context.Background(), fmt.Sprintf(`COPY (SELECT DATE '2026-05-01' AS "统计月份", '%s' AS "统一社会信用代码", '某公司' AS "单位名称",
		410402 AS "行政区划代码", 2614 AS "行业代码", '存续' AS "单位状态", NULL::VARCHAR AS "上级集团代码" UNION ALL
		SELECT DATE '2026-05-01', '%s', '某公司', 410499, 2614, '存续', NULL) TO %s (FORMAT parquet)`, employer(1), employer(2), engine.Quote(path)))
	if err != nil {
		t.Fatal(err)
	}
	h.load()
	if got := h.rows("enterprise", "period, uscc, region, industry, status, parent, town, _row"); got != "2026-05-01|"+employer(1)+"|410402|2614|active|∅|∅|1\n" {
		t.Error(got)
	}
	if got := h.faults(); got != "单位登记_202605[*].parquet  row 2 region: bad_region [4…9 (6字符/chars)]\n" {
		t.Error(got)
	}
}

// Daily files are read together and stay loads of their own.
func TestManySmallFiles(t *testing.T) {
	h := newHouse(t)
	for d := 1; d <= 28; d++ {
		var b strings.Builder
		b.WriteString("证件号码,姓名,统一社会信用代码,变更日期,增减标志,变更原因\n")
		for i := range d {
			b.WriteString(fmt.Sprintf("%s,某某,%s,2026-05-%02d,增员,新参保\n", person(i), employer(i), d))
		}
		if d == 7 {
			b.WriteString(person(1) + ",某某,oops\n" + person(2) + ",某某," + employer(1) + ",2026-05-07,增员,新参保\nbad,某某," + employer(1) + ",2026-05-07,增员,新参保\n")
		}
		h.put(fmt.Sprintf("增减员_202605%02d.csv", d), []byte(b.String()))
	}
	sum := h.load()
	if len(sum.Loads) != 28 || sum.RowsLoaded != 28*29/2+1 || sum.RowsQuarantined != 2 {
		t.Errorf("%+v", sum)
	}
	for i, l := range sum.Loads {
		want := int64(i + 1)
		if i == 6 {
			want++
		}
		if l.Load.RowsLoaded != want || l.File != fmt.Sprintf("增减员_202605%02d.csv", i+1) {
			t.Errorf("%+v", l)
		}
	}
	// The row after a malformed line keeps the number a person sees.
	if got := h.query(fmt.Sprintf("SELECT max(_row) FROM read_parquet(%s)", engine.Quote(h.lake.Path(sum.Loads[6].Load)))); got != "10\n" {
		t.Error(got)
	}
	if got := h.faults(); got != "增减员_20260507.csv  row 9 : malformed_row [26字符/chars]\n增减员_20260507.csv  row 11 person: bad_check_digit [3字符/chars]\n" {
		t.Error(got)
	}
}

// Beyond 8 MB the engine reads a file in pieces on all threads, and a scan takes
// blocks as they come: numbers are those of the lines all the same.
func TestRowNumbersOfLargeFiles(t *testing.T) {
	b := []byte(socialHeader)
	const n = 160_000
	for i := range n {
		b = fmt.Appendf(b, "202605,%s,某某,%s,210,1,10,%d,1\n", manyPersons(i), employer(i%1000), i)
	}
	for name, scanFrom := range map[string]int64{"engine": math.MaxInt64, "scan": 0} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.in.scanFrom = scanFrom
			h.put("社保缴费_202605.csv", b)
			sum := h.load()
			if sum.RowsLoaded != n {
				t.Fatalf("%+v\n%s", sum, h.faults())
			}
			got := h.query("SELECT count(DISTINCT _row), count(*) FILTER (base_fen // 100 + 2 <> _row) FROM read_parquet(" + engine.Quote(h.lake.Path(sum.Loads[0].Load)) + ")")
			if want := fmt.Sprintf("%d|0\n", n); got != want {
				t.Errorf("rows and wrong numbers %s, want %s", got, want)
			}
		})
	}
}

func TestScanAndFiles(t *testing.T) {
	h := newHouse(t)
	for _, n := range []string{"b/社保缴费_202605.csv", "a/增减员_20260501.csv", "a/readme.txt", ".hidden/社保缴费_202605.csv", "~$岗位信息_202605.xlsx", "社保缴费_202605.csv.part"} {
		h.put(n, []byte("x"))
	}
	files, unknown, err := h.in.Scan(filepath.Join(h.dir, "inbox"))
	if err != nil || len(files) != 2 || files[0].Rel != "a/增减员_20260501.csv" || files[1].Feed != "social_insurance" || len(unknown) != 1 || unknown[0] != "a/readme.txt" {
		t.Errorf("%+v %q %v", files, unknown, err)
	}
	readme := filepath.Join(h.dir, "inbox", "a", "readme.txt")
	if _, err := h.in.Files("", []string{readme}); err == nil || !strings.Contains(err.Error(), "laborwatch ingest FEED") {
		t.Errorf("error %v", err)
	}
	if _, err := h.in.Files("social_insuranc", nil); err == nil || !strings.Contains(err.Error(), `did you mean "social_insurance"`) {
		t.Errorf("error %v", err)
	}
	if f, err := h.in.Files("job_seeker", []string{readme}); err != nil || f[0].Feed != "job_seeker" {
		t.Errorf("%+v %v", f, err)
	}
	if f, err := h.in.Files("", []string{filepath.Join(h.dir, "inbox")}); err != nil || len(f) != 2 {
		t.Errorf("%+v %v", f, err)
	}
}

func TestCanceledLoadChangesNothing(t *testing.T) {
	h := newHouse(t)
	h.put("社保缴费_202605.csv", []byte(social("202605", 3)))
	files, _, err := h.in.Scan(filepath.Join(h.dir, "inbox"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.in.Load(ctx, files); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if sum := h.load(); sum.RowsLoaded != 3 {
		t.Errorf("%+v", sum)
	}
}

// One row in a hundred is bad: it is set aside, the others load.
func TestOnePercentBad(t *testing.T) {
	h := newHouse(t)
	lines := strings.SplitAfter(strings.TrimSuffix(social("202605", 2000), "\n"), "\n")
	for i := 50; i < len(lines); i += 100 {
		lines[i] = strings.Replace(lines[i], ",210,", ",211,", 1)
	}
	h.put("社保缴费_202605.csv", []byte(strings.Join(lines, "")))
	sum := h.load()
	if sum.RowsIn != 2000 || sum.RowsQuarantined != 20 || sum.RowsLoaded != 1980 {
		t.Errorf("in %d loaded %d quarantined %d repeated %d", sum.RowsIn, sum.RowsLoaded, sum.RowsQuarantined, sum.RowsRepeated)
	}
	if got := strings.Count(h.faults(), "insurance: unknown_code [2… (3字符/chars)]"); got != 20 {
		t.Errorf("%d faults:\n%s", got, h.faults())
	}
}
