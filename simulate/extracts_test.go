package simulate

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"laborwatch/codes"
)

func checkSummary(t *testing.T, x *extracts, sum Summary) {
	files := x.truth(t, "files.csv")
	rows := map[string]int{}
	late, corrections := 0, 0
	for _, f := range files {
		rows[f["feed"]] += number(t, f["rows"])
		late += number(t, f["late"])
		if f["corrects"] != "" {
			corrections++
		}
		if _, err := os.Stat(filepath.Join(x.dir, f["file"])); err != nil {
			t.Error(err)
		}
		delivered, of := month(t, filepath.Base(filepath.Dir(f["file"]))), month(t, f["period"])
		if (f["late"] == "1" || f["corrects"] != "") != (delivered == of+1) || delivered < of {
			t.Errorf("%s of %s is delivered in %s", f["file"], of, delivered)
		}
	}
	if len(files) != sum.Files || late != 1 || corrections != 1 {
		t.Errorf("%d files of %d, %d late, %d corrections", len(files), sum.Files, late, corrections)
	}
	if len(rows) != 9 {
		t.Errorf("feeds: %v", rows)
	}
	for feed, n := range rows {
		if sum.Rows[feed] != n {
			t.Errorf("%s: %d rows in the summary, %d in files.csv", feed, sum.Rows[feed], n)
		}
	}
	if n := len(x.truth(t, "bad_rows.csv")); n != sum.BadRows || n < 40 {
		t.Errorf("%d bad rows, %d in the summary", n, sum.BadRows)
	}
	if n := len(x.truth(t, "expected_alerts.csv")); n != sum.ExpectedAlerts {
		t.Errorf("%d alerts, %d in the summary", n, sum.ExpectedAlerts)
	}
	if len(sum.LeftOut) != 0 {
		t.Errorf("left out: %v", sum.LeftOut)
	}
}

// Rates are quotients of their counts, counties and sexes add up to the city,
// and the city stays between 4.4 and 5.45 percent.
func checkRates(t *testing.T, x *extracts, sum Summary) {
	type key struct{ period, region, group string }
	force := map[key]int{}
	for _, r := range x.truth(t, "rates.csv") {
		lf, u := number(t, r["labor_force"]), number(t, r["unemployed"])
		force[key{r["period"], r["region"], r["group"]}] = lf
		if r["rate"] == "" {
			if lf != 0 {
				t.Errorf("no rate for %v", r)
			}
			continue
		}
		rate, err := strconv.ParseFloat(r["rate"], 64)
		if err != nil || math.Abs(rate-float64(u)/float64(lf)) > 1e-9 || lf > number(t, r["population"]) {
			t.Errorf("rate of %v", r)
		}
	}
	for _, m := range sum.Rates {
		p := m.Period.String()
		if m.Rate() < .044 || m.Rate() > .0545 {
			t.Errorf("%s: the true rate is %.4f", p, m.Rate())
		}
		if part := float64(m.LaborForce) / float64(m.Population); part < .58 || part > .66 {
			t.Errorf("%s: participation %.3f", p, part)
		}
		total := force[key{p, "_T", "_T"}]
		counties, sexes := 0, force[key{p, "_T", "M"}]+force[key{p, "_T", "F"}]
		for _, c := range pingdingshan {
			counties += force[key{p, c.code, "_T"}]
		}
		ages := 0
		for _, g := range []string{"Y16T24", "Y25T29", "Y30T59", "Y_GE60"} {
			ages += force[key{p, "_T", g}]
		}
		if total != m.LaborForce || counties != total || sexes != total || ages != total {
			t.Errorf("%s: labor force %d, by county %d, sex %d, age %d", p, total, counties, sexes, ages)
		}
	}
}

// Every bad row stands where the truth says and is bad in the way it says.
func checkBadRows(t *testing.T, x *extracts) {
	reasons := map[string]int{}
	for _, b := range x.truth(t, "bad_rows.csv") {
		if strings.HasSuffix(b["file"], ".parquet") {
			continue
		}
		rows, header := x.readAny(t, b["file"])
		row := rows[number(t, b["row"])-1]
		cell := ""
		if i := slices.Index(header, canonical[b["column"]]); i >= 0 && i < len(row) {
			cell = row[i]
		} else if b["reason"] != "missing" {
			t.Errorf("%v: no such cell", b)
			continue
		}
		if !isBad(b["column"], b["reason"], cell) {
			t.Errorf("%v: the cell %q is fine", b, cell)
		}
		reasons[b["reason"]]++
	}
	for _, r := range []string{"bad_check_digit", "excel_rounded", "bad_date", "unknown_code", "missing", "bad_number", "bad_region", "bad_industry"} {
		if reasons[r] == 0 {
			t.Errorf("no bad row of reason %s", r)
		}
	}
}

// canonical maps the columns of bad rows to the headers here.
var canonical = map[string]string{
	"person": "证件号码", "uscc": "统一社会信用代码", "insurance": "险种", "base_fen": "缴费基数", "change_date": "变更日期",
	"change": "增减标志", "reason": "变更原因", "region": "行政区划代码", "industry": "行业代码", "openings": "招聘人数",
	"registered_on": "登记日期", "reported_on": "报告日期", "weight_e6": "权数", "sex": "性别",
}

var otherNames = map[string]string{
	"社会保障号码": "证件号码", "失业原因": "变更原因", "登记地区划": "行政区划代码", "工作地区划": "行政区划代码", "求职地区划": "行政区划代码",
}

// readAny reads a text file or a workbook, with its header under the names of
// canonical.
func (x *extracts) readAny(t *testing.T, rel string) (rows [][]string, header []string) {
	t.Helper()
	at := 0
	if strings.HasSuffix(rel, ".xlsx") {
		rows, _ = x.sheetRows(t, rel)
		at = slices.IndexFunc(rows, func(r []string) bool {
			return slices.Contains(r, "统一社会信用代码") || slices.Contains(r, "登记编号")
		})
	} else {
		rows = x.read(t, rel)
	}
	for _, h := range rows[at] {
		if o := otherNames[h]; o != "" {
			h = o
		}
		header = append(header, h)
	}
	return rows, header
}

var dateForm = regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`)

func isBad(column, reason, cell string) bool {
	switch reason {
	case "missing":
		return cell == ""
	case "bad_number":
		_, err := strconv.ParseFloat(cell, 64)
		return err != nil
	case "bad_date":
		return !dateForm.MatchString(cell) || strings.Contains(cell, "02-30")
	case "bad_region":
		return !codes.RegionForm(cell)
	case "bad_industry":
		_, err := codes.ParseIndustry(cell)
		return err != nil
	case "unknown_code":
		return cell != "" && !slices.Contains(reasonText[:], cell) && !slices.Contains(registrationReasons[:], cell)
	case "excel_rounded", "bad_check_digit":
		if column == "uscc" {
			_, err := codes.ParseCredit(cell)
			return err != nil
		}
		_, err := codes.ParseResident(cell)
		return err != nil && (reason == "bad_check_digit" || strings.HasSuffix(cell, "000") || strings.Contains(cell, "E+"))
	}
	return false
}

// Text extracts have one number of cells throughout and as many rows as the
// truth says.
func checkTables(t *testing.T, x *extracts) {
	for _, f := range x.truth(t, "files.csv") {
		if !strings.HasSuffix(f["file"], ".csv") {
			continue
		}
		if rows := x.read(t, f["file"]); len(rows)-1 != number(t, f["rows"]) {
			t.Errorf("%s has %d rows, want %s", f["file"], len(rows)-1, f["rows"])
		}
	}
	raw, err := os.ReadFile(filepath.Join(x.dir, x.files(t, "job_vacancy")[0]["file"]))
	if err != nil || !strings.HasPrefix(string(raw), "\ufeff岗位编号") {
		t.Errorf("vacancies do not begin with a byte order mark: %v", err)
	}
}

func checkWorkbooks(t *testing.T, x *extracts) {
	f := x.files(t, "unemployment_registration")[3]
	rows, merged := x.sheetRows(t, f["file"])
	if !strings.HasSuffix(rows[0][0], "失业登记花名册") || rows[1][0] != "个人信息" || rows[2][0] != "登记编号" || rows[1][7] != "登记信息" {
		t.Errorf("header: %v", rows[:3])
	}
	if len(merged) != 4 {
		t.Errorf("%d merged ranges", len(merged))
	}
	n := len(rows)
	if rows[n-2][0] != "合计" || !strings.HasPrefix(rows[n-1][0], "填表人") || n-5 != number(t, f["rows"]) {
		t.Errorf("%d rows, the last ones %v", n, rows[n-2:])
	}
	notices := 0
	for _, f := range x.files(t, "layoff_notice") {
		rows, _ := x.sheetRows(t, f["file"])
		if rows[1][0] != "备案编号" {
			t.Errorf("header: %v", rows[1])
		}
		notices += len(rows) - 2
	}
	if notices < 26 {
		t.Errorf("%d notices", notices)
	}
}

func checkRegister(t *testing.T, x *extracts) {
	f := x.files(t, "enterprise")[1]
	r, err := file.OpenParquetFile(filepath.Join(x.dir, f["file"]), false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	fr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := fr.ReadTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	if int(table.NumRows()) != number(t, f["rows"]) || table.NumCols() != 10 {
		t.Errorf("%d rows, %d columns", table.NumRows(), table.NumCols())
	}
	column := func(i int) *array.String { return table.Column(i).Data().Chunk(0).(*array.String) }
	month, uscc, region, class := column(0), column(1), column(3), column(5)
	bad := x.badRows(t, f["file"])
	for i := range int(table.NumRows()) {
		_, e1 := codes.ParseCredit(uscc.Value(i))
		_, e2 := codes.ParseIndustry(class.Value(i))
		ok := e1 == nil && e2 == nil && codes.RegionForm(region.Value(i)) && month.Value(i) == "202410"
		if _, isBad := bad[i+1]; isBad == ok {
			t.Errorf("row %d: bad %v, fine %v", i+1, isBad, ok)
		}
	}
	if len(bad) != 4 {
		t.Errorf("%d bad rows", len(bad))
	}
}
