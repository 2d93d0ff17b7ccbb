package survey

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Cells is a calibration to margins, by the cells of persons who are in the same
// ones: what it explains of an estimate is told from the cells' sums alone.
type Cells struct {
	// X of each cell: the numbers of the margins' categories that it is in.
	X [][]int32
	// Base and Final are the cells' sums of weights before and after.
	Base, Final []float64
	inverse     *mat.SymDense
}

// Prepare solves for the projection, once. Margins may determine one another,
// as those that add up to the same population do.
func (c *Cells) Prepare() error {
	if len(c.Base) != len(c.X) || len(c.Final) != len(c.X) {
		return fmt.Errorf("calibration: %d cells have %d base and %d final weights", len(c.X), len(c.Base), len(c.Final))
	}
	n := 0
	for _, x := range c.X {
		for _, j := range x {
			n = max(n, int(j)+1)
		}
	}
	if n == 0 {
		return fmt.Errorf("calibration: no margin")
	}
	m := mat.NewSymDense(n, nil)
	for k, x := range c.X {
		for _, i := range x {
			for _, j := range x {
				if i <= j {
					m.SetSym(int(i), int(j), m.At(int(i), int(j))+c.Base[k])
				}
			}
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(m, true) {
		return fmt.Errorf("calibration: the margins' cross products cannot be decomposed")
	}
	values := eigen.Values(nil)
	var q mat.Dense
	eigen.VectorsTo(&q)
	largest := values[len(values)-1]
	c.inverse = mat.NewSymDense(n, nil)
	for k, v := range values {
		if v <= largest*1e-11 {
			continue // determined by the others
		}
		column := mat.Col(nil, k, &q)
		c.inverse.SymRankOne(c.inverse, 1/v, mat.NewVecDense(n, column))
	}
	return nil
}

// fitted turns the cells' sums of final weight × linearised value into what
// the margins explain of the value in each cell:
//
//	x'B̂, B̂ = (Σ d·x·x')⁻¹ Σ d·x·z,
//
// fitted with the base weights d (Deville and Särndal, JASA 87 (1992) 376–382;
// as R's calibrate does). Within a cell final weights are g·d with one g.
func (c *Cells) fitted(linear []float64) []float64 {
	n := c.inverse.SymmetricDim()
	xz := make([]float64, n)
	for k, z := range linear {
		if z == 0 || c.Final[k] == 0 {
			continue
		}
		z *= c.Base[k] / c.Final[k]
		for _, j := range c.X[k] {
			xz[j] += z
		}
	}
	var b mat.VecDense
	b.MulVec(c.inverse, mat.NewVecDense(n, xz))
	out := make([]float64, len(c.X))
	for k, x := range c.X {
		for _, j := range x {
			out[k] += b.AtVec(int(j))
		}
		if math.IsNaN(out[k]) {
			out[k] = 0
		}
	}
	return out
}

// Rows is the calibration over rows, for a Design: of holds each row's cell, −1
// for none, and weight the final weights.
func (c *Cells) Rows(of []int32, weight []float64) Calibration {
	return cellRows{c, of, weight}
}

type cellRows struct {
	*Cells
	of     []int32
	weight []float64
}

func (c cellRows) Residuals(z [][]float64) {
	for _, column := range z {
		linear := make([]float64, len(c.X))
		for i, k := range c.of {
			if k >= 0 {
				linear[k] += column[i]
			}
		}
		fitted := c.fitted(linear)
		for i, k := range c.of {
			if k >= 0 {
				column[i] -= c.weight[i] * fitted[k]
			}
		}
	}
}
