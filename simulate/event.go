package simulate

import (
	"cmp"
	"fmt"
	"slices"
)

// event is something injected at a known date: a layoff, a closure, a slump's
// part, or a decoy that looks like one and must raise nothing.
type event struct {
	id, kind string
	decoy    bool
	level    int // 1 red to 4 blue; 0 for decoys
	month    int
	firm     int32 // -1 for the row that stands for a slump as a whole
	other    int32 // employer that takes the workers over; -1 none
	persons  int   // planned terminations
	rehired  int   // of them insured elsewhere within two months
	why      reason
	days     []int32 // when terminations happen
	until    int     // month after which the employers live as others do
	notice   int     // index of notices, -1 none
	run      func(*city, *event)

	staffBefore int
	done        int // terminations carried out
	first, last int32
}

// notice is a filed layoff plan.
type notice struct {
	no             string
	firm           int32
	told, reported int32
	from, to       int32
	count, staff   int
	why            string
}

// layoffPlan describes an event's employer before it exists.
type layoffPlan struct {
	kind    string
	level   int
	county  int
	class   string
	staff   int
	persons int
	at      float64 // place in the span of months that events may take
	early   bool    // within the first year: insured heads fall visibly
	day     int     // working day of the month it begins on
	spread  int     // over so many working days
	why     reason
	notice  int // days ahead; 0 none
	rehired int
}

// layoffs at each level, with and without a notice. Sizes keep away from
// the levels' bounds, so that a few heads more or less change nothing.
var layoffs = []layoffPlan{
	{"layoff", 4, 7, "1392", 180, 12, .08, false, 4, 3, contractExpired, 0, 0},
	{"layoff", 3, 5, "3511", 400, 30, .30, false, 6, 4, redundancy, 36, 0},
	{"layoff", 2, 8, "3130", 700, 80, .55, false, 3, 6, employerProposed, 0, 0},
	{"layoff", 1, 0, "0610", 2000, 260, .12, true, 5, 8, redundancy, 41, 0},
	{"layoff", 2, 3, "3411", 620, 60, .75, false, 7, 3, redundancy, 6, 0},
	{"layoff", 3, 1, "5212", 64, 8, .45, false, 5, 2, dismissalNotice, 0, 0},
	{"layoff", 4, 6, "7010", 17, 4, .90, false, 4, 1, dismissed, 0, 0},
	{"closure", 1, 9, "1751", 640, 640, 0, true, 8, 3, closure, 47, 0},
	{"layoff_rehired", 3, 1, "3841", 1000, 90, .65, false, 6, 4, redundancy, 33, 45},
	{"layoff", 2, 2, "0610", 520, 62, 1, false, 5, 5, dismissalNotice, 38, 0},
}

// slump strikes one industry of one county: over 1,500 net dismissals within
// 30 days, each employer at its own level too.
const (
	slumpCounty  = 4
	slumpClass   = "2653"
	slumpPersons = 100_000 // a city of fewer cannot bear it
)

var slump = []layoffPlan{
	{"slump_employer", 1, slumpCounty, slumpClass, 900, 620, .06, true, 3, 6, redundancy, 40, 0},
	{"slump_employer", 1, slumpCounty, slumpClass, 620, 420, .06, true, 5, 5, redundancy, 0, 0},
	{"slump_employer", 1, slumpCounty, slumpClass, 520, 270, .06, true, 6, 6, employerProposed, 12, 0},
	{"slump_employer", 2, slumpCounty, slumpClass, 420, 190, .06, true, 7, 4, redundancy, 0, 0},
	{"slump_employer", 2, slumpCounty, slumpClass, 330, 110, .06, true, 8, 4, redundancy, 35, 0},
	{"slump_employer", 3, slumpCounty, slumpClass, 300, 28, .06, true, 9, 2, dismissed, 0, 0},
	{"slump_employer", 4, slumpCounty, slumpClass, 150, 10, .06, true, 9, 2, contractExpired, 0, 0},
}

// span gives the months that events may take: from the fifth to the fifth
// before the last, so that two months of rehiring and a year's end remain.
func (c *city) span() (lo, hi int) { return 4, c.opt.Months - 5 }

func (c *city) place(at float64, early bool) int {
	lo, hi := c.span()
	m := lo + int(at*float64(hi-lo)+.5)
	if early {
		m = min(m, 8)
	}
	return m
}

// planEvents founds the employers of all events and fixes their dates.
func (c *city) planEvents(r source) {
	if lo, hi := c.span(); hi < lo {
		c.leftOut("all events and decoys: they need 9 months or more")
	} else {
		for _, l := range layoffs {
			c.planLayoff(r, l, "")
		}
		if c.opt.Persons >= slumpPersons {
			c.planSlump(r)
		} else {
			c.leftOut(fmt.Sprintf("the slump of one industry in one county: it needs %d persons", slumpPersons))
		}
		c.planDecoys(r)
	}
	slices.SortStableFunc(c.events, func(a, b *event) int { return cmp.Compare(a.month, b.month) })
	c.backgroundNotices(r)
	slices.SortStableFunc(c.notices, func(a, b notice) int { return cmp.Compare(a.reported, b.reported) })
	c.numberNotices()
}

func (c *city) leftOut(what string) { c.sum.LeftOut = append(c.sum.LeftOut, what) }

func (c *city) addEvent(e *event) *event {
	if e.id == "" {
		c.eventNo++
		e.id = fmt.Sprintf("E%02d", c.eventNo)
	}
	if e.firm >= 0 {
		c.firms[e.firm].strikes = int16(e.month)
	}
	c.events = append(c.events, e)
	return e
}

func (c *city) planLayoff(r source, l layoffPlan, id string) *event {
	m := c.place(l.at, l.early)
	work := c.cal.workingDays(c.period(m))
	first := min(l.day, len(work)-l.spread)
	e := &event{
		id: id, kind: l.kind, level: l.level, month: m, other: -1, notice: -1,
		firm:    c.eventFirm(r, l.county, l.class, l.staff),
		persons: l.persons, rehired: l.rehired, why: l.why,
		days: work[first : first+l.spread], until: m + 3, run: (*city).layOff,
	}
	if l.notice > 0 {
		e.notice = len(c.notices)
		c.fileNotice(e, l)
	}
	return c.addEvent(e)
}

func (c *city) planSlump(r source) {
	whole := c.addEvent(&event{kind: "slump", level: 1, month: c.place(slump[0].at, true), firm: -1, other: -1, notice: -1})
	for i, l := range slump {
		c.planLayoff(r, l, fmt.Sprintf("%s-%d", whole.id, i+1))
	}
}

// eventFirm founds an employer whose background stays quiet.
func (c *city) eventFirm(r source, county int, class string, staff int) int32 {
	i := c.newFirm(r, uint8(county), industryOf(class), float32(staff))
	c.firms[i].planned = true
	return i
}

// fileNotice reports a plan the stated number of days before the first
// dismissal, on a working day. Staff is told two days before the report; who
// reports late told nobody earlier.
func (c *city) fileNotice(e *event, l layoffPlan) {
	reported := e.days[0] - int32(l.notice)
	for !slices.Contains(c.cal.workingDays(c.cal.month(reported)), reported) {
		reported--
	}
	told := reported
	if l.notice >= 30 {
		told -= 2
	}
	c.notices = append(c.notices, notice{
		firm: e.firm, told: told, reported: reported, from: e.days[0], to: e.days[len(e.days)-1],
		count: e.persons, staff: l.staff, why: "生产经营发生严重困难",
	})
}

// backgroundNotices are plans of employers that then lay off nobody.
func (c *city) backgroundNotices(r source) {
	for m := range c.opt.Months {
		work := c.cal.workingDays(c.period(m))
		reported := work[r.IntN(len(work))]
		from := c.cal.nextWorkingDay(reported + 35)
		c.notices = append(c.notices, notice{
			firm: -1, told: reported - 1, reported: reported, from: from, to: from + 20,
			count: r.between(5, 15), staff: r.between(100, 300), why: "企业转产、重大技术革新或者经营方式调整",
		})
	}
}

// numberNotices gives numbers by date of report and lets events find theirs.
func (c *city) numberNotices() {
	byFirm := map[int32]*event{}
	for _, e := range c.events {
		if e.notice >= 0 {
			byFirm[e.firm] = e
		}
	}
	for i := range c.notices {
		n := &c.notices[i]
		n.no = fmt.Sprintf("CY%s%03d", c.cal.ymd[n.reported][:6], i+1)
		if e := byFirm[n.firm]; e != nil {
			e.notice = i
		}
	}
}

// runEvents carries out what is planned for this month.
func (c *city) runEvents() {
	c.staged = true
	defer func() { c.staged = false }()
	for _, e := range c.events {
		if e.run != nil && c.m >= e.month && c.m <= e.until {
			if e.kind == "seasonal_dip" || e.kind == "arrears" {
				c.firms[e.firm].still = true
			}
			e.run(c, e)
		}
	}
}

// workers lists those insured by an employer, oldest first.
func (c *city) workers(firm int32) []int32 {
	var out []int32
	for i := range c.people {
		if p := &c.people[i]; p.emp == firm && p.state == formal {
			out = append(out, int32(i))
		}
	}
	slices.SortStableFunc(out, func(a, b int32) int { return cmp.Compare(c.people[a].birth, c.people[b].birth) })
	return out
}

// note remembers what an event did to whom.
func (e *event) note(day int32) {
	if e.done == 0 || day < e.first {
		e.first = day
	}
	e.last = max(e.last, day)
	e.done++
}

// layOff dismisses workers at random over the event's days. They are enrolled
// nowhere for three months but for the stated number, who start elsewhere
// within weeks.
func (c *city) layOff(e *event) {
	f := &c.firms[e.firm]
	if c.m != e.month {
		return
	}
	staff := c.workers(e.firm)
	e.staffBefore = int(f.before)
	c.r.Shuffle(len(staff), func(i, j int) { staff[i], staff[j] = staff[j], staff[i] })
	n := min(e.persons, len(staff))
	if e.kind == "closure" {
		n = len(staff)
	}
	// Newcomers last: who was insured elsewhere weeks ago counts as having moved.
	slices.SortStableFunc(staff, func(a, b int32) int { return b2i(c.newcomer(a)) - b2i(c.newcomer(b)) })
	for k, i := range staff[:n] {
		day := e.days[k*len(e.days)/n]
		e.note(day)
		if k < e.rehired {
			c.leave(i, day, e.why, informal)
			c.plan(c.cal.nextWorkingDay(day+int32(c.r.between(25, 45))), i, c.anyEmployer(), transferredIn)
			continue
		}
		c.leave(i, day, e.why, c.afterwards(.45, .35))
		c.people[i].until = int16(c.m + 4)
	}
	f.target = float32(f.heads)
	f.holdUntil = int16(c.m + 4)
	c.lost += float64(n)
	if e.kind == "closure" {
		f.closed = int16(c.m)
	}
}

func (c *city) newcomer(i int32) bool { return int(c.people[i].since) >= c.m-2 }

// anyEmployer is an employer of the background of some size.
func (c *city) anyEmployer() int32 {
	for {
		i := int32(c.r.IntN(len(c.firms)))
		if f := &c.firms[i]; !f.planned && f.closed < 0 && f.heads >= 10 {
			return i
		}
	}
}
