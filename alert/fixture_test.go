package alert_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"text/template"

	_ "github.com/duckdb/duckdb-go/v2"

	"laborwatch/config"
	"laborwatch/engine"
)

// city is a hand-made lake in an in-memory DuckDB, on which the models run
// as they stand in sql/, all months at once.
type city struct {
	t  *testing.T
	db *sql.DB
}

const sources = `
CREATE SCHEMA lake;
CREATE TABLE lake.enterprise (period DATE, uscc VARCHAR, name VARCHAR, region VARCHAR, town VARCHAR, industry VARCHAR,
  ownership VARCHAR, size VARCHAR, status VARCHAR, parent VARCHAR, _row BIGINT);
CREATE TABLE lake.social_insurance (period DATE, person VARCHAR, sex VARCHAR, birth_month DATE, origin VARCHAR,
  uscc VARCHAR, insurance VARCHAR, contribution_status VARCHAR, payment_type VARCHAR, base_fen BIGINT, person_status VARCHAR, _row BIGINT);
CREATE TABLE lake.insurance_change (period DATE, person VARCHAR, sex VARCHAR, birth_month DATE, origin VARCHAR,
  uscc VARCHAR, change_date DATE, change VARCHAR, reason VARCHAR, _row BIGINT);
CREATE TABLE lake.unemployment_registration (period DATE, registration_no VARCHAR, person VARCHAR, sex VARCHAR,
  birth_month DATE, origin VARCHAR, region VARCHAR, registered_on DATE, reason VARCHAR, last_uscc VARCHAR,
  categories VARCHAR, education VARCHAR, hukou VARCHAR, deregistered_on DATE, deregister_reason VARCHAR, _row BIGINT);
CREATE TABLE lake.job_vacancy (period DATE, posting_no VARCHAR, uscc VARCHAR, employer VARCHAR, region VARCHAR,
  industry VARCHAR, occupation VARCHAR, openings BIGINT, openings_stated BOOLEAN, wage_low_fen BIGINT, wage_high_fen BIGINT,
  education VARCHAR, title VARCHAR, posted_on DATE, closed_on DATE, _row BIGINT);
CREATE TABLE lake.job_seeker (period DATE, seeker_no VARCHAR, person VARCHAR, sex VARCHAR, birth_month DATE, origin VARCHAR,
  region VARCHAR, occupation VARCHAR, industry VARCHAR, registered_on DATE, closed_on DATE, categories VARCHAR, _row BIGINT);
CREATE TABLE lake.layoff_notice (period DATE, notice_no VARCHAR, uscc VARCHAR, employer VARCHAR, region VARCHAR,
  told_staff_on DATE, reported_on DATE, planned_from DATE, planned_to DATE, planned_count INTEGER, staff INTEGER, reason VARCHAR, _row BIGINT);
CREATE TABLE lake.population_totals (period DATE, region VARCHAR, sex VARCHAR, age VARCHAR, hukou VARCHAR, persons INTEGER, _row BIGINT);
CREATE TABLE lake.unemployment_benefit (period DATE, person VARCHAR, kind VARCHAR, amount_fen BIGINT, region VARCHAR, _row BIGINT);
CREATE TABLE cfg_region (code VARCHAR, name_zh VARCHAR, name_en VARCHAR, kind VARCHAR);
CREATE TABLE filing_board (period DATE, feed VARCHAR, region VARCHAR, expected BIGINT, arrived BIGINT);
CREATE TABLE cfg_industry (code VARCHAR, section VARCHAR, name_zh VARCHAR, name_en VARCHAR);
CREATE TABLE cfg_industry_group (code VARCHAR, name_zh VARCHAR, name_en VARCHAR, division VARCHAR);
CREATE TABLE cfg_group (code VARCHAR, name_zh VARCHAR, name_en VARCHAR);
INSERT INTO cfg_region VALUES ('410402', '', '', 'county'), ('410403', '', '', 'county');
INSERT INTO cfg_industry VALUES ('06', 'B', '', ''), ('26', 'C', '', ''), ('28', 'C', '', ''), ('52', 'F', '', '');
INSERT INTO cfg_industry_group VALUES ('K_NYLON', '', '', '26'), ('K_NYLON', '', '', '28'), ('K_SALT_PC', '', '', '26');
-- Stands in for the survey's model.
CREATE TABLE ind_survey_level (period DATE, indicator VARCHAR, region VARCHAR, sex VARCHAR, age VARCHAR, pop_group VARCHAR,
  value DOUBLE, numerator DOUBLE, denominator DOUBLE, se DOUBLE);
INSERT INTO cfg_group VALUES ('women', '', ''), ('youth', '', ''), ('long_term', '', ''), ('graduate', '', ''), ('migrant_worker', '', ''), ('relocated', '', '');


`

func newCity(t *testing.T) *city {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	c := &city{t, db}
	c.exec(sources)
	return c
}

func (c *city) exec(text string, args ...any) {
	c.t.Helper()
	if _, err := c.db.ExecContext(context.Background(), text, args...); err != nil {
		c.t.Fatalf("%v in %s", err, text)
	}
}

// employ registers an employer of so many heads for all of 2026. Its
// persons are named <uscc>-<number>, from 0.
func (c *city) employ(uscc, region, industry string, heads int) {
	c.t.Helper()
	c.exec(`INSERT INTO lake.enterprise BY NAME SELECT DATE '2026-01-01' + to_months(CAST(m AS INTEGER)) AS period,
		$1 AS uscc, 'name of ' || $1 AS name, $2 AS region, $3 AS industry FROM range(8) r(m)`, uscc, region, industry)
	c.exec(`INSERT INTO lake.social_insurance BY NAME SELECT DATE '2026-01-01' + to_months(CAST(m AS INTEGER)) AS period,
		$1 || '-' || n AS person, $1 AS uscc, '210' AS insurance, '1' AS contribution_status, '10' AS payment_type
		FROM range(8) r(m), range($2) h(n)`, uscc, heads)
}

// change reports persons from…from+n-1 of an employer in or out on a day.
func (c *city) change(of, uscc, date, change, reason string, from, n int) {
	c.t.Helper()
	c.exec(`INSERT INTO lake.insurance_change BY NAME SELECT date_trunc('month', CAST($3 AS DATE)) AS period,
		$1 || '-' || i AS person, $2 AS uscc, CAST($3 AS DATE) AS change_date, $4 AS change, $5 AS reason
		FROM range($6, $6 + $7) r(i)`, of, uscc, date, change, reason, from, n)
}

func (c *city) out(uscc, date, reason string, from, n int) {
	c.t.Helper()
	c.change(uscc, uscc, date, "out", reason, from, n)
}

func (c *city) notice(no, uscc, told, reported, from, to string) {
	c.t.Helper()
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	c.exec(`INSERT INTO lake.layoff_notice BY NAME SELECT date_trunc('month', CAST($4 AS DATE)) AS period, $1 AS notice_no,
		$2 AS uscc, CAST($3 AS DATE) AS told_staff_on, CAST($4 AS DATE) AS reported_on, CAST($5 AS DATE) AS planned_from,
		CAST($6 AS DATE) AS planned_to`, no, uscc, null(told), reported, null(from), null(to))
}

// build runs every administrative model.
func (c *city) build() {
	c.t.Helper()
	pending := models(c.t)
	for len(pending) > 0 {
		var failed map[string]string
		var last error
		failed = map[string]string{}
		for name, text := range pending {
			kind := "TABLE"
			if strings.Contains(text, "\nmaterialized: view") {
				kind = "VIEW"
			}
			if _, err := c.db.ExecContext(context.Background(), "CREATE "+kind+" "+name+" AS "+text); err != nil {
				failed[name] = text
				last = fmt.Errorf("%s: %w", name, err)
			}
		}
		if len(failed) == len(pending) {
			c.t.Fatal(last)
		}
		pending = failed
	}
}

// models renders the administrative models with the default parameters.
func models(t *testing.T) map[string]string {
	t.Helper()
	cfg, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	funcs := engine.DuckDBDialect().Funcs()
	funcs["param"] = param(cfg.Params())
	out := map[string]string{}
	root := os.DirFS("../sql")
	err = fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) != ".sql" {
			return err
		}
		name := strings.TrimSuffix(path.Base(p), ".sql")
		if strings.Contains(name, "survey") || strings.Contains(name, "labor_force") || strings.HasPrefix(name, "core_county_") || name == "core_register_link" {
			return nil
		}
		b, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		tpl, err := template.New(p).Funcs(funcs).Parse(string(b))
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := tpl.Execute(&text, nil); err != nil {
			return err
		}
		out[name] = text.String()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func param(params map[string]any) func(string) (string, error) {
	return func(name string) (string, error) {
		switch v := params[name].(type) {
		case nil:
			return "", fmt.Errorf("unknown parameter %s", name)
		case string:
			return engine.Quote(v), nil
		default:
			return fmt.Sprint(v), nil
		}
	}
}

// rows prints a query's rows, one string a row.
func (c *city) rows(text string) []string {
	c.t.Helper()
	rows, err := c.db.QueryContext(context.Background(), text)
	if err != nil {
		c.t.Fatalf("%v in %s", err, text)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			c.t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	return out
}

// expect compares a query's rows with the lines wanted.
func (c *city) expect(text string, want ...string) {
	c.t.Helper()
	got := c.rows(text)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		c.t.Errorf("%s\ngot:\n  %s\nwant:\n  %s", text, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
