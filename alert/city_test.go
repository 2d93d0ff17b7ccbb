package alert_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"laborwatch/alert"
	"laborwatch/codes"
	"laborwatch/config"
	"laborwatch/engine"
	"laborwatch/filing"
	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/monthly"
	"laborwatch/pseudonym"
	"laborwatch/simulate"
	"laborwatch/sql"
	"laborwatch/transform"
)

// cityPersons is the size of the synthetic city below; the slump of a whole
// industry and county needs 100,000 persons and is left to the demo's test,
// unless LABORWATCH_PERSONS asks for more here.
const cityPersons = 50_000

// On a synthetic city's extracts, every injected event is found at its level,
// and neither a decoy nor anything else raises an alert.
func TestSyntheticCity(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates and loads a whole city")
	}
	persons := cityPersons
	if n, err := strconv.Atoi(os.Getenv("LABORWATCH_PERSONS")); err == nil {
		persons = n
	}
	ctx, dir := t.Context(), t.TempDir()
	sum, err := simulate.Run(ctx, simulate.Options{Out: dir, Persons: persons, Months: 16})
	if err != nil {
		t.Fatal(err)
	}
	if sum.ExpectedAlerts == 0 {
		t.Fatal("the city expects no alerts")
	}
	city := newPipeline(t)
	city.deliver(dir, "2025-01", "2026-12")
	store := city.store
	res, err := store.Evaluate(ctx)
	must(t, err)
	if res != (alert.Result{Live: res.Live}) {
		t.Errorf("evaluating again changed %+v", res)
	}
	list, err := store.List(ctx, alert.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := alert.Compare(filepath.Join(dir, "truth", "expected_alerts.csv"), list)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range append(got.Missing, got.Spurious...) {
		t.Error(line)
	}
	t.Logf("%d expected, %d found, %d raised", got.Expected, got.Found, len(list))
	checkNotices(t, city.eng, filepath.Join(dir, "truth", "events.csv"))
	checkAdministrative(t, city.eng, filepath.Join(dir, "truth", "administrative.csv"))

	// The last months first, then what lies before them.
	late := newPipeline(t)
	late.deliver(dir, "2026-03", "2026-12")
	late.deliver(dir, "2025-10", "2026-02")
	late.deliver(dir, "2025-01", "2025-09")
	checkSame(t, city, late)
}

// checkSame compares the warehouses' models and the alerts that stand, times aside.
func checkSame(t *testing.T, a, b *pipeline) {
	t.Helper()
	if len(a.models) == 0 {
		t.Fatal("no models")
	}
	for _, m := range a.models {
		if x, y := a.digest(t, m), b.digest(t, m); x != y {
			t.Errorf("model %s depends on the order of delivery: %s and %s", m, x, y)
		}
	}
	var lists [2][]alert.Alert
	for i, p := range []*pipeline{a, b} {
		list, err := p.store.List(t.Context(), alert.Filter{Status: alert.Firing})
		must(t, err)
		for k := range list {
			list[k].RaisedAt, list[k].UpdatedAt = time.Time{}, time.Time{}
		}
		lists[i] = list
	}
	if !reflect.DeepEqual(lists[0], lists[1]) {
		t.Errorf("alerts depend on the order of delivery:\n%+v\n%+v", lists[0], lists[1])
	}
}

// digest is the number of a table's rows and a sum over them that does not
// depend on their order.
func (p *pipeline) digest(t *testing.T, table string) string {
	t.Helper()
	var rows int64
	var sum string
	err := p.eng.DB().QueryRowContext(t.Context(),
		"SELECT count(*), CAST(coalesce(sum(CAST(hash(CAST(t AS VARCHAR)) AS HUGEINT)), 0) AS VARCHAR) FROM wh.main."+table+" AS t").Scan(&rows, &sum)
	must(t, err)
	return fmt.Sprintf("%d rows, %s", rows, sum)
}

// checkAdministrative holds insured heads and the register's stock and flows
// against the truth, for the city and every region in every month: exactly.
func checkAdministrative(t *testing.T, eng *engine.DuckDB, truth string) {
	t.Helper()
	rows, err := eng.DB().QueryContext(t.Context(), `
		WITH truth AS (
			UNPIVOT (SELECT CAST(period || '-01' AS DATE) AS period, region, CAST(insured AS DOUBLE) AS insured_persons,
				CAST(registered AS DOUBLE) AS registered_unemployed, CAST(registered_in_month AS DOUBLE) AS registered_unemployed_inflow,
				CAST(deregistered_in_month AS DOUBLE) AS registered_unemployed_outflow
				FROM read_csv($1, all_varchar = true))
			ON COLUMNS(* EXCLUDE (period, region)) INTO NAME indicator VALUE truth)
		SELECT strftime(t.period, '%Y-%m'), t.region, t.indicator, t.truth, coalesce(o.value, 0)
		FROM truth AS t LEFT JOIN wh.main.observations AS o
			ON o.period = t.period AND o.region = t.region AND o.indicator = t.indicator AND o.sex = '_T' AND o.age = '_T'
			AND o.pop_group = '_T' AND o.industry = '_T' AND o.enterprise = '_T'
		ORDER BY ALL`, truth)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var month, region, indicator string
		var want, got float64
		if err := rows.Scan(&month, &region, &indicator, &want, &got); err != nil {
			t.Fatal(err)
		}
		n++
		if got != want {
			t.Errorf("%s %s of %s: %v, truth %v", month, indicator, region, got, want)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if n < 4*11*16 {
		t.Errorf("only %d figures compared", n)
	}
}

// checkNotices holds the notices that alerts name against those of the events.
func checkNotices(t *testing.T, eng *engine.DuckDB, events string) {
	t.Helper()
	rows, err := eng.DB().QueryContext(t.Context(), `
		SELECT e.event, e.notice_no, e.notice_days, coalesce(a.notice_no, ''), coalesce(a.notice_days, 0), coalesce(a.notice_ok, false)
		FROM read_csv($1, all_varchar = true) AS e
		JOIN state.main.alerts AS a ON a.enterprise = e.uscc AND a.window_from <= CAST(e."end" AS DATE) AND a.window_to >= CAST(e."start" AS DATE)
		WHERE coalesce(e.notice_no, '') <> '' ORDER BY e.event`, events)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var event, no, foundNo string
		var days, foundDays int
		var ok bool
		if err := rows.Scan(&event, &no, &days, &foundNo, &foundDays, &ok); err != nil {
			t.Fatal(err)
		}
		n++
		if foundNo != no || foundDays != days || ok != (days >= 30) {
			t.Errorf("event %s: notice %s %d days, found %s %d days, in time %v", event, no, days, foundNo, foundDays, ok)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Error("no event has a notice")
	}
}

// pipeline is a data folder with everything that fills it.
type pipeline struct {
	t      *testing.T
	eng    *engine.DuckDB
	in     *ingest.Ingester
	tr     *transform.Transform
	store  *alert.Store
	models []string
}

func newPipeline(t *testing.T) *pipeline {
	t.Helper()
	ctx, clock := t.Context(), func() time.Time { return time.Date(2026, 11, 5, 0, 0, 0, 0, time.UTC) }
	cfg, err := config.Default()
	must(t, err)
	p := &pipeline{t: t}
	p.eng, err = engine.Open(ctx, engine.Options{Dir: t.TempDir(), MemoryLimit: cfg.Engine.MemoryLimit})
	must(t, err)
	t.Cleanup(func() { must(t, p.eng.Close()) })
	lk, err := lake.Open(ctx, p.eng, t.TempDir(), clock)
	must(t, err)
	contracts, err := ingest.LoadContracts("")
	must(t, err)
	var regions []string
	for _, r := range cfg.Regions {
		regions = append(regions, r.Code)
	}
	keys, err := pseudonym.NewChain(pseudonym.Keys{{Algorithm: pseudonym.SM3}})
	must(t, err)
	p.in, err = ingest.New(ingest.Options{
		Lake: lk, Engine: p.eng, Contracts: contracts, Keys: keys, Regions: regions, Clock: clock,
	})
	must(t, err)
	sources := map[string][]lake.Column{}
	for feed, c := range contracts {
		sources[feed] = c.LakeColumns()
	}
	p.tr, err = transform.New(ctx, transform.Options{
		Engine: p.eng, Lake: lk, Models: sql.FS, Params: cfg.Params(), Seeds: seeds(cfg), Sources: sources,
		Boards:       []transform.Board{{Name: filing.Name, Columns: filing.Columns()}},
		Computations: monthly.Computations(cfg),
	})
	must(t, err)
	for _, m := range p.tr.Models() {
		if m.Materialized == "table" {
			p.models = append(p.models, m.Name)
		}
	}
	p.store, err = alert.Open(ctx, p.eng, clock)
	must(t, err)
	return p
}

// deliver loads the folders of a city's inbox from one month to another, runs
// the models and evaluates the alerts.
func (p *pipeline) deliver(dir, from, to string) {
	p.t.Helper()
	files, unknown, err := p.in.Scan(filepath.Join(dir, "inbox"))
	must(p.t, err)
	files = slices.DeleteFunc(files, func(f ingest.File) bool {
		month := filepath.Base(filepath.Dir(f.Path))
		return month < from || month > to
	})
	sum, err := p.in.Load(p.t.Context(), files)
	must(p.t, err)
	if len(files) == 0 || len(unknown) > 0 || len(sum.Refused) > 0 {
		p.t.Fatalf("%d files, unknown %v, refused %v", len(files), unknown, sum.Refused)
	}
	_, err = p.tr.Run(p.t.Context(), nil)
	must(p.t, err)
	_, err = p.store.Evaluate(p.t.Context())
	must(p.t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// seeds are the configuration's tables that the models join.
func seeds(c *config.Config) []transform.Seed {
	names := []string{"code VARCHAR", "name_zh VARCHAR", "name_en VARCHAR"}
	region := transform.Seed{Name: "cfg_region", Columns: append(names[:3:3], "kind VARCHAR")}
	for _, r := range c.Regions {
		region.Rows = append(region.Rows, []any{r.Code, r.ZH, r.EN, r.Kind})
	}
	industry := transform.Seed{Name: "cfg_industry", Columns: []string{"code VARCHAR", "section VARCHAR", "name_zh VARCHAR", "name_en VARCHAR"}}
	for _, d := range codes.Divisions() {
		industry.Rows = append(industry.Rows, []any{d.Code, d.Section, d.ZH, d.EN})
	}
	key := transform.Seed{Name: "cfg_industry_group", Columns: append(names[:3:3], "division VARCHAR")}
	for _, g := range c.Industries {
		for _, d := range g.Divisions {
			key.Rows = append(key.Rows, []any{g.Code, g.ZH, g.EN, d})
		}
	}
	group := transform.Seed{Name: "cfg_group", Columns: names}
	for _, g := range c.Groups {
		group.Rows = append(group.Rows, []any{g.Code, g.ZH, g.EN})
	}
	return []transform.Seed{region, industry, key, group, {Name: "cfg_key_enterprise", Columns: []string{"uscc VARCHAR"}}}
}
