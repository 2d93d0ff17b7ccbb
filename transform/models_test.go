package transform_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"laborwatch/codes"
	"laborwatch/config"
	"laborwatch/filing"
	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/monthly"
	"laborwatch/period"
	models "laborwatch/sql"
	"laborwatch/transform"
)

// monthRows are small extracts of month number m, whose first day is d, of
// every feed: people change firms, register, are dismissed. Columns that are
// left out are NULL.
var monthRows = map[string]string{
	"enterprise": `SELECT d AS period, 'F' || f AS uscc, 'firm ' || f AS name, CAST(410402 + f % 3 AS VARCHAR) AS region,
		['0610', '2614', '3811', '5211', '1712'][1 + (f + m // 9) % 5] AS industry, 'active' AS status
		FROM range(40) AS r(f) WHERE (f + m) % 37 <> 0`,
	"social_insurance": `SELECT d AS period, 'p' || i AS person, 'F' || (i + (i * 7 + m) // 11) % 40 AS uscc, '210' AS insurance,
		'1' AS contribution_status, CASE WHEN i % 50 = 0 THEN '20' ELSE '10' END AS payment_type, 400000 AS base_fen, '1' AS person_status
		FROM range(1500) AS r(i) WHERE (i * 3 + m) % 41 <> 0
		UNION ALL SELECT d, 'p' || i * 60, 'F1', '210', '1', '10', 400000, '1' FROM range(20) AS r(i)`,
	"insurance_change": `SELECT d AS period, 'p' || i AS person, 'F' || (i + (i * 7 + m) // 11) % 40 AS uscc,
		d + CAST(i % 27 AS INTEGER) AS change_date, 'out' AS change,
		['redundancy', 'retirement', 'dismissed', 'moved_in_pool', 'resigned'][1 + i % 5] AS reason
		FROM range(1500) AS r(i) WHERE (i * 13 + m * 7) % 29 = 0
		UNION ALL SELECT d, 'p' || i, 'F' || i % 40, d + CAST(i % 25 AS INTEGER), 'in', 'new_enrolment'
		FROM range(1500) AS r(i) WHERE (i * 13 + (m - 1) * 7) % 29 = 0 AND i % 3 = 0
		UNION ALL SELECT d, 'q' || i, 'F' || m % 40, d + CAST(10 + i % 20 AS INTEGER), 'out', 'redundancy' FROM range(m % 5 * 30) AS r(i)`,
	"unemployment_registration": `SELECT d AS period, 'R' || i || '-' || (m + i) // 6 AS registration_no, 'p' || i AS person,
		CASE WHEN i % 2 = 0 THEN 'M' ELSE 'F' END AS sex, d - to_months(CAST(220 + i AS INTEGER)) AS birth_month,
		CAST(410402 + i % 3 AS VARCHAR) AS region, d - CAST((m + i) % 6 * 30 AS INTEGER) + 4 AS registered_on, 'employer' AS reason,
		CASE WHEN i % 4 = 0 THEN 'migrant_worker;graduate' ELSE '' END AS categories,
		CASE WHEN (m + i) % 6 = 5 THEN d + 20 END AS deregistered_on FROM range(300) AS r(i)`,
	"job_vacancy": `SELECT d AS period, 'V' || i || '-' || m // 3 AS posting_no, 'F' || i % 40 AS uscc, CAST(410402 + i % 3 AS VARCHAR) AS region,
		CASE WHEN i % 3 = 0 THEN '2614' END AS industry, 1 + (i + m) % 9 AS openings, true AS openings_stated, d - 5 AS posted_on
		FROM range(120) AS r(i)`,
	"job_seeker": `SELECT d AS period, 'S' || i AS seeker_no, 'p' || i AS person, CAST(410402 + i % 3 AS VARCHAR) AS region,
		CASE WHEN i % 4 <> 0 THEN '2614' END AS industry, d - 9 AS registered_on, '' AS categories
		FROM range(200) AS r(i) WHERE (i + m) % 7 <> 0`,
	"labor_force_survey": `SELECT d AS period, 'H' || i // 3 AS household, CAST(i % 3 AS VARCHAR) AS person_no,
		CAST(410402 + i % 3 AS VARCHAR) AS region, 'S' || i % 3 AS stratum, 'S' || i % 3 || '-' || (i // 40 + CASE WHEN i % 2 = 0 THEN m ELSE 0 END) AS psu,
		100000000 + i * 1000 AS weight_e6, 16 + i % 60 AS age, CASE WHEN i % 2 = 0 THEN 'M' ELSE 'F' END AS sex,
		['local', 'migrant', 'migrant_agri'][1 + i % 3] AS hukou, i % 60 < 4 AS in_school, (i * 7 + m) % 10 < 6 AS worked,
		false AS absent, (i * 7 + m) % 10 = 6 AS searched, true AS available, 30.5 + i % 20 AS hours FROM range(900) AS r(i)`,
	"layoff_notice": `SELECT d AS period, 'N' || m AS notice_no, 'F' || (m + 1) % 40 AS uscc, 'firm' AS employer, '410402' AS region,
		d + 1 AS told_staff_on, d + 2 AS reported_on, d + 40 AS planned_from, d + 60 AS planned_to, 60 AS planned_count`,
}

// city is a world with the real models over a small made-up city.
type city struct {
	*world
	opts transform.Options
}

func newCity(t *testing.T) *city {
	t.Helper()
	w := newWorld(t)
	cfg, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	contracts, err := ingest.LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	c := &city{world: w, opts: w.options()}
	c.opts.Models, c.opts.Params, c.opts.Sources = models.FS, cfg.Params(), map[string][]lake.Column{}
	c.opts.Computations = monthly.Computations(cfg)
	for feed, contract := range contracts {
		c.opts.Sources[feed] = contract.LakeColumns()
	}
	c.opts.Boards = []transform.Board{{Name: filing.Name, Columns: filing.Columns(), Rows: func(_ context.Context, months []period.Period) (map[period.Period][][]any, error) {
		out := map[period.Period][][]any{}
		for _, p := range months {
			for i, region := range []string{"410402", "410403"} {
				out[p] = append(out[p], []any{p.First(), "job_vacancy", region, int64(1), int64(i)})
			}
		}
		return out, nil
	}}}
	region := transform.Seed{Name: "cfg_region", Columns: []string{"code VARCHAR", "name_zh VARCHAR", "name_en VARCHAR", "kind VARCHAR"}}
	for _, code := range []string{"410402", "410403", "410404"} {
		region.Rows = append(region.Rows, []any{code, code, code, "county"})
	}
	industry := transform.Seed{Name: "cfg_industry", Columns: []string{"code VARCHAR", "section VARCHAR", "name_zh VARCHAR", "name_en VARCHAR"}}
	for _, d := range codes.Divisions() {
		industry.Rows = append(industry.Rows, []any{d.Code, d.Section, d.ZH, d.EN})
	}
	named := []string{"code VARCHAR", "name_zh VARCHAR", "name_en VARCHAR"}
	c.opts.Seeds = []transform.Seed{
		region, industry,
		{Name: "cfg_industry_group", Columns: append(named, "division VARCHAR"), Rows: [][]any{{"K_NYLON", "", "", "26"}, {"K_NYLON", "", "", "17"}}},
		{Name: "cfg_group", Columns: named, Rows: [][]any{{"women", "", ""}, {"youth", "", ""}, {"long_term", "", ""}, {"migrant_worker", "", ""}}},
		{Name: "cfg_key_enterprise", Columns: []string{"uscc VARCHAR"}, Rows: [][]any{{"F1"}}},
	}
	return c
}

// month loads a month of every feed but those named.
func (c *city) month(p period.Period, without ...string) {
	c.t.Helper()
	for feed := range monthRows {
		if !slices.Contains(without, feed) {
			c.extract(feed, p.String(), p, int(p-may)+30)
		}
	}
}

// extract loads one feed's month p with the rows of month number m.
func (c *city) extract(feed, id string, p period.Period, m int) {
	c.t.Helper()
	rows := dayAndMonth.ReplaceAllStringFunc(monthRows[feed], func(name string) string {
		if name == "d" {
			return p.SQL()
		}
		return fmt.Sprint(m)
	})
	if strings.Contains(rows, "AS person,") { // as the lake keeps pseudonyms
		rows = "SELECT * REPLACE (CAST(md5(person) AS UUID) AS person) FROM (" + rows + ")"
	}
	c.load(feed, id, rows, p)
}

// dayAndMonth are the placeholders in monthRows.
var dayAndMonth = regexp.MustCompile(`\b[dm]\b`)

func (c *city) compute() *transform.Result {
	c.t.Helper()
	c.opts.Engine = c.eng
	tr, err := transform.New(c.t.Context(), c.opts)
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := tr.Run(c.t.Context(), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// The models keep to their windows: computed month by month, with a register that
// comes late and a month corrected later, the cube is that of one computation.
func TestModelsMonthByMonth(t *testing.T) {
	c := newCity(t)
	for p := may - 13; p < may-1; p++ {
		c.month(p)
	}
	c.compute()
	c.month(may-1, "enterprise")
	c.compute()
	c.month(may)
	c.compute()
	c.extract("enterprise", "late", may-1, 29)
	c.compute()
	c.lake.withdraw((may - 2).String())
	for feed := range monthRows {
		c.extract(feed, "corrected", may-2, 17)
	}
	if r := c.compute(); r.Months == 0 {
		t.Error("a corrected month computed nothing")
	}
	if r := c.compute(); r.Models != 0 {
		t.Errorf("nothing changed, yet %d models ran", r.Models)
	}
	byMonth := c.cube()
	c.expect("SELECT count(DISTINCT indicator) >= 48, count(DISTINCT period) FROM wh.main.observations", "true 14")

	c.dir = t.TempDir()
	c.open()
	c.compute()
	same(t, "at once", c.cube(), byMonth)
	if len(c.rows("SELECT * FROM wh.main.alert_candidates")) == 0 {
		t.Error("no alert candidates: the test shows nothing of them")
	}
}

// cube is every observation and alert candidate.
func (c *city) cube() []string {
	c.t.Helper()
	return append(c.rows("SELECT * FROM wh.main.observations ORDER BY ALL"), c.rows("SELECT * FROM wh.main.alert_candidates ORDER BY ALL")...)
}
