package ingest

import (
	"bytes"
	"context"
	"errors"
	"math/bits"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/duckdb/duckdb-go/v2"

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
	needs   [][]int // places in columns of which one must be filled
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
	var months span
	for _, months = range k.spans { // it is one extract
		break
	}
	for i, col := range k.c.Columns {
		if col.Constant != nil {
			continue
		}
		c := scanColumn{name: col.Name, cell: s.layout.cols[i], required: col.Required == Required && col.Default == nil, key: slices.Contains(k.c.Key, col.Name), distinct: col.Type == "person" || col.Type == "uscc", first: len(x.infos)}
		infos, start, err := k.scanned(col, r, t, months)
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
	for _, n := range k.c.Needs {
		var any []int
		for _, name := range n.Any {
			any = append(any, slices.IndexFunc(x.columns, func(c scanColumn) bool { return c.name == name }))
		}
		x.needs = append(x.needs, any)
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
			for day, rows := range l.settlers[i].(*valueSettler[int32]).rows { //nolint:forcetypeassert // a date's settler
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
		var all *levelSketch
		for _, l := range x.scanners {
			nulls += l.nulls[i]
			if s, ok := l.settlers[i].(leveler); ok && s.sketch() != nil {
				if all == nil {
					all = &levelSketch{}
				}
				all.merge(s.sketch())
			}
			if t, ok := l.settlers[i].(tallier); ok {
				for code, rows := range t.tallied() {
					into.code(c.name, code, rows)
				}
			}
		}
		into.filled[c.name] += x.rows.Load() - nulls
		if all != nil {
			into.level(c.name, all.level())
		}
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
