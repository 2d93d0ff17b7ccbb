package pseudonym

import (
	"bytes"
	"crypto/hmac"
	"encoding/hex"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// GB/T 32905-2016, annex A.
func TestSM3(t *testing.T) {
	for in, want := range map[string]string{
		"abc":                      "66c7f0f4 62eeedd9 d1f2d46b dc10e4e2 4167c487 5cf2f7a2 297da02b 8f4ba8e0",
		strings.Repeat("abcd", 16): "debe9ff9 2275b8a1 38604889 c18e5a4d 6fdb70e5 387e5765 293dcba3 9c0c5732",
	} {
		h := SM3.new()
		h.Write([]byte(in))
		if got := h.Sum(nil); !bytes.Equal(got, unhex(t, want)) {
			t.Errorf("%s: %x", in, got)
		}
	}
}

// Keys of other lengths than ours are not made by the package; HMAC pads them
// with zeros, so a shorter one is ours with zeros behind.
func keyOf(a Algorithm, secret []byte) Key {
	k := Key{Algorithm: a}
	copy(k.Secret[:], secret)
	return k
}

// Published values: RFC 4231 (test cases 1 to 3) for HMAC-SHA-256, GM/T
// 0042-2015 annex D.3 for HMAC-SM3.
func TestPublishedMACs(t *testing.T) {
	for _, c := range []struct {
		name         string
		alg          Algorithm
		key, message []byte
		want         string
	}{
		{"RFC 4231 case 1", SHA256, bytes.Repeat([]byte{0x0b}, 20), []byte("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"RFC 4231 case 2", SHA256, []byte("Jefe"), []byte("what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"RFC 4231 case 3", SHA256, bytes.Repeat([]byte{0xaa}, 20), bytes.Repeat([]byte{0xdd}, 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
		{
			"GM/T 0042 D.3, 112 bytes", SM3, unhex(t, "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"),
			[]byte(strings.Repeat("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 2)), "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a",
		},
		{"GM/T 0042 D.3, one block", SM3, bytes.Repeat([]byte{0x0b}, 32), []byte("Hi There"), "c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e"},
		{"GM/T 0042 D.3, a short key", SM3, []byte("Jefe"), []byte("what do ya want for nothing?"), "2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882"},
	} {
		s, err := newState(keyOf(c.alg, c.key))
		if err != nil {
			t.Fatal(err)
		}
		m := newMAC(&s)
		for range 2 { // a hasher is used again
			if got := sum(&m, c.message); !bytes.Equal(got, unhex(t, c.want)) {
				t.Errorf("%s: %x", c.name, got)
			}
		}
	}
}

// naive is the definition, by the standard library's HMAC.
func naive(keys Keys, number string) string {
	for _, k := range keys {
		mac := hmac.New(k.Algorithm.new, k.Secret[:])
		mac.Write([]byte(number))
		number = hex.EncodeToString(mac.Sum(nil)[:16])
	}
	return number
}

func TestChainIsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var keys Keys
		for range rapid.IntRange(1, 4).Draw(t, "generations") {
			a := Algorithm(rapid.SampledFrom(Algorithms()).Draw(t, "algorithm"))
			keys = append(keys, keyOf(a, rapid.SliceOfN(rapid.Byte(), KeyBytes, KeyBytes).Draw(t, "key")))
		}
		chain, err := NewChain(keys)
		if err != nil {
			t.Fatal(err)
		}
		h := chain.NewHasher()
		for _, number := range rapid.SliceOfN(rapid.String(), 1, 5).Draw(t, "numbers") {
			want := naive(keys, number)
			if got := string(h.AppendKey([]byte("x"), number)); got != "x"+want {
				t.Fatalf("%q: %s, want %s", number, got, want)
			}
			if got := string(h.AppendKeyBytes(nil, []byte(number))); got != want {
				t.Fatalf("%q in bytes: %s, want %s", number, got, want)
			}
			if got := hex.EncodeToString(h.Sum(number)); got != want {
				t.Fatalf("%q in hex: %s, want %s", number, got, want)
			}
			for from := 1; from <= len(keys); from++ {
				if got := string(h.AppendRekeyed(nil, naive(keys[:from], number), from)); got != want || !Valid(got) {
					t.Fatalf("%q from %d: %s, want %s", number, from, got, want)
				}
			}
		}
	})
}

func TestKeyIsNeverShown(t *testing.T) {
	k := keyOf(SM3, bytes.Repeat([]byte{0xab}, KeyBytes))
	if s := k.String() + k.GoString() + k.Fingerprint(); strings.Contains(s, "abab") || strings.Contains(s, "171 171") {
		t.Error(s)
	}
	if k.Fingerprint() == keyOf(SM3, bytes.Repeat([]byte{0xac}, KeyBytes)).Fingerprint() {
		t.Error("two keys have one fingerprint")
	}
}

func TestNothingIsAllocated(t *testing.T) {
	for _, keys := range []Keys{{keyOf(SM3, []byte{1})}, {keyOf(SHA256, []byte{1}), keyOf(SM3, []byte{2})}} {
		chain, err := NewChain(keys)
		if err != nil {
			t.Fatal(err)
		}
		h, out, number := chain.NewHasher(), make([]byte, 0, HexLen), []byte("41049919610201001X")
		if n := testing.AllocsPerRun(100, func() {
			out = h.AppendKeyBytes(out[:0], number)
			out = h.AppendKey(out[:0], "41049919610201001X")
			h.Sum("41049919610201001X")
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

// BenchmarkAppendKey is the time of one ID on one core.
func BenchmarkAppendKey(b *testing.B) {
	sm := keyOf(SM3, []byte{1})
	for name, keys := range map[string]Keys{"sm3": {sm}, "sha256": {keyOf(SHA256, []byte{1})}, "sm3 second generation": {sm, sm}} {
		b.Run(name, func(b *testing.B) {
			chain, err := NewChain(keys)
			if err != nil {
				b.Fatal(err)
			}
			h, out, number := chain.NewHasher(), make([]byte, 0, HexLen), []byte("41049919610201001X")
			b.ReportAllocs()
			for b.Loop() {
				out = h.AppendKeyBytes(out[:0], number)
			}
		})
	}
	// What the standard library's HMAC takes, with its state kept.
	b.Run("sm3 by crypto-hmac", func(b *testing.B) {
		mac, out, number := hmac.New(SM3.new, sm.Secret[:]), make([]byte, 0, 64), []byte("41049919610201001X")
		for b.Loop() {
			mac.Reset()
			mac.Write(number)
			out = mac.Sum(out[:0])
		}
	})
}
