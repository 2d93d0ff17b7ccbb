package servertest

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Unprivileged has permissions hold for root too: for the rest of the test, in
// its own goroutine and in the programs that it starts. A file or folder of mode
// 0 is then one that cannot be read.
func Unprivileged(t testing.TB) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	if os.Getuid() != 0 {
		return
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		t.Fatal(err)
	}
	for _, c := range []int{unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH} {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil {
			t.Fatal(err)
		}
		sets[0].Effective &^= 1 << c
	}
	if err := unix.Capset(&header, &sets[0]); err != nil {
		t.Fatal(err)
	}
}

// Lock takes all permissions from a folder or file until the test ends.
func Lock(t testing.TB, name string) {
	t.Helper()
	if err := os.Chmod(name, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(name, 0o700) })
}
