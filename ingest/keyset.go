package ingest

import (
	"fmt"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mostKeys bounds the memory of a keySet to 512 MiB. Larger extracts have their
// repeats found by the engine, which spills to disk.
const mostKeys = 40_000_000

// keySet remembers the hashes of keys, for all threads of a scan. Two keys of one
// hash are taken for one, so that it only nominates repeats. Its memory is not
// Go's: a collection would look through all of it.
type keySet struct {
	mem   []byte
	slots []atomic.Uint64
}

func newKeySet(keys int64) (*keySet, error) {
	n := 1 << bits.Len64(uint64(max(keys, 512)*3/2))
	mem, err := unix.Mmap(-1, 0, n*8, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("memory for keys: %w", err)
	}
	_ = unix.Madvise(mem, unix.MADV_HUGEPAGE) // faster where the kernel grants it
	return &keySet{mem, unsafe.Slice((*atomic.Uint64)(unsafe.Pointer(&mem[0])), n)}, nil
}

func (s *keySet) free() {
	if s != nil {
		_ = unix.Munmap(s.mem)
	}
}

// touch brings the place of a key near. Places of many keys come together;
// adding waits for each.
func (s *keySet) touch(key uint64) uint64 { return s.slots[key&uint64(len(s.slots)-1)].Load() }

// add notes a key and tells whether it was there.
func (s *keySet) add(key uint64) bool {
	if key == 0 {
		key = 1 // an empty slot is zero
	}
	for i := key; ; i++ {
		slot := &s.slots[i&uint64(len(s.slots)-1)]
		switch slot.Load() {
		case key:
			return true
		case 0:
			if slot.CompareAndSwap(0, key) {
				return false
			}
			if slot.Load() == key {
				return true
			}
		}
	}
}
