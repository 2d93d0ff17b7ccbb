package source

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"laborwatch/messages"
)

// tlsConfig trusts the machine's authorities, and the one in a file if there is one.
func tlsConfig(caFile string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New(messages.Both("sources.noca", caFile))
	}
	c.RootCAs = pool
	return c, nil
}

// untrusted says whether a connection failed on the server's certificate, which
// no repetition mends.
func untrusted(err error) bool {
	var v *tls.CertificateVerificationError
	return errors.As(err, &v)
}
