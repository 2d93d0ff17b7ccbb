package monthly_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"
	"time"

	"laborwatch/config"
	"laborwatch/engine"
	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/monthly"
	"laborwatch/period"
	models "laborwatch/sql"
	"laborwatch/transform"
)

// surveyModels are the models of the survey and of what it is linked to; the lake
// of these tests has no other feed.
var surveyModels = []string{
	"staging/stg_labor_force_survey", "staging/stg_population_totals",
	"core/core_population_total", "core/core_survey_status", "core/core_survey_person", "core/core_survey_edit_rule", "core/core_survey_edit",
	"indicator/ind_survey_edit",
	"core/core_survey_weight", "core/core_survey_estimate",
	"indicator/ind_survey_level", "indicator/ind_survey_change", "indicator/ind_survey_design",
	"staging/stg_social_insurance", "staging/stg_unemployment_registration", "staging/stg_unemployment_benefit",
	"core/core_register_link", "core/core_survey_link", "indicator/ind_survey_register",
	"core/core_survey_season", "indicator/ind_survey_season",
}

// surveyFeeds are what they read.
var surveyFeeds = []string{"labor_force_survey", "population_totals", "social_insurance", "unemployment_registration", "unemployment_benefit"}

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

// open gives an engine with an empty lake and an empty warehouse.
func open(t testing.TB, threads int) *sql.DB {
	t.Helper()
	d, err := engine.Open(context.Background(), engine.Options{Dir: t.TempDir(), Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	run(t, d.DB(), "CREATE SCHEMA lake")
	for feed, columns := range feeds(t) {
		var list []string
		for _, c := range columns {
			list = append(list, engine.Ident(c.Name)+" "+c.Type)
		}
		run(t, d.DB(), fmt.Sprintf("CREATE TABLE lake.%s (%s)", feed, strings.Join(list, ", ")))
	}
	engines[d.DB()] = d
	return d.DB()
}

// engines are those of the databases that open gave.
var engines = map[*sql.DB]*engine.DuckDB{}

// feeds are the columns of the feeds that the survey's models read.
func feeds(t testing.TB) map[string][]lake.Column {
	t.Helper()
	all, err := ingest.LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]lake.Column{}
	for _, feed := range surveyFeeds {
		out[feed] = all[feed].LakeColumns()
	}
	return out
}

func run(t testing.TB, db *sql.DB, q string) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), q); err != nil {
		t.Fatalf("%v\n%s", err, q)
	}
}

// tableLake is a lake of tables. Its loads are new ones at every build.
type tableLake struct {
	db    *sql.DB
	build int
}

func (l tableLake) LivePeriods(ctx context.Context) (map[string]map[period.Period][]string, error) {
	out := map[string]map[period.Period][]string{}
	for _, feed := range surveyFeeds {
		rows, err := l.db.QueryContext(ctx, "SELECT DISTINCT period FROM lake."+feed)
		if err != nil {
			return nil, err
		}
		out[feed] = map[period.Period][]string{}
		for rows.Next() {
			var at time.Time
			if err := rows.Scan(&at); err != nil {
				return nil, err
			}
			out[feed][period.FromTime(at)] = []string{fmt.Sprint(l.build)}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil { //nolint:sqlclosecheck // one of several in a loop
			return nil, err
		}
	}
	return out, nil
}

func (l tableLake) Source(_ context.Context, feed string, _ []string, months []period.Period) (string, error) {
	var in []string
	for _, p := range months {
		in = append(in, p.SQL())
	}
	if len(in) == 0 {
		return "", nil
	}
	return fmt.Sprintf("SELECT * FROM lake.%s WHERE period IN (%s)", feed, strings.Join(in, ", ")), nil
}

var builds int

// build computes every survey model of all months in the lake.
func build(t testing.TB, db *sql.DB, change map[string]any) {
	t.Helper()
	builds++
	tr, err := newTransform(t, db, tableLake{db, builds}, change)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Run(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

func newTransform(t testing.TB, db *sql.DB, l transform.Lake, change map[string]any) (*transform.Transform, error) {
	t.Helper()
	cfg, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	if rule, ok := change["survey.lonely_psu"].(string); ok {
		cfg.Survey.LonelyPSU = rule
	}
	if method, ok := change["weighting.method"].(string); ok {
		cfg.Weighting.Method = method
	}
	if level, ok := change["survey.confidence"].(float64); ok {
		cfg.Survey.Confidence = level
	}
	return transform.New(context.Background(), transform.Options{
		Engine: engines[db], Lake: l, Models: surveyFiles(t), Params: params(t, change), Sources: feeds(t),
		Computations: monthly.Computations(cfg),
	})
}

func surveyFiles(t testing.TB) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for _, m := range surveyModels {
		b, err := models.FS.ReadFile(m + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		out[m+".sql"] = &fstest.MapFile{Data: b}
	}
	return out
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
		FROM (SELECT * FROM wh.main.ind_survey_level UNION ALL SELECT * FROM wh.main.ind_survey_change)`)
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
