package weighting

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Class is a class of the adjustment for non-response: households that are taken
// to answer by chance alike.
type Class struct {
	Name string
	// Wider is the class's stratum, with whose other classes it is joined where
	// too few of its own answer.
	Wider string
	// Drawn and Answered are the households' base weights, Households and
	// Respondents their numbers.
	Drawn, Answered         float64
	Households, Respondents int
}

// Rate is the weighted response rate.
func (c Class) Rate() float64 {
	if c.Drawn == 0 {
		return 0
	}
	return c.Answered / c.Drawn
}

// Adjusted is a class with the factor of its respondents' weights.
type Adjusted struct {
	Class
	Factor float64
	// Joined is "" where the class stood for itself, its wider class where the
	// whole of that was taken together, and "*" where all were.
	Joined string
}

// Everybody is Joined where nothing but the whole sample answers enough.
const Everybody = "*"

// Respond gives every class its factor, the weighted drawn over the weighted
// answered (the weighting-class adjustment; Särndal, Swensson and Wretman 1992,
// section 15.6). Where nobody of a class answered, or a share below the floor,
// all classes of its wider one are taken together, and where that does not help
// all of the sample. Nobody at all is an error.
func Respond(classes []Class, floor float64) ([]Adjusted, error) {
	sum := func(keep func(Class) bool) (c Class) {
		for _, x := range classes {
			if keep(x) {
				c.Drawn += x.Drawn
				c.Answered += x.Answered
			}
		}
		return c
	}
	few := func(c Class) bool { return c.Answered <= 0 || c.Rate() < floor }
	for _, c := range classes {
		if !(c.Drawn >= 0) || !(c.Answered >= 0) || math.IsInf(c.Drawn, 0) || c.Answered > c.Drawn*(1+1e-9) {
			return nil, fmt.Errorf("response class %s: drawn %v, answered %v: want weights of which no more answered than were drawn", c.Name, c.Drawn, c.Answered)
		}
	}
	joined := map[string]string{}
	for _, c := range classes {
		if few(c) && c.Drawn > 0 {
			joined[c.Wider] = c.Wider
		}
	}
	for wider := range joined {
		if few(sum(func(c Class) bool { return c.Wider == wider })) {
			joined[wider] = Everybody
		}
	}
	everybody := sum(func(c Class) bool { return joined[c.Wider] == Everybody })
	if everybody.Drawn > 0 && everybody.Answered <= 0 {
		// Strata in which nobody answered have nobody to stand for them but all.
		everybody = sum(func(Class) bool { return true })
		for _, c := range classes {
			joined[c.Wider] = Everybody
		}
	}
	if everybody.Drawn > 0 && everybody.Answered <= 0 || len(classes) == 0 {
		return nil, fmt.Errorf("response: nobody answered in %d classes", len(classes))
	}
	out := make([]Adjusted, len(classes))
	for i, c := range classes {
		a := Adjusted{Class: c, Joined: joined[c.Wider]}
		base := c
		switch a.Joined {
		case "":
		case Everybody:
			base = everybody
		default:
			base = sum(func(x Class) bool { return x.Wider == c.Wider })
		}
		a.Factor = 1
		if base.Answered > 0 {
			a.Factor = base.Drawn / base.Answered
		}
		out[i] = a
	}
	return out, nil
}

// Trimmed says what trimming did.
type Trimmed struct {
	Weights []float64
	// Cap of each group, Rounds until none was above it.
	Cap    []float64
	Rounds int
	// Persons whose weight was cut, and the weight that moved to others.
	Persons int
	Moved   float64
	// Alone are the groups that no spreading brings below their cap.
	Alone []int32
	// Before and After are Kish's design effects of the weights.
	Before, After float64
}

// Trim holds every weight at so many times the median of its group, and spreads
// what is cut over the group's other weights in proportion, until none is above
// (the plain cap of Potter, Proceedings of the ASA Section on Survey Research
// Methods 1990, 225–230). The groups' sums stay. A multiple of 0 trims nothing;
// a group whose sum is above its cap for every weight cannot keep both, and is
// left alone.
func Trim(weights []float64, group []int32, multiple float64) (*Trimmed, error) {
	if len(weights) != len(group) {
		return nil, fmt.Errorf("trimming: %d weights in %d groups", len(weights), len(group))
	}
	for i, w := range weights {
		if !(w >= 0) || !finite(w) || group[i] < 0 {
			return nil, fmt.Errorf("trimming: row %d has the weight %v in group %d: want neither below 0", i+1, w, group[i])
		}
	}
	if multiple != 0 && !(multiple > 1) {
		return nil, fmt.Errorf("trimming: %v times the median: want more than 1, or 0 for none", multiple)
	}
	t := &Trimmed{Weights: slices.Clone(weights), Before: Kish(weights)}
	defer func() { t.After = Kish(t.Weights) }()
	if multiple == 0 {
		return t, nil
	}
	members := map[int32][]int{}
	groups := int32(0)
	for i, g := range group {
		if weights[i] > 0 {
			members[g] = append(members[g], i)
		}
		groups = max(groups, g+1)
	}
	t.Cap = make([]float64, groups)
	for g := range groups {
		in := members[g]
		if len(in) == 0 {
			continue
		}
		sorted, sum := make([]float64, len(in)), 0.0
		for k, i := range in {
			sorted[k] = weights[i]
			sum += weights[i]
		}
		sort.Float64s(sorted)
		t.Cap[g] = multiple * (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
		if sum > t.Cap[g]*float64(len(in)) {
			t.Alone = append(t.Alone, g)
			continue
		}
		t.Rounds = max(t.Rounds, t.group(in, t.Cap[g]))
	}
	for i, w := range weights {
		if t.Weights[i] < w {
			t.Persons++
			t.Moved += w - t.Weights[i]
		}
	}
	return t, nil
}

// group trims one group; it gives the number of rounds.
func (t *Trimmed) group(in []int, limit float64) int {
	for round := 0; ; round++ {
		excess, rest := 0.0, 0.0
		for _, i := range in {
			if w := t.Weights[i]; w > limit*(1+1e-12) {
				excess += w - limit
			} else if w < limit {
				rest += w
			}
		}
		if excess == 0 || rest == 0 {
			return round
		}
		for _, i := range in {
			switch w := t.Weights[i]; {
			case w > limit:
				t.Weights[i] = limit
			case w < limit:
				t.Weights[i] = w * (1 + excess/rest)
			}
		}
	}
}

// Kish is the design effect of unequal weights, 1 + cv² (Kish, Survey Sampling,
// 1965, section 11.7), over weights above 0; 1 for none.
func Kish(weights []float64) float64 {
	var n, sum, square float64
	for _, w := range weights {
		if w > 0 {
			n++
			sum += w
			square += w * w
		}
	}
	if n == 0 {
		return 1
	}
	return n * square / (sum * sum)
}
