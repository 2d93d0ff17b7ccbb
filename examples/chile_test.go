package examples_test

import (
	"bufio"
	"context"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"laborwatch/period"
	"laborwatch/referencetest"
)

// answer is one line of what R's survey package printed: percent, percentage points.
type answer struct {
	domain, code string
	n            string
	rate, se     float64
}

var (
	estimate = regexp.MustCompile(`^(total|sexo|region)(?: (\d+))? n=(\d+) UR=([\d.]+) SE=([\d.]+)$`)
	totals   = regexp.MustCompile(`^LF ([\d.]+) unemp ([\d.]+) *$`)
	design   = regexp.MustCompile(`^n strata (\d+) n PSU (\d+) lonely (\d+) *$`)
)

func TestChileENE(t *testing.T) {
	data, printed := referencetest.Path(t, "chile_ene/ene_2020_efm.csv"), referencetest.Path(t, "chile_ene/r_survey_reference.txt")
	e := open(t, "chile-ene")
	e.load("labor_force_survey", data, 87_842, 0, 0)
	e.transform()

	f, err := os.Open(printed)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var answers []answer
	sums, shape := []string(nil), []string(nil)
	for s := bufio.NewScanner(f); s.Scan(); {
		if m := estimate.FindStringSubmatch(s.Text()); m != nil {
			answers = append(answers, answer{m[1], m[2], m[3], number(t, m[4]), number(t, m[5])})
		} else if m := totals.FindStringSubmatch(s.Text()); m != nil {
			sums = m[1:]
		} else if m := design.FindStringSubmatch(s.Text()); m != nil {
			shape = m[1:]
		}
	}
	// The whole country, both sexes, 16 regions; nothing of it overlooked.
	if len(answers) != 1+2+16 || len(sums) != 2 || len(shape) != 3 {
		t.Fatalf("%s: understood %d estimates, %v, %v", printed, len(answers), sums, shape)
	}

	got := map[string]map[string]string{}
	for _, r := range e.query("surveyed_unemployment_rate", "region") {
		got["region "+r["region"]] = r
	}
	for _, r := range e.query("surveyed_unemployment_rate", "sex") {
		got["sexo "+map[string]string{"M": "1", "F": "2", "_T": "total"}[r["sex"]]] = r
	}
	if len(got) != 1+16+1+2 {
		t.Errorf("rows for %v", slices.Sorted(maps.Keys(got)))
	}
	got["total "] = got["region _T"]
	for _, a := range answers {
		r := got[a.domain+" "+a.code]
		if r == nil {
			t.Errorf("no row for %s %s", a.domain, a.code)
			continue
		}
		value, se := 100*number(t, r["value"]), 100*number(t, r["se"])
		if math.Abs(value-a.rate) > 1e-6 || math.Abs(se-a.se) > 1e-6 || r["n"] != a.n || r["period"] != "2020-02" {
			t.Errorf("%s %s: %.7f %% SE %.7f pp n=%s in %s; R has %f SE %f n=%s", a.domain, a.code, value, se, r["n"], r["period"], a.rate, a.se, a.n)
		}
	}
	// Totals are printed to ten significant digits.
	whole := got["total "]
	for column, want := range map[string]string{"denominator": sums[0], "numerator": sums[1]} {
		if x, y := number(t, whole[column]), number(t, want); math.Abs(x/y-1) > 1e-9 {
			t.Errorf("%s %v, R has %v", column, x, y)
		}
	}

	rows := e.rows("labor_force_survey")
	strata, psus := map[string]map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		if strata[r["stratum"]] == nil {
			strata[r["stratum"]] = map[string]bool{}
		}
		strata[r["stratum"]][r["psu"]] = true
		psus[r["psu"]] = true
	}
	lonely := 0
	for _, s := range strata {
		if len(s) == 1 {
			lonely++
		}
	}
	for i, n := range []int{len(strata), len(psus), lonely} {
		if strconv.Itoa(n) != shape[i] {
			t.Errorf("strata, sampling units, lonely ones: %d strata, %d units, %d lonely; R has %v", len(strata), len(psus), lonely, shape)
			break
		}
	}
	statuses(t, data, rows)
}

// statuses checks the code map person by person.
func statuses(t *testing.T, data string, rows []map[string]string) {
	t.Helper()
	f, err := os.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	raw := records(t, f)
	if len(raw) != len(rows) {
		t.Fatalf("%d rows in the file, %d in the lake", len(raw), len(rows))
	}
	for i, r := range raw {
		cae, err := strconv.Atoi(r["cae_especifico"])
		if err != nil {
			t.Fatal(err)
		}
		want := "3"
		switch {
		case cae == 0:
			want = "0"
		case cae <= 7:
			want = "1"
		case cae <= 9:
			want = "2"
		}
		sex := map[string]string{"1": "M", "2": "F"}[r["sexo"]]
		if x := rows[i]; x["status"] != want || x["sex"] != sex || x["region"] != r["region"] || x["stratum"] != r["estrato_unico"] || x["psu"] != r["conglomerado"] {
			t.Fatalf("row %d: %v became %v", i+2, r, x)
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// sorted gives the months of a map in order.
func sorted[V any](m map[period.Period]V) []period.Period {
	return slices.Sorted(maps.Keys(m))
}

// A status code that the survey never had is no person out of the labor force.
func TestChileUnknownCode(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ene_bad.csv")
	rows := "cae_especifico,sexo,region,conglomerado,estrato_unico,fact_cal,fdt,des\n" +
		"2,1,1,11010000670,1021,274.04,1,0\n" + // employed, though 2 is also our code of the unemployed
		"29,1,1,11010000670,1021,274.04,0,0\n" +
		"1,1,17,11010000670,1021,274.04,1,0\n"
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	e := open(t, "chile-ene")
	e.load("labor_force_survey", file, 1, 0, 2)
	if r := e.rows("labor_force_survey"); r[0]["status"] != "1" || r[0]["weight_e6"] != "274040000" {
		t.Errorf("%v", r[0])
	}
	faults, err := e.Lake.Quarantined(context.Background(), "labor_force_survey", 10)
	if err != nil || len(faults) != 2 {
		t.Fatal(faults, err)
	}
	for _, x := range faults {
		if want := map[int64]string{3: "status unknown_code", 4: "region bad_region"}[x.Row]; x.Column+" "+x.Reason != want {
			t.Errorf("%+v, want %s", x, want)
		}
	}
}
