package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"laborwatch/messages"
)

var sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

func (c *Config) validateSources(bad faultFunc) {
	if c.Archives.MaxRatio < 1 || c.Archives.MaxBytes < 1 || c.Archives.MaxEntries < 1 {
		bad("archives", c.Archives, "max_ratio, max_bytes and max_entries must be 1 or more")
	}
	if c.Ingest.Settle <= 0 {
		bad("ingest.settle", c.Ingest.Settle, "want a duration above zero, for example 10s")
	}
	validateAfter(bad, "ingest.after", c.Ingest.After)
	names := map[string]bool{"inbox": true}
	for i := range c.Sources {
		s := &c.Sources[i]
		f := fmt.Sprintf("sources[%d]", i)
		if !sourceName.MatchString(s.Name) {
			bad(f+".name", s.Name, "want lowercase letters, digits, - and _, at most 40")
		}
		if names[s.Name] {
			bad(f+".name", s.Name, "is taken; inbox is the built-in source")
		}
		names[s.Name] = true
		v := sourceCheck{f: f, s: s, bad: bad}
		v.common()
		v.blocks()
	}
}

type sourceCheck struct {
	f   string
	s   *Source
	bad faultFunc
}

func (v sourceCheck) common() {
	s := v.s
	if s.Cron != "" {
		if _, err := cron.ParseStandard(s.Cron); err != nil {
			v.bad(v.f+".cron", s.Cron, "%v; five fields: minute hour day month weekday", err)
		}
	}
	for _, p := range s.Pattern {
		if _, err := path.Match(p, ""); err != nil || p == "" {
			v.bad(v.f+".pattern", p, "want a glob on the base name, for example 社保缴费_*.csv")
		}
	}
	if !slices.Contains(WholeRules, s.Whole) {
		v.bad(v.f+".whole", s.Whole, "want one of %s", strings.Join(WholeRules, ", "))
	}
	if s.Retry.Attempts < 1 || s.Retry.First <= 0 || s.Retry.Max < s.Retry.First {
		v.bad(v.f+".retry", s.Retry, "want attempts of 1 or more, and first above zero and not above max")
	}
	if s.Settle <= 0 || s.Timeout.Connect <= 0 || s.Timeout.Idle <= 0 || s.Timeout.Whole <= 0 {
		v.bad(v.f+".timeout", s.Timeout, "settle and the timeouts must be above zero")
	}
}

// blocks checks that there is the kind's block and no other, and what it holds.
func (v sourceCheck) blocks() {
	s := v.s
	if !slices.Contains(SourceKinds, s.Kind) {
		v.bad(v.f+".kind", s.Kind, "want one of %s", strings.Join(SourceKinds, ", "))
		return
	}
	want := s.Kind
	if slices.Contains([]string{"postgres", "mysql", "oracle"}, want) {
		want = "sql"
	}
	for _, b := range []struct {
		name string
		set  bool
		run  func()
	}{
		{"directory", s.Directory != nil, v.directory},
		{"sftp", s.SFTP != nil, v.sftp},
		{"http", s.HTTP != nil, v.http},
		{"s3", s.S3 != nil, v.s3},
		{"sql", s.SQL != nil, v.sql},
	} {
		switch {
		case b.name == want && !b.set:
			v.bad(v.f+"."+b.name, nil, "a source of kind %s needs a block %s", s.Kind, b.name)
		case b.name != want && b.set:
			v.bad(v.f+"."+b.name, "…", "does not belong to a source of kind %s", s.Kind)
		case b.name == want:
			b.run()
		}
	}
}

func (v sourceCheck) need(field, value, what string) {
	if value == "" {
		v.bad(v.f+"."+field, value, what)
	}
}

// one wants exactly one of several ways to give a secret.
func (v sourceCheck) one(what string, ways ...string) {
	n := 0
	for _, w := range ways {
		if w != "" {
			n++
		}
	}
	if n != 1 {
		v.bad(v.f+"."+what, n, "give it in exactly one way: a file of mode 0600 or a variable of the environment")
	}
}

func (v sourceCheck) address(field, value string) {
	if host, port, err := net.SplitHostPort(value); err != nil || host == "" || port == "" {
		v.bad(v.f+"."+field, value, "want host:port")
	}
}

func (v sourceCheck) directory() {
	d := v.s.Directory
	v.need("directory.path", d.Path, "name the folder")
	validateAfter(v.bad, v.f+".directory.after", d.After)
}

// validateAfter checks what is to become of a folder's files.
func validateAfter(bad faultFunc, field, after string) {
	if folder, ok := strings.CutPrefix(after, "move:"); ok {
		if folder == "" || filepath.Clean(folder) == "." {
			bad(field, after, "name the folder after move:")
		}
	} else if after != "keep" && after != "delete" {
		bad(field, after, "want keep, delete or move:FOLDER")
	}
}

func (v sourceCheck) sftp() {
	x := v.s.SFTP
	v.address("sftp.address", x.Address)
	v.need("sftp.user", x.User, "name the user")
	v.need("sftp.path", x.Path, "name the folder on the server")
	v.need("sftp.known_hosts", x.KnownHosts, "name a known_hosts file; ssh-keyscan -H HOST prints its lines, compare the key with the server's operator")
	v.one("sftp: key or password", x.KeyFile, x.PasswordFile, x.PasswordEnv)
	if x.PassphraseFile != "" || x.PassphraseEnv != "" {
		v.one("sftp: passphrase", x.PassphraseFile, x.PassphraseEnv)
		v.need("sftp.key_file", x.KeyFile, "name the key that the passphrase opens")
	}
}

func (v sourceCheck) http() {
	h := v.s.HTTP
	if len(h.URLs) == 0 {
		v.bad(v.f+".http.urls", h.URLs, "list at least one address")
	}
	for i, raw := range h.URLs {
		u, err := url.Parse(raw)
		switch {
		case hasUserInfo(raw):
			v.bad(fmt.Sprintf("%s.http.urls[%d]", v.f, i), "…", "holds a user or password; give user and password_file instead")
		case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || path.Base(u.Path) == "/" || path.Base(u.Path) == ".":
			v.bad(fmt.Sprintf("%s.http.urls[%d]", v.f, i), raw, "want http(s)://host/…/file")
		}
	}
	if h.Months < 1 || h.Months > 120 || h.Days < 1 || h.Days > 366 {
		v.bad(v.f+".http", fmt.Sprintf("months %d, days %d", h.Months, h.Days), "want months of 1 to 120 and days of 1 to 366")
	}
	ways := 0
	for _, w := range []string{h.PasswordFile, h.PasswordEnv, h.TokenFile, h.TokenEnv} {
		if w != "" {
			ways++
		}
	}
	basic := h.PasswordFile != "" || h.PasswordEnv != ""
	if ways > 1 || basic != (h.User != "") {
		v.bad(v.f+".http", "authorization", "want none, or user with one of password_file and password_env, or one of token_file and token_env")
	}
}

func (v sourceCheck) s3() {
	b := v.s.S3
	if strings.Contains(b.Endpoint, "/") || b.Endpoint == "" {
		v.bad(v.f+".s3.endpoint", b.Endpoint, "want host or host:port, without a scheme")
	}
	v.need("s3.bucket", b.Bucket, "name the bucket")
	v.one("s3.access_key", b.AccessKeyFile, b.AccessKeyEnv)
	v.one("s3.secret_key", b.SecretKeyFile, b.SecretKeyEnv)
}

func (v sourceCheck) sql() {
	q := v.s.SQL
	if !filepath.IsAbs(q.Address) || v.s.Kind == "oracle" {
		v.address("sql.address", q.Address)
	}
	switch {
	case q.Port != 0 && (v.s.Kind != "postgres" || !filepath.IsAbs(q.Address)):
		v.bad(v.f+".sql.port", q.Port, "belongs to the folder of a PostgreSQL socket alone; elsewhere the address has it")
	case q.Port < 0 || q.Port > 65535:
		v.bad(v.f+".sql.port", q.Port, "want 1 to 65535")
	}
	v.need("sql.database", q.Database, "name the database")
	v.need("sql.user", q.User, "name a user who may only read")
	v.one("sql.password", q.PasswordFile, q.PasswordEnv)
	if q.TLS != "verify" && q.TLS != "off" {
		v.bad(v.f+".sql.tls", q.TLS, "want verify or off")
	}
	if v.s.Feed == "" {
		v.bad(v.f+".feed", "", "name the feed that the query's rows belong to")
	}
	if strings.TrimSpace(q.Query) == "" {
		v.bad(v.f+".sql.query", q.Query, "write the SELECT")
	}
	if strings.ContainsAny(q.File, `/\`) {
		v.bad(v.f+".sql.file", q.File, "want a file name, without a folder")
	}
	if q.MonthsBack < 0 || q.MonthsBack > 120 {
		v.bad(v.f+".sql.months_back", q.MonthsBack, "want 0 to 120")
	}
	placed := strings.Contains(q.Query, "{watermark}")
	if (q.Watermark != nil) != placed {
		v.bad(v.f+".sql.watermark", placed, "the query's {watermark} and the block watermark need each other")
	}
	if q.Watermark != nil {
		v.watermark(q)
	}
}

func (v sourceCheck) watermark(q *SQLSource) {
	w := q.Watermark
	f := v.f + ".sql.watermark"
	if !strings.Contains(q.File, "{n}") {
		v.bad(v.f+".sql.file", q.File, "needs {n}: extracts of one name would replace each other")
	}
	v.need("sql.watermark.column", w.Column, "name the column of the result")
	if !slices.Contains(WatermarkTypes, w.Type) {
		v.bad(f+".type", w.Type, "want one of %s", strings.Join(WatermarkTypes, ", "))
		return
	}
	if w.Type == "timestamptz" && v.s.Kind == "mysql" {
		v.bad(f+".type", w.Type, "MySQL has no such type; its TIMESTAMP is a timestamp in time_zone")
	}
	if err := CheckWatermark(w.Type, w.Start); err != nil {
		v.bad(f+".start", w.Start, "%v", err)
	}
	switch w.Type {
	case "text":
		if w.Lag != "" {
			v.bad(f+".lag", w.Lag, "a text watermark knows no lag")
		}
	case "bigint":
		if n, err := strconv.ParseInt(w.Lag, 10, 64); w.Lag != "" && (err != nil || n < 0) {
			v.bad(f+".lag", w.Lag, "want a whole number, for example 1000")
		}
	default:
		if d, err := time.ParseDuration(w.Lag); w.Lag != "" && (err != nil || d < 0) {
			v.bad(f+".lag", w.Lag, "want a duration, for example 10m")
		}
	}
}

// TimestampLayout and ZonedLayout are how timestamp watermarks are written: to
// the last digit, the latter in UTC.
const (
	TimestampLayout = "2006-01-02 15:04:05.999999999"
	ZonedLayout     = "2006-01-02 15:04:05.999999999-07:00"
)

// CheckWatermark says whether a text is a watermark of a type.
func CheckWatermark(kind, value string) error {
	var err error
	switch kind {
	case "bigint":
		_, err = strconv.ParseInt(value, 10, 64)
	case "timestamp":
		_, err = time.Parse(TimestampLayout, value)
	case "timestamptz":
		_, err = time.Parse(ZonedLayout, value)
	}
	if err != nil {
		return errors.New(messages.Beside("is no %s; write 0, 2020-01-01 00:00:00 or 2020-01-01 00:00:00+08:00", kind))
	}
	return nil
}
