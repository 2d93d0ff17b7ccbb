package ingest

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/emmansun/gmsm/sm3"

	"laborwatch/codes"
)

// The engine calls these functions a vector at a time, on all its threads,
// while it scans an extract: raw IDs pass from the file through them and are
// never stored. A result that begins with "!" names a fault.

type keyContext struct{}

// withKey gives the functions of a query the pseudonym key.
func withKey(ctx context.Context, key []byte) context.Context {
	return context.WithValue(ctx, keyContext{}, key)
}

// function makes the per-vector reader of one function; ctx carries the key.
type function func(ctx context.Context) (func(args []string) (string, bool), error)

// functions are the readers by name, each with its number of text arguments.
// A false result is NULL; a NULL argument gives NULL.
var functions = map[string]struct {
	args int
	make function
}{
	"lw_person":   {1, newPseudonyms},
	"lw_uscc":     {1, pure(func(a []string) (string, bool) { return faultOr(codes.ParseCredit(a[0])) })},
	"lw_industry": {1, pure(func(a []string) (string, bool) { s, err := codes.ParseIndustry(a[0]); return s, err == nil })},
	"lw_clean":    {1, pure(func(a []string) (string, bool) { return clean(a[0]), true })},
	"lw_fold":     {1, pure(func(a []string) (string, bool) { return codes.Fold(a[0]), true })},
	"lw_date":     {1, pure(func(a []string) (string, bool) { return readDate(a[0]) })},
	"lw_month":    {1, pure(func(a []string) (string, bool) { return readMonth(a[0]) })},
	"lw_number":   {1, pure(func(a []string) (string, bool) { return readNumber(a[0]) })},
	"lw_wage":     {2, pure(wageEnd)},
	"lw_mask":     {2, pure(func(a []string) (string, bool) { return mask(a[0], a[1] == "personal"), true })},
}

func pure(f func([]string) (string, bool)) function {
	return func(context.Context) (func([]string) (string, bool), error) { return f, nil }
}

// wageEnd gives one end of a wage text as digits, "" when the text leaves it open.
func wageEnd(a []string) (string, bool) {
	low, high, ok := readWage(a[0])
	if !ok {
		return "", false
	}
	end := low
	if a[1] == "high" {
		end = high
	}
	if end == nil {
		return "", true
	}
	return strconv.FormatInt(*end, 10), true
}

// faultOr names the fault of a code check.
func faultOr(s string, err error) (string, bool) {
	switch {
	case err == nil:
		return s, true
	case errors.Is(err, codes.ErrExcelRounded):
		return "!" + ExcelRounded, true
	case errors.Is(err, codes.ErrDate):
		return "!" + BadDate, true
	case errors.Is(err, codes.ErrRegion):
		return "!" + BadRegion, true
	default:
		return "!" + BadCheckDigit, true
	}
}

// pseudonymHex is the length of a person key: 128 bits of HMAC-SM3 in hex.
const pseudonymHex = 32

// pseudonyms turns resident ID numbers into keys; it is not safe for
// concurrent use.
type pseudonyms struct {
	mac       hash.Hash
	sum       []byte
	out       [pseudonymHex + 1 + 10 + 6]byte
	last, was string
}

func newPseudonyms(ctx context.Context) (func([]string) (string, bool), error) {
	key, _ := ctx.Value(keyContext{}).([]byte)
	if len(key) == 0 {
		return nil, errors.New("no pseudonym key")
	}
	p := &pseudonyms{mac: hmac.New(sm3.New, key)}
	return func(a []string) (string, bool) { return p.person(a[0]), true }, nil
}

// person gives the key, sex, birth month (YYYY-MM-01) and origin of an ID run
// together, or "!" and a fault. Rows of one person often follow each other.
func (p *pseudonyms) person(raw string) string {
	if raw == p.last && raw != "" {
		return p.was
	}
	r, err := codes.ParseResident(raw)
	if err != nil {
		s, _ := faultOr("", err)
		return s
	}
	p.mac.Reset()
	p.mac.Write([]byte(r.Number))
	p.sum = p.mac.Sum(p.sum[:0])
	hex.Encode(p.out[:pseudonymHex], p.sum[:pseudonymHex/2])
	rest := p.out[pseudonymHex:]
	rest[0] = r.Sex[0]
	copy(rest[1:], r.Number[6:10])
	copy(rest[5:], "-")
	copy(rest[6:], r.Number[10:12])
	copy(rest[8:], "-01")
	copy(rest[11:], r.Origin)
	// raw is the engine's memory: keep a copy.
	p.last, p.was = string(append([]byte(nil), raw...)), string(p.out[:])
	return p.was
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
	if err := conn.QueryRowContext(ctx, `SELECT count(*) FROM duckdb_functions() WHERE function_name = 'lw_person'`).Scan(&known); err != nil {
		return err
	}
	if known > 0 {
		return nil
	}
	text, err := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	if err != nil {
		return err
	}
	for _, name := range keysOf(functions) {
		f := functions[name]
		v := &vectorFunc{exec: duckdb.ScalarFuncExecutor{ChunkContextExecutor: f.make.run}}
		v.config.ResultTypeInfo = text
		// Pure as they are: the optimizer would otherwise move calls that occur
		// twice out of the CASE that spares them, and make them for every row.
		v.config.Volatile = true
		for range f.args {
			v.config.InputTypeInfos = append(v.config.InputTypeInfos, text)
		}
		if err := duckdb.RegisterScalarUDF(conn, name, v); err != nil {
			return fmt.Errorf("register %s: %w", name, err)
		}
	}
	return nil
}

// run applies the function to one chunk of rows.
func (make function) run(ctx context.Context, chunk *duckdb.ChunkIteratorState) error {
	call, err := make(ctx)
	if err != nil {
		return err
	}
	in := chunk.GetInputChunk()
	var views [2]duckdb.VectorView[string]
	n := in.ColumnCount()
	for i := range n {
		vec, err := in.GetVector(i)
		if err != nil {
			return err
		}
		if views[i], err = duckdb.GetVectorView[string](vec); err != nil {
			return err
		}
	}
	out, err := duckdb.GetVectorWriter[string](chunk.GetResultVector())
	if err != nil {
		return err
	}
	var args [2]string
rows:
	for row := range out.Len() {
		for i := range n {
			v, valid, err := views[i].GetValueBorrowed(row)
			if err != nil {
				return err
			}
			if !valid {
				if err := out.SetNull(row); err != nil {
					return err
				}
				continue rows
			}
			args[i] = v
		}
		s, ok := call(args[:n])
		if !ok {
			err = out.SetNull(row)
		} else {
			err = out.Set(row, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
