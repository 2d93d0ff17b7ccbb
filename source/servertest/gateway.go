package servertest

import (
	"context"
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
type Gateway struct {
	Address string
	Client  *minio.Client
}

// S3Secret is the secret key of the access key lw.
const S3Secret = "s3cr3t-of-the-gateway"

// StartGateway starts it over an empty bucket named city; it ends with the test.
func StartGateway(t *testing.T) *Gateway {
	t.Helper()
	program, err := filepath.Abs(filepath.Join(moduleRoot(t), "bin", "tools", "versitygw"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v. Try: sh scripts/tools.sh", err)
	}
	address := "127.0.0.1:" + FreePort(t)
	log := &Output{}
	cmd := exec.CommandContext(context.Background(), program, "--access", "lw", "--secret", S3Secret, "--port", address, "posix", t.TempDir())
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	Listens(t, address, log)
	client, err := minio.New(address, &minio.Options{Creds: credentials.NewStaticV4("lw", S3Secret, ""), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(t.Context(), "city", minio.MakeBucketOptions{}); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	return &Gateway{address, client}
}

// Put writes an object.
func (g *Gateway) Put(t *testing.T, key, body string) {
	t.Helper()
	if _, err := g.Client.PutObject(context.Background(), "city", key, strings.NewReader(body), int64(len(body)), minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}

// Place is a source of the bucket, at an address that may be a relay's.
func (g *Gateway) Place(t *testing.T, address string) config.Source {
	t.Setenv("LW_TEST_ACCESS", "lw")
	secret := filepath.Join(t.TempDir(), "secret")
	Write(t, secret, S3Secret+"\n")
	return config.Source{Kind: "s3", S3: &config.S3Source{
		Endpoint: address, Bucket: "city", Prefix: "out/社保", Region: "us-east-1", Plain: true, AccessKeyEnv: "LW_TEST_ACCESS", SecretKeyFile: secret,
	}}
}

// moduleRoot is the folder of go.mod, above that of the test.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("there is no go.mod above the test")
	return ""
}
