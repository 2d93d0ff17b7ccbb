package weighting

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// dependence is the share of the largest eigenvalue below which a direction is
// taken to be determined by the others. Margins that add up to the same
// population leave some 1e-16 of it.
const dependence = 1e-12

// products are the variables' weighted cross products, Σ w·x·x'.
type products struct {
	n    int
	sums []float64 // of each pair, the upper triangle in use
}

func newProducts(n int) *products { return &products{n, make([]float64, n*n)} }

func (m *products) add(w float64, x []float64) {
	for j, xj := range x {
		if xj == 0 {
			continue
		}
		row := m.sums[j*m.n : (j+1)*m.n]
		for k := j; k < m.n; k++ {
			if x[k] != 0 {
				row[k] += w * xj * x[k]
			}
		}
	}
}

// root gives R with R·R' the generalized inverse, a column for each direction
// that the others do not determine.
func (m *products) root() (*mat.Dense, error) {
	// Variables of different size must not drown one another.
	scale := make([]float64, m.n)
	for j := range scale {
		if scale[j] = math.Sqrt(m.sums[j*m.n+j]); scale[j] == 0 {
			scale[j] = 1
		}
	}
	scaled := mat.NewSymDense(m.n, nil)
	for j := range m.n {
		for k := j; k < m.n; k++ {
			scaled.SetSym(j, k, m.sums[j*m.n+k]/(scale[j]*scale[k]))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(scaled, true) {
		return nil, errors.New("calibration: the variables' cross products cannot be decomposed")
	}
	values := eigen.Values(nil)
	var q mat.Dense
	eigen.VectorsTo(&q)
	first := 0
	for first < m.n && !(values[first] > values[m.n-1]*dependence) {
		first++
	}
	if first == m.n {
		return nil, errors.New("calibration: every variable is 0 in every cell")
	}
	root := mat.NewDense(m.n, m.n-first, nil)
	for k := first; k < m.n; k++ {
		for j := range m.n {
			root.Set(j, k-first, q.At(j, k)/math.Sqrt(values[k])/scale[j])
		}
	}
	return root, nil
}
