package monthly_test

import (
	"database/sql"
	"math"
	"strconv"
	"testing"
)

// person is one row of a made-up sample, of 2026-05 unless month says otherwise.
type person struct {
	month, stratum, psu, sex string
	weight                   any
	status                   any
	hours                    any
}

func sample(t testing.TB, people []person) *sql.DB {
	t.Helper()
	db := open(t, 2)
	for i, p := range people {
		if p.month == "" {
			p.month = "2026-05"
		}
		var sex any
		if p.sex != "" {
			sex = p.sex
		}
		_, err := db.ExecContext(t.Context(), `INSERT INTO lake.labor_force_survey
			(period, household, person_no, region, stratum, psu, weight_e6, age, sex, hukou, in_school, status, hours, _row)
			VALUES (CAST(? AS DATE), ?, '1', '410402', ?, ?, ?, 30, ?, 'local', FALSE, ?, ?, ?)`,
			p.month+"-01", strconv.Itoa(i), p.stratum, p.psu, p.weight, sex, p.status, p.hours, i)
		if err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// repeat makes n persons alike.
func repeat(n int, p person) []person {
	out := make([]person, n)
	for i := range out {
		out[i] = p
	}
	return out
}

func join(groups ...[]person) []person {
	var out []person
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

const (
	million = 1_000_000
	rateKey = "2026-05|surveyed_unemployment_rate|_T|_T|_T|_T"
)

// TestDegenerate: what has no variance, no weight or nobody in it gives a
// defined figure or none, under every rule, and never NaN or infinity.
func TestDegenerate(t *testing.T) {
	e := person{stratum: "1", psu: "1", sex: "M", weight: million, status: 1, hours: 40.0}
	with := func(f func(*person)) person { p := e; f(&p); return p }
	psu := func(s, id string, status int) person {
		return with(func(p *person) { p.stratum, p.psu, p.status = s, id, status })
	}
	for _, c := range []struct {
		name   string
		people []person
		check  func(t *testing.T, got map[string]figure)
	}{
		{"empty month", nil, func(t *testing.T, got map[string]figure) {
			if len(got) != 0 {
				t.Errorf("%d figures from nobody", len(got))
			}
		}},
		{
			"nobody unemployed", join(repeat(20, psu("1", "1", 1)), repeat(20, psu("1", "2", 1)), repeat(20, psu("1", "3", 1))),
			func(t *testing.T, got map[string]figure) {
				g := got[rateKey]
				if g.value.Float64 != 0 || !g.se.Valid || g.se.Float64 != 0 || g.quality != "unreliable" || g.status != "N" {
					t.Errorf("rate %+v", g)
				}
				// Korn–Graubard at 0: 1 − .025^(1/n*), n* = 60 (t59/t2)².
				if want := 1 - math.Pow(.025, 1/(60*2.00099537808/4.30265272975*(2.00099537808/4.30265272975))); g.low.Float64 != 0 || math.Abs(g.high.Float64-want) > 1e-9 {
					t.Errorf("interval [%v, %v], want [0, %v]", g.low, g.high, want)
				}
				if u := got["2026-05|surveyed_unemployed|_T|_T|_T|_T"]; u.value.Float64 != 0 || u.quality != "unreliable" {
					t.Errorf("unemployed %+v", u)
				}
				if p := got["2026-05|employment_rate|_T|_T|_T|_T"]; p.value.Float64 != 1 || p.high.Float64 != 1 || !(p.low.Float64 > 0.7) {
					t.Errorf("employment rate %+v", p)
				}
			},
		},
		{
			"one PSU", join(repeat(50, psu("1", "1", 1)), repeat(10, psu("1", "1", 2))),
			func(t *testing.T, got map[string]figure) {
				if g := got[rateKey]; math.Abs(g.value.Float64-1.0/6) > 1e-11 || g.se.Valid || g.low.Valid || g.quality != "unreliable" {
					t.Errorf("rate %+v", g)
				}
			},
		},
		{
			"zero weights", join(repeat(3, with(func(p *person) { p.weight = 0 })), repeat(3, with(func(p *person) { p.weight = 0; p.psu = "2"; p.status = 2 }))),
			func(t *testing.T, got map[string]figure) {
				if len(got) != 0 {
					t.Errorf("figures from persons without weight: %v", got)
				}
			},
		},
		{
			"one domain without weight", join(repeat(40, psu("1", "1", 1)), repeat(40, psu("1", "2", 2)),
				repeat(9, with(func(p *person) { p.sex = "F"; p.weight = 0 }))),
			func(t *testing.T, got map[string]figure) {
				if _, there := got["2026-05|surveyed_unemployment_rate|_T|F|_T|_T"]; there || got[rateKey].value.Float64 != 0.5 {
					t.Errorf("rate %+v", got[rateKey])
				}
			},
		},
		{"all missing", repeat(5, person{stratum: "1", psu: "1"}), func(t *testing.T, got map[string]figure) {
			if len(got) != 0 {
				t.Errorf("figures: %v", got)
			}
		}},
		{"out of scope alone", repeat(5, psu("1", "1", 0)), func(t *testing.T, got map[string]figure) {
			if len(got) != 0 {
				t.Errorf("figures: %v", got)
			}
		}},
		{
			"negative and huge weights", join(repeat(40, psu("1", "1", 1)), repeat(40, psu("1", "2", 2)), repeat(40, psu("2", "9", 1)),
				[]person{with(func(p *person) { p.weight = -5 * million }), with(func(p *person) { p.weight = int64(9e18); p.psu = "2" })}),
			func(t *testing.T, got map[string]figure) {
				if g := got[rateKey]; !(g.value.Float64 > 0) || !(g.value.Float64 < 1e-9) || !g.se.Valid {
					t.Errorf("rate %+v", g)
				}
			},
		},
		{
			"absurd hours", join(repeat(40, psu("1", "1", 1)), repeat(40, psu("1", "2", 1)),
				[]person{with(func(p *person) { p.hours = math.NaN() }), with(func(p *person) { p.hours = math.Inf(1) }), with(func(p *person) { p.hours = -3.0 })}),
			func(t *testing.T, got map[string]figure) {
				if g := got["2026-05|mean_weekly_hours|_T|_T|_T|_T"]; g.value.Float64 != 40 || g.n != 80 {
					t.Errorf("hours %+v", g)
				}
			},
		},
		{
			"from nobody unemployed to somebody", join(repeat(40, with(func(p *person) { p.month = "2026-04" })),
				repeat(40, with(func(p *person) { p.month = "2026-04"; p.psu = "2" })), repeat(40, psu("1", "1", 1)), repeat(40, psu("1", "2", 2))),
			func(t *testing.T, got map[string]figure) {
				if g := got["2026-05|surveyed_unemployment_rate_mom|_T|_T|_T|_T"]; g.value.Float64 != 0.5 || !(g.se.Float64 > 0) || g.quality != "unreliable" {
					t.Errorf("change %+v", g)
				}
				if g, there := got["2026-05|surveyed_unemployed_mom|_T|_T|_T|_T"]; there {
					t.Errorf("a relative change on nobody: %+v", g)
				}
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := sample(t, c.people)
			for _, rule := range []string{"adjust", "average", "certainty", "remove"} {
				build(t, db, map[string]any{"survey.lonely_psu": rule})
				got := figures(t, db)
				c.check(t, got)
				for k, g := range got {
					finite(t, rule+" "+k, g)
				}
			}
		})
	}
}

func finite(t *testing.T, key string, g figure) {
	t.Helper()
	for _, x := range []sql.NullFloat64{g.value, g.se, g.low, g.high, g.num, g.den} {
		if x.Valid && (math.IsNaN(x.Float64) || math.IsInf(x.Float64, 0)) {
			t.Errorf("%s: %+v", key, g)
		}
	}
	if g.low.Valid != g.high.Valid || g.low.Float64 > g.high.Float64 || (g.se.Valid && g.se.Float64 < 0) {
		t.Errorf("%s: %+v", key, g)
	}
}
