package ingest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/duckdb/duckdb-go/v2"

	"laborwatch/codes"
	"laborwatch/pseudonym"
)

// The engine calls two functions a vector at a time, on all its threads, while
// it scans an extract: lw_read(cell, column) reads a cell by the contract's
// column, lw_mask(cell, kind) masks one. Raw IDs pass through lw_read from the
// file and are never stored. What lw_read gives begins with faultMark when the
// cell is at fault; NULL means that nothing was filled in.

const (
	faultMark    = "\x01"
	faultMarkSQL = "chr(1)"
)

// reading is what a query's functions need: it travels in the query's context.
type reading struct {
	keys    *pseudonym.Chain
	readers map[string]*reader
}

type readingContext struct{}

func withReading(ctx context.Context, r *reading) context.Context {
	return context.WithValue(ctx, readingContext{}, r)
}

// call is one function over the rows of one chunk; it is not shared by threads.
type call func(cell, arg string) (string, bool)

func readCells(ctx context.Context) (call, error) {
	r, _ := ctx.Value(readingContext{}).(*reading)
	if r == nil {
		return nil, errors.New("lw_read: no contract in the context")
	}
	var p *pseudonyms
	var last *reader
	return func(cell, column string) (string, bool) {
		if last == nil || last.col.Name != column {
			if last = r.readers[column]; last == nil {
				return faultMark + UnknownCode, true
			}
		}
		if last.col.Type == "person" {
			if p == nil {
				p = newPseudonyms(r.keys)
			}
			return p.cell(last, cell)
		}
		return marked(last.read(cell))
	}, nil
}

func marked(value string, filled bool, fault string) (string, bool) {
	if fault != "" {
		return faultMark + fault, true
	}
	return value, filled
}

func maskCells(context.Context) (call, error) {
	return func(cell, kind string) (string, bool) { return mask(cell, kind == personalKind), true }, nil
}

// personalKind masks all but the length.
const personalKind = "personal"

// named gives a checked code, or the name of its fault.
func named(s string, err error) (string, bool) {
	switch {
	case err == nil:
		return s, true
	case errors.Is(err, codes.ErrExcelRounded):
		return ExcelRounded, false
	case errors.Is(err, codes.ErrDate):
		return BadDate, false
	case errors.Is(err, codes.ErrRegion):
		return BadRegion, false
	default:
		return BadCheckDigit, false
	}
}

// pseudonymHex is the length of a person key.
const pseudonymHex = pseudonym.HexLen

// pseudonyms turns resident ID numbers into keys; it is not safe for
// concurrent use.
type pseudonyms struct {
	hasher *pseudonym.Hasher
	out    [pseudonymHex + 1 + 10 + 6]byte
	// Rows of one person often follow each other.
	last, was string
}

func newPseudonyms(keys *pseudonym.Chain) *pseudonyms {
	return &pseudonyms{hasher: keys.NewHasher()}
}

// cell gives the key, sex, birth month (YYYY-MM-01) and origin of an ID run together.
func (p *pseudonyms) cell(r *reader, raw string) (string, bool) {
	if raw == p.last && raw != "" {
		return p.was, true
	}
	id, err := codes.ParseResident(raw)
	if err != nil {
		if value, filled, fault := r.read(raw); fault == BadEncoding || !filled {
			return marked(value, filled, fault)
		}
		fault, _ := named("", err)
		return faultMark + fault, true
	}
	p.hasher.AppendKey(p.out[:0], id.Number)
	rest := p.out[pseudonymHex:]
	rest[0] = id.Sex[0]
	copy(rest[1:], id.Number[6:10])
	copy(rest[5:], "-")
	copy(rest[6:], id.Number[10:12])
	copy(rest[8:], "-01")
	copy(rest[11:], id.Origin)
	// raw is the engine's memory: keep a copy.
	p.last, p.was = string([]byte(raw)), string(p.out[:])
	return p.was, true
}

// vectorFunc adapts a function to the engine's interface.
type vectorFunc struct {
	config duckdb.ScalarFuncConfig
	exec   duckdb.ScalarFuncExecutor
}

func (v *vectorFunc) Config() duckdb.ScalarFuncConfig     { return v.config }
func (v *vectorFunc) Executor() duckdb.ScalarFuncExecutor { return v.exec }

// registerFunctions makes the functions known to the engine, once.
func registerFunctions(ctx context.Context, conn *sql.Conn) error {
	var known int
	if err := conn.QueryRowContext(ctx, `SELECT count(*) FROM duckdb_functions() WHERE function_name = 'lw_read'`).Scan(&known); err != nil {
		return err
	}
	if known > 0 {
		return nil
	}
	text, err := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	if err != nil {
		return err
	}
	for name, start := range map[string]func(context.Context) (call, error){"lw_read": readCells, "lw_mask": maskCells} {
		v := &vectorFunc{
			config: duckdb.ScalarFuncConfig{
				InputTypeInfos: []duckdb.TypeInfo{text, text},
				ResultTypeInfo: text,
				// Pure as they are: the optimizer would otherwise move calls that occur
				// twice out of the CASE that spares them, and make them for every row.
				Volatile: true,
			},
			exec: duckdb.ScalarFuncExecutor{ChunkContextExecutor: func(ctx context.Context, chunk *duckdb.ChunkIteratorState) error {
				return runChunk(ctx, chunk, start)
			}},
		}
		if err := duckdb.RegisterScalarUDF(conn, name, v); err != nil {
			return fmt.Errorf("register %s: %w", name, err)
		}
	}
	return nil
}

// runChunk applies a function to one chunk of rows.
func runChunk(ctx context.Context, chunk *duckdb.ChunkIteratorState, start func(context.Context) (call, error)) error {
	f, err := start(ctx)
	if err != nil {
		return err
	}
	var args [2]duckdb.VectorView[string]
	for i := range args {
		vec, err := chunk.GetInputChunk().GetVector(i)
		if err != nil {
			return err
		}
		if args[i], err = duckdb.GetVectorView[string](vec); err != nil {
			return err
		}
	}
	out, err := duckdb.GetVectorWriter[string](chunk.GetResultVector())
	if err != nil {
		return err
	}
	for row := range out.Len() {
		cell, ok, err := args[0].GetValueBorrowed(row)
		if err != nil {
			return err
		}
		if !ok {
			continue // the engine makes it NULL
		}
		arg, _, err := args[1].GetValueBorrowed(row)
		if err != nil {
			return err
		}
		if s, ok := f(cell, arg); ok {
			err = out.Set(row, s)
		} else {
			err = out.SetNull(row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
