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

// bytes is the text.
func (t *engineText) bytes() []byte {
	if int(t.length) <= len(t.inline) {
		return t.inline[:t.length]
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&t.inline[4])), t.length)
}

// textSettler settles texts that are their own canonical value: they stay in
// the block, and the engine is told where.
type textSettler struct {
	out  fixed[engineText]
	by   *reader
	last recent[struct{}]
	rows map[string]int64 // by text, where the codes of the column are counted
}

func newTexts(by *reader) *textSettler {
	s := &textSettler{by: by}
	if by.col.coded() != "" || by.col.listed() {
		s.rows = map[string]int64{}
	}
	return s
}

// mostTexts bounds how many different texts a scan counts; the others are counted
// together.
const mostTexts = 4096

// tally counts rows by text; neighbors are often equal.
func (s *textSettler) tally(n int) {
	if s.rows == nil {
		return
	}
	var last engineText
	run := int64(0)
	count := func() {
		text := last.bytes()
		if _, known := s.rows[string(text)]; !known && len(s.rows) >= mostTexts {
			text = []byte(restCode)
		}
		s.rows[string(text)] += run
		run = 0
	}
	for row := range n {
		if !s.out.has(row) {
			continue
		}
		if run > 0 && s.out.data[row] != last {
			count()
		}
		last = s.out.data[row]
		run++
	}
	if run > 0 {
		count()
	}
}

func (s *textSettler) tallied() map[string]int64 {
	out := map[string]int64{}
	for text, n := range s.rows {
		for _, code := range s.by.col.countedAs(text) {
			out[code] += n
		}
	}
	return out
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
