package source

import (
	"context"
	"net"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"laborwatch/config"
)

// bucket is a bucket of an S3-compatible server.
type bucket struct {
	c         config.S3Source
	core      *minio.Core
	transport *http.Transport
}

func (s *Source) newS3() (*bucket, error) {
	c := *s.c.S3
	trust, err := tlsConfig(c.CAFile)
	if err != nil {
		return nil, err
	}
	access, err := s.secret("access_key", c.AccessKeyFile, c.AccessKeyEnv)
	if err != nil {
		return nil, err
	}
	key, err := s.secret("secret_key", c.SecretKeyFile, c.SecretKeyEnv)
	if err != nil {
		return nil, err
	}
	b := &bucket{c: c, transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: s.c.Timeout.Connect}).DialContext, TLSClientConfig: trust,
		TLSHandshakeTimeout: s.c.Timeout.Connect, ResponseHeaderTimeout: s.c.Timeout.Idle, DisableCompression: true,
	}}
	b.core, err = minio.NewCore(c.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(access, key, ""), Secure: !c.Plain, Region: c.Region, Transport: b.transport,
		MaxRetries: 1, // trying again is the source's
	})
	return b, err
}

func (b *bucket) Close() error {
	b.transport.CloseIdleConnections()
	return nil
}

// List gives the objects whose keys begin with the prefix, named from its last
// slash on.
func (b *bucket) List(ctx context.Context, _ map[string]string) (out []Object, err error) {
	for o := range b.core.Client.ListObjects(ctx, b.c.Bucket, minio.ListObjectsOptions{Prefix: b.c.Prefix, Recursive: true}) {
		if o.Err != nil {
			return nil, s3Error(o.Err)
		}
		name := strings.TrimPrefix(o.Key, b.folder())
		if name == "" || strings.HasSuffix(o.Key, "/") {
			continue
		}
		out = append(out, Object{Name: name, Size: o.Size, Modified: o.LastModified, Version: quoted(o.ETag)})
	}
	return out, ctx.Err()
}

func quoted(tag string) string {
	if tag == "" {
		return ""
	}
	return `"` + strings.Trim(tag, `"`) + `"`
}

// folder is the prefix up to its last slash: the rest begins file names.
func (b *bucket) folder() string { return b.c.Prefix[:strings.LastIndex(b.c.Prefix, "/")+1] }

// Open reads from the offset on, on condition that the object is still of its
// version; when it is not, the whole new one.
func (b *bucket) Open(ctx context.Context, o Object, offset int64) (*Stream, error) {
	opts := minio.GetObjectOptions{}
	if offset > 0 {
		if err := opts.SetRange(offset, 0); err != nil {
			return nil, err
		}
		if err := opts.SetMatchETag(strings.Trim(o.Version, `"`)); err != nil {
			return nil, err
		}
	}
	r, info, _, err := b.core.GetObject(ctx, b.c.Bucket, b.folder()+o.Name, opts)
	if err != nil {
		code := minio.ToErrorResponse(err).StatusCode
		if offset > 0 && (code == http.StatusPreconditionFailed || code == http.StatusRequestedRangeNotSatisfiable) {
			return b.Open(ctx, o, 0)
		}
		return nil, s3Error(err)
	}
	now := Object{Name: o.Name, Size: offset + info.Size, Modified: info.LastModified, Version: quoted(info.ETag)}
	return &Stream{ReadCloser: r, Object: now, Offset: offset}, nil
}

// s3Error makes what a repetition does not mend permanent.
func s3Error(err error) error {
	if untrusted(err) {
		return permanent(err)
	}
	switch minio.ToErrorResponse(err).Code {
	case "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket", "NoSuchKey", "AuthorizationHeaderMalformed", "InvalidBucketName":
		return permanent(err)
	}
	return err
}
