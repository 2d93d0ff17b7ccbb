package weighting

import (
	"errors"
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Projection takes out of linearised values what a calibration's variables
// explain of them. It is solved once and serves any number of estimates.
type Projection struct {
	cells  Cells
	g      []float64
	of     []int32
	weight []float64
	// root holds the eigenvectors of Σ d·x·x' over the roots of their values, a
	// column each, so that its product with its transpose is the inverse.
	root *mat.Dense
}

// NewProjection prepares the projection of the cells' variables under the g of a
// calibration. Rows are what estimates are made of: of holds each row's cell, −1
// for a row that was not calibrated, or is nil where every row is its own cell;
// weight holds the rows' final weights.
func NewProjection(c Cells, g []float64, of []int32, weight []float64) (*Projection, error) {
	n := len(c.Base)
	switch {
	case n == 0 || len(c.X) != n || len(g) != n:
		return nil, fmt.Errorf("projection: %d cells have %d rows of variables and %d factors", n, len(c.X), len(g))
	case of == nil && len(weight) != n || of != nil && len(weight) != len(of):
		return nil, fmt.Errorf("projection: %d final weights for %d rows in %d cells", len(weight), len(of), n)
	}
	for i, k := range of {
		if int(k) >= n {
			return nil, fmt.Errorf("projection: row %d is in cell %d of %d", i+1, k+1, n)
		}
	}
	p := len(c.X[0])
	if p == 0 {
		return nil, errors.New("projection: no variable")
	}
	m := newProducts(p)
	for i, x := range c.X {
		if len(x) != p {
			return nil, fmt.Errorf("projection: cell %d has %d variables, not %d", i+1, len(x), p)
		}
		m.add(c.Base[i], x)
	}
	root, err := m.root()
	if err != nil {
		return nil, err
	}
	return &Projection{cells: c, g: g, of: of, weight: weight, root: root}, nil
}

// Residuals replaces the weighted influence values of every estimate, one slice
// each with w·e for every row, by
//
//	w·e − w·x'B̂, B̂ = (Σ d·x·x')⁻¹ Σ d·x·e,
//
// where w = d·g is the final and d the base weight: the regression is fitted with
// base weights, its residuals carry the final ones (Deville and Särndal, JASA 87
// (1992) 376–382, section 3, and what R's survey package does for calibrated
// designs: it takes w·e/g as the dependent values).
func (p *Projection) Residuals(z [][]float64) {
	_, kept := p.root.Dims()
	sums, fit := make([]float64, len(p.g)), make([]float64, len(p.g))
	for _, column := range z {
		clear(sums)
		for i, v := range column {
			if k := p.cell(i); k >= 0 {
				sums[k] += v
			}
		}
		xe := mat.NewVecDense(len(p.cells.X[0]), nil)
		for k, x := range p.cells.X {
			if sums[k] == 0 || p.g[k] == 0 {
				continue
			}
			for j, xj := range x {
				if xj != 0 {
					xe.SetVec(j, xe.AtVec(j)+xj*sums[k]/p.g[k])
				}
			}
		}
		along, beta := mat.NewVecDense(kept, nil), mat.NewVecDense(xe.Len(), nil)
		along.MulVec(p.root.T(), xe)
		beta.MulVec(p.root, along)
		for k, x := range p.cells.X {
			fit[k] = 0
			for j, xj := range x {
				fit[k] += xj * beta.AtVec(j)
			}
		}
		for i := range column {
			if k := p.cell(i); k >= 0 {
				column[i] -= p.weight[i] * fit[k]
			}
		}
	}
}

func (p *Projection) cell(row int) int {
	if p.of == nil {
		return row
	}
	return int(p.of[row])
}
