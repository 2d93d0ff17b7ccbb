package weighting

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func ones(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 1
	}
	return out
}

func TestFrameDropsWhatCannotBeMet(t *testing.T) {
	sex := Margin{Name: "sex", Totals: map[string]float64{"1": 50, "2": 40, "9": 10}, Of: []string{"1", "1", "2", "2", "2", ""}}
	county := Margin{Name: "county", Totals: map[string]float64{"a": 60, "b": 40, "c": 0}, Of: []string{"a", "b", "a", "b", "c", "d"}}
	hours := Numeric{Name: "hours", Total: 0, Values: []float64{1, 2, 3, 4, 5, 6}}
	absent := Numeric{Name: "absent", Total: 7, Values: make([]float64, 6)}
	change := Numeric{Name: "change", Total: 0, Values: []float64{1, -1, 2, -2, 0, 0}}
	f, err := NewFrame([]Margin{sex, county}, []Numeric{hours, absent, change}, ones(6))
	if err != nil {
		t.Fatal(err)
	}
	want := []Dropped{
		{"sex", "9", NoRespondent, 10, 0},
		{"county", "c", NoTotal, 0, 1},
		{"county", "d", NoTotal, 0, 1},
		{"hours", "", NoTotal, 0, 6},
		{"absent", "", NoRespondent, 7, 0},
	}
	if !slices.Equal(f.Dropped, want) {
		t.Errorf("dropped %+v, want %+v", f.Dropped, want)
	}
	if names := []string{"sex 1", "sex 2", "county a", "county b", "change"}; !slices.Equal(f.Names, names) {
		t.Errorf("variables %q, want %q", f.Names, names)
	}
	// Sex: 90 people stand for 100, of whom 5 of 6 respondents' sex is known. County: 4 of 6.
	for j, total := range []float64{50 / .9 * 5 / 6, 40 / .9 * 5 / 6, 60 * 4 / 6.0, 40 * 4 / 6.0, 0} {
		if math.Abs(f.Totals[j]-total) > 1e-9 {
			t.Errorf("%s: total %v, want %v", f.Names[j], f.Totals[j], total)
		}
	}
	if f.Population[0] != 50 || f.Population[3] != 40 {
		t.Errorf("population %v", f.Population)
	}
}

// One person whose item is unknown must not make two margins contradict.
func TestUnknownKeepsItsShare(t *testing.T) {
	sex := Margin{Name: "sex", Totals: map[string]float64{"1": 55, "2": 45}, Of: []string{"1", "1", "2", "2", ""}}
	county := Margin{Name: "county", Totals: map[string]float64{"a": 48, "b": 52}, Of: []string{"a", "b", "a", "b", "a"}}
	weight := []float64{20, 20, 20, 20, 20}
	f, err := NewFrame([]Margin{sex, county}, nil, weight)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []Distance{Linear, Raking, Logit} {
		w, err := f.Weigh(weight, make([]int32, 5), Plan{Options: Options{Distance: d}})
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, x := range w.Final {
			sum += x
		}
		if math.Abs(sum-100) > 1e-6 || math.Abs(w.Final[4]-20) > 1e-6 {
			t.Errorf("%s: weights %v, want 100 in all and 20 of the unknown", d, w.Final)
		}
	}
}

func TestFrameFaults(t *testing.T) {
	m := Margin{Name: "sex", Totals: map[string]float64{"1": 5, "2": 5}, Of: []string{"1", "2"}}
	with := func(change func(*Margin)) []Margin {
		x := Margin{Name: "other", Totals: map[string]float64{"1": 5, "2": 5}, Of: []string{"1", "2"}}
		change(&x)
		return []Margin{m, x}
	}
	for name, c := range map[string]struct {
		margins []Margin
		numeric []Numeric
		weight  []float64
		says    string
	}{
		"negative weight":       {[]Margin{m}, nil, []float64{1, -1}, "row 2"},
		"weight of NaN":         {[]Margin{m}, nil, []float64{1, math.NaN()}, "row 2"},
		"nobody":                {[]Margin{m}, nil, []float64{0, 0}, "nobody answered"},
		"no row":                {nil, nil, nil, "nobody answered"},
		"no margin":             {nil, nil, []float64{1, 1}, "left out"},
		"short margin":          {with(func(x *Margin) { x.Of = x.Of[:1] }), nil, ones(2), "other"},
		"negative total":        {with(func(x *Margin) { x.Totals["1"] = -5 }), nil, ones(2), "other"},
		"population of 0":       {with(func(x *Margin) { x.Totals = map[string]float64{"1": 0} }), nil, ones(2), "population of 0"},
		"another population":    {with(func(x *Margin) { x.Totals["1"] = 50 }), nil, ones(2), "same population"},
		"other words":           {with(func(x *Margin) { x.Of = []string{"m", "f"} }), nil, ones(2), "written as the sample's"},
		"short numeric":         {[]Margin{m}, []Numeric{{Name: "hours", Total: 1, Values: ones(1)}}, ones(2), "hours"},
		"numeric total":         {[]Margin{m}, []Numeric{{Name: "hours", Total: math.Inf(1), Values: ones(2)}}, ones(2), "hours"},
		"numeric value":         {[]Margin{m}, []Numeric{{Name: "hours", Total: 1, Values: []float64{1, math.NaN()}}}, ones(2), "row 2"},
		"nothing but a dropped": {nil, []Numeric{{Name: "hours", Total: 0, Values: ones(2)}}, ones(2), "left out"},
	} {
		if _, err := NewFrame(c.margins, c.numeric, c.weight); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want an error that says %q", name, err, c.says)
		}
	}
}

// city draws persons of margins with totals that their weights do not meet yet.
func city(t *rapid.T) (margins []Margin, numeric []Numeric, weight []float64, strata []int32) {
	n := rapid.IntRange(60, 150).Draw(t, "persons")
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	a := Margin{Name: "county", Totals: map[string]float64{}}
	b := Margin{Name: "sex", Totals: map[string]float64{}}
	hours := Numeric{Name: "hours"}
	for i := range n {
		c, s := strconv.Itoa(random.IntN(3)), strconv.Itoa(random.IntN(2))
		w := 10 + 30*random.Float64()
		if i%20 == 0 {
			w *= 4
		}
		g := .85 + .3*random.Float64()
		x := 30 + 20*random.Float64()
		weight, strata = append(weight, w), append(strata, int32(i%2))
		a.Of, b.Of, hours.Values = append(a.Of, c), append(b.Of, s), append(hours.Values, x)
		a.Totals[c] += w * g
		b.Totals[s] += w * g
		hours.Total += w * g * x
	}
	return []Margin{a, b}, []Numeric{hours}, weight, strata
}

func TestWeigh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		margins, numeric, weight, strata := city(t)
		f, err := NewFrame(margins, numeric, weight)
		if err != nil {
			t.Fatal(err)
		}
		if len(f.X) != len(weight) {
			t.Fatalf("%d cells of %d persons who all differ", len(f.X), len(weight))
		}
		plan := Plan{Options: Options{Distance: Raking}, Trim: 2.5, TrimRounds: 30}
		w, err := f.Weigh(weight, strata, plan)
		if err != nil {
			t.Fatal(err)
		}
		for j, s := range f.Sums(w.Final) {
			if math.Abs(s/f.Totals[j]-1) > 1e-8 {
				t.Errorf("%s: %v, want %v", f.Names[j], s, f.Totals[j])
			}
		}
		if len(w.Calibrations) != len(w.Trimmings)+1 {
			t.Errorf("%d calibrations for %d trimmings", len(w.Calibrations), len(w.Trimmings))
		}
		for _, s := range []int32{0, 1} {
			var in []float64
			for i, x := range w.Final {
				if strata[i] == s {
					in = append(in, x)
				}
			}
			most := slices.Max(in)
			slices.Sort(in)
			limit := 2.5 * (in[(len(in)-1)/2] + in[len(in)/2]) / 2
			if w.Above == 0 && most > limit*(1+2*settled) {
				t.Errorf("stratum %d: a weight of %v above the cap of %v", s, most, limit)
			}
		}
		// The same persons in another order, twice as many: the same weights, twice.
		n := len(weight)
		turned, double, back := slices.Clone(margins), make([]float64, n), make([]int32, n)
		for j, m := range turned {
			turned[j].Of = make([]string, n)
			turned[j].Totals = map[string]float64{}
			for k, x := range m.Totals {
				turned[j].Totals[k] = 2 * x
			}
			for i := range n {
				turned[j].Of[n-1-i] = m.Of[i]
			}
		}
		hours := Numeric{Name: "hours", Total: 2 * numeric[0].Total, Values: slices.Clone(numeric[0].Values)}
		slices.Reverse(hours.Values)
		for i := range n {
			double[n-1-i], back[n-1-i] = 2*weight[i], strata[i]
		}
		f2, err := NewFrame(turned, []Numeric{hours}, double)
		if err != nil {
			t.Fatal(err)
		}
		w2, err := f2.Weigh(double, back, plan)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range w.Final {
			if math.Abs(w2.Final[n-1-i]/(2*x)-1) > 1e-6 {
				t.Fatalf("row %d: %v of twice as many, want %v", i, w2.Final[n-1-i], 2*x)
			}
		}
		p, err := w.Projection(f)
		if err != nil {
			t.Fatal(err)
		}
		z := make([]float64, n)
		for i, x := range w.Final {
			z[i] = x * numeric[0].Values[i]
		}
		p.Residuals([][]float64{z})
		for i := range z {
			if math.Abs(z[i]) > 1e-6*w.Final[i]*numeric[0].Values[i] {
				t.Fatalf("row %d keeps %v of a calibration variable", i, z[i])
			}
		}
	})
}

func TestTrimmingThatCannotSettleIsToldOf(t *testing.T) {
	// Each category is one person: the totals leave no weight free, so that of b stays above.
	m := Margin{Name: "m", Totals: map[string]float64{"a": 10, "b": 100, "c": 10, "d": 10}, Of: []string{"a", "b", "c", "d"}}
	weight := []float64{10, 90, 10, 10}
	f, err := NewFrame([]Margin{m}, nil, weight)
	if err != nil {
		t.Fatal(err)
	}
	w, err := f.Weigh(weight, make([]int32, 4), Plan{Options: Options{Distance: Raking}, Trim: 5, TrimRounds: 3})
	if err != nil {
		t.Fatal(err)
	}
	if w.Above != 1 || math.Abs(w.Excess-1) > 1e-6 || math.Abs(w.Final[1]-100) > 1e-6 {
		t.Errorf("above %d by %v, weights %v: want one, of 100 instead of 50", w.Above, w.Excess, w.Final)
	}
	for _, bad := range []Plan{{Trim: .5}, {Options: Options{Distance: "cubic"}}} {
		if _, err := f.Weigh(weight, make([]int32, 4), bad); err == nil {
			t.Errorf("%+v accepted", bad)
		}
	}
	if _, err := f.Weigh(weight[:2], make([]int32, 2), Plan{}); err == nil {
		t.Error("too few weights accepted")
	}
}

// A province's sample, laid out and calibrated: what it takes is told by -v.
func TestManyPersons(t *testing.T) {
	const n = 340_000
	random := rand.New(rand.NewPCG(1, 2))
	cross := Margin{Name: "county×sex×age", Totals: map[string]float64{}}
	hukou := Margin{Name: "hukou", Totals: map[string]float64{}}
	weight := make([]float64, n)
	for i := range n {
		c, h := strconv.Itoa(random.IntN(150)), strconv.Itoa(random.IntN(2))
		weight[i] = 20 + 10*random.Float64()
		cross.Of, hukou.Of = append(cross.Of, c), append(hukou.Of, h)
		g := .9 + .2*random.Float64()
		cross.Totals[c] += weight[i] * g
		hukou.Totals[h] += weight[i] * g
	}
	start := time.Now()
	f, err := NewFrame([]Margin{cross, hukou}, nil, weight)
	if err != nil {
		t.Fatal(err)
	}
	laid := time.Now()
	got, err := Calibrate(f.Cells(weight), f.Variables, Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := time.Now()
	t.Logf("%d persons in %d cells: laid out in %v, calibrated in %v (%d rounds)", n, len(f.X), laid.Sub(start), done.Sub(laid), len(got.Steps)-1)
	if len(f.X) != 300 {
		t.Errorf("%d cells, want 300", len(f.X))
	}
}
