package survey

import (
	"errors"
	"math"
	"strings"
	"testing"

	"laborwatch/referencetest"
)

// TestReplicates reproduces the rows of the jackknife over schools and of the
// survey of cardiac arrests (scd) by half samples, jackknife and linearisation.
func TestReplicates(t *testing.T) {
	for _, e := range expectations(t, "expected_survey.csv") {
		if !strings.HasPrefix(e.name, "scd_") && !strings.Contains(e.name, "_JK") {
			continue
		}
		t.Run(e.name+"|"+e.quantity, func(t *testing.T) {
			if strings.HasPrefix(e.name, "scd_") {
				agree(t, arrests(t, e), e.value, 1e-8)
				return
			}
			s := openSchools(t, e.name[:strings.LastIndex(e.name, "_JK")])
			i := strings.LastIndex(e.quantity, ".")
			v, in := s.variable(t, e.quantity[:i])
			r, err := s.d.Jackknife()
			if err != nil {
				t.Fatal(err)
			}
			value, variance, err := r.Variance(s.d.weight, ratioOf(v, in), nil)
			if err != nil {
				t.Fatal(err)
			}
			agree(t, map[string]float64{"est": value, "se": math.Sqrt(variance)}[e.quantity[i+1:]], e.value, 1e-8)
		})
	}
}

// ratioOf is a variable as a statistic of weights.
func ratioOf(v Variable, in func(int) bool) Statistic {
	return func(w []float64) (float64, error) {
		var y, x float64
		for i := range w {
			if in != nil && !in(i) {
				continue
			}
			y += w[i] * v.Num[i]
			switch {
			case v.Kind == Total:
			case v.Den != nil:
				x += w[i] * v.Den[i]
			default:
				x += w[i]
			}
		}
		if v.Kind == Total {
			return y, nil
		}
		return y / x, nil
	}
}

// arrests handles "ratio(alive/arrests).se": 6 ambulances in 3 pairs, of equal weight.
func arrests(t *testing.T, e expectation) float64 {
	f := referencetest.Read(t, "vectors/scd_brr.csv")
	w := make([]float64, len(f.Rows))
	for i := range w {
		w[i] = 1
	}
	d, err := New(Sample{Weight: w, Stages: []Stage{{Cluster: numbered(f.Text(t, "ambulance")), Stratum: numbered(f.Text(t, "ESA"))}}})
	if err != nil {
		t.Fatal(err)
	}
	v := Variable{Kind: Ratio, Num: f.Numbers(t, "alive"), Den: f.Numbers(t, "arrests")}
	supplied := Replicates{Scale: 1.0 / 4, Factors: make([][]float64, 4)}
	for i := range supplied.Factors {
		supplied.Factors[i] = f.Numbers(t, "rep."+string(rune('1'+i)))
	}
	for i := range f.Rows {
		supplied.Cluster = append(supplied.Cluster, int32(i))
	}
	r := supplied
	switch strings.TrimPrefix(e.name, "scd_") {
	case "taylor":
		got, _ := d.Estimate(v, nil)
		return got.part(t, e.quantity[strings.LastIndex(e.quantity, ".")+1:])
	case "BRR":
	case "Fay0.3":
		for _, f := range r.Factors {
			for c := range f {
				f[c] = .3 + .7*f[c]
			}
		}
		r.Scale /= .7 * .7
	case "JKn":
		if r, err = d.Jackknife(); err != nil {
			t.Fatal(err)
		}
	default:
		t.Fatalf("no handler for %s", e.name)
	}
	value, variance, err := r.Variance(w, ratioOf(v, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]float64{"est": value, "se": math.Sqrt(variance)}[e.quantity[strings.LastIndex(e.quantity, ".")+1:]]
}

func TestHadamard(t *testing.T) {
	for n := 1; n <= 130; n++ {
		m := hadamard(n)
		if len(m) < n || len(m) > max(2*n, 4) {
			t.Errorf("order %d for %d", len(m), n)
		}
		for i := range m {
			if m[i][0] != 1 || m[0][i] != 1 {
				t.Errorf("order %d: row or column %d does not begin with 1", len(m), i)
			}
			for j := range i {
				dot := 0
				for k := range m {
					dot += int(m[i][k]) * int(m[j][k])
				}
				if dot != 0 {
					t.Fatalf("order %d: rows %d and %d are not orthogonal", len(m), i, j)
				}
			}
		}
	}
}

// paired is a design of so many strata with n PSUs of three rows each, and a
// variable that is linear in the weights.
func paired(t *testing.T, strata, n int) (*Design, Variable) {
	t.Helper()
	var s Sample
	s.Stages = []Stage{{}}
	v := Variable{Kind: Total}
	for h := range strata {
		for j := range n {
			for k := range 3 {
				s.Stages[0].Stratum = append(s.Stages[0].Stratum, int32(h))
				s.Stages[0].Cluster = append(s.Stages[0].Cluster, int32(j))
				s.Weight = append(s.Weight, float64(10+h+k+2*j))
				v.Num = append(v.Num, float64((h*7+j*13+k*5)%11))
			}
		}
	}
	d, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return d, v
}

// Of a linear statistic, balanced half samples, Fay's method and the jackknife
// give the linearised variance exactly (Wolter 2007, theorems 3.4.1 and 4.5.1);
// the bootstrap comes near it.
func TestReplicatesOfTotals(t *testing.T) {
	d, v := paired(t, 9, 2)
	want, _ := d.Estimate(v, nil)
	for name, make := range map[string]func() (Replicates, error){
		"BRR": func() (Replicates, error) { return d.Balanced(0) }, "Fay": func() (Replicates, error) { return d.Balanced(.4) },
		"jackknife": d.Jackknife,
	} {
		r, err := make()
		if err != nil {
			t.Fatal(err)
		}
		for _, r.Full = range []bool{false, true} {
			value, variance, err := r.Variance(d.weight, ratioOf(v, nil), nil)
			if err != nil {
				t.Fatal(err)
			}
			agree(t, value, want.Value, 1e-12)
			agree(t, math.Sqrt(variance), want.SE, 1e-10)
		}
		_ = name
	}
	d, v = paired(t, 20, 4)
	want, _ = d.Estimate(v, nil)
	r, err := d.RaoWu(4000, 7)
	if err != nil {
		t.Fatal(err)
	}
	_, variance, _ := r.Variance(d.weight, ratioOf(v, nil), nil)
	agree(t, math.Sqrt(variance), want.SE, .05)
	again, _ := d.RaoWu(4000, 7)
	if _, same, _ := again.Variance(d.weight, ratioOf(v, nil), nil); same != variance {
		t.Error("the same seed gives other factors")
	}
	// Successive differences: the sum over neighbors in the order of the draw.
	sdr, err := d.Successive(128)
	if err != nil {
		t.Fatal(err)
	}
	totals := d.levels[0].totals(want.Z)
	sum := 0.0
	for c := range totals {
		sum += math.Pow(totals[c]-totals[(c+1)%len(totals)], 2) / 2
	}
	_, variance, _ = sdr.Variance(d.weight, ratioOf(v, nil), nil)
	// The matrix has more rows than there are PSUs: the last difference wraps into rows of its own.
	if got := variance; math.Abs(got/sum-1) > .15 {
		t.Errorf("successive differences: %v, neighbors differ by %v", got, sum)
	}
}

// A calibration is repeated in every replicate: of what it fixes there is no variance.
func TestReplicatesCalibrate(t *testing.T) {
	d, v := paired(t, 9, 2)
	r, err := d.Jackknife()
	if err != nil {
		t.Fatal(err)
	}
	ones := Variable{Kind: Total, Num: make([]float64, d.Rows())}
	for i := range ones.Num {
		ones.Num[i] = 1
	}
	fixed := func(w []float64) ([]float64, error) {
		sum := 0.0
		for _, x := range w {
			sum += x
		}
		out := make([]float64, len(w))
		for i, x := range w {
			out[i] = x * 1000 / sum
		}
		return out, nil
	}
	value, variance, err := r.Variance(d.weight, ratioOf(ones, nil), fixed)
	if err != nil || math.Abs(value-1000) > 1e-9 || variance > 1e-18 {
		t.Errorf("a calibrated total of %v has the variance %v (%v)", value, variance, err)
	}
	if _, free, _ := r.Variance(d.weight, ratioOf(ones, nil), nil); free == 0 && v.Num != nil {
		t.Error("without calibration the total has no variance either")
	}
	_, _, err = r.Variance(d.weight, ratioOf(v, nil), func([]float64) ([]float64, error) { return nil, errors.New("no convergence") })
	if err == nil || !strings.Contains(err.Error(), "no convergence") {
		t.Error(err)
	}
}

func TestReplicateFaults(t *testing.T) {
	three, _ := paired(t, 2, 3)
	if _, err := three.Balanced(0); err == nil || !strings.Contains(err.Error(), "want 2 in every one") {
		t.Error(err)
	}
	two, _ := paired(t, 2, 2)
	if _, err := two.Balanced(1); err == nil {
		t.Error("rho 1 accepted")
	}
	lonely, _ := paired(t, 3, 1)
	if _, err := lonely.Jackknife(); err == nil || !strings.Contains(err.Error(), "no stratum has two PSUs") {
		t.Error(err)
	}
	if _, err := two.RaoWu(1, 1); err == nil {
		t.Error("one replicate accepted")
	}
}
