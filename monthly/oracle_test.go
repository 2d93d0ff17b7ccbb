package monthly_test

import (
	"database/sql"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

// respondent is a person as core_survey_person gives it.
type respondent struct {
	month, region, sex, age, schooling, hukou, agri string
	stratum, psu                                    string
	status                                          int
	weight                                          float64
	hours                                           sql.NullFloat64
}

func respondents(t *testing.T, db *sql.DB) []respondent {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT strftime(period, '%Y-%m'), region, sex, age, schooling, hukou,
		agri_hukou, stratum, psu, status, weight_e6 / 1e6, hours_e3 / 1e3 FROM (`+persons(t)+`) AS p`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []respondent
	for rows.Next() {
		var r respondent
		if err := rows.Scan(&r.month, &r.region, &r.sex, &r.age, &r.schooling, &r.hukou, &r.agri,
			&r.stratum, &r.psu, &r.status, &r.weight, &r.hours); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// persons is the SELECT of core_survey_person over the lake's table.
func persons(t testing.TB) string {
	t.Helper()
	p := params(t, nil)
	status := strings.ReplaceAll(render(t, "core/core_survey_status", p), "stg_labor_force_survey", "("+render(t, "staging/stg_labor_force_survey", p)+")")
	return strings.ReplaceAll(render(t, "core/core_survey_person", p), "core_survey_status", "("+status+")")
}

// share is a person's part in a measure's numerator and denominator.
type share func(respondent) (num, den float64)

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

var shares = map[string]share{
	"surveyed_unemployment_rate":     func(r respondent) (float64, float64) { return is(r.status == 2), is(r.status == 1 || r.status == 2) },
	"labor_force_participation_rate": func(r respondent) (float64, float64) { return is(r.status == 1 || r.status == 2), is(r.status > 0) },
	"employment_rate":                func(r respondent) (float64, float64) { return is(r.status == 1), is(r.status > 0) },
	"mean_weekly_hours":              func(r respondent) (float64, float64) { return r.hours.Float64, is(r.hours.Valid) },
	"surveyed_employed":              func(r respondent) (float64, float64) { return is(r.status == 1), 0 },
	"surveyed_unemployed":            func(r respondent) (float64, float64) { return is(r.status == 2), 0 },
	"surveyed_labor_force":           func(r respondent) (float64, float64) { return is(r.status == 1 || r.status == 2), 0 },
}

var domains = map[string]func(respondent) bool{
	"_T|_T|_T|_T":              func(respondent) bool { return true },
	"110003|_T|_T|_T":          func(r respondent) bool { return r.region == "110003" },
	"110003|F|_T|_T":           func(r respondent) bool { return r.region == "110003" && r.sex == "F" },
	"_T|_T|Y_GE60|_T":          func(r respondent) bool { return r.age == "Y_GE60" },
	"_T|_T|Y16T24|NON_STUDENT": func(r respondent) bool { return r.age == "Y16T24" && r.schooling == "NON_STUDENT" },
	"_T|_T|_T|MIGRANT":         func(r respondent) bool { return r.hukou == "MIGRANT" },
	"_T|_T|_T|MIGRANT_AGRI":    func(r respondent) bool { return r.agri == "MIGRANT_AGRI" },
}

// linear is a plain, absolute linearisation: the estimate, and what each PSU
// adds to it.
func linear(people []respondent, month string, in func(respondent) bool, of share) (float64, map[string]float64) {
	num, den := map[string]float64{}, map[string]float64{}
	var n, d float64
	for _, r := range people {
		if r.month != month || r.status == 0 || !in(r) {
			continue
		}
		x, y := of(r)
		key := r.stratum + "/" + r.psu
		num[key] += r.weight * x
		den[key] += r.weight * y
		n += r.weight * x
		d += r.weight * y
	}
	if d == 0 {
		return n, num
	}
	z := map[string]float64{}
	for key := range num {
		z[key] = (num[key] - n/d*den[key]) / d
	}
	return n / d, z
}

// standardError over strata of the PSUs fielded in the months, by the textbook;
// a lonely PSU deviates from 0.
func standardError(people []respondent, months []string, z map[string]float64) float64 {
	strata := map[string]map[string]bool{}
	for _, r := range people {
		if !slices.Contains(months, r.month) {
			continue
		}
		if strata[r.stratum] == nil {
			strata[r.stratum] = map[string]bool{}
		}
		strata[r.stratum][r.stratum+"/"+r.psu] = true
	}
	var v float64
	for _, psus := range strata {
		n, mean := float64(len(psus)), 0.0
		for key := range psus {
			mean += z[key] / n
		}
		for key := range psus {
			switch {
			case n > 1:
				v += n / (n - 1) * (z[key] - mean) * (z[key] - mean)
			default:
				v += z[key] * z[key]
			}
		}
	}
	return math.Sqrt(v)
}

// TestAgainstTextbook recomputes levels and changes in plain floating point, on
// a sample whose PSUs come and go: levels, and changes with partial overlap.
func TestAgainstTextbook(t *testing.T) {
	db := open(t, 2)
	national(t, db, 60_000, 13)
	// 300 PSUs; a fourth of them rests every month, and some strata are left with one.
	run(t, db, `DELETE FROM lake.labor_force_survey WHERE CAST(psu AS INTEGER) >= 300
		OR (CAST(psu AS INTEGER) + date_diff('month', DATE '2024-01-01', period)) % 4 = 0`)
	build(t, db, nil)
	got := figures(t, db)
	people := respondents(t, db)
	const now = "2025-01"
	compared := 0
	check := func(key string, value, se float64) {
		t.Helper()
		compared++
		g, ok := got[key]
		if !ok || math.Abs(g.value.Float64-value) > 1e-9*math.Abs(value)+1e-13 || math.Abs(g.se.Float64-se) > 1e-9*se {
			t.Errorf("%s: %.12g SE %.12g, want %.12g SE %.12g", key, g.value.Float64, g.se.Float64, value, se)
		}
	}
	for _, domain := range slices.Sorted(maps.Keys(domains)) {
		in := domains[domain]
		for _, indicator := range slices.Sorted(maps.Keys(shares)) {
			a, za := linear(people, now, in, shares[indicator])
			check(fmt.Sprintf("%s|%s|%s", now, indicator, domain), a, standardError(people, []string{now}, za))
			for suffix, then := range map[string]string{"_mom": "2024-12", "_yoy": "2024-01"} {
				b, zb := linear(people, then, in, shares[indicator])
				value, ca, cb := a-b, 1.0, 1.0
				if _, den := shares[indicator](respondent{status: 1, hours: sql.NullFloat64{Valid: true}}); den == 0 {
					value, ca, cb = a/b-1, 1/b, a/(b*b)
					if _, there := got[fmt.Sprintf("%s|%s%s|%s", now, indicator, suffix, domain)]; b == 0 && !there {
						compared++ // relative to nothing there is no change
						continue
					}
				}
				z := map[string]float64{}
				for key, x := range za {
					z[key] += ca * x
				}
				for key, x := range zb {
					z[key] -= cb * x
				}
				check(fmt.Sprintf("%s|%s%s|%s", now, indicator, suffix, domain), value, standardError(people, []string{now, then}, z))
			}
		}
	}
	if compared != 7*7*3 {
		t.Errorf("compared %d figures", compared)
	}
}
