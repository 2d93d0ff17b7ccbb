package ingest

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

func TestDbg(t *testing.T) {
	if os.Getenv("LW_PERF") == "" {
		t.Skip()
	}
	var n [20]atomic.Int64
	names := keysOf(functions)
	for i, name := range names {
		f := functions[name]
		orig := f.make
		f.make = func(ctx context.Context) (func(a []string) (string, bool), error) {
			call, err := orig(ctx)
			return func(a []string) (string, bool) { n[i].Add(1); return call(a) }, err
		}
		functions[name] = f
	}
	h := newHouse(t)
	h.put("2026-06/社保缴费_202605.csv", gb18030(social("202605", 110000)))
	t0 := time.Now()
	h.load()
	fmt.Println(time.Since(t0))
	for i, name := range names {
		fmt.Println(name, n[i].Load())
	}
	ctx := context.Background()
	conn, _ := h.eng.Conn(ctx)
	defer conn.Close()
	f, _ := os.Create("/tmp/exp/s.csv")
	f.WriteString(social("202605", 110000))
	f.Seek(0, 0)
	k := &compiler{c: h.contracts["social_insurance"], regions: city, layout: layout{cols: []int{0, 1, 3, 4, 5, 6, 7, 8}, width: 9, delim: ",", newline: `\n`, skip: 1}}
	q := k.checked([]string{fmt.Sprintf("/proc/self/fd/%d", f.Fd())})
	os.WriteFile("/tmp/exp/checked.sql", []byte(q), 0o644)
	rows, err := conn.QueryContext(withKey(ctx, testKey), "EXPLAIN "+q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var a, b string
		rows.Scan(&a, &b)
		os.WriteFile("/tmp/exp/plan.txt", []byte(b), 0o644)
	}
}
