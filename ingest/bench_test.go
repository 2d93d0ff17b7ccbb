package ingest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"

	"laborwatch/codes"
	"laborwatch/engine"
)

// benchRows is the size of the benchmark's extract.
const benchRows = 1_000_000

// manyPersons gives distinct valid IDs for far more n than person does.
func manyPersons(n int) string {
	first := fmt.Sprintf("41049%d%04d%02d%02d%03d", n/1_000_000%10, 1960+n/1000%40, 1+n/40_000%12, 1+n/480_000%28, n%1000)
	c, _ := codes.ResidentCheck(first)
	return first + string(c)
}

// writeSocial writes a social insurance extract of n rows, two a person.
func writeSocial(b *testing.B, path string, n int, gbk bool) {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	out := transform.NewWriter(w, transform.Nop)
	if gbk {
		out = transform.NewWriter(w, simplifiedchinese.GB18030.NewEncoder())
	}
	if _, err := fmt.Fprint(out, socialHeader); err != nil {
		b.Fatal(err)
	}
	for i := range n {
		if _, err := fmt.Fprintf(out, "202605,%s,某某,%s,%d,1,10,%d.%02d,1\n", manyPersons(i/2), employer(i/40%20_000), 110+i%2*100, 3000+i*7%9000, i%100); err != nil {
			b.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkIngestSocialInsurance loads one large extract under its whole
// contract (checks, SM3 pseudonyms, repeats, ledger) and prints its time as a
// ratio to a bare COPY of the same file in the same run.
func BenchmarkIngestSocialInsurance(b *testing.B) {
	for _, c := range []struct {
		name string
		gbk  bool
	}{{"UTF-8", false}, {"GB18030", true}} {
		b.Run(c.name, func(b *testing.B) {
			dir := b.TempDir()
			plain := filepath.Join(dir, "plain.csv")
			writeSocial(b, plain, benchRows, false)
			file := filepath.Join(dir, "社保缴费_202605.csv")
			writeSocial(b, file, benchRows, c.gbk)
			var bare, full time.Duration
			for b.Loop() {
				h := newHouse(b)
				t0 := time.Now()
				_, err := h.eng.DB().ExecContext(context.Background(), fmt.Sprintf("COPY (SELECT * FROM read_csv(%s)) TO %s (FORMAT parquet)",
					engine.Quote(plain), engine.Quote(filepath.Join(dir, "bare.parquet"))))
				if err != nil {
					b.Fatal(err)
				}
				bare += time.Since(t0)
				files, err := h.in.Files("", []string{file})
				if err != nil {
					b.Fatal(err)
				}
				t0 = time.Now()
				sum, err := h.in.Load(context.Background(), files)
				if err != nil || sum.RowsLoaded != benchRows {
					b.Fatalf("%+v %v", sum, err)
				}
				full += time.Since(t0)
			}
			b.ReportMetric(float64(full)/float64(bare), "×bareCOPY")
			b.ReportMetric(benchRows*float64(b.N)/full.Seconds(), "rows/s")
		})
	}
}

// BenchmarkIngestDailyFiles loads many small extracts, as 增减员 arrives.
func BenchmarkIngestDailyFiles(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		h := newHouse(b)
		day := time.Date(2024, 9, 1, 0, 0, 0, 0, time.UTC)
		for d := range 200 {
			day := day.AddDate(0, 0, d)
			var text strings.Builder
			text.WriteString("证件号码,姓名,统一社会信用代码,变更日期,增减标志,变更原因\n")
			for i := range 100 {
				text.WriteString(fmt.Sprintf("%s,某某,%s,%s,增员,新参保\n", person(i), employer(i), day.Format(time.DateOnly)))
			}
			h.put(day.Format("2006-01/增减员_20060102.csv"), []byte(text.String()))
		}
		b.StartTimer()
		if sum := h.load(); sum.RowsLoaded != 20_000 {
			b.Fatalf("%+v", sum)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(200*b.N), "ms/file")
}
