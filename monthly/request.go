package monthly

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"laborwatch/config"
	"laborwatch/period"
	"laborwatch/survey"
	"laborwatch/transform"
)

// Request is what a person asks of a sample at hand.
type Request struct {
	// Kind is rate, mean, total or median; Variable one of Variables of it, ""
	// for the first.
	Kind, Variable string
	// By are dimensions to break down by, of Dimensions.
	By     []string
	Lonely string
	Level  float64
	Method survey.Method // of a rate's interval
	// Replicates is "" for linearisation, or one of ReplicateMethods.
	Replicates string
	Seed       uint64
}

// Dimensions that a request may break down by.
var Dimensions = []string{"region", "sex", "age", "hukou", "schooling"}

// ReplicateMethods that a request may ask for.
var ReplicateMethods = []string{"jackknife", "brr", "fay", "bootstrap", "sdr"}

// variables of each kind, in the order that they are listed in; the first is the
// default.
var variables = map[string][]measure{
	"rate": {
		named("unemployment", 0), named("participation", 1), named("employment", 2), named("lu2", 7), named("lu3", 8), named("lu4", 9),
		named("long_term", 10), named("unemployment_ilo", 11),
	},
	"mean": {
		named("hours", 3),
		{"wage", survey.Mean, func(p *person) (float64, float64) {
			return math.Max(p.wage, 0) * is(p.status == 1), is(p.status == 1 && p.wage >= 0)
		}, false},
	},
	"total": {
		named("unemployed", 5), named("employed", 4), named("labor_force", 6),
		{"population", survey.Total, func(p *person) (float64, float64) { return is(p.status > 0), is(p.status > 0) }, false},
	},
	"median": {
		{"hours", survey.Median, func(p *person) (float64, float64) { return medians[0].of(p), 0 }, false},
		{"wage", survey.Median, func(p *person) (float64, float64) { return medians[1].of(p), 0 }, false},
	},
}

func named(code string, k int) measure {
	m := measures[k]
	m.code = code
	return m
}

// Kinds of a request.
func Kinds() []string { return slices.Sorted(maps.Keys(variables)) }

// VariablesOf a kind.
func VariablesOf(kind string) []string {
	var out []string
	for _, m := range variables[kind] {
		out = append(out, m.code)
	}
	return out
}

// Answer is an estimate of a request. NaN is what cannot be told.
type Answer struct {
	Period period.Period
	// Cell has the codes of the request's dimensions in its order, _T for all.
	Cell                           []string
	Value, SE, CV, Low, High, Deff float64
	Numerator, Denominator         float64
	DF, N, Counted                 int
	Quality, Reason                string
	Replicates                     int
}

// Ask estimates a request from the rows that core_survey_estimate selects.
func Ask(in *transform.Input, q Request, c config.Survey) ([]Answer, error) {
	i := slices.IndexFunc(variables[q.Kind], func(m measure) bool { return q.Variable == "" || m.code == q.Variable })
	if i < 0 {
		return nil, fmt.Errorf("no variable %q of %s; there are %s", q.Variable, q.Kind, strings.Join(VariablesOf(q.Kind), ", "))
	}
	m := variables[q.Kind][i]
	s, err := readSample(in)
	if err != nil {
		return nil, err
	}
	t := newTables(s, []measure{m}, q.Lonely, q.domains)
	e := newEstimator(t, q.Level, nil)
	var out []Answer
	for _, month := range slices.Sorted(maps.Keys(s.months)) {
		table, err := t.of(month)
		if err != nil {
			return nil, err
		}
		r, err := t.rowsOf(month)
		if err != nil {
			return nil, err
		}
		var values *survey.Values
		if m.kind == survey.Median {
			y := make([]float64, len(s.months[month]))
			for k := range y {
				if y[k], _ = m.of(&s.months[month][k]); y[k] < 0 {
					y[k] = math.NaN()
				}
			}
			values = survey.NewValues(table, r, y)
		}
		for d, dom := range t.domains {
			a := Answer{Period: month, Cell: q.cell(dom), Deff: math.NaN(), Numerator: math.NaN(), Denominator: math.NaN()}
			if values != nil {
				v, ok := values.Of(e.errors, d, .5, q.Level)
				if !ok {
					continue
				}
				a.Value, a.SE, a.Low, a.High, a.DF, a.N, a.Counted = v.Value, v.SE, v.Low, v.High, v.DF, v.N, v.N
			} else {
				f, ok := e.own(table, d, 0)
				if !ok {
					continue
				}
				if q.Replicates != "" {
					if a.Replicates, err = q.replicate(&f, s, month, r, d, m); err != nil {
						return nil, err
					}
				}
				e.between(&f, q.Method)
				a.Value, a.SE, a.Low, a.High, a.DF, a.N, a.Counted, a.Deff = f.value, f.se, f.low, f.high, f.df, f.n, f.counted, f.deff
				a.Numerator, a.Denominator = f.num, f.den
			}
			a.CV = a.SE / a.Value
			a.judge(c, m)
			out = append(out, a)
		}
	}
	return out, nil
}

// between finds the interval by the method asked for.
func (e *estimator) between(f *figure, m survey.Method) {
	e.interval(f)
	if f.kind != survey.Ratio || m == "" || m == survey.Logit || math.IsNaN(f.se) {
		return
	}
	f.low, f.high = math.NaN(), math.NaN()
	if low, high, ok := survey.Interval(m, f.value, f.se, f.df, f.n, e.level); ok {
		f.low, f.high = low, high
	}
}

// domains of a cell: everything, and the request's own breakdown.
func (q Request) domains(c cell, add func(domain)) {
	all := domain{total, total, total, total}
	add(all)
	if len(q.By) == 0 {
		return
	}
	d := all
	var groups []string
	for _, by := range q.By {
		v := map[string]string{"region": c.region, "sex": c.sex, "age": c.age, "hukou": c.hukou, "schooling": c.schooling}[by]
		switch by {
		case "region":
			d.region = v
		case "sex":
			d.sex = v
		case "age":
			d.age = v
		default:
			groups = append(groups, v)
		}
	}
	if len(groups) > 0 {
		d.group = strings.Join(groups, "/")
	}
	if d != all {
		add(d)
	}
}

// cell gives a domain's codes in the request's order.
func (q Request) cell(d domain) []string {
	groups := strings.Split(d.group, "/")
	var out []string
	for _, by := range q.By {
		switch by {
		case "region":
			out = append(out, d.region)
		case "sex":
			out = append(out, d.sex)
		case "age":
			out = append(out, d.age)
		default:
			out = append(out, groups[0])
			if len(groups) > 1 {
				groups = groups[1:]
			}
		}
	}
	return out
}

// replicate puts the error of replicate weights in the place of the linearised one.
func (q Request) replicate(f *figure, s *sample, month period.Period, r survey.Rows, d int, m measure) (int, error) {
	persons := s.months[month]
	st := survey.Stage{Cluster: r.PSU, Stratum: make([]int32, len(r.PSU))}
	strata := map[string]int32{}
	var names []string
	for i, u := range r.PSU {
		st.Stratum[i] = numbered(strata, &names, s.psus[u].stratum)
	}
	design, err := survey.New(survey.Sample{Weight: r.Weight, Stages: []survey.Stage{st}, Lonely: survey.Lonely(q.Lonely)})
	if err != nil {
		return 0, err
	}
	var rep survey.Replicates
	switch q.Replicates {
	case "jackknife":
		rep, err = design.Jackknife()
	case "brr":
		rep, err = design.Balanced(0)
	case "fay":
		rep, err = design.Balanced(.5)
	case "bootstrap":
		rep, err = design.RaoWu(500, q.Seed)
	case "sdr":
		rep, err = design.Successive(max(64, design.PSUs()+1))
	default:
		return 0, fmt.Errorf("no replicates %q; there are %s", q.Replicates, strings.Join(ReplicateMethods, ", "))
	}
	if err != nil {
		return 0, err
	}
	in := make([]int, 0, len(persons))
	for i := range persons {
		if slices.Contains(r.Classes[r.Class[i]].Domains, int32(d)) {
			in = append(in, i)
		}
	}
	_, variance, err := rep.Variance(r.Weight, func(w []float64) (float64, error) {
		var y, x float64
		for _, i := range in {
			num, den := m.of(&persons[i])
			y += w[i] * num
			x += w[i] * den
		}
		if m.kind == survey.Total {
			return y, nil
		}
		return y / x, nil
	}, nil)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", q.Replicates, err)
	}
	f.se = math.Sqrt(variance)
	return len(rep.Factors), nil
}

// judge grades an answer as the cube's figures are (see ind_survey_level).
func (a *Answer) judge(c config.Survey, m measure) {
	unemployed := m.code == "unemployment" || m.code == "unemployment_ilo" || m.code == "unemployed"
	switch {
	case math.IsNaN(a.SE):
		a.Quality, a.Reason = "unreliable", "no_error"
	case a.Value == 0:
		a.Quality, a.Reason = "unreliable", "no_case"
	case a.N < c.MinLaborForce:
		a.Quality, a.Reason = "unreliable", "few_persons"
	case unemployed && a.Counted < c.MinUnemployed:
		a.Quality, a.Reason = "unreliable", "few_unemployed"
	case a.CV > c.CVCaution:
		a.Quality, a.Reason = "unreliable", "cv"
	case a.CV > c.CVPublish:
		a.Quality, a.Reason = "caution", "cv"
	case a.DF < c.MinDF:
		a.Quality, a.Reason = "caution", "few_psus"
	default:
		a.Quality = "publish"
	}
}
