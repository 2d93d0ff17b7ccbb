package ingest

import (
	"encoding/binary"

	"laborwatch/codes"
	"laborwatch/pseudonym"
)

// pseudonymHex is the length of a person key in hex.
const pseudonymHex = pseudonym.HexLen

// pseudonyms turns resident ID numbers into keys; it is not safe for
// concurrent use.
type pseudonyms struct {
	hasher *pseudonym.Hasher
	out    [pseudonymHex + 1 + 10 + 6]byte
}

func newPseudonyms(keys *pseudonym.Chain) *pseudonyms {
	return &pseudonyms{hasher: keys.NewHasher()}
}

// uuid gives the key as the engine keeps a UUID: the lower half, then the upper
// half with its first bit turned, so that it sorts as text does.
func (p *pseudonyms) uuid(number string) [2]uint64 {
	b := p.hasher.Sum(number)
	return [2]uint64{binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b) ^ 1<<63}
}

// cell gives the key in hex, sex, birth month (YYYY-MM-01) and origin of an ID
// in whatever form, run together.
func (p *pseudonyms) cell(r *reader, raw string) (string, bool) {
	id, err := codes.ParseResident(raw)
	if err != nil {
		if value, filled, fault := r.read(raw); fault == BadEncoding || !filled {
			return marked(value, filled, fault)
		}
		fault, _ := named("", err)
		return faultMark + fault, true
	}
	p.hasher.AppendKey(p.out[:0], id.Number)
	rest := p.out[pseudonymHex:]
	rest[0] = id.Sex[0]
	copy(rest[1:], id.Number[6:10])
	copy(rest[5:], "-")
	copy(rest[6:], id.Number[10:12])
	copy(rest[8:], "-01")
	copy(rest[11:], id.Origin)
	return string(p.out[:]), true
}
