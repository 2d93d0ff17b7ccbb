package source

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"laborwatch/config"
	"laborwatch/source/servertest"
)

// shop is a web server that may break off.
type shop struct {
	t     *testing.T
	files map[string]string
	tag   func(body string) string
	// cut breaks the answers off after so many bytes, one after another.
	cut []int
	// ranges false ignores Range.
	noRanges, noDates bool
	// headCode answers HEAD, breakHead is the path whose HEAD gets no answer.
	headCode  int
	breakHead string
	authorize string
	// before is called before each GET is answered.
	before func()
	log    []string
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.log = append(s.log, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("Range")))
	if s.authorize != "" && r.Header.Get("Authorization") != s.authorize {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	if r.Method == http.MethodHead && s.breakHead == r.URL.Path {
		panic(http.ErrAbortHandler)
	}
	if r.Method == http.MethodHead && s.headCode != 0 {
		http.Error(w, "no", s.headCode)
		return
	}
	if r.Method == http.MethodGet && s.before != nil {
		s.before()
	}
	body, ok := s.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if s.noRanges {
		r.Header.Del("Range")
	}
	if tag := s.tag(body); tag != "" {
		w.Header().Set("ETag", tag)
	}
	modified := time.Date(2026, 11, 1, 0, 0, len(body)%60, 0, time.UTC)
	if s.noDates {
		modified = time.Time{}
	}
	if r.Method == http.MethodGet && len(s.cut) > 0 {
		w = &breaking{w, s.cut[0]}
		s.cut = s.cut[1:]
	}
	http.ServeContent(w, r, "", modified, strings.NewReader(body))
}

// breaking drops the connection once so many bytes were sent.
type breaking struct {
	http.ResponseWriter
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	n, _ := b.ResponseWriter.Write(p[:min(len(p), b.left)])
	if b.left -= n; b.left == 0 {
		b.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

func strong(body string) string { return fmt.Sprintf(`"%d-%.8s"`, len(body), body) }

func newShop(t *testing.T) (*shop, *httptest.Server) {
	s := &shop{t: t, files: map[string]string{}, tag: strong}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, srv
}

func TestHTTPResumes(t *testing.T) {
	h := newHouse(t)
	body := lines(1<<20, "one")
	shop, srv := newShop(t)
	shop.files["/out/x.csv"] = body
	shop.cut = []int{300_000, 200_000, 100_000, 1, 1}
	s := h.source(config.Source{Kind: "http", HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/out/x.csv"}, Months: 1, Days: 1}})
	h.pull(s)
	h.want(map[string][]string{"x.csv": {body}})
	// Five breaks are more than three attempts: a transfer that gets on goes on.
	if want := []string{"HEAD /out/x.csv", "GET /out/x.csv", "GET /out/x.csv bytes=300000-", "GET /out/x.csv bytes=500000-", "GET /out/x.csv bytes=600000-", "GET /out/x.csv bytes=600001-", "GET /out/x.csv bytes=600002-"}; !slices.Equal(shop.log, want) {
		t.Errorf("%q", shop.log)
	}
	// The same version is not fetched again.
	shop.log = nil
	h.pull(s)
	if !slices.Equal(shop.log, []string{"HEAD /out/x.csv"}) {
		t.Errorf("%q", shop.log)
	}
	h.empty("place")
}

// A transfer that fails for good in one run goes on in the next, after a restart
// too, and begins anew when the object changed meanwhile.
func TestHTTPResumesInTheNextRun(t *testing.T) {
	for _, c := range []struct {
		name, next string
		tag        func(string) string
		noRanges   bool
		want       string
	}{
		{"same version", lines(1<<20, "one"), strong, false, "GET /x.csv bytes=400000-"},
		{"new version", lines(1<<20, "two"), strong, false, "GET /x.csv"},
		{"by time alone", lines(1<<20, "one"), func(string) string { return "" }, false, "GET /x.csv bytes=400000-"},
		{"weak tag", lines(1<<20, "one"), func(b string) string { return "W/" + strong(b) }, false, "GET /x.csv"},
		{"no ranges", lines(1<<20, "one"), strong, true, "GET /x.csv bytes=400000-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			shop, srv := newShop(t)
			shop.tag, shop.noRanges = c.tag, c.noRanges
			shop.files["/x.csv"] = lines(1<<20, "one")
			shop.cut = []int{400_000}
			place := config.Source{Kind: "http", Retry: config.Retry{Attempts: 1, First: 1, Max: 1}, HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/x.csv"}, Months: 1, Days: 1}}
			if res := h.pull(h.source(place)); len(res.Failed) != 1 {
				t.Fatalf("%+v", res)
			}
			h.restart()
			shop.files["/x.csv"], shop.log = c.next, nil
			h.pull(h.source(place))
			h.want(map[string][]string{"x.csv": {c.next}})
			if shop.log[1] != c.want || len(shop.log) != 2 {
				t.Errorf("%q", shop.log)
			}
		})
	}
}

// An object that was begun and is then taken away leaves nothing here.
func TestTakenAway(t *testing.T) {
	h := newHouse(t) // in November 2026
	shop, srv := newShop(t)
	shop.files["/202611.csv"] = lines(1<<20, "one")
	shop.cut = []int{400_000}
	s := h.source(config.Source{Kind: "http", Retry: config.Retry{Attempts: 1, First: 1, Max: 1}, HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/{YYYY}{MM}.csv"}, Months: 2, Days: 1}})
	if res := h.pull(s); len(res.Failed) != 1 || len(h.left("place")) != 1 {
		t.Fatalf("%+v %v", res, h.left("place"))
	}
	delete(shop.files, "/202611.csv")
	h.pull(s)
	h.empty("place")
	if r := h.record(s, "202611.csv"); r.Status != "" {
		t.Errorf("%+v", r)
	}
}

// An object that changes between two attempts is never a mix of both.
func TestHTTPChangesMidway(t *testing.T) {
	h := newHouse(t)
	shop, srv := newShop(t)
	shop.files["/x.csv"] = lines(1<<20, "one")
	shop.cut = []int{400_000}
	next := lines(1<<20, "two")
	h.wait = func() { shop.files["/x.csv"] = next }
	h.pull(h.source(config.Source{Kind: "http", HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/x.csv"}, Months: 1, Days: 1}}))
	h.want(map[string][]string{"x.csv": {next}})
}

// Without tag and date the bytes tell whether there is anything new.
func TestHTTPWithoutValidators(t *testing.T) {
	h := newHouse(t)
	shop, srv := newShop(t)
	shop.tag, shop.noDates, shop.headCode = func(string) string { return "" }, true, http.StatusMethodNotAllowed
	shop.files["/x.csv"] = "1"
	s := h.source(config.Source{Kind: "http", HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/x.csv"}, Months: 1, Days: 1}})
	for i, want := range []int{1, 0} {
		if res := h.pull(s); len(res.Loaded) != want {
			t.Errorf("pull %d: %+v", i, res)
		}
	}
	shop.files["/x.csv"] = "2"
	h.pull(s)
	h.want(map[string][]string{"x.csv": {"1", "2"}})
	h.empty("place")
}

// Dated addresses are asked for over the months; one that is not there yet is no
// fault, a plain one is, and hides no other.
func TestHTTPTemplates(t *testing.T) {
	h := newHouse(t) // in November 2026
	shop, srv := newShop(t)
	for _, p := range []string{"/202610/社保缴费_202610.csv", "/202609/社保缴费_202609.csv", "/202608/社保缴费_202608.csv", "/a/x.csv", "/b/x.csv"} {
		shop.files[p] = p
	}
	s := h.source(config.Source{Kind: "http", HTTP: &config.HTTPSource{Months: 3, Days: 1, URLs: []string{
		srv.URL + "/{YYYY}{MM}/社保缴费_{YYYY}{MM}.csv", srv.URL + "/a/x.csv", srv.URL + "/b/x.csv", srv.URL + "/gone.csv",
	}}})
	res := h.pull(s)
	host := strings.TrimPrefix(srv.URL, "http://")
	h.want(map[string][]string{
		"社保缴费_202610.csv": {"/202610/社保缴费_202610.csv"}, "社保缴费_202609.csv": {"/202609/社保缴费_202609.csv"},
		host + "/a/x.csv": {"/a/x.csv"}, host + "/b/x.csv": {"/b/x.csv"},
	})
	if len(res.Failed) != 1 || !strings.Contains(res.Failed[0].Err.Error(), "404") {
		t.Errorf("%+v", res.Failed)
	}
	if n := slices.Index(shop.log, "GET /gone.csv"); n >= 0 {
		t.Error("what is not there was asked for again")
	}
	if _, err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "gone.csv") {
		t.Errorf("check: %v", err)
	}
}

func TestHTTPCredentials(t *testing.T) {
	const token = "s3cr3t-token-value"
	h := newHouse(t)
	shop, srv := newShop(t)
	shop.files["/x.csv"] = "1"
	shop.authorize = "Bearer " + token
	file := filepath.Join(t.TempDir(), "token")
	servertest.Write(t, file, token+"\n")
	place := config.Source{Kind: "http", HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/x.csv"}, Months: 1, Days: 1, TokenFile: file}}
	h.pull(h.source(place))
	h.want(map[string][]string{"x.csv": {"1"}})

	shop.authorize, shop.log = "Bearer other", nil
	res := h.pull(h.source(place))
	if len(res.Failed) != 1 || len(shop.log) != 1 || !strings.Contains(res.Failed[0].Err.Error(), "401") {
		t.Errorf("a refused login is not tried again: %+v %q", res.Failed, shop.log)
	}
	if text := fmt.Sprint(res.Failed, h.record(h.source(place), "x.csv")); strings.Contains(text, token) {
		t.Errorf("the token is shown: %s", text)
	}
	shop.authorize = "Basic bHc6cGFzc3dvcmQ="
	t.Setenv("LW_TEST_PASSWORD", "password")
	place.HTTP = &config.HTTPSource{URLs: []string{srv.URL + "/x.csv"}, Months: 1, Days: 1, User: "lw", PasswordEnv: "LW_TEST_PASSWORD"}
	shop.files["/x.csv"] = "2"
	if res := h.pull(h.source(place)); len(res.Loaded) != 1 {
		t.Errorf("basic: %+v", res)
	}
}

// A server that falls silent is given up after timeout.idle.
func TestHTTPSilence(t *testing.T) {
	h := newHouse(t)
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(1<<20))
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte("beginning"))
			w.(http.Flusher).Flush()
			<-release
		}
	}))
	defer srv.Close()
	defer close(release)
	res := h.pull(h.source(config.Source{Kind: "http", Timeout: config.Timeout{Connect: time.Second, Idle: 50 * time.Millisecond, Whole: time.Minute}, HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/x.csv"}, Months: 1, Days: 1}}))
	if len(res.Failed) != 1 || !strings.Contains(res.Failed[0].Err.Error(), "timeout.idle") {
		t.Errorf("%+v", res.Failed)
	}
}

// certificate is one that no machine knows, and the file of its authority.
func certificate(t *testing.T, until time.Time) (server tls.Certificate, ca string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "city"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	servertest.Write(t, file, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

func TestHTTPCertificates(t *testing.T) {
	for _, c := range []struct {
		name  string
		until time.Duration
		trust bool
		want  string
	}{
		{"private authority", time.Hour, true, ""},
		{"unknown authority", time.Hour, false, "unknown authority"},
		{"expired", -time.Hour, true, "expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			cert, ca := certificate(t, time.Now().Add(c.until))
			shop := &shop{t: t, files: map[string]string{"/x.csv": "1"}, tag: strong}
			srv := httptest.NewUnstartedServer(shop)
			srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
			srv.StartTLS()
			defer srv.Close()
			place := config.Source{Kind: "http", HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/x.csv"}, Months: 1, Days: 1}}
			if c.trust {
				place.HTTP.CAFile = ca
			}
			waits := 0
			h.wait = func() { waits++ }
			_, err := h.source(place).Pull(t.Context(), h.load)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				h.want(map[string][]string{"x.csv": {"1"}})
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || waits != 0 {
				t.Errorf("got %v after %d pauses, want %q at once", err, waits, c.want)
			}
		})
	}
}
