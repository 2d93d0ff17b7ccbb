package monthly_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"
	"testing"

	"laborwatch/simulate"
)

// sampled puts a drawn sample and the population totals into the lake, both of
// 2026-10, and gives the sampler.
func sampled(t *testing.T, db *sql.DB) *simulate.Sampler {
	t.Helper()
	s, err := simulate.NewSampler(t.Context(), simulate.SamplerOptions{Persons: 50_000})
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	flush := func(into string) {
		run(t, db, "INSERT INTO lake."+into+" VALUES "+strings.Join(rows, ", "))
		rows = rows[:0]
	}
	null := func(s string) string {
		if s == "" {
			return "NULL"
		}
		return "'" + s + "'"
	}
	for i, p := range s.Draw(1) {
		status := "NULL"
		if p.Responded {
			status = fmt.Sprint(p.Status)
		}
		age := map[string]string{"Y_LT16": "10", "Y16T24": "20", "Y25T29": "27", "Y30T59": "45", "Y_GE60": "70"}[p.Age]
		if age == "" {
			age = "NULL"
		}
		rows = append(rows, fmt.Sprintf("(DATE '2026-10-01', '%d', '%d', '%s', '%s', '%d', '%d', %d, %v, %s, %s, %s, %s, %d)",
			p.Household, i, p.Region, p.Stratum, p.PSU, p.Class, int64(math.Round(p.BaseWeight*1e6)), p.Responded, age, null(p.Sex), null(p.Hukou), status, i))
	}
	flush("labor_force_survey (period, household, person_no, region, stratum, psu, response_class, base_weight_e6, responded, age, sex, hukou, status, _row)")
	for i, p := range s.PopulationTotals() {
		rows = append(rows, fmt.Sprintf("(DATE '2026-01-01', '%s', '%s', '%s', '%s', %d, %d)", p.Region, p.Sex, p.Age, p.Hukou, p.Persons, i))
	}
	flush("population_totals (period, region, sex, age, hukou, persons, _row)")
	return s
}

// TestWeightsMeetTheTotals: weights made from base weights add up to the
// population of every margin in force, refusals carry none, and the figures rest
// on them.
func TestWeightsMeetTheTotals(t *testing.T) {
	db := open(t, 2)
	s := sampled(t, db)
	build(t, db, nil)
	want := map[string]float64{}
	persons := 0.0
	for _, p := range s.PopulationTotals() {
		want[p.Hukou] += float64(p.Persons)
		persons += float64(p.Persons)
	}
	rows, err := db.QueryContext(t.Context(), `SELECT s.hukou, sum(w.weight_e6) / 1e6, min(w.g), max(w.g), min(w.response)
		FROM wh.main.core_survey_weight AS w JOIN lake.labor_force_survey AS s USING (household, person_no) GROUP BY s.hukou`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var hukou string
		var sum, least, most, response float64
		if err := rows.Scan(&hukou, &sum, &least, &most, &response); err != nil {
			t.Fatal(err)
		}
		seen++
		if math.Abs(sum/want[hukou]-1) > 1e-6 {
			t.Errorf("%s: weights of %.1f, population %.0f", hukou, sum, want[hukou])
		}
		if least < .5 || most > 2.5 || response < 1 {
			t.Errorf("%s: g from %v to %v, response factors from %v", hukou, least, most, response)
		}
	}
	if rows.Err() != nil || seen != len(want) {
		t.Errorf("%d hukou of %d (%v)", seen, len(want), rows.Err())
	}
	got := figures(t, db)
	force := got["2026-10|surveyed_labor_force|_T|_T|_T|_T"]
	truth := s.Truth()[len(s.Truth())-1]
	if off := force.value.Float64 - float64(truth.Employed+truth.Unemployed); math.Abs(off) > 4*force.se.Float64 || force.value.Float64 > persons {
		t.Errorf("labor force %.0f ± %.0f, truth %d", force.value.Float64, force.se.Float64, truth.Employed+truth.Unemployed)
	}
	var response float64
	if err := db.QueryRowContext(t.Context(), "SELECT value FROM wh.main.ind_survey_design WHERE indicator = 'survey_response_rate' AND region = '_T'").Scan(&response); err != nil || response < .7 || response >= 1 {
		t.Errorf("response rate %v (%v)", response, err)
	}
	// The same sample with weights as given, here the base weights, has the same
	// persons and other figures: a larger error of the labor force, for the
	// calibration fixes most of it.
	build(t, db, map[string]any{"weighting.method": "given"})
	plain := figures(t, db)["2026-10|surveyed_labor_force|_T|_T|_T|_T"]
	if plain.n != force.n || plain.se.Float64 < 1.3*force.se.Float64 {
		t.Errorf("labor force with base weights: n %d ± %.0f; calibrated: n %d ± %.0f", plain.n, plain.se.Float64, force.n, force.se.Float64)
	}
}

// TestWeightsThatCannotBeMade say what is missing.
func TestWeightsThatCannotBeMade(t *testing.T) {
	db := open(t, 2)
	sampled(t, db)
	run(t, db, "UPDATE lake.labor_force_survey SET base_weight_e6 = NULL, weight_e6 = 1000000 WHERE household IN (SELECT household FROM lake.labor_force_survey WHERE responded LIMIT 1)")
	build(t, db, nil) // auto: weights as given
	builds++
	tr, err := newTransform(t, db, tableLake{db, builds}, map[string]any{"weighting.method": "calibrated"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = tr.Run(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "have a base weight") || !strings.Contains(err.Error(), "2026-10") {
		t.Error(err)
	}
}
