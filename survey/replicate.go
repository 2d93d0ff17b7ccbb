package survey

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// Replicates are weights' factors under which an estimate is made again and
// again: V = Scale·Σ_r RScale_r·(θ_r − center)².
type Replicates struct {
	// Cluster of every row, into Factors' columns.
	Cluster []int32
	// Factors of each replicate, one a cluster.
	Factors [][]float64
	Scale   float64
	// RScale of each replicate; nil for 1.
	RScale []float64
	// Full centers on the full sample's estimate (R's mse = TRUE), otherwise on
	// the replicates' mean.
	Full bool
}

// Statistic computes an estimate from weights, one a row.
type Statistic func(weight []float64) (float64, error)

// Variance of a statistic. calibrate, which may be nil, is repeated in every
// replicate: it turns the replicate's base weights into the weights of use.
func (r Replicates) Variance(base []float64, theta Statistic, calibrate func(weight []float64) ([]float64, error)) (value, variance float64, err error) {
	if len(base) != len(r.Cluster) {
		return 0, 0, fmt.Errorf("%d weights for %d rows", len(base), len(r.Cluster))
	}
	at := func(weight []float64) (float64, error) {
		if calibrate != nil {
			w, err := calibrate(weight)
			if err != nil {
				return 0, err
			}
			weight = w
		}
		v, err := theta(weight)
		if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
			err = fmt.Errorf("the statistic is %v", v)
		}
		return v, err
	}
	if value, err = at(base); err != nil {
		return 0, 0, fmt.Errorf("full sample: %w", err)
	}
	weight := make([]float64, len(base))
	thetas := make([]float64, len(r.Factors))
	center := 0.0
	for i, f := range r.Factors {
		for row, c := range r.Cluster {
			weight[row] = base[row] * f[c]
		}
		if thetas[i], err = at(weight); err != nil {
			return 0, 0, fmt.Errorf("replicate %d of %d: %w", i+1, len(r.Factors), err)
		}
		center += thetas[i] / float64(len(thetas))
	}
	if r.Full {
		center = value
	}
	for i, x := range thetas {
		s := 1.0
		if r.RScale != nil {
			s = r.RScale[i]
		}
		variance += r.Scale * s * (x - center) * (x - center)
	}
	return value, variance, nil
}

// of gives the design's first stage to a set of replicates.
func (d *Design) replicates(n int) Replicates {
	l := d.levels[0]
	r := Replicates{Cluster: l.cluster, Factors: make([][]float64, n), Scale: 1}
	for i := range r.Factors {
		r.Factors[i] = make([]float64, len(l.stratum))
		for c := range r.Factors[i] {
			r.Factors[i][c] = 1
		}
	}
	return r
}

// Jackknife leaves one PSU out at a time and weights the others of its stratum
// up by n/(n−1), with scales (n−1)/n·f: JK1 without strata, JKn with (Wolter,
// Introduction to Variance Estimation, 2nd ed., section 4.5). Strata with a
// single PSU contribute nothing.
func (d *Design) Jackknife() (Replicates, error) {
	l := d.levels[0]
	var left []int
	for c, h := range l.stratum {
		if l.size[h] > 1 {
			left = append(left, c)
		}
	}
	if len(left) == 0 {
		return Replicates{}, errors.New("jackknife: no stratum has two PSUs")
	}
	r := d.replicates(len(left))
	for i, c := range left {
		h := l.stratum[c]
		n := l.size[h]
		for o, g := range l.stratum {
			if g == h {
				r.Factors[i][o] = n / (n - 1)
			}
		}
		r.Factors[i][c] = 0
		// scale is f·n/(n−1).
		r.RScale = append(r.RScale, l.scale[h]*(n-1)*(n-1)/(n*n))
	}
	return r, nil
}

// Balanced half samples of a design with two PSUs in every stratum, by the rows
// of a Hadamard matrix (McCarthy 1966). rho moves the dropped half only part of
// the way: its factor is rho and the other's 2 − rho (Fay's method, Judkins,
// Journal of Official Statistics 6 (1990) 223–239); 0 is BRR.
func (d *Design) Balanced(rho float64) (Replicates, error) {
	l := d.levels[0]
	if rho < 0 || rho >= 1 {
		return Replicates{}, fmt.Errorf("balanced half samples: rho %v: want 0 to below 1", rho)
	}
	first := make([]bool, len(l.stratum))
	seen := make([]bool, len(l.size))
	for c, h := range l.stratum {
		if l.size[h] != 2 {
			return Replicates{}, fmt.Errorf("balanced half samples: a stratum has %v PSUs; want 2 in every one", l.size[h])
		}
		first[c] = !seen[h]
		seen[h] = true
	}
	m := hadamard(len(l.size) + 1)
	r := d.replicates(len(m))
	r.Scale = 1 / (float64(len(m)) * (1 - rho) * (1 - rho))
	for i, row := range m {
		for c, h := range l.stratum {
			if (row[h+1] > 0) == first[c] {
				r.Factors[i][c] = 2 - rho
			} else {
				r.Factors[i][c] = rho
			}
		}
	}
	return r, nil
}

// RaoWu is the rescaling bootstrap of n−1 PSUs drawn with replacement from each
// stratum's n: a PSU drawn m times has the factor m·n/(n−1) (Rao and Wu, JASA 83
// (1988) 231–241). The same seed gives the same factors. Strata with a single PSU
// contribute nothing.
func (d *Design) RaoWu(replicates int, seed uint64) (Replicates, error) {
	if replicates < 2 {
		return Replicates{}, fmt.Errorf("bootstrap: %d replicates: want 2 or more", replicates)
	}
	l := d.levels[0]
	members := make([][]int, len(l.size))
	for c, h := range l.stratum {
		members[h] = append(members[h], c)
	}
	r := d.replicates(replicates)
	r.Scale = 1 / float64(replicates-1)
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range r.Factors {
		for _, in := range members {
			n := len(in)
			if n == 1 {
				continue
			}
			for _, c := range in {
				r.Factors[i][c] = 0
			}
			for range n - 1 {
				r.Factors[i][in[rng.IntN(n)]] += float64(n) / float64(n-1)
			}
		}
	}
	return r, nil
}

// Successive differences of a sample drawn systematically, its PSUs in the order
// of the draw: factors 1 + 2^(−3/2)·(h_a − h_b) from successive rows of a
// Hadamard matrix of at least order rows, scale 4/R (Fay and Train, Proceedings
// of the ASA Section on Government Statistics 1995, 154–159; Ash, JSM 2014).
func (d *Design) Successive(order int) (Replicates, error) {
	l := d.levels[0]
	if order < 4 {
		return Replicates{}, fmt.Errorf("successive differences: order %d: want 4 or more", order)
	}
	m := hadamard(order)
	n := len(m)
	r := d.replicates(n)
	r.Scale, r.Full = 4/float64(n), true
	for i := range r.Factors {
		for c := range l.stratum {
			// The first row is all of one sign and tells nothing.
			a, b := 1+c%(n-1), 1+(c+1)%(n-1)
			r.Factors[i][c] = 1 + math.Pow(2, -1.5)*float64(m[a][i]-m[b][i])
		}
	}
	return r, nil
}

// hadamard gives a Hadamard matrix of the smallest order of at least n that
// Sylvester's doubling of Paley's first construction reaches: 2^k·(q+1) with q
// prime and 3 modulo 4, or 2^k. Its first row and first column are all ones.
func hadamard(n int) [][]int8 {
	for order := max(n, 1); ; order++ {
		if m := ofOrder(order); m != nil {
			return m
		}
	}
}

func ofOrder(order int) [][]int8 {
	switch {
	case order == 1:
		return [][]int8{{1}}
	case order == 2:
		return [][]int8{{1, 1}, {1, -1}}
	case order%4 != 0:
		return nil
	}
	if prime(order - 1) {
		return paley(order - 1)
	}
	half := ofOrder(order / 2)
	if half == nil {
		return nil
	}
	m := make([][]int8, 0, order)
	for _, row := range half {
		m = append(m, append(append([]int8(nil), row...), row...))
	}
	for _, row := range half {
		next := append([]int8(nil), row...)
		for _, x := range row {
			next = append(next, -x)
		}
		m = append(m, next)
	}
	return m
}

func prime(q int) bool {
	for i := 2; i*i <= q; i++ {
		if q%i == 0 {
			return false
		}
	}
	return q > 1
}

// paley builds order q+1 from the quadratic residues modulo q, q ≡ 3 modulo 4,
// with signs changed so that the first row and column are ones.
func paley(q int) [][]int8 {
	residue := make([]int8, q)
	for i := range residue {
		residue[i] = -1
	}
	for i := 1; i < q; i++ {
		residue[i*i%q] = 1
	}
	m := make([][]int8, q+1)
	for i := range m {
		m[i] = make([]int8, q+1)
		for j := range m[i] {
			switch {
			case i == 0 || j == 0:
				m[i][j] = 1
			case i == j:
				m[i][j] = -1
			default:
				m[i][j] = residue[((j-i)%q+q)%q]
			}
		}
	}
	return m
}
