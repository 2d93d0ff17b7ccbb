package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"laborwatch/config"
	"laborwatch/pseudonym"
)

const vacancies = `岗位编号,工作地区划,行业代码,招聘人数,发布日期
P1,410402,2614,10,2026-05-04
P2,410403,3311,5,2026-05-05
`

// fresh is a data folder with a key, a port of its own and one extract in the inbox.
func fresh(t *testing.T) *config.Config {
	t.Helper()
	cfg, err := config.Load("", filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Web.Listen = "127.0.0.1:0"
	cfg.Ingest.Settle = 50 * time.Millisecond
	if _, err := pseudonym.CreateFile(cfg.Ingest.KeyFile, pseudonym.SM3); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(cfg.Ingest.Inbox, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Ingest.Inbox, "岗位信息_202605.csv"), []byte(vacancies), 0o644); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func get(ctx context.Context, url string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

// TestServeRunsTheSchedules starts a daemon whose inbox run fell due while it
// was down: it must catch up, load, compute, publish, and then stop cleanly.
func TestServeRunsTheSchedules(t *testing.T) {
	cfg := fresh(t)
	a, err := Open(t.Context(), Options{Config: cfg, Clock: time.Now, Command: "serve"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.journal.SetNextRun(t.Context(), "inbox", time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	addr := make(chan string, 1)
	done := make(chan error, 1)
	go func() {
		done <- a.Serve(ctx, ServeOptions{
			Log:     slog.New(slog.DiscardHandler),
			Ready:   func(s string) { addr <- s },
			Execute: func(context.Context, Request, io.Writer, io.Writer) int { return 0 },
		})
	}()
	base := "http://" + <-addr
	want := `laborwatch_job_openings_openings{`
	deadline := time.Now().Add(time.Minute)
	for metrics := ""; !strings.Contains(metrics, "laborwatch_job_openings"); metrics = get(ctx, base+"/metrics") {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not appear:\n%.2000s", want, metrics)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if body := get(ctx, base+"/healthz"); strings.Contains(body, "refused") {
		t.Errorf("healthz: %s", body)
	}
	next, err := a.journal.NextRun(ctx, "inbox")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if exists(SocketPath(cfg.Data)) {
		t.Error("the socket was left behind")
	}
	if next.IsZero() {
		t.Error("no next run was persisted")
	}
}

func TestSecondOwnerIsTold(t *testing.T) {
	cfg := fresh(t)
	a, err := Open(t.Context(), Options{Config: cfg, Clock: time.Now, Command: "ingest"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	_, err = Open(t.Context(), Options{Config: cfg, Clock: time.Now, Command: "transform"})
	if err == nil || !strings.Contains(err.Error(), "in use by process") || !strings.Contains(err.Error(), "Try:") {
		t.Errorf("second owner: %v", err)
	}
}

// An operator's folder of models lies over the embedded ones.
func TestModelsOfOnesOwn(t *testing.T) {
	cfg := fresh(t)
	cfg.Models.Dir = t.TempDir()
	if err := os.MkdirAll(filepath.Join(cfg.Models.Dir, "core"), 0o755); err != nil {
		t.Fatal(err)
	}
	own := "/*\ngrain: [period]\n*/\nSELECT period, count(*) AS postings FROM stg_job_vacancy GROUP BY period"
	if err := os.WriteFile(filepath.Join(cfg.Models.Dir, "core", "core_own.sql"), []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), Options{Config: cfg, Clock: time.Now, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Run(t.Context(), []string{StageIngest, StageTransform, StageAlerts, StagePublish}); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := a.Engine.DB().QueryRowContext(t.Context(), "SELECT postings FROM wh.main.core_own").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d postings, %v", n, err)
	}
}

// Another key would give every person a second pseudonym: it must be noticed.
func TestAnotherKeyIsRefused(t *testing.T) {
	cfg := fresh(t)
	use := func() error {
		a, err := Open(t.Context(), Options{Config: cfg, Clock: time.Now, Command: "ingest"})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		_, err = a.Ingest(t.Context(), "", nil)
		return err
	}
	if err := use(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(cfg.Ingest.KeyFile); err != nil {
		t.Fatal(err)
	}
	if _, err := pseudonym.CreateFile(cfg.Ingest.KeyFile, pseudonym.SM3); err != nil {
		t.Fatal(err)
	}
	if err := use(); err == nil || !strings.Contains(err.Error(), "Restore the first key") {
		t.Errorf("with another key: %v", err)
	}
}
