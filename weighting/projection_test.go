package weighting

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Persons in cells have the residuals that they have each for himself, whatever
// the unit that a variable is measured in.
func TestProjectionOfCellsIsThatOfPersons(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, v := margins(t)
		unit := rapid.SampledFrom([]float64{1, 1e-4, 1e7}).Draw(t, "unit")
		got, err := Calibrate(c, v, Options{Distance: Raking})
		if err != nil {
			t.Fatal(err)
		}
		var of []int32
		var final, single []float64
		alone := Cells{}
		for k, base := range c.Base {
			n := rapid.IntRange(1, 4).Draw(t, "persons")
			for range n {
				of = append(of, int32(k))
				alone.Base = append(alone.Base, base/float64(n))
				x := append([]float64{}, c.X[k]...)
				x[0] *= unit
				alone.X = append(alone.X, x)
				single = append(single, got.G[k])
				final = append(final, got.G[k]*base/float64(n))
			}
		}
		z := make([]float64, len(of))
		for i := range z {
			z[i] = final[i] * rapid.Float64Range(-5, 5).Draw(t, "value")
		}
		other := append([]float64{}, z...)
		cells, err := NewProjection(c, got.G, of, final)
		if err != nil {
			t.Fatal(err)
		}
		persons, err := NewProjection(alone, single, nil, final)
		if err != nil {
			t.Fatal(err)
		}
		cells.Residuals([][]float64{z})
		persons.Residuals([][]float64{other})
		for i := range z {
			if math.Abs(z[i]-other[i]) > 1e-6*(1+math.Abs(z[i])) {
				t.Fatalf("row %d: %v in cells, %v alone", i, z[i], other[i])
			}
		}
		// A variable of the calibration is explained altogether.
		own := make([]float64, len(of))
		for i, k := range of {
			own[i] = final[i] * c.X[k][1]
		}
		cells.Residuals([][]float64{own})
		for i := range own {
			if math.Abs(own[i]) > 1e-6*final[i] {
				t.Fatalf("row %d keeps %v of a calibration variable", i, own[i])
			}
		}
	})
}

func TestProjectionFaults(t *testing.T) {
	c := Cells{Base: []float64{1, 1}, X: [][]float64{{1}, {1}}}
	g := []float64{1, 1}
	for name, err := range map[string]error{
		"nobody":   second(NewProjection(Cells{}, nil, nil, nil)),
		"factors":  second(NewProjection(c, g[:1], nil, g)),
		"weights":  second(NewProjection(c, g, []int32{0}, g)),
		"cell":     second(NewProjection(c, g, []int32{0, 2}, g)),
		"variable": second(NewProjection(Cells{Base: g, X: [][]float64{{}, {}}}, g, nil, g)),
		"ragged":   second(NewProjection(Cells{Base: g, X: [][]float64{{1}, {}}}, g, nil, g)),
		"nothing":  second(NewProjection(Cells{Base: g, X: [][]float64{{0}, {0}}}, g, nil, g)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// A row outside the calibration keeps its value.
	p, err := NewProjection(c, g, []int32{0, 1, -1}, []float64{1, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	z := []float64{3, 5, 7}
	p.Residuals([][]float64{z})
	if math.Abs(z[0]+1) > 1e-12 || math.Abs(z[1]-1) > 1e-12 || z[2] != 7 {
		t.Errorf("residuals %v, want -1, 1, 7", z)
	}
}
