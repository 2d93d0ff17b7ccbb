package lake

import (
	"context"
	"database/sql"
	"errors"

	"github.com/duckdb/duckdb-go/v2"

	"laborwatch/pseudonym"
)

// The engine calls lw_rekey(pseudonym) a vector at a time, on all its threads:
// it takes a pseudonym of one generation to the newest of a chain. Both travel
// in the query's context.

type rekeyStep struct {
	chain *pseudonym.Chain
	from  int
}

type rekeyContext struct{}

func withRekey(ctx context.Context, c *pseudonym.Chain, from int) context.Context {
	return context.WithValue(ctx, rekeyContext{}, rekeyStep{c, from})
}

type rekeyFunction struct{ config duckdb.ScalarFuncConfig }

func (f *rekeyFunction) Config() duckdb.ScalarFuncConfig { return f.config }

func (f *rekeyFunction) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{ChunkContextExecutor: rekeyChunk}
}

// registerRekey makes the function known to the engine, once.
func registerRekey(ctx context.Context, conn *sql.Conn) error {
	var known int
	if err := conn.QueryRowContext(ctx, `SELECT count(*) FROM duckdb_functions() WHERE function_name = 'lw_rekey'`).Scan(&known); err != nil || known > 0 {
		return err
	}
	text, err := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	if err != nil {
		return err
	}
	return duckdb.RegisterScalarUDF(conn, "lw_rekey", &rekeyFunction{duckdb.ScalarFuncConfig{
		InputTypeInfos: []duckdb.TypeInfo{text}, ResultTypeInfo: text,
	}})
}

func rekeyChunk(ctx context.Context, chunk *duckdb.ChunkIteratorState) error {
	step, ok := ctx.Value(rekeyContext{}).(rekeyStep)
	if !ok {
		return errors.New("lw_rekey: no keys in the context")
	}
	vec, err := chunk.GetInputChunk().GetVector(0)
	if err != nil {
		return err
	}
	persons, err := duckdb.GetVectorView[string](vec)
	if err != nil {
		return err
	}
	out, err := duckdb.GetVectorWriter[string](chunk.GetResultVector())
	if err != nil {
		return err
	}
	h, buf := step.chain.NewHasher(), make([]byte, 0, pseudonym.HexLen)
	for row := range out.Len() {
		person, ok, err := persons.GetValueBorrowed(row)
		if err != nil {
			return err
		}
		if !ok {
			continue // the engine makes it NULL
		}
		if !pseudonym.Valid(person) {
			return errNoPseudonym
		}
		buf = h.AppendRekeyed(buf[:0], person, step.from)
		if err := out.Set(row, string(buf)); err != nil {
			return err
		}
	}
	return nil
}
