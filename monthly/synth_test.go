package monthly_test

import (
	"database/sql"
	"fmt"
	"math"
	"testing"

	"laborwatch/referencetest"
)

// tolerance of the survey vectors, relative.
const tolerance = 1e-8

func near(got, want float64) bool {
	return math.Abs(got-want) <= tolerance*math.Abs(want)
}

// expected reads a file of case, quantity, value.
func expected(t testing.TB, name string) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for _, r := range referencetest.Read(t, name).Rows {
		out[r[0]+"/"+r[1]] = referencetest.Number(t, r[2])
	}
	return out
}

// synth loads the synthetic panel. With urbanOnly the others stay in the
// design but out of scope, which is how a domain is estimated.
func synth(t testing.TB, threads int, urbanOnly bool) *sql.DB {
	t.Helper()
	file := referencetest.Path(t, "vectors/lfs_synth.csv")
	db := open(t, threads)
	run(t, db, `INSERT INTO lake.labor_force_survey
		(period, household, person_no, region, stratum, psu, weight_e6, age, sex, hukou, in_school, hours, status, _row)
		SELECT CAST(month || '-01' AS DATE), hh, person, county, stratum, psu,
			CAST(round(CAST(weight AS DECIMAL(28, 12)) * 1000000) AS BIGINT), CAST(age AS INTEGER),
			CASE sex WHEN '1' THEN 'M' ELSE 'F' END,
			CASE hukou WHEN '1' THEN 'local' WHEN '2' THEN 'migrant' ELSE 'migrant_agri' END,
			in_school = '1', CAST(hours AS DOUBLE),
			CASE WHEN urban = '1' OR NOT `+fmt.Sprint(urbanOnly)+` THEN CAST(status AS INTEGER) ELSE 0 END,
			row_number() OVER ()
		FROM read_csv('`+file+`', all_varchar = true, header = true)`)
	return db
}

// TestSynthRules holds rates and totals of both months to R's figures under
// each rule for strata with one PSU.
func TestSynthRules(t *testing.T) {
	want := expected(t, "vectors/expected_lfs_synth.csv")
	db := synth(t, 2, false)
	names := map[string]string{
		"urate": "surveyed_unemployment_rate", "total(E)": "surveyed_employed",
		"total(U)": "surveyed_unemployed", "total(LF)": "surveyed_labor_force",
	}
	for _, rule := range []string{"certainty", "remove", "adjust", "average"} {
		build(t, db, map[string]any{"survey.lonely_psu": rule})
		got := figures(t, db)
		for _, month := range []string{"2024-01", "2024-02"} {
			for quantity, indicator := range names {
				row := "synth|lonely=" + rule + "|" + month + "/" + quantity
				g := got[month+"|"+indicator+"|_T|_T|_T|_T"]
				compare(t, row+".est", g.value, want)
				compare(t, row+".se", g.se, want)
			}
		}
		var df int
		if err := db.QueryRowContext(t.Context(), `SELECT max(df) FROM wh.main.core_survey_estimate
			WHERE measure = 'surveyed_unemployment_rate' AND region || sex || age || pop_group = '_T_T_T_T'
			AND contrast = 'level'`).Scan(&df); err != nil || df != 17 {
			t.Errorf("%s: df = %d (%v), want 17", rule, df, err)
		}
	}
}

func compare(t *testing.T, row string, got sql.NullFloat64, want map[string]float64) {
	t.Helper()
	w, ok := want[row]
	if !ok {
		t.Errorf("no row %s in the reference", row)
		return
	}
	if !got.Valid || !near(got.Float64, w) {
		t.Errorf("%s = %.12g, want %.12g (off by %.2g)", row, got.Float64, w, math.Abs(got.Float64/w-1))
	}
}

// TestSynthDomains: counties, sexes, rates, hours, the interval and the change.
func TestSynthDomains(t *testing.T) {
	want := expected(t, "vectors/expected_lfs_synth.csv")
	db := synth(t, 2, false)
	build(t, db, nil)
	got := figures(t, db)
	const rate, domain = "surveyed_unemployment_rate", "synth|lonely=adjust|2024-01|domain/"
	for row, key := range map[string]string{
		"urate[county=1]":        rate + "|1|_T|_T|_T",
		"urate[county=2]":        rate + "|2|_T|_T|_T",
		"urate[county=3]":        rate + "|3|_T|_T|_T",
		"urate[sex=1]":           rate + "|_T|M|_T|_T",
		"urate[sex=2]":           rate + "|_T|F|_T|_T",
		"emp_pop_ratio":          "employment_rate|_T|_T|_T|_T",
		"part_rate":              "labor_force_participation_rate|_T|_T|_T|_T",
		"avg_hours_all_employed": "mean_weekly_hours|_T|_T|_T|_T",
	} {
		g := got["2024-01|"+key]
		compare(t, domain+row+".est", g.value, want)
		compare(t, domain+row+".se", g.se, want)
	}
	g := got["2024-01|"+rate+"|_T|_T|_T|_T"]
	// R prints the interval from an iterated fit (logit) and from the formula (xlogit).
	for _, kind := range []string{"logit", "xlogit"} {
		compare(t, domain+"urate.ci95."+kind+".lo", g.low, want)
		compare(t, domain+"urate.ci95."+kind+".hi", g.high, want)
	}
	c := got["2024-02|"+rate+"_mom|_T|_T|_T|_T"]
	compare(t, "synth|lonely=adjust|change/chg.est", c.value, want)
	compare(t, "synth|lonely=adjust|change/chg.se", c.se, want)
	if g.quality != "caution" || g.n != 257 {
		t.Errorf("headline: n %d, quality %s; want 257, caution (CV 21 %%)", g.n, g.quality)
	}
}

// TestSynthUrban: the published breakdowns (age bands without students, hukou).
func TestSynthUrban(t *testing.T) {
	want := expected(t, "vectors/expected_lfs_synth.csv")
	db := synth(t, 2, true)
	build(t, db, nil)
	got := figures(t, db)
	for row, key := range map[string]string{
		"urban=1":                        "_T|_T",
		"urban=1,age16-24,not in school": "Y16T24|NON_STUDENT",
		"urban=1,age25-29,not in school": "Y25T29|NON_STUDENT",
		"urban=1,age30-59,not in school": "Y30T59|NON_STUDENT",
		"urban=1,hukou=1":                "_T|LOCAL",
		"urban=1,hukou in 2,3":           "_T|MIGRANT",
		"urban=1,hukou=3":                "_T|MIGRANT_AGRI",
	} {
		const domain = "synth|lonely=adjust|2024-01|domain/"
		g := got["2024-01|surveyed_unemployment_rate|_T|_T|"+key]
		compare(t, domain+"urate["+row+"].est", g.value, want)
		compare(t, domain+"urate["+row+"].se", g.se, want)
		if n := want[domain+"n_lf["+row+"]"]; float64(g.n) != n {
			t.Errorf("%s: n = %d, want %v", row, g.n, n)
		}
		unreliable := want[domain+"n_u["+row+"]"] < 5 || g.n < 30 || g.se.Float64 > 0.333*g.value.Float64
		if (g.quality == "unreliable") != unreliable || (g.status == "N") != unreliable {
			t.Errorf("%s: quality %s, status %s", row, g.quality, g.status)
		}
	}
}
