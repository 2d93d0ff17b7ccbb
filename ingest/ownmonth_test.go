package ingest

import (
	"fmt"
	"strings"
	"testing"
)

// rowsOf are n rows of contributions for a month, of persons from first on.
func rowsOf(month string, first, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s,%s,某某,%s,210,1,10,%d,1\n", month, manyPersons(first+i), employer(1), 3000+i)
	}
	return b.String()
}

// A row of an impossible month would make a series end in 2055.
func TestFarMonths(t *testing.T) {
	for way, scanFrom := range ways {
		t.Run(way, func(t *testing.T) {
			h := newHouse(t)
			h.in.scanFrom = scanFrom
			h.put("社保缴费_202610.csv", []byte(socialHeader+rowsOf("202610", 0, 8)+rowsOf("202611", 10, 1)+rowsOf("201610", 20, 1)+rowsOf("205510", 30, 1)+rowsOf("190001", 40, 1)+rowsOf("2026-12", 50, 1)+rowsOf("2016年9月", 60, 1)))
			sum := h.load()
			if sum.RowsLoaded != 10 || sum.RowsQuarantined != 4 || strings.Count(h.faults(), "period: far_month") != 4 {
				t.Errorf("%+v\n%s", sum, h.faults())
			}
			if got := h.query("SELECT period, rows FROM state.main.load_periods ORDER BY ALL"); got != "2016-10-01|1\n2026-10-01|8\n2026-11-01|1\n" {
				t.Error(got)
			}
			if got := h.query("SELECT DISTINCT hint FROM state.main.quarantine"); !strings.Contains(got, "写成 2026-05 / ") || strings.Contains(got, "2026-05-01") {
				t.Error(got)
			}
		})
	}
}

// Where no name tells a month, the clock bounds rows; files of several months
// are bounded each by its own.
func TestFarMonthsByTheClock(t *testing.T) {
	day := func(n int, date string) string {
		return fmt.Sprintf("%s,%s,%s,减,合同期满\n", person(n), employer(n), date)
	}
	h := newHouse(t) // the clock is at 2026-11-03
	const header = "证件号码,统一社会信用代码,变更日期,增减标志,变更原因\n"
	h.put("增减员_补报.csv", []byte(header+day(1, "2026-12-31")+day(2, "2027-01-01")+day(3, "2016-11-01")+day(4, "2016-10-31")+day(5, "20261103")))
	h.put("增减员_20240105.csv", []byte(header+day(6, "2024-01-05")+day(7, "2024-03-01")+day(8, "2014-01-01")+day(9, "2013-12-31")))
	h.put("增减员_20250105.csv", []byte(header+day(6, "2025-01-05")+day(7, "2025-03-01")+day(8, "2014-01-01")))
	sum := h.load()
	want := `增减员_20240105.csv  row 3 change_date: far_month [2…1 (10字符/chars)]
增减员_20240105.csv  row 5 change_date: far_month [2…1 (10字符/chars)]
增减员_20250105.csv  row 3 change_date: far_month [2…1 (10字符/chars)]
增减员_20250105.csv  row 4 change_date: far_month [2…1 (10字符/chars)]
增减员_补报.csv  row 3 change_date: far_month [2…1 (10字符/chars)]
增减员_补报.csv  row 5 change_date: far_month [2…1 (10字符/chars)]
`
	if got := h.faults(); got != want || len(sum.Loads) != 3 {
		t.Errorf("%+v\n%s", sum, got)
	}
}

// Other dates are planned far ahead, and registers have old ones: they are bounded
// by what no office writes.
func TestOtherDates(t *testing.T) {
	h := newHouse(t)
	const header = "岗位编号,工作地区划,招聘人数,发布日期,截止日期\n"
	h.put("岗位信息_202605.csv", []byte(header+"P1,410402,1,1999-01-01,2076-11-03\nP2,410402,1,2026-05-01,2076-11-04\nP3,410402,1,1899-12-31,\nP4,410402,1,2026-05-01,2099年1月1日\n"))
	h.put("零就业家庭_202605.csv", []byte("家庭编号,行政区划代码,家庭状态,认定日期,消除日期\nH1,410402,在册,2005-01-01,\nH2,410402,已消除,1995-01-01,2026-05-02\nH3,410402,在册,2026-07-01,\n"))
	sum := h.load()
	want := "岗位信息_202605.csv  row 3 closed_on: bad_date [2…4 (10字符/chars)]\n岗位信息_202605.csv  row 4 posted_on: bad_date [1…1 (10字符/chars)]\n岗位信息_202605.csv  row 5 closed_on: bad_date [2…日 (9字符/chars)]\n零就业家庭_202605.csv  row 4 recognized_on: far_month [2…1 (10字符/chars)]\n"
	if got := h.faults(); got != want || sum.RowsLoaded != 3 {
		t.Errorf("%+v\n%s", sum, got)
	}
}

func TestReachOfAContract(t *testing.T) {
	text := strings.Replace(string(mustEmbedded(t, "insurance_change")), "  columns: [change_date]\n", "  columns: [change_date]\n  back: 1\n  ahead: 0\n", 1)
	c, err := ParseContract("own.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	h := newHouseWith(t, Contracts{c.Feed: c}, city)
	b := []byte("证件号码,统一社会信用代码,变更日期,增减标志,变更原因\n")
	for i, day := range []string{"2026-05-05", "2026-04-01", "2026-03-31", "2026-06-01"} {
		b = fmt.Appendf(b, "%s,%s,%s,减,合同期满\n", person(i), employer(i), day)
	}
	h.put("增减员_20260505.csv", b)
	if sum := h.load(); sum.RowsLoaded != 2 || sum.RowsQuarantined != 2 {
		t.Errorf("%+v\n%s", sum, h.faults())
	}
	for _, bad := range []string{"  back: -1\n", "  ahead: soon\n"} {
		if _, err := ParseContract("own.yaml", []byte(strings.Replace(text, "  back: 1\n", bad, 1))); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func mustEmbedded(t *testing.T, feed string) []byte {
	t.Helper()
	b, err := EmbeddedContract(feed)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Two months in one file, or another month's under the name.
func TestOwnMonth(t *testing.T) {
	for name, c := range map[string]struct {
		own, other int
		history    bool
		refuse     bool
		want       string
	}{
		"most are its own":                    {170, 30, false, false, ""},
		"a quarter is not":                    {150, 50, false, false, "200 行中只有 150 行属于文件名所属月份 2026-07"},
		"half are not":                        {99, 101, false, true, "200 行中只有 99 行属于文件名所属月份 2026-07"},
		"half are not as ever":                {105, 95, true, true, "52.5% of the rows are of 2026-07 itself, usually about 97.5%"},
		"a sixth more is not as ever":         {170, 32, true, false, "84.2% of the rows are of 2026-07 itself"},
		"as many are of other months as ever": {195, 5, true, false, ""},
	} {
		for way, scanFrom := range ways {
			t.Run(name+" "+way, func(t *testing.T) {
				h := newHouse(t)
				h.in.scanFrom = scanFrom
				for m := 1; m <= 6 && c.history; m++ {
					h.put(fmt.Sprintf("社保缴费_2026%02d.csv", m), []byte(socialHeader+rowsOf(fmt.Sprintf("2026%02d", m), 0, 195)+rowsOf("202512", 0, 5)))
				}
				if c.history {
					if sum := h.load(); len(sum.Loads) != 6 {
						t.Fatalf("%+v", sum)
					}
				}
				h.put("社保缴费_202607.csv", []byte(socialHeader+rowsOf("202607", 0, c.own)+rowsOf("202606", 0, c.other)))
				sum := h.load()
				told := fmt.Sprint(sum.Refused)
				if !c.refuse && len(sum.Loads) == 1 {
					told = fmt.Sprint(sum.Loads[0].Notes)
				}
				if (len(sum.Refused) == 1) != c.refuse || !strings.Contains(told, c.want) || c.want == "" && told != "[]" {
					t.Errorf("%s", told)
				}
			})
		}
	}
}

// A daily file under another month's name is refused; what was done before the
// first of a month comes with its first file.
func TestDailyFileOfAnotherMonth(t *testing.T) {
	for file, refused := range map[string]bool{"增减员_20261116.csv": true, "增减员_202611.csv": true, "增减员_20261101.csv": false, "增减员_20261028.csv": false} {
		h := newHouse(t)
		h.put(file, []byte("证件号码,统一社会信用代码,变更日期,增减标志,变更原因\n"+person(1)+","+employer(1)+",2026-10-31,减,合同期满\n"))
		sum := h.load()
		if (len(sum.Refused) == 1) != refused || refused && !strings.Contains(sum.Refused[0].Reason, "2026-11 没有一行数据，各行属于 2026-10") {
			t.Errorf("%s: %+v", file, sum)
		}
	}
	// The latest word of each comes whenever it does.
	h := newHouse(t)
	h.put("零就业家庭_202611.csv", []byte("家庭编号,行政区划代码,家庭状态,认定日期\nH1,410402,在册,2026-01-01\n"))
	if sum := h.load(); len(sum.Loads) != 1 {
		t.Errorf("%+v", sum)
	}
}
