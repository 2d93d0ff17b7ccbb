package ingest

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"time"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2"

	"laborwatch/codes"
)

// settler writes the values of one column of the contract into vectors, from
// cells that need no second look. It serves one thread.
type settler interface {
	// begin takes the column's vectors in a new chunk of up to n rows.
	begin(vectors []vectorMemory, n int)
	// set writes the value of a cell that is not empty, and gives a hash of it
	// that equal values share. ok is false when the cell needs a second look.
	set(row int, cell []byte) (hash uint64, ok bool)
	// null writes that nothing was filled in.
	null(row int)
}

// tallier is a settler that counts its codes.
type tallier interface {
	// tally counts the first n rows of the chunk.
	tally(n int)
	tallied() map[string]int64
}

// scanned gives a column's vectors in a scan and what fills them.
func (k *compiler) scanned(col ColumnRule, r *reading, t typeInfos, months span) ([]duckdb.ColumnInfo, func() settler, error) {
	by := r.readers[col.Name]
	if len(col.Negative) > 0 {
		strictly := *by
		strictly.strict = true
		by = &strictly
	}
	plain := len(col.Replace) == 0 && col.Extract == "" && col.Pattern == "" && len(col.Nulls) == 0 && len(col.Codes) == 0
	one := func(is duckdb.TypeInfo, s func() settler) ([]duckdb.ColumnInfo, func() settler, error) {
		return []duckdb.ColumnInfo{{Name: col.Name, T: is}}, s, nil
	}
	switch kind := types[col.Type]; {
	case col.enum() != "":
		list := keysOf(col.Codes)
		is, err := duckdb.NewEnumInfo(list[0], list[1:]...)
		if err != nil {
			return nil, nil, fmt.Errorf("column %s: %w", col.Name, err)
		}
		if len(list) > math.MaxUint8 {
			return one(is, func() settler { return newCodes[uint16](by, list) })
		}
		return one(is, func() settler { return newCodes[uint8](by, list) })
	case col.Type == "person":
		infos := []duckdb.ColumnInfo{{Name: col.Name, T: t.uuid}, {Name: "birth_month", T: t.date}, {Name: "origin", T: t.integer}}
		stated := k.c.ownSex()
		if !stated {
			infos = append(infos, duckdb.ColumnInfo{Name: "sex", T: t.sex})
		}
		return infos, func() settler { return &personSettler{p: newPseudonyms(r.keys), stated: stated} }, nil
	case kind == "VARCHAR":
		return one(t.text, func() settler { return newTexts(by) })
	case kind == "DATE":
		read := days
		if slices.Contains(k.c.Period.Columns, col.Name) {
			read = months.reads
		}
		return one(t.date, func() settler { return &valueSettler[int32]{by: by, read: read, rows: map[int32]int64{}} })
	case kind == "BOOLEAN":
		return one(t.boolean, func() settler { return newValues(by, strconv.ParseBool) })
	case col.Type == "money" && plain:
		return one(t.rowid, func() settler { return &decimalSettler{by: by, digits: 2, level: newLevel(col)} })
	case col.Type == "weight" && plain:
		return one(t.rowid, func() settler { return &decimalSettler{by: by, digits: 6, level: newLevel(col)} })
	case col.Type == "bigint" && plain:
		return one(t.rowid, func() settler { return &decimalSettler{by: by} })
	case kind == "INTEGER":
		return one(t.integer, func() settler { return newValues(by, integer) })
	case kind == "DOUBLE":
		return one(t.double, func() settler { return newValues(by, double) })
	default:
		return one(t.rowid, func() settler { return newValues(by, bigint) })
	}
}

// newValues makes a settler that also counts what the column's profile asks for.
func newValues[T comparable](by *reader, read func(string) (T, error)) *valueSettler[T] {
	s := &valueSettler[T]{by: by, read: read, level: newLevel(by.col)}
	if s.coded = by.col.coded() != ""; s.coded {
		s.rows = map[T]int64{}
	}
	return s
}

// newLevel is a sketch where the column's level is judged, else nil.
func newLevel(col ColumnRule) *levelSketch {
	if !col.leveled() {
		return nil
	}
	return &levelSketch{}
}

func days(s string) (int32, error) {
	t, err := time.Parse(time.DateOnly, s)
	return int32(t.Unix() / secondsADay), err
}

func integer(s string) (int32, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	return int32(n), err
}

func bigint(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }

func double(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// borrowed is the cell as a string, without a copy.
func borrowed(cell []byte) string { return unsafe.String(unsafe.SliceData(cell), len(cell)) }

var seed = maphash.MakeSeed()

// recent remembers what a cell was: neighbors in a column are often equal.
type recent[T any] struct {
	cell  []byte
	value T
	hash  uint64
}

func (l *recent[T]) is(cell []byte) bool {
	return len(l.cell) == len(cell) && len(cell) > 0 && string(l.cell) == string(cell)
}

func (l *recent[T]) keep(cell []byte, value T, hash uint64) {
	l.cell, l.value, l.hash = append(l.cell[:0], cell...), value, hash
}

// codeSettler writes codes as places in the column's list.
type codeSettler[T uint8 | uint16] struct {
	out   fixed[T]
	list  []string
	means map[string]T
	rows  []int64 // by code
	last  recent[T]
}

func newCodes[T uint8 | uint16](by *reader, list []string) *codeSettler[T] {
	place := map[string]T{}
	for i, code := range list {
		place[code] = T(i)
	}
	s := &codeSettler[T]{list: list, means: map[string]T{}, rows: make([]int64, len(list))}
	if by.extract != nil || by.pattern != nil || len(by.col.Replace) > 0 {
		return s // every cell takes a second look
	}
	for text, code := range by.codes {
		s.means[text] = place[code]
	}
	return s
}

func (s *codeSettler[T]) begin(v []vectorMemory, n int) { s.out = fixedAt[T](v[0], n) }

func (s *codeSettler[T]) tally(n int) {
	for row, code := range s.out.data[:n] {
		if s.out.has(row) {
			s.rows[code]++
		}
	}
}

func (s *codeSettler[T]) tallied() map[string]int64 {
	out := map[string]int64{}
	for i, n := range s.rows {
		if n > 0 {
			out[s.list[i]] = n
		}
	}
	return out
}

func (s *codeSettler[T]) null(row int) { s.out.null(row) }

func (s *codeSettler[T]) set(row int, cell []byte) (uint64, bool) {
	if !s.last.is(cell) {
		value, ok := s.means[string(cell)]
		if !ok {
			return 0, false
		}
		s.last.keep(cell, value, uint64(value)+1)
	}
	s.out.put(row, s.last.value)
	return s.last.hash, true
}

// personSettler writes the key, birth month, sex and origin of IDs in plain form.
type personSettler struct {
	keys   fixed[[2]uint64]
	births fixed[int32]
	sex    fixed[uint8]
	origin fixed[int32]
	p      *pseudonyms
	last   recent[personValue]
	// stated says that the extract has a sex of its own, and the ID's is not kept.
	stated bool
	// rounded says that the row's ID ends as a rounded one does.
	rounded bool
}

type personValue struct {
	key    [2]uint64
	birth  int32
	sex    uint8
	origin int32
	// rounded says that the ID ends as a rounded one does.
	rounded bool
}

func (s *personSettler) begin(v []vectorMemory, n int) {
	s.keys, s.births, s.origin = fixedAt[[2]uint64](v[0], n), fixedAt[int32](v[1], n), fixedAt[int32](v[2], n)
	if !s.stated {
		s.sex = fixedAt[uint8](v[3], n)
	}
}

func (s *personSettler) null(row int) {
	s.rounded = false
	s.keys.null(row)
	s.births.null(row)
	s.origin.null(row)
	if !s.stated {
		s.sex.null(row)
	}
}

func (s *personSettler) set(row int, cell []byte) (uint64, bool) {
	if !s.last.is(cell) {
		id, err := codes.ParseResident(borrowed(cell))
		if err != nil {
			return 0, false
		}
		v := personOf(id, s.p)
		v.rounded = bytes.HasSuffix(bytes.TrimRight(cell, " "), []byte(roundedEnd))
		s.last.keep(cell, v, v.key[0])
	}
	v := &s.last.value
	s.rounded = v.rounded
	s.keys.put(row, v.key)
	s.births.put(row, v.birth)
	if !s.stated {
		s.sex.put(row, v.sex)
	}
	s.origin.put(row, v.origin)
	return s.last.hash, true
}

// personOf is what the lake keeps of a resident ID.
func personOf(id codes.Resident, p *pseudonyms) personValue {
	v := personValue{key: p.uuid(id.Number), birth: int32(id.Birth.Unix()/secondsADay) - int32(id.Birth.Day()-1), origin: digits(id.Origin)}
	if id.Sex == sexes[1] {
		v.sex = 1
	}
	return v
}
