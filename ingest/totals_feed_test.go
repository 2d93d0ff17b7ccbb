package ingest

import "testing"

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
