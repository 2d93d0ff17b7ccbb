package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// firstLive puts the beginning of the first live load's ID into LIVE.
func firstLive(ts *testscript.TestScript, _ bool, which []string) {
	ts.Check(ts.Exec("laborwatch", append([]string{"loads", "list", "--status", "live", "--format", "csv"}, which...)...))
	lines := strings.Split(ts.ReadFile("stdout"), "\n")
	ts.Setenv("LIVE", lines[1][:8])
}

// lastLive puts the beginning of the newest live load's ID into LIVE.
func lastLive(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(ts.Exec("laborwatch", "loads", "list", "--status", "live", "--format", "csv"))
	lines := strings.Split(strings.TrimSpace(ts.ReadFile("stdout")), "\n")
	ts.Setenv("LIVE", lines[len(lines)-1][:8])
}

// damage cuts the file of the load LIVE short.
func damage(ts *testscript.TestScript, _ bool, _ []string) {
	files, err := filepath.Glob(ts.MkAbs("data/lake/*/*/" + ts.Getenv("LIVE") + "*.parquet"))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("files of %s: %v", ts.Getenv("LIVE"), files)
	}
	ts.Check(os.Truncate(files[0], 40))
}

// TestReleaseAsOf builds a release, lets a correction and a withdrawal arrive,
// and builds the release again from the lake as it was: the data files are the
// same to the byte, and all the rebuilt one says is that it was rebuilt.
func TestReleaseAsOf(t *testing.T) {
	city := t.TempDir()
	must(t, city, []int{0}, append(small, "--out", city)...)
	dir := folder(t, filepath.Join(city, "inbox"))
	must(t, dir, ok, "ingest")
	must(t, dir, []int{0}, "transform")
	must(t, dir, []int{0}, "release", "build", "2026-08")
	before := time.Now()
	cube := cubeSum(t, dir)
	first := filepath.Join(dir, "data", "releases", "2026-08", "v1")

	// A survey of August that is corrected, and insurance that is withdrawn.
	var loads []loadLine
	if err := json.Unmarshal([]byte(must(t, dir, []int{0}, "loads", "list", "--period", "2026-08", "--status", "live", "--format", "json")), &loads); err != nil {
		t.Fatal(err)
	}
	find := func(feed string) loadLine {
		i := slices.IndexFunc(loads, func(x loadLine) bool { return x.Feed == feed && x.Period.String() == "2026-08" })
		if i < 0 {
			t.Fatalf("no load of %s in %d loads", feed, len(loads))
		}
		return loads[i]
	}
	correct(t, filepath.Join(city, "inbox", find("labor_force_survey").Source), filepath.Join(dir, filepath.Base(find("labor_force_survey").Source)))
	must(t, dir, ok, "ingest", "labor_force_survey", filepath.Base(find("labor_force_survey").Source))
	must(t, dir, []int{0}, "loads", "withdraw", find("social_insurance").ID, "--by", "duty", "--why", "wrong month")
	must(t, dir, []int{0}, "transform")
	if cubeSum(t, dir) == cube {
		t.Fatal("neither the correction nor the withdrawal changed the cube")
	}
	must(t, dir, []int{0}, "release", "build", "2026-08")
	if _, err := os.Stat(filepath.Join(dir, "data", "releases", "2026-08", "v2")); err != nil {
		t.Fatal(err)
	}

	out := filepath.Join(dir, "again")
	when := before.Format(time.RFC3339Nano)
	must(t, dir, []int{0}, "release", "build", "2026-08", "--as-of", when, "--out", out)
	again := filepath.Join(out, "2026-08", "v1")
	for _, name := range []string{"observations.csv", "observations.excel.csv", "dictionary.csv", "alerts.csv"} {
		if !bytes.Equal(read(t, filepath.Join(first, name)), read(t, filepath.Join(again, name))) {
			t.Errorf("%s differs", name)
		}
	}
	var was, is map[string]any
	for file, to := range map[string]*map[string]any{first: &was, again: &is} {
		if err := json.Unmarshal(read(t, filepath.Join(file, "manifest.json")), to); err != nil {
			t.Fatal(err)
		}
	}
	if is["as_of"] == nil || was["as_of"] != nil || fmt.Sprint(is["inputs"]) != fmt.Sprint(was["inputs"]) || is["indicators_sha256"] != was["indicators_sha256"] {
		t.Errorf("manifests: as_of %v and %v", is["as_of"], was["as_of"])
	}
	if !strings.Contains(string(read(t, filepath.Join(again, "release.html"))), "时点数据重算") {
		t.Error("the page does not say that it was rebuilt")
	}
	must(t, dir, []int{0}, "export", "then.csv", "--as-of", when)
	must(t, dir, []int{0}, "export", "now.csv")
	if bytes.Equal(read(t, filepath.Join(dir, "then.csv")), read(t, filepath.Join(dir, "now.csv"))) {
		t.Error("the cube as of then is that of now")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "data", "tmp", "asof-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	// By default it lies beside the published releases, which no rebuild touches.
	must(t, dir, []int{0}, "release", "build", "2026-08", "--as-of", when)
	if v, err := os.ReadDir(filepath.Join(dir, "data", "releases", "2026-08")); err != nil || len(v) != 2 {
		t.Errorf("published versions: %v %v", v, err)
	}
	if _, errs, code := run(t, dir, "release", "build", "2026-08", "--as-of", when, "--out", filepath.Join("data", "releases", "x")); code != 1 || !strings.Contains(errs, "--out") {
		t.Errorf("a rebuilt release among the published ones: exit %d %s", code, errs)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// correct writes an extract again with its last tenth of rows left out.
func correct(t *testing.T, from, to string) {
	t.Helper()
	b := read(t, from)
	if filepath.Ext(from) != ".csv" {
		t.Fatalf("%s is no CSV", from)
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	if err := os.WriteFile(to, bytes.Join(lines[:len(lines)*9/10], nil), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTwoAtOnce lets two processes, and then a process beside the daemon, load
// one inbox at the same time: one waits or is told, and every row is there once.
func TestTwoAtOnce(t *testing.T) {
	city := t.TempDir()
	must(t, city, []int{0}, append(small, "--out", city)...)
	inbox := filepath.Join(city, "inbox")
	alone := folder(t, inbox)
	must(t, alone, ok, "ingest")
	want := must(t, alone, []int{0}, "loads", "list", "--format", "csv")
	must(t, alone, []int{0}, "transform")
	cube := cubeSum(t, alone)

	ingest := func(t *testing.T, dir string, n, least int) {
		t.Helper()
		outs := make([]string, n)
		var wg sync.WaitGroup
		for i := range n {
			cmd := command(t, dir, "ingest")
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				_ = cmd.Wait()
				outs[i] = fmt.Sprintf("exit %d: %s", cmd.ProcessState.ExitCode(), out.String())
			})
		}
		wg.Wait()
		fresh := 0
		for _, o := range outs {
			if !strings.HasPrefix(o, "exit 0:") && !strings.HasPrefix(o, fmt.Sprintf("exit %d:", exitQuarantined)) {
				t.Errorf("a process failed: %s", o)
			}
			if !strings.Contains(o, " 0 rows in") {
				fresh++
			}
		}
		if fresh < least || fresh > 1 {
			t.Errorf("%d processes loaded rows, want one: %q", fresh, outs)
		}
	}
	check := func(t *testing.T, dir string) {
		t.Helper()
		if got := must(t, dir, []int{0}, "loads", "list", "--format", "csv"); rows(got) != rows(want) {
			t.Errorf("the ledger holds\n%s\nand not\n%s", rows(got), rows(want))
		}
		must(t, dir, []int{0}, "loads", "verify")
		must(t, dir, []int{0}, "transform")
		if cubeSum(t, dir) != cube {
			t.Error("the cube differs")
		}
	}
	t.Run("two processes", func(t *testing.T) {
		dir := folder(t, inbox)
		ingest(t, dir, 2, 1)
		check(t, dir)
	})
	t.Run("beside the daemon", func(t *testing.T) {
		dir := folder(t, inbox)
		daemon := command(t, dir, "serve", "--listen", "127.0.0.1:0")
		if err := daemon.Start(); err != nil {
			t.Fatal(err)
		}
		waitSocket(t, filepath.Join(dir, "data", "laborwatch.sock"), daemon)
		ingest(t, dir, 3, 0) // the daemon's own schedule may have been first
		check(t, dir)
		if err := daemon.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := daemon.Wait(); err != nil {
			t.Logf("the daemon ended: %v", err)
		}
		check(t, dir)
	})
}

// rows are the loads of a listing by feed, period, source, status and rows, in order of name.
func rows(listing string) string {
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(listing), "\n")[1:] {
		f := strings.Split(line, ",")
		out = append(out, strings.Join([]string{f[1], f[2], f[4], f[6], f[8], f[9], f[10], f[11]}, " "))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func waitSocket(t *testing.T, path string, daemon *exec.Cmd) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the daemon %v did not serve", daemon.Args)
		}
	}
}
