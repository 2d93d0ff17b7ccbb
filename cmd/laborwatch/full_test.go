package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// mounted mounts at a folder, which needs root, and gives it back when the test ends.
func mounted(t *testing.T, source, dir, kind string, flags uintptr, data string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a mount needs root")
	}
	err := unix.Mount(source, dir, kind, flags, data)
	if errors.Is(err, unix.EPERM) {
		t.Skipf("nothing may be mounted here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
}

// TestDiskFull loads into a folder whose disk is too small: what was loaded is
// whole, the error says what to do, and with more room the same command brings
// the rest, every extract once.
func TestDiskFull(t *testing.T) {
	inbox, key := delivery(t)
	plain := sharing(t, inbox, key)
	must(t, plain, refusing, "ingest")
	want := ledgerOf(t, plain)
	loads := func(lines []string) int {
		return len(slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return !strings.HasPrefix(line, "loads ") }))
	}
	for _, size := range []int{200, 500, 1000, 1500} { // KiB beyond what the empty folder takes
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			dir := sharing(t, inbox, key)
			data := filepath.Join(dir, "data")
			if err := os.Mkdir(data, 0o750); err != nil {
				t.Fatal(err)
			}
			mounted(t, "tmpfs", data, "tmpfs", 0, "size=64m")
			must(t, dir, []int{0}, "loads", "list") // makes the databases
			var disk unix.Statfs_t
			if err := unix.Statfs(data, &disk); err != nil {
				t.Fatal(err)
			}
			filler := filepath.Join(data, "filler")
			if err := os.WriteFile(filler, make([]byte, int64(disk.Bavail)*disk.Bsize-int64(size)<<10), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				_, errs, code := run(t, dir, "ingest")
				if code != 1 || !strings.Contains(errs, "磁盘已满") || !strings.Contains(errs, "Try: free space on the disk of "+data) {
					t.Fatalf("exit %d: %s", code, errs)
				}
			}
			must(t, dir, []int{0}, "loads", "verify")
			must(t, dir, []int{0}, "transform", "--plan")
			before := ledgerOf(t, dir)
			for _, line := range before {
				// What came is as it is when all came, but for what supersedes it.
				if strings.HasPrefix(line, "file ") && !slices.Contains(want, line) {
					t.Errorf("not of the whole: %s", line)
				}
			}
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			must(t, dir, refusing, "ingest")
			sameLedger(t, ledgerOf(t, dir), want)
			if left, err := os.ReadDir(filepath.Join(data, "lake", "tmp")); err != nil || len(left) > 0 {
				t.Errorf("left %v %v", left, err)
			}
			t.Logf("%d of %d loads fitted", loads(before), loads(want))
		})
	}
}

// TestLakeUnwritable takes the lake's folder the right to be written, by a mount
// or, where that needs a root that the test is not, by its mode.
func TestLakeUnwritable(t *testing.T) {
	inbox, key := delivery(t)
	plain := sharing(t, inbox, key)
	must(t, plain, refusing, "ingest")
	want := ledgerOf(t, plain)
	dir := sharing(t, inbox, key)
	const first = "2026-08/岗位信息_202608.csv"
	must(t, dir, ok, "ingest", filepath.Join(inbox, first))
	before := ledgerOf(t, dir)
	lake := filepath.Join(dir, "data", "lake")
	giveBack := func() error { return unix.Unmount(lake, 0) }
	if os.Geteuid() == 0 {
		mounted(t, lake, lake, "", unix.MS_BIND, "")
		if err := unix.Mount("", lake, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
	} else {
		closed := []string{lake, filepath.Join(lake, "tmp")}
		mode := func(m os.FileMode) (err error) {
			for _, d := range closed {
				if cerr := os.Chmod(d, m); cerr != nil {
					err = cerr
				}
			}
			return err
		}
		if err := mode(0o500); err != nil {
			t.Fatal(err)
		}
		giveBack = func() error { return mode(0o750) }
		t.Cleanup(func() { _ = mode(0o750) })
	}
	_, errs, code := run(t, dir, "ingest")
	if code != 1 || !strings.Contains(errs, "目录 "+lake+" 不能写入") || !strings.Contains(errs, "Try: see to its owner") {
		t.Fatalf("exit %d: %s", code, errs)
	}
	out, _, code := run(t, dir, "doctor")
	if code != 1 || !strings.Contains(out, "files of the lake: "+lake) || !strings.Contains(out, "folder that can be written") {
		t.Errorf("exit %d: %s", code, out)
	}
	must(t, dir, []int{0}, "loads", "verify")
	must(t, dir, []int{0}, "transform")
	sameLedger(t, ledgerOf(t, dir), before)
	if err := giveBack(); err != nil {
		t.Fatal(err)
	}
	must(t, dir, refusing, "ingest")
	sameLedger(t, ledgerOf(t, dir), want)
}
