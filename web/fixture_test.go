package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"laborwatch/config"
	"laborwatch/cube"
	"laborwatch/lake"
	"laborwatch/release"
	"laborwatch/release/releasetest"
	"laborwatch/web"
)

// site is a handler over the synthetic city, and what it was made from.
type site struct {
	options web.Options
	state   *web.State
	handler http.Handler
}

var now = time.Date(2026, time.November, 10, 9, 30, 0, 0, time.UTC)

// newSite serves the synthetic city with one release built.
func newSite(t *testing.T) *site {
	t.Helper()
	cfg, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	cat, err := cube.ForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	snap := releasetest.Snapshot(cfg)
	if _, err := release.Build(context.Background(), release.Options{
		Snapshot: snap, Catalog: cat, Config: cfg, Alerts: releasetest.Alerts(), Dir: dir,
	}); err != nil {
		t.Fatal(err)
	}
	list, err := release.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{state: &web.State{
		Snapshot: snap, Alerts: releasetest.Alerts(), Releases: list, Built: now,
		Feeds: []lake.FeedStatus{
			feed("labor_force_survey", 0, 118_302, 41), feed("unemployment_registration", 0, 38_211, 12),
			feed("social_insurance", 0, 6_210_442, 318), feed("insurance_change", 0, 402_118, 9),
			feed("enterprise", 1, 9_200, 0), feed("job_vacancy", 0, 21_904, 66), feed("job_seeker", 0, 18_002, 3),
		},
		Stages: []web.Stage{
			{Name: "ingest", Started: now.Add(-5 * time.Minute), Seconds: 21.4, OK: true, LastSuccess: now.Add(-4 * time.Minute)},
			{Name: "transform", Started: now.Add(-4 * time.Minute), Seconds: 18.02, OK: true, LastSuccess: now.Add(-3 * time.Minute)},
			{Name: "alerts", Started: now.Add(-3 * time.Minute), Seconds: 0.8, OK: false, Detail: "evaluate: disk full", LastSuccess: now.AddDate(0, 0, -1)},
		},
	}}
	s.options = web.Options{
		Config: cfg, Catalog: cat, Releases: dir, Clock: func() time.Time { return now },
		Source: func() *web.State { return s.state },
	}
	if s.handler, err = web.New(s.options); err != nil {
		t.Fatal(err)
	}
	return s
}

func feed(name string, behind int, rows, bad int64) lake.FeedStatus {
	return lake.FeedStatus{
		Feed: name, LatestPeriod: releasetest.Last.Add(-behind), LastLoad: now.Add(-10 * time.Minute), Loads: 26,
		RowsLoaded: rows, RowsQuarantined: bad, RowsOpen: bad,
	}
}

// get answers one request.
func (s *site) get(t *testing.T, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, target, nil))
	return w
}
