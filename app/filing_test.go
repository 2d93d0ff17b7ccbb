package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"laborwatch/alert"
	"laborwatch/period"
)

// TestFilingAlerts follows the clock through a month that does not come: the
// alert is raised without a run of the models, is orange in time, and is
// resolved by the extract; the passing of time alone computes nothing.
func TestFilingAlerts(t *testing.T) {
	cfg := fresh(t)
	now := time.Date(2026, 6, 3, 9, 0, 0, 0, cfg.Location())
	a, err := Open(t.Context(), Options{Config: cfg, Clock: func() time.Time { return now }, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	run := func(jobs ...string) {
		t.Helper()
		if err := a.Run(t.Context(), jobs); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want string) {
		t.Helper()
		run(StageAlerts)
		list, err := a.Alerts.List(t.Context(), alert.Filter{Status: alert.Firing})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range list {
			got = append(got, fmt.Sprintf("%s %s %s %d", x.Rule, x.Region, x.First, x.Level))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("on %s: %q, want %q", now.Format(time.DateOnly), got, want)
		}
	}
	run(StageIngest, StageTransform)
	check("")
	// June was due on Sunday the 5th, that is on Monday.
	for _, step := range []struct {
		day  int
		want string
	}{{6, ""}, {7, "overdue_job_vacancy _T 2026-06 3"}, {20, "overdue_job_vacancy _T 2026-06 2"}} {
		now = time.Date(2026, 7, step.day, 9, 0, 0, 0, cfg.Location())
		check(step.want)
		plan, err := a.Plan(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Steps) > 0 {
			t.Errorf("the clock alone has the models computed:\n%s", plan)
		}
	}
	run(StagePublish)
	if v := a.View(); len(v.Filing) == 0 || v.Filing[0].Period != period.Of(2026, 6) {
		t.Errorf("the view's board: %+v", v.Filing)
	}
	if err := os.WriteFile(filepath.Join(cfg.Ingest.Inbox, "岗位信息_202606.csv"), []byte(strings.ReplaceAll(vacancies, "2026-05", "2026-06")), 0o644); err != nil {
		t.Fatal(err)
	}
	run(StageIngest)
	check("")
	list, err := a.Alerts.List(t.Context(), alert.Filter{})
	if err != nil || len(list) != 1 || list[0].Reason != alert.Filed {
		t.Errorf("%+v %v", list, err)
	}
}

func TestParseAsOf(t *testing.T) {
	cfg := fresh(t)
	zone := cfg.Location()
	now := time.Date(2026, 7, 15, 12, 0, 0, 0, zone)
	a := &App{Config: cfg, opts: Options{Clock: func() time.Time { return now }}}
	for text, want := range map[string]time.Time{
		"2026-07-14":                time.Date(2026, 7, 14, 23, 59, 59, 999999000, zone),
		"2026-07-15":                now,
		"2026-07-15 09:00":          time.Date(2026, 7, 15, 9, 0, 0, 0, zone),
		"2026-07-15T01:00:00Z":      time.Date(2026, 7, 15, 9, 0, 0, 0, zone),
		"2026-07-15T09:00:00+08:00": time.Date(2026, 7, 15, 9, 0, 0, 0, zone),
		"2026-07-16":                {},
		"2026-07-15 13:00":          {},
		"last week":                 {},
		"2026-07":                   {},
	} {
		got, err := a.ParseAsOf(text)
		if (err != nil) != want.IsZero() || err == nil && !got.Equal(want) {
			t.Errorf("%s: %s %v, want %s", text, got, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), "Try: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
