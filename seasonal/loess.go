package seasonal

import "math"

// loess smooths equally spaced observations at 1, 2, … n by local regression
// with tricube weights.
type loess struct{ span, degree, jump int }

// smooth fits every jump-th point and the last, and joins them by lines.
// Robustness weights may be nil.
func (l loess) smooth(y, robust []float64) []float64 {
	n := len(y)
	out := make([]float64, n)
	if n < 2 {
		copy(out, y)
		return out
	}
	jump := min(l.jump, n-1)
	fit := func(i int) {
		v, ok := l.at(float64(i), y, robust, l.left(i, n), l.left(i, n)+min(l.span, n)-1)
		if !ok {
			v = y[i-1]
		}
		out[i-1] = v
	}
	last := 1
	fit(last)
	for i := 1 + jump; i <= n; i += jump {
		fit(i)
		join(out, last, i)
		last = i
	}
	if last != n {
		// The program of the paper fits the end over the window of the last
		// grid point before it; the two windows differ only when neither has
		// come to the end of the series.
		left := l.left(last, n)
		v, ok := l.at(float64(n), y, robust, left, left+min(l.span, n)-1)
		if !ok {
			v = y[n-1]
		}
		out[n-1] = v
		join(out, last, n)
	}
	return out
}

// left is the first point of the window of point i: centered, but for the ends.
func (l loess) left(i, n int) int {
	if l.span >= n {
		return 1
	}
	return max(1, min(i-(l.span+1)/2+1, n-l.span+1))
}

// join interpolates between the points from and to, counted from 1.
func join(v []float64, from, to int) {
	delta := (v[to-1] - v[from-1]) / float64(to-from)
	for j := from + 1; j < to; j++ {
		v[j-1] = v[from-1] + delta*float64(j-from)
	}
}

// at is the local fit at x over the points left to right; false when all
// weights are zero.
func (l loess) at(x float64, y, robust []float64, left, right int) (float64, bool) {
	n := float64(len(y))
	h := max(x-float64(left), float64(right)-x)
	if l.span > len(y) {
		h += float64((l.span - len(y)) / 2)
	}
	w := make([]float64, right-left+1)
	total := 0.0
	for k := range w {
		j := left + k
		w[k] = taper(math.Abs(float64(j)-x), h, func(u float64) float64 { c := 1 - u*u*u; return c * c * c })
		if robust != nil {
			w[k] *= robust[j-1]
		}
		total += w[k]
	}
	if total <= 0 {
		return 0, false
	}
	mean := 0.0
	for k := range w {
		w[k] /= total
		mean += w[k] * float64(left+k)
	}
	if h > 0 && l.degree > 0 {
		spread := 0.0
		for k := range w {
			d := float64(left+k) - mean
			spread += w[k] * d * d
		}
		// Points that lie too close together carry no slope.
		if math.Sqrt(spread) > 0.001*(n-1) {
			slope := (x - mean) / spread
			for k := range w {
				w[k] *= slope*(float64(left+k)-mean) + 1
			}
		}
	}
	fit := 0.0
	for k := range w {
		fit += w[k] * y[left+k-1]
	}
	return fit, true
}
