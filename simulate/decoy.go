package simulate

// Decoys look like layoffs in the heads or in the changes, and are none.

// planDecoys founds their employers. All end three months or more before the
// last month.
func (c *city) planDecoys(r source) {
	c.planRetirementWave(r)
	c.planTransfer(r)
	c.planArrears(r)
	c.planDispatchSwitch(r)
	c.planSeasonalDips(r)
}

func (c *city) decoy(kind string, m int, firm int32, persons int, why reason, run func(*city, *event)) *event {
	return c.addEvent(&event{
		kind: kind, decoy: true, month: m, until: m, firm: firm, other: -1, notice: -1,
		persons: persons, why: why, run: run,
	})
}

// planRetirementWave: a tenth of the staff retires within weeks.
func (c *city) planRetirementWave(r source) {
	m := c.place(.2, false)
	e := c.decoy("retirement_wave", m, c.eventFirm(r, 3, "3411", 420), 45, retirement, func(c *city, e *event) {
		staff := c.workers(e.firm)
		e.staffBefore = int(c.firms[e.firm].before)
		n := min(e.persons, len(staff))
		for k, i := range staff[:n] {
			day := e.days[k*len(e.days)/n]
			e.note(day)
			c.leave(i, day, e.why, inactive)
		}
		c.firms[e.firm].target -= float32(n)
	})
	work := c.cal.workingDays(c.period(m))
	e.days = work[2 : len(work)-2]
}

// planTransfer: one employer of a group dissolves contracts by agreement,
// another takes the workers within days; some start there before they leave.
func (c *city) planTransfer(r source) {
	m := c.place(.4, false)
	head := c.eventFirm(r, 0, "0610", 60)
	from := c.eventFirm(r, 2, "0610", 520)
	to := c.eventFirm(r, 0, "0610", 310)
	c.firms[from].parent, c.firms[to].parent = head, head
	e := c.decoy("group_transfer", m, from, 150, employerProposed, func(c *city, e *event) {
		staff := c.workers(e.firm)
		e.staffBefore = int(c.firms[e.firm].before)
		c.r.Shuffle(len(staff), func(i, j int) { staff[i], staff[j] = staff[j], staff[i] })
		n := min(e.persons, len(staff))
		for k, i := range staff[:n] {
			out := e.days[3+k*3/n]
			e.note(out)
			if k%5 == 0 {
				c.join(i, e.days[k%3], e.other, transferredIn)
				c.people[i].since = int16(c.m)
				c.record(out, i, e.firm, e.why)
				continue
			}
			c.leave(i, out, e.why, informal)
			c.join(i, e.days[6+k%3], e.other, transferredIn)
		}
		c.firms[e.firm].target -= float32(n)
		c.firms[e.other].target += float32(n)
	})
	e.other = to
	e.days = c.cal.workingDays(c.period(m))[3:12]
}

// planArrears: an employer stops paying for two months, then resumes; nobody
// leaves.
func (c *city) planArrears(r source) {
	m := min(c.place(.25, true), c.opt.Months-6)
	e := c.decoy("arrears", m, c.eventFirm(r, 7, "3091", 380), 380, interruption, func(c *city, e *event) {
		f := &c.firms[e.firm]
		work := c.work
		switch c.m {
		case e.month:
			e.staffBefore = int(f.before)
			f.arrears = true
			for _, i := range c.workers(e.firm) {
				e.note(work[len(work)/2])
				c.record(work[len(work)/2], i, e.firm, interruption)
			}
		case e.month + 1:
			f.arrears = true
		default:
			for _, i := range c.workers(e.firm) {
				c.record(work[2], i, e.firm, resumed)
			}
			e.last = work[2]
		}
	})
	e.until = m + 2
}

// planDispatchSwitch: all staff is dismissed with notice one day and enrolled
// by a dispatch agency the next, for the same work.
func (c *city) planDispatchSwitch(r source) {
	m := c.place(.6, false)
	e := c.decoy("dispatch_switch", m, c.eventFirm(r, 9, "2821", 260), 260, dismissalNotice, func(c *city, e *event) {
		f := &c.firms[e.firm]
		e.staffBefore = int(f.before)
		staff := c.workers(e.firm)
		for _, i := range staff {
			e.note(e.days[0])
			c.leave(i, e.days[0], e.why, informal)
			c.join(i, e.days[0]+1, e.other, newEnrolment)
		}
		f.target = 0
		c.firms[e.other].target += float32(len(staff))
	})
	e.other = c.eventFirm(r, 0, "7263", 90)
	work := c.cal.workingDays(c.period(m))
	k := 5
	for work[k+1] != work[k]+1 {
		k++
	}
	e.days = work[k : k+2]
}

// planSeasonalDips: a builder lets contracts run out before each Spring
// Festival and takes the same people back about a month after it.
func (c *city) planSeasonalDips(r source) {
	builder := int32(-1)
	for y := c.first.Year(); y <= c.opt.End.Year(); y++ {
		festival := springFestival(y)
		m := int(c.cal.month(festival-10) - c.first)
		back := int(c.cal.month(festival+45) - c.first)
		if m < 1 || back > c.opt.Months-4 {
			continue
		}
		if builder < 0 {
			builder = c.eventFirm(r, 5, "4710", 350)
		}
		e := c.decoy("seasonal_dip", m, builder, 210, contractExpired, func(c *city, e *event) {
			if c.m == e.month {
				c.sendHome(e, festival)
			}
		})
		e.until = back
		for _, d := range c.cal.workingDays(c.period(m)) {
			if d >= festival-16 && d <= festival-3 {
				e.days = append(e.days, d)
			}
		}
	}
	if builder < 0 {
		c.leftOut("the decoy of a seasonal dip: no Spring Festival lies far enough from both ends")
	}
}

func (c *city) sendHome(e *event, festival int32) {
	f := &c.firms[e.firm]
	e.staffBefore = int(f.before)
	staff := c.workers(e.firm)
	n := min(e.persons, len(staff))
	c.r.Shuffle(len(staff), func(i, j int) { staff[i], staff[j] = staff[j], staff[i] })
	for k, i := range staff[:n] {
		day := e.days[k*len(e.days)/n]
		e.note(day)
		c.leave(i, day, e.why, informal)
		c.plan(c.cal.nextWorkingDay(festival+int32(c.r.between(25, 38))), i, e.firm, resumed)
	}
}
