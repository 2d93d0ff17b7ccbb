package monthly_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sound is a row that no edit objects to.
var sound = answers{
	"age": 30, "sex": "M", "in_school": false, "education": "bachelor", "worked": true, "hours": 40, "hours_usual": 40,
	"wage_fen": 420_000, "base_weight_e6": 1_000_000, "responded": true,
}

// jobless is a sound row of an unemployed person.
var jobless = answers{
	"age": 30, "sex": "F", "in_school": false, "education": "college", "worked": false, "absent": false,
	"searched": true, "search_days": 10, "available": true, "start_later": false, "wants_work": true, "months_unemployed": 4,
	"base_weight_e6": 1_000_000,
}

// away is a sound row of a person absent from a job.
var away = sound.and(answers{"worked": false, "absent": true, "absent_return": true, "absence_months": 2, "absence_paid": false, "hours": 0})

// edits are the rules: rows that break each and no other (but those named),
// rows at its edge that break none, and the status that both keep.
var edits = []struct {
	edit   string
	status int // of the row that breaks it
	also   []string
	breaks answers
	sound  answers
}{
	{edit: "EDIT_CHILD_WORKS", status: 0, breaks: sound.and(answers{"age": 15, "education": "junior_high"}), sound: sound.and(answers{"age": 16, "education": "junior_high"})},
	{edit: "EDIT_HOURS_NO_JOB", status: 2, breaks: jobless.and(answers{"hours": 8}), sound: jobless.and(answers{"hours": 0})},
	{edit: "EDIT_JOB_NO_HOURS", status: 1, breaks: sound.and(answers{"hours": nil}), sound: away.and(answers{"hours": nil})},
	{edit: "EDIT_UNDER_ONE_HOUR", status: 1, breaks: sound.and(answers{"hours": 0.5}), sound: sound.and(answers{"hours": 1})},
	{edit: "EDIT_SEEKS_NO_HOURS", status: 1, breaks: away.and(answers{"searched": true}), sound: away.and(answers{"searched": false})},
	{edit: "EDIT_LONG_HOURS", status: 1, breaks: sound.and(answers{"hours": 112.5}), sound: sound.and(answers{"hours": 112, "hours_usual": 112})},
	{edit: "EDIT_LONG_HOURS", status: 1, breaks: sound.and(answers{"hours_usual": 120}), sound: sound.and(answers{"hours_usual": nil})},
	{edit: "EDIT_AGE_EDUCATION", status: 1, breaks: sound.and(answers{"age": 17, "education": "master"}), sound: sound.and(answers{"age": 18, "education": "master"})},
	{edit: "EDIT_AGE_EDUCATION", status: 1, breaks: sound.and(answers{"age": 19, "education": "doctor"}), sound: sound.and(answers{"age": 16, "education": "unknown"})},
	{edit: "EDIT_OLD_STUDENT", status: 1, breaks: sound.and(answers{"age": 46, "in_school": true}), sound: sound.and(answers{"age": 45, "in_school": true})},
	{edit: "EDIT_NO_AGE", status: 1, breaks: sound.and(answers{"age": nil}), sound: sound},
	{edit: "EDIT_MONTHS_NOT_UNEMPLOYED", status: 1, breaks: sound.and(answers{"months_unemployed": 3}), sound: sound.and(answers{"months_unemployed": 0})},
	{edit: "EDIT_MONTHS_TOO_LONG", status: 2, breaks: jobless.and(answers{"age": 20, "months_unemployed": 73}), sound: jobless.and(answers{"age": 20, "months_unemployed": 72})},
	{edit: "EDIT_UNEMPLOYED_NO_SEARCH", status: 2, breaks: jobless.and(answers{"searched": false, "search_days": nil, "status": 2}), sound: jobless.and(answers{"searched": false, "search_days": nil, "start_later": true, "start_days": 20}), also: []string{"EDIT_STATUS_DIFFERS"}},
	{edit: "EDIT_STATUS_DIFFERS", status: 3, breaks: jobless.and(answers{"status": 3, "months_unemployed": nil}), sound: jobless.and(answers{"status": 2})},
	{edit: "EDIT_WORKED_AND_ABSENT", status: 1, breaks: sound.and(answers{"absent": true}), sound: sound.and(answers{"absent": false})},
	{edit: "EDIT_WAGE_NO_JOB", status: 2, breaks: jobless.and(answers{"wage_fen": 100_000}), sound: jobless.and(answers{"wage_fen": 0})},
	{edit: "EDIT_ABSENCE_DIFFERS", status: 1, breaks: away.and(answers{"absent_return": false}), sound: away.and(answers{"absence_months": 9, "absence_paid": nil})},
	{edit: "EDIT_SEARCH_DIFFERS", status: 2, breaks: jobless.and(answers{"searched": false}), sound: jobless.and(answers{"search_days": 91})},
	{edit: "EDIT_START_DIFFERS", status: 2, breaks: jobless.and(answers{"start_days": 91}), sound: jobless.and(answers{"start_days": 92})},
	{edit: "EDIT_NO_ANSWERS", status: 3, breaks: answers{"age": 16}, sound: answers{"age": 15}},
	{edit: "EDIT_NO_WEIGHT", status: 1, breaks: sound.and(answers{"weight_e6": 0, "base_weight_e6": nil}), sound: sound.and(answers{"weight_e6": nil})},
	{edit: "EDIT_NO_WEIGHT", status: -1, breaks: answers{"responded": false, "person_no": "0", "weight_e6": 7}, sound: answers{"responded": false, "person_no": "0", "weight_e6": nil, "base_weight_e6": 7}},
	{edit: "EDIT_REFUSAL_ANSWERS", status: -1, breaks: sound.and(answers{"responded": false}), sound: answers{"responded": false, "base_weight_e6": 7}},
}

const onePerson, otherPerson = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"

// broken lists the edits of each household, ordered.
func broken(t *testing.T, db *sql.DB) map[string][]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT household, edit, severity, detail FROM wh.main.core_survey_edit ORDER BY household, edit")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string][]string{}
	for rows.Next() {
		var h, edit, severity, detail string
		if err := rows.Scan(&h, &edit, &severity, &detail); err != nil {
			t.Fatal(err)
		}
		if severity != "error" && severity != "warning" || !strings.Contains(detail, "weight_e6=") && edit != "EDIT_NO_WEIGHT" {
			t.Errorf("household %s: %s %q, detail %q", h, severity, edit, detail)
		}
		out[h] = append(out[h], edit)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEdits: each rule finds the row that breaks it and leaves the one at its
// edge alone; statuses are those of the rules all the same.
func TestEdits(t *testing.T) {
	db := open(t, 2)
	var rows []answers
	for _, e := range edits {
		rows = append(rows, e.breaks, e.sound)
	}
	same := len(rows)
	rows = append(rows, sound.and(answers{"person": onePerson}), sound.and(answers{"person": onePerson}),
		sound.and(answers{"person": otherPerson}), sound.and(answers{"person": otherPerson, "period": "2026-06-01"}), sound, sound)
	ask(t, db, rows)
	before := judge(t, db, nil)
	build(t, db, nil)
	got := broken(t, db)
	tested := map[string]bool{"EDIT_SAME_PERSON": true}
	for i, e := range edits {
		t.Run(e.edit+" "+strconv.Itoa(i), func(t *testing.T) {
			bad, good := strconv.Itoa(2*i), strconv.Itoa(2*i+1)
			want := append([]string{e.edit}, e.also...)
			slices.Sort(want)
			tested[e.edit] = true
			if !slices.Equal(got[bad], want) {
				t.Errorf("the row that breaks it: %v, want %v", got[bad], want)
			}
			if len(got[good]) > 0 {
				t.Errorf("the row that keeps it breaks %v", got[good])
			}
			if p, there := before[bad]; there != (e.status >= 0) || there && p.status != e.status {
				t.Errorf("status %d, want %d", p.status, e.status)
			}
		})
	}
	for i, want := range []int{1, 1, 0, 0, 0, 0} {
		if list := got[strconv.Itoa(same+i)]; len(list) != want || want == 1 && list[0] != "EDIT_SAME_PERSON" {
			t.Errorf("same person, row %d: %v", i, list)
		}
	}
	for _, rule := range listed(t, db, "SELECT edit FROM wh.main.core_survey_edit_rule ORDER BY edit") {
		if !tested[rule] {
			t.Errorf("no row for %s", rule)
		}
	}
	for h, p := range judge(t, db, nil) {
		if p != before[h] {
			t.Errorf("household %s: %+v before the edits, %+v after", h, before[h], p)
		}
	}
}

func listed(t *testing.T, db *sql.DB, q string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEditCounts: the cube counts by rule and region, everybody once in the
// total, and rules that nobody breaks as zero.
func TestEditCounts(t *testing.T) {
	db := open(t, 1)
	east := answers{"region": "410403"}
	ask(t, db, []answers{
		sound, sound.and(answers{"age": nil}), sound.and(answers{"age": nil, "absent": true}),
		sound.and(east), sound.and(east).and(answers{"age": nil}),
	})
	build(t, db, nil)
	got := map[string]string{}
	for _, s := range listed(t, db, "SELECT concat_ws(' ', region, pop_group, value, n) FROM wh.main.ind_survey_edit") {
		f := strings.Fields(s)
		got[f[0]+" "+f[1]] = f[2] + " of " + f[3]
	}
	for key, want := range map[string]string{
		"_T _T": "3.0 of 5", "410402 _T": "2.0 of 3", "410403 _T": "1.0 of 2",
		"_T EDIT_NO_AGE": "3.0 of 5", "410402 EDIT_NO_AGE": "2.0 of 3", "410403 EDIT_NO_AGE": "1.0 of 2",
		"_T EDIT_WORKED_AND_ABSENT": "1.0 of 5", "410403 EDIT_WORKED_AND_ABSENT": "0.0 of 2", "_T EDIT_OLD_STUDENT": "0.0 of 5",
	} {
		if got[key] != want {
			t.Errorf("%s: %q, want %q", key, got[key], want)
		}
	}
	if rules := len(listed(t, db, "SELECT edit FROM wh.main.core_survey_edit_rule")); len(got) != 3*(rules+1) {
		t.Errorf("%d figures of %d rules in two regions and the city", len(got), rules)
	}
}

// TestYouthBreak: the series without students carries its break in the first
// official month, whatever the sample bears, and E in those computed back; the
// series with students carries neither.
func TestYouthBreak(t *testing.T) {
	var people []person
	for _, month := range []string{"2023-11", "2023-12", "2024-01"} {
		for psu := range 12 {
			p := person{month: month, stratum: strconv.Itoa(psu % 2), psu: fmt.Sprint(psu), sex: "M", weight: million, status: 1}
			people = append(people, repeat(30-psu%3, p)...)
			p.status = 2
			people = append(people, repeat(10+psu%3, p)...)
		}
	}
	db := sample(t, people)
	for _, c := range []struct {
		first string
		want  [3]string
	}{{"2023-12-01", [3]string{"E", "B", "A"}}, {"2024-01-01", [3]string{"E", "E", "B"}}, {"2020-01-01", [3]string{"A", "A", "A"}}} {
		build(t, db, map[string]any{"survey.youth_break": c.first})
		got := figures(t, db)
		for i, month := range []string{"2023-11", "2023-12", "2024-01"} {
			key := month + "|surveyed_unemployment_rate|_T|_T|Y30T59|"
			if g := got[key+"NON_STUDENT"]; g.status != c.want[i] || g.quality != "publish" {
				t.Errorf("break %s, %s: status %s, quality %s, want %s", c.first, month, g.status, g.quality, c.want[i])
			}
			if g := got[key+"_T"]; g.status != "A" {
				t.Errorf("break %s, %s, with students: status %s", c.first, month, g.status)
			}
		}
	}
	run(t, db, "DELETE FROM lake.labor_force_survey WHERE CAST(psu AS INTEGER) > 1")
	build(t, db, nil)
	got := figures(t, db)
	for month, want := range map[string]string{"2023-11": "N", "2023-12": "B", "2024-01": "N"} {
		if g := got[month+"|surveyed_unemployment_rate|_T|_T|Y30T59|NON_STUDENT"]; g.status != want || g.quality != "unreliable" {
			t.Errorf("%s, of a poor sample: status %s, quality %s, want %s", month, g.status, g.quality, want)
		}
	}
}
