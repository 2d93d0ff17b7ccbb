package weighting

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"laborwatch/referencetest"
)

// cases of calibration: the population totals are those of the API population.
var cases = map[string]struct {
	variables []string
	o         Options
}{
	"poststrat":               {[]string{"stype=E", "stype=H", "stype=M"}, Options{Distance: Raking}},
	"rake":                    {[]string{"stype=E", "stype=H", "stype=M", "sch.wide=No", "sch.wide=Yes"}, Options{Distance: Raking}},
	"greg_stype":              {[]string{"stype=E", "stype=H", "stype=M"}, Options{Distance: Linear}},
	"greg_stype_api99":        {[]string{"stype=E", "stype=H", "stype=M", "api99"}, Options{Distance: Linear}},
	"raking_stype_api99":      {[]string{"stype=E", "stype=H", "stype=M", "api99"}, Options{Distance: Raking}},
	"logit_stype_api99":       {[]string{"stype=E", "stype=H", "stype=M", "api99"}, Options{Distance: Logit, Low: .5, High: 2.5}},
	"greg_stype_schwide":      {[]string{"stype=E", "stype=H", "stype=M", "sch.wide=No", "sch.wide=Yes"}, Options{Distance: Linear}},
	"rakingcal_stype_schwide": {[]string{"stype=E", "stype=H", "stype=M", "sch.wide=No", "sch.wide=Yes"}, Options{Distance: Raking}},
}

var population = map[string]float64{
	"stype=E": 4421, "stype=H": 755, "stype=M": 1018, "sch.wide=No": 1072, "sch.wide=Yes": 5122, "api99": 3914069,
}

// valuesOf gives the variables' values of every school.
func valuesOf(t *testing.T, s referencetest.Table, names []string) ([][]float64, Variables) {
	t.Helper()
	out := make([][]float64, len(s.Rows))
	v := Variables{Names: names}
	for _, n := range names {
		v.Totals = append(v.Totals, population[n])
		column, value, factor := strings.Cut(n, "=")
		var numbers []float64
		if !factor {
			numbers = s.Numbers(t, column)
		}
		for i, row := range s.Rows {
			x := 0.0
			switch {
			case !factor:
				x = numbers[i]
			case row[s.Column(t, column)] == value:
				x = 1
			}
			out[i] = append(out[i], x)
		}
	}
	return out, v
}

// TestWeights: the eight vectors of weights, school by school.
func TestWeights(t *testing.T) {
	s, want := referencetest.Read(t, "vectors/apiclus1.csv"), referencetest.Read(t, "vectors/apiclus1_calibrated_weights.csv")
	base := s.Numbers(t, "pw")
	for _, column := range want.Head {
		switch column {
		case "cds", "stype", "sch.wide", "dnum", "base":
			continue
		}
		t.Run(column, func(t *testing.T) {
			c, ok := cases[column]
			if !ok {
				t.Fatalf("no handler for the column %s", column)
			}
			x, v := valuesOf(t, s, c.variables)
			got, err := Calibrate(Cells{base, x}, v, c.o)
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range want.Numbers(t, column) {
				if g := base[i] * got.G[i]; math.Abs(g/w-1) > 1e-6 {
					t.Errorf("row %d: %.10g, want %.10g", i+1, g, w)
				}
			}
		})
	}
}

// TestCalibratedEstimates: every row of estimates with calibrated weights.
func TestCalibratedEstimates(t *testing.T) {
	expected := referencetest.Read(t, "vectors/expected_survey.csv")
	s := referencetest.Read(t, "vectors/apiclus1.csv")
	base, fpc := s.Numbers(t, "pw"), s.Numbers(t, "fpc")
	var cluster []int32
	for _, d := range s.Numbers(t, "dnum") {
		cluster = append(cluster, int32(d))
	}
	seen := 0
	for _, row := range expected.Rows {
		name, ok := strings.CutPrefix(row[0], "cal_")
		if !ok {
			continue
		}
		seen++
		t.Run(row[0]+"|"+row[1], func(t *testing.T) {
			c, ok := cases[name]
			if !ok {
				t.Fatalf("no handler for %s", row[0])
			}
			x, v := valuesOf(t, s, c.variables)
			got, err := Calibrate(Cells{base, x}, v, c.o)
			if err != nil {
				t.Fatal(err)
			}
			final := make([]float64, len(base))
			for i := range final {
				final[i] = base[i] * got.G[i]
			}
			project, err := NewProjection(Cells{base, x}, got.G, nil, final)
			if err != nil {
				t.Fatal(err)
			}
			i := strings.LastIndex(row[1], ".")
			num, den := estimand(t, s, row[1][:i])
			est, influence := linearize(final, num, den)
			project.Residuals([][]float64{influence})
			value, ok := map[string]float64{"est": est, "se": clusterError(influence, cluster, fpc[0])}[row[1][i+1:]]
			if !ok {
				t.Fatalf("no handler for %s", row[1])
			}
			want, _ := strconv.ParseFloat(row[2], 64)
			if math.Abs(value-want) > 1e-6*math.Abs(want)+1e-9 { // an error of what is fixed is rounding alone
				t.Errorf("%.12g, want %.12g", value, want)
			}
		})
	}
	if seen == 0 {
		t.Error("no row of calibration in the reference")
	}
}

// estimand gives numerator and denominator of a quantity; no denominator for a total.
func estimand(t *testing.T, s referencetest.Table, name string) (num, den []float64) {
	one := make([]float64, len(s.Rows))
	for i := range one {
		one[i] = 1
	}
	switch name {
	case "mean(api00)":
		return s.Numbers(t, "api00"), one
	case "total(enroll)":
		return s.Numbers(t, "enroll"), nil
	case "ratio(api.stu/enroll)":
		return s.Numbers(t, "api.stu"), s.Numbers(t, "enroll")
	case "prop(sch.wide=Yes)":
		yes := make([]float64, len(s.Rows))
		for i, r := range s.Rows {
			if r[s.Column(t, "sch.wide")] == "Yes" {
				yes[i] = 1
			}
		}
		return yes, one
	}
	t.Fatalf("no handler for %s", name)
	return nil, nil
}

// linearize gives a ratio's value (or a total's) and its weighted influence values.
func linearize(w, num, den []float64) (float64, []float64) {
	z := make([]float64, len(w))
	top, bottom := 0.0, 0.0
	for i := range w {
		top += w[i] * num[i]
		if den != nil {
			bottom += w[i] * den[i]
		}
	}
	for i := range w {
		if z[i] = w[i] * num[i]; den != nil {
			z[i] = w[i] * (num[i] - top/bottom*den[i]) / bottom
		}
	}
	if den != nil {
		return top / bottom, z
	}
	return top, z
}

// clusterError is the standard error of Σz under clusters drawn without
// replacement from so many, (1−n/N)·n/(n−1)·Σ(z_c−z̄)².
func clusterError(z []float64, cluster []int32, population float64) float64 {
	sums := map[int32]float64{}
	for i, c := range cluster {
		sums[c] += z[i]
	}
	n, mean, square := float64(len(sums)), 0.0, 0.0
	for _, s := range sums {
		mean += s / n
	}
	for _, s := range sums {
		square += (s - mean) * (s - mean)
	}
	return math.Sqrt((1 - n/population) * n / (n - 1) * square)
}

// margins draws a population of two crossed margins and a sample of its cells.
func margins(t *rapid.T) (Cells, Variables) {
	a, b := rapid.IntRange(2, 5).Draw(t, "rows"), rapid.IntRange(2, 4).Draw(t, "columns")
	var c Cells
	v := Variables{Totals: make([]float64, a+b)}
	for i := range a + b {
		v.Names = append(v.Names, strconv.Itoa(i))
	}
	for i := range a {
		for j := range b {
			x := make([]float64, a+b)
			x[i], x[a+j] = 1, 1
			d := rapid.Float64Range(10, 1000).Draw(t, "base")
			g := rapid.Float64Range(.8, 1.25).Draw(t, "g")
			c.Base, c.X = append(c.Base, d), append(c.X, x)
			v.Totals[i] += d * g
			v.Totals[a+j] += d * g
		}
	}
	return c, v
}

func TestMarginsAreMet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, v := margins(t)
		for _, distance := range []Distance{Linear, Raking, Logit} {
			got, err := Calibrate(c, v, Options{Distance: distance})
			if err != nil {
				t.Fatal(err)
			}
			sums := make([]float64, len(v.Totals))
			for i, x := range c.X {
				if distance == Logit && (got.G[i] < .5 || got.G[i] > 2.5) {
					t.Errorf("g %v is out of bounds", got.G[i])
				}
				for j := range x {
					sums[j] += c.Base[i] * got.G[i] * x[j]
				}
			}
			for j := range sums {
				if math.Abs(sums[j]/v.Totals[j]-1) > 1e-8 {
					t.Errorf("%s: margin %d is %v, want %v", distance, j, sums[j], v.Totals[j])
				}
			}
			if got.Dependent != 1 {
				t.Errorf("%d margins depend on others, want 1: both add up to the population", got.Dependent)
			}
			// Twice the people with twice the totals are weighted the same, in any order.
			n := len(c.Base)
			double := Cells{make([]float64, n), make([][]float64, n)}
			for i := range n {
				double.Base[n-1-i], double.X[n-1-i] = 2*c.Base[i], c.X[i]
			}
			twice := Variables{Names: v.Names}
			for _, x := range v.Totals {
				twice.Totals = append(twice.Totals, 2*x)
			}
			again, err := Calibrate(double, twice, Options{Distance: distance})
			if err != nil {
				t.Fatal(err)
			}
			for i, g := range got.G {
				if math.Abs(again.G[n-1-i]/g-1) > 1e-7 {
					t.Errorf("g %v of twice as many, %v of them", again.G[n-1-i], g)
				}
			}
		}
	})
}

func TestCalibrationFaults(t *testing.T) {
	c := Cells{Base: []float64{10, 10}, X: [][]float64{{1, 0}, {0, 1}}}
	v := func(totals ...float64) Variables { return Variables{Names: []string{"men", "women"}, Totals: totals} }
	var off *NoConvergence
	if _, err := Calibrate(c, v(10, 40), Options{}); !errors.As(err, &off) || off.Worst[0].Variable != "women" || !strings.Contains(err.Error(), "wider bounds") {
		t.Errorf("four times the base within a factor of 2.5: %v", err)
	}
	// A margin without a respondent cannot be met.
	if _, err := Calibrate(Cells{Base: []float64{10}, X: [][]float64{{1, 0}}}, v(10, 5), Options{Distance: Raking}); !errors.As(err, &off) || off.Worst[0].Respondents != 0 {
		t.Error(err)
	}
	// Margins of the same population with different sums contradict one another.
	both := Cells{Base: []float64{10, 10}, X: [][]float64{{1, 1, 0}, {1, 0, 1}}}
	if _, err := Calibrate(both, Variables{Names: []string{"all", "men", "women"}, Totals: []float64{20, 10, 15}}, Options{Distance: Raking}); !errors.As(err, &off) {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"nobody":          second(Calibrate(Cells{}, v(1, 1), Options{})),
		"negative weight": second(Calibrate(Cells{Base: []float64{-1}, X: [][]float64{{1, 0}}}, v(1, 1), Options{})),
		"weight of 0":     second(Calibrate(Cells{Base: []float64{0}, X: [][]float64{{1, 0}}}, v(1, 1), Options{})),
		"no variable":     second(Calibrate(Cells{Base: []float64{1}, X: [][]float64{{}}}, Variables{}, Options{})),
		"total of NaN":    second(Calibrate(c, v(math.NaN(), 10), Options{})),
		"value of NaN":    second(Calibrate(Cells{Base: []float64{1}, X: [][]float64{{math.NaN(), 1}}}, v(1, 1), Options{})),
		"endless bound":   second(Calibrate(c, v(10, 10), Options{Low: .5, High: math.Inf(1)})),
		"rounds":          second(Calibrate(c, v(10, 10), Options{Rounds: -1})),
		"bounds":          second(Calibrate(c, v(10, 10), Options{Low: 1.1, High: 2})),
		"distance":        second(Calibrate(c, v(10, 10), Options{Distance: "cubic"})),
		"shape":           second(Calibrate(Cells{Base: []float64{1}}, v(1, 1), Options{})),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "calibration: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
