package ingest

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2"
)

// The driver writes result vectors of text alone, one call into C for every
// row. Numbers, dates and keys have a fixed width: fixed gives the memory of
// such a vector, so that a chunk is filled without leaving Go. The driver keeps
// the pointers in unexported fields; TestVectorMemory holds it to their names.

// fixed is the memory of a vector of fixed width; one that is read may have no
// mask of valid rows.
type fixed[T any] struct {
	data  []T
	valid []uint64
}

// vectorMemory is where a vector's values and mask lie.
type vectorMemory struct{ data, mask unsafe.Pointer }

func fixedAt[T any](m vectorMemory, n int) fixed[T] {
	f := fixed[T]{data: unsafe.Slice((*T)(m.data), n)}
	if m.mask != nil {
		f.valid = unsafe.Slice((*uint64)(m.mask), (n+63)/64)
	}
	return f
}

func fixedOf[T any](v reflect.Value, n int) fixed[T] { return fixedAt[T](memory(v), n) }

func memory(v reflect.Value) vectorMemory {
	return vectorMemory{v.FieldByName("dataPtr").UnsafePointer(), v.FieldByName("maskPtr").UnsafePointer()}
}

func memoryOf(v duckdb.Vector) vectorMemory { return memory(vectorOf(v)) }

// put writes a value. A row that was given up midway may have left its mark.
func (f fixed[T]) put(row int, v T) {
	f.data[row] = v
	f.keep(row)
}

// has says whether the row has a value; there must be a mask.
func (f fixed[T]) has(row int) bool { return f.valid[row/64]>>(row%64)&1 == 1 }

func (f fixed[T]) keep(row int) { f.valid[row/64] |= 1 << (row % 64) }

func (f fixed[T]) null(row int) { f.valid[row/64] &^= 1 << (row % 64) }

// vectorOf is the driver's own record of a vector.
func vectorOf(v duckdb.Vector) reflect.Value { return reflect.ValueOf(v).FieldByName("v").Elem() }

// child is a vector of a struct's member.
func child(v reflect.Value, i int) reflect.Value { return v.FieldByName("childVectors").Index(i) }

// vectorFunc adapts a function over chunks to the engine's interface.
type vectorFunc struct {
	config duckdb.ScalarFuncConfig
	exec   duckdb.ScalarFuncExecutor
}

func (v *vectorFunc) Config() duckdb.ScalarFuncConfig     { return v.config }
func (v *vectorFunc) Executor() duckdb.ScalarFuncExecutor { return v.exec }

// chunkFunc fills the result of one chunk.
type chunkFunc func(ctx context.Context, chunk *duckdb.ChunkIteratorState) error

// function is one of the functions that this package gives the engine.
type function struct {
	name   string
	args   []duckdb.TypeInfo
	result duckdb.TypeInfo
	run    chunkFunc
}

func (f function) register(conn *sql.Conn) error {
	v := &vectorFunc{
		config: duckdb.ScalarFuncConfig{
			InputTypeInfos: f.args,
			ResultTypeInfo: f.result,
			// Pure as they are: the optimizer would otherwise move calls that occur
			// twice out of the CASE that spares them, and make them for every row.
			Volatile: true,
		},
		exec: duckdb.ScalarFuncExecutor{ChunkContextExecutor: duckdb.ChunkContextExecutorFn(f.run)},
	}
	if err := duckdb.RegisterScalarUDF(conn, f.name, v); err != nil {
		return fmt.Errorf("register %s: %w", f.name, err)
	}
	return nil
}

// texts reads a column of text of a chunk.
func textsOf(chunk *duckdb.ChunkIteratorState, column int) (duckdb.VectorView[string], error) {
	vec, err := chunk.GetInputChunk().GetVector(column)
	if err != nil {
		return duckdb.VectorView[string]{}, err
	}
	return duckdb.GetVectorView[string](vec)
}

// typeInfos are types of the engine.
type typeInfos struct {
	text, date, uuid, boolean, integer, utinyint, rowid, double, sex duckdb.TypeInfo
}

func newTypeInfos() (t typeInfos, err error) {
	for _, x := range []struct {
		to *duckdb.TypeInfo
		is duckdb.Type
	}{
		{&t.text, duckdb.TYPE_VARCHAR},
		{&t.date, duckdb.TYPE_DATE},
		{&t.uuid, duckdb.TYPE_UUID},
		{&t.boolean, duckdb.TYPE_BOOLEAN},
		{&t.rowid, duckdb.TYPE_BIGINT},
		{&t.double, duckdb.TYPE_DOUBLE},
		{&t.integer, duckdb.TYPE_INTEGER},
		{&t.utinyint, duckdb.TYPE_UTINYINT},
	} {
		if *x.to, err = duckdb.NewTypeInfo(x.is); err != nil {
			return t, err
		}
	}
	t.sex, err = duckdb.NewEnumInfo(sexes[0], sexes[1:]...)
	return t, err
}

// structOf is a struct of the given members.
func structOf(members ...member) (duckdb.TypeInfo, error) {
	entries := make([]duckdb.StructEntry, len(members))
	for i, m := range members {
		var err error
		if entries[i], err = duckdb.NewStructEntry(m.is, m.name); err != nil {
			return nil, err
		}
	}
	return duckdb.NewStructInfo(entries[0], entries[1:]...)
}

type member struct {
	name string
	is   duckdb.TypeInfo
}
