package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"laborwatch/config"
	"laborwatch/source"
)

// towns is a data folder with sources.
func towns(t *testing.T, sources ...config.Source) *config.Config {
	t.Helper()
	cfg := fresh(t)
	if err := os.RemoveAll(filepath.Join(cfg.Ingest.Inbox, "岗位信息_202605.csv")); err != nil {
		t.Fatal(err)
	}
	for i := range sources {
		s := &sources[i]
		if s.Whole == "" {
			s.Whole = "stable"
		}
		s.Settle = 10 * time.Millisecond
		s.Retry = config.Retry{Attempts: 3, First: time.Millisecond, Max: time.Millisecond}
		s.Timeout = config.Timeout{Connect: 5 * time.Second, Idle: 5 * time.Second, Whole: time.Minute}
	}
	cfg.Sources = sources
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func folderSource(t *testing.T, name string) (config.Source, string) {
	t.Helper()
	dir := t.TempDir()
	return config.Source{Name: name, Kind: "directory", Directory: &config.DirectorySource{Path: dir, After: "keep"}}, dir
}

func start(t *testing.T, cfg *config.Config) *App {
	t.Helper()
	a, err := Open(t.Context(), Options{Config: cfg, Clock: time.Now, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func put(t *testing.T, file string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
}

func pull(t *testing.T, a *App, name string) Pulled {
	t.Helper()
	p, err := a.Pull(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func records(t *testing.T, a *App, name string) []source.Record {
	t.Helper()
	list, err := a.SourceObjects(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// ledger lists the live loads as source, origin and rows.
func ledger(t *testing.T, a *App) string {
	t.Helper()
	loads, err := a.Lake.Live(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, l := range loads {
		fmt.Fprintf(&b, "%s [%s] %d\n", l.Source, l.Origin, l.RowsLoaded)
	}
	return b.String()
}

func nothingLanded(t *testing.T, a *App) {
	t.Helper()
	_ = filepath.WalkDir(a.landing(), func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			t.Errorf("%s is left", p)
		}
		return nil
	})
}

// The same file offered by two sources and the inbox is one load; files of one
// name and different rows are two.
func TestOneFileFromTwoSources(t *testing.T) {
	one, dirOne := folderSource(t, "one")
	two, dirTwo := folderSource(t, "two")
	cfg := towns(t, one, two)
	a := start(t, cfg)
	put(t, filepath.Join(dirOne, "岗位信息_202605.csv"), []byte(vacancies))
	put(t, filepath.Join(dirTwo, "招聘", "岗位信息_202605.csv"), []byte(vacancies))
	put(t, filepath.Join(cfg.Ingest.Inbox, "岗位信息_202605.csv"), []byte(vacancies))
	const change = "证件号码,统一社会信用代码,变更日期,增减标志,变更原因\n"
	put(t, filepath.Join(dirOne, "增减员_20260512.csv"), []byte(change+"410499196102020019,91410499MA0000001T,2026-05-12,减员,裁员\n"))
	put(t, filepath.Join(dirTwo, "增减员_20260512.csv"), []byte(change+"410499196203030021,91410499MA0000001T,2026-05-12,减员,裁员\n"))
	for range 2 {
		for _, name := range []string{"one", "two", Inbox} {
			pull(t, a, name)
		}
	}
	want := "one/增减员_20260512.csv [one] 1"
	got := ledger(t, a)
	if strings.Count(got, "岗位信息") != 1 || !strings.Contains(got, "one/岗位信息_202605.csv [one] 2") {
		t.Errorf("vacancies are doubled:\n%s", got)
	}
	if strings.Count(got, "增减员") != 2 || !strings.Contains(got, want) || !strings.Contains(got, "two/增减员_20260512.csv [two] 1") {
		t.Errorf("two counties' files of one name:\n%s", got)
	}
	nothingLanded(t, a)
}

// A scheduled run takes only whole files from the inbox; a person's takes all.
func TestInboxOnSchedules(t *testing.T) {
	cfg := towns(t)
	cfg.Ingest.Settle = 500 * time.Millisecond
	a := start(t, cfg)
	file := filepath.Join(cfg.Ingest.Inbox, "岗位信息_202605.csv")
	head := strings.SplitAfterN(vacancies, "\n", 3)
	put(t, file, []byte(head[0]+head[1]))
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() { // a sender who writes without end
		defer close(done)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
			f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return
			}
			fmt.Fprintf(f, "Q%d,410402,2614,1,2026-05-04\n", n)
			_ = f.Close()
		}
	}()
	if err := a.Run(t.Context(), []string{StageIngest}); err != nil {
		t.Fatal(err)
	}
	close(stop)
	<-done
	if got := ledger(t, a); got != "" {
		t.Errorf("a half-written file was loaded:\n%s", got)
	}
	for range 2 {
		if err := a.Run(t.Context(), []string{StageIngest}); err != nil {
			t.Fatal(err)
		}
	}
	if got := ledger(t, a); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "岗位信息_202605.csv [] ") {
		t.Errorf("ledger:\n%s", got)
	}
	put(t, filepath.Join(cfg.Ingest.Inbox, "岗位信息_202606.csv"), []byte(strings.ReplaceAll(vacancies, "2026-05", "2026-06")))
	if _, err := a.Ingest(t.Context(), "", nil); err != nil {
		t.Fatal(err)
	}
	if got := ledger(t, a); !strings.Contains(got, "202606") {
		t.Errorf("by hand at once:\n%s", got)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// A crash at each step between landing and the note of the load: the next
// process loads what is missing, and nothing twice.
func TestCrashAroundLoad(t *testing.T) {
	one, dir := folderSource(t, "one")
	cfg := towns(t, one)
	put(t, filepath.Join(dir, "岗位信息_202605.csv"), []byte(vacancies))
	put(t, filepath.Join(dir, "x.zip"), zipOf(t, map[string]string{"岗位信息_202606.csv": strings.ReplaceAll(vacancies, "2026-05", "2026-06")}, false))
	open := func() *App {
		a, err := Open(t.Context(), Options{Config: cfg, Clock: time.Now, Command: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	shut := func(a *App) {
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// Stopped before the load.
	a := open()
	s, err := a.source("one")
	if err != nil {
		t.Fatal(err)
	}
	died := source.Stop(errors.New("died"))
	if _, err := s.Pull(t.Context(), func(context.Context, []source.Landed) ([]source.Outcome, error) { return nil, died }); !errors.Is(err, died) {
		t.Fatal(err)
	}
	if got := ledger(t, a); got != "" {
		t.Errorf("loaded: %s", got)
	}
	shut(a)
	// Stopped after the load was published, before that was noted.
	a = open()
	if s, err = a.source("one"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pull(t.Context(), func(ctx context.Context, list []source.Landed) ([]source.Outcome, error) {
		_, _, err := a.loadLanded(ctx, s, list)
		return nil, errors.Join(err, died)
	}); !errors.Is(err, died) {
		t.Fatal(err)
	}
	shut(a)
	if err := os.RemoveAll(filepath.Join(dir, "岗位信息_202605.csv")); err != nil {
		t.Fatal(err)
	}
	a = open()
	defer shut(a)
	p := pull(t, a, "one")
	if len(p.Loads) != 0 || len(p.Loaded) != 2 {
		t.Errorf("%+v", p)
	}
	if got := ledger(t, a); strings.Count(got, "\n") != 2 {
		t.Errorf("ledger:\n%s", got)
	}
	nothingLanded(t, a)
}

// A source on its schedule: the daemon fetches, loads, computes and publishes,
// and the metrics say so. The server breaks off first.
func TestSourceOnItsSchedule(t *testing.T) {
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && asked.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
		http.ServeContent(w, r, "", time.Unix(1e9, 0), strings.NewReader(vacancies))
	}))
	defer srv.Close()
	cfg := towns(t, config.Source{Name: "web", Kind: "http", Cron: "0 3 * * *", HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/岗位信息_202605.csv"}, Months: 1, Days: 1}})
	a := start(t, cfg)
	list := a.sourceSchedules()
	if len(list) != 1 || list[0].Name != "source:web" || list[0].Cron != "0 3 * * *" {
		t.Errorf("%+v", list)
	}
	if err := a.RunSource(t.Context(), "web"); err != nil {
		t.Fatal(err)
	}
	if got := ledger(t, a); got != "web/岗位信息_202605.csv [web] 2\n" {
		t.Errorf("ledger:\n%s", got)
	}
	rec := httptest.NewRecorder()
	a.metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, want := range []string{`laborwatch_source_last_success_timestamp_seconds{source="web"}`, `laborwatch_source_failures_total{source="web"} 0`, "laborwatch_job_openings"} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	srv.Close()
	if err := a.RunSource(t.Context(), "web"); err == nil {
		t.Error("a server that is gone is a fault")
	}
	all, err := a.Sources(t.Context())
	if err != nil || all[1].Failures != 1 || all[1].LastError == "" {
		t.Errorf("%+v %v", all, err)
	}
}

// A query that reads in pieces does not fit a feed that takes each for the whole.
func TestSourceMustSuitItsContract(t *testing.T) {
	cfg := towns(t)
	q := func(feed, lag string) config.Source {
		return config.Source{Name: "db", Kind: "postgres", Feed: feed, SQL: &config.SQLSource{Watermark: &config.Watermark{Type: "bigint", Lag: lag}}}
	}
	for _, c := range []struct{ feed, lag, want string }{
		{"job_vacancy", "", "is a snapshot"}, {"insurance_change", "5", "reads rows twice"}, {"no_such_feed", "", "no contract"}, {"insurance_change", "", ""},
	} {
		cfg.Sources = []config.Source{q(c.feed, c.lag)}
		a, err := Open(t.Context(), Options{Config: cfg, Clock: time.Now, Command: "test"})
		if err == nil {
			err = a.Close()
		}
		if (c.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
