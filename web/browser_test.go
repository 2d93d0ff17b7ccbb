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
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 50*time.Second)
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

func (f *faults) listen(ctx context.Context, host string) {
	chromedp.ListenTarget(ctx, func(ev any) {
		switch e := ev.(type) {
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
				for _, a := range e.Args {
					f.add("console %s: %s", e.Type, a.Value)
				}
			}
		case *runtime.EventExceptionThrown:
			f.add("exception: %s", e.ExceptionDetails.Error())
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
	})
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

func TestDashboardInChromium(t *testing.T) {
	s := newSite(t)
	srv := httptest.NewServer(s.handler)
	defer srv.Close()
	ctx := browser(t)
	var seen faults
	seen.listen(ctx, srv.URL)

	var rate, interval, title string
	var regions [][]string
	var chart drawn
	var shot []byte
	rows := `[...document.querySelectorAll("#regions tbody tr")].map(r => [r.dataset.region, ...[...r.cells].map(c => c.innerText.trim())])`
	if err := chromedp.Run(ctx,
		network.Enable(), log.Enable(),
		chromedp.EmulateViewport(1440, 900),
		chromedp.Navigate(srv.URL+"/"),
		chromedp.WaitVisible(`#chart[data-drawn]`),
		chromedp.Title(&title),
		chromedp.Text(`[data-figure="surveyed_unemployment_rate"]`, &rate),
		chromedp.Text(`[data-figure="interval"]`, &interval),
		chromedp.Evaluate(rows, &regions),
		chromedp.Evaluate(readChart, &chart),
		chromedp.FullScreenshot(&shot, 100),
	); err != nil {
		t.Fatal(err)
	}
	keep(t, "dashboard-1440.png", shot)

	o, _ := s.state.Snapshot.Get(cube.K(cube.Headline, releasetest.Last))
	if want := fmt.Sprintf("%.1f%%", 100**o.Value); rate != want {
		t.Errorf("the page shows %s, the cube has %s", rate, want)
	}
	if want := fmt.Sprintf("%.1f–%.1f%%", 100**o.CILow, 100**o.CIHigh); interval != want {
		t.Errorf("the page shows the interval %s, the cube has %s", interval, want)
	}
	if !strings.Contains(title, "平顶山市") {
		t.Errorf("title %q", title)
	}
	checkRegions(t, s, regions)
	checkChart(t, s, chart)
	if len(seen.list) > 0 {
		t.Errorf("the page complains:\n%s", strings.Join(seen.list, "\n"))
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
			fmt.Sprintf("%.2f个百分点", 100**o.SE),
		}
		if o.Quality == "unreliable" {
			want[0] = "…"
		}
		if got := []string{r[2], r[4], r[5]}; !slices.Equal(got, want) {
			t.Errorf("region %s shows %v, the cube has %v", r[0], got, want)
		}
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
	seen.listen(ctx, srv.URL)
	var width int
	var heading string
	var shot, alerts, release, empty []byte
	if err := chromedp.Run(ctx,
		network.Enable(), log.Enable(),
		chromedp.EmulateViewport(390, 844),
		chromedp.Navigate(srv.URL+"/?lang=en"),
		chromedp.WaitVisible(`#chart[data-drawn]`),
		chromedp.Text("h1", &heading),
		chromedp.Evaluate(`document.documentElement.scrollWidth`, &width),
		chromedp.FullScreenshot(&shot, 100),
		chromedp.EmulateViewport(1440, 900),
		chromedp.Navigate(srv.URL+"/alerts"),
		chromedp.WaitVisible(`#alerts`),
		chromedp.FullScreenshot(&alerts, 100),
		chromedp.Navigate(srv.URL+"/releases/2026-10/v1/release.html"),
		chromedp.WaitVisible(`#t-survey`),
		chromedp.FullScreenshot(&release, 100),
	); err != nil {
		t.Fatal(err)
	}
	s.state = nil
	if err := chromedp.Run(ctx, chromedp.Navigate(srv.URL+"/"), chromedp.WaitVisible(".empty"), chromedp.FullScreenshot(&empty, 100)); err != nil {
		t.Fatal(err)
	}
	for name, png := range map[string][]byte{"dashboard-390-en.png": shot, "alerts.png": alerts, "release.png": release, "empty.png": empty} {
		keep(t, name, png)
	}
	if heading != "Employment situation, October 2026" {
		t.Errorf("heading %q", heading)
	}
	if width > 390 {
		t.Errorf("the page is %d px wide on a phone of 390", width)
	}
	if len(seen.list) > 0 {
		t.Errorf("the pages complain:\n%s", strings.Join(seen.list, "\n"))
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
