package metrics

import (
	"strings"
	"sync"
	"testing"

	"laborwatch/cube"
	"laborwatch/engine"
)

// A scrape asks no engine: it goes on after the warehouse is closed.
func TestScrapeRunsNoSQL(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Options{Dir: t.TempDir(), Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	t.Cleanup(func() {
		if !closed {
			_ = e.Close()
		}
	})
	_, err = e.DB().ExecContext(t.Context(), `CREATE TABLE wh.main.observations AS SELECT DATE '2026-10-01' AS period,
		'surveyed_unemployment_rate' AS indicator, '_T' AS region, '_T' AS sex, '_T' AS age, '_T' AS pop_group, '_T' AS industry,
		'_T' AS occupation, '_T' AS enterprise, 0.0523 AS value, 523.0 AS numerator, 10000.0 AS denominator, 0.002 AS se,
		0.048 AS ci_low, 0.057 AS ci_high, 9000 AS n, 'A' AS obs_status, 'publish' AS quality, '' AS reason`)
	if err != nil {
		t.Fatal(err)
	}
	s, err := cube.ReadSnapshot(t.Context(), e, cube.SnapshotOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := collector(t, Options{})
	c.Set(State{Snapshot: s})
	closed = true
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if got := line(scrape(t, c), `laborwatch_surveyed_unemployment_ratio{age="_T",pop_group="_T",region="_T",sex="_T"}`); got != "0.0523" {
		t.Errorf("the rate is %q", got)
	}
}

// A scrape while states are swapped sees one of them, never a mixture.
func TestScrapesWhileSwapping(t *testing.T) {
	c := collector(t, Options{})
	states := make([]State, 2)
	for i := range states {
		v := float64(i + 1)
		states[i] = State{Snapshot: cube.NewSnapshot(built, []cube.Observation{obs("job_openings", v), obs("job_seekers", v)})}
	}
	c.Set(states[0])
	h := c.Handler()
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 200 {
			c.Set(states[i%2])
		}
	})
	for range 20 {
		text := gather(t, h)
		labels := `{industry="_T",region="_T"} `
		one, two := strings.Contains(text, "laborwatch_job_openings"+labels+"1"), strings.Contains(text, "laborwatch_job_seekers"+labels+"1")
		if one != two {
			t.Error("a scrape mixes two states")
		}
	}
	wg.Wait()
}
