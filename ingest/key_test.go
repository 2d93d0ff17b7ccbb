package ingest

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"

	"laborwatch/pseudonym"
)

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
	if _, err := New(Options{Lake: h.lake, Engine: h.eng, Contracts: Contracts{c.Feed: c}}); err != nil {
		t.Error(err)
	}
}

func TestPseudonymDependsOnTheKeyAlone(t *testing.T) {
	p := func(key *pseudonym.Chain, raw string) string {
		s, _ := newPseudonyms(key).cell(&reader{}, raw)
		return s
	}
	id := person(1)
	a := p(testKeys(7), id)
	if len(a) != 49 || a[32:] != "M1961-02-01410499" {
		t.Errorf("%q", a)
	}
	if _, err := hex.DecodeString(a[:32]); err != nil || a != p(testKeys(7), strings.ToLower(id)) || a != p(testKeys(7), id[:6]+id[8:17]) {
		t.Error("the form of the ID changes the pseudonym")
	}
	if a[:32] == p(testKeys(8), id)[:32] {
		t.Error("the key does not matter")
	}
	if _, err := readCells(context.Background()); err == nil {
		t.Error("works without a key")
	}
}
