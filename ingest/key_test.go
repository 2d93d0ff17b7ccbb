package ingest

import "testing"

// A contract of an extract without persons.
const personless = `
feed: seats
version: 1
files: ["seats_*.csv"]
mode: snapshot
period: {constant: 2026-05}
columns:
  - {name: seat, type: code, aliases: [seat]}
`

func TestKeyIsNeededForPersonsAlone(t *testing.T) {
	h := newHouse(t)
	if _, err := New(Options{Lake: h.lake, Engine: h.eng, Contracts: h.contracts}); err == nil {
		t.Error("contracts that read resident IDs need a key")
	}
	c, err := ParseContract("seats", []byte(personless))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		key []byte
		ok  bool
	}{{nil, true}, {testKey, true}, {testKey[1:], false}} {
		if _, err := New(Options{Lake: h.lake, Engine: h.eng, Contracts: Contracts{c.Feed: c}, Key: k.key}); (err == nil) != k.ok {
			t.Errorf("a key of %d bytes: %v", len(k.key), err)
		}
	}
}
