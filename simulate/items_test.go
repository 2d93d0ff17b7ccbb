package simulate

import (
	"math"
	"strconv"
	"testing"

	"laborwatch/codes"
)

// checkPopulationTotals compares control totals with the truth of their month:
// residents of 16 and over by county, and by group.
func checkPopulationTotals(t *testing.T, x *extracts) {
	truth := map[[3]string]int{}
	for _, r := range x.truth(t, "rates.csv") {
		truth[[3]string{r["period"], r["region"], r["group"]}] = number(t, r["population"])
	}
	groups := map[string]string{
		"男": "M", "女": "F", "16-24": "Y16T24", "25-29": "Y25T29", "30-59": "Y30T59", "60岁及以上": "Y_GE60", "本地": "LOCAL", "外来农业": "MIGRANT_AGRI",
	}
	files := x.files(t, "population_totals")
	var months []string
	for _, f := range files {
		months = append(months, f["period"])
		got := map[[3]string]int{}
		children := 0
		for _, r := range named(x.read(t, f["file"])) {
			n := number(t, r["人数"])
			if r["年龄组"] == "0-15" {
				children += n
				continue
			}
			got[[3]string{f["period"], r["行政区划代码"], "_T"}] += n
			for _, column := range []string{"性别", "年龄组", "户口登记地"} {
				if g := groups[r[column]]; g != "" {
					got[[3]string{f["period"], r["行政区划代码"], g}] += n
				}
			}
		}
		if len(got) < 80 || children < 10_000 || children > 30_000 {
			t.Errorf("%s: %d sums, %d children", f["period"], len(got), children)
		}
		for k, n := range got {
			if truth[k] != n {
				t.Errorf("%v: %d, truth %d", k, n, truth[k])
			}
		}
	}
	if len(months) != 3 || months[0] != "2024-09" || months[1] != "2025-01" || months[2] != "2026-01" {
		t.Errorf("totals of %v", months)
	}
}

// checkSurveyItems holds what the survey says beside the status against the
// status, the IDs against sex and age, and refusals against their form.
func checkSurveyItems(t *testing.T, x *extracts) {
	ages := map[string]int{} // by ID
	var refused, households, base, final, truth float64
	for _, r := range x.truth(t, "rates.csv") {
		if r["region"] == "_T" && r["group"] == "_T" {
			truth += float64(number(t, r["population"]))
		}
	}
	files := x.files(t, "labor_force_survey")
	for _, f := range files {
		bad := x.badRows(t, f["file"])
		for i, r := range named(x.read(t, f["file"])) {
			if bad[i+2] != nil {
				continue
			}
			w := decimal(t, r["基础权数"])
			if class := number(t, r["无回答调整组"]); w < 1 || class < 1 || class > classes {
				t.Fatalf("%s row %d: base weight %v, class %d", f["file"], i+2, w, class)
			}
			if no := r["成员序号"]; no == "0" || no == "1" {
				households += w
			}
			if r["是否应答"] == "否" {
				refused += w
				for column, cell := range r {
					switch column {
					case "调查月份", "户编码", "成员序号", "行政区划代码", "层", "样本点", "是否应答", "无回答调整组", "基础权数":
						if cell == "" {
							t.Fatalf("%s row %d: a refusal without %s", f["file"], i+2, column)
						}
					default:
						if cell != "" {
							t.Fatalf("%s row %d: a refusal with %s", f["file"], i+2, column)
						}
					}
				}
				continue
			}
			checkID(t, r, ages)
			if age := number(t, r["年龄"]); age >= 16 {
				base += w
				final += decimal(t, r["权数"])
				checkItems(t, r)
			}
		}
	}
	if share := refused / households; share < .08 || share > .18 {
		t.Errorf("%.3f of the households refuse", share)
	}
	if up := final / base; up < 1.08 || up > 1.2 {
		t.Errorf("final weights are %.3f times the base weights", up)
	}
	if final/truth < .95 || final/truth > 1.05 {
		t.Errorf("final weights sum to %.3f of the residents of 16 and over", final/truth)
	}
	if len(ages) < 5000 {
		t.Errorf("%d persons gave an ID", len(ages))
	}
}

// checkID holds an ID against what the person says; the same person comes back
// no younger.
func checkID(t *testing.T, r map[string]string, ages map[string]int) {
	t.Helper()
	if r["证件号码"] == "" {
		return
	}
	id, err := codes.ParseResident(r["证件号码"])
	if err != nil {
		t.Fatal(err)
	}
	age := number(t, r["年龄"])
	if born := month(t, r["调查月份"]).Year() - id.Birth.Year(); born != age && born != age+1 {
		t.Errorf("born in %d, %d years old in %s", id.Birth.Year(), age, r["调查月份"])
	}
	if (id.Sex == "F") != (r["性别"] == "女") || age < ages[id.Number] {
		t.Errorf("sex %s, said %s; age %d, before %d", id.Sex, r["性别"], age, ages[id.Number])
	}
	ages[id.Number] = age
}

func decimal(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// checkItems holds an adult's further answers against the status.
func checkItems(t *testing.T, r map[string]string) {
	t.Helper()
	holds := func(ok bool, what string) {
		t.Helper()
		if !ok {
			t.Errorf("%s: %v", what, r)
		}
	}
	filled := func(column string) bool { return r[column] != "" }
	at := func(column string, lo, hi float64) bool {
		v := decimal(t, r[column])
		return v >= lo && v <= hi
	}
	status, absent := surveyStatus(r), r["有工作未上班"] == "是"
	holds(filled("通常周工作小时") == (status == employedAnswer), "usual hours are those of the employed")
	holds(!filled("通常周工作小时") || at("通常周工作小时", 1, 98), "usual hours")
	holds(!filled("月工资") || status == employedAnswer && at("月工资", 500, 40_000), "wage")
	holds(filled("离岗总月数") == absent && filled("离岗期间照发报酬") == absent, "absence")
	if absent {
		back := at("离岗总月数", .5, 3) || r["离岗期间照发报酬"] == "是"
		holds(back == (r["三个月内返回或有收入"] == "是"), "back within three months, or paid")
	}
	holds(filled("距最近一次找工作天数") == (r["近三个月找过工作"] == "是"), "search")
	holds(!filled("距最近一次找工作天数") || at("距最近一次找工作天数", 0, 90), "days of search")
	holds(filled("距约定到岗天数") == (r["已落实三个月内到岗工作"] == "是"), "start")
	holds(!filled("距约定到岗天数") || at("距约定到岗天数", 1, 92), "days to the start")
	holds(status != unemployedAnswer || r["想工作"] == "是", "the unemployed want work")
	holds(status != employedAnswer || !filled("想工作"), "the employed are not asked")
	holds(r["希望增加工时"] != "是" || r["能够增加工时"] == "是", "who wants and can work more can")
}

// Systematic sampling takes units with the probabilities that it states, which
// sum to the sample's size, and large units for certain.
func TestSystematic(t *testing.T) {
	r := newSource(5, "sizes")
	for _, k := range []struct {
		sizes []float64
		n     int
	}{
		{[]float64{3, 1, 4, 1, 5, 9, 2, 6}, 3},
		{[]float64{1, 1, 1, 1, 100}, 2},
		{[]float64{50, 20, 1, 1, 1, 1, 1}, 3},
		{[]float64{2, 7}, 2},
		{[]float64{2, 7}, 1},
		{[]float64{5}, 1},
	} {
		const draws = 20_000
		hits, stated := make([]float64, len(k.sizes)), make([]float64, len(k.sizes))
		for range draws {
			taken := 0
			for i, p := range systematic(r, k.sizes, k.n) {
				if p > 0 {
					taken++
					hits[i]++
					stated[i] = p
				}
			}
			if taken != k.n {
				t.Fatalf("%v: %d of %d taken", k.sizes, taken, k.n)
			}
		}
		sum := 0.0
		for i, p := range stated {
			sum += p
			if se := math.Sqrt(p * (1 - p) / draws); math.Abs(hits[i]/draws-p) > 4*se {
				t.Errorf("%v: unit %d is taken in %.4f of the draws, and says %.4f", k.sizes, i, hits[i]/draws, p)
			}
		}
		if math.Abs(sum-float64(k.n)) > 1e-9 {
			t.Errorf("%v: probabilities sum to %v, want %d", k.sizes, sum, k.n)
		}
	}
}
