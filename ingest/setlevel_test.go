package ingest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// bases is a month of contributions: n rows of which base gives the amounts.
func bases(month string, n int, base func(i int) string) []byte {
	b := []byte(socialHeader)
	for i := range n {
		b = fmt.Appendf(b, "%s,%s,某某,%s,210,1,10,%s,1\n", month, manyPersons(i), employer(i%7), base(i))
	}
	return b
}

func yuan(i int) string { return fmt.Sprintf("%d.50", 3000+i*37%2000) }

// months loads so many ordinary months of 2026.
func (h *house) months(n int, text func(month string, n int) []byte) {
	h.t.Helper()
	for m := range n {
		month := fmt.Sprintf("2026%02d", m+1)
		h.put("社保缴费_"+month+".csv", text(month, 200+m))
	}
	if sum := h.load(); len(sum.Loads) != n || len(sum.Refused) > 0 {
		h.t.Fatalf("%+v", sum)
	}
}

// Fen in the place of yuan move the level of a column by a hundred.
func TestLevels(t *testing.T) {
	usual := func(month string, n int) []byte { return bases(month, n, yuan) }
	for name, c := range map[string]struct {
		base   func(i int) string
		want   []string
		refuse bool
	}{
		"as ever": {yuan, nil, false},
		"fen": {func(i int) string { return strings.ReplaceAll(yuan(i), ".", "") }, []string{
			"“缴费基数”（base_fen）的中位数 39", "，是以往的 100 倍，单位是否写成了分，远超以往波动（稳健 z = ", "the median of 缴费基数 (base_fen) is 39", "100 times the usual, perhaps given in fen",
		}, true},
		"ten thousands": {func(i int) string { return fmt.Sprintf("0.%d", 3000+i*37%2000) }, []string{"是以往的 0.0001 倍，单位是否写成了万元"}, true},
		"a third more":  {func(i int) string { return fmt.Sprint(4000 + i*49%2660) }, []string{"中位数 ", "倍，超出以往波动"}, false},
	} {
		for way, scanFrom := range ways {
			t.Run(name+" "+way, func(t *testing.T) {
				h := newHouse(t)
				h.in.scanFrom = scanFrom
				h.months(6, usual)
				h.put("社保缴费_202607.csv", bases("202607", 205, c.base))
				sum := h.load()
				told := ""
				switch {
				case (len(sum.Refused) == 1) != c.refuse:
					t.Fatalf("%+v", sum)
				case c.refuse:
					told = sum.Refused[0].Reason
				default:
					told = fmt.Sprint(sum.Loads[0].Notes)
				}
				for _, want := range c.want {
					if !strings.Contains(told, want) {
						t.Errorf("no %q in %s", want, told)
					}
				}
				if c.want == nil && told != "[]" {
					t.Error(told)
				}
			})
		}
	}
}

// The level that a scan takes of a column is within its error of the true one.
func TestLevelSketch(t *testing.T) {
	for name, values := range map[string][]float64{
		"money": {300050, 310000, 420050, 500000, 999999}, "one": {7}, "zero": {0, 0, 5}, "below": {-3, -2, 4}, "small": {0.5, 1.5, 2.25}, "none": nil,
	} {
		s := &levelSketch{}
		for _, v := range values {
			s.add(v)
		}
		want := max(median(values), 0)
		if got := s.level(); math.Abs(got.median-want) > 0.016*want || got.cells != int64(len(values)) {
			t.Errorf("%s: %+v, want %v", name, got, want)
		}
	}
}

// Contributions are bounded: nobody's base is a hundred million, nor below
// nothing but where it is taken back.
func TestBaseBounds(t *testing.T) {
	for way, scanFrom := range ways {
		t.Run(way, func(t *testing.T) {
			h := newHouse(t)
			h.in.scanFrom = scanFrom
			var b strings.Builder
			b.WriteString(socialHeader)
			for i, x := range []struct{ kind, base string }{
				{"10", "0"},
				{"10", "1000000"},
				{"20", "-4200.50"},
				{"34", "-100"},
				{"基数补差", "-1000000"},
				{"10", "-0.01"},
				{"10", "1000000.01"},
				{"10", "-99999999999.99"},
				{"20", "-99999999999.99"},
				{"40", "-5"},
				{"34", "-1000000.01"},
			} {
				fmt.Fprintf(&b, "202605,%s,某某,%s,210,1,%s,%s,1\n", person(i), employer(1), x.kind, x.base)
			}
			h.put("社保缴费_202605.csv", []byte(b.String()))
			sum := h.load()
			if got := h.rows("social_insurance", "payment_type, base_fen"); got != "10|0\n10|100000000\n20|-420050\n34|-10000\n34|-100000000\n" {
				t.Errorf("got\n%s", got)
			}
			if sum.RowsQuarantined != 6 || strings.Count(h.faults(), "base_fen: bad_number") != 6 {
				t.Errorf("%+v\n%s", sum, h.faults())
			}
		})
	}
}

// educated is a file of registrations of which each row has a text of education,
// a list of groups, a county, and so on.
const educatedHeader = registrationHeader + ",文化程度,人员类别"

func TestUnknownTexts(t *testing.T) {
	file := func(n int, text func(i int) string) []byte {
		return []byte(registrations(n, n/2, educatedHeader, func(i int) string { return "," + text(i) + "," }))
	}
	known := func(i int) string { return []string{"大专", "高中", "初中", "bachelor"}[i%4] }
	short := func(i int) string { return []string{"GZ", "DZ", "GZ"}[i%3] }
	t.Run("a first file", func(t *testing.T) {
		for name, c := range map[string]struct {
			text   func(i int) string
			rows   int
			refuse bool
		}{
			"known": {known, 40, false}, "codes have changed": {short, 40, true}, "few rows": {short, 19, false},
			"a third": {func(i int) string {
				if i%3 == 0 {
					return short(i)
				}
				return known(i)
			}, 60, false},
			"few are filled": {func(i int) string {
				if i < 10 {
					return short(i)
				}
				return ""
			}, 40, false},
			"already coded": {func(int) string { return "unknown" }, 40, false},
		} {
			for way, scanFrom := range ways {
				h := newHouse(t)
				h.in.scanFrom = scanFrom
				h.put("失业登记_202605.csv", file(c.rows, c.text))
				sum := h.load()
				if (len(sum.Refused) == 1) != c.refuse {
					t.Errorf("%s, %s: %+v", name, way, sum)
				}
				if c.refuse && !strings.Contains(fmt.Sprint(sum.Refused), "“文化程度”（education）有 40/40 个是代码表没有的写法（例如 GZ, DZ），都会记作 unknown") {
					t.Errorf("%s, %s: %+v", name, way, sum.Refused)
				}
			}
		}
	})
	t.Run("a text is not shown", func(t *testing.T) {
		h := newHouse(t)
		h.put("失业登记_202605.csv", file(40, func(int) string { return "张三丰" }))
		if sum := h.load(); len(sum.Refused) != 1 || strings.Contains(fmt.Sprint(sum.Refused), "三丰") {
			t.Errorf("%+v", sum)
		}
	})
	t.Run("where all is gathered nothing is unknown", func(t *testing.T) {
		h := newHouse(t)
		h.put("失业登记_202605.csv", []byte(registrations(40, 20, registrationHeader+",注销日期,注销原因", func(int) string { return ",2026-05-01,经办人某某说已找到工作" })))
		if sum := h.load(); sum.RowsLoaded != 40 {
			t.Errorf("%+v", sum)
		}
		if got := h.query("SELECT DISTINCT deregister_reason FROM (" + "SELECT * FROM read_parquet('" + h.dir + "/lake/*/*/*.parquet'))"); got != "other\n" {
			t.Error(got)
		}
	})
	t.Run("with a history", func(t *testing.T) {
		h := newHouse(t)
		for m := 1; m <= 6; m++ { // a county whose list has one text that nobody knows
			h.put(fmt.Sprintf("失业登记_2026%02d.csv", m), file(200, func(i int) string {
				if i%20 == 0 {
					return "函授"
				}
				return known(i)
			}))
		}
		if sum := h.load(); len(sum.Loads) != 6 {
			t.Fatalf("%+v", sum)
		}
		h.put("失业登记_202607.csv", file(200, func(i int) string {
			if i%10 < 7 {
				return "GZ"
			}
			return known(i)
		}))
		sum := h.load()
		if len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "70.0% of 文化程度 (education) are texts that are not in the code list, usually about 5.0%") {
			t.Errorf("%+v", sum)
		}
	})
}

// What a profile counts, a scan and the engine count alike.
func TestCodesAreProfiled(t *testing.T) {
	for way, scanFrom := range ways {
		t.Run(way, func(t *testing.T) {
			h := newHouse(t)
			h.in.scanFrom = scanFrom
			h.put("单位登记_202605.csv", []byte("统计月份,统一社会信用代码,单位名称,行政区划代码,行业代码,单位类型,单位状态\n"+
				"202605,"+employer(1)+",甲,410402,2614,private,active\n202605,"+employer(2)+",乙,410402,2631,私营,active\n202605,"+employer(3)+",丙,410403,0610,怪,closed\n"))
			h.put("高校毕业生_202605.csv", []byte("证件号码,登记地区划,毕业年份,就业状态,困难毕业生\n"+
				person(1)+",410402,2025,已就业,是\n"+person(2)+",410402,2025,求职中,否\n"+person(3)+",410403,2025,求职中,否\n"+person(4)+",410403,2025,求职中,\n"))
			h.put("失业登记_202605.csv", []byte(educatedHeader+"\n"+
				"R1,"+person(1)+",410402,2026-05-01,毕业,大专,妇女;青年\nR2,"+person(2)+",410402,2026-05-01,毕业,大专,青年\nR3,"+person(3)+",410402,2026-05-01,毕业,,\nR4,"+person(4)+",410402,2026-05-01,毕业,高中,\n"))
			if sum := h.load(); len(sum.Loads) != 3 {
				t.Fatalf("%+v", sum)
			}
			got := strings.Split(h.query("SELECT l.feed, p.col, p.code, round(p.value, 3) FROM state.main.load_profiles p JOIN state.main.loads l USING (load_id) WHERE p.name = 'code' ORDER BY ALL"), "\n")
			for _, want := range []string{
				"enterprise|industry|06|0.333", "enterprise|industry|26|0.667", "enterprise|region|410402|0.667", "enterprise|region|410403|0.333",
				"enterprise|ownership|private|0.667", "enterprise|ownership|unknown|0.333", "enterprise|status|active|0.667", "enterprise|status|closed|0.333",
				"graduate|hardship|true|0.25", "graduate|hardship|false|0.5", "graduate|status|seeking|0.75",
				"unemployment_registration|categories|youth|0.5", "unemployment_registration|categories|women|0.25",
				"unemployment_registration|education|college|0.5", "unemployment_registration|education|senior_high|0.25",
			} {
				if !slices.Contains(got, want) {
					t.Errorf("no %s in\n%s", want, strings.Join(got, "\n"))
				}
			}
		})
	}
}

// A county that is missing, a flag that is turned round: with a history both are seen.
func TestCodesAreJudged(t *testing.T) {
	graduates := func(month string, flag func(i int) string, region func(i int) string) []byte {
		b := []byte("证件号码,登记地区划,毕业年份,就业状态,困难毕业生\n")
		for i := range 200 {
			b = fmt.Appendf(b, "%s,%s,2025,求职中,%s\n", manyPersons(i), region(i), flag(i))
		}
		return b
	}
	rare := func(i int) string { return map[bool]string{true: "是", false: "否"}[i%10 == 0] }
	half := func(i int) string { return city[i%2] }
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"flag":   {graduates("", func(i int) string { return map[bool]string{true: "是", false: "否"}[i%10 != 0] }, half), "困难毕业生 (hardship) = false has a share of 10.0%, usually about 90.0%"},
		"region": {graduates("", rare, func(int) string { return "410402" }), "登记地区划 (region) = 410403 has a share of 0.0%, usually about 50.0%"},
	} {
		h := newHouse(t)
		for m := 1; m <= 6; m++ {
			h.put(fmt.Sprintf("高校毕业生_2026%02d.csv", m), graduates("", rare, half))
		}
		if sum := h.load(); len(sum.Loads) != 6 {
			t.Fatalf("%+v", sum)
		}
		h.put("高校毕业生_202607.csv", c.text)
		if sum := h.load(); len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, c.want) {
			t.Errorf("%s: %+v", name, sum)
		}
	}
}

// A profile keeps the commonest codes, and the others together.
func TestCommonestCodes(t *testing.T) {
	rows := map[string]int64{}
	for i := range 60 {
		rows[fmt.Sprintf("%02d", i)] = int64(1 + i)
	}
	got := commonest(rows)
	if len(got) != mostCodes+1 || got[0] != (codeRows{"10", 11}) || got[mostCodes] != (codeRows{restCode, 55}) {
		t.Errorf("%+v", got)
	}
}

// Profiles of an earlier version, which did not count a column's codes, do not
// make all of its codes new.
func TestHistoryWithoutCodes(t *testing.T) {
	h := newHouse(t)
	sixMonths(t, h)
	if _, err := h.eng.DB().ExecContext(t.Context(), "DELETE FROM state.main.load_profiles WHERE name IN ('level', 'own', 'unknown') OR col = 'region'"); err != nil {
		t.Fatal(err)
	}
	h.put("失业登记_202607.csv", []byte(registrations(203, 103, registrationHeader, none)))
	if sum := h.load(); len(sum.Loads) != 1 || len(sum.Loads[0].Notes) > 0 {
		t.Errorf("%+v", sum)
	}
}
