package smallarea

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// design holds the areas that take part in the fit. Columns of x are scaled to
// a root mean square of one, so that a covariate's unit cannot make the normal
// equations look singular.
type design struct {
	names   []string // in use, the intercept first
	columns []int    // their places in Area.X, −1 the intercept
	scale   []float64
	dropped []Dropped
	member  map[string]bool
	floor   float64 // a variance at or below it counts as unknown
	x       *mat.Dense
	y, d    []float64
}

func (d *design) p() int { return len(d.columns) }

// collinear is the share of a column's length that must be left when the
// columns before it are taken out.
const collinear = 1e-7

// numericallyZero is the share of the median variance below which a variance
// is rounding error rather than information.
const numericallyZero = 1e-12

func newDesign(areas []Area, names []string) *design {
	d := &design{names: []string{"(intercept)"}, columns: []int{-1}, floor: varianceFloor(areas)}
	use := make([]int, len(names))
	for i := range use {
		use[i] = i
	}
	// A covariate that is dropped may have been what kept an area out, so the
	// members are looked up again after each one.
	for {
		d.fill(areas, use)
		if len(use) == 0 || len(d.y) > len(use)+1+2 {
			break
		}
		last := use[len(use)-1]
		d.dropped = append(d.dropped, Dropped{Name: names[last], Few: true})
		use = use[:len(use)-1]
	}
	keep := d.independent(use)
	for _, c := range use {
		if !slices.Contains(keep, c) {
			d.dropped = append(d.dropped, Dropped{Name: names[c]})
		}
	}
	if len(keep) < len(use) {
		d.fill(areas, keep)
	}
	for _, c := range keep {
		d.names, d.columns = append(d.names, names[c]), append(d.columns, c)
	}
	return d
}

func varianceFloor(areas []Area) float64 {
	var known []float64
	for _, a := range areas {
		if a.Sampled && a.Variance > 0 {
			known = append(known, a.Variance)
		}
	}
	if len(known) == 0 {
		return 0
	}
	return median(known) * numericallyZero
}

func (d *design) fill(areas []Area, use []int) {
	d.y, d.d, d.x, d.scale, d.member = nil, nil, nil, make([]float64, len(use)+1), map[string]bool{}
	var rows []float64
	for _, a := range areas {
		if !a.Sampled || !(a.Variance > d.floor) || missing(a, use) {
			continue
		}
		d.member[a.Code] = true
		d.y, d.d = append(d.y, a.Direct), append(d.d, a.Variance)
		rows = append(rows, 1)
		for _, c := range use {
			rows = append(rows, a.X[c])
		}
	}
	if len(d.y) == 0 {
		return
	}
	d.x = mat.NewDense(len(d.y), len(use)+1, rows)
	for j := range d.scale {
		s := mat.Norm(d.x.ColView(j), 2) / math.Sqrt(float64(len(d.y)))
		if s == 0 {
			s = 1 // all zero: found collinear below
		}
		d.scale[j] = s
		for i := range d.y {
			d.x.Set(i, j, d.x.At(i, j)/s)
		}
	}
}

func missing(a Area, use []int) bool {
	return slices.ContainsFunc(use, func(c int) bool { return math.IsNaN(a.X[c]) })
}

// independent lists the covariates that the intercept and those before them do
// not determine, by Gram–Schmidt.
func (d *design) independent(use []int) []int {
	if d.x == nil {
		return use
	}
	keep := []int{}
	var basis []*mat.VecDense
	for j := range len(use) + 1 {
		v := mat.VecDenseCopyOf(d.x.ColView(j))
		for range 2 { // twice is enough against cancelation
			for _, b := range basis {
				v.AddScaledVec(v, -mat.Dot(b, v), b)
			}
		}
		norm := mat.Norm(v, 2)
		if norm <= collinear*math.Sqrt(float64(len(d.y))) {
			continue
		}
		v.ScaleVec(1/norm, v)
		basis = append(basis, v)
		if j > 0 {
			keep = append(keep, use[j-1])
		}
	}
	return keep
}

// row is an area's covariates in the design's scale; false when one is missing.
func (d *design) row(a Area) ([]float64, bool) {
	out := make([]float64, d.p())
	for j, c := range d.columns {
		v := 1.0
		if c >= 0 {
			v = a.X[c]
		}
		if math.IsNaN(v) {
			return nil, false
		}
		out[j] = v / d.scale[j]
	}
	return out, true
}

// fit is generalized least squares at one A.
type fit struct {
	a        float64
	q        *mat.Dense    // (X'V⁻¹X)⁻¹
	beta     *mat.VecDense // in the design's scale
	residual []float64     // y − Xβ̂
}

var errSingular = errors.New("the covariates are collinear at these sampling variances; leave one out")

// gls weights by 1/(A+D).
func (d *design) gls(a float64) (*fit, error) {
	w := make([]float64, len(d.y))
	for i, v := range d.d {
		w[i] = 1 / (a + v)
	}
	return d.leastSquares(a, w)
}

func (d *design) leastSquares(a float64, w []float64) (*fit, error) {
	n, p := d.x.Dims()
	var chol mat.Cholesky
	// Cond of X'WX is the square of that of X.
	if !chol.Factorize(d.gram(w)) || chol.Cond() > 1e14 {
		return nil, errSingular
	}
	var inv mat.SymDense
	if err := chol.InverseTo(&inv); err != nil {
		return nil, errSingular
	}
	xwy := mat.NewVecDense(p, nil)
	for i := range n {
		xwy.AddScaledVec(xwy, w[i]*d.y[i], d.x.RowView(i))
	}
	f := &fit{a: a, q: mat.DenseCopyOf(&inv), beta: mat.NewVecDense(p, nil), residual: make([]float64, n)}
	if err := chol.SolveVecTo(f.beta, xwy); err != nil {
		return nil, errSingular
	}
	for i := range n {
		f.residual[i] = d.y[i] - mat.Dot(d.x.RowView(i), f.beta)
	}
	return f, nil
}

// gram is X'diag(w)X.
func (d *design) gram(w []float64) *mat.SymDense {
	_, p := d.x.Dims()
	g := mat.NewSymDense(p, nil)
	for i := range w {
		g.SymRankOne(g, w[i], d.x.RowView(i))
	}
	return g
}

// quadratic is x'Mx.
func quadratic(x []float64, m mat.Matrix) float64 {
	v := mat.NewVecDense(len(x), x)
	return mat.Inner(v, m, v)
}

// median of a copy, the mean of the middle two when even.
func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}
