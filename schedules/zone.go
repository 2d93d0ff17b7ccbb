package schedules

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// starBit is how robfig/cron marks a field that was written as *.
const starBit = 1 << 63

// Parse reads a five-field cron expression as times in loc.
func Parse(expr string, loc *time.Location) (cron.Schedule, error) {
	s, err := cron.ParseStandard(expr)
	if err != nil {
		return nil, fmt.Errorf("cron %q: %w", expr, err)
	}
	spec, ok := s.(*cron.SpecSchedule)
	if !ok {
		return s, nil // @every: an interval knows no wall clock
	}
	spec.Location = loc
	if spec.Hour&starBit != 0 {
		return spec, nil // every hour: elapsed time is what is meant
	}
	wall := *spec
	wall.Location = time.UTC
	return &fixedHour{wall: &wall, loc: loc}, nil
}

// fixedHour fires at hours of the wall clock. It searches on a clock without
// daylight saving and then places the result in the zone, so that an hour which
// the zone skips fires when the clock jumps over it, and one which it repeats
// fires once.
type fixedHour struct {
	wall *cron.SpecSchedule
	loc  *time.Location
}

func (f *fixedHour) Next(t time.Time) time.Time {
	l := t.In(f.loc)
	clock := time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), time.UTC)
	for {
		clock = f.wall.Next(clock)
		if clock.IsZero() {
			return clock
		}
		at := time.Date(clock.Year(), clock.Month(), clock.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, f.loc)
		if at.After(t) {
			return at
		}
	}
}
