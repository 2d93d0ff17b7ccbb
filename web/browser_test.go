package web_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"laborwatch/cube"
	"laborwatch/release/releasetest"
)

// browser starts Debian's Chromium. Without it the tests fail: a page that no
// browser has opened is not tested.
func browser(t *testing.T) context.Context {
	t.Helper()
	bin := "/usr/bin/chromium"
	if _, err := os.Stat(bin); err != nil {
		var lerr error
		if bin, lerr = exec.LookPath("chromium"); lerr != nil {
			t.Fatal("no Chromium to open the dashboard in. Try: apt-get install chromium fonts-noto-cjk (make tools does)")
		}
	}
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(bin), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true), chromedp.UserDataDir(t.TempDir()),
	}
	limit, stop := context.WithTimeout(context.Background(), 50*time.Second)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewExecAllocator(limit, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// faults collects what a page complains of: console errors, policy
// violations, failed requests, and any request to another host.
type faults struct {
	mu   sync.Mutex
	list []string
}

func (f *faults) add(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, fmt.Sprintf(format, args...))
}

func (f *faults) listen(t *testing.T, ctx context.Context, host string) {
	t.Helper()
	if err := chromedp.Listen(ctx, func(ev any) { f.take(ev, host) }); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
}

func (f *faults) take(ev any, host string) {
	switch e := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			for _, a := range e.Args {
				f.add("console %s: %s %s", e.Type, a.Value, a.Description)
			}
		}
	case *runtime.EventExceptionThrown:
		f.add("exception: %s at %s:%d", e.ExceptionDetails.Text, e.ExceptionDetails.URL, e.ExceptionDetails.LineNumber)
	case *log.EventEntryAdded:
		f.add("log: %s %s", e.Entry.Text, e.Entry.URL)
	case *network.EventLoadingFailed:
		f.add("request failed: %s", e.ErrorText)
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			f.add("%s: status %d", e.Response.URL, e.Response.Status)
		}
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, host) && !strings.HasPrefix(e.Request.URL, "data:") {
			f.add("a request to elsewhere: %s", e.Request.URL)
		}
	}
}

// all lists the faults so far.
func (f *faults) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}

// must runs an action for its value.
func must[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// open shows a page at a width and waits until an element is visible.
func (f *faults) open(t *testing.T, ctx context.Context, width int64, url, wait string) {
	t.Helper()
	ctx, stop := context.WithTimeout(ctx, 15*time.Second)
	defer stop()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(url),
		chromedp.WaitVisible(chromedp.CSS(wait))); err != nil {
		t.Fatalf("%s: %v\n%s", url, err, strings.Join(f.all(), "\n"))
	}
}

// drawn is the chart as the browser has it.
type drawn struct {
	Rate       []*float64 `json:"rate"`
	Low        []*float64 `json:"low"`
	Band       []*float64 `json:"band"`
	Registered []*float64 `json:"registered"`
	Image      string     `json:"image"`
	Ink        int        `json:"ink"`
}

const readChart = `(() => {
  const box = document.getElementById("chart"), chart = echarts.getInstanceByDom(box), o = chart.getOption();
  const canvas = box.querySelector("canvas"), px = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let ink = 0;
  for (let i = 3; i < px.length; i += 4) if (px[i] > 0) ink++;
  return {low: o.series[0].data, band: o.series[1].data, rate: o.series[2].data, registered: o.series[3].data,
    image: chart.getDataURL(), ink: ink};
})()`

const readPooled = `["surveyed_unemployment_rate_3m", "pooled-interval", "pooled-verdict"].map(
  f => document.querySelector('[data-figure="' + f + '"]').innerText.trim())`

const readModel = `[...document.querySelectorAll("#regions tbody tr")].map(r => {
  const m = r.querySelector('[data-figure="model"]');
  return [r.dataset.region, m.innerText.trim(), r.querySelector('[data-figure="model-rmse"]').innerText.trim(), m.title];
})`

const readLinks = `[...document.querySelectorAll("#links tbody tr")].map(
  r => [r.dataset.register, ...[...r.cells].slice(1).map(c => c.innerText.trim())])`

const readGrade = `(() => {
  const g = document.querySelector('#regions tr[data-region="410404"] .grade');
  return g.innerText.trim() + "|" + g.title;
})()`

const readRegions = `[...document.querySelectorAll("#regions tbody tr")].map(
  r => [r.dataset.region, ...[...r.cells].map(c => c.innerText.trim())])`

func TestDashboardInChromium(t *testing.T) {
	s := newSite(t)
	srv := httptest.NewServer(s.handler)
	defer srv.Close()
	ctx := browser(t)
	var seen faults
	seen.listen(t, ctx, srv.URL)
	seen.open(t, ctx, 1440, srv.URL+"/", "#chart[data-drawn]")
	title := must(t, ctx, chromedp.Title())
	rate := must(t, ctx, chromedp.Text(chromedp.CSS(`[data-figure="surveyed_unemployment_rate"]`)))
	interval := must(t, ctx, chromedp.Text(chromedp.CSS(`[data-figure="interval"]`)))
	regions := must(t, ctx, chromedp.Evaluate[[][]string](readRegions))
	chart := must(t, ctx, chromedp.Evaluate[drawn](readChart))
	shot := must(t, ctx, chromedp.FullScreenshot(100))
	keep(t, "dashboard-1440.png", shot)

	o, _ := s.state.Snapshot.Get(cube.K(cube.Headline, releasetest.Last))
	if want := fmt.Sprintf("%.1f%%", 100**o.Value); rate != want {
		t.Errorf("the page shows %s, the cube has %s", rate, want)
	}
	if want := fmt.Sprintf("%.1f–%.1f%%", 100**o.CILow, 100**o.CIHigh); interval != want {
		t.Errorf("the page shows the interval %s, the cube has %s", interval, want)
	}
	checkPooled(t, s, must(t, ctx, chromedp.Evaluate[[]string](readPooled)))
	checkModel(t, s, must(t, ctx, chromedp.Evaluate[[][]string](readModel)))
	checkLinks(t, must(t, ctx, chromedp.Evaluate[[][]string](readLinks)))
	if grade := must(t, ctx, chromedp.Evaluate[string](readGrade)); grade != "✕ 不可靠|不可靠（样本人数太少）" {
		t.Errorf("the mark of 石龙区 and its title: %q", grade)
	}
	if !strings.Contains(title, "平顶山市") {
		t.Errorf("title %q", title)
	}
	checkRegions(t, s, regions)
	checkChart(t, s, chart)
	if list := seen.all(); len(list) > 0 {
		t.Errorf("the page complains:\n%s", strings.Join(list, "\n"))
	}
}

// checkRegions holds every row of the county table against the snapshot.
func checkRegions(t *testing.T, s *site, rows [][]string) {
	t.Helper()
	if len(rows) != 11 {
		t.Fatalf("%d regions, want the city and its 10 counties", len(rows))
	}
	for _, r := range rows {
		k := cube.K(cube.Headline, releasetest.Last).With(cube.Region, r[0])
		o, ok := s.state.Snapshot.Get(k)
		if !ok {
			t.Errorf("a region that the cube lacks: %v", r)
			continue
		}
		want := []string{
			fmt.Sprintf("%.1f%%", 100**o.Value), fmt.Sprintf("%.1f–%.1f%%", 100**o.CILow, 100**o.CIHigh),
			fmt.Sprintf("%.2f", 100**o.SE),
		}
		if o.Quality == "unreliable" {
			want[0] = "…"
		}
		if got := []string{r[2], r[4], r[5]}; !slices.Equal(got, want) {
			t.Errorf("region %s shows %v, the cube has %v", r[0], got, want)
		}
	}
}

// checkPooled holds the pooled rate beside the headline against the snapshot.
func checkPooled(t *testing.T, s *site, got []string) {
	t.Helper()
	k := cube.K(cube.Headline+"_3m", releasetest.Last)
	o, _ := s.state.Snapshot.Get(k)
	change, _ := s.state.Snapshot.Get(k.Of(k.Indicator + "_yoy"))
	verdict := map[cube.Verdict]string{
		cube.Rose: "上升，超出抽样误差", cube.Fell: "下降，超出抽样误差", cube.Within: "在抽样误差范围内，不能断定有变化",
	}[change.Verdict()]
	want := []string{fmt.Sprintf("%.1f%%", 100**o.Value), fmt.Sprintf("%.1f–%.1f%%", 100**o.CILow, 100**o.CIHigh), verdict}
	if !slices.Equal(got, want) {
		t.Errorf("pooled: %q, want %q", got, want)
	}
}

// checkModel holds the model's column against the snapshot: an estimate of a
// county with few persons is there, one with too large an error is not.
func checkModel(t *testing.T, s *site, rows [][]string) {
	t.Helper()
	for _, r := range rows {
		k := cube.K(cube.Headline+"_model", releasetest.Last).With(cube.Region, r[0])
		o, ok := s.state.Snapshot.Get(k)
		want := []string{"–", "–", ""}
		switch {
		case ok && o.Quality == "unreliable":
			want[0] = "…"
		case ok:
			gamma, _ := s.state.Snapshot.Value(k.Of("county_model_shrinkage"))
			quality := map[string]string{"publish": "可发布", "caution": "谨慎使用（变异系数偏大）"}[o.Quality]
			want = []string{
				fmt.Sprintf("%.1f%%", 100**o.Value), fmt.Sprintf("%.2f", 100**o.SE),
				fmt.Sprintf("模型推算，区间%.1f–%.1f%%；直接估计权重γ=%.2f；质量：%s", 100**o.CILow, 100**o.CIHigh, gamma, quality),
			}
		}
		if !slices.Equal(r[1:], want) {
			t.Errorf("model of %s: %q, want %q", r[0], r[1:], want)
		}
	}
	if len(rows) != 11 || rows[3][1] == "…" || rows[10][1] != "…" {
		t.Errorf("%d rows: 石龙区 %q, 汝州市 %q", len(rows), rows[3], rows[10])
	}
}

// checkLinks holds the table of registers against the synthetic city's figures.
func checkLinks(t *testing.T, got [][]string) {
	t.Helper()
	want := [][]string{
		{"REG_INSURED", "54,800", "1,100", "456", "70", "…", "–"},
		{"REG_REGISTERED", "…", "–", "1,600", "180", "…", "–"},
		{"REG_NONE", "37,200", "1,200", "3,300", "430", "58,900", "1,170"},
		{"REG_UNLINKED", "1,900", "300", "…", "–", "1,100", "200"},
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("registers: %q, want %q", got, want)
	}
}

// checkChart holds every drawn point against the snapshot.
func checkChart(t *testing.T, s *site, c drawn) {
	t.Helper()
	series := s.state.Snapshot.Series(cube.K(cube.Headline, 0))
	if len(c.Rate) != len(series) || len(c.Registered) != len(series) {
		t.Fatalf("the chart has %d points, the cube %d months", len(c.Rate), len(series))
	}
	for i, o := range series {
		if c.Rate[i] == nil || *c.Rate[i] != *o.Value || *c.Low[i] != *o.CILow || math.Abs(*c.Low[i]+*c.Band[i]-*o.CIHigh) > 1e-12 {
			t.Errorf("%s: the chart differs from the cube", o.Period)
		}
	}
	png, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(c.Image, "data:image/png;base64,"))
	if err != nil || len(png) < 4000 || c.Ink < 5000 {
		t.Errorf("the chart is not drawn: %d bytes, %d pixels, %v", len(png), c.Ink, err)
	}
}

func TestPhoneAndEnglishInChromium(t *testing.T) {
	s := newSite(t)
	srv := httptest.NewServer(s.handler)
	defer srv.Close()
	ctx := browser(t)
	var seen faults
	seen.listen(t, ctx, srv.URL)
	seen.open(t, ctx, 390, srv.URL+"/?lang=en", "#chart[data-drawn]")
	heading := must(t, ctx, chromedp.Text(chromedp.CSS("h1")))
	width := must(t, ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
	shot := must(t, ctx, chromedp.FullScreenshot(100))
	seen.open(t, ctx, 1440, srv.URL+"/alerts", "#alerts")
	alerts := must(t, ctx, chromedp.FullScreenshot(100))
	seen.open(t, ctx, 1440, srv.URL+"/releases/2026-10/v1/release.html", "#t-survey")
	release := must(t, ctx, chromedp.FullScreenshot(100))
	s.state = nil
	seen.open(t, ctx, 1440, srv.URL+"/", ".empty")
	empty := must(t, ctx, chromedp.FullScreenshot(100))
	for name, png := range map[string][]byte{"dashboard-390-en.png": shot, "alerts.png": alerts, "release.png": release, "empty.png": empty} {
		keep(t, name, png)
	}
	if heading != "Employment situation, October 2026" {
		t.Errorf("heading %q", heading)
	}
	if width > 390 {
		t.Errorf("the page is %d px wide on a phone of 390", width)
	}
	if list := seen.all(); len(list) > 0 {
		t.Errorf("the pages complain:\n%s", strings.Join(list, "\n"))
	}
}

// keep saves a screenshot in the folder that LABORWATCH_SCREENSHOT names, or
// as the file it names when that ends in .png (the dashboard alone), else in
// the test's own folder.
func keep(t *testing.T, name string, png []byte) {
	t.Helper()
	file := os.Getenv("LABORWATCH_SCREENSHOT")
	switch {
	case file == "":
		file = filepath.Join(t.TempDir(), name)
	case strings.HasSuffix(file, ".png"):
		if !strings.HasPrefix(name, "dashboard-1440") {
			return
		}
	default:
		if err := os.MkdirAll(file, 0o755); err != nil {
			t.Fatal(err)
		}
		file = filepath.Join(file, name)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
}
