// Package web serves the dashboard, the list of alerts, the releases and a
// small JSON API.
//
// New gives one http.Handler. What it shows is the State that Source returns:
// an in-memory snapshot that a run swaps whole, so no request ever waits on a
// query. Pages are rendered on the server in Chinese or English, need no
// script to be read, and load nothing from anywhere else.
package web

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"laborwatch/alert"
	"laborwatch/config"
	"laborwatch/cube"
	"laborwatch/filing"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/release"
)

// Options of New. Config, Catalog and Source are required.
type Options struct {
	Config  *config.Config
	Catalog *cube.Catalog
	// Source gives what to show; nil before anything was published.
	Source func() *State
	// Releases is the folder of releases, "" for none.
	Releases string
	Log      *slog.Logger
	// Clock tells how long ago things were; nil is time.Now.
	Clock func() time.Time
	// Metrics is mounted at /metrics when given.
	Metrics http.Handler
}

// State is everything that the pages show. It is read-only once published.
type State struct {
	Snapshot *cube.Snapshot
	Alerts   []alert.Alert
	Feeds    []lake.FeedStatus
	Stages   []Stage
	Releases []release.Release
	// Filing is the filing board of the newest month that is due.
	Filing []filing.Cell
	Built  time.Time
}

// Stage is how a stage of the work last went.
type Stage struct {
	Name        string
	Started     time.Time
	Seconds     float64
	OK          bool
	Detail      string
	LastSuccess time.Time
}

// server answers requests.
type server struct {
	Options
	pages  map[messages.Lang]pages
	assets *assets
}

// New gives the handler of all pages.
func New(o Options) (http.Handler, error) {
	if o.Config == nil || o.Catalog == nil || o.Source == nil {
		return nil, errors.New("web: Config, Catalog and Source are required")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	s := &server{Options: o, pages: map[messages.Lang]pages{}}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	for _, lang := range []messages.Lang{messages.ZH, messages.EN} {
		if s.pages[lang], err = parsePages(lang, s.assets); err != nil {
			return nil, err
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.dashboard)
	mux.HandleFunc("GET /alerts", s.alerts)
	mux.HandleFunc("GET /releases/{$}", s.releases)
	mux.HandleFunc("GET /releases/{period}/{version}/{file}", s.releaseFile)
	mux.HandleFunc("GET /api/observations", s.observations)
	mux.HandleFunc("GET /api/indicators", s.indicators)
	mux.HandleFunc("GET /healthz", s.healthy)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /assets/{path...}", s.assets.serve)
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	mux.HandleFunc("/", s.missing)
	return s.recovered(secured(mux)), nil
}

// state gives what to show: empty rather than nil before a first publication.
func (s *server) state() *State {
	st := s.Source()
	if st == nil {
		st = &State{}
	}
	if st.Snapshot == nil {
		copied := *st
		copied.Snapshot = cube.NewSnapshot(time.Time{}, nil)
		st = &copied
	}
	return st
}

// healthy says that the process answers.
func (s *server) healthy(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, "ok\n")
}

// ready says whether a state was published; an empty cube is one too.
func (s *server) ready(w http.ResponseWriter, _ *http.Request) {
	if s.Source() == nil {
		plain(w, http.StatusServiceUnavailable, "nothing published yet\n")
		return
	}
	plain(w, http.StatusOK, "ready\n")
}
