package simulate

import "slices"

// reason of an enrolment or a termination; the order groups them.
type reason uint8

const (
	newEnrolment reason = iota
	transferredIn
	resumed
	// The first nine terminations are not the worker's will.
	contractExpired
	bankruptcy
	closure
	dismissalFault
	dismissalNotice
	redundancy
	dismissed
	employerProposed
	resignedForCause
	retirement
	death
	resigned
	employerLost
	movedInPool
	movedOutPool
	unpaidLeave
	interruption
	ended
	reasons
)

func (r reason) isIn() bool        { return r <= resumed }
func (r reason) involuntary() bool { return r >= contractExpired && r <= resignedForCause }

// reasonText is how offices write it, reasonCode the pause code in use, where
// there is one: some daily files carry codes instead of words.
var reasonText = [reasons]string{
	"新参保", "转入", "续保",
	"合同期满", "单位破产", "单位关闭解散", "过错解除", "提前通知解除", "经济性裁员", "辞退", "单位提出协商解除", "单位过错辞职",
	"在职转退休", "死亡", "个人主动解除", "单位失联", "统筹内转出", "统筹外转出", "停薪留职", "其他中断", "解除/终止合同",
}

var reasonCode = [reasons]string{
	retirement: "6501", death: "6401", movedInPool: "6302", movedOutPool: "6404",
	unpaidLeave: "6307", interruption: "6399", ended: "6301",
}

// change is one row of the daily extracts.
type change struct {
	day    int32
	person int32
	firm   int32
	reason reason
}

// returning is an enrolment that is already certain: of a mover, a seasonal
// worker, somebody dismissed who finds work.
type returning struct {
	day    int32
	person int32
	firm   int32
	reason reason
}

// record notes a change of this month.
func (c *city) record(day, person, firm int32, why reason) {
	c.changes = append(c.changes, change{day, person, firm, why})
	if why.isIn() {
		c.firms[firm].heads++
	} else {
		c.firms[firm].heads--
	}
}

// leave ends a person's insurance at its employer.
func (c *city) leave(i, day int32, why reason, next uint8) {
	p := &c.people[i]
	c.record(day, i, p.emp, why)
	c.turn(p, next, day)
}

// join insures a person at an employer.
func (c *city) join(i, day, firm int32, why reason) {
	p := &c.people[i]
	p.emp = firm
	p.base = contributionBase(c.r, p)
	c.record(day, i, firm, why)
	c.turn(p, formal, day)
}

// turn changes a person's state; until the reference day it also decides what
// the survey and the truth of the month see.
func (c *city) turn(p *person, state uint8, day int32) {
	if p.state != state {
		p.since = int16(c.m)
		if p.state == formal && state == unemployed && !c.staged {
			c.nowFromFormal[broadBand(c.age[p.birth])][b2i(p.is(female))]++
		}
		if state != formal {
			p.set(student, p.is(student) && state == inactive)
		}
	}
	p.state = state
	if day <= c.refDay {
		p.ref = state
	}
}

// plan files a later enrolment.
func (c *city) plan(day, person, firm int32, why reason) {
	m := int(c.cal.month(day) - c.first)
	c.returns[m] = append(c.returns[m], returning{day, person, firm, why})
	c.people[person].until = max(c.people[person].until, int16(m+1))
}

// enrolReturning carries out the enrolments planned for this month.
func (c *city) enrolReturning() {
	for _, t := range c.returns[c.m] {
		p := &c.people[t.person]
		f := &c.firms[t.firm]
		if p.state == dead || p.state == formal || f.closed >= 0 {
			continue
		}
		if int(f.strikes) == c.m && t.reason == transferredIn {
			continue // nobody starts where an event strikes: it could dismiss them before their first day
		}
		c.join(t.person, t.day, t.firm, t.reason)
	}
	delete(c.returns, c.m)
}

// sortChanges orders a month's changes by day, as they reach the office.
func (c *city) sortChanges() {
	slices.SortStableFunc(c.changes, func(a, b change) int { return int(a.day) - int(b.day) })
}
