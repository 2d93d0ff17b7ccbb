package simulate

import (
	"math"
	"time"

	"laborwatch/period"
)

// tally counts persons by what they could do next.
type tally struct {
	people, force       [fiveYearBands][2]float64 // residents of 16 and over; of them in the labor force
	loose, idle         [fiveYearBands][2]float64 // informal; inactive and not at school
	bandForce, bandIdle [broadBands][2]float64    // labor force; unemployed
	bandLoose, bandOut  [broadBands][2]float64    // informal; inactive and not at school
	formal              float64
	seekersFree         float64 // unemployed who may be enrolled
	looseFree, outFree  float64 // likewise of working age
}

func (c *city) count() *tally {
	t := &tally{}
	for i := range c.people {
		p := &c.people[i]
		if p.state == child || p.state >= away {
			continue
		}
		age := c.age[p.birth]
		five, broad, sex := fiveYearBand(age), broadBand(age), b2i(p.is(female))
		free := int(p.until) <= c.m && int(p.since) < c.m
		t.people[five][sex]++
		if p.state != inactive {
			t.force[five][sex]++
			t.bandForce[broad][sex]++
		}
		switch p.state {
		case formal:
			t.formal++
		case unemployed:
			t.bandIdle[broad][sex]++
			if free && age < 60 {
				t.seekersFree++
			}
		case informal:
			t.loose[five][sex]++
			t.bandLoose[broad][sex]++
			if free && age >= 18 && age < 55 {
				t.looseFree++
			}
		case inactive:
			if !p.is(student) {
				t.idle[five][sex]++
				t.bandOut[broad][sex]++
				if free && age >= 18 && age < 50 {
					t.outFree++
				}
			}
		}
	}
	return t
}

// chances are a month's transition thresholds, compared with a uniform uint32.
type chances struct {
	dies                         [128]uint32
	dismiss, move, quit, leaves  uint32 // cumulative, of the formal
	hireIdle, hireLoose, hireOut uint32
	idleToLoose, idleToOut       [broadBands][2]uint32
	looseToIdle, outToIdle       [maxCounties][broadBands][2]uint32
	looseToOut, outToLoose       [fiveYearBands][2]uint32
	goesAway, comesBack          uint32
}

const maxCounties = 10

// Monthly chances of the insured.
const (
	dismissRate = .0032
	moveRate    = .0060
	quitRate    = .0046
	leaveRate   = .0004
)

// season of the unemployment rate by month; youth peak when schools end.
var (
	season      = [13]float64{0, 1.00, 1.03, 1.03, 1.01, .99, .98, 1.01, 1.02, .99, .98, .98, .98}
	seasonYouth = [13]float64{0, .94, .96, .98, .96, .94, 1.00, 1.14, 1.20, 1.08, 1.00, .96, .94}
)

// steer derives the month's chances so that unemployment and participation
// stay on their paths: layoffs of an event crowd out other flows into
// unemployment instead of adding to them.
func (c *city) steer(t *tally, openings int) *chances {
	h := &chances{}
	for a := range h.dies {
		h.dies[a] = threshold(math.Exp(-10.2+.088*float64(a)) / 12)
	}
	h.dismiss = threshold(dismissRate)
	h.move = h.dismiss + threshold(moveRate)
	h.quit = h.move + threshold(quitRate)
	h.leaves = h.quit + threshold(leaveRate)

	free := float64(openings) - moveRate*t.formal
	hire := func(share, stock float64) float64 { return math.Min(.3, math.Max(0, free)*share/math.Max(1, stock)) }
	hireIdle := hire(.45, t.seekersFree)
	h.hireIdle = threshold(hireIdle)
	h.hireLoose = threshold(hire(.42, t.looseFree))
	h.hireOut = threshold(hire(.13, t.outFree))

	month := c.period(c.m).Month()
	for b := range broadBands {
		for sex := range 2 {
			c.steerIdle(h, t, b, sex, hireIdle, month)
		}
	}
	c.steerForce(h, t)
	h.goesAway, h.comesBack = threshold(.0035), threshold(.020)
	switch int(c.festivalMonth() - c.period(c.m)) {
	case 1, 0: // home for the Spring Festival
		h.comesBack = threshold(.035)
	case -1: // and off again
		h.goesAway = threshold(.011)
	}
	return h
}

// steerIdle sets the flows into and out of unemployment of one age band
// and sex.
func (c *city) steerIdle(h *chances, t *tally, b, x int, hireIdle float64, month time.Month) {
	target := idleTarget[b] * season[month]
	if b == 0 {
		target = idleTarget[b] * seasonYouth[month]
	}
	target *= 1 + c.wave[b]
	toLoose, toOut := .06, .03
	stays := t.bandIdle[b][x] * (1 - hireIdle - toLoose - toOut)
	needed := target*t.bandForce[b][x] - stays - c.fromFormal[b][x]
	if needed < 0 {
		toLoose += -needed / math.Max(1, t.bandIdle[b][x])
		needed = 0
	}
	h.idleToLoose[b][x], h.idleToOut[b][x] = threshold(math.Min(.6, toLoose)), threshold(toOut)
	fromLoose := .6
	if b == 0 || b == 3 {
		fromLoose = .35
	}
	for k, county := range c.counties {
		h.looseToIdle[k][b][x] = threshold(math.Min(.2, county.risk*needed*fromLoose/math.Max(1, t.bandLoose[b][x])))
		h.outToIdle[k][b][x] = threshold(math.Min(.2, county.risk*needed*(1-fromLoose)/math.Max(1, t.bandOut[b][x])))
	}
}

// steerForce sets the flows between informal work and inactivity.
func (c *city) steerForce(h *chances, t *tally) {
	const churn = .008
	for b := range fiveYearBands {
		for s := range 2 {
			gap := participation[b][s]*t.people[b][s] - t.force[b][s]
			loose, idle := math.Max(1, t.loose[b][s]), math.Max(1, t.idle[b][s])
			h.looseToOut[b][s] = threshold(math.Min(.2, churn+math.Max(0, -gap)/loose))
			h.outToLoose[b][s] = threshold(math.Min(.3, (churn*t.loose[b][s]+math.Max(0, gap))/idle))
		}
	}
}

// wander lets the unemployment targets drift a little, month by month.
func (c *city) wander() {
	for b := range c.wave {
		c.wave[b] = .8*c.wave[b] + .008*c.r.NormFloat64()
	}
}

// festivalMonth is the month of this year's Spring Festival.
func (c *city) festivalMonth() period.Period {
	return c.cal.month(springFestival(c.period(c.m).Year()))
}
