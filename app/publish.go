package app

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"laborwatch/alert"
	"laborwatch/cube"
	"laborwatch/filing"
	"laborwatch/lake"
	"laborwatch/period"
	"laborwatch/release"
)

// View is everything that the faces show, read once and swapped whole: a
// request or a scrape never waits on a query.
type View struct {
	Snapshot *cube.Snapshot
	Alerts   []alert.Alert
	Feeds    []lake.FeedStatus
	Stages   []Stage
	Sources  []SourceStatus
	Releases []release.Release
	// Filing is the board of the newest month that is due.
	Filing []filing.Cell
	Built  time.Time
}

// View is the latest published view, nil before the first.
func (a *App) View() *View { return a.view.Load() }

// Publish reads a new view and swaps it in.
func (a *App) Publish(ctx context.Context) error {
	_, err := a.journal.timed(ctx, StagePublish, func(ctx context.Context) error {
		v, err := a.readView(ctx)
		if err != nil {
			return err
		}
		a.view.Store(v)
		a.metrics.Set(measures(v))
		return nil
	})
	return err
}

func (a *App) readView(ctx context.Context) (*View, error) {
	v := &View{Built: a.now()}
	var err error
	if v.Snapshot, err = a.snapshot(ctx); err != nil {
		return nil, err
	}
	if v.Alerts, err = a.Alerts.List(ctx, alert.Filter{}); err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	if v.Feeds, err = a.Lake.Status(ctx); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	if v.Stages, err = a.journal.stages(ctx); err != nil {
		return nil, fmt.Errorf("stages: %w", err)
	}
	if v.Sources, err = a.Sources(ctx); err != nil {
		return nil, err
	}
	if v.Releases, err = release.List(a.releaseDir()); err != nil {
		return nil, err
	}
	if v.Filing, err = a.latestFiling(ctx); err != nil {
		return nil, err
	}
	return v, nil
}

func (a *App) releaseDir() string { return filepath.Join(a.Config.Data, "releases") }

// Release builds the release of a month, 0 for the newest that has a surveyed
// rate, from a view read for it.
func (a *App) Release(ctx context.Context, p period.Period) (res release.Result, err error) {
	a.work.Lock()
	defer a.work.Unlock()
	_, err = a.journal.timed(ctx, StageRelease, func(ctx context.Context) error {
		res, err = a.buildRelease(ctx, p, a.releaseDir(), time.Time{})
		return err
	})
	return res, err
}
