package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKillSources kills the program at random instants while it fetches from a
// slow server and a folder. Whatever was killed, the ledger ends as one that
// nothing disturbed, and nothing is left in the landing folder.
func TestKillSources(t *testing.T) {
	const files = 6
	bodies := map[string]string{}
	for n := range files {
		var b strings.Builder
		b.WriteString("岗位编号,工作地区划,招聘人数,发布日期\n")
		for row := range 20_000 {
			fmt.Fprintf(&b, "P%d,410402,1,2026-%02d-04\n", row, n+1)
		}
		bodies[fmt.Sprintf("岗位信息_2026%02d.csv", n+1)] = b.String()
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bodies[strings.TrimPrefix(r.URL.Path, "/")]
		http.ServeContent(&slow{w}, r, "", time.Unix(1e9, 0), strings.NewReader(body))
	}))
	defer srv.Close()
	out := t.TempDir()
	change := "证件号码,统一社会信用代码,变更日期,增减标志,变更原因\n410499196102020019,91410499MA0000001T,2026-05-12,减员,裁员\n"
	if err := os.WriteFile(filepath.Join(out, "增减员_20260512.csv"), []byte(change), 0o600); err != nil {
		t.Fatal(err)
	}
	home := func() string {
		dir := t.TempDir()
		text := "data: data\nsources:\n  - {name: web, kind: http, http: {months: 6, urls: ['" + srv.URL + "/岗位信息_{YYYY}{MM}.csv']}}\n" +
			"  - {name: county, kind: directory, settle: 20ms, directory: {path: " + out + "}}\n"
		var urls []string
		for name := range bodies {
			urls = append(urls, "'"+srv.URL+"/"+name+"'")
		}
		text = strings.Replace(text, "'"+srv.URL+"/岗位信息_{YYYY}{MM}.csv'", strings.Join(urls, ", "), 1)
		if err := os.WriteFile(filepath.Join(dir, "laborwatch.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		must(t, dir, []int{0}, "init")
		return dir
	}
	pull := []string{"sources", "pull", "web", "county"}
	plain := home()
	begin := time.Now()
	must(t, plain, []int{0}, pull...)
	took := time.Since(begin)
	must(t, plain, []int{0}, "transform")
	want := must(t, plain, []int{0}, "query", "job_openings", "--format", "csv")
	if strings.Count(want, "\n") < files {
		t.Fatalf("too little to compare:\n%s", want)
	}
	const wanted, rounds, kills = 10, 16, 3
	rng := rand.New(rand.NewPCG(3, 4))
	all := 0
	for round := 0; round < rounds && all < wanted; round++ {
		dir := home()
		for range kills {
			all += killAt(t, dir, time.Duration(rng.Int64N(int64(took)*2/3)), pull...)
		}
		must(t, dir, []int{0}, pull...)
		list := must(t, dir, []int{0}, "sources", "list", "web") + must(t, dir, []int{0}, "sources", "list", "county")
		if n := strings.Count(list, "  done  "); n != files+1 {
			t.Errorf("round %d: %d objects are done:\n%s", round, n, list)
		}
		again := must(t, dir, []int{0}, pull...)
		if !strings.Contains(again, "0 rows in") {
			t.Errorf("round %d: rows came again:\n%s", round, again)
		}
		must(t, dir, []int{0}, "transform")
		if got := must(t, dir, []int{0}, "query", "job_openings", "--format", "csv"); got != want {
			t.Errorf("round %d: figures differ\n%s\nwant\n%s", round, got, want)
		}
		left, err := filepath.Glob(filepath.Join(dir, "data", "landing", "*", "*"))
		if err != nil || len(left) > 0 {
			t.Errorf("round %d: left %v %v", round, left, err)
		}
	}
	if all < wanted {
		t.Errorf("only %d processes were killed; the test wants %d", all, wanted)
	}
	t.Logf("%d processes were killed", all)
}

// slow sends a little at a time, so that a transfer can be met midway.
type slow struct{ http.ResponseWriter }

func (s *slow) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		k, err := s.ResponseWriter.Write(p[:min(len(p), 64<<10)])
		n += k
		if err != nil {
			return n, err
		}
		p = p[k:]
		time.Sleep(10 * time.Millisecond)
	}
	return n, nil
}
