package web_test

import (
	"strings"
	"testing"
	"time"

	"laborwatch/alert"
	"laborwatch/filing"
	"laborwatch/period"
)

// TestFilingBoard: the board stands on the dashboard with the whole first, and
// an overdue extract among the alerts is named by its feed, not by persons.
func TestFilingBoard(t *testing.T) {
	s := newSite(t)
	october := period.Of(2026, 10)
	s.state.Filing = []filing.Cell{
		{Feed: "job_seeker", Region: "410403", Period: october, State: filing.Missing, Expected: 1, Missing: 1, Due: now},
		{Feed: "job_seeker", Region: "410402", Period: october, State: filing.Arrived, Expected: 1, Arrived: 1, Due: now},
		{Feed: "insurance_change", Region: filing.Whole, Period: october, State: filing.Late, Expected: 18, Arrived: 18, Late: 2, Due: now},
	}
	s.state.Alerts = append(s.state.Alerts, alert.Alert{
		ID: "A", Rule: "overdue_job_seeker", Level: 3, Region: "410403", Industry: "_T", Enterprise: "_T", First: october, Last: october,
		Persons: 777, Base: 888, Status: alert.Firing, Current: true, RaisedAt: now, WindowFrom: now, WindowTo: now.Add(time.Hour),
	})
	body := s.get(t, "/").Body.String()
	_, board, found := strings.Cut(body, `id="h-filing"`)
	if !found {
		t.Fatal("no board")
	}
	for _, want := range []string{"未报</span>", "已报</span>", "迟报 18/18</span>", `data-filing="job_seeker"`, "2026-11-10 17:30"} {
		if !strings.Contains(board, want) {
			t.Errorf("the board lacks %s", want)
		}
	}
	if strings.Index(board, "新华区") > strings.Index(board, "卫东区") {
		t.Error("the counties are not in the order of their codes")
	}
	all := s.get(t, "/alerts").Body.String()
	if !strings.Contains(all, "逾期未报：求职") || strings.Contains(all, "777") || strings.Contains(all, "888") {
		t.Error("an overdue extract is not shown as one")
	}
	s.state.Filing = nil
	if strings.Contains(s.get(t, "/").Body.String(), "h-filing") {
		t.Error("an empty board is shown")
	}
}
