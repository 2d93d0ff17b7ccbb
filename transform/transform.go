// Package transform computes the models: it reads the SQL files, orders them by
// what they read, and brings the warehouse up to date with the lake.
//
// In go the SQL files, the live loads and the configuration's tables; out come
// the models' tables in warehouse.duckdb, with the cube as the view
// "observations" over all models marked cube, and "alert_candidates" over those
// in the folder alert. Only months whose inputs changed are computed, all of
// them in one statement a model, and a whole run is one transaction: readers
// see all of it or nothing. A data test that fails takes everything back.
package transform

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"sync"
	"time"

	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/period"
)

// Lake tells which loads are live, and where they lie.
type Lake interface {
	// LivePeriods lists feed → month → ids of the live loads that hold it, sorted.
	LivePeriods(ctx context.Context) (map[string]map[period.Period][]string, error)
	// PathsFor lists the files of the live loads of a feed that hold any of the months.
	PathsFor(ctx context.Context, feed string, months []period.Period) ([]string, error)
}

// Options of New; Log and Progress may be nil.
type Options struct {
	Engine *engine.DuckDB
	Lake   Lake
	Models fs.FS
	Params map[string]any
	Seeds  []Seed
	// Sources are the columns of every feed, for those without a load.
	Sources  map[string][]lake.Column
	Log      *slog.Logger
	Progress func(model string, done, total int)
}

// Transform is a set of models, ready to run.
type Transform struct {
	opts   Options
	models []*Model // in the order they run
	byName map[string]*Model
	busy   sync.Mutex
}

// New reads and orders the models. All faults of all files are reported at once.
func New(ctx context.Context, o Options) (*Transform, error) {
	if o.Engine == nil || o.Lake == nil || o.Models == nil {
		return nil, errors.New("transform: Engine, Lake and Models are required")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	funcs := maps.Clone(engine.DuckDBDialect().Funcs())
	funcs["param"] = paramFunc(o.Params)
	models, err := readModels(ctx, o.Engine.DB(), o.Models, funcs)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for feed := range o.Sources {
		known["lake."+feed] = true
	}
	for _, s := range o.Seeds {
		known[s.Name] = true
	}
	sorted, err := order(models, known)
	if err != nil {
		return nil, err
	}
	t := &Transform{opts: o, models: sorted, byName: map[string]*Model{}}
	for _, m := range sorted {
		t.byName[m.Name] = m
	}
	return t, nil
}

// Models lists the models in the order they run.
func (t *Transform) Models() []*Model { return t.models }

// Plan says what Run would compute, and why, without running.
func (t *Transform) Plan(ctx context.Context, months []period.Period) (*Plan, error) {
	c, err := t.opts.Engine.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	want, err := t.keys(ctx)
	if err != nil {
		return nil, err
	}
	have, bases, err := t.readState(ctx, c)
	if err != nil {
		return nil, err
	}
	return t.plan(want, have, bases, months), nil
}

// Result is what a run did.
type Result struct {
	Models   int   // models computed
	Months   int   // model-months computed
	Rows     int64 // rows written
	Steps    []Step
	Duration time.Duration
}

// Run brings the warehouse up to date for the given months, nil for all.
func (t *Transform) Run(ctx context.Context, months []period.Period) (*Result, error) {
	t.busy.Lock()
	defer t.busy.Unlock()
	begin := time.Now()
	c, err := t.opts.Engine.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	want, err := t.keys(ctx)
	if err != nil {
		return nil, err
	}
	have, bases, err := t.readState(ctx, c)
	if err != nil {
		return nil, err
	}
	r := &run{Transform: t, c: c, want: want, plan: t.plan(want, have, bases, months), bases: bases}
	if err := r.do(ctx); err != nil {
		return nil, err
	}
	res := &Result{Models: len(r.plan.Steps), Months: r.plan.Months(), Steps: r.plan.Steps}
	for _, s := range r.plan.Steps {
		res.Rows += s.Rows
	}
	res.Duration = time.Since(begin)
	return res, nil
}
