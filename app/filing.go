package app

import (
	"context"

	"laborwatch/alert"
	"laborwatch/filing"
	"laborwatch/metrics"
)

func (a *App) openFiling() (err error) {
	a.Filing, err = filing.New(filing.Options{
		Engine: a.Engine, Calendar: a.Config.Filing, Regions: a.Config.Regions, Zone: a.Config.Location(), Clock: a.opts.Clock,
	})
	return err
}

// overdue lists the extracts that have not come by their due time.
func (a *App) overdue(ctx context.Context) ([]alert.Overdue, error) {
	list, err := a.Filing.Overdue(ctx)
	out := make([]alert.Overdue, 0, len(list))
	for _, o := range list {
		out = append(out, alert.Overdue(o))
	}
	return out, err
}

// latestFiling is the board of the newest month that is due.
func (a *App) latestFiling(ctx context.Context) ([]filing.Cell, error) {
	p := a.Filing.Latest()
	return a.Filing.Cells(ctx, filing.Ask{From: p, To: p})
}

// filingCounts are the cells of a board as a scrape shows them.
func filingCounts(cells []filing.Cell) []metrics.Filing {
	var out []metrics.Filing
	for _, c := range cells {
		out = append(out, metrics.Filing{Feed: c.Feed, Region: c.Region, State: string(c.State), Expected: c.Expected})
	}
	return out
}
