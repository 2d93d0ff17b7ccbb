package ingest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"
	"golang.org/x/sys/unix"

	"laborwatch/period"
)

// Large delimited text without quotes is scanned here and streams through the
// engine into its Parquet file: the engine's own reader makes a text of every
// cell and a vector of every step of its check, which costs twice the time
// (docs/decisions). A row that fast forms do not settle is put aside, as it
// stands and with its number, and goes the engine's way like any other extract.

// blockBytes is what one thread scans at a time.
const blockBytes = 4 << 20

// longestLine bounds how far a line may reach beyond its block.
const longestLine = 16 << 20

// lineIndex counts line ends by block, so that rows know their numbers
// wherever a thread begins.
type lineIndex struct {
	ends    []int64 // ends of lines in the block
	at, sum int64
}

func (x *lineIndex) feed(b []byte) {
	for len(b) > 0 {
		block := int(x.at / blockBytes)
		for len(x.ends) <= block {
			x.ends = append(x.ends, 0)
		}
		n := int(min(int64(len(b)), int64(block+1)*blockBytes-x.at))
		ends := int64(bytes.Count(b[:n], []byte{'\n'}))
		x.ends[block] += ends
		x.sum += ends
		x.at += int64(n)
		b = b[n:]
	}
}

// total is the number of line ends.
func (x *lineIndex) total() int64 { return x.sum }

// malformedLine is a line that is no row.
type malformedLine struct{ line, chars int64 }

// scan is one extract on its way through lw_scan. It is a table function of
// the engine: its threads take block after block.
type scan struct {
	ctx     context.Context //nolint:containedctx // lives as long as one statement
	file    *os.File
	size    int64
	layout  layout
	columns []scanColumn
	infos   []duckdb.ColumnInfo
	before  []int64 // line ends before each block
	next    atomic.Int64
	seen    *keySet // nil where there is no key, or there are too many
	// rows settled, and those among them whose key may have been there before.
	rows  atomic.Int64
	bytes atomic.Int64
	step  func(rows int64, share float64) // told how far the scan is

	mu        sync.Mutex
	aside     *spool
	malformed []malformedLine
	again     []int64
	rounded   []int64 // rows whose ID ends as a rounded one does
	scanners  []*scanner
	err       error
}

func newScan(ctx context.Context, k *compiler, s *source, r *reading, aside *spool) (*scan, error) {
	x := &scan{ctx: ctx, file: s.handle, size: s.lines.at, layout: s.layout, aside: aside, step: func(int64, float64) {}}
	sum := int64(0)
	for _, n := range s.lines.ends {
		x.before = append(x.before, sum)
		sum += n
	}
	t, err := newTypeInfos()
	if err != nil {
		return nil, err
	}
	for i, col := range k.c.Columns {
		if col.Constant != nil {
			continue
		}
		c := scanColumn{name: col.Name, cell: s.layout.cols[i], required: col.Required == Required && col.Default == nil, key: slices.Contains(k.c.Key, col.Name), distinct: col.Type == "person" || col.Type == "uscc", first: len(x.infos)}
		infos, start, err := k.scanned(col, r, t)
		if err != nil {
			return nil, err
		}
		c.start = start
		if col.Name == k.c.Scope.Column {
			c.scope = s.layout.scope
		}
		x.columns, x.infos = append(x.columns, c), append(x.infos, infos...)
	}
	for _, a := range s.layout.aside {
		x.columns = append(x.columns, scanColumn{cell: a.cell, first: len(x.infos), aside: true, start: func() settler { return &asideSettler{} }})
		x.infos = append(x.infos, duckdb.ColumnInfo{Name: a.name, T: t.text})
	}
	x.infos = append(x.infos, duckdb.ColumnInfo{Name: "_row", T: t.rowid})
	if len(k.c.Key) > 0 && sum < mostKeys {
		x.seen, err = newKeySet(sum + 1)
	}
	return x, err
}

// scanColumn is one column of the contract in a scan.
type scanColumn struct {
	name          string
	cell          int // index of the cell in the line, -1 for none
	required, key bool
	scope         string // what the cell must be, "" for anything
	aside         bool
	distinct      bool
	first         int // its first vector
	start         func() settler
}

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

// ColumnInfos implements duckdb.ParallelChunkTableSource.
func (x *scan) ColumnInfos() []duckdb.ColumnInfo { return x.infos }

// Cardinality implements duckdb.ParallelChunkTableSource.
func (x *scan) Cardinality() *duckdb.CardinalityInfo {
	return &duckdb.CardinalityInfo{Cardinality: uint(x.size / 64)}
}

// Init implements duckdb.ParallelChunkTableSource.
func (x *scan) Init() duckdb.ParallelTableSourceInfo {
	return duckdb.ParallelTableSourceInfo{MaxThreads: runtime.GOMAXPROCS(0)}
}

// NewLocalState implements duckdb.ParallelChunkTableSource.
func (x *scan) NewLocalState() any {
	l := &scanner{scan: x, nulls: make([]int64, len(x.columns)), hashes: make([]uint64, len(x.columns)), values: make([]*sketch, len(x.columns))}
	for i, c := range x.columns {
		if c.distinct {
			l.values[i] = &sketch{}
		}
		s := c.start()
		if p, ok := s.(*personSettler); ok {
			l.person = p
		}
		l.settlers = append(l.settlers, s)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.scanners = append(x.scanners, l)
	return l
}

// close gives the memory back, when the engine is done with the statement.
func (x *scan) close() {
	for _, l := range x.scanners {
		l.block.free()
	}
	x.seen.free()
}

// FillChunk implements duckdb.ParallelChunkTableSource.
func (x *scan) FillChunk(local any, chunk duckdb.DataChunk) error {
	err := local.(*scanner).fill(&chunk) //nolint:forcetypeassert // made by NewLocalState
	if err != nil {
		x.mu.Lock()
		x.err = errors.Join(x.err, err)
		x.mu.Unlock()
	}
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
			l.scan.rounded = append(l.scan.rounded, number)
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

// tally counts the empty cells of a chunk's columns, and the codes.
func (l *scanner) tally(vectors []vectorMemory, n int) {
	for i, c := range l.columns {
		valid := fixedAt[byte](vectors[c.first], n).valid
		filled := 0
		for word := 0; word*64 < n; word++ {
			mask := valid[word]
			if left := n - word*64; left < 64 {
				mask &= 1<<left - 1
			}
			filled += bits.OnesCount64(mask)
		}
		l.nulls[i] += int64(n - filled)
		if t, ok := l.settlers[i].(tallier); ok {
			t.tally(n)
		}
	}
}

// months gives the rows that the scan settled by the month of a column of
// dates, 0 where it is empty.
func (x *scan) months(column string) map[period.Period]int64 {
	out := map[period.Period]int64{}
	for i, c := range x.columns {
		if c.name != column {
			continue
		}
		for _, l := range x.scanners {
			for day, rows := range l.settlers[i].(*valueSettler[int32]).days { //nolint:forcetypeassert // a date's settler
				out[period.FromTime(time.Unix(int64(day)*secondsADay, 0).UTC())] += rows
			}
			if n := l.nulls[i]; n > 0 {
				out[0] += n
			}
		}
	}
	return out
}

// count adds what the scan settled to an extract's counts.
func (x *scan) count(into *counts) {
	into.rows += x.rows.Load()
	for i, c := range x.columns {
		if c.aside {
			continue
		}
		nulls := int64(0)
		for _, l := range x.scanners {
			nulls += l.nulls[i]
			if t, ok := l.settlers[i].(tallier); ok {
				for code, rows := range t.tallied() {
					into.code(c.name, code, rows)
				}
			}
		}
		into.filled[c.name] += x.rows.Load() - nulls
		if c.distinct {
			all := &sketch{}
			for _, l := range x.scanners {
				all.merge(l.values[i])
			}
			into.distinct[c.name] = all.count()
		}
	}
}

// noteKeys adds the keys of a chunk's rows to the set.
func (l *scanner) noteKeys(rows []int64) {
	defer func() { l.keys = l.keys[:0] }()
	if l.seen == nil {
		return
	}
	near := uint64(0)
	for _, key := range l.keys {
		near += l.seen.touch(key)
	}
	runtime.KeepAlive(near)
	for i, key := range l.keys {
		if l.seen.add(key) {
			l.mu.Lock()
			l.again = append(l.again, rows[i])
			l.mu.Unlock()
		}
	}
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
			cell = l.fields[c.cell]
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
	return key, filled
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
