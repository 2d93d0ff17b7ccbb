package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"laborwatch/app"
	"laborwatch/config"
	"laborwatch/period"
	"laborwatch/pseudonym"
	"laborwatch/simulate"
)

// BenchmarkClosingMonth closes 26 months one after another and prints what the
// last costs against the sixth, both in the same run: the cost of a month must
// not follow the length of history.
func BenchmarkClosingMonth(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		end := period.Of(2026, time.October)
		if _, err := simulate.Run(b.Context(), simulate.Options{Out: filepath.Join(dir, "city"), Region: "410400", Persons: 200_000, Months: 26, End: end, Seed: 1}); err != nil {
			b.Fatal(err)
		}
		a := open(b, filepath.Join(dir, "data"))
		deliveries, err := os.ReadDir(filepath.Join(dir, "city", "inbox"))
		if err != nil {
			b.Fatal(err)
		}
		steps := []struct {
			name string
			run  func(dir string) error
		}{
			{"ingest", func(dir string) error { _, err := a.Ingest(b.Context(), "", []string{dir}); return err }},
			{"transform", func(string) error { _, err := a.RunTransform(b.Context(), nil); return err }},
			{"alerts", func(string) error { _, err := a.Evaluate(b.Context()); return err }},
			{"publish", func(string) error { return a.Publish(b.Context()) }},
		}
		took := make([]time.Duration, len(deliveries))
		for i, d := range deliveries {
			line := []string{d.Name()}
			for _, s := range steps {
				begin := time.Now()
				if err := s.run(filepath.Join(dir, "city", "inbox", d.Name())); err != nil {
					b.Fatal(err)
				}
				spent := time.Since(begin)
				took[i] += spent
				line = append(line, fmt.Sprintf("%s %.2f s", s.name, spent.Seconds()))
			}
			b.Log(strings.Join(line, "  "))
		}
		// Neighbors are averaged, because a late and a corrected file weigh on single months.
		near := func(i int) float64 { return (took[i-2] + took[i-1] + took[i]).Seconds() / 3 }
		last := min(25, len(took)-1)
		b.ReportMetric(near(6), "s/month6")
		b.ReportMetric(near(last), "s/month26")
		b.ReportMetric(near(last)/near(6), "month26/month6")
	}
}

// open opens a fresh data folder with the default configuration and a new key.
func open(tb testing.TB, data string) *app.App {
	tb.Helper()
	cfg, err := config.Load("", data)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := pseudonym.CreateFile(cfg.Ingest.KeyFile, pseudonym.SM3); err != nil {
		tb.Fatal(err)
	}
	a, err := app.Open(tb.Context(), app.Options{Config: cfg, Clock: time.Now, Command: "test"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := a.Close(); err != nil {
			tb.Error(err)
		}
	})
	return a
}
