package survey

import "math"

// Covariance of two estimates from their linearised values, one weighted value
// a row:
//
//	Σ_h f_h·n_h/(n_h−1)·Σ_j (a_hj − ā_h)(b_hj − b̄_h)
//
// over the strata h and their n_h clusters j, f = (N−n)/N being the finite
// population correction; each further stage adds n/N of those above times the
// same within a cluster (Cochran, Sampling Techniques, 3rd ed., section 11.9;
// Särndal, Swensson and Wretman, result 4.3.1). Clusters without a row of the
// domain count with 0. told is false where no stratum has two clusters under
// the rule that averages, or under those that leave lonely ones out.
func (d *Design) Covariance(a, b []float64) (v float64, told bool) {
	if d.calibration != nil {
		a, b = append([]float64(nil), a...), append([]float64(nil), b...)
		d.calibration.Residuals([][]float64{a, b})
	}
	for i, l := range d.levels {
		part, ok := l.cross(l.totals(a), l.totals(b), d.lonely)
		v += part
		if i == 0 {
			told = ok
		}
	}
	return v, told
}

// Variance of an estimate from its linearised values. See Covariance.
func (d *Design) Variance(z []float64) (v float64, told bool) {
	if d.calibration != nil {
		z = append([]float64(nil), z...)
		d.calibration.Residuals([][]float64{z})
	}
	for i, l := range d.levels {
		t := l.totals(z)
		part, ok := l.cross(t, t, d.lonely)
		v += part
		if i == 0 {
			told = ok
		}
	}
	return math.Max(v, 0), told
}

// totals adds a column up by cluster.
func (l *level) totals(z []float64) []float64 {
	t := make([]float64, len(l.stratum))
	for i, c := range l.cluster {
		t[c] += z[i]
	}
	return t
}

// cross is the level's part of a covariance, from clusters' totals.
func (l *level) cross(a, b []float64, lonely Lonely) (float64, bool) {
	n := len(l.size)
	buffer := make([]float64, 3*n)
	meanA, meanB, sums := buffer[:n], buffer[n:2*n], buffer[2*n:]
	for c, h := range l.stratum {
		meanA[h] += a[c]
		meanB[h] += b[c]
	}
	for h := range n {
		if l.size[h] == 1 && lonely == Adjust {
			meanA[h], meanB[h] = 0, 0
			continue
		}
		meanA[h] /= l.size[h]
		meanB[h] /= l.size[h]
	}
	for c, h := range l.stratum {
		sums[h] += (a[c] - meanA[h]) * (b[c] - meanB[h])
	}
	// Strata are averaged among those of the same cluster above.
	part, strata, paired := make([]float64, l.parents), make([]float64, l.parents), make([]float64, l.parents)
	told := false
	for h, s := range sums {
		p := l.parent[h]
		strata[p]++
		if l.size[h] > 1 || lonely == Adjust {
			told = true
		}
		if l.size[h] > 1 || lonely != Average {
			paired[p]++
			part[p] += l.scale[h] * s
		}
	}
	v := 0.0
	for p, x := range part {
		if paired[p] > 0 {
			v += x * strata[p] / paired[p]
		}
	}
	return v, told
}
