package app

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/period"
)

// SurveyFinding is something that a check of survey microdata has to say. Its text is
// survey.check.<code> of the catalog, with Args.
type SurveyFinding struct {
	// Level is fault (it cannot be estimated, or wrongly), warning or note.
	Level string `json:"level"`
	Code  string `json:"code"`
	Args  []any  `json:"args"`
}

// check is a question in SQL over the view survey: it gives no row when there is
// nothing to say, else the arguments of its text.
type check struct{ level, code, query string }

// examples are up to five of the things found.
const examples = `(SELECT string_agg(x, '、' ORDER BY x) FROM (SELECT DISTINCT x FROM found ORDER BY x LIMIT 5))`

var checks = []check{
	{"note", "persons", `SELECT count(*) FILTER (WHERE answered), count(DISTINCT household) FILTER (WHERE answered),
		count(DISTINCT psu_key), count(DISTINCT stratum_key), count(DISTINCT period) FROM survey`},
	{"fault", "no_weight", `SELECT count(*) FROM survey WHERE answered HAVING count(*) FILTER (WHERE weight > 0) = 0`},
	{"fault", "no_design", `SELECT 1 FROM survey HAVING count(psu) = 0 OR count(stratum) = 0`},
	{"warning", "psu_in_strata", `WITH found AS (SELECT psu AS x FROM survey GROUP BY period, psu HAVING count(DISTINCT stratum) > 1)
		SELECT count(*), ` + examples + ` FROM found HAVING count(*) > 0`},
	{"warning", "lonely", `WITH found AS (SELECT stratum AS x FROM survey GROUP BY period, stratum HAVING count(DISTINCT psu) = 1)
		SELECT count(*), ` + examples + ` FROM found HAVING count(*) > 0`},
	{"warning", "small_psu", `WITH found AS (SELECT psu AS x FROM survey WHERE answered GROUP BY period, stratum, psu HAVING count(*) < 3)
		SELECT count(*), ` + examples + ` FROM found HAVING count(*) > 0`},
	{"warning", "silent_psu", `WITH found AS (SELECT psu AS x FROM survey GROUP BY period, stratum, psu HAVING count(*) FILTER (WHERE answered) = 0)
		SELECT count(*), ` + examples + ` FROM found HAVING count(*) > 0`},
	{"warning", "household_in_psus", `WITH found AS (SELECT household AS x FROM survey GROUP BY period, household HAVING count(DISTINCT psu_key) > 1)
		SELECT count(*), ` + examples + ` FROM found HAVING count(*) > 0`},
	{"warning", "weight_missing", `SELECT count(*) FROM survey WHERE answered AND (weight IS NULL OR weight <= 0) HAVING count(*) > 0`},
	{"warning", "weight_outlier", `WITH found AS (SELECT household AS x FROM (
			SELECT household, weight, median(weight) OVER (PARTITION BY period, stratum) AS middle FROM survey WHERE answered AND weight > 0)
			WHERE weight > 5 * middle)
		SELECT count(*), ` + examples + ` FROM found HAVING count(*) > 0`},
	{"note", "kish", `SELECT round(count(*) * sum(weight * weight) / (sum(weight) * sum(weight)), 3) FROM survey WHERE answered AND weight > 0 HAVING count(*) > 0`},
	{"note", "response", `SELECT round(100 * sum(base) FILTER (WHERE answered) / sum(base), 1), count(*) FILTER (WHERE NOT answered)
		FROM (SELECT DISTINCT period, household, coalesce(base, 1) AS base, answered FROM survey) HAVING count(*) FILTER (WHERE NOT answered) > 0`},
	{"warning", "response_region", `SELECT region, round(100 * sum(base) FILTER (WHERE answered) / sum(base), 1)
		FROM (SELECT DISTINCT period, region, household, coalesce(base, 1) AS base, answered FROM survey)
		WHERE (SELECT count(*) FROM survey WHERE NOT answered) > 0
		GROUP BY region HAVING sum(base) FILTER (WHERE answered) < .6 * sum(base) ORDER BY region`},
	// Whipple's index over 23 to 62: 100 is no preference for ages that end in 0 and 5.
	{"warning", "heaping", `SELECT round(500.0 * count(*) FILTER (WHERE age % 5 = 0) / count(*), 0) FROM survey
		WHERE answered AND age BETWEEN 23 AND 62 HAVING count(*) >= 500 AND 5.0 * count(*) FILTER (WHERE age % 5 = 0) / count(*) > 1.25`},
}

// questions whose answers are asked of everybody in scope, in the order of the form.
var questions = []string{"age", "sex", "hukou", "in_school", "worked", "education", "person"}

// Check tells what is wrong with the microdata, or worth knowing, the gravest first.
func (m *Microdata) Check(ctx context.Context) ([]SurveyFinding, error) {
	conn, err := m.Engine.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	live, err := m.Lake.LivePeriods(ctx)
	if err != nil {
		return nil, err
	}
	var months []period.Period
	for p := range live[SurveyFeed] {
		months = append(months, p)
	}
	rows, err := m.Lake.Source(ctx, SurveyFeed, nil, period.Sorted(months))
	if err != nil {
		return nil, err
	}
	view, err := m.view(rows)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, view); err != nil {
		return nil, err
	}
	var out []SurveyFinding
	if q := m.Loaded.RowsQuarantined; q > 0 {
		out = append(out, SurveyFinding{"warning", "quarantined", []any{q, m.Loaded.RowsIn}})
	}
	for _, c := range checks {
		found, err := ask(ctx, conn, c)
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", c.code, err)
		}
		out = append(out, found...)
	}
	for _, q := range questions {
		found, err := ask(ctx, conn, check{"note", "item", fmt.Sprintf(`SELECT '%[1]s', round(100.0 * count(*) FILTER (WHERE %[1]s IS NULL) / count(*), 1)
			FROM survey WHERE answered AND (age IS NULL OR age >= %[2]d) HAVING count(*) FILTER (WHERE %[1]s IS NULL) > 0`, q, m.Config.Survey.AgeFloor)})
		if err != nil {
			return nil, fmt.Errorf("question %s: %w", q, err)
		}
		out = append(out, found...)
	}
	var sorted []SurveyFinding
	for _, level := range []string{"fault", "warning", "note"} {
		for _, f := range out {
			if f.Level == level {
				sorted = append(sorted, f)
			}
		}
	}
	return sorted, nil
}

// view lays the file's rows out in the columns that the checks read.
func (m *Microdata) view(rows string) (string, error) {
	has := map[string]string{}
	for _, c := range m.Contracts[SurveyFeed].LakeColumns() {
		has[c.Name] = c.Type
	}
	embedded, err := standardColumns()
	if err != nil {
		return "", err
	}
	var cols []string
	for _, c := range embedded {
		if _, ok := has[c.Name]; ok {
			cols = append(cols, c.Name)
		} else {
			cols = append(cols, fmt.Sprintf("CAST(NULL AS %s) AS %s", c.Type, c.Name))
		}
	}
	return fmt.Sprintf(`CREATE OR REPLACE TEMP VIEW survey AS
		SELECT *, stratum || chr(31) || psu AS psu_key, stratum AS stratum_key, coalesce(responded, TRUE) AS answered,
			coalesce(weight_e6, base_weight_e6) / 1e6 AS weight, base_weight_e6 / 1e6 AS base
		FROM (SELECT %s FROM (%s))`, strings.Join(cols, ", "), rows), nil
}

// ask runs a check.
func ask(ctx context.Context, conn *sql.Conn, c check) ([]SurveyFinding, error) {
	rows, err := conn.QueryContext(ctx, c.query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out []SurveyFinding
	for rows.Next() {
		args := make([]any, len(names))
		into := make([]any, len(names))
		for i := range args {
			into[i] = &args[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, SurveyFinding{c.level, c.code, args})
	}
	return out, rows.Err()
}

// standardColumns are those of the survey's contract that ships.
func standardColumns() ([]lake.Column, error) {
	all, err := ingest.LoadContracts("")
	if err != nil {
		return nil, err
	}
	return all[SurveyFeed].LakeColumns(), nil
}
