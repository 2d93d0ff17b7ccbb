package survey

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// vectors gives the folder of exact answers, or skips.
func vectors(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("LABORWATCH_REFERENCE")
	if dir == "" {
		t.Skip("LABORWATCH_REFERENCE is not set: no reference numbers to hold the estimation against")
	}
	return filepath.Join(dir, "vectors")
}

// frame is a CSV file with a header.
type frame struct {
	head map[string]int
	rows [][]string
}

func readFrame(t testing.TB, path string) frame {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := frame{head: map[string]int{}, rows: rows[1:]}
	for i, name := range rows[0] {
		out.head[name] = i
	}
	return out
}

func (f frame) text(t testing.TB, name string) []string {
	t.Helper()
	i, ok := f.head[name]
	if !ok {
		t.Fatalf("no column %s", name)
	}
	out := make([]string, len(f.rows))
	for r, row := range f.rows {
		out[r] = row[i]
	}
	return out
}

// numbers gives NaN for an empty cell or NA.
func (f frame) numbers(t testing.TB, name string) []float64 {
	t.Helper()
	out := make([]float64, len(f.rows))
	for i, s := range f.text(t, name) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			v = math.NaN()
		}
		out[i] = v
	}
	return out
}

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
	f := readFrame(t, filepath.Join(vectors(t), file))
	var out []expectation
	for _, r := range f.rows {
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
	f frame
	d *Design
}

func openSchools(t *testing.T, design string) schools {
	t.Helper()
	file, rest, _ := strings.Cut(design, "_")
	f := readFrame(t, filepath.Join(vectors(t), file+".csv"))
	rows := make([]string, len(f.rows))
	for i := range rows {
		rows[i] = strconv.Itoa(i)
	}
	s := Sample{Weight: f.numbers(t, "pw")}
	st := Stage{Cluster: numbered(rows)}
	fpc := func(column string) []float64 {
		if rest == "nofpc" || rest == "wr" {
			return nil
		}
		return f.numbers(t, column)
	}
	switch file {
	case "apistrat":
		st.Stratum, st.Population = numbered(f.text(t, "stype")), fpc("fpc")
	case "apisrs":
		st.Population = fpc("fpc")
	case "apiclus1":
		st.Cluster, st.Population = numbered(f.text(t, "dnum")), fpc("fpc")
	case "apiclus2":
		st.Cluster, st.Population = numbered(f.text(t, "dnum")), fpc("fpc1")
	}
	s.Stages = []Stage{st}
	if design == "apiclus2" {
		s.Stages = append(s.Stages, Stage{Cluster: numbered(f.text(t, "snum")), Population: fpc("fpc2")})
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
		return Variable{Kind: Mean, Num: s.f.numbers(t, rest)}, in
	case "total":
		return Variable{Kind: Total, Num: s.f.numbers(t, rest)}, in
	case "prop":
		return Variable{Kind: Mean, Num: s.indicator(t, rest)}, in
	case "ratio":
		y, x, _ := strings.Cut(rest, "/")
		return Variable{Kind: Ratio, Num: s.f.numbers(t, y), Den: s.f.numbers(t, x)}, in
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
	cells := s.f.text(t, column)
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
