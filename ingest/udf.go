package ingest

import (
	"context"
	"database/sql"
	"errors"

	"github.com/duckdb/duckdb-go/v2"

	"laborwatch/codes"
	"laborwatch/pseudonym"
)

// The engine calls these functions a vector at a time, on all its threads, while
// it scans an extract. Raw IDs pass through them from the file and are never
// stored.
//
//	lw_person(cell)         STRUCT(key, birth_month, sex, origin) of an ID in plain form; its members are NULL for any other
//	lw_month(cell)          the month of a cell of six digits, NULL for any other
//	lw_same(cell, column)   whether the cell is its own canonical value
//	lw_read(cell, column)   what the contract's column makes of a cell in whatever form
//	lw_mask(cell, kind)     the cell masked
//	lw_aside(cell, '')      what is kept of a cell of an unknown column
//	lw_unknown(cell, column) the cell where the column takes its text for unknown
//	lw_scan()               a table function: the rows of a scan that are settled
//
// What lw_read gives begins with faultMark when the cell is at fault; NULL means
// that nothing was filled in. The first three settle nearly every cell of a large
// extract; lw_read, which makes a text for each cell, sees the others alone.

const (
	faultMark    = "\x01"
	faultMarkSQL = "chr(1)"
)

// reading is what a query's functions need: it travels in the query's context.
type reading struct {
	keys    *pseudonym.Chain
	readers map[string]*reader
	scan    *scan
}

type readingContext struct{}

func withReading(ctx context.Context, r *reading) context.Context {
	return context.WithValue(ctx, readingContext{}, r)
}

func readingOf(ctx context.Context) (*reading, error) {
	r, _ := ctx.Value(readingContext{}).(*reading)
	if r == nil {
		return nil, errors.New("ingest: no contract in the query's context")
	}
	return r, nil
}

// call is one function over the rows of one chunk; it is not shared by threads.
type call func(cell, arg string) (string, bool)

func readCells(ctx context.Context) (call, error) {
	r, err := readingOf(ctx)
	if err != nil {
		return nil, err
	}
	var last *reader
	var p *pseudonyms
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

func asideCells(context.Context) (call, error) {
	return func(cell, _ string) (string, bool) { s := keepAside(cell); return s, s != "" }, nil
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

// registerFunctions makes the functions known to the engine, once.
func registerFunctions(ctx context.Context, conn *sql.Conn) error {
	var known int
	if err := conn.QueryRowContext(ctx, `SELECT count(*) FROM duckdb_functions() WHERE function_name = 'lw_read'`).Scan(&known); err != nil {
		return err
	}
	if known > 0 {
		return nil
	}
	t, err := newTypeInfos()
	if err != nil {
		return err
	}
	person, err := structOf(member{"key", t.uuid}, member{"birth_month", t.date}, member{"sex", t.utinyint}, member{"origin", t.integer})
	if err != nil {
		return err
	}
	for _, f := range []function{
		{"lw_person", []duckdb.TypeInfo{t.text}, person, persons},
		{"lw_month", []duckdb.TypeInfo{t.text}, t.date, months},
		{"lw_same", []duckdb.TypeInfo{t.text, t.text}, t.boolean, sames},
		{"lw_read", []duckdb.TypeInfo{t.text, t.text}, t.text, perCell(readCells)},
		{"lw_mask", []duckdb.TypeInfo{t.text, t.text}, t.text, perCell(maskCells)},
		{"lw_aside", []duckdb.TypeInfo{t.text, t.text}, t.text, perCell(asideCells)},
		{"lw_unknown", []duckdb.TypeInfo{t.text, t.text}, t.text, perCell(unknownCellsOf)},
	} {
		if err := f.register(conn); err != nil {
			return err
		}
	}
	return duckdb.RegisterTableUDF(conn, "lw_scan", duckdb.ParallelChunkTableFunction{
		BindArgumentsContext: func(ctx context.Context, _ map[string]any, _ ...any) (duckdb.ParallelChunkTableSource, error) {
			r, err := readingOf(ctx)
			if err != nil {
				return nil, err
			}
			return r.scan, nil
		},
	})
}

// perCell makes a function of two texts, giving a text, one over chunks.
func perCell(start func(context.Context) (call, error)) chunkFunc {
	return func(ctx context.Context, chunk *duckdb.ChunkIteratorState) error {
		f, err := start(ctx)
		if err != nil {
			return err
		}
		cells, err := textsOf(chunk, 0)
		if err != nil {
			return err
		}
		args, err := textsOf(chunk, 1)
		if err != nil {
			return err
		}
		out, err := duckdb.GetVectorWriter[string](chunk.GetResultVector())
		if err != nil {
			return err
		}
		for row := range out.Len() {
			cell, ok, err := cells.GetValueBorrowed(row)
			if err != nil {
				return err
			}
			if !ok {
				continue // the engine makes it NULL
			}
			arg, _, err := args.GetValueBorrowed(row)
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
}
