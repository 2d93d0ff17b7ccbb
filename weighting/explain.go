package weighting

import (
	"gonum.org/v1/gonum/mat"
)

// Explain takes out of linearised values what the calibration's variables
// explain of them, in place: each column of z holds a final weight × value for
// every cell, and becomes
//
//	z_i − w_i·x_i'B̂, B̂ = (Σ d·x·x')⁻¹ Σ d·x·(z/w),
//
// w = d·g, the regression being weighted with the base weights d, as R's
// calibrate has it (Deville and Särndal 1992, section 3).
func Explain(c Cells, g []float64, z [][]float64) {
	n := len(c.Base)
	if n == 0 || len(c.X[0]) == 0 {
		return
	}
	p := len(c.X[0])
	m := mat.NewSymDense(p, nil)
	for i, x := range c.X {
		for j := range p {
			for k := j; k < p; k++ {
				m.SetSym(j, k, m.At(j, k)+c.Base[i]*x[j]*x[k])
			}
		}
	}
	for _, column := range z {
		b := make([]float64, p)
		for i, x := range c.X {
			if g[i] == 0 {
				continue
			}
			for j := range p {
				b[j] += x[j] * column[i] / g[i]
			}
		}
		beta, _, err := leastSquares(m, b)
		if err != nil {
			return // nothing explained: the variance is the larger one
		}
		for i, x := range c.X {
			fit := 0.0
			for j := range p {
				fit += x[j] * beta[j]
			}
			column[i] -= c.Base[i] * g[i] * fit
		}
	}
}
