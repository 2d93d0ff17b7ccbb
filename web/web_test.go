package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"laborwatch/cube"
	"laborwatch/messages"
	"laborwatch/period"
	"laborwatch/release/releasetest"
	"laborwatch/web"
)

func TestPageReadsWithoutScript(t *testing.T) {
	s := newSite(t)
	body := s.get(t, "/").Body.String()
	for _, o := range s.state.Snapshot.Series(cube.K(cube.Headline, 0)) {
		row := fmt.Sprintf(`<tr><th scope="row">%s</th><td class="num">%.1f%%</td><td class="num">%.1f–%.1f%%</td>`,
			o.Period, 100**o.Value, 100**o.CILow, 100**o.CIHigh)
		if !strings.Contains(body, row) {
			t.Errorf("the table beside the chart lacks %s", row)
		}
	}
	for _, code := range []string{"insured_persons", "job_openings", "registered_unemployed", "openings_to_seekers_ratio"} {
		ind, _ := s.options.Catalog.Get(code)
		v, _ := s.state.Snapshot.Value(cube.K(code, releasetest.Last))
		if want := fmt.Sprintf(`data-figure="%s">%s<`, code, ind.Format(messages.ZH, v)); !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestPagesEscapeAndHoldNoInlineCode(t *testing.T) {
	s := newSite(t)
	for _, target := range []string{"/", "/alerts", "/releases/", "/?lang=en", "/nowhere"} {
		body := s.get(t, target).Body.String()
		if strings.Contains(body, "<b>丙") {
			t.Errorf("%s: an employer's name is not escaped", target)
		}
		if regexp.MustCompile(`<script>|<script type="text|<style| style="| on[a-z]+="|https?://`).MatchString(body) {
			t.Errorf("%s: inline code or an address elsewhere", target)
		}
		if strings.Contains(body, "%!") || strings.Contains(body, "web.") && regexp.MustCompile(`>web\.[a-z]`).MatchString(body) {
			t.Errorf("%s: a text is missing or misformatted", target)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	s := newSite(t)
	for _, target := range []string{"/", "/api/indicators", "/healthz", "/nowhere", "/releases/2026-10/v1/observations.csv"} {
		h := s.get(t, target).Header()
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe-eval") ||
			strings.Contains(csp, "unsafe-inline") {
			t.Errorf("%s: policy %q", target, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", target, h)
		}
	}
}

func TestLanguages(t *testing.T) {
	s := newSite(t)
	if body := s.get(t, "/").Body.String(); !strings.Contains(body, `<html lang="zh-CN">`) || !strings.Contains(body, `href="/?lang=en"`) {
		t.Error("the first page is not Chinese with a way to English")
	}
	body := s.get(t, "/?lang=en&period=2026-05").Body.String()
	for _, want := range []string{`<html lang="en">`, "Employment situation, May 2026", `href="/alerts?lang=en"`, `href="/?period=2026-05"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the English page lacks %s", want)
		}
	}
	han := regexp.MustCompile(`\p{Han}+`)
	visible := regexp.MustCompile(`(?s)<[^>]*>|测试\S*`).ReplaceAllString(body, "")
	if got := han.FindAllString(strings.ReplaceAll(visible, "中文", ""), -1); len(got) > 0 {
		t.Errorf("Chinese on the English page: %q", got)
	}
}

func TestMonths(t *testing.T) {
	s := newSite(t)
	p := period.Of(2025, time.July)
	v, _ := s.state.Snapshot.Value(cube.K(cube.Headline, p))
	body := s.get(t, "/?period=2025-07").Body.String()
	if want := fmt.Sprintf(`data-figure="surveyed_unemployment_rate">%.1f%%<`, 100*v); !strings.Contains(body, want) {
		t.Errorf("the page of %s lacks %s", p, want)
	}
	for _, bad := range []string{"2031-01", "July", "2025-13"} {
		w := s.get(t, "/?period="+bad)
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "2024-09 – 2026-10") {
			t.Errorf("period %s: status %d", bad, w.Code)
		}
	}
}

func TestAlertFilters(t *testing.T) {
	s := newSite(t)
	for target, want := range map[string]int{
		"/alerts": 8, "/alerts?level=1": 2, "/alerts?status=resolved": 1, "/alerts?status=all": 9,
		"/alerts?region=410482": 2, "/alerts?level=4&region=410422": 1,
	} {
		body := s.get(t, target).Body.String()
		if got := strings.Count(body, `<span class="level`); got != want {
			t.Errorf("%s lists %d alerts, want %d", target, got, want)
		}
	}
	if body := s.get(t, "/").Body.String(); !strings.Contains(body, `<strong data-level="1">2</strong>`) || strings.Contains(body, "测试炭素辛") {
		t.Error("the dashboard does not count the alerts in force, or shows one taken back")
	}
}

func TestReleaseFiles(t *testing.T) {
	s := newSite(t)
	r := s.state.Releases[0]
	for _, name := range r.Files {
		w := s.get(t, "/releases/2026-10/v1/"+name)
		b, err := os.ReadFile(filepath.Join(r.Dir, name))
		if err != nil || w.Code != http.StatusOK || w.Body.String() != string(b) {
			t.Errorf("%s: status %d, %d bytes, want %d, %v", name, w.Code, w.Body.Len(), len(b), err)
		}
		if attached := strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment"); attached == strings.HasSuffix(name, ".html") {
			t.Errorf("%s: attachment %v", name, attached)
		}
	}
	s.state.Releases = nil // built after the state was published
	if w := s.get(t, "/releases/2026-10/v1/manifest.json"); w.Code != http.StatusOK {
		t.Errorf("a new release: status %d", w.Code)
	}
	for _, target := range []string{
		"/releases/2026-10/v2/manifest.json", "/releases/2026-10/v1/nothing", "/releases/2026-10/v1/..%2f..%2f..%2fetc%2fpasswd",
		"/releases/../../etc/passwd", "/assets/../web.go",
	} {
		if w := s.get(t, target); w.Code == http.StatusOK {
			t.Errorf("%s is served", target)
		}
	}
}

func TestObservations(t *testing.T) {
	s := newSite(t)
	w := s.get(t, "/api/observations?indicator=surveyed_unemployment_rate&period=2026-09..2026-10&by=region")
	var got struct {
		Indicator    struct{ Code, Unit string }
		Observations []cube.Observation
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Indicator.Unit != "ratio" || len(got.Observations) != 22 {
		t.Fatalf("%+v with %d rows, want 22", got.Indicator, len(got.Observations))
	}
	for _, o := range got.Observations {
		want, ok := s.state.Snapshot.Get(o.Key())
		if !ok || *o.Value != *want.Value || *o.SE != *want.SE {
			t.Errorf("%+v is not the cube's", o.Key())
		}
	}
	if w := s.get(t, "/api/observations?indicator=insured_persons&industry=C&period=2026-10"); strings.Count(w.Body.String(), `"period"`) != 1 {
		t.Errorf("one industry: %s", w.Body)
	}
	for target, want := range map[string]string{
		"/api/observations":                                               "no indicator",
		"/api/observations?indicator=unemployment_rate":                   "surveyed_unemployment_rate",
		"/api/observations?indicator=insured_persons&by=planet":           "region",
		"/api/observations?indicator=insured_persons&period=May":          "YYYY-MM",
		"/api/observations?indicator=insured_persons&by=enterprise":       "laborwatch query",
		"/api/observations?indicator=insured_persons&enterprise=91410499": "laborwatch query",
	} {
		if w := s.get(t, target); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

func TestHealth(t *testing.T) {
	s := newSite(t)
	for target, want := range map[string]int{"/healthz": 200, "/readyz": 200} {
		if got := s.get(t, target).Code; got != want {
			t.Errorf("%s: %d", target, got)
		}
	}
	s.state = nil
	for target, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/": 200, "/alerts": 200, "/releases/": 200} {
		if got := s.get(t, target).Code; got != want {
			t.Errorf("before publication, %s: %d", target, got)
		}
	}
	if body := s.get(t, "/").Body.String(); !strings.Contains(body, "laborwatch ingest") {
		t.Error("the empty page does not say what to do")
	}
}

func TestRegistersWithoutSurvey(t *testing.T) {
	s := newSite(t)
	var list []cube.Observation
	for _, o := range releasetest.Observations(s.options.Config) {
		if o.Indicator == "insured_persons" {
			list = append(list, o)
		}
	}
	s.state = &web.State{Snapshot: cube.NewSnapshot(now, list)}
	w := s.get(t, "/")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), messages.T("zh", "web.nosurvey")) ||
		!strings.Contains(w.Body.String(), `data-figure="insured_persons">484,084<`) {
		t.Errorf("status %d:\n%.2000s", w.Code, w.Body)
	}
}

func TestReadOnlyAndNotFound(t *testing.T) {
	s := newSite(t)
	if w := s.get(t, "/nowhere"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "没有这个页面") {
		t.Errorf("status %d", w.Code)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
		t.Errorf("POST: status %d", w.Code)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	if _, err := web.New(web.Options{}); err == nil {
		t.Error("a handler without a source")
	}
}
