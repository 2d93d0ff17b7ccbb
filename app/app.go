// Package app wires the packages into one running program: it opens a data
// folder, runs the stages of the work on it, and serves.
//
// One process owns a data folder at a time. The daemon keeps it; every other
// command goes through the daemon's socket, so no one ever meets a raw lock.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"laborwatch/alert"
	"laborwatch/config"
	"laborwatch/cube"
	"laborwatch/engine"
	"laborwatch/filing"
	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/metrics"
	"laborwatch/originals"
	"laborwatch/source"
	"laborwatch/transform"
)

// Options of Open.
type Options struct {
	Config  *config.Config
	Log     *slog.Logger
	Clock   func() time.Time
	Command string // the command line, for the next process that finds the folder locked
	Version string
	// Patience is how long to wait for another owner of the folder to end.
	Patience time.Duration
	// Progress is told of long work; nil where nobody watches.
	Progress Progress
}

// Progress tells how far a stage is. Total is 0 when it is not known.
type Progress func(stage, detail string, done, total int64)

// App is an open data folder.
type App struct {
	Config    *config.Config
	Catalog   *cube.Catalog
	Engine    *engine.DuckDB
	Lake      *lake.Lake
	Contracts ingest.Contracts
	Alerts    *alert.Store
	Filing    *filing.Board
	Originals *originals.Store

	opts     Options
	ingest   *ingest.Ingester     // made when first needed
	models   *transform.Transform // made when first needed
	log      *slog.Logger
	journal  *journal
	metrics  *metrics.Collector
	view     atomic.Pointer[View]
	work     sync.Mutex // one stage at a time changes the folder
	lazy     sync.Mutex // guards what is made when first needed
	cleanups []func() error

	sourceState *source.State
	sources     []*source.Source // the inbox first
}

// Open takes ownership of the data folder and opens what lies in it. A folder
// that another process owns gives a *LockedError.
func Open(ctx context.Context, o Options) (*App, error) {
	if o.Config == nil || o.Clock == nil {
		return nil, errors.New("app: Config and Clock are required")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(string, string, int64, int64) {}
	}
	a := &App{Config: o.Config, opts: o, log: o.Log}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(a.explain(err), a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) error {
	c := a.Config
	// Pseudonyms are personal data too: the folder is its owner's and group's.
	if err := os.MkdirAll(c.Data, 0o750); err != nil {
		return errors.New(messages.Beside("data folder: %v. Try: a folder that this user may write, named by --data", err))
	}
	for _, d := range []string{c.Ingest.Inbox, filepath.Join(c.Data, "releases"), filepath.Join(c.Data, "tmp")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
	}
	me := Holder{PID: os.Getpid(), Command: a.opts.Command, Since: a.opts.Clock()}
	l, err := lockDir(ctx, c.Data, me, a.opts.Patience)
	if err != nil {
		return err
	}
	a.onClose(l.release)
	if err := sweepAsOf(c.Data); err != nil {
		return err
	}
	a.Engine, err = engine.Open(ctx, engine.Options{Dir: c.Data, MemoryLimit: c.Engine.MemoryLimit, Threads: c.Engine.Threads})
	if err != nil {
		return err
	}
	a.onClose(a.Engine.Close)
	if a.journal, err = openJournal(ctx, a.Engine.DB(), a.opts.Clock, a.explain); err != nil {
		return err
	}
	if a.Lake, err = lake.Open(ctx, a.Engine, filepath.Join(c.Data, "lake"), a.opts.Clock); err != nil {
		return err
	}
	if err := a.afterRotation(ctx); err != nil {
		return err
	}
	if a.Catalog, err = cube.ForConfig(c); err != nil {
		return err
	}
	if a.metrics, err = newCollector(a); err != nil {
		return err
	}
	if a.Contracts, err = contracts(c); err != nil {
		return err
	}
	if a.Alerts, err = alert.Open(ctx, a.Engine, a.opts.Clock); err != nil {
		return err
	}
	if a.Originals, err = originals.Open(filepath.Join(c.Data, "originals"), c.Originals.AgeRecipient); err != nil {
		return err
	}
	if err := a.openSources(ctx); err != nil {
		return err
	}
	return a.openFiling()
}

// sweepAsOf removes the past states that a killed process was computing.
func sweepAsOf(data string) error {
	left, err := filepath.Glob(filepath.Join(data, "tmp", asOfPrefix+"*"))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

func (a *App) onClose(f func() error) { a.cleanups = append(a.cleanups, f) }

// Close gives the folder back. Cleanups run in the reverse order of opening.
func (a *App) Close() error {
	var errs []error
	for i := len(a.cleanups) - 1; i >= 0; i-- {
		errs = append(errs, a.cleanups[i]())
	}
	a.cleanups = nil
	return errors.Join(errs...)
}

// exists reports whether a path is there at all.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
