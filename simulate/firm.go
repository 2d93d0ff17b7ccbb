package simulate

import (
	"fmt"
	"math"

	"laborwatch/period"
)

// firm is one employer.
type firm struct {
	uscc      string
	name      string
	target    float32 // insured heads it wants
	parent    int32   // firm, -1 none
	heads     int32   // insured now
	before    int32   // insured at the end of last month and paid for
	opened    int16   // month, -1 before the start
	closed    int16   // month, -1 never
	holdUntil int16   // no hiring before this month
	strikes   int16   // month of its event, -1 none
	county    uint8
	town      uint8
	div       uint8 // index of industries
	ownership uint8
	recent    [2]uint8 // background dismissals of this and last month
	planned   bool     // belongs to an event: its background stays quiet
	still     bool     // nobody comes or goes in the background this month
	arrears   bool     // does not pay this month
}

var ownerships = [...]string{"国有", "集体", "私营", "股份合作", "外商投资"}

func sizeName(heads float32) string {
	switch {
	case heads >= 1000:
		return "大型"
	case heads >= 300:
		return "中型"
	case heads >= 20:
		return "小型"
	}
	return "微型"
}

// newFirm adds an employer and returns its index.
func (c *city) newFirm(r source, county uint8, div uint8, target float32) int32 {
	i := len(c.firms)
	f := firm{
		uscc: creditCode(c.opt.Region, i+1), county: county, div: div, target: target,
		parent: -1, opened: -1, closed: -1, strikes: -1, ownership: 2,
		town: uint8(r.IntN(len(c.counties[county].towns))),
	}
	if target > 200 && r.hit(.4) {
		f.ownership = 0
	} else if r.hit(.2) {
		f.ownership = uint8(r.IntN(len(ownerships)))
	}
	n := len(syllables)
	a, b := i%n, i/n%n
	f.name = fmt.Sprintf("测试%s%s%d%s有限公司", syllables[a], syllables[b], i/(n*n)+1, industries[div].noun)
	c.firms = append(c.firms, f)
	return int32(i)
}

// foundFirms gives every formal worker a place: the employers of events with
// the sizes they need, then others with heavy-tailed sizes until all are placed.
func (c *city) foundFirms() error {
	r := newSource(c.opt.Seed, "firms")
	c.planEvents(r)
	taken := 0
	for i := range c.firms {
		taken += int(c.firms[i].target)
	}
	rest := c.formalPeople() - taken
	if rest < taken/4 {
		return fmt.Errorf("%d persons are too few for the events' employers; take 50,000 or more", c.opt.Persons)
	}
	weights := make([]float64, len(industries))
	sum := 0.0
	for i, k := range industries {
		sum += k.weight
		weights[i] = sum
	}
	largest := min(30_000, math.Max(200, float64(rest)*.03))
	for rest > 0 {
		u, div := r.Float64()*sum, 0
		for weights[div] < u {
			div++
		}
		size := r.pareto(1.02, 1, largest/8) * industries[div].scale
		n := min(rest, max(1, int(math.Round(size))))
		c.newFirm(r, c.drawCounty(r), uint8(div), float32(n))
		rest -= n
	}
	for range len(c.firms) / 4 { // registered, but nobody insured
		c.newFirm(r, c.drawCounty(r), uint8(r.IntN(len(industries))), 0)
	}
	c.baseTarget = float64(c.formalPeople())
	return nil
}

// drawCounty picks a county for an employer: towns have more of them.
func (c *city) drawCounty(r source) uint8 {
	for {
		i := r.IntN(len(c.counties))
		k := c.counties[i]
		if r.Float64() < k.share*(.35+.65*k.urban)/.1 {
			return uint8(i)
		}
	}
}

// fillFirms gives the formal workers their employers: in their own county
// while it has places, elsewhere in the city then.
func (c *city) fillFirms() {
	r := newSource(c.opt.Seed, "places")
	places := make([][]int32, len(c.counties))
	for i := range c.firms {
		f := &c.firms[i]
		for range int(f.target) {
			places[f.county] = append(places[f.county], int32(i))
		}
	}
	for _, p := range places {
		r.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
	}
	var homeless []int32
	take := func(person int32, county int) bool {
		p := places[county]
		if len(p) == 0 {
			return false
		}
		f := p[len(p)-1]
		places[county] = p[:len(p)-1]
		c.people[person].emp = f
		c.firms[f].heads++
		return true
	}
	for i := range c.people {
		if p := &c.people[i]; p.state == formal && !take(int32(i), int(p.county)) {
			homeless = append(homeless, int32(i))
		}
	}
	k := 0
	for _, i := range homeless {
		for !take(i, k) {
			k++
		}
	}
	for i := range c.firms {
		c.firms[i].before = c.firms[i].heads
	}
}

// growFirms moves targets once a month: drift of each employer, a few new
// ones, and a common trend that keeps the city's insured heads on their path.
func (c *city) growFirms(m int) {
	r := c.r
	sum, quiet := 0.0, 0.0
	for i := range c.firms {
		f := &c.firms[i]
		f.recent[1], f.recent[0] = f.recent[0], 0
		if f.planned {
			quiet += float64(f.target)
			continue
		}
		if f.closed < 0 && f.target > 0 {
			f.target *= float32(math.Exp(.012 * r.NormFloat64()))
			sum += math.Round(float64(f.target))
		}
	}
	for range r.poisson(float64(len(c.firms)) * .002) {
		i := c.newFirm(r, c.drawCounty(r), uint8(r.IntN(len(industries))), float32(1+r.IntN(6)))
		c.firms[i].opened = int16(m)
		sum += float64(c.firms[i].target)
	}
	// Jobs lost in events come back elsewhere, a fifth of the rest each month.
	c.lost *= .8
	path := c.baseTarget*math.Pow(1+yearlyGrowth, float64(m)/12) - c.lost
	scale := float32(min(1.02, max(.98, (path-quiet)/sum)))
	for i := range c.firms {
		if f := &c.firms[i]; !f.planned && f.closed < 0 {
			f.target *= scale
		}
	}
}

// yearlyGrowth of insured heads: work that was informal becomes insured.
const yearlyGrowth = .024

// dismissalCap bounds an employer's background dismissals of two months
// running, so that no 30-day window reaches an alert level outside events.
func dismissalCap(heads int32) int {
	if heads <= 44 {
		return 1
	}
	return min(15, int(.045*float64(heads)))
}

// listOpenings lists an employer once per free place, by county, shuffled, and
// counts the places.
func (c *city) listOpenings(m int) int {
	for k := range c.openings {
		c.openings[k] = c.openings[k][:0]
	}
	n := 0
	for i := range c.firms {
		f := &c.firms[i]
		if f.closed >= 0 || f.still || int(f.holdUntil) > m {
			continue
		}
		for range int(math.Round(float64(f.target))) - int(f.heads) {
			c.openings[f.county] = append(c.openings[f.county], int32(i))
			n++
		}
	}
	for _, o := range c.openings {
		c.r.Shuffle(len(o), func(i, j int) { o[i], o[j] = o[j], o[i] })
	}
	return n
}

// takeOpening gives an employer with a place, of the county when it has one,
// and not the one to avoid.
func (c *city) takeOpening(county uint8, avoid int32) (int32, bool) {
	n := len(c.openings)
	for k := range n {
		o := c.openings[(int(county)+k)%n]
		for j := len(o) - 1; j >= max(0, len(o)-3); j-- {
			if f := o[j]; f != avoid {
				o[j] = o[len(o)-1]
				c.openings[(int(county)+k)%n] = o[:len(o)-1]
				return f, true
			}
		}
	}
	return 0, false
}

func (c *city) period(m int) period.Period { return c.first.Add(m) }
