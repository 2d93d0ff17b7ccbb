package alert_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"laborwatch/alert"
	"laborwatch/messages"
	"laborwatch/period"
)

// TestOverdue: every month of what is overdue is an alert of its own beside the
// models' alerts; it rises with time and is resolved when the extract comes.
func TestOverdue(t *testing.T) {
	w := newWarehouse(t)
	w.publish("2026-10 enterprise_layoff 2 E1 60")
	october := period.Of(2026, 10)
	late := func(p period.Period, level int) alert.Overdue {
		return alert.Overdue{Feed: "job_seeker", Period: p, Region: "410402", Level: level, Missing: 1, Expected: 1}
	}
	evaluate := func(want string, overdue ...alert.Overdue) {
		t.Helper()
		r, err := w.store.Evaluate(context.Background(), overdue...)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%d raised, %d escalated, %d resolved", r.Raised, r.Escalated, r.Resolved); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	evaluate("3 raised, 0 escalated, 0 resolved", late(october-1, 3), late(october, 3))
	evaluate("0 raised, 0 escalated, 0 resolved", late(october-1, 3), late(october, 3))
	evaluate("0 raised, 1 escalated, 0 resolved", late(october-1, 2), late(october, 3))
	evaluate("0 raised, 0 escalated, 1 resolved", late(october, 3))
	var got []string
	for _, a := range w.list(alert.Filter{}) {
		if a.Scope() == alert.ScopeFiling {
			got = append(got, fmt.Sprintf("%s %s %s %d %s %q %t", a.Rule, a.Region, a.First, a.Level, a.Status, a.Reason, a.Current))
		}
	}
	slices.Sort(got)
	want := []string{
		`overdue_job_seeker 410402 2026-09 2 resolved "filed" false`, `overdue_job_seeker 410402 2026-10 3 firing "" true`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	evaluate("1 raised, 0 escalated, 0 resolved", late(october-1, 2), late(october, 3))
	if zh, en := alert.RuleLabel(messages.ZH, "overdue_job_seeker"), alert.RuleLabel(messages.EN, "overdue_own"); zh != "逾期未报：求职" || en != "Overdue: own" {
		t.Errorf("%s, %s", zh, en)
	}
}
