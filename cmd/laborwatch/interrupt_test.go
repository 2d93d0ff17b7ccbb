package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestInterrupt stops loads of a large extract with Ctrl-C
// at instants over their whole length: the command says so, what is
// left is whole, and the next load brings every row once.
func TestInterrupt(t *testing.T) {
	const rows = 400_000
	dir := t.TempDir()
	must(t, dir, []int{0}, "init")
	name := filepath.Join(dir, "岗位信息_202605.csv")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "岗位编号,工作地区划,招聘人数,发布日期,岗位名称")
	for i := range rows {
		title := "普工"
		if i%1000 == 0 {
			title = "　两边有空格　" // read cell by cell
		}
		fmt.Fprintf(w, "P%d,41040%d,1,2026-05-%02d,%s\n", i, 2+i%3, 1+i%28, title)
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	must(t, dir, []int{0}, "ingest", "--dry-run", name)
	took := time.Since(begin)
	rng := rand.New(rand.NewPCG(5, 6))
	interrupted := 0
	for try := 0; try < 12 && interrupted < 4; try++ {
		cmd := command(t, dir, "ingest", name)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.Int64N(int64(took))))
		_ = cmd.Process.Signal(syscall.SIGINT)
		err := cmd.Wait()
		var exit *exec.ExitError
		switch {
		case err == nil:
			must(t, dir, []int{0}, "loads", "withdraw", strings.Fields(must(t, dir, []int{0}, "loads", "list", "--status", "live", "--format", "csv"))[1][:8], "--by", "test", "--why", "again")
			t.Log("loaded before it was interrupted")
			name = rename(t, name, try)
			continue
		case errors.As(err, &exit) && exit.ExitCode() == exitInterrupted:
			interrupted++
			if !strings.Contains(out.String(), "nothing half-done is left") {
				t.Errorf("it does not say that nothing is left: %s", out.String())
			}
		case errors.As(err, &exit) && exit.ExitCode() == -1:
			continue // so early that the program did not yet listen
		default:
			t.Fatalf("%v\n%s", err, out.String())
		}
		if left, err := filepath.Glob(filepath.Join(dir, "data", "lake", "tmp", "*")); err != nil || len(left) > 0 {
			t.Errorf("left %v, %v", left, err)
		}
	}
	if interrupted < 4 {
		t.Errorf("only %d loads were interrupted", interrupted)
	}
	must(t, dir, []int{0}, "ingest", name)
	must(t, dir, []int{0}, "loads", "verify")
	must(t, dir, []int{0}, "transform")
	if out := must(t, dir, []int{0}, "query", "job_openings", "--period", "2026-05", "--format", "csv"); !strings.Contains(out, fmt.Sprintf(",%d,", rows)) {
		t.Errorf("not every row once:\n%s", out)
	}
}

// rename gives a file another name that tells the same.
func rename(t *testing.T, name string, n int) string {
	t.Helper()
	to := filepath.Join(filepath.Dir(name), fmt.Sprintf("岗位信息_第%c版_202605.csv", []rune("甲乙丙丁戊己庚辛壬癸子丑")[n]))
	if err := os.Rename(name, to); err != nil {
		t.Fatal(err)
	}
	return to
}
