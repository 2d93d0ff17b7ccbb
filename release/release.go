// Package release writes the monthly statistical release of a city: one
// workbook, one page, CSV files and a manifest, all made from one Content.
//
// Build is its verb. In go a cube snapshot, the alerts and the ledger's live
// loads; out comes releases/YYYY-MM/vN, which never changes afterwards. What a
// release says decides its version: built again from the same state it is the
// same version with the same bytes, from a changed state a new one that lists
// what was revised. No clock enters a release. It fails when the month has no
// surveyed unemployment rate, and when an earlier version was tampered with.
package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"laborwatch/alert"
	"laborwatch/config"
	"laborwatch/cube"
	"laborwatch/messages"
	"laborwatch/period"
)

// Options of Build. Snapshot, Catalog, Config and Dir are required.
type Options struct {
	Snapshot *cube.Snapshot
	// Catalog names indicators and codes; cube.ForConfig makes it.
	Catalog *cube.Catalog
	Config  *config.Config
	// Alerts of any month and status: those that touch the period and were not
	// resolved are counted.
	Alerts []alert.Alert
	// Loads are the ledger's live loads. The manifest names those that the
	// period can depend on.
	Loads []Input
	// Period to release; 0 is the newest with a surveyed unemployment rate.
	Period period.Period
	// Dir is the folder of all releases.
	Dir string
	// AsOf says that the state is not the present one but that of this time, in
	// the zone it is printed in; the release says so. Zero is the present.
	AsOf time.Time
}

// Input is an extract that the figures of a release were made from.
type Input struct {
	LoadID string        `json:"load_id"`
	Feed   string        `json:"feed"`
	Period period.Period `json:"period"`
	SHA256 string        `json:"sha256"`
}

// Result says where a release is.
type Result struct {
	Period  period.Period
	Version int
	Dir     string
	// Files are the base names, sorted.
	Files []string
	// Unchanged means that the newest version already says all of this.
	Unchanged bool
}

// PeriodError means that a month cannot be released.
type PeriodError struct {
	Period    period.Period
	Available []period.Period
}

// Error says which months can be released instead.
func (e *PeriodError) Error() string {
	if len(e.Available) == 0 {
		return messages.Both("release.error.empty")
	}
	return messages.Both("release.error.period", e.Period, spans(e.Available))
}

// spans prints months as runs: 2024-09..2026-10, 2026-12.
func spans(ps []period.Period) string {
	var out []string
	for i := 0; i < len(ps); {
		j := i
		for j+1 < len(ps) && ps[j+1] == ps[j].Add(1) {
			j++
		}
		run := ps[i].String()
		if j > i {
			run += ".." + ps[j].String()
		}
		out = append(out, run)
		i = j + 1
	}
	return strings.Join(out, ", ")
}

// Build makes the release of a month, or finds that it is made already.
func Build(ctx context.Context, o Options) (Result, error) {
	res, err := build(ctx, o)
	if err != nil {
		return Result{}, fmt.Errorf("release %s: %w", o.Period, err)
	}
	return res, nil
}

func build(ctx context.Context, o Options) (Result, error) {
	if o.Snapshot == nil || o.Catalog == nil || o.Config == nil || o.Dir == "" {
		return Result{}, errors.New("options: Snapshot, Catalog, Config and Dir are required")
	}
	p, err := releasable(o.Snapshot, o.Period)
	if err != nil {
		return Result{}, err
	}
	o.Period = p
	c, figs := newContent(o)
	print, err := c.fingerprint(figs)
	if err != nil {
		return Result{}, err
	}
	last, err := newest(o.Dir, p)
	if err != nil {
		return Result{}, err
	}
	if last != nil && last.manifest.Fingerprint == print {
		if err := last.verify(); err != nil {
			return Result{}, err
		}
		return Result{Period: p, Version: last.Version, Dir: last.Dir, Files: last.Files, Unchanged: true}, nil
	}
	c.Version = 1
	if last != nil {
		c.Version = last.Version + 1
	}
	inputs := inputsOf(o)
	if c.Revisions, err = revisions(o, figs, c.alertCounts, last, inputs); err != nil {
		return Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	return publish(ctx, o, c, figs, inputs, print)
}

// releasable finds the month to release.
func releasable(s *cube.Snapshot, p period.Period) (period.Period, error) {
	var have []period.Period
	for _, o := range s.Series(cube.K(cube.Headline, 0)) {
		if o.Value != nil {
			have = append(have, o.Period)
		}
	}
	if len(have) == 0 {
		return 0, &PeriodError{Period: p}
	}
	if p == 0 {
		return have[len(have)-1], nil
	}
	if slices.Contains(have, p) {
		return p, nil
	}
	return 0, &PeriodError{Period: p, Available: have}
}
