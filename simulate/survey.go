package simulate

import "math"

// survey is the labor force survey's sample: residents' committees drawn by
// probability proportional to size within county × urban or rural, kept for
// the whole time; in each, twelve dwellings a month in the rotation 2-10-2.
// Three dwellings enter each month, stay two months, rest ten, come back for
// two: those of this month entered now, one, twelve and thirteen months ago.
type survey struct {
	r       source
	sampled []samplePSU
}

type samplePSU struct {
	committee int32
	homes     []int32 // first person of each household, in random order
	weight    float64 // inverse inclusion probability of a dwelling
}

// perEntry dwellings enter a committee each month.
const perEntry = 3

// entries are the months since a dwelling's first interview.
var entries = [4]int{0, 1, 12, 13}

// psuCount grows slowly with the city: 140 for 200,000, 560 for five million.
func psuCount(persons int) int {
	return int(140 * math.Pow(float64(persons)/200_000, .43))
}

func newSurvey(c *city) *survey {
	s := &survey{r: newSource(c.opt.Seed, "survey")}
	for _, in := range c.strata() {
		s.drawPSUs(c, in, c.allotted(in, psuCount(c.opt.Persons)))
	}
	return s
}

// strata lists the committees of each stratum.
func (c *city) strata() [][]int32 {
	out := make([][]int32, 2*len(c.counties))
	for i, u := range c.committees {
		out[u.stratum] = append(out[u.stratum], int32(i))
	}
	return out
}

// allotted is how many of a stratum's committees are in a sample of psus: by the
// stratum's people, but two at least.
func (c *city) allotted(in []int32, psus int) int {
	people := 0.0
	for _, i := range in {
		people += float64(c.committees[i].last - c.committees[i].first)
	}
	return min(len(in), max(2, int(math.Round(float64(psus)*people/float64(len(c.people))))))
}

// drawPSUs takes n committees of a stratum systematically, with probability
// proportional to a size that an older census knew with some error.
func (s *survey) drawPSUs(c *city, in []int32, n int) {
	sizes := c.formerSizes(s.r, in)
	for k, p := range systematic(s.r, sizes, n) {
		if p > 0 {
			s.sampled = append(s.sampled, s.open(c, in[k], p))
		}
	}
}

// formerSizes are the committees' households as the older census has them.
func (c *city) formerSizes(r source, in []int32) []float64 {
	sizes := make([]float64, len(in))
	for k, i := range in {
		sizes[k] = float64(c.committees[i].households) * (.9 + .2*r.Float64())
	}
	return sizes
}

// systematic draws n of the units with probability proportional to size, from
// one random start along the list, and gives the inclusion probability of those
// drawn, 0 for the others. Units as large as the step are taken for certain, and
// the step is that of the rest (W. G. Cochran, Sampling Techniques, 3rd edition,
// section 9A.10; C.-E. Särndal et al., Model Assisted Survey Sampling, 3.6).
func systematic(r source, sizes []float64, n int) []float64 {
	p := make([]float64, len(sizes))
	step, certain := 0.0, 0
	for grew := true; grew && certain < n; {
		grew = false
		sum := 0.0
		for k, size := range sizes {
			if p[k] == 0 {
				sum += size
			}
		}
		step = sum / float64(n-certain)
		for k, size := range sizes {
			if p[k] == 0 && size >= step {
				p[k], grew = 1, true
				certain++
			}
		}
	}
	at, acc := r.Float64()*step, 0.0
	if certain >= n {
		return p
	}
	for k, size := range sizes {
		if p[k] == 1 {
			continue
		}
		if acc += size; at < acc {
			at += step
			p[k] = size / step
		}
	}
	return p
}

// open lists a committee's dwellings in random order.
func (s *survey) open(c *city, i int32, p float64) samplePSU {
	u := c.committees[i]
	q := samplePSU{committee: i}
	for k := u.first; k < u.last; k++ {
		if c.people[k].is(headsHousehold) {
			q.homes = append(q.homes, k)
		}
	}
	s.r.Shuffle(len(q.homes), func(a, b int) { q.homes[a], q.homes[b] = q.homes[b], q.homes[a] })
	perMonth := float64(perEntry * len(entries))
	q.weight = float64(len(q.homes)) / perMonth / p
	return q
}

// visit is one dwelling to be interviewed this month.
type visit struct {
	psu      *samplePSU
	home     int32 // first person
	end      int32 // after the last person
	number   int   // of the dwelling within the committee
	rotation int
	class    int // of non-response
	answers  bool
	base     float64 // inverse inclusion probability
	weight   float64 // made up for those that do not answer
}

// visits lists this month's dwellings with somebody at home, and which of
// them answer; weights make up for those that do not, by stratum and class.
func (s *survey) visits(c *city) []visit {
	var out []visit
	for k := range s.sampled {
		q := &s.sampled[k]
		u := c.committees[q.committee]
		seen := map[int]bool{}
		for _, ago := range entries {
			entry := c.m - ago + 13
			for j := range perEntry {
				n := (entry*perEntry + j) % len(q.homes)
				if seen[n] {
					continue
				}
				seen[n] = true
				v := visit{psu: q, home: q.homes[n], number: n + 1, rotation: entry%24 + 1, base: q.weight, weight: q.weight}
				v.end = v.home + 1
				for v.end < u.last && !c.people[v.end].is(headsHousehold) {
					v.end++
				}
				if adults := c.adultsAtHome(v.home, v.end); adults > 0 {
					v.class = min(adults, classes) - 1
					v.answers = !s.r.hit(refusal(u.urban, v.class))
					out = append(out, v)
				}
			}
		}
	}
	adjust(c, out)
	return out
}

// classes of non-response: one, two, three and more adults at home.
const classes = 3

// refusal is the share that does not answer: more in towns, more of those who
// live alone.
func refusal(urb bool, class int) float64 {
	p := [classes]float64{.14, .09, .06}[class]
	if urb {
		p += .06
	}
	return p
}

func (c *city) adultsAtHome(from, to int32) int {
	n := 0
	for i := from; i < to; i++ {
		if r := c.people[i].ref; r != child && r < away {
			n++
		}
	}
	return n
}

// adjust spreads the weight of refusals over those of the same stratum and
// class who answer; a class in which nobody answers goes to its whole stratum.
func adjust(c *city, vs []visit) {
	var all, got [2 * maxCounties][classes]float64
	stratum := func(v *visit) uint16 { return c.committees[v.psu.committee].stratum }
	for i := range vs {
		v := &vs[i]
		all[stratum(v)][v.class] += v.weight
		if v.answers {
			got[stratum(v)][v.class] += v.weight
		}
	}
	for s := range all {
		kept, lost := 0.0, 0.0
		for k := range classes {
			if got[s][k] > 0 {
				kept += all[s][k]
			} else {
				lost += all[s][k]
			}
		}
		for k := range classes {
			all[s][k] *= (kept + lost) / math.Max(kept, 1)
		}
	}
	for i := range vs {
		if v := &vs[i]; v.answers {
			v.weight *= all[stratum(v)][v.class] / got[stratum(v)][v.class]
		}
	}
}
