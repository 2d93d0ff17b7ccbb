package source

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"laborwatch/config"
	"laborwatch/source/servertest"
)

// relay passes requests on to the gateway and breaks its answers off. It keeps
// the Host header, which the signature is over.
type relay struct {
	target string
	cut    []int
	ranges []string
	before func()
}

func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method == http.MethodGet && strings.Contains(req.URL.Path, ".csv") {
		r.ranges = append(r.ranges, req.Header.Get("Range"))
		if r.before != nil {
			r.before()
		}
		if len(r.cut) > 0 {
			w = &breaking{w, r.cut[0]}
			r.cut = r.cut[1:]
		}
	}
	out := req.Clone(req.Context())
	out.RequestURI, out.URL.Scheme, out.URL.Host = "", "http", r.target
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

func (r *relay) start(t *testing.T) string {
	t.Helper()
	srv := newServer(t, r)
	return strings.TrimPrefix(srv, "http://")
}

func TestS3ResumesOverABrokenLine(t *testing.T) {
	h := newHouse(t)
	g := servertest.StartGateway(t)
	body := lines(12<<20, "s3")
	g.Put(t, "out/社保缴费_202610.csv", body)
	g.Put(t, "out/增减员_20261012.csv", "not asked for")
	g.Put(t, "other/社保缴费_202609.csv", "not asked for")
	r := &relay{target: g.Address, cut: []int{5 << 20, 4 << 20}}
	s := h.source(g.Place(t, r.start(t)))
	h.pull(s)
	h.want(map[string][]string{"社保缴费_202610.csv": {body}})
	if got := fmt.Sprint(r.ranges); got != fmt.Sprintf("[ bytes=%d- bytes=%d-]", 5<<20, 9<<20) {
		t.Error(got)
	}
	h.pull(s)
	if len(r.ranges) != 3 {
		t.Errorf("the same version was fetched again: %v", r.ranges)
	}
	g.Put(t, "out/社保缴费_202610.csv", "new")
	h.pull(s)
	h.want(map[string][]string{"社保缴费_202610.csv": {body, "new"}})
	h.empty("place")
}

func TestS3ChangesMidway(t *testing.T) {
	h := newHouse(t)
	g := servertest.StartGateway(t)
	g.Put(t, "out/社保缴费_202610.csv", lines(2<<20, "one"))
	next := lines(2<<20, "two")
	r := &relay{target: g.Address, cut: []int{1 << 20}}
	h.wait = func() {
		g.Put(t, "out/社保缴费_202610.csv", next)
		h.wait = nil
	}
	h.pull(h.source(g.Place(t, r.start(t))))
	h.want(map[string][]string{"社保缴费_202610.csv": {next}})
}

func TestS3Refusals(t *testing.T) {
	g := servertest.StartGateway(t)
	g.Put(t, "out/社保缴费_202610.csv", "1")
	for _, c := range []struct {
		name, want string
		change     func(*config.S3Source)
	}{
		{"wrong secret", "signature", func(b *config.S3Source) {
			b.SecretKeyFile = filepath.Join(t.TempDir(), "wrong")
			servertest.Write(t, b.SecretKeyFile, "wrong-secret-value")
		}},
		{"no such bucket", "bucket", func(b *config.S3Source) { b.Bucket = "no-such-bucket" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			place := g.Place(t, g.Address)
			c.change(place.S3)
			waits := 0
			h.wait = func() { waits++ }
			_, err := h.source(place).Pull(t.Context(), h.load)
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), c.want) || strings.Contains(err.Error(), "wrong-secret-value") || waits > 0 {
				t.Errorf("%v after %d pauses", err, waits)
			}
		})
	}
}
