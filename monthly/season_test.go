package monthly

import (
	"math"
	"testing"

	"laborwatch/config"
	"laborwatch/period"
	"laborwatch/seasonal"
)

// seasonalRates are 84 months of a rate with a season, that rises by 1.2 points
// in the last year.
func seasonalRates(se float64) *rates {
	r := &rates{value: map[period.Period]float64{}, se: map[period.Period]float64{}, mom: map[period.Period]float64{}, yoy: map[period.Period]float64{}}
	first := period.Of(2019, 1)
	for i := range 84 {
		m := first.Add(i)
		noise := 0.0003 * math.Sin(float64(i*i))
		r.value[m] = .05 + .004*math.Cos(2*math.Pi*float64(i)/12) + noise
		if i >= 72 {
			r.value[m] += .012 * float64(i-71) / 12
		}
		r.se[m] = se
		r.mom[m] = se // of errors with correlation .5: V = 2se² − se²
		r.newest = m
	}
	return r
}

func TestSeason(t *testing.T) {
	cfg := config.Seasonal{MinMonths: 60, Festival: true}
	for se, signal := range map[float64]bool{.0005: true, .02: false} {
		r := seasonalRates(se)
		rows, err := r.adjust(t.Context(), r.unbroken(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != 84 {
			t.Errorf("%d months, want 84", len(rows))
		}
		want, err := seasonal.Adjust(r.unbroken(), seasonal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		last := rows[r.newest]
		if last[6] != want.Adjusted[83] || last[5] != want.Trend[83] || last[1] != "stl" {
			t.Errorf("row %v, want adjusted %v and trend %v", last, want.Adjusted[83], want.Trend[83])
		}
		// A rise of about a point over the year: above the rule's 0.50, and a
		// signal only where sampling cannot explain it.
		if rise := last[7].(float64); rise < .005 || last[9] != signal {
			t.Errorf("SE %v: rise %v, signal %v; want a signal: %v", se, rise, last[9], signal)
		}
	}
	r := seasonalRates(.0005)
	if got := r.correlation(1); math.Abs(got-.5) > 1e-12 {
		t.Errorf("correlation %v of months whose change has the error of one of them, want 0.5", got)
	}
	if got := r.correlation(5); got != 0 {
		t.Errorf("correlation %v of samples without overlap", got)
	}
	delete(r.value, period.Of(2020, 5))
	if got := r.unbroken(); len(got) != 67 || got[0].Month != period.Of(2020, 6) {
		t.Errorf("%d months after the gap, from %v; want 67 from 2020-06", len(got), got[0].Month)
	}
	if got := (&rates{}).unbroken(); len(got) != 0 {
		t.Errorf("%d months of nothing", len(got))
	}
}

// Rates that never move are adjusted to themselves and give no charts.
func TestSeasonOfAConstant(t *testing.T) {
	r := seasonalRates(.001)
	for m := range r.value {
		r.value[m] = .05
	}
	rows, err := r.adjust(t.Context(), r.unbroken(), config.Seasonal{MinMonths: 60})
	if err != nil {
		t.Fatal(err)
	}
	last := rows[r.newest]
	if math.Abs(last[6].(float64)-.05) > 1e-12 || last[13] == true || last[9] == true {
		t.Errorf("%v", last)
	}
}
