package alert_test

import (
	"database/sql"
	"fmt"
	"os"
	"testing"
)

func TestZZ2(t *testing.T) {
	if os.Getenv("WH") == "" {
		t.Skip()
	}
	db, _ := sql.Open("duckdb", "")
	c := &city{t, db}
	db.SetMaxOpenConns(1)
	c.exec("ATTACH '" + os.Getenv("WH") + "' AS wh (READ_ONLY); USE wh")
	for _, q := range []string{
		`SELECT concat_ws(' ', c, count(*), count(*) FILTER (WHERE truth = value), sum(truth), sum(value), max(abs(truth - value))) FROM (
			SELECT 'insured' c, t.period p, t.region, t.insured truth, i.value FROM read_csv('` + os.Getenv("TRUTH") + `', all_varchar=false, types={'region': 'VARCHAR','period':'VARCHAR'}) t LEFT JOIN ind_insured i ON strftime(i.period, '%Y-%m') = t.period AND i.region = t.region AND i.indicator='insured_persons' AND industry='_T' AND enterprise='_T'
			UNION ALL SELECT r.indicator, t.period, t.region, CASE r.indicator WHEN 'registered_unemployed' THEN t.registered WHEN 'registered_unemployed_inflow' THEN registered_in_month ELSE deregistered_in_month END, r.value
			FROM read_csv('` + os.Getenv("TRUTH") + `', types={'region': 'VARCHAR','period':'VARCHAR'}) t LEFT JOIN ind_registered r ON strftime(r.period, '%Y-%m') = t.period AND r.region = t.region AND r.sex='_T' AND r.age='_T' AND r.pop_group='_T'
			) GROUP BY c ORDER BY c`,
		os.Getenv("Q"),
	} {
		if q == "" {
			continue
		}
		for _, r := range c.rows(q) {
			fmt.Println(r)
		}
	}
}
