package config

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The examples of docs/sources.md are what operators copy: each must be valid,
// and there must be one of each kind.
func TestDocumentedSourcesAreValid(t *testing.T) {
	doc, err := os.ReadFile("../docs/sources.md")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.WriteString("sources:\n")
	for _, m := range regexp.MustCompile("(?s)```yaml\n(?:sources:\n)?(  - name:.*?)```").FindAllStringSubmatch(string(doc), -1) {
		if !strings.Contains(m[1], "sftp                 # directory") { // the settings of every kind have no block
			text.WriteString(m[1])
		}
	}
	c, err := Load(write(t, text.String()), "")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, s := range c.Sources {
		kinds = append(kinds, s.Kind)
	}
	for _, k := range SourceKinds {
		if !slices.Contains(kinds, k) && k != "mysql" { // said to be as postgres
			t.Errorf("no example of kind %s among %v", k, kinds)
		}
	}
	if s := c.Sources[0]; s.Settle != 10*time.Second || s.Retry.Attempts != 5 || s.Timeout.Whole != 6*time.Hour {
		t.Errorf("defaults: %+v", s)
	}
}

func TestSourceFaultsAreNamed(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"kind", "{name: a, kind: ftp}", []string{"sources[0].kind = ftp", "sftp"}},
		{"no block", "{name: a, kind: s3}", []string{"needs a block s3"}},
		{"another's block", "{name: a, kind: directory, directory: {path: x}, s3: {}}", []string{"sources[0].s3", "does not belong"}},
		{"name", "{name: 'A b', kind: directory, directory: {path: x}}, {name: inbox, kind: directory, directory: {path: x}}", []string{"sources[0].name", "sources[1].name", "built-in"}},
		{"cron and pattern", "{name: a, kind: directory, cron: often, pattern: ['['], whole: maybe, directory: {path: x, after: burn}}", []string{"cron", "pattern", "whole", "after"}},
		{"two ways", "{name: a, kind: sftp, sftp: {address: 'h:22', user: u, path: /o, known_hosts: k, key_file: k, password_env: P}}", []string{"exactly one way"}},
		{"passphrase", "{name: a, kind: sftp, sftp: {address: 'h:22', user: u, path: /o, known_hosts: k, password_env: P, passphrase_env: Q, passphrase_file: f}}", []string{"passphrase", "exactly one way", "key_file"}},
		{"address", "{name: a, kind: http, http: {urls: [ftp://h/x, 'https://h/']}}", []string{"urls[0]", "urls[1]"}},
		{"basic without user", "{name: a, kind: http, http: {urls: [https://h/x], password_env: P}}", []string{"authorization"}},
		{"watermark", "{name: a, kind: mysql, feed: f, sql: {address: 'h:1', database: d, user: u, password_env: P, file: x.csv, query: 'x > {watermark}', watermark: {column: c, type: timestamptz, start: soon, lag: much}}}", []string{"needs {n}", "MySQL has no such type", "start", "lag"}},
		{"port of no socket", "{name: a, kind: mysql, feed: f, sql: {address: /run/s, port: 5433, database: d, user: u, password_env: P, query: x}}, {name: b, kind: postgres, feed: f, sql: {address: 'h:1', port: 5433, database: d, user: u, password_env: P, query: x}}, {name: c, kind: postgres, feed: f, sql: {address: /run, port: 70000, database: d, user: u, password_env: P, query: x}}", []string{"sources[0].sql.port = 5433", "sources[1].sql.port = 5433", "sources[2].sql.port = 70000"}},
		{"inline password", "{name: a, kind: sftp, sftp: {password: x}}", []string{"unknown field"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(write(t, "sources: ["+c.text+"]\n"), "")
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is missing from:\n%v", w, err)
				}
			}
		})
	}
}
