package smallarea

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// What holds for any city: the composite lies between its two parts, γ within
// 0 and 1, a change of unit changes nothing else, a benchmark adds up.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := rapid.IntRange(5, 20).Draw(r, "areas")
		method := rapid.SampledFrom([]Method{REML, ML, FH, PrasadRao}).Draw(r, "method")
		scale := rapid.Float64Range(1e-4, 1e4).Draw(r, "scale")
		var areas, scaled []Area
		weights := make([]float64, m)
		for i := range m {
			a := Area{
				Code: fmt.Sprintf("9904%02d", i), Sampled: rapid.IntRange(0, 9).Draw(r, "sampled") > 0,
				Direct: rapid.Float64Range(0, 20).Draw(r, "direct"), Variance: rapid.Float64Range(0.01, 10).Draw(r, "variance"),
				X: []float64{rapid.Float64Range(-5, 5).Draw(r, "x")},
			}
			areas = append(areas, a)
			a.Direct, a.Variance = a.Direct*scale, a.Variance*scale*scale
			scaled = append(scaled, a)
			weights[i] = rapid.Float64Range(0.1, 1).Draw(r, "weight")
		}
		o := oneCovariate
		o.Method = method
		res, other := mustFit(t, areas, o), mustFit(t, scaled, o)
		for i, e := range res.Areas {
			if e.Gamma < 0 || e.Gamma > 1 {
				r.Fatalf("γ is %g", e.Gamma)
			}
			if lo, hi := min(areas[i].Direct, e.Regression), max(areas[i].Direct, e.Regression); e.Basis == Composite && (e.Value < lo-1e-9*max(1, hi) || e.Value > hi+1e-9*max(1, hi)) {
				r.Fatalf("%g lies outside %g to %g", e.Value, lo, hi)
			}
			// A is found to a relative 1e-12 of itself, which is little where A is tiny.
			if f := other.Areas[i]; math.Abs(f.Value-scale*e.Value) > 1e-6*scale*max(1, math.Abs(e.Value)) || math.Abs(f.MSE-scale*scale*e.MSE) > 1e-5*scale*scale*max(1, e.MSE) {
				r.Fatalf("in another unit: %+v, was %+v", f, e)
			}
		}
		if res.Areas[0].Basis == None {
			return
		}
		b, err := res.Benchmark(weights, 7, Difference)
		if err != nil {
			r.Fatal(err)
		}
		sum, covered, largest := 0.0, 0.0, 7.0
		for i, v := range b.Values {
			largest = max(largest, math.Abs(v))
			if res.Areas[i].Basis != None {
				sum, covered = sum+weights[i]*v, covered+weights[i]
			}
		}
		if math.Abs(sum/covered-7) > 1e-12*largest*float64(m) {
			r.Fatalf("benchmarked to %g, want 7", sum/covered)
		}
	})
}

// Where A is estimated as 0, the MSE must still be about what a synthetic
// estimate really is off by, and never far below it.
func TestMSEWhereAIsZero(t *testing.T) {
	r := rand.New(rand.NewPCG(410400, 7))
	for _, a := range []float64{0, 0.3, 0.6} {
		var zero, n int
		var said, real float64
		for range 1500 {
			areas, truth := city(r, 11, a)
			res := mustFit(t, areas, oneCovariate)
			if res.A > 0 {
				if res.PositiveA != 0 {
					t.Fatalf("A = %g and yet a positive one of %g", res.A, res.PositiveA)
				}
				continue
			}
			zero++
			for i, e := range res.Areas {
				if e.Basis != Synthetic || e.Reason != NoAreaEffect || e.Gamma != 0 {
					t.Fatalf("A is 0, and %+v", e)
				}
				said += e.MSE
				real += (e.Value - truth[i]) * (e.Value - truth[i])
				n++
			}
		}
		said, real = said/float64(n), real/float64(n)
		t.Logf("A = %.1f: estimated as 0 in %d of 1500; MSE said %.3f, real %.3f", a, zero, said, real)
		if zero < 100 {
			t.Errorf("A = %.1f: only %d estimates of 0", a, zero)
		}
		// The standard error of the real figure is under 3 %.
		if said < real*0.9 {
			t.Errorf("A = %.1f: MSE said %.3f, real %.3f", a, said, real)
		}
	}
}

// The second-order MSE is unbiased to its order: over repeated cities it
// agrees with the real error of the EBLUP.
func TestMSEOfTheComposite(t *testing.T) {
	for _, method := range []Method{REML, ML, FH, PrasadRao} {
		r := rand.New(rand.NewPCG(11, 3))
		var said, real float64
		o := oneCovariate
		o.Method = method
		for range 1500 {
			areas, truth := city(r, 30, 2)
			res := mustFit(t, areas, o)
			for i, e := range res.Areas {
				said += e.MSE
				real += (e.Value - truth[i]) * (e.Value - truth[i])
			}
		}
		t.Logf("%s: MSE said / real = %.3f", method, said/real)
		if q := said / real; q < 0.95 || q > 1.05 {
			t.Errorf("%s: MSE said is %.3f of the real one", method, q)
		}
	}
}
