package survey

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"laborwatch/referencetest"
)

// numbered gives equal texts equal numbers.
func numbered(texts []string) []int32 {
	known := map[string]int32{}
	out := make([]int32, len(texts))
	for i, s := range texts {
		n, ok := known[s]
		if !ok {
			n = int32(len(known))
			known[s] = n
		}
		out[i] = n
	}
	return out
}

func agree(t *testing.T, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance*math.Max(math.Abs(want), 1e-300) {
		t.Errorf("%.15g, want %.15g (off by %.2g)", got, want, math.Abs(got/want-1))
	}
}

// expectation is a row of an expected_ file.
type expectation struct {
	name, quantity string
	value          float64
}

func expectations(t *testing.T, file string) []expectation {
	t.Helper()
	f := referencetest.Read(t, "vectors/"+file)
	var out []expectation
	for _, r := range f.Rows {
		v, err := strconv.ParseFloat(r[2], 64)
		if err != nil {
			t.Fatal(r, err)
		}
		out = append(out, expectation{r[0], r[1], v})
	}
	return out
}

// schools is a sample of California schools in one of its designs.
type schools struct {
	f referencetest.Table
	d *Design
}

func openSchools(t *testing.T, design string) schools {
	t.Helper()
	file, rest, _ := strings.Cut(design, "_")
	f := referencetest.Read(t, "vectors/"+file+".csv")
	rows := make([]string, len(f.Rows))
	for i := range rows {
		rows[i] = strconv.Itoa(i)
	}
	s := Sample{Weight: f.Numbers(t, "pw")}
	st := Stage{Cluster: numbered(rows)}
	fpc := func(column string) []float64 {
		if rest == "nofpc" || rest == "wr" {
			return nil
		}
		return f.Numbers(t, column)
	}
	switch file {
	case "apistrat":
		st.Stratum, st.Population = numbered(f.Text(t, "stype")), fpc("fpc")
	case "apisrs":
		st.Population = fpc("fpc")
	case "apiclus1":
		st.Cluster, st.Population = numbered(f.Text(t, "dnum")), fpc("fpc")
	case "apiclus2":
		st.Cluster, st.Population = numbered(f.Text(t, "dnum")), fpc("fpc1")
	}
	s.Stages = []Stage{st}
	if design == "apiclus2" {
		s.Stages = append(s.Stages, Stage{Cluster: numbered(f.Text(t, "snum")), Population: fpc("fpc2")})
	}
	d, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return schools{f, d}
}

// TestSchools reproduces every row of the schools' designs.
func TestSchools(t *testing.T) {
	done := map[string]schools{}
	for _, e := range expectations(t, "expected_survey.csv") {
		if strings.HasPrefix(e.name, "cal_") || strings.HasPrefix(e.name, "scd_") || strings.Contains(e.name, "_JK") {
			continue // calibration and replicates have tests of their own
		}
		t.Run(e.name+"|"+e.quantity, func(t *testing.T) {
			s, ok := done[e.name]
			if !ok {
				s = openSchools(t, e.name)
				done[e.name] = s
			}
			got, tolerance := s.quantity(t, e.quantity)
			agree(t, got, e.value, tolerance)
		})
	}
}

// quantity computes what a row names: "mean(api00).se", "domain ratio(a/b|c=d).est".
func (s schools) quantity(t *testing.T, q string) (got, tolerance float64) {
	t.Helper()
	tolerance = 1e-8
	what, part := q, ""
	if i := strings.LastIndex(q, "."); i > strings.Index(q, ")") && strings.Contains(q, ")") {
		what, part = q[:i], q[i+1:]
	}
	if strings.HasPrefix(q, "svyciprop.") || strings.HasPrefix(q, "degf") {
		return s.interval(t, q)
	}
	e := s.estimate(t, what)
	switch part {
	case "est":
		return e.Value, tolerance
	case "se":
		return e.SE, tolerance
	case "cv":
		return e.CV(), tolerance
	case "deff":
		return e.Deff, tolerance
	case "deff_replace":
		return e.DeffReplace, tolerance
	}
	t.Fatalf("no handler for %s", q)
	return 0, 0
}

// variable parses "mean(x)", "ratio(y/x|c=v)" with or without "domain".
func (s schools) variable(t *testing.T, what string) (Variable, func(int) bool) {
	t.Helper()
	kind, rest, ok := strings.Cut(strings.TrimPrefix(what, "domain "), "(")
	rest = strings.TrimSuffix(rest, ")")
	if !ok {
		t.Fatalf("no handler for %s", what)
	}
	var in func(int) bool
	if of, where, found := strings.Cut(rest, "|"); found {
		rest, in = of, s.where(t, where)
	}
	switch kind {
	case "mean":
		return Variable{Kind: Mean, Num: s.f.Numbers(t, rest)}, in
	case "total":
		return Variable{Kind: Total, Num: s.f.Numbers(t, rest)}, in
	case "prop":
		return Variable{Kind: Mean, Num: s.indicator(t, rest)}, in
	case "ratio":
		y, x, _ := strings.Cut(rest, "/")
		return Variable{Kind: Ratio, Num: s.f.Numbers(t, y), Den: s.f.Numbers(t, x)}, in
	}
	t.Fatalf("no handler for %s", what)
	return Variable{}, nil
}

func (s schools) estimate(t *testing.T, what string) Estimate {
	t.Helper()
	v, in := s.variable(t, what)
	e, ok := s.d.Estimate(v, in)
	if !ok {
		t.Fatalf("%s: empty", what)
	}
	return e
}

func (s schools) where(t *testing.T, cond string) func(int) bool {
	t.Helper()
	column, value, _ := strings.Cut(cond, "=")
	cells := s.f.Text(t, column)
	return func(i int) bool { return cells[i] == value }
}

func (s schools) indicator(t *testing.T, cond string) []float64 {
	t.Helper()
	in := s.where(t, cond)
	out := make([]float64, s.d.Rows())
	for i := range out {
		if in(i) {
			out[i] = 1
		}
	}
	return out
}

// interval handles "svyciprop.beta|comp.imp=No.lo" and "degf|…": the proportion
// of schools with school-wide targets.
func (s schools) interval(t *testing.T, q string) (float64, float64) {
	t.Helper()
	of, where, domain := strings.Cut(q, "|")
	var in func(int) bool
	part := ""
	if domain {
		where, part, _ = cutLast(where)
		if strings.HasPrefix(q, "degf") {
			where = strings.TrimSuffix(where+"."+part, ".")
		}
		in = s.where(t, where)
	}
	if of == "degf" {
		return float64(s.d.DF(in)), 1e-12
	}
	name := strings.TrimPrefix(of, "svyciprop.")
	if !domain {
		name, part, _ = cutLast(name)
	}
	e, ok := s.d.Estimate(Variable{Kind: Mean, Num: s.indicator(t, "sch.wide=Yes")}, in)
	if !ok {
		t.Fatal("empty")
	}
	tolerance := 1e-8
	method := Method(name)
	switch method {
	case "xlogit":
		method = Logit
	case Likelihood:
		// R walks along the likelihood and interpolates with a spline; ours solves for the limit.
		tolerance = 2e-4
	}
	low, high, ok := Interval(method, e.Value, e.SE, e.DF, e.N, .95)
	if !ok {
		t.Fatal("no interval")
	}
	switch part {
	case "est":
		return e.Value, tolerance
	case "lo":
		return low, tolerance
	case "hi":
		return high, tolerance
	}
	t.Fatalf("no handler for %s", q)
	return 0, 0
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndex(s, ".")
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
