package app

import (
	"net/http"

	"laborwatch/metrics"
	"laborwatch/web"
)

// handler is the dashboard, its API and /metrics. All three read what the last
// Publish swapped in.
func (a *App) handler() (http.Handler, error) {
	return web.New(web.Options{
		Config: a.Config, Catalog: a.Catalog, Source: a.webState, Releases: a.releaseDir(),
		Log: a.log, Clock: a.opts.Clock, Metrics: a.metrics.Handler(),
	})
}

func newCollector(a *App) (*metrics.Collector, error) {
	e := a.Config.Enterprise
	return metrics.New(a.Catalog, metrics.Options{Version: a.opts.Version, Enterprises: e.Metrics, MaxEnterprises: e.Max})
}

func (a *App) webState() *web.State {
	v := a.View()
	if v == nil {
		return nil
	}
	s := &web.State{Snapshot: v.Snapshot, Alerts: v.Alerts, Feeds: v.Feeds, Releases: v.Releases, Filing: v.Filing, Built: v.Built}
	for _, x := range v.Stages {
		s.Stages = append(s.Stages, web.Stage(x))
	}
	return s
}
