package app

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"laborwatch/lake"
	"laborwatch/source"
)

// opened is what is kept of a load, read with the private key.
func opened(t *testing.T, a *App, sha string, id age.Identity) []byte {
	t.Helper()
	f, err := os.Open(a.Originals.Path(sha))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := age.Decrypt(f, id)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The bytes of every load are kept, encrypted, before its file goes: of files
// in the inbox, members of archives and fetched objects. What is refused is not.
func TestOriginalsAreKept(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	place, dir := folderSource(t, "county")
	place.Whole = "none"
	place.Directory.After = "delete"
	cfg := towns(t, place)
	cfg.Ingest.After = "delete"
	cfg.Originals.AgeRecipient = id.Recipient().String()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	month := func(m string) []byte { return []byte(vacancyHead + "P1,410402,2,2026-" + m + "-04\n") }
	put(t, filepath.Join(cfg.Ingest.Inbox, "岗位信息_202605.csv"), month("05"))
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	w, err := z.Create("岗位信息_202606.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(month("06"))
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(cfg.Ingest.Inbox, "六月.zip"), packed.Bytes())
	put(t, filepath.Join(cfg.Ingest.Inbox, "岗位信息_202607.csv"), []byte(vacancyHead)) // refused
	put(t, filepath.Join(dir, "岗位信息_202608.csv"), month("08"))
	a := start(t, cfg)
	if _, err := a.TryIngest(t.Context(), "", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(cfg.Data, "originals")); err == nil {
		t.Error("a try kept something")
	}
	if _, err := a.Ingest(t.Context(), "", nil); err != nil {
		t.Fatal(err)
	}
	pull(t, a, "county")
	nothingLanded(t, a)
	loads, err := a.Lake.Loads(t.Context(), "")
	if err != nil || len(loads) != 3 {
		t.Fatal(loads, err)
	}
	for _, x := range loads {
		if got := opened(t, a, x.SHA256, id); !bytes.Equal(got, month(x.Period.String()[5:])) {
			t.Errorf("%s: %q", x.Source, got)
		}
	}
	if n := len(filesIn(t, filepath.Join(cfg.Data, "originals"))); n != 3 {
		t.Errorf("%d files are kept", n)
	}
	if left := filesIn(t, cfg.Ingest.Inbox); len(left) != 1 || left[0] != "岗位信息_202607.csv" {
		t.Errorf("the inbox holds %q", left)
	}
}

// Where an original cannot be kept, nothing is removed; it is kept when the same
// object comes again, though the ledger knows it by then.
func TestOriginalsAfterACrash(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	place, dir := folderSource(t, "county")
	place.Whole = "none"
	cfg := towns(t, place)
	cfg.Originals.AgeRecipient = id.Recipient().String()
	body := []byte(vacancyHead + "P1,410402,2,2026-05-04\n")
	put(t, filepath.Join(dir, "岗位信息_202605.csv"), body)
	a := start(t, cfg)
	// As if the process had been killed between the ledger and the original.
	in := filepath.Join(cfg.Data, "originals")
	put(t, in, nil) // a file where the folder should be
	if _, err := a.Pull(t.Context(), "county"); err == nil {
		t.Fatal("an original that could not be kept was no error")
	}
	loads, err := a.Lake.Loads(t.Context(), "")
	if err != nil || len(loads) != 1 || loads[0].Status != lake.Live {
		t.Fatal(loads, err)
	}
	records, err := a.SourceObjects(t.Context(), "county")
	if err != nil || len(records) != 1 || records[0].Status != source.Here {
		t.Fatalf("%+v %v", records, err)
	}
	// The sender takes it away; what was landed is all that there is.
	if err := errors.Join(os.Remove(in), os.Remove(filepath.Join(dir, "岗位信息_202605.csv"))); err != nil {
		t.Fatal(err)
	}
	p := pull(t, a, "county")
	if p.Skipped != 1 || !bytes.Equal(opened(t, a, loads[0].SHA256, id), body) {
		t.Errorf("%+v", p)
	}
	nothingLanded(t, a)
}
