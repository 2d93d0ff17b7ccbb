package ingest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"os"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"
	"golang.org/x/sys/unix"
)

// spool is where rows are put aside: text of two columns, number and sheet,
// before the cells of the line.
type spool struct {
	file *os.File
	buf  []byte
	rows int64
	size int64
}

func (p *spool) flush() error {
	n, err := p.file.Write(p.buf)
	p.size += int64(n)
	p.buf = p.buf[:0]
	return err
}

// block is a piece of the file in memory that is not Go's: cells of text stay
// where they are, and the engine is given their place.
type block struct{ mem []byte }

func (m *block) grow(n int) error {
	if len(m.mem) >= n {
		return nil
	}
	mem, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("memory for scanning: %w", err)
	}
	copy(mem, m.mem)
	m.free()
	m.mem = mem
	return nil
}

func (m *block) free() {
	if m.mem != nil {
		_ = unix.Munmap(m.mem)
		m.mem = nil
	}
}

// scanner is one thread of a scan.
type scanner struct {
	*scan
	block    block
	settlers []settler
	person   *personSettler // among them, nil for none
	fields   [][]byte
	keys     []uint64
	hashes   []uint64  // of the line's values, by column
	nulls    []int64   // by column
	values   []*sketch // by column, of those whose values are counted
	left     []byte    // lines of the block that are not yet taken
	line     int64     // number of the first of them in the file, from 1
}

// fill takes lines until the chunk is full or the block ends: what the chunk
// holds of the block must not be overwritten before the engine has copied it.
func (l *scanner) fill(chunk *duckdb.DataChunk) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	for len(l.left) == 0 {
		more, err := l.advance()
		if err != nil {
			return err
		}
		if !more {
			return chunk.SetSize(0)
		}
	}
	capacity := duckdb.GetDataChunkCapacity()
	vectors := make([]vectorMemory, len(l.infos))
	for i := range vectors {
		v, err := chunk.GetVector(i)
		if err != nil {
			return err
		}
		vectors[i] = memoryOf(v)
	}
	for i, c := range l.columns {
		l.settlers[i].begin(vectors[c.first:], capacity)
	}
	rows := fixedAt[int64](vectors[len(vectors)-1], capacity)
	n, err := l.take(rows, capacity)
	if err != nil {
		return err
	}
	l.noteKeys(rows.data[:n])
	l.tally(vectors, n)
	l.rows.Add(int64(n))
	if n == 0 && len(l.left) == 0 {
		return l.fill(chunk) // a block of which every row was put aside
	}
	return chunk.SetSize(n)
}

// take settles lines into the chunk and gives the number of its rows.
func (l *scanner) take(rows fixed[int64], capacity int) (n int, err error) {
	for n < capacity && (len(l.left) > 0) {
		line := l.nextLine()
		number := l.line
		l.line++
		if len(line) == 0 {
			continue // blank lines at the end: others have been filled in
		}
		if len(l.fields) != l.layout.width {
			l.mu.Lock()
			l.malformed = append(l.malformed, malformedLine{number, int64(utf8.RuneCount(line))})
			l.mu.Unlock()
			continue
		}
		key, ok := l.settle(n)
		if !ok {
			if err := l.putAside(number, line); err != nil {
				return n, err
			}
			continue
		}
		if l.person != nil && l.person.rounded {
			l.mu.Lock()
			l.rounded = append(l.rounded, number)
			l.mu.Unlock()
		}
		l.keys = append(l.keys, key)
		for i, s := range l.values {
			if s != nil && l.hashes[i] != 0 {
				s.add(l.hashes[i])
			}
		}
		rows.data[n] = number
		n++
	}
	return n, nil
}

// nextLine takes the next line off the block and parts it into fields; of more
// than there should be, those beyond are not kept.
func (l *scanner) nextLine() []byte {
	text, delim := l.left, l.layout.delim[0]
	l.fields = l.fields[:0]
	begin, at := 0, 0
	end := -1
	cut := func(i int) bool {
		if text[i] == '\n' {
			end = i
			return false
		}
		if len(l.fields) <= l.layout.width {
			l.fields = append(l.fields, text[begin:i])
		}
		begin = i + 1
		return true
	}
words:
	for ; at+8 <= len(text); at += 8 {
		word := binary.LittleEndian.Uint64(text[at:])
		for marks := equalBytes(word, delim) | equalBytes(word, '\n'); marks != 0; marks &= marks - 1 {
			if !cut(at + bits.TrailingZeros64(marks)/8) {
				break words
			}
		}
	}
	for ; end < 0 && at < len(text); at++ {
		if c := text[at]; (c == delim || c == '\n') && !cut(at) {
			break
		}
	}
	line := text
	if l.left = nil; end >= 0 {
		line, l.left = text[:end], text[end+1:]
	}
	if l.layout.newline == crlf {
		line = bytes.TrimSuffix(line, []byte{'\r'})
	}
	if len(l.fields) <= l.layout.width {
		l.fields = append(l.fields, line[min(begin, len(line)):])
	}
	return line
}

// equalBytes has the high bit of every byte of the word that equals c, and no other.
func equalBytes(word uint64, c byte) uint64 {
	const low = 0x7f7f7f7f7f7f7f7f
	x := word ^ uint64(c)*0x0101010101010101
	return ^((x&low + low) | x | low)
}

// settle writes the values of the line's cells into a row of the chunk and
// gives the hash of its key. ok is false when a cell needs a second look.
func (l *scanner) settle(row int) (key uint64, ok bool) {
	filled := false
	for i := range l.columns {
		c := &l.columns[i]
		var cell []byte
		if c.cell >= 0 {
			if cell = l.fields[c.cell]; len(cell) > 1 && (cell[0] == '=' || cell[0] == '\'') {
				if bare := unguarded(cell); len(bare) > 0 && bare[0] != '\'' && bare[0] != '=' {
					cell = bare
				}
			}
		}
		var value uint64
		if len(cell) == 0 {
			if c.required {
				return 0, false
			}
			l.settlers[i].null(row)
		} else {
			if value, ok = l.settlers[i].set(row, cell); !ok || (c.scope != "" && string(cell) != c.scope) {
				return 0, false
			}
			filled = filled || !c.aside
		}
		if c.key {
			key = mix(key ^ value)
		}
		l.hashes[i] = value
	}
	for _, any := range l.needs { // what lets a row do without takes a second look
		if !slices.ContainsFunc(any, func(i int) bool { return l.filled(i) }) {
			return 0, false
		}
	}
	return key, filled
}

// filled says whether the line has something in a column.
func (l *scanner) filled(i int) bool {
	at := l.columns[i].cell
	return at >= 0 && len(l.fields[at]) > 0
}

// mix spreads the bits of a hash (the finalizer of splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (l *scanner) putAside(number int64, line []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.aside
	p.rows++
	p.buf = strconv.AppendInt(p.buf, number, 10)
	p.buf = append(p.buf, l.layout.delim[0], l.layout.delim[0])
	p.buf = append(append(p.buf, line...), '\n')
	if len(p.buf) > 1<<20 {
		return p.flush()
	}
	return nil
}

// advance reads the next block that begins a line.
func (l *scanner) advance() (more bool, err error) {
	i := l.next.Add(1) - 1
	if i >= int64(len(l.before)) {
		return false, nil
	}
	from := i * blockBytes
	back := min(from, 1) // the byte before tells whether a line begins here
	size := int(min(blockBytes, l.size-from) + back)
	if err := l.block.grow(max(size, blockBytes+(64<<10))); err != nil {
		return false, err
	}
	if _, err := io.ReadFull(io.NewSectionReader(l.file, from-back, int64(size)), l.block.mem[:size]); err != nil {
		return false, fmt.Errorf("read again: %w", err)
	}
	l.step(l.rows.Load(), float64(l.bytes.Add(int64(size)-back))/float64(l.size))
	text := l.block.mem[:size]
	l.line = l.before[i] + 1
	if back == 1 {
		first := bytes.IndexByte(text, '\n')
		if first < 0 {
			l.left = nil // one line that began before goes on beyond
			return true, nil
		}
		if first > 0 {
			l.line++ // its end lies in this block and was counted here
		}
		text = text[first+1:]
	}
	if len(text) == 0 {
		l.left = nil
		return true, nil
	}
	if text, err = l.finish(text, from-back+int64(size)); err != nil {
		return false, err
	}
	l.left = text
	l.skipHeader()
	return true, nil
}

// finish adds the rest of the last line, which lies beyond the block.
func (l *scanner) finish(text []byte, at int64) ([]byte, error) {
	start := cap(l.block.mem) - cap(text) // of text within the memory
	for at < l.size && text[len(text)-1] != '\n' {
		n := int(min(64<<10, l.size-at))
		if len(text)+n > blockBytes+longestLine {
			return nil, refuse("line", longestLine>>20)
		}
		if err := l.block.grow(start + len(text) + n); err != nil {
			return nil, err
		}
		text = l.block.mem[start : start+len(text)+n]
		rest := text[len(text)-n:]
		if _, err := io.ReadFull(io.NewSectionReader(l.file, at, int64(n)), rest); err != nil {
			return nil, fmt.Errorf("read again: %w", err)
		}
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			return text[:len(text)-n+i+1], nil
		}
		at += int64(n)
	}
	return text, nil
}

// skipHeader leaves out the lines up to and with the header.
func (l *scanner) skipHeader() {
	for l.line <= int64(l.layout.skip) && len(l.left) > 0 {
		i := bytes.IndexByte(l.left, '\n')
		if i < 0 {
			l.left = nil
			return
		}
		l.left = l.left[i+1:]
		l.line++
	}
}
