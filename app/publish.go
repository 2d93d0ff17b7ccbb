package app

import (
	"context"
	"fmt"
	"time"

	"laborwatch/alert"
	"laborwatch/cube"
	"laborwatch/lake"
	"laborwatch/release"
)

// View is everything that the faces show, read once and swapped whole: a
// request or a scrape never waits on a query.
type View struct {
	Snapshot *cube.Snapshot
	Alerts   []alert.Alert
	Feeds    []lake.FeedStatus
	Stages   []Stage
	Releases []release.Release
	Built    time.Time
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
	if v.Releases, err = release.List(a.releaseDir()); err != nil {
		return nil, err
	}
	return v, nil
}
