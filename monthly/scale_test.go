package monthly_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"testing"
)

// national fills months of a sample the size of the country's: 340,000 persons
// of 6,000 PSUs in 124 strata and 31 regions a month. Everything comes
// from integer arithmetic, so it is the same everywhere; half of the PSUs'
// persons answer differently from month to month.
func national(t testing.TB, db *sql.DB, persons, months int) {
	t.Helper()
	run(t, db, fmt.Sprintf(`INSERT INTO lake.labor_force_survey
		(period, household, person_no, region, stratum, psu, weight_e6, age, sex, hukou, in_school,
		 worked, absent, absent_return, searched, available, start_later, hours, _row)
		WITH drawn AS (
			SELECT m, i, i %% 6000 AS j,
				(i * 7919 + (i %% 2) * m * 104729 + 12345) %% 1000003 AS r,
				(i * 104651 + 777) %% 1000033 AS s
			FROM range(%d) AS person(i) CROSS JOIN range(%d) AS month(m)
		)
		SELECT CAST(DATE '2024-01-01' + to_months(CAST(m AS INTEGER)) AS DATE),
			CAST(i // 3 AS VARCHAR), CAST(i %% 3 AS VARCHAR),
			CAST(110000 + j %% 31 AS VARCHAR), CAST(j %% 124 AS VARCHAR), CAST(j AS VARCHAR),
			2000000000 + s * 997, s %% 90, CASE WHEN s %% 2 = 0 THEN 'M' ELSE 'F' END,
			CASE WHEN s %% 10 < 7 THEN 'local' WHEN s %% 10 < 8 THEN 'migrant' ELSE 'migrant_agri' END,
			s %% 90 < 22 AND r %% 3 > 0,
			r %% 100 < 58, r %% 100 = 58, TRUE, r %% 100 BETWEEN 60 AND 64, r %% 7 > 0, r %% 100 = 65,
			CASE WHEN r %% 100 < 58 THEN 35 + r %% 20 END, i
		FROM drawn`, persons, months))
}

// TestThreads: the number of threads changes no bit of any figure.
func TestThreads(t *testing.T) {
	got := map[int]map[string]figure{}
	for _, threads := range []int{1, 2} {
		db := open(t, threads)
		national(t, db, 40_000, 2)
		build(t, db, nil)
		got[threads] = figures(t, db)
	}
	if len(got[1]) < 1000 || !maps.Equal(got[1], got[2]) {
		t.Errorf("figures differ between 1 and 2 threads (%d, %d figures)", len(got[1]), len(got[2]))
	}
	for k, g := range got[1] {
		finite(t, k, g)
	}
}

// BenchmarkMonth is all published domains of a 340,000-person month, with
// standard errors.
func BenchmarkMonth(b *testing.B) {
	db := open(b, 2)
	national(b, db, 340_000, 1)
	for b.Loop() {
		build(b, db, nil)
	}
	var n int
	if err := db.QueryRowContext(context.Background(), "SELECT count(*) FROM wh.main.ind_survey_level").Scan(&n); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(n), "figures")
}
