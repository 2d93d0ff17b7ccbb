package survey

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"laborwatch/referencetest"
)

// panel is the synthetic panel of two months, stacked under the same PSU ids.
type panel struct {
	f                                   referencetest.Table
	month                               []string
	weight, status, hours, age, county  []float64
	urban, hukou, school, sex, strata   []float64
	psu                                 []float64
	employed, unemployed, force, person []float64
}

func openPanel(t testing.TB) *panel {
	t.Helper()
	f := referencetest.Read(t, "vectors/lfs_synth.csv")
	p := &panel{
		f: f, month: f.Text(t, "month"), weight: f.Numbers(t, "weight"), status: f.Numbers(t, "status"), hours: f.Numbers(t, "hours"),
		age: f.Numbers(t, "age"), county: f.Numbers(t, "county"), urban: f.Numbers(t, "urban"), hukou: f.Numbers(t, "hukou"),
		school: f.Numbers(t, "in_school"), sex: f.Numbers(t, "sex"), strata: f.Numbers(t, "stratum"), psu: f.Numbers(t, "psu"),
	}
	for _, s := range p.status {
		p.employed = append(p.employed, is(s == 1))
		p.unemployed = append(p.unemployed, is(s == 2))
		p.force = append(p.force, is(s == 1 || s == 2))
		p.person = append(p.person, is(s > 0))
	}
	return p
}

// only gives the design of the rows for which keep holds, and their numbers.
func (p *panel) only(t testing.TB, lonely Lonely, keep func(i int) bool) (*Design, []int) {
	t.Helper()
	s := Sample{Lonely: lonely, Stages: []Stage{{}}}
	var rows []int
	for i := range p.weight {
		if keep(i) {
			rows = append(rows, i)
			s.Weight = append(s.Weight, p.weight[i])
			s.Stages[0].Cluster = append(s.Stages[0].Cluster, int32(p.psu[i]))
			s.Stages[0].Stratum = append(s.Stages[0].Stratum, int32(p.strata[i]))
		}
	}
	d, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return d, rows
}

func pick(v []float64, rows []int) []float64 {
	out := make([]float64, len(rows))
	for k, i := range rows {
		out[k] = v[i]
	}
	return out
}

// rate is the unemployment rate of the rows.
func (p *panel) rate(rows []int) Variable {
	return Variable{Kind: Ratio, Num: pick(p.unemployed, rows), Den: pick(p.force, rows)}
}

// TestPanel reproduces every row of the panel's answers.
func TestPanel(t *testing.T) {
	for _, e := range expectations(t, "expected_lfs_synth.csv") {
		t.Run(e.name+"|"+e.quantity, func(t *testing.T) {
			p := openPanel(t)
			var got float64
			switch {
			case strings.HasPrefix(e.name, "synth|strata1-5"):
				got = p.replicated(t, e)
			case strings.HasSuffix(e.name, "|change"):
				got = p.change(t, e.quantity)
			case strings.HasSuffix(e.name, "|domain"):
				got = p.domain(t, e.quantity)
			case strings.HasPrefix(e.name, "synth|lonely="):
				rule, month, _ := strings.Cut(strings.TrimPrefix(e.name, "synth|lonely="), "|")
				got = p.level(t, Lonely(rule), month, e.quantity)
			default:
				t.Fatalf("no handler for %s", e.name)
			}
			agree(t, got, e.value, 1e-8)
		})
	}
}

func (p *panel) level(t *testing.T, rule Lonely, month, q string) float64 {
	d, rows := p.only(t, rule, func(i int) bool { return p.month[i] == month })
	if q == "degf" {
		return float64(d.DF(nil))
	}
	v, ok := map[string]Variable{
		"urate": p.rate(rows), "total(E)": {Kind: Total, Num: pick(p.employed, rows)}, "total(U)": {Kind: Total, Num: pick(p.unemployed, rows)},
		"total(LF)": {Kind: Total, Num: pick(p.force, rows)}, "total(pop)": {Kind: Total, Num: pick(p.person, rows)},
	}[q[:strings.LastIndex(q, ".")]]
	if !ok {
		t.Fatalf("no handler for %s", q)
	}
	e, _ := d.Estimate(v, nil)
	return e.part(t, q[strings.LastIndex(q, ".")+1:])
}

func (e Estimate) part(t *testing.T, name string) float64 {
	switch name {
	case "est":
		return e.Value
	case "se":
		return e.SE
	}
	t.Fatalf("no handler for %s", name)
	return 0
}

// domain handles "urate[urban=1,hukou=1].se" and the other rows of one month.
func (p *panel) domain(t *testing.T, q string) float64 {
	d, rows := p.only(t, Adjust, func(i int) bool { return p.month[i] == "2024-01" })
	at := func(v []float64, k int) float64 { return v[rows[k]] }
	if name, rest, ok := strings.Cut(q, "["); ok {
		where, part, _ := strings.Cut(rest, "]")
		in := func(k int) bool {
			for c := range strings.SplitSeq(strings.ReplaceAll(where, "2,3", "2;3"), ",") {
				if !p.holds(t, c, rows[k]) {
					return false
				}
			}
			return true
		}
		e, ok := d.Estimate(p.rate(rows), in)
		if !ok {
			t.Fatal("empty")
		}
		switch name {
		case "urate", "urate_svysubset":
			return e.part(t, strings.TrimPrefix(part, "."))
		case "n_lf":
			return float64(e.N)
		case "n_u":
			n := 0.0
			for k := range rows {
				n += is(in(k)) * at(p.unemployed, k)
			}
			return n
		}
		t.Fatalf("no handler for %s", q)
	}
	rate, _ := d.Estimate(p.rate(rows), nil)
	name, part, _ := strings.Cut(q, ".")
	switch name {
	case "emp_pop_ratio":
		e, _ := d.Estimate(Variable{Kind: Ratio, Num: pick(p.employed, rows), Den: pick(p.person, rows)}, nil)
		return e.part(t, part)
	case "part_rate":
		e, _ := d.Estimate(Variable{Kind: Ratio, Num: pick(p.force, rows), Den: pick(p.person, rows)}, nil)
		return e.part(t, part)
	case "avg_hours_all_employed", "avg_hours_at_work":
		e, _ := d.Estimate(Variable{Kind: Mean, Num: pick(p.hours, rows)}, func(k int) bool {
			return at(p.employed, k) == 1 && (name == "avg_hours_all_employed" || at(p.hours, k) > 0)
		})
		return e.part(t, part)
	case "degf(LF subset)":
		return float64(rate.DF)
	case "urate":
		switch f := strings.Split(part, "."); f[0] {
		case "ci95":
			m := Method(f[1])
			if m == "xlogit" {
				m = Logit
			}
			low, high, ok := Interval(m, rate.Value, rate.SE, rate.DF, rate.N, .95)
			if !ok {
				t.Fatal("no interval")
			}
			return map[string]float64{"lo": low, "hi": high}[f[2]]
		case "deff(wr)":
			return rate.DeffReplace
		case "se":
			e, _ := d.Estimate(Variable{Kind: Mean, Num: pick(p.unemployed, rows)}, func(k int) bool { return at(p.force, k) == 1 })
			return e.SE
		}
	}
	t.Fatalf("no handler for %s", q)
	return 0
}

func (p *panel) holds(t *testing.T, cond string, i int) bool {
	switch cond {
	case "urban=1", "urban=0":
		return p.urban[i] == float64(cond[6]-'0')
	case "age16-24":
		return p.age[i] >= 16 && p.age[i] <= 24
	case "age25-29":
		return p.age[i] >= 25 && p.age[i] <= 29
	case "age30-59":
		return p.age[i] >= 30 && p.age[i] <= 59
	case "not in school":
		return p.school[i] == 0
	case "hukou in 2;3":
		return p.hukou[i] == 2 || p.hukou[i] == 3
	}
	name, value, _ := strings.Cut(cond, "=")
	column, ok := map[string][]float64{"county": p.county, "sex": p.sex, "hukou": p.hukou}[name]
	if !ok {
		t.Fatalf("no handler for the condition %s", cond)
	}
	return fmt.Sprint(column[i]) == value
}

// change stacks both months under the same PSUs.
func (p *panel) change(t *testing.T, q string) float64 {
	d, rows := p.only(t, Adjust, func(int) bool { return true })
	month := func(m string) Estimate {
		e, ok := d.Estimate(p.rate(rows), func(k int) bool { return p.month[rows[k]] == m })
		if !ok {
			t.Fatal("empty")
		}
		return e
	}
	one, two := month("2024-01"), month("2024-02")
	cov, _ := d.Covariance(one.Z, two.Z)
	difference := d.Contrast([]Estimate{two, one}, []float64{1, -1})
	switch q {
	case "r1.est", "r1.se":
		return one.part(t, q[3:])
	case "r2.est", "r2.se":
		return two.part(t, q[3:])
	case "chg.est", "chg.se":
		return difference.part(t, q[4:])
	case "cov(r1,r2)":
		return cov
	case "corr(r1,r2)":
		return cov / one.SE / two.SE
	case "se_if_independent":
		return math.Hypot(one.SE, two.SE)
	}
	t.Fatalf("no handler for %s", q)
	return 0
}

// replicated handles the rows of replicate weights, of strata 1 to 5 in January.
func (p *panel) replicated(t *testing.T, e expectation) float64 {
	pairs := strings.Contains(e.name, "psu<=2")
	d, rows := p.only(t, Adjust, func(i int) bool {
		return p.month[i] == "2024-01" && p.strata[i] <= 5 && (!pairs || int(p.psu[i])%100 <= 2)
	})
	v := p.rate(rows)
	theta := func(w []float64) (float64, error) {
		var u, lf float64
		for k := range w {
			u += w[k] * v.Num[k]
			lf += w[k] * v.Den[k]
		}
		return u / lf, nil
	}
	psus := pick(p.psu, rows)
	supplied := func(file string, scale float64) Replicates {
		f := referencetest.Read(t, "vectors/"+file)
		first := f.Column(t, "psu") + 1
		r := Replicates{Scale: scale, Factors: make([][]float64, len(f.Rows[0])-first)}
		at := map[string]int32{}
		for c, row := range f.Rows {
			at[row[first-1]] = int32(c)
			for i := range r.Factors {
				var x float64
				if _, err := fmt.Sscan(row[first+i], &x); err != nil {
					t.Fatal(err)
				}
				r.Factors[i] = append(r.Factors[i], x)
			}
		}
		for _, c := range psus {
			r.Cluster = append(r.Cluster, at[fmt.Sprint(c)])
		}
		return r
	}
	se := func(r Replicates, full bool) float64 {
		r.Full = full
		_, variance, err := r.Variance(pick(p.weight, rows), theta, nil)
		if err != nil {
			t.Fatal(err)
		}
		return math.Sqrt(variance)
	}
	taylor, _ := d.Estimate(v, nil)
	jackknife := func() Replicates {
		r, err := d.Jackknife()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	fay := func(r Replicates, rho float64) Replicates {
		for _, f := range r.Factors {
			for c := range f {
				f[c] = rho + (1-rho)*f[c]
			}
		}
		r.Scale /= (1 - rho) * (1 - rho)
		return r
	}
	switch e.quantity {
	case "urate.est", "urate.taylor.est", "urate.BRR.est", "urate.Fay0.5.est":
		return taylor.Value
	case "urate.taylor.se":
		return taylor.SE
	case "urate.JKn.se(centre=replicate mean)": //nolint:misspell // the reference's word
		return se(jackknife(), false)
	case "urate.JKn.se(mse=centre full)": //nolint:misspell // the reference's word
		return se(jackknife(), true)
	case "urate.subbootstrap200.se(mse)":
		r := supplied("lfs_synth_subbootstrap_factors.csv", 1)
		r.Scale = 1 / float64(len(r.Factors)-1)
		return se(r, true)
	case "subbootstrap.scale":
		r, err := d.RaoWu(200, 1)
		if err != nil {
			t.Fatal(err)
		}
		return r.Scale
	case "subbootstrap.rscale1":
		r, _ := d.RaoWu(200, 1)
		return is(r.RScale == nil)
	case "urate.SDR64.se(mse)":
		return se(supplied("lfs_synth_sdr_factors.csv", 4.0/64), true)
	case "urate.BRR.se":
		return se(supplied("lfs_synth_brr_factors.csv", 1.0/8), true)
	case "urate.Fay0.5.se":
		return se(fay(supplied("lfs_synth_brr_factors.csv", 1.0/8), .5), true)
	case "BRR.nrep":
		r, err := d.Balanced(0)
		if err != nil {
			t.Fatal(err)
		}
		return float64(len(r.Factors))
	}
	t.Fatalf("no handler for %s", e.quantity)
	return 0
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
