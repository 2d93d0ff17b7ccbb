package simulate

import (
	"context"
	"math"
	"slices"
	"testing"

	"laborwatch/period"
)

// moments gather the mean over draws and its Monte Carlo standard error.
type moments struct{ n, sum, squares float64 }

func (m *moments) add(v float64) { m.n++; m.sum += v; m.squares += v * v }

// z is how many standard errors the mean lies off the truth.
func (m *moments) z(truth float64) float64 {
	mean := m.sum / m.n
	return (mean - truth) / math.Sqrt((m.squares/m.n-mean*mean)/(m.n-1))
}

// Over many draws base weights, made up for refusals by their true probability,
// give the true totals.
func TestSamplesAreUnbiased(t *testing.T) {
	const draws = 300
	s, err := NewSampler(t.Context(), SamplerOptions{Persons: 100_000, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Regions()) != 12 || s.Regions()[11] != "410472" {
		t.Fatalf("regions %v", s.Regions())
	}
	type key struct {
		region string
		what   int
	}
	const people, households = 4, 5
	got := map[key]*moments{}
	note := map[key]float64{}
	for d := range draws {
		clear(note)
		seen := map[string]bool{}
		last := int32(-1)
		for _, p := range s.Draw(uint64(d) + 1) {
			seen[p.Region] = true
			if p.Household != last { // refusals, too: every household with an adult
				note[key{"_T", households}] += p.BaseWeight
				last = p.Household
			}
			if !p.Responded {
				if p.Sex+p.Age+p.Hukou != "" || p.Status != 0 {
					t.Fatalf("a refusal tells %+v", p)
				}
				continue
			}
			for _, region := range []string{"_T", p.Region} {
				w := p.BaseWeight / p.Propensity
				note[key{region, p.Status}] += w
				if p.Status > 0 {
					note[key{region, people}] += w
				}
			}
		}
		if len(seen) != 12 {
			t.Fatalf("draw %d has %d regions", d, len(seen))
		}
		for k, v := range note {
			if got[k] == nil {
				got[k] = &moments{}
			}
			got[k].add(v)
		}
	}
	for _, truth := range s.Truth() {
		// Three standard errors for the city; over the 36 figures of regions chance
		// alone would pass them once in ten tests, and four once in 400.
		bound := 4.0
		if truth.Region == "_T" {
			bound = 3
		}
		for what, want := range map[int]int{1: truth.Employed, 2: truth.Unemployed, people: truth.Population} {
			m := got[key{truth.Region, what}]
			if m == nil {
				t.Fatalf("%s %d: nobody in any draw", truth.Region, what)
			}
			if m.n < draws { // draws without an unemployed person of a small region
				m.n = draws
			}
			if z := m.z(float64(want)); math.Abs(z) > bound {
				t.Errorf("%s, what %d: mean %.1f, truth %d, %.1f standard errors off", truth.Region, what, m.sum/m.n, want, z)
			}
		}
	}
	homes := 0
	for _, h := range s.homes {
		homes += b2i(h.last > h.first)
	}
	if z := got[key{"_T", households}].z(float64(homes)); math.Abs(z) > 3 {
		t.Errorf("households are %.1f standard errors off", z)
	}
}

func TestSamplerTruthAgreesWithTotals(t *testing.T) {
	s, err := NewSampler(t.Context(), SamplerOptions{Persons: 60_000, Month: period.Of(2026, 6)})
	if err != nil {
		t.Fatal(err)
	}
	adults := map[string]int{}
	for _, c := range s.PopulationTotals() {
		if c.Age != "Y_LT16" {
			adults[c.Region] += c.Persons
			adults["_T"] += c.Persons
		}
	}
	for _, truth := range s.Truth() {
		if adults[truth.Region] != truth.Population || truth.Population == 0 {
			t.Errorf("%s: %d in totals, truth %d", truth.Region, adults[truth.Region], truth.Population)
		}
		if r := truth.Rate(); truth.Region == "_T" && (r < .04 || r > .065) {
			t.Errorf("the city's rate is %.4f", r)
		}
	}
	a, b, other := s.Draw(9), s.Draw(9), s.Draw(10)
	if !slices.Equal(a, b) || slices.Equal(a, other) {
		t.Error("samples do not depend on their seed alone")
	}
}

func TestSamplerOptions(t *testing.T) {
	for _, o := range []SamplerOptions{{Persons: 10}, {Region: "410402"}, {Persons: 50_000, PSUs: 5}, {Persons: 50_000, PSUs: 100_000}, {Persons: 50_000, Dwellings: -1}} {
		if _, err := NewSampler(t.Context(), o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewSampler(ctx, SamplerOptions{Persons: 50_000}); err == nil {
		t.Error("goes on after its context ended")
	}
}

func BenchmarkDraw(b *testing.B) {
	s, err := NewSampler(b.Context(), SamplerOptions{})
	if err != nil {
		b.Fatal(err)
	}
	persons := 0
	for seed := uint64(1); b.Loop(); seed++ {
		persons += len(s.Draw(seed))
	}
	b.ReportMetric(float64(persons)/float64(b.N), "rows/draw")
}
