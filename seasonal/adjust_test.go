package seasonal

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"laborwatch/messages"
	"laborwatch/period"
)

var season = [12]float64{0.1, 0.3, 0.2, 0, -0.1, 0, 0.2, 0.1, -0.1, -0.3, -0.3, -0.1}

// made draws a series whose parts are known: a slow wave, a season, an effect
// of each part of the festival, and noise.
func made(t *testing.T, r *rand.Rand, months int, effect [3]float64, noise float64) (series []Observation, calm []float64) {
	t.Helper()
	all := period.Range(period.Of(2016, 1), period.Of(2016, 1).Add(months-1))
	w := Windows{Before: 20, During: 7, After: 20}
	festival := make([]float64, months)
	for part, e := range effect {
		x, err := w.regressor(part, all)
		if err != nil {
			t.Fatal(err)
		}
		for i := range x {
			festival[i] += e * x[i]
		}
	}
	for i, p := range all {
		v := 5 + 0.4*math.Sin(float64(i)/20) + noise*r.NormFloat64()
		calm = append(calm, v)
		series = append(series, Observation{p, v + season[p.Month()-1] + festival[i]})
	}
	return series, calm
}

func mustAdjust(t *testing.T, series []Observation, o Options) *Adjustment {
	t.Helper()
	a, err := Adjust(series, o)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string][]float64{
		"seasonal": a.Seasonal, "festival": a.Festival, "trend": a.Trend, "remainder": a.Remainder,
		"adjusted": a.Adjusted, "weights": a.Weights,
	} {
		if len(v) != len(series) {
			t.Fatalf("%s has %d values for %d months", name, len(v), len(series))
		}
		for i, x := range v {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("%s of %s is %g", name, a.Months[i], x)
			}
		}
	}
	for i := range series {
		sum := a.Seasonal[i] + a.Festival[i] + a.Trend[i] + a.Remainder[i]
		adjusted := a.Trend[i] + a.Remainder[i]
		if a.Log {
			sum = a.Seasonal[i] * a.Festival[i] * a.Trend[i] * a.Remainder[i]
			adjusted = a.Trend[i] * a.Remainder[i]
		}
		small := 1e-9 * max(1, math.Abs(a.Original[i]))
		if math.Abs(sum-a.Original[i]) > small || math.Abs(adjusted-a.Adjusted[i]) > small {
			t.Fatalf("%s: components make %g of %g, adjusted %g of %g", a.Months[i], sum, a.Original[i], adjusted, a.Adjusted[i])
		}
	}
	return a
}

func rms(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i]) / float64(len(a))
	}
	return math.Sqrt(sum)
}

func TestFestivalIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	want := [3]float64{-0.5, 0.4, 0.6}
	series, calm := made(t, r, 120, want, 0.03)
	a := mustAdjust(t, series, Options{})
	for i, e := range a.Effects {
		if e.Part != parts[i] || !e.Kept {
			t.Errorf("%s was dropped: %+v", parts[i], e)
		}
		if math.Abs(e.Coefficient-want[i]) > 4*e.SE || math.Abs(e.T-e.Coefficient/e.SE) > 1e-12 {
			t.Errorf("%s = %g ± %g, want %g", e.Part, e.Coefficient, e.SE, want[i])
		}
	}
	without := mustAdjust(t, series, Options{NoFestival: true})
	if without.Effects != nil {
		t.Errorf("an effect that nobody asked for: %v", without.Effects)
	}
	if with, bare := rms(a.Adjusted, calm), rms(without.Adjusted, calm); with > bare/2 {
		t.Errorf("off by %.3f with the festival, %.3f without", with, bare)
	}
	// A month like February 2020 is not taken for a festival.
	series[49].Value += 3
	if series[49].Month != period.Of(2020, 2) {
		t.Fatal(series[49].Month)
	}
	for i, e := range mustAdjust(t, series, Options{}).Effects {
		if math.Abs(e.Coefficient-want[i]) > 4*e.SE {
			t.Errorf("with an outlier %s = %g ± %g, want %g", e.Part, e.Coefficient, e.SE, want[i])
		}
	}
}

// Without an effect a part is seldom kept.
func TestNoFestivalIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const runs = 400
	kept, beyond := 0, 0
	for range runs {
		series, _ := made(t, r, 96, [3]float64{}, 0.1)
		y := make([]float64, len(series))
		var months []period.Period
		for i, v := range series {
			y[i], months = v.Value, append(months, v.Month)
		}
		o, err := Options{}.checked()
		if err != nil {
			t.Fatal(err)
		}
		_, effects, err := festivalEffect(months, y, o)
		if err != nil {
			t.Fatal(err)
		}
		any := false
		for _, e := range effects {
			any = any || e.Kept
		}
		if any {
			kept++
		}
		x, err := o.Windows.regressor(2, months)
		if err != nil {
			t.Fatal(err)
		}
		fit, err := regress(months, y, []string{"after"}, map[string][]float64{"after": x})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(fit.t(0)) > 2.65 { // 1 % of Student's t with 71 degrees of freedom
			beyond++
		}
	}
	t.Logf("of %d series without an effect, %d kept a part; one part alone passed %d times", runs, kept, beyond)
	if beyond > runs*5/100 {
		t.Errorf("one part alone is significant at 1 %% in %d of %d series without it", beyond, runs)
	}
	if kept > runs/10 {
		t.Errorf("a part was kept in %d of %d series without any", kept, runs)
	}
}

func TestLog(t *testing.T) {
	series, _ := made(t, rand.New(rand.NewPCG(5, 6)), 84, [3]float64{0, 0, 0.8}, 0.02)
	levels := mustAdjust(t, series, Options{})
	for i := range series {
		series[i].Value = math.Exp(series[i].Value)
	}
	logs := mustAdjust(t, series, Options{Log: true})
	for i := range series {
		if math.Abs(math.Log(logs.Adjusted[i])-levels.Adjusted[i]) > 1e-9 {
			t.Fatalf("%s: the adjustment of logarithms is not the adjustment in logarithms", series[i].Month)
		}
	}
	if logs.Effects[2] != levels.Effects[2] {
		t.Errorf("%+v and %+v", logs.Effects[2], levels.Effects[2])
	}
}

func TestRevisions(t *testing.T) {
	series, _ := made(t, rand.New(rand.NewPCG(7, 8)), 90, [3]float64{}, 0.1)
	a := mustAdjust(t, series, Options{})
	if len(a.Revisions) != 12 || a.Revisions[0].Month != series[78].Month {
		t.Fatalf("%+v", a.Revisions)
	}
	for _, r := range a.Revisions[:11] {
		i := int(r.Month - series[0].Month)
		then, err := adjust(series[:i+1], Options{SeasonalWindow: 13, Windows: Windows{20, 7, 20}, Level: 0.01})
		if err != nil {
			t.Fatal(err)
		}
		if then.Adjusted[i] != r.First || a.Adjusted[i] != r.Now {
			t.Errorf("%s: %+v", r.Month, r)
		}
	}
	if last := a.Revisions[11]; last.First != last.Now {
		t.Errorf("the newest month was revised: %+v", last)
	}
	if !(a.MeanRevision > 0 && a.MeanRevision <= a.LargestRevision) {
		t.Errorf("mean %g, largest %g", a.MeanRevision, a.LargestRevision)
	}
}

func TestFaults(t *testing.T) {
	good := func() []Observation {
		s, _ := made(t, rand.New(rand.NewPCG(9, 9)), 61, [3]float64{}, 0.1)
		return s
	}
	var old []Observation
	gap := append(good()[:20], good()[21:]...)
	hole := good()
	hole[30].Value = math.NaN()
	twice := good()
	twice[5].Month = twice[4].Month
	zero := good()
	zero[7].Value = 0
	for _, c := range []struct {
		series []Observation
		o      Options
		zh, en string
	}{
		{good()[:57], Options{}, "还差 3 个月", "so 3 are missing"},
		{nil, Options{}, "还差 60 个月", "60 are missing"},
		{gap, Options{}, "2017-09", "2017-09"},
		{hole, Options{}, "2018-07", "2018-07"},
		{twice, Options{}, "重复", "repeats"},
		{zero, Options{Log: true}, "2016-08", "2016-08"},
	} {
		_, err := Adjust(c.series, c.o)
		var f *Fault
		if !errors.As(err, &f) || !strings.Contains(f.Text(messages.ZH), c.zh) || !strings.Contains(err.Error(), c.en) {
			t.Errorf("got %v, want %q", err, c.en)
		}
	}
	for _, o := range []Options{{SeasonalWindow: 8}, {SeasonalWindow: 5}, {Level: 1}, {Windows: Windows{Before: 21}}, {Windows: Windows{After: -1}}} {
		if _, err := Adjust(good(), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	for i := range good() {
		old = append(old, Observation{period.Of(1998, 1).Add(i), float64(i % 12)})
	}
	if _, err := Adjust(old, Options{}); err == nil || !strings.Contains(err.Error(), "1998-01") {
		t.Errorf("a series from before the table of festivals: %v", err)
	}
	if _, err := Adjust(old, Options{NoFestival: true}); err != nil {
		t.Errorf("without the festival: %v", err)
	}
	for _, part := range parts {
		if !messages.Has("seasonal.festival." + part) {
			t.Errorf("no text for the part %s", part)
		}
	}
}

func TestDegenerateSeries(t *testing.T) {
	flat, clean := make([]Observation, 60), make([]Observation, 72)
	for i := range flat {
		flat[i] = Observation{period.Of(2019, 1).Add(i), 5}
	}
	for i := range clean {
		p := period.Of(2019, 1).Add(i)
		clean[i] = Observation{p, 5 + season[p.Month()-1]}
	}
	a := mustAdjust(t, flat, Options{})
	if d := a.Diagnostics; d.SeasonalStrength != 0 || d.StableF != 0 || d.StableP != 1 {
		t.Errorf("a constant has season: %+v", d)
	}
	a = mustAdjust(t, clean, Options{})
	if d := a.Diagnostics; d.SeasonalStrength < 0.999 || d.StableP > 1e-9 || d.StableF > MaxF {
		t.Errorf("a pure season: %+v", d)
	}
	for i, v := range a.Adjusted {
		if math.Abs(v-5) > 0.02 {
			t.Errorf("%s: adjusted to %g, want 5", a.Months[i], v)
		}
	}
	for name, s := range map[string][]Observation{"constant": flat, "pure season": clean} {
		for _, e := range mustAdjust(t, s, Options{}).Effects {
			if e.Kept && math.Abs(e.Coefficient) > 1e-9 || math.IsInf(e.T, 0) || math.IsNaN(e.T) {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
}

// A change of unit or level changes the adjusted series by just that.
func TestUnits(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		scale := rapid.Float64Range(0.001, 1000).Draw(r, "scale")
		shift := rapid.Float64Range(-5, 5).Draw(r, "shift")
		series, _ := made(t, rand.New(rand.NewPCG(seed, 1)), 72, [3]float64{0, 0, 0.5}, 0.05)
		other := make([]Observation, len(series))
		for i, v := range series {
			other[i] = Observation{v.Month, scale * (v.Value + shift)}
		}
		o, err := Options{}.checked()
		if err != nil {
			r.Fatal(err)
		}
		a, err := adjust(series, o)
		if err != nil {
			r.Fatal(err)
		}
		b, err := adjust(other, o)
		if err != nil {
			r.Fatal(err)
		}
		for i := range series {
			if want := scale * (a.Adjusted[i] + shift); math.Abs(b.Adjusted[i]-want) > 1e-7*scale {
				r.Fatalf("%s: %g, want %g", a.Months[i], b.Adjusted[i], want)
			}
		}
	})
}

// The diagnostics of random noise: the F statistic rejects at its level or,
// since STL follows some of the noise, somewhat more.
func TestSeasonIsTested(t *testing.T) {
	series, _ := made(t, rand.New(rand.NewPCG(13, 1)), 120, [3]float64{}, 0.05)
	strong := mustAdjust(t, series, Options{}).Diagnostics
	for i := range series {
		series[i].Value -= season[series[i].Month.Month()-1]
	}
	none := mustAdjust(t, series, Options{}).Diagnostics
	if strong.SeasonalStrength < 0.8 || strong.StableP > 1e-6 || none.SeasonalStrength > 0.5 || none.StableP < 0.001 {
		t.Errorf("with a season %+v, without %+v", strong, none)
	}
}

// The national rate: February stands out by less when it is adjusted, and its
// season is one of rising unemployment about the festival.
func TestNationalRate(t *testing.T) {
	months, c := table(t, "nbs/national_urban_surveyed_rate.csv")
	var series []Observation
	for i, p := range months {
		if i > 0 && p != months[i-1].Add(1) {
			break // single later months
		}
		series = append(series, Observation{p, c["rate_pct"][i]})
	}
	a := mustAdjust(t, series, Options{})
	var raw, adjusted, rise, n float64
	for i, p := range a.Months {
		if p.Month() == 2 {
			raw += math.Abs(a.Original[i] - a.Original[i-1])
			adjusted += math.Abs(a.Adjusted[i] - a.Adjusted[i-1])
			rise += a.Seasonal[i] + a.Festival[i] - a.Seasonal[i-1] - a.Festival[i-1]
			n++
		}
	}
	t.Logf("%d months: February moves %.3f points, adjusted %.3f; season and festival raise it by %.3f; %+v; %+v; mean revision %.3f",
		len(series), raw/n, adjusted/n, rise/n, a.Effects, a.Diagnostics, a.MeanRevision)
	if adjusted >= raw {
		t.Errorf("February jumps by %g adjusted, %g unadjusted", adjusted/n, raw/n)
	}
	if rise <= 0 {
		t.Errorf("season and festival lower February by %g", -rise/n)
	}
	if _, err := Adjust(append(series, Observation{period.Of(2026, 5), 5.1}), Options{}); err == nil || !strings.Contains(err.Error(), "2025-12") {
		t.Errorf("a gap after %s: %v", series[len(series)-1].Month, err)
	}
}
