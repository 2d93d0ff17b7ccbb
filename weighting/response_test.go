package weighting

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestRespond(t *testing.T) {
	classes := []Class{
		{Name: "1/1", Wider: "1", Drawn: 100, Answered: 80},
		{Name: "1/2", Wider: "1", Drawn: 50, Answered: 50},
		{Name: "2/1", Wider: "2", Drawn: 60, Answered: 0},
		{Name: "2/2", Wider: "2", Drawn: 40, Answered: 40},
		{Name: "3/1", Wider: "3", Drawn: 10, Answered: 0},
		{Name: "4/1", Wider: "4", Drawn: 30, Answered: 3},
		{Name: "4/2", Wider: "4", Drawn: 30, Answered: 27},
	}
	got, err := Respond(classes, .3)
	if err != nil {
		t.Fatal(err)
	}
	all := 320.0 / 200
	for i, want := range []struct {
		factor float64
		joined string
	}{{1.25, Everybody}, {1, Everybody}, {2.5, Everybody}, {1, Everybody}, {1, Everybody}, {1, Everybody}, {1, Everybody}} {
		// Stratum 3 has nobody to stand for it but everybody.
		if math.Abs(got[i].Factor-all) > 1e-12 || got[i].Joined != want.joined {
			t.Errorf("%s: factor %v by %q, want %v", got[i].Name, got[i].Factor, got[i].Joined, all)
		}
	}
	got, err = Respond(append(classes[:4:4], classes[5:]...), .3)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		factor float64
		joined string
	}{{1.25, ""}, {1, ""}, {2.5, "2"}, {2.5, "2"}, {2, "4"}, {2, "4"}} {
		if math.Abs(got[i].Factor-want.factor) > 1e-12 || got[i].Joined != want.joined {
			t.Errorf("%s: factor %v by %q, want %v by %q", got[i].Name, got[i].Factor, got[i].Joined, want.factor, want.joined)
		}
	}
	for name, bad := range map[string][]Class{
		"nobody": {{Name: "a", Drawn: 5}}, "none": nil, "more than drawn": {{Name: "a", Drawn: 5, Answered: 6}}, "negative": {{Name: "a", Drawn: -1}},
	} {
		if _, err := Respond(bad, .3); err == nil || !strings.Contains(err.Error(), "response") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is joined with what, the respondents' weights add up to what was drawn.
func TestResponseKeepsTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var classes []Class
		for i := range rapid.IntRange(1, 12).Draw(t, "classes") {
			c := Class{Name: string(rune('a' + i)), Wider: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "wider"), Drawn: rapid.Float64Range(1, 100).Draw(t, "drawn")}
			c.Answered = c.Drawn * rapid.SampledFrom([]float64{0, .1, .5, .9, 1}).Draw(t, "share")
			classes = append(classes, c)
		}
		got, err := Respond(classes, .4)
		if err != nil {
			return
		}
		drawn, weighted := 0.0, 0.0
		for _, c := range got {
			drawn += c.Drawn
			weighted += c.Answered * c.Factor
			if c.Factor < 1-1e-12 {
				t.Errorf("factor %v", c.Factor)
			}
		}
		if math.Abs(weighted/drawn-1) > 1e-9 {
			t.Errorf("weights of %v stand for %v", weighted, drawn)
		}
	})
}

func TestTrim(t *testing.T) {
	weights := []float64{10, 10, 10, 10, 100, 5, 5, 50, 0}
	group := []int32{0, 0, 0, 0, 0, 1, 1, 1, 1}
	got, err := Trim(weights, group, 3)
	if err != nil {
		t.Fatal(err)
	}
	// The first group: cap 30, 70 spread over 40. The second: a cap of 15 for three cannot hold
	// their 60, so nobody is cut.
	if !slices.Equal(got.Weights[5:8], weights[5:8]) || !slices.Equal(got.Alone, []int32{1}) || got.Persons != 1 || math.Abs(got.Moved-70) > 1e-9 {
		t.Errorf("a group that cannot be held was touched: %+v", got)
	}
	if got.Cap[0] != 30 || math.Abs(got.Weights[0]-27.5) > 1e-9 || got.Weights[4] != 30 || got.Weights[8] != 0 || got.Before <= got.After {
		t.Errorf("%+v", got)
	}
	if plain, err := Trim(weights, group, 0); err != nil || plain.Persons != 0 || plain.Weights[4] != 100 {
		t.Errorf("%+v (%v)", plain, err)
	}
	if _, err := Trim(weights, group, .5); err == nil {
		t.Error("half the median accepted")
	}
	if _, err := Trim(weights, group[:2], 3); err == nil {
		t.Error("too few groups accepted")
	}
	for _, bad := range []float64{-1, math.NaN(), math.Inf(1)} {
		if _, err := Trim([]float64{1, bad}, []int32{0, 0}, 3); err == nil || !strings.Contains(err.Error(), "row 2") {
			t.Errorf("a weight of %v: %v", bad, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SliceOfN(rapid.Float64Range(1, 1000), 3, 40).Draw(t, "weights")
		got, err := Trim(w, make([]int32, len(w)), 4)
		if err != nil {
			t.Fatal(err)
		}
		before, after, most := 0.0, 0.0, 0.0
		for i := range w {
			before += w[i]
			after += got.Weights[i]
			most = math.Max(most, got.Weights[i])
		}
		if math.Abs(after/before-1) > 1e-9 {
			t.Errorf("sum %v became %v", before, after)
		}
		// Within the cap, unless the cap cannot hold the sum.
		if len(got.Alone) > 0 && !slices.Equal(got.Weights, w) {
			t.Error("a group left alone was touched")
		}
		if most > got.Cap[0]*(1+1e-9) && got.Cap[0]*float64(len(w)) > before*(1+1e-9) {
			t.Errorf("a weight of %v above the cap of %v", most, got.Cap[0])
		}
	})
}

func TestKish(t *testing.T) {
	// 1 + cv²: weights 1 and 3 have mean 2 and variance 1.
	if got := Kish([]float64{1, 3, 0}); math.Abs(got-1.25) > 1e-12 {
		t.Errorf("%v, want 1.25", got)
	}
	if Kish(nil) != 1 {
		t.Error("no weights")
	}
}
