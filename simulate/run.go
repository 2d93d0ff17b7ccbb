// Package simulate builds a synthetic city with known truth and writes what a
// real city would send: nine feeds as extracts with their usual quirks,
// and beside them the truth that results are held against.
//
// The city is not a forecast. Its unemployment is steered along a path near
// five percent, so that the city as a whole raises no alert. Outside the
// injected events no employer comes near an alert level: background
// dismissals are capped at 4.5 % of an employer's staff, and 15 persons, in
// any two months running.
//
// Everything personal is invented and cannot belong to anybody: resident IDs
// have valid check digits under a county code that was never assigned (410499
// for 410400), credit codes likewise; names are "测试" and two of the
// twenty-two cyclic characters; telephone numbers begin with 10. They stand in
// the extracts (columns 姓名 and 联系电话) so that tests can prove that none
// of them gets past the door.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"laborwatch/messages"
	"laborwatch/period"
)

// Options of a run. The zero value of a field takes the default that the
// field names.
type Options struct {
	// Out is the folder that inbox/ and truth/ are written into; neither may
	// exist yet with anything in it.
	Out string
	// Region is the city's GB/T 2260 code: 410400. Its counties are written as
	// they are; another city gets ten invented districts.
	Region string
	// Persons known to the city, 200,000: residents and those of its people
	// who are away.
	Persons int
	// Months of extracts, 26, of which the last is End, 2026-10.
	Months int
	End    period.Period
	// Seed decides everything: the same options give the same bytes. The
	// default is 1.
	Seed uint64
	// Progress is told about stages as they advance; it may be nil.
	Progress func(stage string, done, total int)
}

// Summary says what a run wrote.
type Summary struct {
	// Files in the inbox.
	Files int
	// Rows by feed, bad rows included.
	Rows map[string]int
	// BadRows that a right reader puts in quarantine.
	BadRows int
	// Events injected, and decoys among them.
	Events, Decoys int
	// ExpectedAlerts that a right evaluation raises.
	ExpectedAlerts int
	// Rates are the true unemployment rates of the city by month.
	Rates []MonthlyRate
	// LeftOut names events that the options leave no room for.
	LeftOut []string
}

// MonthlyRate is the city's true state in the reference week of a month.
type MonthlyRate struct {
	Period     period.Period
	Population int // residents of 16 and over
	LaborForce int
	Unemployed int
}

// Rate is the unemployed share of the labor force, 0 to 1.
func (m MonthlyRate) Rate() float64 { return float64(m.Unemployed) / float64(max(1, m.LaborForce)) }

// Bounds of Options.
const (
	MinPersons = 50_000
	MaxPersons = 20_000_000
	MinMonths  = 6
	MaxMonths  = 120
	FirstYear  = 2012
	LastYear   = 2060
)

func (o *Options) complete() error {
	o.setDefaults()
	if err := o.Check(); err != nil {
		return err
	}
	return o.vacant()
}

func (o *Options) setDefaults() {
	if o.Region == "" {
		o.Region = "410400"
	}
	if o.Persons == 0 {
		o.Persons = 200_000
	}
	if o.Months == 0 {
		o.Months = 26
	}
	if o.End == 0 {
		o.End = period.Of(2026, 10)
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
}

// Check reports every option that is out of bounds. It looks at no folder.
func (o *Options) Check() error {
	if o.Out == "" {
		return errors.Join(errors.New(messages.Beside("no output folder given")), o.CheckCity())
	}
	return o.CheckCity()
}

// CheckCity reports what is out of bounds but for the folder; no region is the default one.
func (o *Options) CheckCity() error {
	var errs []error
	bad := func(text string) { errs = append(errs, errors.New(text)) }
	if o.Region != "" && !cityCode(o.Region) {
		bad(messages.Beside("region %q: want the six-digit code of a city, for example 410400", o.Region))
	}
	if o.Persons < MinPersons || o.Persons > MaxPersons {
		bad(messages.Beside("%d persons: want %d to %d", o.Persons, MinPersons, MaxPersons))
	}
	if o.Months < MinMonths || o.Months > MaxMonths {
		bad(messages.Beside("%d months: want %d to %d", o.Months, MinMonths, MaxMonths))
	}
	if y := o.End.Year(); y < FirstYear || y > LastYear {
		bad(messages.Beside("end %s: want a month of %d to %d", o.End, FirstYear, LastYear))
	}
	return errors.Join(errs...)
}

// vacant refuses a folder in which extracts or truth lie already.
func (o *Options) vacant() error {
	for _, dir := range []string{"inbox", "truth"} {
		entries, err := os.ReadDir(filepath.Join(o.Out, dir))
		if err == nil && len(entries) > 0 {
			return errors.New(messages.Beside("%s is not empty; choose another folder or empty it", filepath.Join(o.Out, dir)))
		}
	}
	return nil
}

func cityCode(s string) bool {
	return len(s) == 6 && strings.Trim(s, "0123456789") == "" && strings.HasSuffix(s, "00") && s[2:4] != "00" && s[0] != '0'
}

// Run simulates the city month by month and writes its extracts to
// Out/inbox/<month of delivery>/ and the truth to Out/truth/. Memory does not
// grow with the number of months. It fails on options out of bounds, when the
// folders hold something already, when writing fails, and when ctx ends.
func Run(ctx context.Context, o Options) (Summary, error) {
	if err := o.complete(); err != nil {
		return Summary{}, err
	}
	o.Progress("population", 0, 1)
	c, err := newCity(o)
	if err == nil {
		c.out, err = newWriter(c)
	}
	if err != nil {
		return Summary{}, fmt.Errorf("simulate: %w", err)
	}
	o.Progress("population", 1, 1)
	for m := range o.Months {
		if err := ctx.Err(); err != nil {
			return Summary{}, err
		}
		if err := c.step(m); err != nil {
			return Summary{}, fmt.Errorf("simulate %s: %w", c.period(m), err)
		}
		o.Progress("months", m+1, o.Months)
	}
	if err := c.finish(); err != nil {
		return Summary{}, fmt.Errorf("simulate: %w", err)
	}
	return c.sum, nil
}
