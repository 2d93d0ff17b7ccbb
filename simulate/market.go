package simulate

// market is what the employment service keeps: registrations of the
// unemployed, seekers, postings. Only what is open or closed this month stays.
type market struct {
	r        source
	spells   []spell
	seekers  []seeker
	postings []posting
	spellNo  int
	seekerNo int
	postNo   int
	idle     []int32 // reused
}

// spell is one registration as unemployed.
type spell struct {
	person, no, last   int32 // last employer, -1 none
	registered, closed int32 // days; closed 0 while open
	county, why, exit  uint8
}

// seeker is one spell at the employment service.
type seeker struct {
	person, no         int32
	registered, closed int32
	div                int16 // index of industries, -1 for any
	occ, county        uint8
}

// posting is one vacancy notice.
type posting struct {
	no, firm       int32
	posted, closed int32
	low, high      int32 // yuan a month
	openings       int16
	div, edu       uint8
	form           uint8 // how the notice is worded
}

// Reasons of registration and of its end, as offices write them.
const (
	whyGraduation = iota
	whyEmployer
	whyOwnerClosed
	whyLand
	whyVeteran
	whyReleased
	whyOther
)

var registrationReasons = [...]string{"毕业", "单位失业", "业主停产/终止灵活就业", "征地", "退役未安置", "刑释等", "其他"}

const (
	exitJob = iota
	exitRetired
	exitMoved
	exitDied
	exitLapsed
)

var registrationExits = [...]string{"就业", "退休", "迁出", "死亡", "未按期核验"}

// registeredRate is the registered unemployed over them and the insured, and
// seekerShare the seekers per person, that the service's stocks tend to.
const (
	registeredRate = .031
	seekerShare    = .012
	openingsRatio  = 1.14
)

func newMarket(c *city) *market {
	k := &market{r: newSource(c.opt.Seed, "market")}
	c.monthEnd = c.day0 - 1
	k.gather(c)
	want := registeredRate / (1 - registeredRate) * float64(c.formal)
	share := want / float64(max(1, len(k.idle)))
	for _, i := range k.idle {
		if k.r.Float64() < share {
			ago := min(int32(k.r.ExpFloat64()*150), 700)
			k.register(c, i, c.day0-1-ago)
		}
	}
	for range int(seekerShare * float64(c.opt.Persons)) {
		k.seek(c, c.day0-1-int32(k.r.IntN(75)))
	}
	for k.open() < seekerShare*openingsRatio*float64(c.opt.Persons) {
		k.post(c, c.day0-1-int32(k.r.IntN(40)))
	}
	return k
}

// step opens and closes what this month brings.
func (k *market) step(c *city) {
	k.closeSpells(c)
	k.openSpells(c)
	k.turnSeekers(c)
	k.turnPostings(c)
}

func (k *market) day(c *city) int32 { return c.work[k.r.IntN(len(c.work))] }

// gather lists the unemployed who could register.
func (k *market) gather(c *city) {
	k.idle = k.idle[:0]
	for i := range c.people {
		p := &c.people[i]
		if p.state == unemployed && !p.is(registered) {
			if age := c.age[p.birth]; age >= 16 && age < p.retirementAge() {
				k.idle = append(k.idle, int32(i))
			}
		}
	}
}

func (k *market) openSpells(c *city) {
	k.gather(c)
	open := 0
	for i := range k.spells {
		if k.spells[i].closed == 0 {
			open++
		}
	}
	insured := 0
	for i := range c.firms {
		insured += int(c.firms[i].heads)
	}
	want := registeredRate / (1 - registeredRate) * float64(insured)
	chance := max(.05, (want-float64(open))/float64(max(1, len(k.idle))))
	for _, i := range k.idle {
		p := &c.people[i]
		own := chance
		if p.emp >= 0 && int(p.since) >= c.m-1 {
			own *= 1.8 // who just lost a job comes first
		}
		if k.r.Float64() >= own {
			continue
		}
		day := k.day(c)
		if int(p.since) == c.m {
			day = c.work[len(c.work)-1-k.r.IntN(len(c.work)/3)]
		}
		k.register(c, i, day)
		if k.r.hit(.008) { // registered twice, elsewhere
			twin := k.spells[len(k.spells)-1]
			k.spellNo++
			twin.no = int32(k.spellNo)
			twin.county = uint8((int(twin.county) + 1 + k.r.IntN(len(c.counties)-1)) % len(c.counties))
			k.spells = append(k.spells, twin)
		}
	}
}

func (k *market) register(c *city, i, day int32) {
	p := &c.people[i]
	k.spellNo++
	s := spell{person: i, no: int32(k.spellNo), last: -1, registered: day, county: p.county, why: whyOther}
	switch {
	case p.groups&isGraduate != 0 && p.emp < 0:
		s.why = whyGraduation
	case p.emp >= 0:
		s.why, s.last = whyEmployer, p.emp
	default:
		s.why = [...]uint8{whyOwnerClosed, whyOwnerClosed, whyOther, whyOther, whyLand, whyVeteran, whyReleased}[k.r.IntN(7)]
		if s.why == whyVeteran && p.groups&isVeteran == 0 {
			s.why = whyOwnerClosed
		}
	}
	k.spells = append(k.spells, s)
	p.set(registered, true)
}

func (k *market) closeSpells(c *city) {
	first := firstDay(c.period(c.m))
	kept := k.spells[:0]
	for _, s := range k.spells {
		if s.closed != 0 && s.closed < first {
			continue
		}
		p := &c.people[s.person]
		if s.closed == 0 {
			if exit, ok := k.ends(c, p); ok {
				s.exit = exit
				s.closed = max(k.day(c), s.registered+1)
				p.set(registered, false)
			}
		}
		kept = append(kept, s)
	}
	k.spells = kept
}

// ends tells whether an open registration is closed this month. Some people
// find work and tell nobody for a while.
func (k *market) ends(c *city, p *person) (exit uint8, ok bool) {
	switch p.state {
	case unemployed:
		return exitLapsed, k.r.hit(.02)
	case formal:
		return exitJob, k.r.hit(.9)
	case informal:
		return exitJob, k.r.hit(.55)
	case away:
		return exitMoved, k.r.hit(.6)
	case dead:
		return exitDied, true
	}
	if c.age[p.birth] >= p.retirementAge() {
		return exitRetired, true
	}
	return exitLapsed, k.r.hit(.4)
}

func (k *market) turnSeekers(c *city) {
	first := firstDay(c.period(c.m))
	kept := k.seekers[:0]
	for _, s := range k.seekers {
		if s.closed != 0 && s.closed < first {
			continue
		}
		p := &c.people[s.person]
		if s.closed == 0 && (p.state >= away || p.state == formal || k.r.hit(.3)) {
			s.closed = max(k.day(c), s.registered+1)
			p.set(seeking, false)
		}
		kept = append(kept, s)
	}
	k.seekers = kept
	for range k.r.poisson(seekerShare * float64(c.opt.Persons) * .37 * season[c.period(c.m).Month()]) {
		k.seek(c, k.day(c))
	}
}

// seek registers one more seeker: the unemployed mostly, some who want
// another job.
func (k *market) seek(c *city, day int32) {
	wantIdle := k.r.hit(.75)
	for range 4000 {
		i := int32(k.r.IntN(len(c.people)))
		p := &c.people[i]
		if p.is(seeking) || p.state == unemployed != wantIdle || !inLaborForce(p.state) || c.age[p.birth] >= 60 {
			continue
		}
		k.seekerNo++
		s := seeker{person: i, no: int32(k.seekerNo), registered: day, div: -1, occ: p.occ, county: p.county}
		if k.r.hit(.7) {
			s.div = int16(k.r.IntN(len(industries)))
		}
		p.set(seeking, true)
		k.seekers = append(k.seekers, s)
		return
	}
}

func (k *market) open() float64 {
	sum := 0
	for _, p := range k.postings {
		sum += int(p.openings)
	}
	return float64(sum)
}

func (k *market) turnPostings(c *city) {
	first := firstDay(c.period(c.m))
	kept := k.postings[:0]
	for _, p := range k.postings {
		if p.closed >= first {
			kept = append(kept, p)
		}
	}
	k.postings = kept
	want := seekerShare * openingsRatio * float64(c.opt.Persons) / season[c.period(c.m).Month()]
	for k.open() < want*1.3 {
		for range 8 {
			k.post(c, k.day(c))
		}
	}
}

func (k *market) post(c *city, day int32) {
	f := k.drawFirm(c)
	k.postNo++
	low := int32(28+k.r.IntN(40)) * 100
	p := posting{
		no: int32(k.postNo), firm: f, posted: day, closed: day + int32(k.r.between(12, 75)),
		low: low, high: low + int32(5+k.r.IntN(30))*100,
		openings: int16(min(60, k.r.pareto(1.1, 1, 60))), div: c.firms[f].div,
		edu: uint8(k.r.IntN(6)), form: uint8(k.r.IntN(20)),
	}
	k.postings = append(k.postings, p)
}

// drawFirm picks an employer, large ones more often.
func (k *market) drawFirm(c *city) int32 {
	for {
		i := k.r.IntN(len(c.firms))
		if f := &c.firms[i]; f.closed < 0 && k.r.Float64()*60 < float64(f.heads+1) {
			return int32(i)
		}
	}
}
