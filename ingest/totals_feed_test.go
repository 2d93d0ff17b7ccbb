package ingest

import (
	"fmt"
	"strings"
	"testing"
)

// Control totals load in the words that people use for bands; what is no band,
// and a count that is none, go to quarantine.
func TestPopulationTotals(t *testing.T) {
	h := newHouse(t)
	h.put("人口控制总数_202601.csv", []byte("起始月份,行政区划代码,性别,年龄组,户口登记地,人数\n"+
		"2026-01,410402,男,0-15,本地,1200\n"+
		"2026-01,410402,女,60岁及以上,外来农业,35\n"+
		"2026-01,410402,男,16—24岁,,800\n"+
		"2026-01,410403,合计,合计,合计,\"92,310\"\n"+
		"2026-01,410403,男,35-39,本地,10\n"+
		"2026-01,410403,男,25-29,本地,\n"+
		"2026-01,410403,男,30-59,本地,-4\n"))
	sum := h.load()
	if sum.RowsLoaded != 4 || sum.RowsQuarantined != 3 {
		t.Fatalf("%+v", sum)
	}
	want := "2026-01-01|410402|M|Y_LT16|local|1200\n2026-01-01|410402|F|Y_GE60|migrant_agri|35\n2026-01-01|410402|M|Y16T24|_T|800\n2026-01-01|410403|_T|_T|_T|92310\n"
	if got := h.rows("population_totals", "period, region, sex, age, hukou, persons"); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := h.query(`SELECT "row", col, reason FROM state.main.quarantine ORDER BY "row"`); got != "6|age|unknown_code\n7|persons|missing\n8|persons|bad_number\n" {
		t.Errorf("got\n%s", got)
	}
}

// TestRowsOfSums: sums are passed over and counted, in whatever words; a row of a
// person is none, whatever its first cell says.
func TestRowsOfSums(t *testing.T) {
	again := []any{"序号", "登记编号", "证件号码", "登记地区划", "登记日期", "失业原因"}
	sums := []string{"合计", "本页合计", "全市总计：", "单位合计", "新华区小计", "累 计", "总人数：3", "填表人：某某"}
	want := fmt.Sprintf("%d rows of sums, signatures, repeated headers and the like were passed over", len(sums)+1)
	check := func(h *house) {
		t.Helper()
		sum := h.load()
		if sum.RowsLoaded != 3 || sum.RowsQuarantined != 1 || len(sum.Loads) != 1 || !strings.Contains(fmt.Sprint(sum.Loads[0].Notes), want) {
			t.Errorf("%+v", sum)
		}
		if got := h.faults(); !strings.Contains(got, " reason: missing") {
			t.Error(got)
		}
	}
	text := registrations(3, 0, "序号,"+registrationHeader, none)
	text = strings.ReplaceAll(text, "\nR", "\n1,R") + "合计,R9," + person(9) + ",410402,2026-01-01,\n"
	data := registered(append([]any{"序号"}, registrationHead...), 0, 0)
	for i := range 3 {
		data = append(data, []any{"1", fmt.Sprintf("R%d", i), person(i), "410402", "2026-06-01", "毕业"})
	}
	data = append(data, []any{"合计", "R9", person(9), "410402", "2026-06-01", ""})
	text += "序号," + registrationHeader + "\n"
	data = append(data, again)
	for _, s := range sums {
		text += s + ",,3,,,\n"
		data = append(data, []any{s, "", "3"})
	}
	for _, from := range []int64{tidyBytes, 0} {
		h := newHouse(t)
		h.in.scanFrom = from
		h.put("失业登记_202601.csv", []byte(text))
		check(h)
	}
	h := newHouse(t)
	h.put("失业登记_202606.xlsx", sheets(t, sheet{name: "表", rows: data}))
	check(h)
}

// A batch that is taken apart because of one extract counts nothing twice.
func TestSumsBesideARefusal(t *testing.T) {
	h := newHouse(t)
	h.put("失业登记_202602.csv", []byte(registrations(6, 0, registrationHeader, none)))
	h.load()
	h.put("失业登记_202601.csv", []byte(registrations(3, 0, registrationHeader, none)+"合计,,3,,\n"))
	h.put("失业登记_202602_二.csv", []byte(registrations(1, 0, registrationHeader, none))) // of one county alone
	sum := h.load()
	if len(sum.Loads) != 1 || len(sum.Refused) != 1 || !strings.Contains(told(sum), ": 跳过 1 行") {
		t.Error(told(sum))
	}
}
