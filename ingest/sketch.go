package ingest

import (
	"math"
	"math/bits"
)

// sketch counts different values roughly, in 4 KiB: a HyperLogLog of 4,096
// registers, whose standard error is 1.04/√4096 = 1.6 % (P. Flajolet and others,
// HyperLogLog, AofA 2007).
type sketch struct{ registers [1 << sketchBits]uint8 }

const sketchBits = 12

func (s *sketch) add(hash uint64) {
	hash = mix(hash)
	r := &s.registers[hash>>(64-sketchBits)]
	*r = max(*r, uint8(bits.LeadingZeros64(hash<<sketchBits|1<<(sketchBits-1)))+1)
}

func (s *sketch) merge(o *sketch) {
	for i, r := range o.registers {
		s.registers[i] = max(s.registers[i], r)
	}
}

// count estimates; small counts are those of linear counting.
func (s *sketch) count() int64 {
	const m = 1 << sketchBits
	sum, empty := 0.0, 0
	for _, r := range s.registers {
		sum += math.Ldexp(1, -int(r))
		if r == 0 {
			empty++
		}
	}
	n := 0.7213 / (1 + 1.079/m) * m * m / sum
	if n <= 2.5*m && empty > 0 {
		n = m * math.Log(m/float64(empty))
	}
	return int64(math.Round(n))
}
