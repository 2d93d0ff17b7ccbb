package simulate

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// source is a stream of pseudo-random numbers. Every purpose has a stream of
// its own, so that a change in one leaves the others as they were.
type source struct{ *rand.Rand }

func newSource(seed uint64, purpose string) source {
	h := fnv.New64a()
	_, _ = h.Write([]byte(purpose))
	return source{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// hit is true with probability p.
func (s source) hit(p float64) bool { return s.Uint32() < threshold(p) }

// between is uniform over lo to hi, both included.
func (s source) between(lo, hi int) int { return lo + s.IntN(hi-lo+1) }

// pareto is heavy-tailed over lo to hi with index alpha.
func (s source) pareto(alpha, lo, hi float64) float64 {
	u := s.Float64()
	a, b := math.Pow(lo, -alpha), math.Pow(hi, -alpha)
	return math.Pow(a-u*(a-b), -1/alpha)
}

// poisson counts events with a mean; large means by the normal approximation.
func (s source) poisson(mean float64) int {
	if mean <= 0 {
		return 0
	}
	if mean > 60 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*s.NormFloat64())))
	}
	limit, n, p := math.Exp(-mean), 0, s.Float64()
	for p > limit {
		n++
		p *= s.Float64()
	}
	return n
}

// threshold turns a probability into what a uniform uint32 is compared with.
func threshold(p float64) uint32 {
	switch {
	case p <= 0 || math.IsNaN(p):
		return 0
	case p >= 1:
		return math.MaxUint32
	}
	return uint32(p * math.MaxUint32)
}

// mix spreads an index over 64 bits: stable attributes that need no storage.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
