package monthly

import (
	"database/sql/driver"
	"math"
	"testing"

	"laborwatch/config"
	"laborwatch/period"
	"laborwatch/smallarea"
)

// table collects what a computation puts, by region.
func collect(rows *[][]driver.Value) func(...driver.Value) error {
	return func(row ...driver.Value) error {
		*rows = append(*rows, append([]driver.Value(nil), row...))
		return nil
	}
}

// county12 are twelve counties whose rates follow a register, with samples of n.
func county12() *counties {
	cs := &counties{city: county{rate: .05, se: .004, laborForce: 120_000, n: 2400}, direct: map[string]county{}, x: map[string]map[string]float64{}}
	for i := range 12 {
		region := string(rune('a' + i))
		x := -3.6 + .1*float64(i)
		noise := .01 * math.Sin(float64(7*i))
		cs.direct[region] = county{rate: .05 + .01*float64(i-6)/6 + noise, se: .015, laborForce: 10_000, n: 200}
		cs.x[region] = map[string]float64{"registered": x}
	}
	return cs
}

var countyConfig = config.CountyModel{Method: "reml", Months: 3, Covariates: []string{"registered", "benefit", "insured_change"}}

// TestCounties: every county has an estimate between what the survey and the
// register say, and together they are the city's.
func TestCounties(t *testing.T) {
	cs := county12()
	delete(cs.direct, "l") // in the registers and not in the sample
	var rows [][]driver.Value
	if err := cs.estimate(period.Of(2026, 10), countyConfig, collect(&rows)); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 12 {
		t.Fatalf("%d counties, want 12", len(rows))
	}
	sum, weight := 0.0, 0.0
	for _, r := range rows {
		d, sampled := cs.direct[r[1].(string)]
		if !sampled {
			if r[2] != string(smallarea.Synthetic) || r[3] != string(smallarea.NotSampled) || r[7] != nil {
				t.Errorf("a county without a sample: %v", r)
			}
			continue
		}
		sum += d.laborForce * r[4].(float64)
		weight += d.laborForce
		gamma, model, regression := r[6].(float64), r[9].(float64), r[10].(float64)
		if math.Abs(gamma*d.rate+(1-gamma)*regression-model) > 1e-9 {
			t.Errorf("%v: model %v is not %v of %v and the rest of %v", r[1], model, gamma, d.rate, regression)
		}
		if r[5].(float64) <= 0 {
			t.Errorf("%v: mean squared error %v", r[1], r[5])
		}
	}
	if math.Abs(sum/weight-.05) > 1e-12 {
		t.Errorf("the counties make %v together, the city has 0.05", sum/weight)
	}
}

// Months that cannot bear a model have none, or less of one; none fails.
func TestCountiesOfLittle(t *testing.T) {
	run := func(name string, cs *counties, want int) [][]driver.Value {
		t.Helper()
		var rows [][]driver.Value
		if err := cs.estimate(period.Of(2026, 10), countyConfig, collect(&rows)); err != nil || len(rows) != want {
			t.Errorf("%s: %d rows, want %d (%v)", name, len(rows), want, err)
		}
		return rows
	}
	run("no month", nil, 0)
	run("no sample", &counties{direct: map[string]county{}}, 0)
	nobody := county12()
	nobody.city.rate = 0
	run("nobody unemployed in the city", nobody, 0)
	unknown := county12()
	for r, d := range unknown.direct {
		d.se = math.NaN()
		unknown.direct[r] = d
	}
	run("no standard errors", unknown, 0)
	bare := county12()
	bare.x = nil
	for _, r := range run("no register", bare, 12) {
		if r[2] == string(smallarea.None) {
			t.Errorf("%v", r)
		}
	}
	two := county12()
	for r := range two.direct {
		if r > "b" {
			delete(two.direct, r)
			delete(two.x, r)
		}
	}
	for _, r := range run("two counties", two, 2) {
		if r[2] != string(smallarea.Direct) || r[3] != string(smallarea.TooFewAreas) {
			t.Errorf("%v", r)
		}
	}
}
