package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"laborwatch/alert"
	"laborwatch/cube"
	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/period"
	"laborwatch/release"
)

// asOfForms are the forms of a point in time, the last the whole of a day.
var asOfForms = []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly}

// ParseAsOf reads a point in time that is past, in the configured time zone
// where it names none. A day alone means its end.
func (a *App) ParseAsOf(text string) (time.Time, error) {
	for _, form := range asOfForms {
		t, err := time.ParseInLocation(form, text, a.Config.Location())
		if err != nil {
			continue
		}
		now := a.now()
		if form == time.DateOnly {
			if t.After(now) {
				return t, errors.New(messages.Both("cli.asof.future", text))
			}
			// Of today, what there is of it.
			if t = t.AddDate(0, 0, 1).Add(-time.Microsecond); t.After(now) {
				t = now
			}
		}
		if t.After(now) {
			return t, errors.New(messages.Both("cli.asof.future", text))
		}
		return t, nil
	}
	return time.Time{}, errors.New(messages.Both("cli.asof.form", text))
}

// asOfPrefix begins the names of the folders below tmp that past states are
// computed in.
const asOfPrefix = "asof-"

// AsOf gives the data folder as it was at a time: an App of its own, with an
// engine, a ledger and a warehouse of its own in a temporary folder, that reads
// the same lake, never writes it, and takes that time for now. Its models and
// alerts are computed afresh. Closing it removes all that it made.
func (a *App) AsOf(ctx context.Context, t time.Time) (then *App, err error) {
	dir, err := os.MkdirTemp(filepath.Join(a.Config.Data, "tmp"), asOfPrefix)
	if err != nil {
		return nil, fmt.Errorf("as of %s: %w", t.Format(time.RFC3339), err)
	}
	opts := a.opts
	opts.Clock = func() time.Time { return t }
	then = &App{Config: a.Config, Catalog: a.Catalog, Contracts: a.Contracts, opts: opts, log: a.log}
	then.onClose(func() error { return os.RemoveAll(dir) })
	if err := then.openAsOf(ctx, a, dir); err != nil {
		return nil, errors.Join(fmt.Errorf("as of %s: %w", t.Format(time.RFC3339), err), then.Close())
	}
	return then, nil
}

func (a *App) openAsOf(ctx context.Context, from *App, dir string) (err error) {
	t, c := a.opts.Clock(), a.Config
	if err := from.Lake.CopyAsOf(ctx, t, dir); err != nil {
		return err
	}
	if a.Engine, err = engine.Open(ctx, engine.Options{Dir: dir, MemoryLimit: c.Engine.MemoryLimit, Threads: c.Engine.Threads}); err != nil {
		return err
	}
	a.onClose(a.Engine.Close)
	if a.Lake, err = lake.OpenReader(ctx, a.Engine, from.Lake.Dir(), a.opts.Clock); err != nil {
		return err
	}
	live, err := a.Lake.Live(ctx, "")
	if err != nil {
		return err
	}
	if len(live) == 0 {
		return errors.New(messages.Both("cli.asof.before", t.In(c.Location()).Format(time.DateTime)))
	}
	if a.journal, err = openJournal(ctx, a.Engine.DB(), a.opts.Clock, a.explain); err != nil {
		return err
	}
	if a.Alerts, err = alert.Open(ctx, a.Engine, a.opts.Clock); err != nil {
		return err
	}
	if err := a.openFiling(); err != nil {
		return err
	}
	if _, err := a.RunTransform(ctx, nil); err != nil {
		return err
	}
	_, err = a.Evaluate(ctx)
	return err
}

// At runs do on the data folder as it is, or as it was at t where t is not zero.
// The lake does not change meanwhile.
func (a *App) At(ctx context.Context, t time.Time, do func(*App) error) (err error) {
	if t.IsZero() {
		return do(a)
	}
	a.work.Lock()
	defer a.work.Unlock()
	then, err := a.AsOf(ctx, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, then.Close()) }()
	return do(then)
}

// ReleaseAsOf builds the release of a month from the lake as it was at t, into
// a folder that is not that of the published ones: dir, or one named by t below
// the data folder's rebuilt/. It says that it was rebuilt, and as of when.
func (a *App) ReleaseAsOf(ctx context.Context, p period.Period, t time.Time, dir string) (res release.Result, err error) {
	if dir == "" {
		dir = filepath.Join(a.Config.Data, "rebuilt", "as-of-"+t.In(a.Config.Location()).Format("20060102T150405"))
	}
	if within(a.releaseDir(), dir) {
		return res, errors.New(messages.Both("cli.asof.out", dir))
	}
	err = a.At(ctx, t, func(then *App) error {
		res, err = then.buildRelease(ctx, p, dir, t)
		return err
	})
	return res, err
}

// within reports whether a path is dir or lies in it.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// buildRelease builds a release from a view read for it. Alerts about filing
// are the office's own business, and no part of it.
func (a *App) buildRelease(ctx context.Context, p period.Period, dir string, asOf time.Time) (res release.Result, err error) {
	v, err := a.readView(ctx)
	if err != nil {
		return res, err
	}
	loads, err := a.Lake.Live(ctx, "")
	if err != nil {
		return res, fmt.Errorf("ledger: %w", err)
	}
	inputs := make([]release.Input, len(loads))
	for i, l := range loads {
		inputs[i] = release.Input{LoadID: l.ID, Feed: l.Feed, Period: l.Period, SHA256: l.SHA256}
	}
	var alerts []alert.Alert
	for _, x := range v.Alerts {
		if x.Scope() != alert.ScopeFiling {
			alerts = append(alerts, x)
		}
	}
	o := release.Options{
		Snapshot: v.Snapshot, Catalog: a.Catalog, Config: a.Config, Alerts: alerts, Loads: inputs, Period: p, Dir: dir,
	}
	if !asOf.IsZero() {
		o.AsOf = asOf.In(a.Config.Location())
	}
	return release.Build(ctx, o)
}

// QueryAt answers a query on the cube as it is, or as it was at t.
func (a *App) QueryAt(ctx context.Context, t time.Time, spec cube.QuerySpec, write func(*cube.Result) error) error {
	return a.At(ctx, t, func(then *App) error {
		res, err := cube.Query(ctx, then.Engine, then.Catalog, spec)
		if err != nil {
			return err
		}
		return write(res)
	})
}
