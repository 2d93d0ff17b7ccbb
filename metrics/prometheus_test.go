package metrics

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"laborwatch/cube"
)

// tool finds one of Debian's Prometheus programs. Its absence fails the test:
// what was not run was not proven.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing. Try: apt-get install prometheus", name)
	}
	return path
}

func TestPromtoolCheckMetrics(t *testing.T) {
	c := collector(t, Options{Version: "v1", Enterprises: true})
	s := full(t)
	s.Snapshot = cube.NewSnapshot(built, append(every(t, catalog(t)), obs("insured_persons", 300, cube.Enterprise, uscc1)))
	c.Set(s)
	cmd := exec.CommandContext(t.Context(), tool(t, "promtool"), "check", "metrics")
	cmd.Stdin = strings.NewReader(scrape(t, c))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

// A real Prometheus scrapes the handler, and its answers are the cube's.
func TestPrometheusScrapes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := collector(t, Options{Version: "v1", Enterprises: true})
	rate := obs(cube.Headline, .0528, cube.Region, "410402")
	rate.SE = new(.004)
	c.Set(State{
		Snapshot: cube.NewSnapshot(built, []cube.Observation{obs(cube.Headline, .05), rate}),
		Alerts:   []AlertCount{{Level: 2, Rule: "enterprise_layoff", Region: "410402", Count: 2}},
	})
	target := httptest.NewServer(c.Handler())
	defer target.Close()
	p := startPrometheus(ctx, t, target.Listener.Addr().String())

	p.await(ctx, t, `up{job="laborwatch"}`, "1")
	p.await(ctx, t, `laborwatch_surveyed_unemployment_ratio{region="410402"}`, "0.0528")
	p.await(ctx, t, `laborwatch_surveyed_unemployment_ratio_standard_error{region="410402"}`, "0.004")
	p.await(ctx, t, `sum by (level) (laborwatch_alerts)`, "2")
	p.await(ctx, t, `count({__name__=~"laborwatch_surveyed_unemployment_ratio"})`, "2")

	// The region leaves the cube: Prometheus marks its series stale at once.
	c.Set(State{Snapshot: cube.NewSnapshot(built, []cube.Observation{obs(cube.Headline, .051)})})
	p.await(ctx, t, `laborwatch_surveyed_unemployment_ratio{region="_T"}`, "0.051")
	p.await(ctx, t, `laborwatch_surveyed_unemployment_ratio{region="410402"}`, "")
	p.await(ctx, t, `laborwatch_alerts`, "")
}

// server is a running Prometheus.
type server struct{ url string }

var listening = regexp.MustCompile(`msg="?Listening on"? address=(\S+)`)

// startPrometheus runs a Prometheus on a free loopback port with a folder of
// its own, scraping the address five times a second, until the test ends.
func startPrometheus(ctx context.Context, t *testing.T, target string) server {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	text := fmt.Sprintf("global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n"+
		"  - job_name: laborwatch\n    metrics_path: /\n    static_configs: [{targets: ['%s']}]\n", target)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, tool(t, "prometheus"), "--config.file="+config,
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:0")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, done := make(chan string, 1), make(chan string, 1)
	go func() { done <- follow(log, address) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		text := <-done
		if err := cmd.Wait(); err != nil && t.Failed() {
			t.Logf("prometheus: %v\n%s", err, text)
		}
	})
	select {
	case a := <-address:
		return server{"http://" + a}
	case text := <-done:
		done <- text
		t.Fatalf("prometheus ended:\n%s", text)
	case <-ctx.Done():
		t.Fatal("prometheus did not start in time")
	}
	return server{}
}

// follow reads the log to its end and tells the address it names.
func follow(log io.Reader, address chan<- string) string {
	var all strings.Builder
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		all.WriteString(lines.Text() + "\n")
		if m := listening.FindStringSubmatch(lines.Text()); m != nil && !strings.HasSuffix(m[1], ":0") {
			select {
			case address <- m[1]:
			default:
			}
		}
	}
	return all.String()
}

// await asks until the query gives the one value, "" for none at all.
func (s server) await(ctx context.Context, t *testing.T, query, want string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var got string
	var err error
	for {
		if got, err = s.query(ctx, query); err == nil && got == want {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s = %q (%v), want %q", query, got, err, want)
		}
	}
}

// query gives the value of a query's first series, "" for none.
func (s server) query(ctx context.Context, q string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/query?query="+url.QueryEscape(q), nil)
	if err != nil {
		return "", err
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		Status string
		Data   struct{ Result []struct{ Value [2]any } }
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", err
	}
	if answer.Status != "success" {
		return "", fmt.Errorf("status %s", answer.Status)
	}
	if len(answer.Data.Result) == 0 {
		return "", nil
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1]), nil
}
