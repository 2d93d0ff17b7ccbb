package control

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"laborwatch/messages"
	"laborwatch/period"
)

// Charts signal after as many values as the run lengths say.
func TestRunLengthsBySimulation(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 28))
	length := func(chart func([]float64) int) float64 {
		const runs = 3000
		total := 0
		for range runs {
			z := make([]float64, 2000)
			for i := range z {
				z[i] = r.NormFloat64() + 0.5
			}
			total += chart(z)
		}
		return float64(total) / runs
	}
	for _, sides := range []Sides{Upper, Lower, Both} {
		want, err := CUSUMARL(0.5, 3, 0.5, sides)
		if err != nil {
			t.Fatal(err)
		}
		if sides == Lower {
			if want < 1000 {
				t.Errorf("a fall is found after %g while values rise", want)
			}
			continue
		}
		got := length(func(z []float64) int {
			points, err := CUSUM{K: 0.5, H: 3, Sides: sides}.Chart(z)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range points {
				if p.Signal {
					return i + 1
				}
			}
			return len(points)
		})
		near(t, "CUSUM "+string(sides), got, want, 0.06*want)
	}
	for _, c := range []struct {
		l     float64
		sides Sides
	}{{2.5, Both}, {2.5, Upper}, {1.5, Upper}} {
		want, err := EWMAARL(0.2, c.l, 0.5, c.sides)
		if err != nil {
			t.Fatal(err)
		}
		got := length(func(z []float64) int {
			points, err := EWMA{Sigma: 1, Lambda: 0.2, L: c.l, Asymptotic: true, Sides: c.sides}.Chart(z)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range points {
				if p.Signal {
					return i + 1
				}
			}
			return len(points)
		})
		near(t, fmt.Sprintf("EWMA %s %g", c.sides, c.l), got, want, 0.06*want)
	}
}

func TestRunLengthExtremes(t *testing.T) {
	if _, err := CUSUMARL(0.5, 20, -3, Upper); !errors.Is(err, ErrTooLong) {
		t.Errorf("a chart that never signals: %v", err)
	}
	if l, err := CUSUMARL(0.5, 5, 30, Both); err != nil || math.Abs(l-1) > 1e-9 {
		t.Errorf("a shift of thirty deviations is found after %g, %v", l, err)
	}
	for _, shift := range []float64{-3, -100} {
		if _, err := EWMAARL(0.2, 3, shift, Upper); !errors.Is(err, ErrTooLong) {
			t.Errorf("a rise after a fall by %g: %v", -shift, err)
		}
	}
	// Rise and fall are mirror images.
	up, err := EWMAARL(0.1, 2, 0.3, Upper)
	if err != nil {
		t.Fatal(err)
	}
	if down, err := EWMAARL(0.1, 2, -0.3, Lower); err != nil || down != up {
		t.Errorf("%g up, %g down, %v", up, down, err)
	}
	if l, err := EWMAARL(0.005, 2, 0, Upper); err != nil || l < 100 {
		t.Errorf("the smallest lambda: %g, %v", l, err)
	}
	// With lambda 1 the EWMA is a Shewhart chart: the run length is one over
	// the probability of a value beyond the limit.
	if l, err := EWMAARL(1, 3, 0, Both); err != nil || math.Abs(l-1/math.Erfc(3/math.Sqrt2)) > 1e-6 {
		t.Errorf("three sigma: %g, %v", l, err)
	}
	for name, f := range map[string]func() (float64, error){
		"k":      func() (float64, error) { return CUSUMARL(-1, 5, 0, Both) },
		"h":      func() (float64, error) { return CUSUMARL(0.5, math.NaN(), 0, Both) },
		"shift":  func() (float64, error) { return CUSUMARL(0.5, 5, math.Inf(1), Both) },
		"sides":  func() (float64, error) { return CUSUMARL(0.5, 5, 0, "") },
		"lambda": func() (float64, error) { return EWMAARL(0, 3, 0, Both) },
		"arl":    func() (float64, error) { return EWMALimit(0.2, 1, Both) },
		"short":  func() (float64, error) { return CUSUMLimit(2, 1.5, Upper) },
	} {
		if v, err := f(); err == nil {
			t.Errorf("%s: %g", name, v)
		}
	}
	h, err := CUSUMLimit(0.5, 10000, Both)
	if err != nil {
		t.Fatal(err)
	}
	if l, err := CUSUMARL(0.5, h, 0, Both); err != nil || math.Abs(l-10000) > 0.01 {
		t.Errorf("h = %g gives %g, %v", h, l, err)
	}
}

// A series of correlated errors breaks a chart's promise; whitened it keeps it.
func TestWhitening(t *testing.T) {
	const phi = 0.5
	r := rand.New(rand.NewPCG(2, 10))
	draw := func(n int) []float64 {
		out := make([]float64, n)
		out[0] = 0.2 * r.NormFloat64() / math.Sqrt(1-phi*phi)
		for i := 1; i < n; i++ {
			out[i] = phi*out[i-1] + 0.2*r.NormFloat64()
		}
		for i := range out {
			out[i] += 5
		}
		return out
	}
	long := draw(20000)
	a, err := FitAR1(long)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "phi", a.Phi, phi, 0.03)
	near(t, "sigma", a.Sigma, 0.2, 0.005)
	near(t, "mean", a.Mean, 5, 0.02)
	white, err := AR1{Mean: 5, Phi: phi, Sigma: 0.2}.Whiten(long)
	if err != nil {
		t.Fatal(err)
	}
	bare := make([]float64, len(long))
	for i, v := range long {
		bare[i] = (v - 5) / 0.2 * math.Sqrt(1-phi*phi)
	}
	// The mean time between signals, starting anew after each.
	between := func(z []float64) float64 {
		h, err := CUSUMLimit(0.5, 120, Upper)
		if err != nil {
			t.Fatal(err)
		}
		signals, sum := 0, 0.0
		for _, v := range z {
			if sum = max(0, sum+v-0.5); sum > h {
				signals, sum = signals+1, 0
			}
		}
		return float64(len(z)) / float64(signals)
	}
	b, w := between(bare), between(white)
	t.Logf("one false alarm in %.0f months untreated, in %.0f whitened, 120 promised", b, w)
	if w < 95 || w > 150 {
		t.Errorf("whitened: one false alarm in %.0f months, 120 promised", w)
	}
	if b > 60 {
		t.Errorf("untreated: one false alarm in %.0f months: the test shows nothing", b)
	}
	// Kendall's correction: short series estimate phi without the usual bias.
	sum := 0.0
	for range 2000 {
		a, err := FitAR1(draw(36))
		if err != nil {
			t.Fatal(err)
		}
		sum += a.Phi / 2000
	}
	near(t, "mean phi of 36 months", sum, phi, 0.03)

	for name, v := range map[string][]float64{"short": draw(23), "constant": make([]float64, 30), "nan": append(draw(30), math.NaN())} {
		if a, err := FitAR1(v); err == nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
	five := make([]float64, 30)
	for i := range five {
		five[i] = 5.1
	}
	if a, err := FitAR1(five); err == nil {
		t.Errorf("constant: %+v", a)
	}
	if _, err := (AR1{Phi: 1, Sigma: 1}).Whiten(five); err == nil {
		t.Error("phi of 1 was taken")
	}
}

func TestSahmGaps(t *testing.T) {
	series := make([]Observation, 30)
	for i := range series {
		series[i] = Observation{period.Of(2022, 1).Add(i), 5}
	}
	series[29].Value = 6.5
	points, err := Sahm(series)
	if err != nil {
		t.Fatal(err)
	}
	if p := points[29]; math.Abs(p.Rise-0.5) > 1e-12 || CityRule.Judge(p.Rise, 0.1) != Rising {
		t.Errorf("%+v", p)
	}
	series[20].Value = math.NaN()
	points, err = Sahm(series)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range points {
		if want := i >= 2 && (i < 20 || i > 22); p.HasMean != want {
			t.Errorf("%s has a mean: %v", p.Month, p.HasMean)
		}
		if p.HasRise != (i >= 14 && i < 20) || math.IsNaN(p.Mean+p.Rise) {
			t.Errorf("%s: %+v", p.Month, p)
		}
	}
	if _, err := Sahm(append(series[:5:5], series[6:]...)); err == nil || !strings.Contains(err.Error(), "2022-07") {
		t.Errorf("a month left out: %v", err)
	}
	if p, err := Sahm(nil); err != nil || len(p) != 0 {
		t.Errorf("no month: %v, %v", p, err)
	}
	if _, err := (SahmPoint{}).RiseSE(nil, nil); err == nil {
		t.Error("the error of no rise")
	}
}

// The standard error of the rise, against the spread of simulated rises
// between two fixed means.
func TestRiseSE(t *testing.T) {
	const phi, sigma = 0.5, 0.3
	for _, apart := range []int{1, 2, 3, 8} {
		month := period.Of(2024, 6)
		p := SahmPoint{Month: month, Low: month.Add(-apart), HasRise: true}
		se, err := p.RiseSE(func(period.Period) float64 { return sigma }, func(lag int) float64 { return math.Pow(phi, float64(lag)) })
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(uint64(apart), 1))
		const runs = 40000
		sum := 0.0
		for range runs {
			e := make([]float64, apart+3)
			e[0] = sigma * r.NormFloat64()
			for i := 1; i < len(e); i++ {
				e[i] = phi*e[i-1] + sigma*math.Sqrt(1-phi*phi)*r.NormFloat64()
			}
			n := len(e)
			rise := (e[n-1] + e[n-2] + e[n-3] - e[0] - e[1] - e[2]) / 3
			sum += rise * rise / runs
		}
		near(t, fmt.Sprintf("%d months apart", apart), se, math.Sqrt(sum), 0.02*se)
	}
	p := SahmPoint{Month: period.Of(2024, 6), Low: period.Of(2024, 1), HasRise: true}
	if se, err := p.RiseSE(func(period.Period) float64 { return math.NaN() }, func(int) float64 { return 0 }); err == nil {
		t.Errorf("unknown errors gave %g", se)
	}
}

func TestCityRule(t *testing.T) {
	for _, c := range []struct {
		rise, se float64
		want     Verdict
	}{
		{0.49, 0.01, Quiet},
		{0.5, 0.3, Rising},
		{0.5, 0.304, WithinError}, // 1.645 · 0.304 = 0.50008
		{0.1 + 0.7 - 0.3, 0.2, Rising},
		{4.9 - 4.4 - 1e-12, 0.2, Rising},
		{2, 1.3, WithinError},
		{2, 0, ErrorUnknown},
		{2, math.NaN(), ErrorUnknown},
		{math.NaN(), 0.1, Quiet},
		{-1, 0.1, Quiet},
	} {
		got := CityRule.Judge(c.rise, c.se)
		if got != c.want {
			t.Errorf("a rise of %g ± %g is %s, want %s", c.rise, c.se, got, c.want)
		}
		if !messages.Has("control.verdict."+string(got)) || got.Text(messages.ZH) == got.Text(messages.EN) {
			t.Errorf("no text for %s", got)
		}
	}
}

func TestChartsRefuse(t *testing.T) {
	good := EWMA{Sigma: 1, Lambda: 0.2, L: 3, Sides: Both}
	for name, change := range map[string]func(*EWMA){
		"sides":  func(c *EWMA) { c.Sides = "up" },
		"lambda": func(c *EWMA) { c.Lambda = 0 },
		"sigma":  func(c *EWMA) { c.Sigma = 0 },
		"target": func(c *EWMA) { c.Target = math.NaN() },
	} {
		c := good
		change(&c)
		if _, err := c.Chart([]float64{1}); err == nil {
			t.Errorf("EWMA took a bad %s", name)
		}
	}
	if _, err := good.Chart([]float64{1, math.NaN()}); err == nil || !strings.Contains(err.Error(), "value 2") {
		t.Errorf("a missing value: %v", err)
	}
	for _, c := range []CUSUM{{K: 1, Sides: Both}, {K: -1, H: 1, Sides: Both}, {K: 1, H: 1}} {
		if _, err := c.Chart([]float64{1}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	for sides, want := range map[Sides]bool{Upper: false, Lower: true, Both: true} {
		c := good
		c.Sides = sides
		p, err := c.Chart([]float64{-9})
		if err != nil || p[0].Signal != want {
			t.Errorf("a fall on a chart of %s: %+v, %v", sides, p, err)
		}
	}
}
