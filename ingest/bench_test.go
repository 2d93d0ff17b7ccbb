package ingest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"

	"laborwatch/codes"
	"laborwatch/engine"
)

// Sizes of the benchmarks' extracts; one row in badEvery has a wrong credit code.
const (
	benchRows = 5_000_000
	manyRows  = 20_000_000
	badEvery  = 1000
)

// manyPersons gives distinct valid IDs for far more n than person does.
func manyPersons(n int) string {
	first := fmt.Sprintf("41049%d%04d%02d%02d%03d", n/1_000_000%10, 1960+n/1000%40, 1+n/40_000%12, 1+n/480_000%28, n%1000)
	c, _ := codes.ResidentCheck(first)
	return first + string(c)
}

// writeSocial writes a social insurance extract of n rows, two a person.
func writeSocial(b testing.TB, path string, n int, gbk bool) {
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
	buf := bufio.NewWriterSize(out, 1<<16)
	for i := range n {
		u := employer(i / 40 % 20_000)
		if i%badEvery == badEvery-1 {
			u = u[:17] + "?"
		}
		if _, err := fmt.Fprintf(buf, "202605,%s,某某,%s,%d,1,10,%d.%02d,1\n", manyPersons(i/2), u, 110+i%2*100, 3000+i*7%9000, i%100); err != nil {
			b.Fatal(err)
		}
	}
	if err := buf.Flush(); err != nil {
		b.Fatal(err)
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
// contract (checks, SM3 pseudonyms, quarantine, repeats, set checks, ledger) and
// prints its time as a ratio to a bare COPY of the same rows in the same run,
// and of the same extract in GB18030 to its UTF-8.
func BenchmarkIngestSocialInsurance(b *testing.B) {
	dir := b.TempDir()
	utf8, gbk := filepath.Join(dir, "utf8", "社保缴费_202605.csv"), filepath.Join(dir, "gb18030", "社保缴费_202605.csv")
	for _, path := range []string{utf8, gbk} {
		if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		writeSocial(b, path, benchRows, path == gbk)
	}
	var bare, took [2]time.Duration
	for i, path := range []string{utf8, gbk} {
		b.Run(filepath.Base(filepath.Dir(path)), func(b *testing.B) {
			for b.Loop() {
				h := newHouse(b)
				t0 := time.Now()
				_, err := h.eng.DB().ExecContext(context.Background(), fmt.Sprintf("COPY (SELECT * FROM read_csv(%s)) TO %s (FORMAT parquet)",
					engine.Quote(utf8), engine.Quote(filepath.Join(dir, "bare.parquet"))))
				if err != nil {
					b.Fatal(err)
				}
				bare[i] += time.Since(t0)
				t0 = time.Now()
				loadBench(b, h, path, benchRows)
				took[i] += time.Since(t0)
			}
			b.ReportMetric(float64(took[i])/float64(bare[i]), "×bareCOPY")
			b.ReportMetric(benchRows*float64(b.N)/took[i].Seconds(), "rows/s")
			if i == 1 && took[0] > 0 {
				b.ReportMetric(float64(took[1])/float64(took[0]), "×UTF-8")
			}
		})
	}
}

// loadBench loads a file that writeSocial wrote.
func loadBench(t testing.TB, h *house, path string, rows int64) {
	t.Helper()
	files, err := h.in.Files("", []string{path})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := h.in.Load(context.Background(), files)
	if err != nil || sum.RowsIn != rows || sum.RowsQuarantined != rows/badEvery {
		t.Fatalf("%+v %v", sum, err)
	}
}

// BenchmarkIngestMany loads four times as many rows, each load in a process of
// its own, and prints peak memory and how time grows: 1 is linear.
func BenchmarkIngestMany(b *testing.B) {
	dir := b.TempDir()
	var took [2]time.Duration
	peak := int64(0)
	var files [2]string
	for i, n := range []int{benchRows, manyRows} {
		files[i] = filepath.Join(dir, fmt.Sprint(n), "社保缴费_202605.csv")
		if err := os.Mkdir(filepath.Dir(files[i]), 0o755); err != nil {
			b.Fatal(err)
		}
		writeSocial(b, files[i], n, false)
	}
	for b.Loop() {
		for i, path := range files {
			cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run", "^TestLoadOfBenchmark$", "-test.count", "1")
			cmd.Env = append(os.Environ(), loadEnv+"="+path)
			out, err := cmd.CombinedOutput()
			if err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
			var ns int64
			if _, err := fmt.Sscanf(string(out), "took %d", &ns); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
			took[i] += time.Duration(ns)
			usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			if !ok {
				b.Fatal("no usage of the process")
			}
			peak = max(peak, usage.Maxrss) // KiB
		}
	}
	b.ReportMetric(float64(peak)/(1<<20), "GiB-peak")
	b.ReportMetric(float64(took[1])/float64(took[0])*benchRows/manyRows, "×linear")
	b.ReportMetric(manyRows*float64(b.N)/took[1].Seconds(), "rows/s")
}

// loadEnv names the file that TestLoadOfBenchmark loads for a benchmark.
const loadEnv = "LABORWATCH_BENCH_LOAD"

// TestLoadOfBenchmark is the process that BenchmarkIngestMany measures; by
// itself it loads a small file of the same kind.
func TestLoadOfBenchmark(t *testing.T) {
	path, rows := os.Getenv(loadEnv), int64(0)
	if path == "" {
		path, rows = filepath.Join(t.TempDir(), "社保缴费_202605.csv"), 10_000
		writeSocial(t, path, int(rows), false)
	} else if _, err := fmt.Sscan(filepath.Base(filepath.Dir(path)), &rows); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	t0 := time.Now()
	loadBench(t, h, path, rows)
	fmt.Println("took", time.Since(t0).Nanoseconds())
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
