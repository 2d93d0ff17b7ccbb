package cube

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"laborwatch/engine"
	"laborwatch/period"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pool is an engine with an empty data folder.
type pool struct{ *engine.DuckDB }

// month is the newest one of the test cube.
var month = period.Of(2026, time.October)

const (
	uscc1 = "91410400MA00000001"
	uscc2 = "91410400MA00000002"
	uscc3 = "91410400MA00000003"
)

// warehouse opens an empty warehouse in a temporary folder.
func warehouse(t testing.TB) pool {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Options{Dir: t.TempDir(), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return pool{e}
}

func (p pool) exec(t testing.TB, query string) {
	t.Helper()
	if _, err := p.DB().ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// smallCube is a warehouse whose cube holds two months of three indicators.
func smallCube(t testing.TB) pool {
	t.Helper()
	p := warehouse(t)
	p.exec(t, `CREATE TABLE wh.main.observations (period DATE, indicator VARCHAR, region VARCHAR, sex VARCHAR, age VARCHAR,
		pop_group VARCHAR, industry VARCHAR, occupation VARCHAR, enterprise VARCHAR, value DOUBLE, numerator DOUBLE,
		denominator DOUBLE, se DOUBLE, ci_low DOUBLE, ci_high DOUBLE, n BIGINT, obs_status VARCHAR, quality VARCHAR, reason VARCHAR)`)
	for _, m := range []period.Period{month.Add(-1), month} {
		for r, region := range []string{"410482", Total, "410402"} {
			for s, sex := range []string{"M", Total, "F"} {
				rate := 0.05 + float64(r)/100 + float64(s)/1000 + float64(m-month)/10000 + 1.0/3e6
				p.insert(t, m, "surveyed_unemployment_rate", region, sex, Total, Total, rate, fmt.Sprintf("%v, 1000, 0.004, %v, %v, 812, 'A', 'publish'", rate*1000, rate-.01, rate+.01))
				p.insert(t, m, "surveyed_unemployed", region, sex, Total, Total, rate*1000, "NULL, NULL, 4, NULL, NULL, 812, 'A', 'publish'")
			}
		}
		for i, e := range []string{Total, uscc1, uscc2, uscc3} {
			p.insert(t, m, "insured_persons", Total, Total, Total, e, float64(1234567/(i*i*i+1)), "NULL, NULL, NULL, NULL, NULL, 3, 'A', NULL")
		}
		p.insert(t, m, "insured_persons", Total, Total, "C", Total, 400, "NULL, NULL, NULL, NULL, NULL, 2, 'A', ''")
	}
	// Registers run ahead of the survey by a month.
	p.insert(t, month.Add(1), "insured_persons", Total, Total, Total, Total, 999, "NULL, NULL, NULL, NULL, NULL, 3, 'P', ''")
	p.insert(t, month.Add(1), "surveyed_unemployment_rate", "410402", Total, Total, Total, .05, "NULL, NULL, NULL, NULL, NULL, NULL, 'A', ''")
	return p
}

func (p pool) insert(t testing.TB, m period.Period, indicator, region, sex, industry, enterprise string, value float64, rest string) {
	t.Helper()
	p.exec(t, fmt.Sprintf("INSERT INTO wh.main.observations VALUES (%s, %s, %s, %s, '_T', '_T', %s, '_T', %s, %v, %s, NULL)",
		m.SQL(), engine.Quote(indicator), engine.Quote(region), engine.Quote(sex), engine.Quote(industry), engine.Quote(enterprise), value, rest))
}

func testCatalog(t testing.TB) *Catalog {
	t.Helper()
	c, err := LoadCatalog("")
	if err != nil {
		t.Fatal(err)
	}
	return c.With(Region, Code{"410402", "新华区", "Xinhua"}, Code{"410482", "汝州市", "Ruzhou"})
}

func clock() time.Time { return time.Date(2026, 11, 15, 8, 0, 0, 0, time.UTC) }

func readSmall(t testing.TB, opt SnapshotOptions) *Snapshot {
	t.Helper()
	opt.Clock = clock
	s, err := ReadSnapshot(t.Context(), smallCube(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var _ Engine = pool{}
