package source

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"laborwatch/config"
)

// gateway is an S3 server over a folder.
type gateway struct {
	address string
	client  *minio.Client
}

const s3Secret = "s3cr3t-of-the-gateway"

func startGateway(t *testing.T) *gateway {
	t.Helper()
	program, err := filepath.Abs("../bin/tools/versitygw")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v. Try: sh scripts/tools.sh", err)
	}
	address := "127.0.0.1:" + freePort(t)
	log := &output{}
	cmd := exec.CommandContext(context.Background(), program, "--access", "lw", "--secret", s3Secret, "--port", address, "posix", t.TempDir())
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	listens(t, address, log)
	client, err := minio.New(address, &minio.Options{Creds: credentials.NewStaticV4("lw", s3Secret, ""), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(t.Context(), "city", minio.MakeBucketOptions{}); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	return &gateway{address, client}
}

func (g *gateway) put(t *testing.T, key, body string) {
	t.Helper()
	if _, err := g.client.PutObject(context.Background(), "city", key, strings.NewReader(body), int64(len(body)), minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (g *gateway) place(t *testing.T, address string) config.Source {
	t.Setenv("LW_TEST_ACCESS", "lw")
	secret := filepath.Join(t.TempDir(), "secret")
	write(t, secret, s3Secret+"\n")
	return config.Source{Kind: "s3", S3: &config.S3Source{
		Endpoint: address, Bucket: "city", Prefix: "out/社保", Region: "us-east-1", Plain: true, AccessKeyEnv: "LW_TEST_ACCESS", SecretKeyFile: secret,
	}}
}

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
	g := startGateway(t)
	body := lines(12<<20, "s3")
	g.put(t, "out/社保缴费_202610.csv", body)
	g.put(t, "out/增减员_20261012.csv", "not asked for")
	g.put(t, "other/社保缴费_202609.csv", "not asked for")
	r := &relay{target: g.address, cut: []int{5 << 20, 4 << 20}}
	s := h.source(g.place(t, r.start(t)))
	h.pull(s)
	h.want(map[string][]string{"社保缴费_202610.csv": {body}})
	if got := fmt.Sprint(r.ranges); got != fmt.Sprintf("[ bytes=%d- bytes=%d-]", 5<<20, 9<<20) {
		t.Error(got)
	}
	h.pull(s)
	if len(r.ranges) != 3 {
		t.Errorf("the same version was fetched again: %v", r.ranges)
	}
	g.put(t, "out/社保缴费_202610.csv", "new")
	h.pull(s)
	h.want(map[string][]string{"社保缴费_202610.csv": {body, "new"}})
	h.empty("place")
}

func TestS3ChangesMidway(t *testing.T) {
	h := newHouse(t)
	g := startGateway(t)
	g.put(t, "out/社保缴费_202610.csv", lines(2<<20, "one"))
	next := lines(2<<20, "two")
	r := &relay{target: g.address, cut: []int{1 << 20}}
	h.wait = func() {
		g.put(t, "out/社保缴费_202610.csv", next)
		h.wait = nil
	}
	h.pull(h.source(g.place(t, r.start(t))))
	h.want(map[string][]string{"社保缴费_202610.csv": {next}})
}

func TestS3Refusals(t *testing.T) {
	g := startGateway(t)
	g.put(t, "out/社保缴费_202610.csv", "1")
	for _, c := range []struct {
		name, want string
		change     func(*config.S3Source)
	}{
		{"wrong secret", "signature", func(b *config.S3Source) {
			b.SecretKeyFile = filepath.Join(t.TempDir(), "wrong")
			write(t, b.SecretKeyFile, "wrong-secret-value")
		}},
		{"no such bucket", "bucket", func(b *config.S3Source) { b.Bucket = "no-such-bucket" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			place := g.place(t, g.address)
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
