// Package transform computes the models: it reads the SQL files, orders them by
// what they read, and brings the warehouse up to date with the lake.
//
// In go the SQL files, the live loads and the configuration's tables; out come
// the models' tables in warehouse.duckdb, with the cube as the view
// "observations" over all models marked cube, and "alert_candidates" over those
// in the folder alert. Only months whose inputs changed are computed, all of
// them in one statement a model, and a whole run is one transaction: readers
// see all of it or nothing. A data test that fails takes everything back.
//
// # Months
//
// A model's month P is computed from the months P+from … P+to of what it reads,
// by its header's window, and must depend on nothing else: what other months a
// run lays before it differs from run to run. A model has the months of the
// calendar (all months of which any feed has a load) for which its window holds
// any input. So a window reaching back carries the last register into a month
// whose own register is late.
//
// # Computations
//
// What SQL cannot say goes through Go: a model whose header names a computation
// selects the step's input, and stores what the step gives. Such a model has
// months, keys and tests like any other.
//
// # Boards
//
// A board is a table of the work itself, such as what has arrived of each feed:
// its rows are asked for anew at every run, and a month of it counts as changed
// when its rows are others than they were.
package transform

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/period"
)

// Lake tells which loads are live, and where they lie. *lake.Lake is one.
type Lake interface {
	// LivePeriods lists feed → month → ids of the live loads that hold it, sorted.
	LivePeriods(ctx context.Context) (map[string]map[period.Period][]string, error)
	// Source gives a SELECT over the live rows of a feed in some months, "" when
	// there is no load of them. With a key, of rows with equal key it has the one
	// loaded last.
	Source(ctx context.Context, feed string, key []string, months []period.Period) (string, error)
}

// Options of New; Only, Upserts, Computations, Log and Progress may be left out.
type Options struct {
	Engine *engine.DuckDB
	Lake   Lake
	// Models holds the SQL files as <folder>/<model>.sql.
	Models fs.FS
	// Only names the models to take from Models; nil takes all.
	Only []string
	// Params are what models read with {{ param "name" }}: numbers and texts.
	Params map[string]any
	// Seeds are the configuration's tables.
	Seeds []Seed
	// Boards are tables of the city's own business that change from run to run.
	Boards []Board
	// Sources are the columns of every feed; a feed without a load is an empty
	// relation of them.
	Sources map[string][]lake.Column
	// Upserts are the key columns of feeds in mode upsert.
	Upserts map[string][]string
	// Computations are the steps that models name in their headers.
	Computations map[string]Computation
	Log          *slog.Logger
	// Progress is told which model begins, and how many of how many are done.
	Progress func(model string, done, total int)
}

// Transform is a set of models, ready to run.
type Transform struct {
	opts   Options
	models []*Model // in the order they run
	byName map[string]*Model
	busy   sync.Mutex
}

// New reads and orders the models. All faults of all files are reported at once,
// each with its file and, where there is one, its line.
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
	funcs := engine.DuckDBDialect().Funcs()
	funcs["param"] = paramFunc(o.Params)
	models, broken, err := readModels(ctx, o, funcs)
	if err != nil {
		return nil, err
	}
	for _, m := range models {
		if err := o.compute(m); err != nil {
			broken[m.File] = err
		}
	}
	shapes := inputShapes(o)
	sorted, err := order(models, shapes, broken)
	if err := errors.Join(broken.err(), err); err != nil {
		return nil, err
	}
	t := &Transform{opts: o, models: sorted, byName: map[string]*Model{}}
	for _, m := range sorted {
		t.byName[m.Name] = m
		m.shape = shapeOf(m, shapes)
		shapes[m.Name] = m.shape
	}
	return t, nil
}

// inputShapes gives for every feed and seed the hash of its columns.
func inputShapes(o Options) map[string]string {
	out := map[string]string{}
	for feed, columns := range o.Sources {
		var parts []string
		for _, c := range columns {
			parts = append(parts, c.Name, c.Type)
		}
		out["lake."+feed] = hash(append(parts, o.Upserts[feed]...)...)
	}
	for _, s := range o.Seeds {
		out[s.Name] = hash(s.Columns...)
	}
	for _, b := range o.Boards {
		out[b.Name] = hash(b.Columns...)
	}
	return out
}

// shapeOf hashes what decides a model's columns: its SQL and all that it rests on.
func shapeOf(m *Model, shapes map[string]string) string {
	parts := []string{m.base}
	for _, d := range m.Deps {
		parts = append(parts, d, shapes[d])
	}
	return hash(parts...)
}

// Models lists the models in the order they run.
func (t *Transform) Models() []*Model { return t.models }

// Computed reports whether the warehouse holds a model's month, of whatever inputs.
func (t *Transform) Computed(ctx context.Context, model string, p period.Period) (ok bool, err error) {
	c, err := t.opts.Engine.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	have, err := readState(ctx, c)
	_, ok = have.keys[model][p]
	return ok, err
}

// Plan says what Run would compute, and why, without running. Months are those
// asked for, nil for all.
func (t *Transform) Plan(ctx context.Context, months []period.Period) (*Plan, error) {
	c, err := t.opts.Engine.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	p, err := t.compare(ctx, c, months)
	if err != nil {
		return nil, err
	}
	return p.plan(), nil
}

// compare holds what should be against what the warehouse has.
func (t *Transform) compare(ctx context.Context, c *sql.Conn, months []period.Period) (*planner, error) {
	want, boards, err := t.keys(ctx)
	if err != nil {
		return nil, err
	}
	have, err := readState(ctx, c)
	if err != nil {
		return nil, err
	}
	p := newPlanner(t, want, have, months)
	p.boards = boards
	return p, nil
}

// Result is what a run did.
type Result struct {
	Models   int   // models computed
	Months   int   // model-months computed
	Rows     int64 // rows written
	Steps    []Step
	Duration time.Duration
}

// Run brings the warehouse up to date for the given months, nil for all, in one
// transaction. An error leaves the warehouse as it was; a data test that fails
// gives a *TestError. Runs wait for each other.
func (t *Transform) Run(ctx context.Context, months []period.Period) (*Result, error) {
	t.busy.Lock()
	defer t.busy.Unlock()
	begin := time.Now()
	c, err := t.opts.Engine.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer discard(c)
	p, err := t.compare(ctx, c, months)
	if err != nil {
		return nil, err
	}
	r := &run{Transform: t, c: c, want: p.want, have: p.have, plan: p.plan(), boards: p.boards}
	if err := r.do(ctx); err != nil {
		return nil, err
	}
	res := &Result{Steps: r.plan.Steps, Months: r.plan.Months(), Duration: time.Since(begin)}
	for _, s := range r.plan.Steps {
		res.Rows += s.Rows
		res.Models++
	}
	return res, nil
}

// discard ends a connection instead of giving it back to the pool, and with it
// the temporary tables and views of a run.
func discard(c *sql.Conn) {
	_ = c.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.Close()
}
