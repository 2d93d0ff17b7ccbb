package ingest

import (
	"context"
	"fmt"
	"slices"

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

// reportDry reports the loads that a batch would become, and lets them go. Those
// before it in the same call are taken for live.
func (r *run) reportDry(ctx context.Context, b *batch) error {
	live, err := r.in.lake.Live(ctx, b.c.Feed)
	if err != nil {
		return err
	}
	for i, pub := range b.publications() {
		var old []string
		for _, x := range append(slices.Clone(live), r.would...) {
			if x.Status == lake.Live && pub.Supersedes(x) && !slices.Contains(r.gone, x.ID) {
				old, r.gone = append(old, x.Source), append(r.gone, x.ID)
			}
		}
		pub.Load.Status = lake.Live
		r.would = append(r.would, pub.Load)
		r.report(b.parts[i], pub.Load, old)
	}
	if !b.faults && !b.rejects {
		return nil
	}
	if err := r.takeFaults(ctx, b); err != nil {
		return err
	}
	return b.exec(ctx, "DROP TABLE IF EXISTS temp.lw_quarantine")
}

// mostFaults bounds what a dry run keeps of a load's faults: its first ones.
const mostFaults = 1000

// takeFaults gives the loads' faults, as they would stand in quarantine.
func (r *run) takeFaults(ctx context.Context, b *batch) error {
	rows, err := b.conn.QueryContext(ctx, fmt.Sprintf(`SELECT load_id, feed, file, sheet, "row", region, col, reason, value_masked, hint
		FROM (SELECT *, row_number() OVER (PARTITION BY load_id ORDER BY sheet, "row", col, reason) AS n FROM (%s)) WHERE n <= %d ORDER BY file, sheet, "row", col, reason`, b.quarantine(), mostFaults))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var x lake.Fault
		if err := rows.Scan(&x.LoadID, &x.Feed, &x.File, &x.Sheet, &x.Row, &x.Scope, &x.Column, &x.Reason, &x.Masked, &x.Hint); err != nil {
			return err
		}
		i := slices.IndexFunc(r.sum.Loads, func(l LoadResult) bool { return l.Load.ID == x.LoadID })
		if i >= 0 {
			r.sum.Loads[i].Faults = append(r.sum.Loads[i].Faults, x)
		}
	}
	return rows.Err()
}
