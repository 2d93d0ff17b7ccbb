package cube_test

import (
	"testing"

	"laborwatch/cube"
)

func TestVerdict(t *testing.T) {
	at := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		low, high *float64
		want      cube.Verdict
	}{
		{at(.001), at(.009), cube.Rose},
		{at(-.009), at(-.001), cube.Fell},
		{at(-.001), at(.009), cube.Within},
		{at(0), at(.009), cube.Within},
		{at(-.009), at(0), cube.Within},
		{nil, at(.009), cube.Untold},
		{nil, nil, cube.Untold},
	} {
		if got := (cube.Observation{CILow: c.low, CIHigh: c.high}).Verdict(); got != c.want {
			t.Errorf("%v: %q, want %q", c, got, c.want)
		}
	}
}
