package alert_test

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"
)

func TestScratchPerf(t *testing.T) {
	if os.Getenv("PERF") == "" {
		t.Skip()
	}
	persons := os.Getenv("PERF")
	c := newCity(t)
	c.exec("SET memory_limit='1200MB'; SET threads=2; SET temp_directory='/tmp/perf_spill'")
	dir := "/tmp/perf_" + persons
	os.MkdirAll(dir, 0o755)
	start := time.Now()
	if _, err := os.Stat(dir + "/si.parquet"); err != nil {
		c.exec(`COPY (SELECT CAST(DATE '2024-09-01' + to_months(CAST(m AS INTEGER)) AS DATE) AS period, md5(CAST(p AS VARCHAR)) AS person, 'M' sex, DATE '1990-01-01' birth_month, '410499' origin,
			'U' || CAST(floor(pow((hash(p)%1000003)/1000003.0, 4) * ` + persons + `//40) AS BIGINT) AS uscc, '210' AS insurance, CASE WHEN hash(p+m)%50=0 THEN '2' ELSE '1' END AS contribution_status, '10' AS payment_type, 500000 AS base_fen, '1' AS person_status, p AS _row
			FROM range(26) r(m), range(` + persons + `*55//100) q(p)) TO '` + dir + `/si.parquet' (FORMAT parquet, COMPRESSION zstd)`)
	}
	c.exec("DROP TABLE lake.social_insurance; CREATE VIEW lake.social_insurance AS FROM '" + dir + "/si.parquet'")
	c.exec(`INSERT INTO lake.enterprise BY NAME SELECT DATE '2024-09-01' + to_months(CAST(m AS INTEGER)) AS period, 'U' || i AS uscc, 'n' AS name, ['410402','410403'][1+i%2] AS region, ['2614','2820','5211','0610'][1+i%4] AS industry FROM range(26) r(m), range(` + persons + `//40) e(i)`)
	c.exec(`INSERT INTO lake.insurance_change BY NAME SELECT period, person, uscc, period + CAST(hash(person) % 28 AS INTEGER) AS change_date, CASE WHEN hash(person||period)%2=0 THEN 'in' ELSE 'out' END AS change,
		CASE WHEN hash(person||period)%10=1 THEN 'redundancy' ELSE 'resigned' END AS reason FROM lake.social_insurance WHERE hash(person || CAST(period AS VARCHAR)) % 20 = 0`)
	fmt.Println("made", time.Since(start))
	pending := models(t)
	for len(pending) > 0 {
		names := []string{}
		for n := range pending {
			names = append(names, n)
		}
		sort.Strings(names)
		done := 0
		for _, name := range names {
			text := pending[name]
			kind := "TABLE"
			if strings.Contains(text, "\nmaterialized: view") {
				kind = "VIEW"
			}
			s := time.Now()
			if _, err := c.db.Exec("CREATE " + kind + " " + name + " AS " + text); err == nil {
				delete(pending, name)
				done++
				fmt.Println(name, time.Since(s).Round(time.Millisecond))
			} else if !strings.Contains(err.Error(), "does not exist") {
				t.Fatal(name, err)
			}
		}
		if done == 0 {
			t.Fatal("stuck", names)
		}
	}
	fmt.Println(c.rows("SELECT concat_ws(' ', indicator, count(*)) FROM (FROM ind_insured UNION ALL BY NAME FROM ind_change) GROUP BY indicator ORDER BY 1"))
}
