package pseudonym

import (
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
)

// HexLen is the length of a pseudonym: 128 bits in hex.
const HexLen = 32

// Chain is a sequence of keys that numbers go through. It is safe for
// concurrent use; its Hashers are not.
type Chain struct{ keys []state }

// NewChain makes the chain of keys, of generation 1 and on.
func NewChain(keys Keys) (*Chain, error) {
	if len(keys) == 0 {
		return nil, errors.New("pseudonym: a chain needs a key")
	}
	c := &Chain{}
	for _, k := range keys {
		s, err := newState(k)
		if err != nil {
			return nil, err
		}
		c.keys = append(c.keys, s)
	}
	return c, nil
}

// Generation is the number of keys, and so the generation of the pseudonyms.
func (c *Chain) Generation() int { return len(c.keys) }

// NewHasher makes a hasher, for one goroutine at a time.
func (c *Chain) NewHasher() *Hasher {
	h := &Hasher{macs: make([]mac, len(c.keys))}
	for i := range c.keys {
		h.macs[i] = newMAC(&c.keys[i])
	}
	return h
}

// Hasher gives pseudonyms of one chain. It allocates nothing for a pseudonym.
type Hasher struct {
	macs []mac
	hex  [HexLen]byte
}

// AppendKey appends the pseudonym of a number, 32 hex digits of the chain's
// newest generation. The number must be as GB 11643 writes it (see
// codes.ParseResident): what is hashed are its bytes as they are.
func (h *Hasher) AppendKey(dst []byte, number string) []byte {
	return appendThrough(h, dst, number, 0)
}

// AppendKeyBytes is AppendKey for a number in bytes, which are not kept.
func (h *Hasher) AppendKeyBytes(dst, number []byte) []byte {
	return appendThrough(h, dst, number, 0)
}

// Sum is AppendKey before it is written in hex: 16 bytes, which hold until the
// next call.
func (h *Hasher) Sum(number string) []byte { return through(h, number, 0) }

// AppendRekeyed appends the newest pseudonym of a person from that of an
// earlier generation, from 1 to the chain's.
func (h *Hasher) AppendRekeyed(dst []byte, pseudonym string, generation int) []byte {
	if generation >= len(h.macs) {
		return append(dst, pseudonym...)
	}
	return appendThrough(h, dst, pseudonym, generation)
}

func appendThrough[T string | []byte](h *Hasher, dst []byte, input T, from int) []byte {
	return hex.AppendEncode(dst, through(h, input, from))
}

func through[T string | []byte](h *Hasher, input T, from int) []byte {
	out := sum(&h.macs[from], input)[:HexLen/2]
	for i := from + 1; i < len(h.macs); i++ {
		hex.Encode(h.hex[:], out)
		out = sum(&h.macs[i], h.hex[:])[:HexLen/2]
	}
	return out
}

// Valid says whether s has the form of a pseudonym.
func Valid(s string) bool {
	if len(s) != HexLen {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Both hashes work on blocks of 64 bytes to a state of 32, and marshal as four
// bytes of magic, the state, the rest of the block and the length.
const (
	blockSize  = 64
	digestSize = 32
	magicSize  = 4
	// oneBlock is the most that fits a block with its padding.
	oneBlock = blockSize - 1 - 8
)

// digest is a hash whose inner state can be taken out and put back.
type digest interface {
	hash.Hash
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// state is a key after its two pads were hashed, which is the half of an HMAC
// that does not depend on the message.
type state struct {
	algorithm    Algorithm
	inner, outer []byte
}

func newState(k Key) (state, error) {
	s := state{algorithm: k.Algorithm}
	for pad, into := range map[byte]*[]byte{0x36: &s.inner, 0x5c: &s.outer} {
		h, ok := k.Algorithm.new().(digest)
		if !ok || h.BlockSize() != blockSize || h.Size() != digestSize {
			return state{}, fmt.Errorf("pseudonym: %s does not give its state", k.Algorithm)
		}
		var block [blockSize]byte
		copy(block[:], k.Secret[:])
		for i := range block {
			block[i] ^= pad
		}
		h.Write(block[:])
		var err error
		if *into, err = h.AppendBinary(nil); err != nil {
			return state{}, fmt.Errorf("pseudonym: %s: %w", k.Algorithm, err)
		}
	}
	return s, nil
}

// mac computes the HMACs of one key. A message that fits one block is padded
// here and taken in one step, and the hash's state read as its sum: no buffer
// is copied and no padding made twice.
type mac struct {
	*state
	h digest
	// inner and outer are padded blocks after the pads' own: of a message of
	// length bytes, and of the inner sum.
	innerBlock, outerBlock [blockSize]byte
	length                 int
	out                    []byte
}

func newMAC(s *state) mac {
	m := mac{state: s, h: s.algorithm.new().(digest), length: -1, out: make([]byte, 0, len(s.inner))}
	padBlock(&m.outerBlock, digestSize)
	return m
}

// padBlock writes the padding behind a message of n bytes that follows a pad.
func padBlock(b *[blockSize]byte, n int) {
	clear(b[n:])
	b[n] = 0x80
	binary.BigEndian.PutUint64(b[blockSize-8:], uint64(blockSize+n)*8)
}

// sum is the HMAC of a message; it holds until the next call.
func sum[T string | []byte](m *mac, message T) []byte {
	if len(message) > oneBlock {
		m.restore(m.inner)
		m.h.Write([]byte(message))
		m.h.Sum(m.outerBlock[:0])
	} else {
		if len(message) != m.length {
			m.length = len(message)
			padBlock(&m.innerBlock, m.length)
		}
		copy(m.innerBlock[:], message)
		copy(m.outerBlock[:], m.compress(m.inner, m.innerBlock[:]))
	}
	return m.compress(m.outer, m.outerBlock[:])
}

// compress gives the state after one more block.
func (m *mac) compress(from, block []byte) []byte {
	m.restore(from)
	m.h.Write(block)
	m.out, _ = m.h.AppendBinary(m.out[:0]) // fails for no hash in memory
	return m.out[magicSize : magicSize+digestSize]
}

func (m *mac) restore(from []byte) {
	if err := m.h.UnmarshalBinary(from); err != nil {
		panic("pseudonym: a hash does not take back its own state: " + err.Error())
	}
}
