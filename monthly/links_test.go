package monthly_test

import (
	"database/sql"
	"fmt"
	"math"
	"testing"
)

// TestLinks: the survey's statuses by what registers hold of the same persons.
func TestLinks(t *testing.T) {
	db := open(t, 2)
	id := func(i int) string { return fmt.Sprintf("CAST('00000000-0000-0000-0000-%012d' AS UUID)", i) }
	// Four PSUs of ten persons: 0–4 employed, 5–6 unemployed, 7–9 neither; the last of each PSU gives no ID.
	for i := range 40 {
		k := i % 10
		status, person := 1, id(i)
		if k > 4 {
			status = 2
		}
		if k > 6 {
			status = 3
		}
		if k == 9 {
			person = "NULL"
		}
		run(t, db, fmt.Sprintf(`INSERT INTO lake.labor_force_survey (period, household, person_no, region, stratum, psu, weight_e6, age, sex, status, person, _row)
			VALUES (DATE '2026-10-01', '%d', '1', '410402', '1', '%d', 1000000, 30, 'F', %d, %s, %d)`, i, i/10, status, person, i))
		insured := k < 3                      // of the employed two are not insured
		registered := k == 5 || k == 2        // one unemployed, and one employed who is insured as well
		benefit := k == 6 || k == 7 && i < 10 // the other unemployed, and one who says to be neither
		if insured {
			run(t, db, fmt.Sprintf(`INSERT INTO lake.social_insurance (period, person, uscc, insurance, contribution_status, payment_type)
				VALUES (DATE '2026-10-01', %s, 'A', '210', '1', '10')`, id(i)))
		}
		if registered {
			run(t, db, fmt.Sprintf(`INSERT INTO lake.unemployment_registration (period, registration_no, person, registered_on)
				VALUES (DATE '2026-10-01', '%d', %s, DATE '2026-08-01')`, i, id(i)))
		}
		if benefit {
			run(t, db, fmt.Sprintf(`INSERT INTO lake.unemployment_benefit (period, person, kind, amount_fen)
				VALUES (DATE '2026-10-01', %s, 'benefit', 171000)`, id(i)))
		}
	}
	// Closed before the month's end, and insured in another month: neither counts.
	run(t, db, fmt.Sprintf(`INSERT INTO lake.unemployment_registration (period, registration_no, person, registered_on, deregistered_on)
		VALUES (DATE '2026-10-01', 'x', %s, DATE '2026-08-01', DATE '2026-10-05')`, id(3)))
	run(t, db, fmt.Sprintf(`INSERT INTO lake.social_insurance (period, person, uscc, insurance, contribution_status, payment_type)
		VALUES (DATE '2026-09-01', %s, 'A', '210', '1', '10')`, id(4)))
	build(t, db, nil)
	rows, err := db.QueryContext(t.Context(), "SELECT indicator || ' ' || pop_group, value, se FROM wh.main.ind_survey_register WHERE period = DATE '2026-10-01'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := map[string]float64{}
	for rows.Next() {
		var key string
		var value float64
		var se sql.NullFloat64
		if err := rows.Scan(&key, &value, &se); err != nil {
			t.Fatal(err)
		}
		if value > 0 {
			got[key] = value
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"survey_employed_by_register REG_INSURED": 8, "survey_employed_by_register REG_BOTH": 4, "survey_employed_by_register REG_NONE": 8,
		"survey_unemployed_by_register REG_REGISTERED": 4, "survey_unemployed_by_register REG_BENEFIT": 4,
		"survey_inactive_by_register REG_BENEFIT": 1, "survey_inactive_by_register REG_NONE": 7, "survey_inactive_by_register REG_UNLINKED": 4,
		"survey_link_rate _T": .9,
	}
	for k, v := range want {
		if math.Abs(got[k]-v) > 1e-9 {
			t.Errorf("%s: %v, want %v", k, got[k], v)
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%s: %v, want nothing", k, v)
		}
	}
}
