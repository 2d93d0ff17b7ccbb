// Package schedules runs jobs by cron expressions: in a time zone, each fired
// time once, never two runs of a schedule at once, and once after a downtime
// in which a run was missed.
//
// robfig/cron parses and fires. Kept here is what it leaves out: the next run
// is persisted before waiting for it, so a restart knows what it missed, and a
// fixed hour that daylight saving skips or repeats runs exactly once.
package schedules

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/robfig/cron/v3"

	"laborwatch/config"
)

//go:embed default.yaml
var defaults []byte

// Default lists the embedded schedules.
func Default() ([]config.Schedule, error) {
	var out []config.Schedule
	if err := yaml.UnmarshalWithOptions(defaults, &out, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("embedded schedules: %w", err)
	}
	return out, nil
}

// DefaultYAML is the embedded schedule file with its comments.
func DefaultYAML() []byte { return defaults }

// Store keeps each schedule's next run over restarts.
type Store interface {
	// NextRun returns the persisted next run, or the zero time.
	NextRun(ctx context.Context, name string) (time.Time, error)
	// SetNextRun persists it.
	SetNextRun(ctx context.Context, name string, next time.Time) error
}

// Options of a Runner; all but Log are required.
type Options struct {
	Schedules []config.Schedule
	Location  *time.Location
	Store     Store
	// Run does one schedule's jobs. Its error is logged; it never stops the runner.
	Run func(ctx context.Context, s config.Schedule) error
	Log *slog.Logger
}

// Runner fires schedules until it is stopped.
type Runner struct {
	opts Options
	ctx  context.Context
	stop context.CancelFunc
	cron *cron.Cron
	wait sync.WaitGroup
}

// New checks the options and every cron expression.
func New(o Options) (*Runner, error) {
	if o.Location == nil || o.Store == nil || o.Run == nil {
		return nil, errors.New("schedules: Location, Store and Run are required")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for _, s := range o.Schedules {
		if _, err := Parse(s.Cron, o.Location); err != nil {
			return nil, fmt.Errorf("schedule %s: %w", s.Name, err)
		}
	}
	return &Runner{opts: o}, nil
}

// Start catches up on what was missed, then fires until Stop or until ctx ends.
func (r *Runner) Start(ctx context.Context) error {
	r.ctx, r.stop = context.WithCancel(ctx)
	r.cron = cron.New(cron.WithLocation(r.opts.Location))
	for _, s := range r.opts.Schedules {
		when, err := Parse(s.Cron, r.opts.Location)
		if err != nil {
			return fmt.Errorf("schedule %s: %w", s.Name, err)
		}
		missed, err := r.missed(s, when)
		if err != nil {
			return err
		}
		job := r.job(s, when)
		r.cron.Schedule(when, job)
		if missed {
			r.opts.Log.Info("catching up on a missed run", "schedule", s.Name)
			r.wait.Go(job.Run)
		}
	}
	r.cron.Start()
	return nil
}

// missed reports whether a persisted run lies in the past; a schedule that is
// new has its first run persisted instead.
func (r *Runner) missed(s config.Schedule, when cron.Schedule) (bool, error) {
	next, err := r.opts.Store.NextRun(r.ctx, s.Name)
	if err != nil {
		return false, fmt.Errorf("schedule %s: next run: %w", s.Name, err)
	}
	now := time.Now()
	if !next.IsZero() && !next.After(now) {
		return true, nil
	}
	if err := r.opts.Store.SetNextRun(r.ctx, s.Name, when.Next(now)); err != nil {
		return false, fmt.Errorf("schedule %s: next run: %w", s.Name, err)
	}
	return false, nil
}

// job runs s unless its previous run is still under way, and persists the next
// run when it is done: a process that dies midway finds the run still owed.
func (r *Runner) job(s config.Schedule, when cron.Schedule) cron.Job {
	var busy sync.Mutex
	return cron.FuncJob(func() {
		if r.ctx.Err() != nil {
			return
		}
		if !busy.TryLock() {
			r.opts.Log.Warn("skipped: the previous run is still under way", "schedule", s.Name)
			return
		}
		defer busy.Unlock()
		if err := r.opts.Run(r.ctx, s); err != nil {
			if r.ctx.Err() != nil {
				return
			}
			r.opts.Log.Error("scheduled run failed", "schedule", s.Name, "error", err)
		}
		if err := r.opts.Store.SetNextRun(r.ctx, s.Name, when.Next(time.Now())); err != nil && r.ctx.Err() == nil {
			r.opts.Log.Error("cannot persist the next run", "schedule", s.Name, "error", err)
		}
	})
}

// Stop fires nothing more, cancels running jobs and waits for them to end.
func (r *Runner) Stop() {
	if r.cron == nil {
		return
	}
	r.stop()
	<-r.cron.Stop().Done()
	r.wait.Wait()
}
