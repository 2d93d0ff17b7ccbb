package app

import (
	"context"
	"time"

	"laborwatch/alert"
	"laborwatch/cube"
	"laborwatch/lake"
	"laborwatch/metrics"
)

func (a *App) snapshot(ctx context.Context) (*cube.Snapshot, error) {
	e := a.Config.Enterprise
	return cube.ReadSnapshot(ctx, a.Engine, cube.SnapshotOptions{
		Enterprises: e.Codes, MinInsured: e.MinInsured, MaxEnterprises: e.Max, Clock: a.opts.Clock,
	})
}

// measures turns a view into what a scrape shows.
func measures(v *View) metrics.State {
	s := metrics.State{Snapshot: v.Snapshot, Filing: filingCounts(v.Filing)}
	for _, x := range v.Alerts {
		if x.Status == alert.Firing {
			s.Alerts = append(s.Alerts, metrics.AlertCount{Level: x.Level, Rule: x.Rule, Region: x.Region, Industry: x.Industry, Count: 1})
		}
	}
	for _, f := range v.Feeds {
		s.Feeds = append(s.Feeds, metrics.Feed{Feed: f.Feed, LastSuccess: f.LastLoad, Reference: f.LatestPeriod, RowsOpen: f.RowsOpen})
		s.Rows = append(s.Rows, rowCounts(f)...)
		s.Loads = append(s.Loads,
			metrics.LoadCount{Feed: f.Feed, Status: metrics.Accepted, Total: f.Ever.Loads},
			metrics.LoadCount{Feed: f.Feed, Status: metrics.Refused, Total: f.Refused})
	}
	for _, r := range v.Stages {
		s.Runs = append(s.Runs, metrics.Run{
			Stage: r.Name, Duration: time.Duration(r.Seconds * float64(time.Second)), LastSuccess: r.LastSuccess,
		})
	}
	for _, x := range v.Sources {
		s.Sources = append(s.Sources, metrics.Source{Source: x.Source, LastSuccess: x.LastSuccess, Failures: x.Failures})
	}
	return s
}

func rowCounts(f lake.FeedStatus) []metrics.RowCount {
	return []metrics.RowCount{
		{Feed: f.Feed, Outcome: metrics.Loaded, Total: f.Ever.RowsLoaded},
		{Feed: f.Feed, Outcome: metrics.Quarantined, Total: f.Ever.RowsQuarantined},
		{Feed: f.Feed, Outcome: metrics.Repeated, Total: f.Ever.RowsRepeated},
	}
}
