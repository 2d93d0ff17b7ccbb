package examples_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"laborwatch/referencetest"
)

func TestNotices(t *testing.T) {
	file := referencetest.Path(t, "warn/us_oh_notices.csv")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw := records(t, strings.NewReader(string(b)))
	e := open(t, "us-warn")
	key := e.Contracts["layoff_notice"].Key

	// The state's list as it was some years ago: its first 2,000 notices.
	lines := strings.SplitAfter(string(b), "\n")
	old := filepath.Join(t.TempDir(), "us_oh_2021.csv")
	if err := os.WriteFile(old, []byte(strings.Join(lines[:2001], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	e.load("layoff_notice", old, 2000, 0, 0)
	// The whole list of today replaces it, and no filing stands twice or is lost.
	e.load("layoff_notice", file, 2771, 0, 0)
	rows := e.rows("layoff_notice", key...)
	if len(rows) != 2771 || len(raw) != 2771 {
		t.Fatalf("%d notices in the lake, %d in the file", len(rows), len(raw))
	}

	for i, r := range raw {
		month := r["notice_date"]
		if month == "" {
			month = r["effective_date"]
		}
		kind := r["layoff_type"]
		if kind == "unknown" {
			kind = ""
		}
		want := map[string]string{
			"reported_on": r["notice_date"], "planned_from": r["effective_date"], "planned_count": r["employees_affected"],
			"period": month[:7] + "-01", "kind": kind, "amendment": map[string]string{"0": "false", "1": "true"}[r["is_amendment"]],
		}
		for column, s := range want {
			if rows[i][column] != s {
				t.Errorf("row %d: %s is %q, want %q", i+2, column, rows[i][column], s)
			}
		}
		for column, name := range map[string]string{"employer": "employer_name", "region": "location"} {
			if bare(rows[i][column]) != bare(r[name]) {
				t.Errorf("row %d: %s is %q, the file says %q", i+2, column, rows[i][column], r[name])
			}
		}
	}
	if n := count(rows, empty("planned_from")); n != 75 {
		t.Errorf("%d notices without an effective date, want 75", n)
	}
	if n := count(rows, empty("planned_count")); n != 24 {
		t.Errorf("%d notices without a headcount, want 24", n)
	}
	if n := count(rows, empty("reported_on")); n != 1 {
		t.Errorf("%d notices without a date of their own, want 1", n)
	}
	// Filings of one event: the same employer, place and day of effect.
	events := map[[3]string]int{}
	for _, r := range rows {
		events[[3]string{r["employer"], r["region"], r["planned_from"]}]++
	}
	if len(events) == len(rows) {
		t.Error("amendments and refilings are gone")
	}
	e.transform() // 26 years of months, and nothing else to join them with
}
