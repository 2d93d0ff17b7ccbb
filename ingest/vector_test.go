package ingest

import (
	"context"
	"reflect"
	"testing"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2"
)

// The driver's fields have the names and the meaning that this package relies
// on: what is written through them is what the engine reads.
func TestVectorMemory(t *testing.T) {
	v, ok := reflect.TypeFor[duckdb.Vector]().FieldByName("v")
	if !ok || v.Type.Kind() != reflect.Pointer {
		t.Fatal("a vector's record is elsewhere")
	}
	for name, want := range map[string]reflect.Type{"dataPtr": reflect.TypeFor[unsafe.Pointer](), "maskPtr": reflect.TypeFor[unsafe.Pointer](), "childVectors": reflect.SliceOf(v.Type.Elem())} {
		if f, ok := v.Type.Elem().FieldByName(name); !ok || f.Type != want {
			t.Errorf("%s: %v", name, f.Type)
		}
	}
	h := newHouse(t)
	conn, err := h.eng.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := registerFunctions(context.Background(), conn); err != nil {
		t.Fatal(err)
	}
	// Over several chunks, with empty cells and cells that are no plain form.
	ctx := withReading(context.Background(), h.in.readings["social_insurance"])
	var n, months, persons, same, seven int64
	err = conn.QueryRowContext(ctx, `SELECT count(*), count(m) FILTER (m = DATE '2026-05-01'), count(p.key) FILTER (p.birth_month = DATE '1967-08-01' AND p.sex = 0 AND p.origin = 410499), count(*) FILTER (s), count(*) FILTER (i % 7 = 0)
		FROM (SELECT i, lw_month(CASE WHEN i % 7 = 0 THEN '202605' WHEN i % 7 = 1 THEN '2026-05' WHEN i % 7 = 2 THEN NULL ELSE '202613' END) AS m,
			lw_person(CASE WHEN i % 7 = 0 THEN '`+person(7)+`' WHEN i % 7 = 1 THEN 'x' END) AS p,
			lw_same(CASE WHEN i % 7 = 0 THEN '`+employer(1)+`' WHEN i % 7 = 1 THEN ' `+employer(1)+`' END, 'uscc') AS s FROM range(10000) r(i))`).Scan(&n, &months, &persons, &same, &seven)
	if err != nil {
		t.Fatal(err)
	}
	if n != 10_000 || months != seven || persons != seven || same != seven {
		t.Errorf("of %d rows %d months, %d persons, %d texts, want %d each", n, months, persons, same, seven)
	}
}
