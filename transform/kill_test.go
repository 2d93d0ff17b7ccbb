package transform_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"laborwatch/engine"
	"laborwatch/period"
)

// victim is what a child process is told by its environment.
type victim struct {
	Dir, Lake string
	Months    []period.Period
}

const victimEnv = "TRANSFORM_TEST_VICTIM"

// crowd loads many persons in each of some months, enough for a run to last.
func (w *world) crowd(months []period.Period) {
	w.t.Helper()
	for _, p := range months {
		w.load("pay", p.String(), fmt.Sprintf(`SELECT %s AS period, 'p' || (i * %d %% 70001) AS person,
			chr(CAST(65 + i %% 3 AS INTEGER)) AS uscc, i %% 7 AS fen, i AS _row FROM range(60000) AS r(i)`, p.SQL(), 3+p%5), p)
		w.register(p.String(), p, "A:410402 B:410403")
	}
}

// Killed at any instant, the process leaves the state before the run or the one
// after it, and a rerun ends where an uninterrupted run does.
func TestKill(t *testing.T) {
	if os.Getenv(victimEnv) != "" {
		w := victimWorld(t)
		w.run()
		return
	}
	w := newWorld(t)
	w.seeds[0].Rows = append(w.seeds[0].Rows, []any{"C", "410402"})
	w.crowd(period.Range(may-8, may))
	w.run()
	before := w.dump()
	w.crowd(period.Range(may+1, may+8))
	w.close()

	// Uninterrupted: the state to arrive at, and how long it takes.
	var whole *world
	lasts := time.Hour
	for range 2 { // the first finds cold caches
		whole = w.copied()
		begin := time.Now()
		if err := whole.child(t.Context()); err != nil {
			t.Fatal(err)
		}
		lasts = min(lasts, time.Since(begin))
	}
	whole.open()
	after := whole.dump()
	if slices.Equal(before, after) {
		t.Fatal("the run changes nothing")
	}

	const instants = 12
	random := rand.New(rand.NewPCG(1, 2))
	killed := 0
	for i := range instants {
		delay := time.Duration((float64(i) + random.Float64()) / instants * float64(lasts))
		c := w.copied()
		ctx, cancel := context.WithTimeout(t.Context(), delay)
		if c.child(ctx) != nil {
			killed++
		}
		cancel()
		c.open()
		if got := c.dump(); !slices.Equal(got, before) && !slices.Equal(got, after) {
			t.Errorf("killed after %v: neither the old state nor the new", delay)
		}
		c.run()
		same(t, fmt.Sprintf("rerun after a kill at %v", delay), c.dump(), after)
		c.close()
	}
	if killed < instants/3 {
		t.Errorf("only %d of %d processes were killed", killed, instants)
	}
}

func victimWorld(t *testing.T) *world {
	t.Helper()
	var v victim
	if err := json.Unmarshal([]byte(os.Getenv(victimEnv)), &v); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.close()
	w.seeds[0].Rows = append(w.seeds[0].Rows, []any{"C", "410402"})
	w.dir = v.Dir
	for _, p := range v.Months {
		for _, feed := range []string{"pay", "register"} {
			w.lake.loads = append(w.lake.loads, load{feed, p.String(), filepath.Join(v.Lake, feed+"-"+p.String()+".parquet"), []period.Period{p}})
		}
	}
	w.open()
	return w
}

// child runs the transform in a process of its own, killed when ctx ends.
func (w *world) child(ctx context.Context) error {
	w.t.Helper()
	v := victim{Dir: w.dir, Lake: w.lake.dir}
	for _, l := range w.lake.loads {
		v.Months = append(v.Months, l.months...)
	}
	v.Months = period.Sorted(v.Months)
	b, err := json.Marshal(v)
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKill$")
	cmd.Env = append(os.Environ(), victimEnv+"="+string(b))
	out, err := cmd.CombinedOutput()
	if err != nil && ctx.Err() == nil {
		w.t.Fatalf("child: %v\n%s", err, out)
	}
	return err
}

// copied is the same world over a copy of its data folder.
func (w *world) copied() *world {
	w.t.Helper()
	c := *w
	c.dir = filepath.Join(w.t.TempDir(), "data")
	if err := os.CopyFS(c.dir, os.DirFS(w.dir)); err != nil {
		w.t.Fatal(err)
	}
	return &c
}

func (w *world) close() {
	w.t.Helper()
	if err := w.eng.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.eng = (*engine.DuckDB)(nil)
}
