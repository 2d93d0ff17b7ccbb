package transform_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"laborwatch/period"
	"laborwatch/transform"
)

const ranked = `/*
grain: [period, uscc]
window: [-1, 0]
computed: rank
tests:
  - unique: [period, uscc]
*/
SELECT period, uscc, heads FROM core_heads ORDER BY period, uscc`

// rank gives each firm's share of the heads of the month and of the one before.
func rank(key string) transform.Computation {
	return transform.Computation{
		Key:     key,
		Columns: []string{"period DATE", "uscc VARCHAR", "share DOUBLE"},
		Run: func(_ context.Context, in *transform.Input, months []period.Period, put func(...driver.Value) error) error {
			if !slices.Equal(in.Columns, []string{"period", "uscc", "heads"}) {
				return errors.New("other columns: " + strings.Join(in.Columns, " "))
			}
			type firm struct {
				p     period.Period
				uscc  string
				heads int64
			}
			var firms []firm
			err := in.Each(func(row []driver.Value) error {
				at := period.FromTime(row[0].(time.Time))
				firms = append(firms, firm{at, row[1].(string), row[2].(int64)})
				return nil
			})
			if err != nil {
				return err
			}
			for _, m := range months {
				total := 0.0
				for _, f := range firms {
					if f.p == m || f.p == m-1 {
						total += float64(f.heads)
					}
				}
				for _, f := range firms {
					if f.p != m {
						continue
					}
					if err := put(m.First(), f.uscc, float64(f.heads)/total); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
}

// A computed model has months, keys, tests and dependents like any other.
func TestComputation(t *testing.T) {
	w := newWorld(t)
	w.model("core/core_rank.sql", ranked)
	w.model("core/core_top.sql", `/*
grain: [period, uscc]
*/
SELECT period, uscc FROM core_rank WHERE share > 0.4`)
	w.computations = map[string]transform.Computation{"rank": rank("1")}
	w.pay("p5", may, "A1 A2 B1 B2")
	w.pay("p6", may+1, "A1 A2 A3 B1")
	w.run()
	w.expect("SELECT uscc, share FROM wh.main.core_rank WHERE period = '2026-05-01' ORDER BY 1", "A 0.5", "B 0.5")
	w.expect("SELECT uscc, share FROM wh.main.core_rank WHERE period = '2026-06-01' ORDER BY 1", "A 0.375", "B 0.125")
	w.expect("SELECT strftime(period, '%m'), uscc FROM wh.main.core_top ORDER BY ALL", "05 A", "05 B")
	if again := w.plan(); len(again) > 0 {
		t.Errorf("nothing changed, and yet: %v", again)
	}
	// The month before is within the window: its load changes the share.
	w.pay("p4", may-1, "A1 A2 A3 A4")
	w.run()
	w.expect("SELECT uscc, share FROM wh.main.core_rank WHERE period = '2026-05-01' ORDER BY 1", "A 0.25", "B 0.25")
	w.expect("SELECT uscc, share FROM wh.main.core_rank WHERE period = '2026-06-01' ORDER BY 1", "A 0.375", "B 0.125")
	// Another key of the step computes its model again, and what rests on it.
	w.computations["rank"] = rank("2")
	plan := w.plan()
	if len(plan) != 2 || !strings.HasPrefix(plan[0], "core_rank: 2026-04 2026-05 2026-06") {
		t.Errorf("after a new version of the step: %v", plan)
	}
}

func TestComputationFaults(t *testing.T) {
	put := func(v driver.Value) func(context.Context, *transform.Input, []period.Period, func(...driver.Value) error) error {
		return func(_ context.Context, in *transform.Input, months []period.Period, put func(...driver.Value) error) error {
			if err := in.Each(func([]driver.Value) error { return nil }); err != nil {
				return err
			}
			return put(months[0].First(), "A", v)
		}
	}
	for _, c := range []struct {
		name string
		run  func(context.Context, *transform.Input, []period.Period, func(...driver.Value) error) error
		want []string
	}{
		{"not a number", put(math.NaN()), []string{"core_rank.sql", "computation rank", "column share is NaN", "NULL"}},
		{"infinite", put(math.Inf(1)), []string{"column share is +Inf"}},
		{"its own error", func(context.Context, *transform.Input, []period.Period, func(...driver.Value) error) error {
			return errors.New("no weights")
		}, []string{"core_rank.sql", "no weights"}},
		{"puts while it reads", func(_ context.Context, in *transform.Input, months []period.Period, put func(...driver.Value) error) error {
			return put(months[0].First(), "A", 1.0)
		}, []string{"before the input was read"}},
		{"breaks a test", func(_ context.Context, in *transform.Input, months []period.Period, put func(...driver.Value) error) error {
			return errors.Join(in.Each(func([]driver.Value) error { return nil }),
				put(months[0].First(), "A", 1.0), put(months[0].First(), "A", 1.0))
		}, []string{"model core_rank", "unique period, uscc"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.pay("p5", may, "A1 A2 B1 B2")
			w.run()
			before := w.dump()
			w.model("core/core_rank.sql", ranked)
			step := rank("1")
			step.Run = c.run
			w.computations = map[string]transform.Computation{"rank": step}
			got := w.fails()
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in %s", want, got)
				}
			}
			same(t, "the warehouse after a fault", w.dump(), before)
		})
	}
	w := newWorld(t)
	w.model("core/core_rank.sql", ranked)
	if got := w.fails(); !strings.Contains(got, `computed "rank": no such computation`) {
		t.Error(got)
	}
}
