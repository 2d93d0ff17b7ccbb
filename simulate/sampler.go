package simulate

import (
	"context"
	"fmt"
	"slices"

	"laborwatch/period"
)

// SamplerOptions of NewSampler. The zero value of a field takes the default
// that the field names.
type SamplerOptions struct {
	// Region and Persons of the city, as in Options: 410400, 200,000.
	Region  string
	Persons int
	// Month of the reference week, 2026-10. The city lives through the six months
	// up to it first, so that its flows have settled.
	Month period.Period
	// Seed of the city, 1. Samples have seeds of their own.
	Seed uint64
	// PSUs are how many residents' committees a sample has, by default as many as
	// the city's survey: 140 for 200,000 persons, which gives some 3,000 adults.
	PSUs int
	// Dwellings drawn in each of them, 12.
	Dwellings int
}

// Sampler draws independent samples of one month's labor force survey from a
// city that stands still: for Monte Carlo studies of estimators, whose mean and
// spread over many draws are held against the known truth and against the
// standard errors that they state.
//
// The design is the survey's: strata are county × urban or rural; committees are
// drawn systematically with probability proportional to the dwellings that an
// older census had, dwellings within them by simple random sampling without
// replacement; everybody at home is in the sample. Households refuse by urban or
// rural and by how many adults are at home, independently of what they do.
// Dwellings without an adult at home are drawn and give no row.
//
// Regions are the ten counties and two zones. A zone runs a part of a county's
// towns and stands in that county's strata, so its sample size varies by chance;
// here no person is of a zone and of a county.
//
// A Sampler does not change, and may be used by several goroutines.
type Sampler struct {
	regions []string
	strata  []samplingStratum
	psus    []samplingPSU
	persons []SampledPerson
	homes   []samplingHome
	truth   []RegionTruth
	totals  []PopulationTotal
	take    int
}

type samplingStratum struct {
	psus  []int32
	sizes []float64
	n     int
}

type samplingPSU struct{ first, last int32 } // homes[first:last]

// samplingHome is a dwelling: persons[first:last] are at home. first is last in
// one without an adult.
type samplingHome struct {
	first, last int32
	refuses     float64
}

// SampledPerson is a row of a sample: a person of a household that answered, or
// a household that did not, of which the person's own fields are empty.
type SampledPerson struct {
	// Region is one of Sampler.Regions, Stratum as in the extract: county and 1
	// (urban) or 2 (rural).
	Region, Stratum string
	// PSU and Household are numbers within the city.
	PSU, Household int32
	// BaseWeight is the inverse inclusion probability of the dwelling.
	BaseWeight float64
	Responded  bool
	// Propensity is the true probability that the household answers, which no
	// survey knows. It is the same within a class of an urban, or rural, stratum.
	Propensity float64
	// Class of nonresponse: 1, 2, 3 (and more) adults at home.
	Class int
	// Sex (M, F), Age (the cube's bands, and Y_LT16) and Hukou (local, migrant,
	// migrant_agri) are codes of the feeds.
	Sex, Age, Hukou string
	// Status is 0 out of scope, 1 employed, 2 unemployed, 3 not in the labor force.
	Status int
}

// RegionTruth counts the residents of 16 and over, and what they do.
type RegionTruth struct {
	Region                           string // _T for the city
	Population, Employed, Unemployed int
	// Registered unemployed, whatever they do, and Insured by an employer: what
	// the registers know.
	Registered, Insured int
}

// Rate is the unemployed share of the labor force, 0 to 1.
func (t RegionTruth) Rate() float64 {
	return float64(t.Unemployed) / float64(max(1, t.Employed+t.Unemployed))
}

// PopulationTotal is the number of residents in a cell, as the feed
// population_totals has it, but by the sampler's regions.
type PopulationTotal struct {
	Region, Sex, Age, Hukou string
	Persons                 int
}

// zones run the last third of the urban committees of these counties, by their
// places in countiesOf: 卫东 and 叶县 in 410400.
var zones = []struct {
	suffix string
	county uint8
}{{"71", 1}, {"72", 5}}

// warmUp is how many months a sampler's city lives before it is frozen.
const warmUp = 6

// NewSampler makes the city and lets it live up to the month. It fails on
// options out of bounds and when ctx ends.
func NewSampler(ctx context.Context, o SamplerOptions) (*Sampler, error) {
	in := Options{Region: o.Region, Persons: o.Persons, End: o.Month, Months: warmUp, Seed: o.Seed}
	in.setDefaults()
	if err := in.CheckCity(); err != nil {
		return nil, err
	}
	if o.PSUs == 0 {
		o.PSUs = psuCount(in.Persons)
	}
	if o.Dwellings == 0 {
		o.Dwellings = perEntry * len(entries)
	}
	c, err := newCity(in)
	if err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	if least := 4 * len(c.counties); o.PSUs < least || o.PSUs > len(c.committees) || o.Dwellings < 1 {
		return nil, fmt.Errorf("simulate: a sample of %d committees with %d dwellings each: want %d to %d committees (two a stratum), and a dwelling at least", o.PSUs, o.Dwellings, least, len(c.committees))
	}
	for m := range in.Months {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := c.step(m); err != nil {
			return nil, fmt.Errorf("simulate %s: %w", c.period(m), err)
		}
	}
	s := &Sampler{take: o.Dwellings}
	s.freeze(c, o.PSUs)
	return s, nil
}

// freeze takes from the city what samples are made of.
func (s *Sampler) freeze(c *city, psus int) {
	for _, k := range c.counties {
		s.regions = append(s.regions, k.code)
	}
	for _, z := range zones {
		s.regions = append(s.regions, c.opt.Region[:4]+z.suffix)
	}
	r := newSource(c.opt.Seed, "former census")
	counts := make([]residents, len(s.regions))
	s.truth = make([]RegionTruth, len(s.regions))
	s.psus = make([]samplingPSU, len(c.committees))
	s.persons = make([]SampledPerson, 0, len(c.people))
	for _, in := range c.strata() {
		for k, i := range in {
			region := s.regionOf(c, i, k, len(in))
			s.list(c, i, region, &counts[region])
		}
		s.strata = append(s.strata, samplingStratum{psus: in, sizes: c.formerSizes(r, in), n: c.allotted(in, psus)})
	}
	s.sum(counts)
}

// regionOf is the place in regions of a committee, the kth of n in its stratum.
func (s *Sampler) regionOf(c *city, i int32, k, n int) int {
	u := &c.committees[i]
	for z, zone := range zones {
		if u.urban && u.county == zone.county && 3*k >= 2*n {
			return len(c.counties) + z
		}
	}
	return int(u.county)
}

// list adds a committee's dwellings and residents.
func (s *Sampler) list(c *city, i int32, region int, counts *residents) {
	u := &c.committees[i]
	stratum := c.counties[u.county].code + string(rune('1'+u.stratum%2))
	s.psus[i].first = int32(len(s.homes))
	for from := u.first; from < u.last; {
		to := from + 1
		for to < u.last && !c.people[to].is(headsHousehold) {
			to++
		}
		home := samplingHome{first: int32(len(s.persons)), last: int32(len(s.persons))}
		adults := c.adultsAtHome(from, to)
		class := min(adults, classes)
		if adults > 0 {
			home.refuses = refusal(u.urban, class-1)
		}
		for j := from; j < to; j++ {
			p := &c.people[j]
			counts.add(p, c.age[p.birth])
			s.truth[region].add(p)
			if adults == 0 || p.ref >= away {
				continue
			}
			s.persons = append(s.persons, SampledPerson{
				Region: s.regions[region], Stratum: stratum, PSU: i, Household: int32(len(s.homes)),
				Propensity: 1 - home.refuses, Class: class, Status: statusOf(p.ref),
				Sex: sexCodes[b2i(p.is(female))], Age: bandCodes[totalBand(c.age[p.birth])], Hukou: hukouCodes[hukouOf(p)],
			})
		}
		home.last = int32(len(s.persons))
		s.homes = append(s.homes, home)
		from = to
	}
	s.psus[i].last = int32(len(s.homes))
}

// Codes of the feeds, in the order of totalSexes, totalBands and totalHukou.
var (
	sexCodes   = [len(totalSexes)]string{"M", "F"}
	bandCodes  = [len(totalBands)]string{"Y_LT16", "Y16T24", "Y25T29", "Y30T59", "Y_GE60"}
	hukouCodes = [len(totalHukou)]string{"local", "migrant", "migrant_agri"}
)

// statusOf gives the survey's code of a state.
func statusOf(state uint8) int {
	switch state {
	case child:
		return 0
	case formal, informal:
		return 1
	case unemployed:
		return 2
	}
	return 3
}

// add counts a resident of 16 and over.
func (t *RegionTruth) add(p *person) {
	if p.ref == child || p.ref >= away {
		return
	}
	t.Population++
	t.Employed += b2i(p.ref == formal || p.ref == informal)
	t.Unemployed += b2i(p.ref == unemployed)
	t.Registered += b2i(p.is(registered))
	t.Insured += b2i(p.ref == formal)
}

// sum makes the truth and the population totals.
func (s *Sampler) sum(counts []residents) {
	city := RegionTruth{Region: "_T"}
	for i, region := range s.regions {
		t := &s.truth[i]
		t.Region = region
		city.Population += t.Population
		city.Employed += t.Employed
		city.Unemployed += t.Unemployed
		city.Registered += t.Registered
		city.Insured += t.Insured
		counts[i].each(func(sex, band, hukou, n int) {
			s.totals = append(s.totals, PopulationTotal{region, sexCodes[sex], bandCodes[band], hukouCodes[hukou], n})
		})
	}
	s.truth = append(s.truth, city)
}

// Regions are the ten counties, then the two zones.
func (s *Sampler) Regions() []string { return slices.Clone(s.regions) }

// Truth counts the residents by region, in the order of Regions, and then of the
// city.
func (s *Sampler) Truth() []RegionTruth { return slices.Clone(s.truth) }

// PopulationTotals lists the cells that somebody is in, in the order of Regions.
func (s *Sampler) PopulationTotals() []PopulationTotal { return slices.Clone(s.totals) }

// Draw draws a sample; the same seed gives the same one. Rows of a household
// follow each other, and so do those of a PSU.
func (s *Sampler) Draw(seed uint64) []SampledPerson {
	r := newSource(seed, "sample")
	n := 0
	for _, st := range s.strata {
		n += st.n
	}
	out := make([]SampledPerson, 0, 3*n*s.take)
	for _, st := range s.strata {
		for k, p := range systematic(r, st.sizes, st.n) {
			if p > 0 {
				out = s.interview(r, out, st.psus[k], p)
			}
		}
	}
	return out
}

// interview draws dwellings of a PSU and appends what comes of them.
func (s *Sampler) interview(r source, out []SampledPerson, i int32, p float64) []SampledPerson {
	u := s.psus[i]
	n := int(u.last - u.first)
	take := min(s.take, n)
	weight := float64(n) / float64(take) / p
	drawn := make([]int32, 0, take)
	for j := n - take; j < n; j++ { // R. W. Floyd, Communications of the ACM 30 (1987), 754
		k := int32(r.IntN(j + 1))
		if slices.Contains(drawn, k) {
			k = int32(j)
		}
		drawn = append(drawn, k)
	}
	slices.Sort(drawn)
	for _, k := range drawn {
		home := s.homes[u.first+k]
		if home.first == home.last {
			continue
		}
		if r.hit(home.refuses) {
			q := s.persons[home.first]
			q.BaseWeight, q.Sex, q.Age, q.Hukou, q.Status = weight, "", "", "", 0
			out = append(out, q)
			continue
		}
		for _, q := range s.persons[home.first:home.last] {
			q.BaseWeight, q.Responded = weight, true
			out = append(out, q)
		}
	}
	return out
}
