package app

import (
	"archive/zip"
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/text/encoding/simplifiedchinese"

	"laborwatch/source"
)

func zipOf(t *testing.T, entries map[string]string, gbk bool) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, body := range entries {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		if gbk {
			raw, err := simplifiedchinese.GBK.NewEncoder().String(name)
			if err != nil {
				t.Fatal(err)
			}
			h.Name, h.NonUTF8 = raw, true
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Members of archives are loads of their own, whoever brought the archive.
func TestArchives(t *testing.T) {
	one, dir := folderSource(t, "one")
	cfg := towns(t, one)
	a := start(t, cfg)
	inner := zipOf(t, map[string]string{"岗位信息_202606.csv": strings.ReplaceAll(vacancies, "2026-05", "2026-06")}, true)
	put(t, filepath.Join(dir, "五月.zip"), zipOf(t, map[string]string{"新华区/岗位信息_202605.csv": vacancies, "内.zip": string(inner)}, true))
	put(t, filepath.Join(dir, "odd.zip"), zipOf(t, map[string]string{"岗位信息_202607.csv": strings.ReplaceAll(vacancies, "2026-05", "2026-07"), "read me.txt": "?"}, false))
	p := pull(t, a, "one")
	want := "one/五月.zip/内.zip/岗位信息_202606.csv [one] 2\none/五月.zip/新华区/岗位信息_202605.csv [one] 2\none/odd.zip/岗位信息_202607.csv [one] 2\n"
	if got := ledger(t, a); len(got) != len(want) || strings.Count(got, "[one] 2") != 3 || !strings.Contains(got, "one/五月.zip/内.zip/岗位信息_202606.csv") {
		t.Errorf("ledger:\n%s", got)
	}
	if len(p.Refused) != 0 || len(p.Loaded) != 2 || !slices.Equal(p.Strays, []string{"one/odd.zip/read me.txt"}) {
		t.Errorf("%+v", p)
	}
	nothingLanded(t, a)

	// By hand, the archive is named like any file; its members are known.
	named, err := a.Ingest(t.Context(), "", []string{filepath.Join(dir, "五月.zip")})
	if err != nil || named.Skipped != 2 || len(named.Loads)+len(named.Refused)+len(named.Unknown) != 0 {
		t.Errorf("%+v %v", named, err)
	}
	// Known bytes are not unpacked again: with limits that nothing passes, they
	// would be refused.
	cfg.Archives.MaxBytes = 1
	put(t, filepath.Join(cfg.Ingest.Inbox, "again.zip"), zipOf(t, map[string]string{"新华区/岗位信息_202605.csv": vacancies}, true))
	b, err := os.ReadFile(filepath.Join(dir, "五月.zip"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(cfg.Ingest.Inbox, "known.zip"), b)
	sum, err := a.Ingest(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Skipped != 1 || len(sum.Refused) != 1 || sum.Refused[0].File != "again.zip" || !strings.Contains(sum.Refused[0].Reason, "bomb") {
		t.Errorf("%+v", sum)
	}
	refused, err := a.Lake.Refusals(t.Context())
	if err != nil || len(refused) != 1 || refused[0].File != "again.zip" {
		t.Errorf("ledger: %+v %v", refused, err)
	}
}

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
	if !slices.Equal(p.Loaded, []string{"a.zip"}) || !slices.Equal(p.Refused, []string{"b.zip"}) {
		t.Errorf("loaded %v, refused %v", p.Loaded, p.Refused)
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

func month(m string) string { return strings.ReplaceAll(vacancies, "2026-05", "2026-"+m) }

// A member that no contract knows is told and makes nothing of its archive
// refused; one that its contract refuses does. What is said of the archive is
// what the loads say, and it is put away when nothing of it was refused.
func TestStrayMembers(t *testing.T) {
	good := map[string]string{"岗位信息_202605.csv": month("05"), "岗位信息_202606.csv": month("06"), "岗位信息_202607.csv": month("07")}
	with := func(more map[string]string) []byte {
		maps.Copy(more, good)
		return zipOf(t, more, false)
	}
	for _, by := range []string{"source", "schedule", "hand"} {
		t.Run(by, func(t *testing.T) {
			one, dir := folderSource(t, "one")
			one.Directory.After = "move:loaded"
			cfg := towns(t, one)
			cfg.Ingest.After = "move:loaded"
			if by != "source" {
				dir = cfg.Ingest.Inbox
			}
			if err := cfg.Validate(); err != nil {
				t.Fatal(err)
			}
			a := start(t, cfg)
			name := map[string]string{"source": "one", "schedule": Inbox}[by]
			load := func() Pulled {
				t.Helper()
				if by != "hand" {
					return pull(t, a, name)
				}
				sum, err := a.Ingest(t.Context(), "", nil)
				if err != nil {
					t.Fatal(err)
				}
				return Pulled{Ingested: sum}
			}
			put(t, filepath.Join(dir, "七月.zip"), with(map[string]string{"说明_410499196102020019.docx": "PK?", "备注.txt": "?"}))
			p := load()
			if len(p.Loads) != 3 || len(p.Strays) != 2 || len(p.Ingested.Refused)+len(p.Ingested.Unknown) != 0 {
				t.Errorf("%+v", p)
			}
			if left := filesIn(t, dir); !slices.Equal(left, []string{"loaded/七月.zip"}) {
				t.Errorf("%q is left", left)
			}
			put(t, filepath.Join(dir, "八月.zip"), with(map[string]string{"岗位信息_202608.csv": vacancyHead, "备注.txt": "?"}))
			put(t, filepath.Join(dir, "九月.zip"), zipOf(t, map[string]string{"备注.txt": "?"}, false))
			load()
			if left := filesIn(t, dir); !slices.Equal(left, []string{"loaded/七月.zip", "九月.zip", "八月.zip"}) {
				t.Errorf("%q is left", left)
			}
			if by == "hand" {
				return
			}
			for object, want := range map[string][]string{
				"七月.zip": {source.Done, "3 extracts loaded, 0 refused, 2 that no contract knows", "说明_***.docx"},
				"八月.zip": {source.Refused, "3 extracts loaded, 1 refused, 1 that no contract knows", "备注.txt"},
				"九月.zip": {source.Refused, "no contract knows any file in the archive", "备注.txt"},
			} {
				i := slices.IndexFunc(records(t, a, name), func(r source.Record) bool { return r.Object == object })
				r := records(t, a, name)[i]
				if told := r.Why + r.Note; r.Status != want[0] || !strings.Contains(told, want[1]) || !strings.Contains(told, want[2]) || strings.Contains(told, "410499") {
					t.Errorf("%s: %+v", object, r)
				}
			}
			// What is known and not looked into again keeps what was told of it.
			if p := load(); len(p.Loads) != 0 || (by == "source" && len(p.Notes) != 0) {
				t.Errorf("%+v", p)
			}
		})
	}
}

// A document beside the data is no extract, though the archive's name or the
// source's feed would tell what it is read by.
func TestDocumentsInArchives(t *testing.T) {
	forced, dir := folderSource(t, "forced")
	forced.Feed = "job_vacancy"
	named, other := folderSource(t, "named")
	a := start(t, towns(t, forced, named))
	put(t, filepath.Join(dir, "x.zip"), zipOf(t, map[string]string{"a_202605.csv": month("05"), "说明.docx": "?"}, false))
	put(t, filepath.Join(other, "job_vacancy_202606.zip"), zipOf(t, map[string]string{"a_202606.csv": month("06"), "说明.PDF": "%PDF"}, false))
	for _, name := range []string{"forced", "named"} {
		if p := pull(t, a, name); len(p.Loads) != 1 || len(p.Strays) != 1 || len(p.Refused) != 0 || len(p.Notes) != 1 {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// A run of one feed takes its part of an archive; the rest is taken later.
func TestArchiveByOneFeed(t *testing.T) {
	cfg := towns(t)
	a := start(t, cfg)
	const change = "证件号码,统一社会信用代码,变更日期,增减标志,变更原因\n410499196102020019,91410499MA0000001T,2026-05-12,减员,裁员\n"
	put(t, filepath.Join(cfg.Ingest.Inbox, "五月.zip"), zipOf(t, map[string]string{"岗位信息_202605.csv": month("05"), "增减员_20260512.csv": change}, false))
	for _, feed := range []string{"job_vacancy", ""} {
		sum, err := a.Ingest(t.Context(), feed, nil)
		if err != nil || len(sum.Loads) != 1 {
			t.Errorf("%q: %+v %v", feed, sum, err)
		}
	}
	if _, err := os.Stat(filepath.Join(cfg.Ingest.Inbox, "五月.zip")); err != nil {
		t.Error(err)
	}
}
