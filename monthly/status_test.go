package monthly_test

import (
	"encoding/csv"
	"os"
	"strconv"
	"testing"
)

// TestStatusCases derives the status of the 15 hand-made cases by NBS rules,
// with the agreed start counted either way.
func TestStatusCases(t *testing.T) {
	f, err := os.Open(reference(t, "vectors/lfs_status_cases.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := map[string]int{}
	for i, name := range rows[0] {
		col[name] = i
	}
	db := open(t, 2)
	number := func(r []string, name string) (int, bool) {
		n, err := strconv.Atoi(r[col[name]])
		return n, err == nil
	}
	// Months and days within a limit; unanswered is not within.
	within := func(r []string, name string, limit int) bool {
		n, ok := number(r, name)
		return ok && n <= limit
	}
	yes := func(r []string, name string) any {
		switch n, ok := number(r, name); {
		case !ok:
			return nil
		default:
			return n == 1
		}
	}
	for i, r := range rows[1:] {
		age, _ := number(r, "age")
		back := within(r, "absence_months_total", 3) || yes(r, "paid_while_absent") == true
		_, err := db.ExecContext(t.Context(), `INSERT INTO lake.labor_force_survey
			(period, stratum, psu, weight_e6, age, worked, absent, absent_return, searched, available, start_later, household)
			VALUES (DATE '2026-05-01', '1', '1', 1000000, ?, ?, ?, ?, ?, ?, ?, ?)`,
			age, yes(r, "worked_1h"), yes(r, "has_job_absent"), back,
			within(r, "days_since_last_active_search", 91), yes(r, "available_2w"),
			within(r, "future_start_days", 91), strconv.Itoa(i+1))
		if err != nil {
			t.Fatal(err)
		}
	}
	code := map[string]int{"U16": 0, "E": 1, "U": 2, "N": 3}
	for _, agreed := range []int{0, 1} {
		sql := render(t, "core/core_survey_person", params(t, map[string]any{"survey.agreed_start_unemployed": agreed}))
		run(t, db, "CREATE OR REPLACE VIEW stg_labor_force_survey AS "+render(t, "staging/stg_labor_force_survey", params(t, nil)))
		for i, r := range rows[1:] {
			want := code[r[col["exp_nbs_status"]]]
			if _, later := number(r, "future_start_days"); later && agreed == 1 {
				want = 2
			}
			var got int
			q := "SELECT status FROM (" + sql + ") AS p WHERE household = ?"
			if err := db.QueryRowContext(t.Context(), q, strconv.Itoa(i+1)).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("case %s (%s), agreed start %d: status %d, want %d", r[0], r[len(r)-1], agreed, got, want)
			}
		}
	}
}

// TestStatusGivenWins: a survey that brings its own status keeps it.
func TestStatusGivenWins(t *testing.T) {
	db := open(t, 1)
	run(t, db, `INSERT INTO lake.labor_force_survey (period, stratum, psu, weight_e6, age, worked, status)
		VALUES (DATE '2026-05-01', '1', '1', 1000000, 15, TRUE, 3)`)
	run(t, db, "CREATE VIEW stg_labor_force_survey AS "+render(t, "staging/stg_labor_force_survey", params(t, nil)))
	var got int
	q := "SELECT status FROM (" + render(t, "core/core_survey_person", params(t, nil)) + ") AS p"
	if err := db.QueryRowContext(t.Context(), q).Scan(&got); err != nil || got != 3 {
		t.Errorf("status %d (%v), want 3", got, err)
	}
}
