package ingest

import (
	"math"
	"strings"
	"testing"
)

// surveyColumns are what the tests below read back, in order.
const surveyColumns = "person_no, responded, sex, age, weight_e6, base_weight_e6, response_class, wage_fen, person IS NOT NULL"

// A household that did not answer is a row without answers; whoever did has a
// sex, and every row has one weight or the other.
func TestRowsOfTheSurveyHaveWhatTheyNeed(t *testing.T) {
	const head = "调查月份,户编码,成员序号,证件号码,行政区划代码,层,样本点,是否应答,无回答调整组,基础权数,权数,年龄,性别,月工资\n"
	rows := []string{
		"2026-05,H1,1," + person(1) + ",410402,1,001,是,2,98.5,101.25,36,男,4200.50",
		"2026-05,H1,2,,410402,1,001,,2,98.5,,7,女,",
		"2026-05,H2,0,,410402,1,001,否,1,98.5,,,,",
		"2026-05,H3,1,,410402,1,001,是,1,98.5,,40,,",               // no sex
		"2026-05,H4,1,,410402,1,001,,1,98.5,,40,,",                // no sex, and answered
		"2026-05,H5,1,,410402,1,001,是,1,,,40,男,",                  // no weight
		"2026-05,H6,0,,410402,1,001,否,1,,,,,",                     // no weight either
		"2026-05,H7,1,,410402,1,001,是,1,六十,,40,男,",                // a weight that cannot be read is not a missing one
		"2026-05,H8,1,,410402,1,001,也许,1,98.5,,40,,",              // whether it answered is not told: the sex is needed
		"2026-05,H9,1," + person(2) + ",410402,1,001,,,,77,40,男,", // as files of before wrote it, and more
	}
	want := "1|true|M|36|101250000|98500000|2|420050|true\n2|∅|F|7|∅|98500000|2|∅|false\n0|false|∅|∅|∅|98500000|1|∅|false\n1|∅|M|40|77000000|∅|∅|∅|true\n"
	for name, from := range map[string]int64{"engine": math.MaxInt64, "scan": 0} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.in.scanFrom = from
			h.put("劳动力调查_202605.csv", []byte(head+strings.Join(rows, "\n")+"\n"))
			sum := h.load()
			if sum.RowsLoaded != 4 || sum.RowsQuarantined != 6 {
				t.Fatalf("%+v", sum)
			}
			if got := h.rows("labor_force_survey", surveyColumns); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			faults := h.query(`SELECT "row", col, reason FROM state.main.quarantine ORDER BY "row", col`)
			if faults != "5|sex|missing\n6|sex|missing\n7|weight_e6|missing\n8|weight_e6|missing\n9|base_weight_e6|bad_number\n10|responded|unknown_code\n10|sex|missing\n" {
				t.Errorf("got\n%s", faults)
			}
		})
	}
}

// Files of before version 3 load as they did.
func TestSurveyWithoutTheNewColumns(t *testing.T) {
	const head = "调查月份,户编码,成员序号,行政区划代码,层,样本点,轮换组,权数,年龄,性别\n"
	h := newHouse(t)
	h.put("劳动力调查_202605.csv", []byte(head+"2026-05,H1,1,410402,1,001,3,101.25,36,男\n2026-05,H1,2,410402,1,001,3,,36,女\n"))
	if sum := h.load(); sum.RowsLoaded != 1 || sum.RowsQuarantined != 1 {
		t.Fatalf("%+v", sum)
	}
	if got, want := h.rows("labor_force_survey", surveyColumns), "1|∅|M|36|101250000|∅|∅|∅|false\n"; got != want {
		t.Errorf("got %s", got)
	}
	if got := h.query(`SELECT "row", col, reason FROM state.main.quarantine`); got != "3|weight_e6|missing\n" {
		t.Errorf("got %s", got)
	}
	h.put("劳动力调查_202606.csv", []byte("调查月份,户编码,成员序号,行政区划代码,层,样本点,年龄,性别\n2026-06,H1,1,410402,1,001,36,男\n"))
	sum := h.load()
	if len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "weight_e6") {
		t.Errorf("no column of weights: %+v", sum)
	}
}
