package survey

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"strings"
	"testing"
	"text/template"

	"laborwatch/config"
	"laborwatch/engine"
	models "laborwatch/sql"
)

// surveyModels in the order of their dependencies; true where it is a view.
var surveyModels = []struct {
	path string
	view bool
}{
	{"staging/stg_labor_force_survey", true},
	{"core/core_survey_status", true},
	{"core/core_survey_person", true},
	{"core/core_survey_edit_rule", false},
	{"core/core_survey_edit", false},
	{"core/core_survey_design", false},
	{"core/core_survey_psu", false},
	{"core/core_survey_domain", false},
	{"core/core_survey_estimate", false},
	{"core/core_survey_linear", false},
	{"core/core_survey_moment", false},
	{"core/core_survey_overlap", false},
	{"core/core_survey_contrast", false},
	{"core/core_survey_variance", false},
	{"core/core_survey_t", false},
	{"indicator/ind_survey_level", false},
	{"indicator/ind_survey_change", false},
	{"indicator/ind_survey_edit", false},
}

// params are the default configuration's, with changes laid over them.
func params(t testing.TB, change map[string]any) map[string]any {
	t.Helper()
	c, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	p := c.Params()
	maps.Copy(p, change)
	return p
}

func funcs(p map[string]any) template.FuncMap {
	f := maps.Clone(engine.DuckDBDialect().Funcs())
	f["param"] = func(name string) (string, error) {
		switch v := p[name].(type) {
		case nil:
			return "", fmt.Errorf("unknown parameter %s", name)
		case string:
			return engine.Quote(v), nil
		case []string:
			if len(v) == 0 {
				return "NULL", nil
			}
			quoted := make([]string, len(v))
			for i, text := range v {
				quoted[i] = engine.Quote(text)
			}
			return strings.Join(quoted, ", "), nil
		case float64:
			return fmt.Sprintf("CAST(%v AS DOUBLE)", v), nil
		default:
			return fmt.Sprint(v), nil
		}
	}
	return f
}

// render gives a model's SQL without its header.
func render(t testing.TB, path string, p map[string]any) string {
	t.Helper()
	b, err := models.FS.ReadFile(path + ".sql")
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := template.New(path).Funcs(funcs(p)).Parse(string(b))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := tpl.Execute(&out, nil); err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(out.String(), "*/")
	if !found {
		t.Fatalf("%s has no header", path)
	}
	return text
}

// lakeTable has the columns of the feed as they stand in the lake.
const lakeTable = `CREATE SCHEMA lake;
CREATE TABLE lake.labor_force_survey (
  period DATE, household VARCHAR, person_no VARCHAR, region VARCHAR, stratum VARCHAR, psu VARCHAR,
  person UUID, rotation_group VARCHAR, responded BOOLEAN, response_class VARCHAR, base_weight_e6 BIGINT, weight_e6 BIGINT, age INTEGER, sex VARCHAR, hukou VARCHAR, in_school BOOLEAN,
  worked BOOLEAN, absent BOOLEAN, absent_return BOOLEAN, searched BOOLEAN, available BOOLEAN,
  start_later BOOLEAN, wants_more BOOLEAN, more_available BOOLEAN, hours DOUBLE, hours_usual DOUBLE, wage_fen BIGINT,
  absence_months DOUBLE, absence_paid BOOLEAN, search_days INTEGER, start_days INTEGER, wants_work BOOLEAN, industry VARCHAR, occupation VARCHAR,
  education VARCHAR, months_unemployed INTEGER, status INTEGER, _row BIGINT)`

// open gives an engine with an empty lake.
func open(t testing.TB, threads int) *sql.DB {
	t.Helper()
	d, err := engine.Open(context.Background(), engine.Options{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	run(t, d.DB(), lakeTable)
	return d.DB()
}

func run(t testing.TB, db *sql.DB, q string) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), q); err != nil {
		t.Fatalf("%v\n%s", err, q)
	}
}

// build computes every survey model of all months in the lake.
func build(t testing.TB, db *sql.DB, change map[string]any) {
	t.Helper()
	p := params(t, change)
	for _, m := range surveyModels {
		name := m.path[strings.Index(m.path, "/")+1:]
		kind := "TABLE"
		if m.view {
			kind = "VIEW"
		}
		run(t, db, "CREATE OR REPLACE "+kind+" "+name+" AS "+render(t, m.path, p))
	}
}

// figure is one row of the cube.
type figure struct {
	value, se, low, high sql.NullFloat64
	num, den             sql.NullFloat64
	n                    int64
	status, quality      string
}

// figures reads the cube rows of all survey models, keyed
// period|indicator|region|sex|age|pop_group.
func figures(t testing.TB, db *sql.DB) map[string]figure {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), `
		SELECT concat_ws('|', strftime(period, '%Y-%m'), indicator, region, sex, age, pop_group),
			value, se, ci_low, ci_high, numerator, denominator, n, obs_status, quality
		FROM (SELECT * FROM ind_survey_level UNION ALL SELECT * FROM ind_survey_change)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]figure{}
	for rows.Next() {
		var k string
		var f figure
		if err := rows.Scan(&k, &f.value, &f.se, &f.low, &f.high, &f.num, &f.den, &f.n, &f.status, &f.quality); err != nil {
			t.Fatal(err)
		}
		if _, twice := out[k]; twice {
			t.Fatalf("%s is there twice", k)
		}
		out[k] = f
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
