package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"laborwatch/app"
)

// TestMain lets the test binary stand in for the program, so that what the
// tests drive is the program itself in processes of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"laborwatch": main})
}

// command is the program with arguments, run in dir.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Args[0] = "laborwatch"
	cmd.Dir = dir
	return cmd
}

// run is the program run to its end: stdout, stderr and exit code.
func run(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := command(t, dir, args...)
	var out, errb bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errb
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errb.String(), cmd.ProcessState.ExitCode()
}

// must is run for commands that have to succeed with one of the given codes.
func must(t *testing.T, dir string, codes []int, args ...string) string {
	t.Helper()
	out, errs, code := run(t, dir, args...)
	if slices.Contains(codes, code) {
		return out
	}
	t.Fatalf("laborwatch %s: exit %d, want %v\n%s%s", strings.Join(args, " "), code, codes, out, errs)
	return ""
}

// ok are the exit codes of a load that did its work, bad rows or not.
var ok = []int{0, exitQuarantined}

func TestScripts(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(binary, bytes.Repeat([]byte{0, 1, 0xff, 0xfe, 0x80, '\n', 7}, 4096), 0o644); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("BINARY", binary)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"waitfor": waitFor, "setcell": setCell, "mode": fileMode, "firstlive": firstLive, "lastlive": lastLive, "damage": damage},
	})
}

// waitFor blocks until a file is there: the daemon's socket says that it serves.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(time.Minute)
	for {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s did not appear", args[0])
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestExitCodes: a script must be able to tell from the code alone what happened.
func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, []int{0}, "init")
	write := func(name, rows string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("岗位编号,工作地区划,招聘人数,发布日期\n"+rows), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("岗位信息_202605.csv", "P1,410402,1,2026-05-01\n")
	write("岗位信息_202606.csv", "P1,410402,1,2026-05-01\nP2,410402,1,2026-02-30\n")
	write("岗位信息_202607.csv", "")
	for _, c := range []struct {
		code int
		args []string
	}{
		{0, []string{"ingest", "岗位信息_202605.csv"}},
		{exitQuarantined, []string{"ingest", "岗位信息_202606.csv"}},
		{exitRefused, []string{"ingest", "岗位信息_202607.csv"}},
		{0, []string{"ingest", "岗位"}}, // a feed by its Chinese name, of which nothing waits
		{exitUsage, []string{"ingest", "岗位们"}},
		{exitUsage, []string{"frobnicate"}},
		{exitUsage, []string{"alerts", "lst"}},
		{exitUsage, []string{"alerts", "list", "--status", "open"}},
		{exitUsage, []string{"quarantine", "list", "--feed", "job_vacancie"}},
		{exitUsage, []string{"demo", "--persons", "0"}},
		{exitUsage, []string{"query"}},
		{1, []string{"query", "job_openings", "--data", "no/such/folder"}},
		{1, []string{"release", "build", "2026-05"}},
	} {
		if out, errs, code := run(t, dir, c.args...); code != c.code {
			t.Errorf("laborwatch %s: exit %d, want %d\n%s%s", strings.Join(c.args, " "), code, c.code, out, errs)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "no")); err == nil {
		t.Error("a mistyped data folder was created")
	}
}

// TestDemo holds the default simulation to its truth: every planted event is
// found at its level, no decoy raises anything, and the estimated rate lies
// within its sampling error of the true one.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	cmd := command(t, dir, "demo", "--once", "--json", "--data", filepath.Join(dir, "city", "data"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var r app.Report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss // KiB
	t.Logf("%s peak memory %d MiB", out, peak>>10)
	if peak > 2<<20 {
		t.Errorf("peak memory %d MiB, want at most 2048", peak>>10)
	}
	if r.Alerts.Expected < 8 || r.Alerts.Found != r.Alerts.Expected || r.Alerts.Spurious != 0 {
		human, _, _ := run(t, dir, "alerts", "list", "--data", filepath.Join(dir, "city", "data"))
		t.Errorf("alerts %+v\n%s", r.Alerts, human)
	}
	if r.Period.String() != "2026-10" || r.RateSE <= 0 || r.RateSE > 0.01 {
		t.Errorf("period %s, SE %v", r.Period, r.RateSE)
	}
	if d := r.Rate - r.TruthRate; d > 3.5*r.RateSE || d < -3.5*r.RateSE {
		t.Errorf("rate %v is %v from the truth, SE %v", r.Rate, d, r.RateSE)
	}
	if r.RowsIn < 1_000_000 || r.RowsQuarantined == 0 || r.RowsIn < r.RowsLoaded+r.RowsQuarantined {
		t.Errorf("rows: %d in, %d loaded, %d quarantined", r.RowsIn, r.RowsLoaded, r.RowsQuarantined)
	}
	for _, s := range []string{"simulate", "ingest", "transform", "alerts", "publish", "release"} {
		if _, ok := r.Stages[s]; !ok {
			t.Errorf("stage %s is missing from %v", s, r.Stages)
		}
	}
	data := filepath.Join(dir, "city", "data")
	t.Run("second ingest", func(t *testing.T) {
		out := must(t, dir, []int{0}, "ingest", "--data", data)
		if !strings.Contains(out, "0 rows in, 0 loaded") {
			t.Errorf("a second ingest loaded something: %s", out)
		}
	})
	t.Run("second transform", func(t *testing.T) {
		if out := must(t, dir, []int{0}, "transform", "--data", data); !strings.Contains(out, "nothing to compute") {
			t.Errorf("a second transform computed something: %s", out)
		}
	})
	t.Run("no personal data", func(t *testing.T) { noPersonalData(t, data) })
}
