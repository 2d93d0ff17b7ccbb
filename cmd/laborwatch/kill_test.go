package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// small is a city that a test can load several times.
var small = []string{"simulate", "--persons", "50000", "--months", "8", "--end", "2026-08", "--seed", "3"}

// folder is a folder with a configuration whose inbox is shared.
func folder(t *testing.T, inbox string) string {
	t.Helper()
	dir := t.TempDir()
	configure(t, dir, "data: data\ningest: {inbox: "+inbox+"}\n")
	return dir
}

// cubeSum is the hash of the exported cube.
func cubeSum(t *testing.T, dir string) [32]byte {
	t.Helper()
	file := filepath.Join(dir, "cube.csv")
	must(t, dir, []int{0}, "export", file)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) < 10_000 {
		t.Fatalf("the cube has only %d bytes", len(b))
	}
	return sha256.Sum256(b)
}

// delivery is an inbox of two months of small extracts of every form (CSV, XLSX,
// Parquet, archives), with a correction, rows at fault and a file that is
// refused; and a key that folders can share.
func delivery(t *testing.T) (inbox, key string) {
	t.Helper()
	city := t.TempDir()
	must(t, city, []int{0}, "simulate", "--persons", "50000", "--months", "6", "--end", "2026-08", "--seed", "3", "--out", city)
	inbox = filepath.Join(city, "inbox")
	if err := filepath.WalkDir(inbox, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir():
			return err
		case filepath.Base(filepath.Dir(path)) < "2026-07" && d.Name() != "社保缴费_202606.csv": // which July corrects
			return os.Remove(path)
		case strings.HasPrefix(d.Name(), "社保缴费_"):
			lines := bytes.SplitAfter(read(t, path), []byte("\n"))
			return os.WriteFile(path, bytes.Join(lines[:min(len(lines), 4000)], nil), 0o600)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var member bytes.Buffer
	z := zip.NewWriter(&member)
	for _, county := range []string{"410402", "410403"} {
		w, err := z.Create("岗位信息_" + county + "_202609.csv")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(w, "岗位编号,工作地区划,招聘人数,发布日期\nP1,%[1]s,3,2026-09-01\nP2,%[1]s,x,2026-09-02\n", county)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"2026-08/各县岗位.zip": member.String(), "2026-08/求职登记_202609.csv": "没有,这样的,表头\n1,2,3\n"} {
		if err := os.WriteFile(filepath.Join(inbox, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return inbox, filepath.Join(t.TempDir(), "keys", "shared.key")
}

// sharing is a folder whose inbox and key are shared, so that equal extracts
// give equal files.
func sharing(t *testing.T, inbox, key string) string {
	t.Helper()
	dir := t.TempDir()
	configure(t, dir, "data: data\ningest: {inbox: "+inbox+", key_file: "+key+"}\n")
	return dir
}

func configure(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "laborwatch.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, dir, []int{0}, "init")
}

// refusing are the exit codes of a load that did its work and refused something.
var refusing = []int{exitRefused}

// TestKillIngest kills ingest at random instants. The next run goes on, and the
// ledger and the lake come out the same as when nothing was killed: every load,
// every row in quarantine, every refusal, every file to the byte.
func TestKillIngest(t *testing.T) {
	inbox, key := delivery(t)
	plain := sharing(t, inbox, key)
	begin := time.Now()
	must(t, plain, refusing, "ingest")
	took := time.Since(begin)
	want := ledgerOf(t, plain)
	for _, kind := range []string{"loads ", "quarantine ", "refusals ", "superseded", "live", "file "} {
		if !slices.ContainsFunc(want, func(line string) bool { return strings.Contains(line, kind) }) {
			t.Fatalf("nothing to compare of %q in %d lines", kind, len(want))
		}
	}
	const wanted, rounds, kills = 32, 16, 5
	var killed atomic.Int32
	t.Run("rounds", func(t *testing.T) {
		for round := range rounds {
			t.Run(fmt.Sprint(round), func(t *testing.T) {
				t.Parallel()
				if killed.Load() >= wanted {
					return
				}
				rng := rand.New(rand.NewPCG(1, uint64(round)))
				dir := sharing(t, inbox, key)
				for range kills {
					killed.Add(int32(killAt(t, dir, time.Duration(rng.Int64N(int64(took))), "ingest")))
				}
				must(t, dir, refusing, "ingest")
				sameLedger(t, ledgerOf(t, dir), want)
				if out := must(t, dir, refusing, "ingest"); !strings.Contains(out, " 0 rows in") {
					t.Errorf("rows came again: %s", out)
				}
			})
		}
	})
	if n := killed.Load(); n < wanted {
		t.Errorf("only %d loads were killed; the test wants %d", n, wanted)
	}
	t.Logf("%d loads were killed; undisturbed one took %v", killed.Load(), took)
}

// TestKillTransform kills transform at random instants: the next run goes on, and
// the cube comes out the same to the byte as when nothing was killed.
func TestKillTransform(t *testing.T) {
	inbox, key := delivery(t)
	plain := sharing(t, inbox, key)
	must(t, plain, refusing, "ingest")
	loaded := os.DirFS(filepath.Join(plain, "data"))
	var dirs []string
	const wanted, rounds, kills = 10, 10, 3
	for range rounds {
		dir := sharing(t, inbox, key)
		if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(dir, "data"), loaded); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, dir)
	}
	begin := time.Now()
	must(t, plain, []int{0}, "transform")
	took := time.Since(begin)
	want := cubeSum(t, plain)
	rng := rand.New(rand.NewPCG(1, 2))
	killed := 0
	for round, dir := range dirs {
		if killed >= wanted {
			break
		}
		for range kills {
			killed += killAt(t, dir, time.Duration(rng.Int64N(int64(took)*2/3)), "transform")
		}
		must(t, dir, []int{0}, "transform")
		if got := cubeSum(t, dir); got != want {
			t.Errorf("round %d: after %d kills the cube differs", round, killed)
		}
	}
	if killed < wanted {
		t.Errorf("only %d processes were killed; the test wants %d", killed, wanted)
	}
}

// killAt starts the program, lets it take hold of the folder, kills it the given
// time after that, and returns 1 if that is what it died of.
func killAt(t *testing.T, dir string, after time.Duration, args ...string) int {
	t.Helper()
	cmd := command(t, dir, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	mine := fmt.Appendf(nil, `"pid":%d,`, cmd.Process.Pid)
	for begun := false; !begun; {
		select {
		case <-done:
			return 0
		case <-time.After(time.Millisecond):
			holder, err := os.ReadFile(filepath.Join(dir, "data", "lock"))
			begun = err == nil && bytes.Contains(holder, mine)
		}
	}
	select {
	case <-done:
		return 0
	case <-time.After(after):
	}
	_ = cmd.Process.Kill()
	<-done
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		return 0 // it had just ended
	}
	return 1
}

// TestMonthByMonth delivers the city a month at a time, as it would come, and
// compares with everything at once: what is computed must not depend on when.
func TestMonthByMonth(t *testing.T) {
	city := t.TempDir()
	must(t, city, []int{0}, append(small, "--out", city)...)
	inbox := filepath.Join(city, "inbox")
	atOnce := folder(t, inbox)
	must(t, atOnce, ok, "ingest")
	must(t, atOnce, []int{0}, "transform")

	monthly := t.TempDir()
	dir := folder(t, monthly)
	months, err := os.ReadDir(inbox)
	if err != nil {
		t.Fatal(err)
	}
	if len(months) < 8 {
		t.Fatalf("%d deliveries", len(months))
	}
	for _, m := range months {
		if err := os.CopyFS(filepath.Join(monthly, m.Name()), os.DirFS(filepath.Join(inbox, m.Name()))); err != nil {
			t.Fatal(err)
		}
		must(t, dir, ok, "ingest")
		must(t, dir, []int{0}, "transform")
	}
	if cubeSum(t, dir) != cubeSum(t, atOnce) {
		t.Error("month by month and all at once give different cubes")
	}
}
