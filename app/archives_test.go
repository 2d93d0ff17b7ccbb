package app

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
)

// The reason of a member whose name holds an ID number is its own archive's,
// though the reason names no number; its bytes are no original.
func TestRefusedForAPersonsName(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	one, dir := folderSource(t, "one")
	cfg := towns(t, one)
	cfg.Originals.AgeRecipient = id.Recipient().String()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	a := start(t, cfg)
	put(t, filepath.Join(dir, "a.zip"), zipOf(t, map[string]string{"岗位信息_202605.csv": vacancies}, false))
	put(t, filepath.Join(dir, "b.zip"), zipOf(t, map[string]string{"岗位信息_202606_410499196102020019.csv": strings.ReplaceAll(vacancies, "2026-05", "2026-06")}, false))
	p := pull(t, a, "one")
	if !slices.Equal(p.Loaded, []string{"a.zip"}) || !slices.Equal(p.Result.Refused, []string{"b.zip"}) {
		t.Errorf("loaded %v, refused %v", p.Loaded, p.Result.Refused)
	}
	for _, r := range records(t, a, "one") {
		if strings.Contains(r.Why, "410499196102020019") {
			t.Errorf("%+v", r)
		}
	}
	if n := len(filesIn(t, filepath.Join(cfg.Data, "originals"))); n != 1 {
		t.Errorf("%d originals are kept, want that of the load", n)
	}
}
