package survey

import (
	"math"
	"testing"
)

// inside is the probability that Student's t with nu degrees of freedom lies
// within ±t (Abramowitz and Stegun 26.7.3 and 26.7.4).
func inside(t float64, nu int) float64 {
	theta := math.Atan(t / math.Sqrt(float64(nu)))
	sin, cos := math.Sincos(theta)
	if nu == 1 {
		return 2 * theta / math.Pi
	}
	first := 1.0
	if nu%2 == 1 {
		first = cos
	}
	sum, term := 0.0, first
	for k := 2 + nu%2; k <= nu; k += 2 {
		sum += term
		term *= cos * cos * float64(k-1) / float64(k)
	}
	if nu%2 == 1 {
		return 2 / math.Pi * (theta + sin*sum)
	}
	return sin * sum
}

// TestQuantiles: every tabled quantile encloses its level, and the series
// takes over from the table without a step.
func TestQuantiles(t *testing.T) {
	db := open(t, 1)
	run(t, db, `CREATE TABLE core_survey_variance AS SELECT DATE '2026-05-01' AS period, 'level' AS contrast,
		'_T' AS region, '_T' AS sex, '_T' AS age, '_T' AS pop_group, 'x' AS measure, 0.1 AS se,
		CAST(df AS BIGINT) AS df FROM range(0, 400) AS r(df)`)
	run(t, db, `CREATE TABLE core_survey_estimate AS SELECT *, CAST(1 AS BIGINT) AS n FROM core_survey_variance`)
	for _, level := range []float64{0.80, 0.90, 0.95, 0.98, 0.99} {
		q := render(t, "core/core_survey_t", params(t, map[string]any{"survey.confidence": level}))
		rows, err := db.QueryContext(t.Context(), "SELECT df, t FROM ("+q+") AS m ORDER BY df")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; rows.Next(); n++ {
			var df int
			var x float64
			if err := rows.Scan(&df, &x); err != nil {
				t.Fatal(err)
			}
			// What the probability misses, as a part of t.
			limit := 1e-14
			if df > 120 {
				limit = 2e-10
			}
			slope := (inside(x*(1+1e-6), df) - inside(x*(1-1e-6), df)) / 2e-6
			if miss := math.Abs(inside(x, df)-level) / slope; miss > limit+1e-13 {
				t.Errorf("level %v, %d degrees of freedom: t = %v is off by %.1e", level, df, x, miss)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if err := rows.Close(); err != nil || n != 399 { //nolint:sqlclosecheck // one of several in a loop
			t.Errorf("level %v: %d quantiles, want 399, none for 0 degrees of freedom (%v)", level, n, err)
		}
	}
}
