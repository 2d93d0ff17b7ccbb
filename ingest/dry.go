package ingest

import (
	"context"

	"laborwatch/lake"
)

// wouldRevive says of a known extract that a person named whether naming it
// again would make it live.
func (r *run) wouldRevive(ctx context.Context, s *source) error {
	load, ok, err := r.in.lake.Load(ctx, s.id)
	if err != nil {
		return err
	}
	if !ok || load.Status == lake.Live {
		r.sum.Skipped++
		return nil
	}
	r.sum.Loads = append(r.sum.Loads, LoadResult{File: s.file.Rel, Load: load, Revived: true})
	return nil
}

// reportDry reports the loads that a batch would become, and lets them go. What
// an extract before it in the same call would supersede is not told.
func (r *run) reportDry(ctx context.Context, b *batch) error {
	for i, pub := range b.publications() {
		old, err := r.in.lake.WouldSupersede(ctx, pub)
		if err != nil {
			return err
		}
		r.report(b.parts[i], pub.Load, old)
	}
	return b.exec(ctx, "DROP TABLE IF EXISTS temp.lw_quarantine")
}
