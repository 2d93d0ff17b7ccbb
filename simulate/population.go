package simulate

import "math"

// committee is a residents' committee: the primary sampling unit, a run of
// whole households in people.
type committee struct {
	first, last int32 // people[first:last]
	households  int32
	stratum     uint16
	county      uint8
	urban       bool
}

// populate fills the counties with households, committee by committee.
func (c *city) populate() {
	r := newSource(c.opt.Seed, "population")
	n := c.opt.Persons
	c.people = make([]person, 0, n)
	size := min(800, max(250, n/600)) // persons of a committee
	total := 0.0
	for _, k := range c.counties {
		total += k.share
	}
	b := births{cal: c.cal, start: c.day0}
	left := n
	for i, k := range c.counties {
		in := int(float64(n) * k.share / total)
		if i == len(c.counties)-1 {
			in = left
		}
		left -= in
		urbanIn := int(float64(in) * k.urban)
		for _, part := range []struct {
			people int
			urban  bool
		}{{urbanIn, true}, {in - urbanIn, false}} {
			c.settle(r, &b, part.people, size, uint8(i), part.urban)
		}
	}
}

func (c *city) settle(r source, b *births, people, size int, county uint8, urb bool) {
	committees := max(2, int(math.Round(float64(people)/float64(size))))
	stratum := uint16(county) * 2
	if !urb {
		stratum++
	}
	end := len(c.people) + people
	for k := range committees {
		u := committee{first: int32(len(c.people)), stratum: stratum, county: county, urban: urb}
		target := people * (k + 1) / committees
		// Committees differ in size; the last one of a stratum takes the rest.
		stop := end - people + target
		if k < committees-1 {
			stop += r.between(-size/4, size/4)
		}
		for len(c.people) < stop {
			u.households++
			c.household(r, b, county, urb, stop)
		}
		u.last = int32(len(c.people))
		if u.households > 0 {
			c.committees = append(c.committees, u)
		}
	}
}

// household adds one household, cut where the committee ends.
func (c *city) household(r source, b *births, county uint8, urb bool, stop int) {
	var ages [8]int
	n := 0
	add := func(age int) {
		if n < len(ages) && len(c.people)+n < stop {
			ages[n] = min(max(age, 0), 95)
			n++
		}
	}
	var sexes [8]bool // true female
	couple := func(age int) {
		add(age)
		add(age + r.between(-4, 2))
		if n >= 2 {
			sexes[n-1] = true
		}
	}
	switch k := r.Float64(); {
	case k < .15: // alone
		if r.hit(.5) {
			add(r.between(60, 88))
		} else {
			add(r.between(20, 59))
		}
		sexes[0] = r.hit(.5)
	case k < .40:
		couple(25 + int(58*math.Pow(r.Float64(), 1.35)))
	case k < .76:
		head := r.between(27, 54)
		couple(head)
		for range 1 + r.IntN(2) + b2i(r.hit(.12)) {
			sexes[min(n, 7)] = r.hit(.48)
			add(head - r.between(22, 33))
		}
	case k < .92:
		head := r.between(29, 52)
		couple(head)
		for range 1 + r.IntN(2) {
			sexes[min(n, 7)] = r.hit(.48)
			add(head - r.between(22, 31))
		}
		for range 1 + r.IntN(2) {
			sexes[min(n, 7)] = r.hit(.55)
			add(head + r.between(22, 30))
		}
	default:
		head := r.between(30, 60)
		sexes[0] = r.hit(.6)
		add(head)
		sexes[1] = r.hit(.48)
		add(head - r.between(22, 33))
	}
	for i := range n {
		p := person{emp: -1, county: county, since: -1}
		p.set(headsHousehold, i == 0)
		p.set(female, sexes[i])
		p.set(urban, urb)
		p.birth, p.seq = b.draw(r, ages[i], sexes[i])
		c.people = append(c.people, p)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// births hands out birth days and the order numbers of the ID: odd for men,
// even for women, unique by day.
type births struct {
	cal   *calendar
	start int32
	used  [2][1 << 16]uint16
}

func (b *births) draw(r source, age int, fem bool) (birth, seq uint16) {
	sex := b2i(fem)
	for {
		d := b.start - int32(age*36525/100) - int32(r.IntN(365))
		d = max(d, 1)
		if n := b.used[sex][d]; n < 497 {
			b.used[sex][d]++
			seq = 2*n + 1
			if fem {
				seq = 2*n + 2
			}
			return uint16(d), seq
		}
	}
}
