package smallarea

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"laborwatch/messages"
)

// city draws areas from the model with one covariate.
func city(r *rand.Rand, m int, a float64) (areas []Area, truth []float64) {
	for i := range m {
		d := 0.5 + float64(i%4)*0.5
		x := float64(i%5) - 2
		theta := 5 + 0.8*x + math.Sqrt(a)*r.NormFloat64()
		truth = append(truth, theta)
		areas = append(areas, Area{
			Code: fmt.Sprintf("9904%02d", i+1), Sampled: true, Variance: d,
			Direct: theta + math.Sqrt(d)*r.NormFloat64(), X: []float64{x},
		})
	}
	return areas, truth
}

var oneCovariate = Options{Covariates: []string{"registered"}}

func finite(t *testing.T, r *Result) {
	t.Helper()
	for _, e := range r.Areas {
		for _, v := range []float64{e.Value, e.MSE, e.G1, e.G2, e.G3, e.Bias, e.Gamma, e.Regression, e.Residual} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("area %s: %+v", e.Code, e)
			}
		}
		if e.HasMSE && !(e.MSE > 0) {
			t.Errorf("area %s has an MSE of %g", e.Code, e.MSE)
		}
		if e.Reason != "" && !messages.Has("smallarea.reason."+string(e.Reason)) || !messages.Has("smallarea.basis."+string(e.Basis)) {
			t.Errorf("area %s: no text for %s, %s", e.Code, e.Basis, e.Reason)
		}
	}
	for _, v := range []float64{r.A, r.SEA, r.LogLik, r.AIC, r.BIC, r.KIC, r.Normality.Statistic, r.Normality.P, r.PositiveA} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("%+v", r)
		}
	}
}

func mustFit(t *testing.T, areas []Area, o Options) *Result {
	t.Helper()
	r, err := Fit(areas, o)
	if err != nil {
		t.Fatal(err)
	}
	finite(t, r)
	return r
}

func TestAreasOutsideTheFit(t *testing.T) {
	areas, _ := city(rand.New(rand.NewPCG(1, 1)), 14, 2)
	areas[0] = Area{Code: areas[0].Code, X: areas[0].X, Direct: math.NaN()}
	areas[1].Variance = 0
	areas[2].Variance = math.NaN()
	areas[3].X = []float64{math.NaN()}
	areas[4] = Area{Code: areas[4].Code, X: []float64{math.NaN()}}
	r := mustFit(t, areas, oneCovariate)
	if r.Fitted != 9 || r.A == 0 {
		t.Fatalf("fitted to %d areas with A = %g", r.Fitted, r.A)
	}
	for i, want := range []struct {
		basis  Basis
		reason Reason
	}{
		{Synthetic, NotSampled},
		{Synthetic, VarianceUnknown},
		{Synthetic, VarianceUnknown},
		{Direct, CovariateMissing},
		{None, CovariateMissing},
		{Composite, ""},
	} {
		if e := r.Areas[i]; e.Basis != want.basis || e.Reason != want.reason {
			t.Errorf("area %d is %s for %q, want %s for %q", i, e.Basis, e.Reason, want.basis, want.reason)
		}
	}
	// A prediction carries the whole of A and the error of the regression.
	if e := r.Areas[0]; e.MSE <= r.A || e.Value != e.Regression || e.InFit {
		t.Errorf("an area without a sample: %+v, A = %g", e, r.A)
	}
	if e := r.Areas[3]; e.Value != areas[3].Direct || e.MSE != areas[3].Variance {
		t.Errorf("a direct estimate was not kept: %+v", e)
	}
	b, err := r.Benchmark(make([]float64, 14), 5, Ratio)
	if err == nil {
		t.Errorf("weights of zero gave %v", b)
	}
	w := make([]float64, 14)
	for i := range w {
		w[i] = 1
	}
	for _, how := range []Adjustment{Ratio, Difference} {
		b, err := r.Benchmark(w, 5, how)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, v := range b.Values {
			sum += v / 13
		}
		if math.Abs(sum-5) > 1e-12 || b.Values[4] != 0 {
			t.Errorf("%s: estimates average %g, the area without one is %g", how, sum, b.Values[4])
		}
	}
}

func TestTooFewAreas(t *testing.T) {
	areas, _ := city(rand.New(rand.NewPCG(2, 1)), 6, 1)
	for i := range areas {
		areas[i].X = append(areas[i].X, float64(i*i%7), float64(i%3))
	}
	names := Options{Covariates: []string{"first", "second", "third"}}
	// Six areas carry the intercept and two covariates at most: 6 > 3+2.
	r := mustFit(t, areas, names)
	if len(r.Coefficients) != 3 || len(r.Dropped) != 1 || r.Dropped[0].Name != "third" || !r.Dropped[0].Few {
		t.Fatalf("coefficients %v, dropped %v", r.Coefficients, r.Dropped)
	}
	if s := r.Dropped[0].Text(messages.EN); !strings.Contains(s, "third") {
		t.Errorf("dropped: %q", s)
	}
	r = mustFit(t, areas[:4], names)
	if len(r.Coefficients) != 1 || r.Fitted != 4 {
		t.Fatalf("four areas: %d coefficients", len(r.Coefficients))
	}
	r = mustFit(t, areas[:3], names)
	if r.Fitted != 0 || r.Coefficients != nil {
		t.Fatal("three areas carried a model")
	}
	for i, e := range r.Areas {
		if e.Basis != Direct || e.Reason != TooFewAreas || e.Value != areas[i].Direct {
			t.Errorf("area %d: %+v", i, e)
		}
	}
	if r := mustFit(t, nil, names); len(r.Areas) != 0 {
		t.Errorf("no area gave %v", r.Areas)
	}
}

func TestCollinearCovariates(t *testing.T) {
	areas, _ := city(rand.New(rand.NewPCG(3, 1)), 12, 2)
	alone := mustFit(t, areas, oneCovariate)
	for i := range areas {
		areas[i].X = []float64{7, areas[i].X[0] * 1e6, 3 - areas[i].X[0], 0}
	}
	r := mustFit(t, areas, Options{Covariates: []string{"constant", "first", "mirrored", "zero"}})
	if len(r.Dropped) != 3 || len(r.Coefficients) != 2 || r.Coefficients[1].Name != "first" {
		t.Fatalf("coefficients %v, dropped %v", r.Coefficients, r.Dropped)
	}
	// The unit of a covariate changes no estimate.
	for i := range areas {
		if math.Abs(r.Areas[i].Value-alone.Areas[i].Value) > 1e-9 {
			t.Errorf("area %d: %g and %g", i, r.Areas[i].Value, alone.Areas[i].Value)
		}
	}
}

func TestBadInput(t *testing.T) {
	good := Area{Code: "990401", Sampled: true, Direct: 1, Variance: 1, X: []float64{1}}
	for want, areas := range map[string][]Area{
		"twice":                {good, good},
		"2 covariates, want 1": {{Code: "a", X: []float64{1, 2}}},
		"is NaN":               {{Code: "a", Sampled: true, Direct: math.NaN(), Variance: 1, X: []float64{1}}},
		"variance of -1":       {{Code: "a", Sampled: true, Variance: -1, X: []float64{1}}},
		"infinite covariate":   {{Code: "a", X: []float64{math.Inf(1)}}},
	} {
		if _, err := Fit(areas, oneCovariate); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := Fit([]Area{good}, Options{Method: "bayes"}); err == nil {
		t.Error("method bayes was taken")
	}
	if _, err := Fit([]Area{good}, Options{Covariates: oneCovariate.Covariates, Precision: 2}); err == nil {
		t.Error("precision 2 was taken")
	}
}

// The root that was found is a root, however small the city.
func TestScoreIsZeroAtA(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	bisected := 0
	for range 500 {
		areas, _ := city(r, 7, 0.3)
		for _, method := range []Method{REML, ML, FH} {
			o := oneCovariate
			o.Method = method
			res := mustFit(t, areas, o)
			d := newDesign(areas, o.Covariates)
			s, f, err := score(d, method, res.A)
			if err != nil {
				t.Fatal(err)
			}
			if res.A > 0 && math.Abs(s/f) > 1e-9 || res.A == 0 && s > 0 {
				t.Errorf("%s: A = %g after %d steps, where the score is %g", method, res.A, res.Iterations, s)
			}
			if res.Iterations > scoringSteps {
				bisected++
			}
		}
	}
	if bisected == 0 {
		t.Error("no city needed bisection: the test reaches less than it did")
	}
}

func TestAndersonDarling(t *testing.T) {
	// Upper percentage points of the modified statistic, mean and variance
	// unknown (D'Agostino and Stephens 1986, table 4.7).
	for a, p := range map[float64]float64{0.561: 0.15, 0.631: 0.10, 0.752: 0.05, 0.873: 0.025, 1.035: 0.01} {
		if got := andersonDarlingP(a); math.Abs(got-p) > 0.03*p {
			t.Errorf("P(A² > %g) = %g, want %g", a, got, p)
		}
	}
	r := rand.New(rand.NewPCG(5, 5))
	rejected := 0
	for range 2000 {
		z := make([]float64, 12)
		for i := range z {
			z[i] = r.NormFloat64()
		}
		if andersonDarling(z).P < 0.05 {
			rejected++
		}
	}
	if rejected < 70 || rejected > 130 {
		t.Errorf("rejected %d of 2000 normal samples at 5 %%", rejected)
	}
	if n := andersonDarling(make([]float64, 20)); n.P != 1 {
		t.Errorf("equal residuals: %+v", n)
	}
	if n := andersonDarling([]float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 50}); !(n.P < 0.001) || n.P < 0 {
		t.Errorf("one far residual: %+v", n)
	}
}

func TestSmooth(t *testing.T) {
	v, err := SmoothedVariance(1.5, 0.05, 400)
	if err != nil || math.Abs(v-1.5*0.05*0.95/400) > 1e-18 {
		t.Errorf("%g, %v", v, err)
	}
	for _, bad := range [][3]float64{{0, 0.05, 9}, {1, 0, 9}, {1, 1, 9}, {1, 0.5, 0}, {math.NaN(), 0.5, 9}, {math.Inf(1), 0.5, 9}} {
		if v, err := SmoothedVariance(bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("%v gave %g", bad, v)
		}
	}
	// Two areas with twice the binomial variance, one with an empty numerator,
	// one unknown, one without a sample.
	const p = 0.05
	unit := 2 * p * (1 - p)
	samples := []Sample{{unit / 100, 100}, {unit / 300, 300}, {0, 100}, {math.NaN(), 50}, {0, 0}}
	out, deff, err := Smooth(samples, p)
	if err != nil || math.Abs(deff-2*400.0/500) > 1e-12 {
		t.Fatalf("deff %g, %v", deff, err)
	}
	for i, n := range []float64{100, 300, 100, 50} {
		if want := deff * p * (1 - p) / n; math.Abs(out[i]-want) > 1e-15 {
			t.Errorf("area %d: %g, want %g", i, out[i], want)
		}
	}
	if out[4] != 0 {
		t.Errorf("an area without a sample got %g", out[4])
	}
	if _, _, err := Smooth(samples[2:], p); !errors.Is(err, ErrNoVariance) {
		t.Errorf("no variance at all: %v", err)
	}
}

func TestBenchmarkRefuses(t *testing.T) {
	for name, f := range map[string]func() error{
		"weights": func() error { _, err := Benchmark([]float64{1}, nil, 1, Ratio, nil); return err },
		"spread":  func() error { _, err := Benchmark([]float64{1}, []float64{1}, 1, Difference, nil); return err },
		"sign":    func() error { _, err := Benchmark([]float64{-1}, []float64{1}, 1, Ratio, nil); return err },
		"zero":    func() error { _, err := Benchmark([]float64{0}, []float64{1}, 1, Ratio, nil); return err },
		"nan":     func() error { _, err := Benchmark([]float64{1}, []float64{1}, math.NaN(), Ratio, nil); return err },
		"weight":  func() error { _, err := Benchmark([]float64{1}, []float64{-1}, 1, Ratio, nil); return err },
		"how":     func() error { _, err := Benchmark([]float64{1}, []float64{1}, 1, "", nil); return err },
		"unmoved": func() error {
			_, err := Benchmark([]float64{1}, []float64{1}, 1, Difference, []float64{0})
			return err
		},
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// A rise by difference goes where the variance is.
	b, err := Benchmark([]float64{0.04, 0.06}, []float64{0.5, 0.5}, 0.055, Difference, []float64{0, 1})
	if err != nil || b.Values[0] != 0.04 || math.Abs(b.Values[1]-0.07) > 1e-15 {
		t.Errorf("%+v, %v", b, err)
	}
}
