package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"laborwatch/source"
	"laborwatch/source/servertest"
)

// A file in the inbox that cannot be read is told each time, and stops neither
// the others nor the jobs that come after.
func TestUnreadableFileInTheInbox(t *testing.T) {
	cfg := towns(t)
	a := start(t, cfg)
	servertest.Unprivileged(t)
	for _, m := range []string{"05", "06", "07"} {
		put(t, filepath.Join(cfg.Ingest.Inbox, "岗位信息_2026"+m+".csv"), []byte(month(m)))
	}
	locked := filepath.Join(cfg.Ingest.Inbox, "岗位信息_202606.csv")
	servertest.Lock(t, locked)
	for range 2 {
		err := a.Run(t.Context(), []string{StageIngest, StagePublish})
		if err == nil || !strings.Contains(err.Error(), "岗位信息_202606.csv") || !strings.Contains(err.Error(), "没有读取权限") {
			t.Fatalf("%v", err)
		}
	}
	if got := ledger(t, a); strings.Count(got, "\n") != 2 || strings.Contains(got, "202606") {
		t.Errorf("ledger:\n%s", got)
	}
	stages, err := a.journal.stages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stages {
		if want := s.Name != StageIngest; s.OK != want {
			t.Errorf("%+v", s)
		}
	}
	if err := os.Chmod(locked, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Run(t.Context(), []string{StageIngest}); err != nil {
		t.Fatal(err)
	}
	if got := ledger(t, a); strings.Count(got, "\n") != 3 {
		t.Errorf("ledger:\n%s", got)
	}
}

// A landed file that cannot be loaded does not keep its source from listing and
// fetching.
func TestUnreadableLandedFile(t *testing.T) {
	one, dir := folderSource(t, "one")
	cfg := towns(t, one)
	a := start(t, cfg)
	servertest.Unprivileged(t)
	put(t, filepath.Join(dir, "岗位信息_202605.csv"), []byte(vacancies))
	s, err := a.source("one")
	if err != nil {
		t.Fatal(err)
	}
	died := source.Stop(errors.New("died"))
	if _, err := s.Pull(t.Context(), func(context.Context, []source.Landed) ([]source.Outcome, error) { return nil, died }); !errors.Is(err, died) {
		t.Fatal(err)
	}
	landed, err := filepath.Glob(filepath.Join(a.landing(), "one", "*", "*.csv"))
	if err != nil || len(landed) != 1 {
		t.Fatal(landed, err)
	}
	servertest.Lock(t, landed[0])
	put(t, filepath.Join(dir, "岗位信息_202606.csv"), []byte(month("06")))
	p := pull(t, a, "one")
	if len(p.Failed) != 1 || p.Failed[0].Object != "岗位信息_202605.csv" || len(p.Loads) != 1 {
		t.Errorf("%+v", p)
	}
	if err := os.Chmod(landed[0], 0o600); err != nil {
		t.Fatal(err)
	}
	if p := pull(t, a, "one"); len(p.Failed) != 0 || len(p.Loads) != 1 {
		t.Errorf("%+v", p)
	}
	nothingLanded(t, a)
}

// The engine's full disk is the machine's, its complaint about data is not.
func TestFaultsOfTheMachine(t *testing.T) {
	a := start(t, towns(t))
	small := t.TempDir()
	if err := unix.Mount("tmpfs", small, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatalf("mount a small file system: %v. Try: run the tests as root", err)
	}
	defer func() {
		if err := unix.Unmount(small, 0); err != nil {
			t.Error(err)
		}
	}()
	for _, c := range []struct {
		query string
		stops bool
	}{
		{"COPY (SELECT uuid() AS x FROM range(1000000)) TO '" + filepath.Join(small, "x.parquet") + "'", true},
		{"SELECT 'x'::INTEGER", false},
		{"SELECT * FROM read_csv('/no/such/file')", false},
	} {
		_, err := a.Engine.DB().ExecContext(t.Context(), c.query)
		if err == nil {
			t.Fatalf("%s: no error", c.query)
		}
		s, dir := a.sources[0], a.Config.Ingest.Inbox
		put(t, filepath.Join(dir, "岗位信息_202605.csv"), []byte(vacancies))
		_, perr := s.Pull(t.Context(), func(context.Context, []source.Landed) ([]source.Outcome, error) { return nil, ofMachine(err) })
		if (perr != nil) != c.stops {
			t.Errorf("%v: the pull ended with %v", err, perr)
		}
	}
}

// Without a key nothing can be loaded: that is no fault of any object.
func TestNoKeyIsNoFaultOfAnObject(t *testing.T) {
	one, dir := folderSource(t, "one")
	cfg := towns(t, one)
	put(t, filepath.Join(dir, "岗位信息_202605.csv"), []byte(vacancies))
	key := cfg.Ingest.KeyFile
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	a := start(t, cfg)
	if p, err := a.Pull(t.Context(), "one"); err == nil || len(p.Failed) != 0 {
		t.Errorf("%+v %v", p, err)
	}
}

// A folder in the inbox that cannot be read, and a link that leads nowhere, are
// told beside what is loaded; links to files are followed.
func TestInboxByHandGoesOn(t *testing.T) {
	cfg := towns(t)
	a := start(t, cfg)
	servertest.Unprivileged(t)
	elsewhere := filepath.Join(t.TempDir(), "x.csv")
	put(t, elsewhere, []byte(month("05")))
	put(t, filepath.Join(cfg.Ingest.Inbox, "locked", "岗位信息_202606.csv"), []byte(month("06")))
	put(t, filepath.Join(cfg.Ingest.Inbox, "岗位信息_202607.csv"), []byte(month("07")))
	for name, to := range map[string]string{"岗位信息_202605.csv": elsewhere, "岗位信息_202604.csv": elsewhere + ".gone"} {
		if err := os.Symlink(to, filepath.Join(cfg.Ingest.Inbox, name)); err != nil {
			t.Fatal(err)
		}
	}
	servertest.Lock(t, filepath.Join(cfg.Ingest.Inbox, "locked"))
	sum, err := a.Ingest(t.Context(), "", nil)
	if err == nil || !strings.Contains(err.Error(), "locked") || !strings.Contains(err.Error(), "岗位信息_202604.csv") {
		t.Errorf("%v", err)
	}
	if len(sum.Loads) != 2 {
		t.Errorf("%+v", sum)
	}
}
