package app

import (
	"context"
	"io"

	"laborwatch/ingest"
	"laborwatch/lake"
)

// ExportQuarantine writes the quarantined rows of a load to w for their sender;
// see ingest.Ingester.Export.
func (a *App) ExportQuarantine(ctx context.Context, load lake.Load, originals []string, w io.Writer) (ingest.Exported, error) {
	a.work.Lock()
	defer a.work.Unlock()
	in, err := a.ingester(ctx)
	if err != nil {
		return ingest.Exported{}, err
	}
	return in.Export(ctx, load, originals, w)
}

// ReloadQuarantine loads corrected rows that came back; see ingest.Ingester.Reload.
func (a *App) ReloadQuarantine(ctx context.Context, path string, act lake.Act) (ingest.Reloaded, error) {
	a.work.Lock()
	defer a.work.Unlock()
	in, err := a.ingester(ctx)
	if err != nil {
		return ingest.Reloaded{}, err
	}
	out, err := in.Reload(ctx, path, act)
	return out, a.explain(err)
}
