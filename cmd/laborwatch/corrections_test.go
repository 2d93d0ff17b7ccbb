package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// setCell is a person's hand on a workbook: setcell FILE SHEET CELL [VALUE].
func setCell(ts *testscript.TestScript, _ bool, args []string) {
	value := strings.Join(args[3:], " ")
	ts.Check(edit(ts.MkAbs(args[0]), func(f *excelize.File) error { return f.SetCellStr(args[1], args[2], value) }))
}

func edit(path string, change func(*excelize.File) error) error {
	f, err := excelize.OpenFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := change(f); err != nil {
		return err
	}
	return f.Save()
}

// fileMode checks a file's permissions: mode 0600 FILE.
func fileMode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := info.Mode().Perm(); got != os.FileMode(want) {
		ts.Fatalf("%s has mode %04o, want %s", args[1], got, args[0])
	}
}

// TestKillReload kills a reload at instants over its whole length: afterwards
// either nothing has happened or all of it, and the next reload makes it whole.
func TestKillReload(t *testing.T) {
	const rows = 3000
	dir := t.TempDir()
	must(t, dir, []int{0}, "init")
	var b strings.Builder
	b.WriteString("岗位编号,工作地区划,招聘人数,发布日期\n")
	for i := range rows {
		// With three in ten of its cells bad the column would be refused.
		fmt.Fprintf(&b, "P%d,410402,x,2026-05-01\nG%[1]d,410402,1,2026-05-01\nH%[1]d,410402,1,2026-05-01\nI%[1]d,410402,1,2026-05-01\n", i)
	}
	if err := os.WriteFile(filepath.Join(dir, "岗位信息_202605.csv"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, dir, []int{exitQuarantined}, "ingest", "岗位信息_202605.csv")
	must(t, dir, []int{0}, "quarantine", "export", "--feed", "job_vacancy", "--out", "back.xlsx")
	back := filepath.Join(dir, "back.xlsx")
	fix := func(from, to int) {
		t.Helper()
		err := edit(back, func(f *excelize.File) error {
			for i := from; i < to; i++ {
				if err := f.SetCellStr("待更正", fmt.Sprintf("D%d", i+2), "1"); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	open := func() int {
		return strings.Count(must(t, dir, []int{0}, "quarantine", "list", "--limit", "0", "--format", "csv"), "bad_number")
	}
	// The first third, unkilled, tells how long it takes.
	fix(0, rows/3)
	begin := time.Now()
	must(t, dir, []int{exitQuarantined}, "quarantine", "reload", "back.xlsx", "--by", "A")
	took := time.Since(begin)
	if got := open(); got != rows-rows/3 {
		t.Fatalf("%d faults are open", got)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	const wanted, kills = 12, 3
	killed, done := 0, rows/3
	for done < rows {
		next := rows
		if killed < wanted {
			next = min(done+rows/24, rows)
		}
		fix(done, next)
		for range kills {
			killed += killAt(t, dir, time.Duration(rng.Int64N(int64(took))), "quarantine", "reload", "back.xlsx", "--by", "A")
			if got := open(); got != rows-done && got != rows-next {
				t.Fatalf("after a kill %d faults are open, want %d or %d", got, rows-done, rows-next)
			}
		}
		must(t, dir, []int{0, exitQuarantined}, "quarantine", "reload", "back.xlsx", "--by", "A")
		if got := open(); got != rows-next {
			t.Fatalf("%d faults are open, want %d", got, rows-next)
		}
		done = next
	}
	must(t, dir, []int{0}, "transform")
	if out := must(t, dir, []int{0}, "query", "job_openings", "--period", "2026-05", "--format", "csv"); !strings.Contains(out, fmt.Sprintf(",%d,", 4*rows)) {
		t.Errorf("not every opening is there once:\n%s", out)
	}
	t.Logf("%d processes were killed before they ended", killed)
	if killed < wanted {
		t.Errorf("only %d processes were killed before they ended", killed)
	}
}
