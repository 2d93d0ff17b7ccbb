package schedules

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"laborwatch/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type memory struct {
	mu sync.Mutex
	m  map[string]time.Time
}

func (s *memory) NextRun(_ context.Context, name string) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m[name], nil
}

func (s *memory) SetNextRun(_ context.Context, name string, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[name] = t
	return nil
}

func shanghai(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

var daily = config.Schedule{Name: "daily", Cron: "30 2 * * *", Jobs: []string{"ingest"}}

func start(t *testing.T, store Store, loc *time.Location, run func(context.Context, config.Schedule) error) *Runner {
	t.Helper()
	r, err := New(Options{Schedules: []config.Schedule{daily}, Location: loc, Store: store, Run: run})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDefaultsParse(t *testing.T) {
	all, err := Default()
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	c, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	c.Data, c.Ingest.KeyFile, c.Schedules = "/d", "/k/key", all
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestFiresInItsTimeZone(t *testing.T) {
	loc := shanghai(t)
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		store := &memory{m: map[string]time.Time{}}
		r := start(t, store, loc, func(context.Context, config.Schedule) error {
			at = append(at, time.Now())
			return nil
		})
		time.Sleep(72 * time.Hour)
		synctest.Wait()
		r.Stop()
		if len(at) != 3 {
			t.Fatalf("fired %d times in three days", len(at))
		}
		for _, x := range at {
			if got := x.In(loc).Format("15:04"); got != "02:30" {
				t.Errorf("fired at %s", got)
			}
		}
		if want := at[2].Add(24 * time.Hour); !store.m["daily"].Equal(want) {
			t.Errorf("persisted next run %s, want %s", store.m["daily"], want)
		}
	})
}

func TestCatchesUpOnce(t *testing.T) {
	loc := shanghai(t)
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		store := &memory{m: map[string]time.Time{"daily": time.Now().Add(-10 * 24 * time.Hour)}}
		r := start(t, store, loc, func(context.Context, config.Schedule) error { runs++; return nil })
		synctest.Wait()
		r.Stop()
		if runs != 1 {
			t.Errorf("ten missed days gave %d runs, want one", runs)
		}
		if !store.m["daily"].After(time.Now()) {
			t.Error("after the catch-up the next run must lie ahead")
		}
	})
}

func TestNeverOverlapsItself(t *testing.T) {
	loc := shanghai(t)
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most, runs := 0, 0, 0
		store := &memory{m: map[string]time.Time{}}
		r := start(t, store, loc, func(ctx context.Context, _ config.Schedule) error {
			mu.Lock()
			running++
			runs++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(30 * time.Hour)
			mu.Lock()
			running--
			mu.Unlock()
			return errors.New("the failure is logged and the schedule goes on")
		})
		time.Sleep(10 * 24 * time.Hour)
		r.Stop()
		if most != 1 || runs < 4 {
			t.Errorf("%d runs, at most %d at once", runs, most)
		}
	})
}

func TestKilledRunIsStillOwed(t *testing.T) {
	loc := shanghai(t)
	synctest.Test(t, func(t *testing.T) {
		due := time.Now().Add(-time.Hour)
		store := &memory{m: map[string]time.Time{"daily": due}}
		r := start(t, store, loc, func(ctx context.Context, _ config.Schedule) error {
			<-ctx.Done()
			return ctx.Err()
		})
		synctest.Wait()
		r.Stop()
		if !store.m["daily"].Equal(due) {
			t.Error("a run that was cut off must be owed after the restart")
		}
	})
}

// The zone skips 02:30 on 2026-03-29 and repeats it on 2026-10-25.
func TestDaylightSaving(t *testing.T) {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse("30 2 * * *", loc)
	if err != nil {
		t.Fatal(err)
	}
	count := func(from time.Time, days int) map[string]int {
		seen := map[string]int{}
		end := from.AddDate(0, 0, days)
		for at := s.Next(from); at.Before(end); at = s.Next(at) {
			seen[at.Format("01-02")]++
		}
		return seen
	}
	for _, from := range []time.Time{
		time.Date(2026, 3, 27, 12, 0, 0, 0, loc),
		time.Date(2026, 10, 23, 12, 0, 0, 0, loc),
	} {
		seen := count(from, 5)
		if len(seen) != 5 {
			t.Errorf("from %s: fired on %v", from, seen)
		}
		for day, n := range seen {
			if n != 1 {
				t.Errorf("%s: fired %d times", day, n)
			}
		}
	}
}
