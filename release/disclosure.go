package release

import (
	"strings"

	"laborwatch/cube"
	"laborwatch/period"
)

// Why a figure is withheld.
const (
	unreliable   = "unreliable"   // the sample cannot bear it
	confidential = "confidential" // it would tell of too few persons or employers
	derivable    = "derivable"    // with it a figure that is withheld could be derived
)

// Least numbers of persons and employers behind a published count.
const (
	minPersons       = 5
	minPersonsCounty = 10
	minEmployers     = 3
)

// What the unit counted by n of an administrative indicator is.
var (
	personIndicators = map[string]bool{
		"registered_unemployed": true, "registered_unemployed_inflow": true, "registered_unemployed_outflow": true,
		"job_seekers": true,
	}
	employerIndicators = map[string]bool{
		"insured_persons": true, "insured_employers": true, "insurance_enrolments": true,
		"insurance_terminations": true, "involuntary_terminations": true,
	}
	// linked figures give each other away, so they are withheld together.
	linked = map[string][]string{
		"registered_unemployed_inflow":  {"registered_unemployed", "registered_unemployed_inflow", "registered_unemployed_outflow"},
		"registered_unemployed_outflow": {"registered_unemployed", "registered_unemployed_inflow", "registered_unemployed_outflow"},
		"registered_unemployment_rate":  {"registered_unemployed"},
		"openings_to_seekers_ratio":     {"job_seekers"},
	}
)

// disclosure decides which figures are withheld. Its answer depends on the
// cube and the configuration alone, so it is the same in every table.
type disclosure struct {
	snapshot *cube.Snapshot
	catalog  *cube.Catalog
	minN     int64
	counties []string
	memo     map[cube.Key]string
}

func newDisclosure(o Options) *disclosure {
	d := &disclosure{
		snapshot: o.Snapshot, catalog: o.Catalog, minN: int64(o.Config.Survey.MinLaborForce),
		memo: map[cube.Key]string{},
	}
	for _, r := range o.Config.Regions {
		d.counties = append(d.counties, r.Code)
	}
	return d
}

// withheld gives the reason for not publishing a key, "" when there is none.
func (d *disclosure) withheld(k cube.Key) string {
	if why, ok := d.memo[k]; ok {
		return why
	}
	why := d.decide(k)
	if twin, ok := twinOf(k); ok && why == "" {
		why = d.withheld(twin)
	}
	d.memo[k] = why
	return why
}

// twinOf is the cell of the same persons under another name: women are both a
// key group and a sex. What is withheld in one must not be read in the other.
func twinOf(k cube.Key) (cube.Key, bool) {
	twins := map[string][2]string{"women": {cube.Sex, "F"}, "youth": {cube.Age, "Y16T24"}}
	t, ok := twins[k.PopGroup]
	if !ok {
		return k, false
	}
	return full(k.With(cube.PopGroup, cube.Total).With(t[0], t[1])), true
}

func (d *disclosure) decide(k cube.Key) string {
	ind, ok := d.catalog.Get(k.Indicator)
	if !ok || k.Dim(cube.Enterprise) != cube.Total {
		return confidential // no unit-level figure is ever part of a release
	}
	if ind.Sampled {
		if d.completes(k) {
			return derivable
		}
		return d.sampled(k)
	}
	if k.Indicator == cube.Headline+"_deff" {
		return d.withheld(k.Of(cube.Headline)) // the variance of a rate that few persons make
	}
	if ind.IsChange() {
		if why := d.withheld(k.Of(ind.Base)); why != "" {
			return why
		}
		return d.withheld(k.Of(ind.Base).At(k.Period.Add(-ind.Months)))
	}
	if d.small(k) || d.complement(k) || d.givesAway(k) {
		return confidential
	}
	return ""
}

// givesAway reports whether the figure that k is linked to is withheld.
func (d *disclosure) givesAway(k cube.Key) bool {
	main := d.sizeOf(k.Indicator)
	return main != k.Indicator && d.withheld(k.Of(main)) != ""
}

// sampled judges a survey figure by its quality and the persons behind it. A
// county's model estimate rests on more than them: it goes by its own error.
func (d *disclosure) sampled(k cube.Key) string {
	o, ok := d.snapshot.Get(k)
	switch {
	case !ok:
		return ""
	case k.Indicator == modelRate:
		if o.Quality != "publish" && o.Quality != "caution" {
			return unreliable
		}
	case o.Quality == unreliable || o.N == nil || *o.N < d.minN:
		return unreliable
	}
	return ""
}

// completes reports whether a status by register is the smallest shown beside a
// single one that is withheld: the status's total, which is published, less the
// others would give that one. One of nobody is no secret.
func (d *disclosure) completes(k cube.Key) bool {
	if k.Indicator != employedBy && k.Indicator != unemployedBy && k.Indicator != inactiveBy {
		return false
	}
	var smallest cube.Key
	found, least := 0, 0.0
	for _, r := range registers {
		s := full(k.With(cube.PopGroup, r))
		v, ok := d.snapshot.Value(s)
		switch {
		case !ok || v == 0:
		case d.sampled(s) != "":
			found++
		case smallest.Indicator == "" || v < least:
			smallest, least = s, v
		}
	}
	return found == 1 && smallest == full(k)
}

// small reports whether a figure, or one linked to it, tells of too few.
func (d *disclosure) small(k cube.Key) bool {
	group, ok := linked[k.Indicator]
	if !ok {
		group = []string{k.Indicator}
	}
	for _, code := range group {
		if d.few(k.Of(code)) {
			return true
		}
	}
	return false
}

// few applies the threshold rule to one figure. Nobody at all is no secret.
func (d *disclosure) few(k cube.Key) bool {
	o, ok := d.snapshot.Get(k)
	if !ok || o.N == nil || *o.N == 0 {
		return false
	}
	switch {
	case personIndicators[k.Indicator] && k.Dim(cube.Region) != cube.Total:
		return *o.N < minPersonsCounty
	case personIndicators[k.Indicator]:
		return *o.N < minPersons
	case employerIndicators[k.Indicator]:
		return *o.N < minEmployers
	}
	return false
}

// complement withholds the smallest sibling of a cell that is withheld alone:
// else it could be had as the total less the others.
func (d *disclosure) complement(k cube.Key) bool {
	siblings := d.siblings(k)
	alone, smallest := cube.Key{}, cube.Key{}
	found, least := 0, 0.0
	for _, s := range siblings {
		if d.small(s) {
			alone = s
			found++
			continue
		}
		if v, ok := d.snapshot.Value(s.Of(d.sizeOf(k.Indicator))); ok && v > 0 && (smallest.Indicator == "" || v < least) {
			smallest, least = s, v
		}
	}
	return found == 1 && alone != k && smallest == k
}

// sizeOf is the indicator by which siblings are compared: linked figures must
// choose the same one.
func (d *disclosure) sizeOf(indicator string) string {
	if group, ok := linked[indicator]; ok {
		return group[0]
	}
	return indicator
}

// siblings are the cells that add up to a total that is published: regions of
// the city, both sexes, sections. Groups that overlap have none.
func (d *disclosure) siblings(k cube.Key) []cube.Key {
	dim := ""
	for _, name := range cube.Dims() {
		if k.Dim(name) != cube.Total {
			if dim != "" {
				return nil
			}
			dim = name
		}
	}
	var codes []string
	switch {
	case dim == cube.Region:
		codes = d.counties
	case dim == cube.Sex:
		codes = []string{"M", "F"}
	case dim == cube.Age:
		codes = ageBands
	case dim == cube.Industry && isSection(k.Industry):
		codes = sections(d.snapshot, k.Indicator, k.Period)
	case dim == cube.PopGroup && strings.HasPrefix(k.PopGroup, reasonPrefix):
		codes = reasons(d.snapshot, k.Period)
	}
	out := make([]cube.Key, 0, len(codes))
	for _, c := range codes {
		out = append(out, full(k.With(dim, c)))
	}
	return out
}

const reasonPrefix = "REASON_"

var ageBands = []string{"Y16T24", "Y25T29", "Y30T59", "Y_GE60"}

// isSection tells a GB/T 4754 section (one letter) from a division or a key industry.
func isSection(code string) bool { return len(code) == 1 && code[0] >= 'A' && code[0] <= 'T' }

// sections lists the sections that an indicator has in the city in a month.
func sections(s *cube.Snapshot, indicator string, p period.Period) []string {
	return codesOf(s, indicator, p, cube.Industry, isSection)
}

// reasons lists the registration reasons of a month.
func reasons(s *cube.Snapshot, p period.Period) []string {
	return codesOf(s, "registered_unemployed", p, cube.PopGroup, func(c string) bool { return strings.HasPrefix(c, reasonPrefix) })
}

// codesOf lists the codes of one dimension, every other one total, in byte order.
func codesOf(s *cube.Snapshot, indicator string, p period.Period, dim string, keep func(string) bool) []string {
	var out []string
	for _, o := range s.Of(indicator, func(o cube.Observation) bool {
		c := o.Dim(dim)
		return o.Period == p && c != cube.Total && keep(c) && full(o.Key()) == full(cube.K(indicator, p).With(dim, c))
	}) {
		out = append(out, o.Dim(dim))
	}
	return out
}
