package simulate

import "math"

// formalShare is the share of all persons who are insured at the start.
const formalShare = .275

// begin gives everyone what they are and do in the month before the first.
func (c *city) begin() {
	r := newSource(c.opt.Seed, "begin")
	c.cal.ages(c.day0, &c.age)
	wanted := make([]float32, 0)
	sum := 0.0
	for i := range c.people {
		p := &c.people[i]
		c.endow(r, p, c.age[p.birth])
		w := 0.0
		if p.state == informal {
			w = formalWeight(p, c.age[p.birth])
		}
		wanted = append(wanted, float32(w))
		sum += w
	}
	scale := formalShare * float64(len(c.people)) / sum
	for range 4 { // weights above one are cut: scale up what is left
		got := 0.0
		for _, w := range wanted {
			got += math.Min(1, float64(w)*scale)
		}
		scale *= formalShare * float64(len(c.people)) / got
	}
	for i := range c.people {
		p := &c.people[i]
		if p.state == informal && r.Float64() < float64(wanted[i])*scale {
			p.state = formal
			p.base = contributionBase(r, p)
			c.formal++
		}
		p.ref = p.state
	}
}

func (c *city) formalPeople() int { return c.formal }

// endow draws education, hukou, groups and the first state of a person.
func (c *city) endow(r source, p *person, age uint8) {
	p.edu = drawEducation(r, age, p.is(urban))
	p.occ = uint8(r.between(2, 6))
	if r.hit(.06) {
		p.occ = uint8(1 + 6*r.IntN(2))
	}
	if p.is(urban) && r.hit(.13) {
		p.set(migrant, true)
		p.set(agricultural, r.hit(.7))
	}
	p.div = c.drawInformal(r, p.is(urban))
	if age < 16 {
		p.state = child
		p.set(student, age >= 6)
		return
	}
	c.group(r, p, age)
	if age <= 24 && r.Float64() < studying(age) {
		p.set(student, true)
	}
	sex := b2i(p.is(female))
	joins := participation[fiveYearBand(age)][sex]
	if p.is(student) {
		joins *= .08
	} else if age < 25 {
		joins = math.Min(.9, joins*1.6)
	}
	leaves := .05
	if !p.is(urban) {
		leaves = .085
	}
	switch {
	case age >= 18 && age <= 50 && !p.is(student) && r.hit(leaves):
		p.state = away
	case r.Float64() >= joins:
		p.state = inactive
	case r.Float64() < idleTarget[broadBand(age)]*c.counties[p.county].risk:
		p.state = unemployed
		p.since = int16(-1 - int(r.ExpFloat64()*6))
	default:
		p.state = informal
	}
}

// studying is the share of an age that is at school.
func studying(age uint8) float64 {
	switch {
	case age <= 17:
		return .92
	case age == 18:
		return .75
	case age <= 21:
		return .52
	case age == 22:
		return .3
	}
	return .1
}

func drawEducation(r source, age uint8, urb bool) uint8 {
	u := r.Float64()
	if urb {
		u = math.Min(.999, u*1.08)
	} else {
		u *= .88
	}
	switch {
	case age < 16:
		return 0
	case age >= 60:
		return pick(u, .45, .82, .94, .98, .999)
	case age >= 40:
		return pick(u, .15, .62, .80, .92, .99)
	}
	return pick(u, .03, .38, .60, .80, .97)
}

// pick gives the place of u among rising bounds.
func pick(u float64, bounds ...float64) uint8 {
	for i, b := range bounds {
		if u < b {
			return uint8(i)
		}
	}
	return uint8(len(bounds))
}

// group draws memberships of key groups; they overlap.
func (c *city) group(r source, p *person, age uint8) {
	rural := !p.is(urban)
	put := func(bit uint16, share float64) {
		if r.hit(share) {
			p.groups |= bit
		}
	}
	if p.edu >= 3 && age >= 21 && age <= 25 {
		put(isGraduate, .6)
	}
	if (rural || p.is(agricultural)) && age <= 60 {
		put(isMigrantWorker, .35)
	}
	if !p.is(female) && age >= 20 && age <= 60 {
		put(isVeteran, .03)
	}
	put(isDisabled, .025)
	if age >= 40 && age <= 60 {
		put(isHardToEmploy, .04)
	}
	put(isZeroEmployment, .004)
	if rural {
		put(isPovertyRelieved, .08)
		put(isRelocated, .012)
	}
	if age >= 35 && age <= 60 && !rural {
		put(isDecapacity, .01)
	}
}

// formalWeight is how likely a working person is insured, up to a factor.
func formalWeight(p *person, age uint8) float64 {
	w := .62
	if p.is(urban) {
		w = 1
	}
	w *= []float64{.45, .75, .95, 1.15, 1.3, 1.4}[p.edu]
	switch {
	case age < 20:
		w *= .35
	case age >= p.retirementAge():
		w = 0
	}
	return w
}

// contributionBase is 60 % to 300 % of an average wage, in yuan.
func contributionBase(r source, p *person) uint16 {
	v := 5200 * math.Exp(.38*r.NormFloat64()+.08*(float64(p.edu)-2))
	return uint16(min(19_200, max(3_840, int(v/10)*10)))
}

// drawInformal picks what an uninsured worker does.
func (c *city) drawInformal(r source, urb bool) uint8 {
	for {
		i := r.IntN(len(industries))
		w := industries[i].loose / 14
		if urb && industries[i].class[0] == '0' {
			w *= .1
		}
		if r.Float64() < w {
			return uint8(i)
		}
	}
}
