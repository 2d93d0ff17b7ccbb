package survey

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// tabulated is the panel's two months as tables, with domains by county, sex and
// all, and the measures of the rates, the hours and the unemployed.
type tabulated struct {
	p      *panel
	tables []*Table
	months []string
	frame  Frame
	in     []func(i int) bool
	vars   []Variable
	final  []float64
}

func tabulate(t testing.TB, lonely Lonely, withCells bool) *tabulated {
	t.Helper()
	p := openPanel(t)
	x := &tabulated{p: p, months: []string{"2024-01", "2024-02"}, final: append([]float64(nil), p.weight...)}
	x.in = []func(int) bool{func(int) bool { return true }}
	for _, c := range []float64{1, 2, 3} {
		x.in = append(x.in, func(i int) bool { return p.county[i] == c })
	}
	for _, s := range []float64{1, 2} {
		x.in = append(x.in, func(i int) bool { return p.sex[i] == s && p.urban[i] == 1 })
	}
	hours := make([]float64, len(p.weight))
	counted := make([]float64, len(p.weight))
	for i, h := range p.hours {
		if !math.IsNaN(h) && p.employed[i] == 1 {
			hours[i], counted[i] = h, 1
		}
	}
	x.vars = []Variable{
		{Kind: Ratio, Num: p.unemployed, Den: p.force},
		{Kind: Ratio, Num: p.force, Den: p.person},
		{Kind: Mean, Num: hours, Den: counted},
		{Kind: Total, Num: p.unemployed},
	}
	psus, classes := map[float64]int32{}, map[string]int32{}
	x.frame.Lonely = lonely
	for i := range p.psu {
		if _, ok := psus[p.psu[i]]; !ok {
			psus[p.psu[i]] = int32(len(psus))
			x.frame.Stratum = append(x.frame.Stratum, int32(p.strata[i]))
		}
	}
	for _, m := range x.months {
		r := Rows{Domains: len(x.in)}
		if withCells {
			r.Calibration = x.calibrate(m)
		}
		var rows []int
		for i := range p.psu {
			if p.month[i] != m {
				continue
			}
			rows = append(rows, i)
			c := Class{Cell: -1}
			for k, in := range x.in {
				if in(i) {
					c.Domains = append(c.Domains, int32(k))
				}
			}
			if withCells {
				c.Cell = x.cell(i)
			}
			key := fmt.Sprint(c)
			if _, ok := classes[m+key]; !ok {
				classes[m+key] = int32(len(r.Classes))
				r.Classes = append(r.Classes, c)
			}
			r.Class = append(r.Class, classes[m+key])
			r.PSU = append(r.PSU, psus[p.psu[i]])
			r.Weight = append(r.Weight, x.final[i])
		}
		var kinds []Kind
		for _, v := range x.vars {
			kinds = append(kinds, v.Kind)
		}
		table, err := Tabulate(r, Measures{Kinds: kinds, Of: func(row int, num, den []float64) {
			for j, v := range x.vars {
				num[j], den[j] = v.Num[rows[row]], 1
				if v.Den != nil {
					den[j] = v.Den[rows[row]]
				}
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		x.tables = append(x.tables, table)
	}
	return x
}

func (x *tabulated) cell(i int) int32 { return int32(x.p.county[i]-1)*2 + int32(x.p.sex[i]) - 1 }

// calibrate makes the month's weights add up to round totals by county and sex.
func (x *tabulated) calibrate(month string) *Cells {
	c := &Cells{Base: make([]float64, 6), Final: make([]float64, 6)}
	for county := range int32(3) {
		for sex := range int32(2) {
			c.X = append(c.X, []int32{county, 3 + sex})
		}
	}
	// Factors that differ by county and by sex, as raking leaves them.
	factor := func(i int) float64 { return (1 + .1*x.p.county[i]) * (1 - .05*x.p.sex[i]) }
	for i := range x.p.psu {
		if x.p.month[i] == month {
			x.final[i] = x.p.weight[i] * factor(i)
			c.Base[x.cell(i)] += x.p.weight[i]
			c.Final[x.cell(i)] += x.final[i]
		}
	}
	if err := c.Prepare(); err != nil {
		panic(err)
	}
	return c
}

// design is the same months row by row, stacked.
func (x *tabulated) design(t testing.TB, months ...string) (*Design, []int) {
	t.Helper()
	keep := func(i int) bool {
		return slices.Contains(months, x.p.month[i])
	}
	d, rows := x.p.only(t, x.frame.Lonely, keep)
	d.weight = pick(x.final, rows)
	return d, rows
}

// TestTables: what tables give of every domain and measure is what the design
// gives row by row, with and without calibration, under every rule.
func TestTables(t *testing.T) {
	for _, lonely := range []Lonely{Adjust, Average, Certainty, Remove} {
		for _, withCells := range []bool{false, true} {
			x := tabulate(t, lonely, withCells)
			errs := NewErrors(x.frame)
			both, all := x.design(t, x.months...)
			for k, v := range x.vars {
				stacked := Variable{Kind: v.Kind, Num: pick(v.Num, all)}
				if v.Den != nil {
					stacked.Den = pick(v.Den, all)
				}
				for dom, in := range x.in {
					var levels []Estimate
					for m, month := range x.months {
						d, rows := x.design(t, month)
						if withCells {
							of := make([]int32, len(rows))
							for r, i := range rows {
								of[r] = x.cell(i)
							}
							d.calibration = x.calibrate(month).Rows(of, d.weight)
						}
						one := Variable{Kind: v.Kind, Num: pick(v.Num, rows)}
						if v.Den != nil {
							one.Den = pick(v.Den, rows)
						}
						if v.Kind == Total {
							for r, i := range rows {
								one.Num[r] *= is(in(i)) // a domain's total counts all rows for its design effect
							}
						}
						want, _ := d.Estimate(one, func(r int) bool { return v.Kind == Total || in(rows[r]) })
						got, ok := x.tables[m].Estimate(dom, k)
						if !ok {
							t.Fatal("empty")
						}
						variance, df, told := errs.Of(x.tables[m].Term(dom, k, 1))
						wor, wr := x.tables[m].Deff(dom, k, variance)
						agree(t, got.Value, want.Value, 1e-12)
						agree(t, math.Sqrt(variance), want.SE, 1e-9)
						agree(t, wor, want.Deff, 1e-9)
						agree(t, wr, want.DeffReplace, 1e-9)
						if v.Kind != Total && (df != want.DF || got.N != want.N) || told != want.Told {
							t.Errorf("df %d, n %d; want %d, %d", df, got.N, want.DF, want.N)
						}
						levels = append(levels, want)
					}
					if withCells {
						continue // one calibration a month: the stacked design has two
					}
					month := func(m string) Estimate {
						e, _ := both.Estimate(stacked, func(r int) bool { return x.p.month[all[r]] == m && in(all[r]) })
						return e
					}
					want := both.Contrast([]Estimate{month(x.months[1]), month(x.months[0])}, []float64{1, -1})
					variance, _, _ := errs.Of(x.tables[1].Term(dom, k, 1), x.tables[0].Term(dom, k, -1))
					agree(t, math.Sqrt(variance), want.SE, 1e-9)
					agree(t, levels[1].Value-levels[0].Value, want.Value, 1e-9)
					if v.Kind == Total {
						continue
					}
					pool, _ := both.Estimate(stacked, func(r int) bool { return in(all[r]) })
					got, terms, ok := Pooled(x.tables, dom, k)
					variance, df, _ := errs.Of(terms...)
					if !ok || df != pool.DF || got.N != pool.N {
						t.Errorf("pooled: df %d, n %d; want %d, %d", df, got.N, pool.DF, pool.N)
					}
					agree(t, got.Value, pool.Value, 1e-12)
					agree(t, math.Sqrt(variance), pool.SE, 1e-9)
				}
			}
		}
	}
}

// TestValues: medians of tables' domains are those of the design row by row.
func TestValues(t *testing.T) {
	for _, withCells := range []bool{false, true} {
		x := tabulate(t, Average, withCells)
		d, rows := x.design(t, x.months[0])
		r := Rows{Domains: len(x.in), Weight: d.weight}
		psus := map[float64]int32{}
		for _, i := range rows {
			if _, ok := psus[x.p.psu[i]]; !ok {
				psus[x.p.psu[i]] = int32(len(psus))
			}
			c := Class{Cell: -1}
			for k, in := range x.in {
				if in(i) {
					c.Domains = append(c.Domains, int32(k))
				}
			}
			if withCells {
				c.Cell = x.cell(i)
			}
			r.PSU = append(r.PSU, psus[x.p.psu[i]])
			r.Class = append(r.Class, int32(len(r.Classes)))
			r.Classes = append(r.Classes, c)
		}
		if withCells {
			of := make([]int32, len(rows))
			for k, i := range rows {
				of[k] = x.cell(i)
			}
			d.calibration = x.calibrate(x.months[0]).Rows(of, d.weight)
		}
		y := pick(x.p.hours, rows)
		values, whole, errs := NewValues(x.tables[0], r, y), d.Quantiles(y), NewErrors(x.frame)
		for dom, in := range x.in {
			want, _ := whole.Of(.5, .95, func(k int) bool { return in(rows[k]) })
			got, ok := values.Of(errs, dom, .5, .95)
			if !ok || got.Value != want.Value || got.Low != want.Low || got.High != want.High || got.DF != want.DF || got.N != want.N || math.Abs(got.SE-want.SE) > 1e-12 {
				t.Errorf("domain %d: %+v, want %+v", dom, got, want)
			}
		}
	}
}

func TestTabulateFaults(t *testing.T) {
	m := Measures{Kinds: []Kind{Total}, Of: func(_ int, num, den []float64) { num[0], den[0] = 1, 1 }}
	for _, w := range []float64{-1, math.NaN(), math.Inf(1)} {
		if _, err := Tabulate(Rows{PSU: []int32{0}, Class: []int32{0}, Weight: []float64{w}, Classes: []Class{{Cell: -1}}}, m); err == nil {
			t.Errorf("weight %v accepted", w)
		}
	}
	apart := Rows{PSU: []int32{0, 1, 0}, Class: []int32{0, 0, 0}, Weight: []float64{1, 1, 1}, Classes: []Class{{Domains: []int32{0}, Cell: -1}}, Domains: 1}
	if _, err := Tabulate(apart, m); err == nil {
		t.Error("a PSU in two places accepted")
	}
	none, err := Tabulate(Rows{Domains: 1}, m)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := none.Estimate(0, 0); ok {
		t.Error("an estimate of nobody")
	}
}
