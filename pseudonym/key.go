// Package pseudonym turns resident ID numbers into person keys, and keeps the
// keys that this is done with.
//
// # Pseudonyms
//
// A pseudonym is 32 lower-case hex digits; the lake keeps it as the UUID of the
// same digits. What is hashed is exactly this:
//
//	generation 1: HMAC(key 1, number)      number: the 18 ASCII bytes of GB 11643-1999, a capital X if any
//	generation n: HMAC(key n, previous)    previous: the 32 ASCII bytes of the pseudonym of generation n-1
//
// and of each HMAC (RFC 2104) the first 16 bytes are kept, written in hex. HMAC
// stands on SM3 (GB/T 32905-2016) or SHA-256 (FIPS 180-4), as each key says;
// the key's 32 bytes are used as they are. So a pseudonym of one generation
// becomes one of the next without the number, and a person who is loaded after
// a change of key meets his own history.
//
// # The key file
//
// Text; empty lines and lines that begin with # are passed over:
//
//	laborwatch-keys 1
//	1 hmac-sm3 64 hex digits
//	2 hmac-sm3 64 hex digits
//
// The first line is the format's version, then a line a generation, in order
// from 1. A file of 64 hex digits alone is key 1 with hmac-sm3. The file must be
// its owner's alone (mode 0600 or less), in a folder that no one else writes.
// All keys are needed as long as the newest is: a new number goes through all.
package pseudonym

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"

	"github.com/emmansun/gmsm/sm3"

	"laborwatch/messages"
)

// Algorithm is the keyed hash of one key.
type Algorithm string

// The algorithms; SM3 where cryptography is assessed by the national rules.
const (
	SM3    Algorithm = "hmac-sm3"
	SHA256 Algorithm = "hmac-sha256"
)

// Algorithms lists them, the default first.
func Algorithms() []string { return []string{string(SM3), string(SHA256)} }

// ParseAlgorithm reads an algorithm's name.
func ParseAlgorithm(s string) (Algorithm, error) {
	if !slices.Contains(Algorithms(), s) {
		return "", errors.New(messages.Both("pseudonym.algorithm", s))
	}
	return Algorithm(s), nil
}

func (a Algorithm) new() hash.Hash {
	if a == SHA256 {
		return sha256.New()
	}
	return sm3.New()
}

// KeyBytes is the length of a key.
const KeyBytes = 32

// Key is the key of one generation.
type Key struct {
	Algorithm Algorithm
	Secret    [KeyBytes]byte
}

// String names the key without showing it, so that no log can hold one.
func (k Key) String() string { return fmt.Sprintf("%s key %s", k.Algorithm, k.Fingerprint()) }

// GoString is String.
func (k Key) GoString() string { return k.String() }

// Fingerprint tells keys apart and tells nothing of them: 32 hex digits. It
// does not depend on the algorithm.
func (k Key) Fingerprint() string {
	mac := hmac.New(sha256.New, k.Secret[:])
	mac.Write([]byte("laborwatch pseudonym key"))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// NewKey makes a random key.
func NewKey(a Algorithm) (Key, error) {
	k := Key{Algorithm: a}
	if _, err := rand.Read(k.Secret[:]); err != nil {
		return Key{}, fmt.Errorf("pseudonym key: %w", err)
	}
	return k, nil
}

// Keys are the keys of a file; Keys[0] is of generation 1.
type Keys []Key
