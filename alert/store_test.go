package alert_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"laborwatch/alert"
	"laborwatch/messages"
	"laborwatch/period"
)

// warehouse is a real DuckDB with state and warehouse attached, whose
// candidates the tests write by hand.
type warehouse struct {
	t     *testing.T
	db    *sql.DB
	now   time.Time
	store *alert.Store
}

func (w *warehouse) DB() *sql.DB { return w.db }

func newWarehouse(t *testing.T) *warehouse {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	w := &warehouse{t: t, db: db, now: time.Date(2026, 11, 5, 8, 0, 0, 0, time.UTC)}
	w.exec(`ATTACH ':memory:' AS state`)
	w.exec(`ATTACH ':memory:' AS wh`)
	if w.store, err = alert.Open(context.Background(), w, func() time.Time { return w.now }); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *warehouse) exec(text string, args ...any) {
	w.t.Helper()
	if _, err := w.db.ExecContext(context.Background(), text, args...); err != nil {
		w.t.Fatal(err)
	}
}

// publish replaces the candidates: month, rule, level, subject and persons each.
func (w *warehouse) publish(rows ...string) {
	w.t.Helper()
	w.exec(`CREATE OR REPLACE TABLE wh.main.alert_candidates (period DATE, rule VARCHAR, level SMALLINT, region VARCHAR,
		industry VARCHAR, enterprise VARCHAR, window_from DATE, window_to DATE, persons BIGINT, base BIGINT, rate DOUBLE,
		notice_no VARCHAR, notice_days INTEGER, notice_ok BOOLEAN)`)
	w.exec(`CREATE OR REPLACE TABLE wh.main.core_enterprise AS SELECT DATE '2026-09-01' AS period, 'E1' AS uscc, 'old name' AS name
		UNION ALL SELECT DATE '2026-10-01', 'E1', 'new name'`)
	w.exec(`CREATE OR REPLACE TABLE wh.main.observations AS SELECT DATE '2026-10-01' AS period, 'insurance_terminations' AS indicator`)
	for _, r := range rows {
		var month, rule, subject string
		var level, persons int
		if _, err := fmt.Sscan(r, &month, &rule, &level, &subject, &persons); err != nil {
			w.t.Fatal(err)
		}
		region, industry, enterprise := "410402", "26", subject
		switch rule {
		case alert.RegionLayoff:
			region, industry, enterprise = subject, "_T", "_T"
		case alert.IndustryLayoff:
			region, industry, enterprise = "_T", subject, "_T"
		}
		w.exec(`INSERT INTO wh.main.alert_candidates SELECT p, $2, $3, $4, $5, $6, p + 4, p + 20, $7, 1000, $7 / 1000, 'N-' || $1, 31, true
			FROM (SELECT CAST($1 || '-01' AS DATE) AS p)`, month, rule, level, region, industry, enterprise, persons)
	}
}

func (w *warehouse) evaluate() alert.Result {
	w.t.Helper()
	res, err := w.store.Evaluate(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func (w *warehouse) list(f alert.Filter) []alert.Alert {
	w.t.Helper()
	out, err := w.store.List(context.Background(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *warehouse) expect(want ...string) {
	w.t.Helper()
	var got []string
	for _, a := range w.list(alert.Filter{}) {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s-%s %s %d %s %d %s %s", a.First, a.Last, a.Rule, a.Level, a.Key(), a.Persons, a.Status, a.Reason)))
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("got:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (w *warehouse) log(id string) []string {
	w.t.Helper()
	events, err := w.store.Events(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %d>%d %s", e.Kind, e.From, e.To, e.Note)))
	}
	return out
}

func TestLife(t *testing.T) {
	w := newWarehouse(t)
	if _, err := w.store.Evaluate(context.Background()); !errors.Is(err, alert.ErrNoCandidates) {
		t.Fatalf("no warehouse yet: %v", err)
	}
	w.publish("2026-09 enterprise_layoff 3 E1 30", "2026-09 region_layoff 1 410402 1600")
	if r := w.evaluate(); r != (alert.Result{Raised: 2, Live: 2}) {
		t.Errorf("first: %+v", r)
	}
	before := w.list(alert.Filter{})
	w.now = w.now.Add(time.Hour)
	if r := w.evaluate(); r != (alert.Result{Live: 2}) {
		t.Errorf("the same again: %+v", r)
	}
	if !reflect.DeepEqual(before, w.list(alert.Filter{})) {
		t.Error("the same candidates changed the alerts")
	}
	// It grows into a closure in the next month, and the region's is netted out.
	w.publish("2026-09 enterprise_layoff 3 E1 30", "2026-10 enterprise_closure 2 E1 60")
	if r := w.evaluate(); r != (alert.Result{Escalated: 1, Resolved: 1, Live: 1}) {
		t.Errorf("second: %+v", r)
	}
	w.expect(
		"2026-09-2026-10 enterprise_closure 2 E1 60 firing",
		"2026-09-2026-09 region_layoff 1 410402 1600 resolved netted_out")
	a := w.list(alert.Filter{Status: alert.Firing})[0]
	if a.EnterpriseName != "new name" || !a.Current || a.NoticeNo != "N-2026-09" || *a.NoticeDays != 31 || !*a.NoticeOK ||
		a.WindowFrom.Format(time.DateOnly) != "2026-09-05" || a.WindowTo.Format(time.DateOnly) != "2026-10-21" ||
		!a.RaisedAt.Equal(before[0].RaisedAt) && !a.RaisedAt.Equal(before[1].RaisedAt) || !a.UpdatedAt.Equal(w.now) {
		t.Errorf("merged alert: %+v", a)
	}
	// Acknowledged it stays so while it eases, and fires again when it grows.
	if err := w.store.Acknowledge(context.Background(), a.ID, "duty", "on site"); err != nil {
		t.Fatal(err)
	}
	w.publish("2026-09 enterprise_layoff 3 E1 30")
	w.evaluate()
	if got := w.list(alert.Filter{Level: alert.Yellow})[0]; got.Status != alert.Acknowledged || got.Current {
		t.Errorf("eased: %+v", got)
	}
	w.publish("2026-09 enterprise_layoff 1 E1 300")
	w.evaluate()
	w.publish()
	w.evaluate()
	w.publish("2026-09 enterprise_layoff 1 E1 300")
	w.evaluate()
	want := []string{
		"raised 3>3", "escalated 3>2", "acknowledged 2>2 on site", "de-escalated 2>3", "escalated 3>1",
		"resolved 1>1 netted_out", "reopened 1>1",
	}
	if got := w.log(a.ID); !slices.Equal(got, want) {
		t.Errorf("log: %q", got)
	}
	if err := w.store.Acknowledge(context.Background(), "A000", "duty", ""); !errors.Is(err, alert.ErrUnknown) {
		t.Errorf("unknown alert: %v", err)
	}
}

func TestFilters(t *testing.T) {
	w := newWarehouse(t)
	w.publish("2026-08 enterprise_layoff 3 E1 30", "2026-10 enterprise_layoff 4 E2 12", "2026-10 enterprise_layoff 2 E3 70",
		"2026-10 enterprise_layoff 2 E4 71", "2026-10 industry_layoff 1 26 1500")
	w.evaluate()
	w.expect(
		"2026-10-2026-10 industry_layoff 1 26 1500 firing",
		"2026-10-2026-10 enterprise_layoff 2 E4 71 firing",
		"2026-10-2026-10 enterprise_layoff 2 E3 70 firing",
		"2026-10-2026-10 enterprise_layoff 4 E2 12 firing",
		"2026-08-2026-08 enterprise_layoff 3 E1 30 firing")
	for _, c := range []struct {
		f    alert.Filter
		want int
	}{
		{alert.Filter{Level: 2}, 2},
		{alert.Filter{Region: "410402"}, 4},
		{alert.Filter{Since: period.Of(2026, 9)}, 4},
		{alert.Filter{Current: true, Level: 4}, 1},
		{alert.Filter{Status: alert.Resolved}, 0},
	} {
		if got := w.list(c.f); len(got) != c.want {
			t.Errorf("%+v: %d alerts, want %d", c.f, len(got), c.want)
		}
	}
}

// Late data joins two alerts; what is live does not depend on what came first.
func TestArrivalOrder(t *testing.T) {
	all := []string{
		"2026-07 enterprise_layoff 3 E1 30", "2026-08 enterprise_layoff 2 E1 55", "2026-09 enterprise_layoff 3 E1 21",
		"2026-07 region_layoff 1 410402 1500", "2026-09 region_layoff 1 410402 1700", "2026-10 enterprise_layoff 4 E2 12",
	}
	live := func(seed uint64) []alert.Alert {
		w := newWarehouse(t)
		rng := rand.New(rand.NewPCG(seed, 0))
		order := rng.Perm(len(all))
		var sofar []string
		for _, i := range order {
			sofar = append(sofar, all[i])
			w.publish(sofar...)
			w.evaluate()
			w.now = w.now.Add(time.Hour)
		}
		out := w.list(alert.Filter{Status: alert.Firing})
		for i := range out {
			out[i].RaisedAt, out[i].UpdatedAt = time.Time{}, time.Time{}
		}
		return out
	}
	want := live(0)
	if len(want) != 4 {
		t.Fatalf("live: %+v", want)
	}
	for seed := uint64(1); seed < 8; seed++ {
		if got := live(seed); !reflect.DeepEqual(got, want) {
			t.Errorf("order %d:\n%+v\nwant\n%+v", seed, got, want)
		}
	}
}

func TestLateMonthMerges(t *testing.T) {
	w := newWarehouse(t)
	w.publish("2026-08 enterprise_layoff 3 E1 30")
	w.evaluate()
	w.publish("2026-07 enterprise_layoff 2 E1 55", "2026-08 enterprise_layoff 3 E1 30")
	w.evaluate()
	w.expect(
		"2026-07-2026-08 enterprise_layoff 2 E1 55 firing",
		"2026-08-2026-08 enterprise_layoff 3 E1 30 resolved merged")
}

func TestCompare(t *testing.T) {
	w := newWarehouse(t)
	w.publish("2026-08 enterprise_layoff 3 E1 30", "2026-09 enterprise_closure 2 E2 60", "2026-10 industry_layoff 1 26 1500",
		"2026-10 enterprise_layoff 4 E9 3")
	w.evaluate()
	file := filepath.Join(t.TempDir(), "expected_alerts.csv")
	if err := os.WriteFile(file, []byte(`scope,key,level,window_from,window_to,persons,event
enterprise,E1,3,2026-08-21,2026-08-30,30,ev1
enterprise,E2,2,2026-09-01,2026-09-05,60,ev2
enterprise,E2,1,2026-09-01,2026-09-05,60,wrong level
industry,26,1,2026-10-22,2026-10-30,1500,too late
`), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := alert.Compare(file, w.list(alert.Filter{}))
	if err != nil {
		t.Fatal(err)
	}
	if got.Expected != 4 || got.Found != 2 || len(got.Missing) != 2 || len(got.Spurious) != 2 {
		t.Errorf("%+v", got)
	}
	if _, err := alert.Compare(file+".no", nil); err == nil {
		t.Error("a missing file is an error")
	}
}

func TestLabels(t *testing.T) {
	for level := alert.Red; level <= alert.Blue; level++ {
		if strings.HasPrefix(alert.LevelLabel(messages.ZH, level), "alert.") {
			t.Errorf("level %d has no label", level)
		}
	}
	for _, r := range []string{alert.EnterpriseLayoff, alert.EnterpriseClosure, alert.RegionLayoff, alert.IndustryLayoff, alert.CityRate} {
		if alert.RuleLabel(messages.EN, r) == r {
			t.Errorf("rule %s has no label", r)
		}
	}
	for _, k := range []string{alert.EventRaised, alert.EventReopened, alert.EventEscalated, alert.EventDeescalated, alert.EventAcknowledged, alert.EventResolved} {
		if alert.EventLabel(messages.EN, k) == k && k != "raised" && alert.EventLabel(messages.ZH, k) == k {
			t.Errorf("event %s has no label", k)
		}
	}
	if alert.RuleLabel(messages.ZH, "house_rule") != "house_rule" {
		t.Error("an operator's own rule keeps its code")
	}
}
