package ingest

import (
	"crypto/hmac"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/emmansun/gmsm/sm3"

	"laborwatch/codes"
)

// pseudonymHex is the length of a person key: 128 bits of HMAC-SM3 in hex.
const pseudonymHex = 32

// pseudonyms turns resident ID numbers into keys; it is not safe for
// concurrent use.
type pseudonyms struct {
	mac hash.Hash
	sum []byte
	out [pseudonymHex + 1 + 10 + 6]byte
}

func newPseudonyms(key []byte) *pseudonyms { return &pseudonyms{mac: hmac.New(sm3.New, key)} }

func (p *pseudonyms) hash(number string) []byte {
	p.mac.Reset()
	p.mac.Write([]byte(number))
	p.sum = p.mac.Sum(p.sum[:0])
	return p.sum[:pseudonymHex/2]
}

// uuid gives the key as the engine keeps a UUID: the lower half, then the upper
// half with its first bit turned, so that it sorts as text does.
func (p *pseudonyms) uuid(number string) [2]uint64 {
	b := p.hash(number)
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
	hex.Encode(p.out[:pseudonymHex], p.hash(id.Number))
	rest := p.out[pseudonymHex:]
	rest[0] = id.Sex[0]
	copy(rest[1:], id.Number[6:10])
	copy(rest[5:], "-")
	copy(rest[6:], id.Number[10:12])
	copy(rest[8:], "-01")
	copy(rest[11:], id.Origin)
	return string(p.out[:]), true
}
