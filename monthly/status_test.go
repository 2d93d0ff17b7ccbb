package monthly_test

import (
	"database/sql"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"laborwatch/referencetest"
)

// answers are one row of the survey by the contract's columns; what is left
// out is NULL but for the keys and a weight.
type answers map[string]any

// and gives the answers with others laid over them.
func (a answers) and(b answers) answers {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// ask puts rows into the lake; the row at index i is household i.
func ask(t testing.TB, db *sql.DB, rows []answers) {
	t.Helper()
	for i, r := range rows {
		row := answers{
			"period": "2026-05-01", "region": "410402", "stratum": "1", "psu": "1",
			"household": strconv.Itoa(i), "person_no": "1", "weight_e6": 1_000_000, "_row": i,
		}.and(r)
		names := slices.Sorted(maps.Keys(row))
		values := make([]any, len(names))
		for k, name := range names {
			values[k] = row[name]
		}
		q := "INSERT INTO lake.labor_force_survey (" + strings.Join(names, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(names)-1) + ")"
		if _, err := db.ExecContext(t.Context(), q, values...); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
	}
}

// judged is what the model makes of one person.
type judged struct {
	status, nbs, ilo            int
	tru, truILO, plf, plfILO    bool
	longTerm                    sql.NullBool
	hukou, agri                 string
	hours, usual, wage, derived sql.NullInt64
}

// judge gives the persons of the lake by household.
func judge(t testing.TB, db *sql.DB, change map[string]any) map[string]judged {
	t.Helper()
	p := params(t, change)
	for _, path := range []string{"staging/stg_labor_force_survey", "core/core_survey_status", "core/core_survey_person"} {
		run(t, db, "CREATE OR REPLACE VIEW "+path[strings.Index(path, "/")+1:]+" AS "+render(t, path, p))
	}
	rows, err := db.QueryContext(t.Context(), `SELECT household, status, status_nbs, status_ilo, tru, tru_ilo, plf, plf_ilo, long_term,
		hukou, agri_hukou, hours_e3, hours_usual_e3, wage_fen, status_derived FROM core_survey_person`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]judged{}
	for rows.Next() {
		var h string
		var j judged
		if err := rows.Scan(&h, &j.status, &j.nbs, &j.ilo, &j.tru, &j.truILO, &j.plf, &j.plfILO, &j.longTerm,
			&j.hukou, &j.agri, &j.hours, &j.usual, &j.wage, &j.derived); err != nil {
			t.Fatal(err)
		}
		out[h] = j
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// statusCode is the model's number of a status in the reference.
var statusCode = map[string]int{"U16": 0, "E": 1, "U": 2, "N": 3}

// TestStatusCases holds the 15 hand-made cases of the reference to every one of
// its expectations, through the precise questions. The reference leaves a job
// agreed on out of the NBS unemployed; with the parameter set the other way
// that case alone changes.
func TestStatusCases(t *testing.T) {
	cases := referencetest.Maps(t, "vectors/lfs_status_cases.csv")
	var rows []answers
	for _, c := range cases {
		row := answers{}
		for from, to := range map[string]string{
			"age": "age", "absence_months_total": "absence_months", "days_since_last_active_search": "search_days",
			"future_start_days": "start_days", "hours_all_jobs": "hours",
		} {
			if n, err := strconv.Atoi(c[from]); err == nil {
				row[to] = n
			}
		}
		for from, to := range map[string]string{
			"worked_1h": "worked", "has_job_absent": "absent", "paid_while_absent": "absence_paid", "available_2w": "available",
			"wants_work": "wants_work", "wants_more_hours": "wants_more", "available_more_hours": "more_available",
		} {
			if c[from] != "" {
				row[to] = c[from] == "1"
			}
		}
		rows = append(rows, row)
	}
	if len(cases) != 15 {
		t.Fatalf("%d cases, want 15", len(cases))
	}
	db := open(t, 2)
	ask(t, db, rows)
	strict := judge(t, db, map[string]any{"survey.agreed_start_unemployed": 0})
	lenient := judge(t, db, map[string]any{"survey.agreed_start_unemployed": 1})
	changed := 0
	for i, c := range cases {
		got := strict[strconv.Itoa(i)]
		check := func(column string, got, want int) {
			t.Run("case "+c["case"]+" "+column, func(t *testing.T) {
				if got != want {
					t.Errorf("%d, want %d (%s): %s", got, want, c[column], c["why"])
				}
			})
		}
		flag := func(b bool) int {
			if b {
				return 1
			}
			return 0
		}
		check("exp_nbs_status", got.nbs, statusCode[c["exp_nbs_status"]])
		check("exp_ilo_status", got.ilo, statusCode[c["exp_ilo_status"]])
		check("exp_ilo_plf", flag(got.plfILO), atoi(t, c["exp_ilo_plf"]))
		check("exp_ilo_tru", flag(got.truILO), atoi(t, c["exp_ilo_tru"]))
		if got.status != got.nbs {
			t.Errorf("case %s: the headline's status is %d, by its rule %d", c["case"], got.status, got.nbs)
		}
		if other := lenient[strconv.Itoa(i)]; other != got {
			changed++
			if c["future_start_days"] == "" || other.nbs != 2 || other.ilo != got.ilo {
				t.Errorf("case %s: with the agreed start counted NBS %d, ILO %d", c["case"], other.nbs, other.ilo)
			}
		}
	}
	if changed != 1 {
		t.Errorf("the agreed start changes %d cases, want 1", changed)
	}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Who has no job and answers no further question.
var idle = answers{"age": 30, "worked": false, "absent": false}

// TestStatusBoundaries states the edges of each rule and what missing answers
// do. icls is the resolution on work statistics of the 19th ICLS by paragraph,
// nbs the definitions of the monthly labor force survey.
func TestStatusBoundaries(t *testing.T) {
	worker := answers{"age": 30, "worked": true, "wants_more": true, "more_available": true}
	away := answers{"age": 30, "worked": false, "absent": true}
	seeker := idle.and(answers{"available": true})
	for _, c := range []struct {
		name, rule  string
		answers     answers
		nbs, ilo    int
		tru, truILO bool
		plf, plfILO bool
		agreed      bool // by NBS rules it hangs on the agreed start alone
	}{
		{name: "exactly one hour", rule: "icls 27, nbs: an hour or more", answers: worker.and(answers{"hours": 1}), nbs: 1, ilo: 1, tru: true, truILO: true},
		{name: "one hour outranks the search", rule: "icls 47: not in employment comes first", answers: worker.and(answers{"hours": 1, "search_days": 2, "available": true, "wants_more": false}), nbs: 1, ilo: 1},
		{name: "absent exactly 3 months", rule: "icls 29, nbs: up to three months", answers: away.and(answers{"absence_months": 3.0, "absence_paid": false}), nbs: 1, ilo: 1},
		{name: "absent 3.5 months unpaid", rule: "icls 29, nbs", answers: away.and(answers{"absence_months": 3.5, "absence_paid": false}), nbs: 3, ilo: 3},
		{name: "absent 24 months and paid", rule: "icls 29, nbs: income continues", answers: away.and(answers{"absence_months": 24.0, "absence_paid": true}), nbs: 1, ilo: 1},
		{name: "precise absence wins over a no", rule: "precise over summary", answers: away.and(answers{"absence_months": 2.0, "absence_paid": false, "absent_return": false}), nbs: 1, ilo: 1},
		{name: "precise absence wins over a yes", rule: "precise over summary", answers: away.and(answers{"absence_months": 5.0, "absence_paid": false, "absent_return": true}), nbs: 3, ilo: 3},
		{name: "long absence, pay unknown, summary yes", rule: "the summary can then mean pay alone", answers: away.and(answers{"absence_months": 5.0, "absent_return": true}), nbs: 1, ilo: 1},
		{name: "absence of unknown length", rule: "unanswered counts as no", answers: away, nbs: 3, ilo: 3},
		{name: "summary of the absence alone", rule: "the summary where nothing is precise", answers: away.and(answers{"absent_return": true}), nbs: 1, ilo: 1},
		{name: "searched 28 days ago", rule: "icls 47: four weeks", answers: seeker.and(answers{"search_days": 28}), nbs: 2, ilo: 2},
		{name: "searched 29 days ago, wants", rule: "icls 47 and 51(b)", answers: seeker.and(answers{"search_days": 29, "wants_work": true}), nbs: 2, ilo: 3, plfILO: true},
		{name: "searched 91 days ago, wants nothing now", rule: "nbs: three months", answers: seeker.and(answers{"search_days": 91, "wants_work": false}), nbs: 2, ilo: 3},
		{name: "searched 92 days ago, wants", rule: "nbs: three months; icls 51(b)", answers: seeker.and(answers{"search_days": 92, "wants_work": true}), nbs: 3, ilo: 3, plf: true, plfILO: true},
		{name: "days of the search win over a no", rule: "precise over summary", answers: seeker.and(answers{"search_days": 10, "searched": false}), nbs: 2, ilo: 2},
		{name: "days of the search win over a yes", rule: "precise over summary", answers: seeker.and(answers{"search_days": 200, "searched": true}), nbs: 3, ilo: 3},
		{name: "summary of the search alone", rule: "counts in both", answers: seeker.and(answers{"searched": true}), nbs: 2, ilo: 2},
		{name: "seeker of unknown availability", rule: "icls 51(a); unanswered counts as no", answers: idle.and(answers{"search_days": 3}), nbs: 3, ilo: 3, plf: true, plfILO: true},
		{name: "seeker of 60 days ago, not available", rule: "icls 51(a) asks for a search of four weeks", answers: idle.and(answers{"search_days": 60, "available": false, "wants_work": true}), nbs: 3, ilo: 3, plf: true},
		{name: "agreed start in 91 days", rule: "icls 48(a): three months", answers: seeker.and(answers{"start_days": 91}), nbs: 2, ilo: 2, agreed: true},
		{name: "agreed start in 92 days", rule: "icls 48(a)", answers: seeker.and(answers{"start_days": 92}), nbs: 3, ilo: 3},
		{name: "agreed start, not available", rule: "icls 48(a): currently available", answers: idle.and(answers{"start_days": 20, "available": false}), nbs: 3, ilo: 3},
		{name: "days until the start win over a yes", rule: "precise over summary", answers: seeker.and(answers{"start_days": 120, "start_later": true}), nbs: 3, ilo: 3},
		{name: "age 14, works", rule: "below both floors", answers: worker.and(answers{"age": 14, "hours": 20}), nbs: 0, ilo: 0},
		{name: "age 15, works little", rule: "icls 65: from 15; nbs: from 16", answers: worker.and(answers{"age": 15, "hours": 20}), nbs: 0, ilo: 1, truILO: true},
		{name: "age 15, searches", rule: "icls 65; nbs: from 16", answers: seeker.and(answers{"age": 15, "search_days": 3}), nbs: 0, ilo: 2},
		{name: "age 16, searches", rule: "nbs: from 16", answers: seeker.and(answers{"age": 16, "search_days": 3}), nbs: 2, ilo: 2},
		{name: "age unknown, works", rule: "only those in scope were asked", answers: answers{"worked": true, "hours": 40}, nbs: 1, ilo: 1},
		{name: "no question answered", rule: "unanswered counts as no", answers: answers{"age": 30}, nbs: 3, ilo: 3},
		{name: "34.5 usual hours", rule: "icls 43: below the threshold", answers: worker.and(answers{"hours": 50, "hours_usual": 34.5}), nbs: 1, ilo: 1, tru: true, truILO: true},
		{name: "35 usual hours", rule: "icls 43", answers: worker.and(answers{"hours": 10, "hours_usual": 35}), nbs: 1, ilo: 1},
		{name: "few hours, cannot work more", rule: "icls 43: available", answers: worker.and(answers{"hours": 10, "more_available": false}), nbs: 1, ilo: 1},
		{name: "few hours, wants no more", rule: "icls 43: wants", answers: worker.and(answers{"hours": 10, "wants_more": false}), nbs: 1, ilo: 1},
		{name: "few hours, summary alone", rule: "wants_more asks for both", answers: worker.and(answers{"hours": 10, "more_available": nil}), nbs: 1, ilo: 1, tru: true, truILO: true},
		{name: "absent, hours of the week zero", rule: "zero of an absence are not the usual hours", answers: worker.and(answers{"worked": false, "absent": true, "absent_return": true, "hours": 0}), nbs: 1, ilo: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := open(t, 1)
			ask(t, db, []answers{c.answers})
			for rule, change := range map[string]map[string]any{
				"nbs": nil,
				"ilo": {"survey.status_rule": "ilo"},
			} {
				want := judged{status: c.nbs, nbs: c.nbs, ilo: c.ilo, tru: c.tru, truILO: c.truILO, plf: c.plf, plfILO: c.plfILO}
				if rule == "ilo" {
					want.status, want.tru, want.plf = c.ilo, c.truILO, c.plfILO
				}
				g := judge(t, db, change)["0"]
				got := judged{status: g.status, nbs: g.nbs, ilo: g.ilo, tru: g.tru, truILO: g.truILO, plf: g.plf, plfILO: g.plfILO}
				if got != want {
					t.Errorf("rule %s (%s): %+v, want %+v", rule, c.rule, got, want)
				}
			}
			if g := judge(t, db, map[string]any{"survey.agreed_start_unemployed": 0})["0"]; c.agreed != (g.nbs != c.nbs) || g.ilo != c.ilo {
				t.Errorf("with the agreed start not counted: NBS %d, ILO %d", g.nbs, g.ilo)
			}
		})
	}
}

// TestStatusGivenWins: a survey that brings its own status keeps it under the
// configured rule; the other rule follows the answers, where there are any.
func TestStatusGivenWins(t *testing.T) {
	db := open(t, 1)
	ask(t, db, []answers{
		{"age": 15, "worked": true, "status": 3},
		{"age": 40, "status": 2, "months_unemployed": 12},
	})
	for rule, want := range map[string][2][3]int{
		"nbs": {{3, 3, 1}, {2, 2, 2}},
		"ilo": {{3, 0, 3}, {2, 2, 2}},
	} {
		got := judge(t, db, map[string]any{"survey.status_rule": rule})
		for i, w := range want {
			if g := got[strconv.Itoa(i)]; [3]int{g.status, g.nbs, g.ilo} != w {
				t.Errorf("rule %s, row %d: %+v, want status, NBS, ILO %v", rule, i, g, w)
			}
		}
	}
	if g := judge(t, db, nil)["0"]; g.derived.Int64 != 0 {
		t.Errorf("derived status %d, want 0: below the age", g.derived.Int64)
	}
}

// TestStatusParameters: each parameter moves the edge that it names.
func TestStatusParameters(t *testing.T) {
	for _, c := range []struct {
		parameter string
		value     any
		answers   answers
		before    judged
		after     judged
	}{
		{"survey.age_floor", 18, answers{"age": 17, "worked": true}, judged{status: 1, nbs: 1, ilo: 1}, judged{ilo: 1}},
		{"survey.ilo_age_floor", 14, answers{"age": 14, "worked": true}, judged{}, judged{ilo: 1}},
		{"survey.absence_months", 6.0, answers{"age": 30, "absent": true, "absence_months": 6}, judged{status: 3, nbs: 3, ilo: 3}, judged{status: 1, nbs: 1, ilo: 1}},
		{"survey.search_window_days", 30, idle.and(answers{"search_days": 31, "available": true}), judged{status: 2, nbs: 2, ilo: 3}, judged{status: 3, nbs: 3, ilo: 3}},
		{"survey.ilo_search_window_days", 31, idle.and(answers{"search_days": 31, "available": true}), judged{status: 2, nbs: 2, ilo: 3}, judged{status: 2, nbs: 2, ilo: 2}},
		{"survey.start_window_days", 20, idle.and(answers{"start_days": 21, "available": true}), judged{status: 2, nbs: 2, ilo: 2}, judged{status: 3, nbs: 3, ilo: 3}},
		{
			"survey.underemployed_hours", 40.0,
			answers{"age": 30, "worked": true, "hours_usual": 38, "wants_more": true},
			judged{status: 1, nbs: 1, ilo: 1},
			judged{status: 1, nbs: 1, ilo: 1, tru: true, truILO: true},
		},
	} {
		t.Run(c.parameter, func(t *testing.T) {
			db := open(t, 1)
			ask(t, db, []answers{c.answers})
			for want, change := range map[judged]map[string]any{c.before: nil, c.after: {c.parameter: c.value}} {
				g := judge(t, db, change)["0"]
				if got := (judged{status: g.status, nbs: g.nbs, ilo: g.ilo, tru: g.tru, truILO: g.truILO, plf: g.plf, plfILO: g.plfILO}); got != want {
					t.Errorf("with %v: %+v, want %+v", change, got, want)
				}
			}
		})
	}
}

// TestPersonColumns: long-term unemployment, hukou by configured codes, hours
// and wages of the employed alone, and no person of a household that refused.
func TestPersonColumns(t *testing.T) {
	db := open(t, 1)
	out := idle.and(answers{"search_days": 1, "available": true, "wage_fen": 5, "hours": 3})
	ask(t, db, []answers{
		out.and(answers{"months_unemployed": 12, "hukou": "local"}),
		out.and(answers{"months_unemployed": 11, "hukou": "migrant"}),
		out.and(answers{"hukou": "migrant_agri"}),
		{"age": 30, "worked": true, "hours": 40.25, "hours_usual": 44, "wage_fen": 420_000, "months_unemployed": 20, "hukou": "same_city"},
		{"person_no": "0", "responded": false, "base_weight_e6": 5, "weight_e6": nil},
		{"age": 30, "worked": true, "hours": 200, "hours_usual": -1, "wage_fen": -1, "responded": true},
	})
	got := judge(t, db, nil)
	yes, no := sql.NullBool{Bool: true, Valid: true}, sql.NullBool{Valid: true}
	for i, want := range []struct {
		long sql.NullBool
		h, a string
	}{{yes, "LOCAL", "_U"}, {no, "MIGRANT", "_U"}, {sql.NullBool{}, "MIGRANT", "MIGRANT_AGRI"}, {no, "_U", "_U"}} {
		if g := got[strconv.Itoa(i)]; g.longTerm != want.long || g.hukou != want.h || g.agri != want.a {
			t.Errorf("row %d: %+v, want %+v", i, g, want)
		}
	}
	if _, there := got["4"]; there || len(got) != 5 {
		t.Errorf("%d persons, want 5 without the household that refused", len(got))
	}
	if g := got["3"]; g.hours.Int64 != 40_250 || g.usual.Int64 != 44_000 || g.wage.Int64 != 420_000 {
		t.Errorf("hours and wage of the employed: %+v", g)
	}
	for _, i := range []string{"0", "5"} {
		if g := got[i]; g.hours.Valid || g.usual.Valid || g.wage.Valid {
			t.Errorf("row %s has hours or wage: %+v", i, g)
		}
	}
	moved := judge(t, db, map[string]any{"survey.hukou_local": []string{"local", "same_city"}, "survey.hukou_migrant": []string{"migrant"}, "survey.hukou_migrant_agri": []string{}})
	if moved["3"].hukou != "LOCAL" || moved["2"].hukou != "_U" || moved["2"].agri != "_U" {
		t.Errorf("hukou by other codes: %+v %+v", moved["3"], moved["2"])
	}
	if n := judge(t, db, map[string]any{"survey.long_term_months": 11})["1"]; n.longTerm != yes {
		t.Errorf("long-term from 11 months: %+v", n)
	}
	var rows, refused int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*), count(*) FILTER (WHERE NOT responded) FROM stg_labor_force_survey").Scan(&rows, &refused); err != nil || rows != 6 || refused != 1 {
		t.Errorf("staging: %d rows, %d refusals (%v)", rows, refused, err)
	}
}
