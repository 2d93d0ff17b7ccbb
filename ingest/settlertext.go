package ingest

import (
	"hash/maphash"
	"unsafe"
)

// engineText is the engine's record of a text: up to twelve bytes lie in it,
// longer ones elsewhere.
type engineText struct {
	length uint32
	inline [12]byte
}

func (t *engineText) set(b []byte) {
	t.length = uint32(len(b))
	if len(b) <= len(t.inline) {
		t.inline = [12]byte{}
		copy(t.inline[:], b)
		return
	}
	copy(t.inline[:4], b)
	*(*unsafe.Pointer)(unsafe.Pointer(&t.inline[4])) = unsafe.Pointer(unsafe.SliceData(b))
}

// textSettler settles texts that are their own canonical value: they stay in
// the block, and the engine is told where.
type textSettler struct {
	out  fixed[engineText]
	by   *reader
	last recent[struct{}]
}

func (s *textSettler) begin(v []vectorMemory, n int) { s.out = fixedAt[engineText](v[0], n) }

func (s *textSettler) null(row int) { s.out.null(row) }

func (s *textSettler) set(row int, cell []byte) (uint64, bool) {
	if !s.last.is(cell) {
		text, filled, fault := s.by.read(borrowed(cell))
		if fault != "" || !filled || !same(text, borrowed(cell)) {
			return 0, false
		}
		s.last.keep(cell, struct{}{}, maphash.Bytes(seed, cell))
	}
	s.out.keep(row)
	s.out.data[row].set(cell)
	return s.last.hash, true
}

// asideSettler keeps what may be kept of an unknown column.
type asideSettler struct{ out fixed[engineText] }

func (s *asideSettler) begin(v []vectorMemory, n int) { s.out = fixedAt[engineText](v[0], n) }

func (s *asideSettler) null(row int) { s.out.null(row) }

func (s *asideSettler) set(row int, cell []byte) (uint64, bool) {
	kept := keepAside(borrowed(cell))
	switch {
	case kept == "":
		s.out.null(row)
	case same(kept, borrowed(cell)):
		s.out.keep(row)
		s.out.data[row].set(cell)
	default:
		return 0, false // to the engine, which makes a text of it
	}
	return 0, true
}
