package weighting

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Margin is a factor, or a cross of factors such as county × sex × age, with the
// population of its categories.
type Margin struct {
	Name   string
	Totals map[string]float64
	// Of is each row's category, "" where it is not known.
	Of []string
}

// Numeric is a variable whose weighted sum is to be the population's.
type Numeric struct {
	Name   string
	Total  float64
	Values []float64 // of each row
}

// Why a category or a variable was left out of a calibration.
type Why string

// Reasons for leaving out; messages/weighting.yaml holds their words.
const (
	NoRespondent Why = "no_respondent" // the population has it, the sample does not
	NoTotal      Why = "no_total"      // the sample has it, the population is 0 or not given
)

// Dropped is what was left out of a calibration.
type Dropped struct {
	Margin, Category string // Category is "" for a numeric variable
	Why              Why
	Population       float64
	Weight           float64 // of the respondents in it
}

// Frame is a sample laid out for calibration: rows that are alike in all margins
// and numeric variables share a cell.
type Frame struct {
	Variables
	X  [][]float64 // of each cell
	Of []int32     // each row's cell, −1 for one of weight 0
	// Population of each variable as given. Totals differ from it where a margin's
	// kept categories stand for dropped ones too.
	Population []float64
	Dropped    []Dropped
}

// agreement is how far apart, relative to the larger, sums of two margins of the
// same population may be: totals are rounded to persons.
const agreement = 1e-4

// NewFrame lays out rows of the given weights. A category without a respondent,
// or without people, is dropped and told of. The kept categories of its margin
// then stand for the margin's whole population, in proportion; where rows have no
// kept category (an unknown one, or one that has no total) they keep their share
// of the weight, and the margin is held for the others. The first margin's
// population is that of all; another that differs by more than rounding is an
// error, for no weights meet both.
func NewFrame(margins []Margin, numeric []Numeric, weight []float64) (*Frame, error) {
	f := &Frame{Of: make([]int32, len(weight))}
	all := 0.0
	for i, w := range weight {
		if !(w >= 0) || !finite(w) {
			return nil, fmt.Errorf("calibration: row %d has the weight %v: want none below 0", i+1, w)
		}
		all += w
	}
	if all == 0 {
		return nil, fmt.Errorf("calibration: none of %d rows has a weight above 0: nobody answered", len(weight))
	}
	columns := make([]map[string]int, len(margins))
	population := 0.0
	for j, m := range margins {
		sum, err := m.population(len(weight))
		if err != nil {
			return nil, err
		}
		if j == 0 {
			population = sum
		} else if math.Abs(sum-population) > agreement*math.Max(sum, population) {
			return nil, fmt.Errorf("calibration: margin %s adds up to %.6g, margin %s to %.6g: give both the totals of the same population", m.Name, sum, margins[0].Name, population)
		}
		if columns[j], err = f.margin(m, weight, all, population); err != nil {
			return nil, err
		}
	}
	numbers, err := f.numbers(numeric, weight)
	if err != nil {
		return nil, err
	}
	if len(f.Names) == 0 {
		return nil, fmt.Errorf("calibration: all of %d margins and %d variables were left out; give totals of categories that the sample has", len(margins), len(numeric))
	}
	f.cells(margins, columns, numbers, weight)
	return f, nil
}

func (m Margin) population(rows int) (float64, error) {
	if len(m.Of) != rows {
		return 0, fmt.Errorf("calibration: margin %s has categories of %d rows, not %d", m.Name, len(m.Of), rows)
	}
	sum := 0.0
	for _, name := range slices.Sorted(maps.Keys(m.Totals)) {
		t := m.Totals[name]
		if !(t >= 0) || !finite(t) || name == "" {
			return 0, fmt.Errorf("calibration: margin %s has the total %v of category %q: want a name and no total below 0", m.Name, t, name)
		}
		sum += t
	}
	if sum == 0 {
		return 0, fmt.Errorf("calibration: margin %s has a population of 0; load its totals, or leave the margin out", m.Name)
	}
	return sum, nil
}

// margin appends a margin's kept categories; it gives their columns.
func (f *Frame) margin(m Margin, weight []float64, all, population float64) (map[string]int, error) {
	sampled := map[string]float64{}
	for i, w := range weight {
		if w > 0 && m.Of[i] != "" {
			sampled[m.Of[i]] += w
		}
	}
	names := maps.Clone(sampled)
	maps.Copy(names, m.Totals)
	column, kept, reached := map[string]int{}, 0.0, 0.0
	first := len(f.Names)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		t, w := m.Totals[name], sampled[name]
		switch {
		case t > 0 && w > 0:
			column[name] = len(f.Names)
			f.Names = append(f.Names, m.Name+" "+name)
			f.Population = append(f.Population, t)
			kept += t
			reached += w
		case t > 0:
			f.Dropped = append(f.Dropped, Dropped{m.Name, name, NoRespondent, t, 0})
		case w > 0:
			f.Dropped = append(f.Dropped, Dropped{m.Name, name, NoTotal, 0, w})
		}
	}
	if kept == 0 {
		return nil, fmt.Errorf("calibration: no category of margin %s has both people and a respondent; are its categories written as the sample's are?", m.Name)
	}
	for _, t := range f.Population[first:] {
		f.Totals = append(f.Totals, t/kept*population*(reached/all))
	}
	return column, nil
}

// numbers appends the numeric variables that can be met; it gives them.
func (f *Frame) numbers(numeric []Numeric, weight []float64) ([]Numeric, error) {
	var kept []Numeric
	for _, v := range numeric {
		if len(v.Values) != len(weight) {
			return nil, fmt.Errorf("calibration: variable %s has %d values for %d rows", v.Name, len(v.Values), len(weight))
		}
		if !finite(v.Total) {
			return nil, fmt.Errorf("calibration: the total of variable %s is %v: want a number", v.Name, v.Total)
		}
		some, below, sum := false, false, 0.0
		for i, w := range weight {
			if w == 0 {
				continue
			}
			x := v.Values[i]
			if !finite(x) {
				return nil, fmt.Errorf("calibration: variable %s is %v in row %d: want a number", v.Name, x, i+1)
			}
			some, below = some || x != 0, below || x < 0
			if x != 0 {
				sum += w
			}
		}
		switch {
		case !some:
			f.Dropped = append(f.Dropped, Dropped{v.Name, "", NoRespondent, v.Total, 0})
		case v.Total == 0 && !below:
			f.Dropped = append(f.Dropped, Dropped{v.Name, "", NoTotal, 0, sum})
		default:
			kept = append(kept, v)
			f.Names, f.Totals, f.Population = append(f.Names, v.Name), append(f.Totals, v.Total), append(f.Population, v.Total)
		}
	}
	return kept, nil
}

// cells numbers the rows by what they are alike in, in the order they come.
func (f *Frame) cells(margins []Margin, columns []map[string]int, numbers []Numeric, weight []float64) {
	number := map[string]int32{}
	var key []byte
	values := make([]int, len(margins))
	for i, w := range weight {
		if w == 0 {
			f.Of[i] = -1
			continue
		}
		key = key[:0]
		for j, m := range margins {
			k, ok := columns[j][m.Of[i]]
			if !ok {
				k = -1
			}
			values[j] = k
			key = append(key, byte(k), byte(k>>8), byte(k>>16), byte(k>>24))
		}
		for _, v := range numbers {
			b := math.Float64bits(v.Values[i] + 0) // −0 is 0
			for shift := 0; shift < 64; shift += 8 {
				key = append(key, byte(b>>shift))
			}
		}
		k, ok := number[string(key)]
		if !ok {
			k = int32(len(f.X))
			number[string(key)] = k
			x := make([]float64, len(f.Names))
			for _, j := range values {
				if j >= 0 {
					x[j] = 1
				}
			}
			for j, v := range numbers {
				x[len(f.Names)-len(numbers)+j] = v.Values[i]
			}
			f.X = append(f.X, x)
		}
		f.Of[i] = k
	}
}

// Cells sums rows' weights by cell.
func (f *Frame) Cells(weight []float64) Cells {
	c := Cells{Base: make([]float64, len(f.X)), X: f.X}
	for i, k := range f.Of {
		if k >= 0 {
			c.Base[k] += weight[i]
		}
	}
	return c
}

// Sums are the variables' weighted sums.
func (f *Frame) Sums(weight []float64) []float64 {
	out := make([]float64, len(f.Names))
	c := f.Cells(weight)
	for k, x := range f.X {
		for j, xj := range x {
			out[j] += c.Base[k] * xj
		}
	}
	return out
}
