// Package docs holds the documentation to what the tests show.
package docs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of validation")

// validated are the tests that reproduce reference numbers.
var validated = []struct{ pkg, test, what, tolerance string }{
	{"survey", "TestSchools", "estimates, errors, design effects, intervals of seven designs (`expected_survey.csv`)", "10⁻⁸ relative; limits by likelihood 2·10⁻⁴ (R interpolates)"},
	{"survey", "TestPanel", "lonely PSUs, domains, hours, change, replicates (`expected_lfs_synth.csv`)", "10⁻⁸ relative"},
	{"survey", "TestReplicates", "jackknife, BRR, Fay (`expected_survey.csv`, JK and scd rows)", "10⁻⁸ relative"},
	{"survey", "TestQuantileValues", "medians and quartiles of R's svyquantile", "10⁻⁹ relative"},
	{"weighting", "TestWeights", "eight vectors of calibrated weights, 183 schools each", "10⁻⁶ relative"},
	{"weighting", "TestCalibratedEstimates", "estimates with calibrated weights (`expected_survey.csv`, cal rows)", "10⁻⁶ relative"},
	{"smallarea", "TestReferenceEstimates", "EBLUP and MSE of 43 areas (`expected_milk_fh.csv`)", "10⁻⁶ relative"},
	{"smallarea", "TestReferenceFit", "A, β and the fit (`expected_milk_fh_fit.csv`)", "10⁻⁶ relative"},
	{"smallarea", "TestReferencePrasadRao", "Prasad–Rao moments (`expected_milk_prasadrao.csv`)", "10⁻⁶ relative"},
	{"smallarea", "TestReferenceBenchmark", "benchmarking (`expected_milk_benchmark.csv`)", "10⁻⁶ relative"},
	{"seasonal", "TestReferenceSTL", "STL of four series, month by month (`stl_*.csv`)", "10⁻⁹ absolute; the robust one with R's sort"},
	{"control", "TestReferenceSahm", "Sahm's indicator (`sahm_*.csv`)", "10⁻⁸ relative"},
	{"control", "TestReferenceEWMA", "EWMA (`ewma_nist.csv`)", "10⁻⁸ relative"},
	{"control", "TestReferenceCUSUM", "CUSUM (`cusum_nist.csv`)", "10⁻⁸ relative"},
	{"control", "TestReferenceRunLengths", "average run lengths (`expected_spc_arl.csv`)", "10⁻⁶ relative"},
}

const begin, end = "<!-- validation: written by `go test ./docs -update` -->\n", "<!-- end -->"

// TestValidationTable runs the tests of reference numbers and holds the table in
// methodology.md to how many rows they reproduce.
func TestValidationTable(t *testing.T) {
	if os.Getenv("LABORWATCH_REFERENCE") == "" {
		t.Skip("LABORWATCH_REFERENCE is not set: no reference numbers to count")
	}
	passed := map[string]int{}
	for _, pkg := range []string{"survey", "weighting", "smallarea", "seasonal", "control"} {
		var names []string
		for _, v := range validated {
			if v.pkg == pkg {
				names = append(names, v.test)
			}
		}
		cmd := exec.CommandContext(t.Context(), "go", "test", "-json", "-p", "1", "-run", "^("+strings.Join(names, "|")+")$", "laborwatch/"+pkg)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", pkg, err, out)
		}
		count(t, pkg, out, passed)
	}
	var b strings.Builder
	b.WriteString("| reference numbers | rows reproduced | tolerance | test |\n| --- | ---: | --- | --- |\n")
	for _, v := range validated {
		n := passed[v.pkg+"."+v.test]
		if n == 0 {
			t.Errorf("%s.%s reproduces no row", v.pkg, v.test)
		}
		fmt.Fprintf(&b, "| %s | %d | %s | `%s`, %s |\n", v.what, n, v.tolerance, v.pkg, v.test)
	}
	text, err := os.ReadFile("methodology.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	old, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("methodology.md has no place for the table")
	}
	if *update {
		if err := os.WriteFile("methodology.md", []byte(head+begin+b.String()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != b.String() {
		t.Errorf("the table of validation is not what the tests give; run: go test ./docs -update\n%s", b.String())
	}
}

// count adds the passed subtests that have none of their own.
func count(t *testing.T, pkg string, out []byte, passed map[string]int) {
	t.Helper()
	var names []string
	for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
		var e struct{ Action, Test string }
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.Action == "pass" && strings.Contains(e.Test, "/") {
			names = append(names, e.Test)
		}
	}
	parent := map[string]bool{}
	for _, n := range names {
		for i := range n {
			if n[i] == '/' {
				parent[n[:i]] = true
			}
		}
	}
	for _, n := range names {
		if !parent[n] {
			top, _, _ := strings.Cut(n, "/")
			passed[pkg+"."+top]++
		}
	}
}
