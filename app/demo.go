package app

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"laborwatch/alert"
	"laborwatch/cube"
	"laborwatch/period"
	"laborwatch/simulate"
)

// Report is what the demo measured: the main job's figures against the truth
// that the synthetic city was built from.
type Report struct {
	Period          period.Period      `json:"period"`
	Rate            float64            `json:"rate"`
	RateSE          float64            `json:"rate_se"`
	TruthRate       float64            `json:"truth_rate"`
	RowsIn          int64              `json:"rows_in"`
	RowsLoaded      int64              `json:"rows_loaded"`
	RowsQuarantined int64              `json:"rows_quarantined"`
	Alerts          AlertReport        `json:"alerts"`
	Stages          map[string]float64 `json:"stages"`
	Seconds         float64            `json:"seconds"`

	RowsRepeated int64    `json:"-"`
	CILow        float64  `json:"-"`
	CIHigh       float64  `json:"-"`
	Order        []string `json:"-"` // stages in the order they ran
	Release      string   `json:"-"`
}

// AlertReport compares alerts with the injected events.
type AlertReport struct {
	Expected int `json:"expected"`
	Found    int `json:"found"`
	Spurious int `json:"spurious"`

	Missing []string `json:"-"`
	Extra   []string `json:"-"`
}

// demoMark tells a folder that a demo made, and may clear, from any other.
const demoMark = ".laborwatch-demo"

// ForeignError means that a folder holds something that no demo wrote.
type ForeignError struct{ Dir string }

func (e *ForeignError) Error() string { return e.Dir + " is not a demo folder" }

// PrepareDemo takes a folder over, clears what a previous demo left in it and
// simulates the city into it. A folder that another process owns, or that no
// demo made, is left as it is.
func PrepareDemo(ctx context.Context, me Holder, o simulate.Options, rep *Report) (err error) {
	if err := o.Check(); err != nil {
		return err
	}
	if err := os.MkdirAll(o.Out, 0o750); err != nil {
		return err
	}
	entries, err := os.ReadDir(o.Out)
	if err != nil {
		return err
	}
	if len(entries) > 0 && !exists(filepath.Join(o.Out, demoMark)) {
		return &ForeignError{Dir: o.Out}
	}
	l, err := lockDir(ctx, o.Out, me, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.release()) }()
	for _, e := range entries {
		if e.Name() == demoMark || e.Name() == "lock" {
			continue // the mark stays until all else is gone; the lock is ours
		}
		if err := os.RemoveAll(filepath.Join(o.Out, e.Name())); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(o.Out, demoMark), nil, 0o644); err != nil {
		return err
	}
	return simulateCity(ctx, o, rep)
}

// simulateCity writes the synthetic city into the data folder: its extracts into
// the inbox, its truth into truth/.
func simulateCity(ctx context.Context, o simulate.Options, rep *Report) error {
	start := time.Now()
	if _, err := simulate.Run(ctx, o); err != nil {
		return err
	}
	rep.note("simulate", time.Since(start))
	rep.Period = o.End
	return nil
}

func (r *Report) note(stage string, took time.Duration) {
	if r.Stages == nil {
		r.Stages = map[string]float64{}
	}
	if _, again := r.Stages[stage]; !again {
		r.Order = append(r.Order, stage)
	}
	r.Stages[stage] += took.Seconds()
	r.Seconds += took.Seconds()
}

// Demo runs the main job on the simulated extracts and compares what comes out
// with the truth.
func (a *App) Demo(ctx context.Context, rep *Report) error {
	var sum Ingested
	steps := []struct {
		name string
		run  func() error
	}{
		{StageIngest, func() (err error) { sum, err = a.Ingest(ctx, "", nil); return err }},
		{StageTransform, func() error { _, err := a.RunTransform(ctx, nil); return err }},
		{StageAlerts, func() error { _, err := a.Evaluate(ctx); return err }},
		{StagePublish, func() error { return a.Publish(ctx) }},
		{StageRelease, func() error {
			res, err := a.Release(ctx, rep.Period)
			rep.Release = res.Dir
			return err
		}},
	}
	for _, s := range steps {
		start := time.Now()
		if err := s.run(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		rep.note(s.name, time.Since(start))
	}
	if len(sum.Refused) > 0 {
		return fmt.Errorf("ingest refused %s: %s", sum.Refused[0].File, sum.Refused[0].Reason)
	}
	rep.RowsIn, rep.RowsLoaded = sum.RowsIn, sum.RowsLoaded
	rep.RowsQuarantined, rep.RowsRepeated = sum.RowsQuarantined, sum.RowsRepeated
	if err := a.reportRate(rep); err != nil {
		return err
	}
	return a.reportAlerts(ctx, rep)
}

func (a *App) reportRate(rep *Report) error {
	o, ok := a.View().Snapshot.Get(cube.Key{Indicator: "surveyed_unemployment_rate", Period: rep.Period})
	if !ok || o.Value == nil || o.SE == nil || o.CILow == nil || o.CIHigh == nil {
		return fmt.Errorf("the cube has no surveyed unemployment rate with its error for %s", rep.Period)
	}
	rep.Rate, rep.RateSE, rep.CILow, rep.CIHigh = *o.Value, *o.SE, *o.CILow, *o.CIHigh
	var err error
	rep.TruthRate, err = truthRate(filepath.Join(a.Config.Data, "truth", "rates.csv"), rep.Period)
	return err
}

func (a *App) reportAlerts(ctx context.Context, rep *Report) error {
	list, err := a.Alerts.List(ctx, alert.Filter{Status: alert.Firing})
	if err != nil {
		return err
	}
	// What the calendar misses is no planted event.
	list = slices.DeleteFunc(list, func(x alert.Alert) bool { return x.Scope() == alert.ScopeFiling })
	c, err := alert.Compare(filepath.Join(a.Config.Data, "truth", "expected_alerts.csv"), list)
	if err != nil {
		return err
	}
	rep.Alerts = AlertReport{Expected: c.Expected, Found: c.Found, Spurious: len(c.Spurious), Missing: c.Missing, Extra: c.Spurious}
	return nil
}

// truthRate reads the city's true rate of a period.
func truthRate(file string, p period.Period) (float64, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, fmt.Errorf("truth: %w", err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	head, err := r.Read()
	if err != nil {
		return 0, fmt.Errorf("truth %s: %w", file, err)
	}
	col := map[string]int{}
	for i, h := range head {
		col[h] = i
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("truth %s has no city rate for %s", file, p)
		}
		if err != nil {
			return 0, fmt.Errorf("truth %s: %w", file, err)
		}
		if row[col["period"]] == p.String() && row[col["region"]] == "_T" && row[col["group"]] == "_T" {
			return strconv.ParseFloat(row[col["rate"]], 64)
		}
	}
}
