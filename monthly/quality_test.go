package monthly_test

import (
	"fmt"
	"testing"
)

// A small standard error from few PSUs is luck as often as precision: below the
// minimum of degrees of freedom no figure is better than caution.
func TestFewPSUsAreNeverPublishable(t *testing.T) {
	for _, c := range []struct {
		psus int
		want string
	}{{3, "caution"}, {8, "caution"}, {9, "publish"}} {
		var people []person
		for i := range c.psus {
			one := person{stratum: "1", psu: fmt.Sprint(i), sex: "M", weight: million, status: 1, hours: 40.0}
			two := one
			two.status = 2
			people = append(people, join(repeat(40-i%2, one), repeat(10+i%2, two))...)
		}
		db := sample(t, people)
		build(t, db, nil)
		g := figures(t, db)[rateKey]
		if g.quality != c.want || g.se.Float64 > 0.165*g.value.Float64 {
			t.Errorf("%d PSUs: quality %s, want %s (rate %v, SE %v)", c.psus, g.quality, c.want, g.value.Float64, g.se.Float64)
		}
	}
}
