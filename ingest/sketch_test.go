package ingest

import (
	"math"
	"testing"
)

// Estimates lie within four standard errors, whatever the number, and repeated
// values count once.
func TestSketch(t *testing.T) {
	for _, n := range []int{0, 1, 10, 1000, 9000, 12_000, 100_000, 3_000_000} {
		a, b := &sketch{}, &sketch{}
		for i := range n {
			for range 2 {
				[]*sketch{a, b}[i%2].add(uint64(i))
			}
		}
		a.merge(b)
		if got := float64(a.count()); math.Abs(got-float64(n)) > 4*0.0163*float64(n) {
			t.Errorf("%d values: estimated as %.0f", n, got)
		}
	}
}
