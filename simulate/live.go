package simulate

import "time"

// reset opens a month: what people do now is what the reference week sees
// unless something happens before it.
func (c *city) reset() {
	raise := c.period(c.m).Month() == time.January && c.m > 0
	school := c.period(c.m).Month() == time.July
	for i := range c.people {
		p := &c.people[i]
		p.ref = p.state
		switch p.state {
		case formal:
			if raise {
				p.base = uint16(min(25_000, int(p.base)*103/1000*10))
			}
		case child:
			if c.age[p.birth] >= 16 {
				c.comeOfAge(p)
			}
		}
		if school && p.is(student) && p.state == inactive {
			c.leaveSchool(p)
		}
	}
	for i := range c.firms {
		c.firms[i].still, c.firms[i].arrears = false, false
	}
	c.changes = c.changes[:0]
	c.fromFormal = c.nowFromFormal
	c.nowFromFormal = [broadBands][2]float64{}
	c.wander()
}

func (c *city) comeOfAge(p *person) {
	c.group(c.r, p, 16)
	p.edu = 1
	p.set(student, c.r.hit(studying(16)))
	c.turn(p, inactive, c.refDay)
}

// leaveSchool lets a school year's leavers go; those of 20 and over leave a
// college.
func (c *city) leaveSchool(p *person) {
	age := c.age[p.birth]
	stay := studying(age+1) / studying(age)
	if age > 24 {
		stay = 0
	}
	if c.r.Float64() < max(.04, min(.97, stay)) {
		return
	}
	if age >= 20 {
		p.edu = max(p.edu, 3+uint8(c.r.IntN(2)))
		p.groups |= isGraduate
	}
	p.set(student, false)
	switch k := c.r.Float64(); {
	case k < .16:
		c.turn(p, unemployed, c.refDay)
	case k < .45:
		c.turn(p, informal, c.refDay)
	default:
		p.since = int16(c.m)
	}
}

// live takes everybody through the month.
func (c *city) live(h *chances) {
	for i := range c.people {
		p := &c.people[i]
		if p.state == dead || int(p.since) == c.m {
			continue
		}
		age := c.age[p.birth]
		if c.r.Uint32() < h.dies[age&127] {
			c.die(int32(i))
			continue
		}
		u := c.r.Uint32()
		switch p.state {
		case formal:
			c.liveFormal(int32(i), p, age, u, h)
		case informal:
			c.liveInformal(int32(i), p, age, u, h)
		case unemployed:
			c.liveUnemployed(int32(i), p, age, u, h)
		case inactive:
			c.liveInactive(int32(i), p, age, u, h)
		case away:
			c.liveAway(p, u, h)
		}
	}
}

func (c *city) die(i int32) {
	p := &c.people[i]
	if p.state == formal && !c.firms[p.emp].still {
		c.leave(i, c.someDay(), death, dead)
		return
	}
	if p.state != formal {
		c.turn(p, dead, c.someDay())
	}
}

// someDay is a working day of the month.
func (c *city) someDay() int32 { return c.work[c.r.IntN(len(c.work))] }

func (c *city) liveFormal(i int32, p *person, age uint8, u uint32, h *chances) {
	f := &c.firms[p.emp]
	if f.still {
		return
	}
	if age >= p.retirementAge() && c.r.hit(.4) {
		c.leave(i, c.someDay(), retirement, inactive)
		return
	}
	switch {
	case u < h.dismiss:
		c.dismiss(i, p, f)
	case u < h.move:
		c.moveOn(i, p, []reason{resigned, resigned, ended, movedInPool}[c.r.IntN(4)], 9)
	case u < h.quit:
		c.leave(i, c.someDay(), []reason{resigned, resigned, resigned, ended, interruption}[c.r.IntN(5)], c.afterwards(.5, .2))
	case u < h.leaves:
		c.leave(i, c.someDay(), movedOutPool, away)
	}
}

// afterwards draws what follows on insured work.
func (c *city) afterwards(loose, idle float64) uint8 {
	switch k := c.r.Float64(); {
	case k < loose:
		return informal
	case k < loose+idle:
		return unemployed
	}
	return inactive
}

var dismissalReasons = [...]reason{
	contractExpired, contractExpired, contractExpired, employerProposed, employerProposed,
	dismissed, dismissed, dismissalNotice, redundancy, resignedForCause,
}

// dismiss ends a job against the worker's will, unless that would bring the
// employer near an alert level; then the worker quits.
func (c *city) dismiss(i int32, p *person, f *firm) {
	if f.planned || int(f.recent[0])+int(f.recent[1]) >= dismissalCap(f.heads) {
		c.leave(i, c.someDay(), resigned, c.afterwards(.5, .2))
		return
	}
	f.recent[0]++
	why := dismissalReasons[c.r.IntN(len(dismissalReasons))]
	if c.r.hit(.45) {
		c.moveOn(i, p, why, 40)
		return
	}
	c.leave(i, c.someDay(), why, c.afterwards(.4, .4))
}

// moveOn ends a job and starts another some days later, if one is open.
func (c *city) moveOn(i int32, p *person, why reason, days int) {
	day := c.someDay()
	next, ok := c.takeOpening(p.county, p.emp)
	if !ok {
		c.leave(i, day, why, c.afterwards(.5, .2))
		return
	}
	c.leave(i, day, why, informal)
	start := c.cal.nextWorkingDay(day + int32(1+c.r.IntN(days)))
	if start <= c.monthEnd {
		c.join(i, start, next, transferredIn)
	} else {
		c.plan(start, i, next, transferredIn)
	}
}

func (c *city) hire(i int32, p *person, why reason) bool {
	if int(p.until) > c.m {
		return false
	}
	f, ok := c.takeOpening(p.county, -1)
	if ok {
		c.join(i, c.someDay(), f, why)
	}
	return ok
}

// again tells first enrolments from resumed ones.
func again(p *person) reason {
	if p.emp < 0 {
		return newEnrolment
	}
	return resumed
}

func (c *city) liveInformal(i int32, p *person, age uint8, u uint32, h *chances) {
	if age >= 18 && age < 55 {
		if u < h.hireLoose {
			c.hire(i, p, again(p))
			return
		}
		if c.r.Uint32() < h.goesAway {
			c.turn(p, away, c.someDay())
			return
		}
	}
	switch v := c.r.Uint32(); {
	case v < h.looseToIdle[p.county][broadBand(age)][b2i(p.is(female))]:
		c.turn(p, unemployed, c.someDay())
	case c.r.Uint32() < h.looseToOut[fiveYearBand(age)][b2i(p.is(female))]:
		c.turn(p, inactive, c.someDay())
	}
}

func (c *city) liveUnemployed(i int32, p *person, age uint8, u uint32, h *chances) {
	if age < 60 && u < h.hireIdle {
		c.hire(i, p, again(p))
		return
	}
	b, x := broadBand(age), b2i(p.is(female))
	switch v := c.r.Uint32(); {
	case v < h.idleToLoose[b][x]:
		p.div = c.drawInformal(c.r, p.is(urban))
		c.turn(p, informal, c.someDay())
	case v < h.idleToLoose[b][x]+h.idleToOut[b][x]:
		c.turn(p, inactive, c.someDay())
	}
}

func (c *city) liveInactive(i int32, p *person, age uint8, u uint32, h *chances) {
	if p.is(student) {
		return
	}
	if age >= 18 && age < 50 && u < h.hireOut {
		c.hire(i, p, again(p))
		return
	}
	switch {
	case c.r.Uint32() < h.outToIdle[p.county][broadBand(age)][b2i(p.is(female))]:
		c.turn(p, unemployed, c.someDay())
	case c.r.Uint32() < h.outToLoose[fiveYearBand(age)][b2i(p.is(female))]:
		p.div = c.drawInformal(c.r, p.is(urban))
		c.turn(p, informal, c.someDay())
	}
}

// liveAway brings people back from other cities, to work, to look for it, or
// to stay at home.
func (c *city) liveAway(p *person, u uint32, h *chances) {
	if u < h.comesBack {
		c.turn(p, c.afterwards(.5, .25), c.someDay())
	}
}
