package monthly_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"

	"laborwatch/referencetest"
)

// loadChile puts the real survey into the lake as its contract does.
func loadChile(t testing.TB, threads int) *sql.DB {
	t.Helper()
	file := referencetest.Path(t, "chile_ene/ene_2020_efm.csv")
	db := open(t, threads)
	run(t, db, `INSERT INTO lake.labor_force_survey
		(period, household, person_no, region, stratum, psu, weight_e6, sex, status, _row)
		SELECT DATE '2020-02-01', CAST(row_number() OVER () AS VARCHAR), '1', region, estrato_unico, conglomerado,
			CAST(round(CAST(fact_cal AS DECIMAL(28, 12)) * 1000000) AS BIGINT),
			CASE sexo WHEN '1' THEN 'M' ELSE 'F' END,
			CASE WHEN CAST(cae_especifico AS INTEGER) BETWEEN 1 AND 7 THEN 1
				WHEN cae_especifico IN ('8', '9') THEN 2
				WHEN cae_especifico = '0' THEN 0 ELSE 3 END,
			row_number() OVER ()
		FROM read_csv('`+file+`', all_varchar = true, header = true)`)
	return db
}

var publishedLine = regexp.MustCompile(`^(total|sexo (\d)|region (\d+)) n=(\d+) UR=([\d.]+) SE=([\d.]+)`)

// TestChile: the 16 regions, both sexes and the nation, to the printed digits.
func TestChile(t *testing.T) {
	db := loadChile(t, 2)
	build(t, db, map[string]any{"survey.lonely_psu": "certainty"})
	got := figures(t, db)
	f, err := os.Open(referencetest.Path(t, "chile_ene/r_survey_reference.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		m := publishedLine.FindStringSubmatch(sc.Text())
		if m == nil {
			continue
		}
		rows++
		region, sex := "_T", "_T"
		if m[2] != "" {
			sex = map[string]string{"1": "M", "2": "F"}[m[2]]
		}
		if m[3] != "" {
			region = m[3]
		}
		key := fmt.Sprintf("2020-02|surveyed_unemployment_rate|%s|%s|_T|_T", region, sex)
		g := got[key]
		if strconv.FormatInt(g.n, 10) != m[4] {
			t.Errorf("%s: n = %d, want %s", key, g.n, m[4])
		}
		// The reference prints percent with six decimals.
		for _, c := range []struct {
			what string
			got  float64
			want string
		}{{"rate", g.value.Float64, m[5]}, {"se", g.se.Float64, m[6]}} {
			want, err := strconv.ParseFloat(c.want, 64)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(100*c.got-want) > 0.51e-6 {
				t.Errorf("%s: %s = %.9f, want %s", key, c.what, 100*c.got, c.want)
			}
		}
	}
	if rows != 19 {
		t.Errorf("compared %d rows of the reference, want 19", rows)
	}
	for key, want := range map[string][2]float64{
		"surveyed_labor_force|_T|_T": {9744229.315, -1},
		"surveyed_unemployed|_T|_T":  {801804.7957, -1},
		"surveyed_unemployed|_T|M":   {399299.4, 14530.92},
		// By R's survey 4.1-1: svytotal(~u, subset(des, sexo == 2)), certainty.
		"surveyed_unemployed|_T|F": {402505.3564572, 14688.1869278},
	} {
		g := got["2020-02|"+key+"|_T|_T"]
		if math.Abs(g.value.Float64/want[0]-1) > 1e-7 || (want[1] > 0 && math.Abs(g.se.Float64/want[1]-1) > 1e-6) {
			t.Errorf("%s: %.4f SE %.4f, want %v", key, g.value.Float64, g.se.Float64, want)
		}
	}
	// Degrees of freedom, likewise: degf(subset(des, lf == 1)), and of each sex.
	for sex, want := range map[string]int{"_T": 3942, "M": 3857, "F": 3732} {
		var df int
		err := db.QueryRowContext(t.Context(), `SELECT df FROM wh.main.core_survey_estimate
			WHERE measure = 'surveyed_unemployed' AND contrast = 'level' AND region = '_T' AND age = '_T' AND pop_group = '_T' AND sex = ?`, sex).Scan(&df)
		if err != nil || df != want {
			t.Errorf("unemployed of %s: %d degrees of freedom, want %d (%v)", sex, df, want, err)
		}
	}
}
