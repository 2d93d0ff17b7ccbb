package config

import (
	"net/url"
	"time"
)

// SourceKinds are the kinds of place that extracts come from.
var SourceKinds = []string{"directory", "sftp", "http", "s3", "postgres", "mysql", "oracle"}

// WholeRules say how a file is known to be whole: stable (size and time equal
// over two looks), marker (a file name.ok or name.done beside it), or none.
var WholeRules = []string{"stable", "marker", "none"}

// WatermarkTypes are the types of a query's watermark.
var WatermarkTypes = []string{"timestamp", "timestamptz", "bigint", "text"}

// Source is a place that extracts are fetched from, on a schedule of its own.
// Secrets are never written here: a field ending in _file names a file of mode
// 0600, one ending in _env a variable of the environment.
type Source struct {
	// Name stands for the source in the ledger, in metrics and on the command line.
	Name string `yaml:"name"`
	// Kind is one of SourceKinds; the block of that name holds its settings.
	Kind string `yaml:"kind"`
	// Feed is the contract that everything is read by; "" lets file names tell.
	Feed string `yaml:"feed,omitempty"`
	// Cron says when to look, in the configured time zone; "" only by hand.
	Cron string `yaml:"cron,omitempty"`
	// Pattern are globs on base names; none takes every file.
	Pattern []string `yaml:"pattern,omitempty"`
	// Whole is one of WholeRules, for directories and SFTP.
	Whole string `yaml:"whole,omitempty"`
	// Settle is how far apart two looks must be to tell that a file is whole.
	Settle  time.Duration `yaml:"settle,omitempty"`
	Retry   Retry         `yaml:"retry,omitempty"`
	Timeout Timeout       `yaml:"timeout,omitempty"`

	Directory *DirectorySource `yaml:"directory,omitempty"`
	SFTP      *SFTPSource      `yaml:"sftp,omitempty"`
	HTTP      *HTTPSource      `yaml:"http,omitempty"`
	S3        *S3Source        `yaml:"s3,omitempty"`
	SQL       *SQLSource       `yaml:"sql,omitempty"`
}

// Retry bounds how a failing transfer is tried again: the pause begins at
// First and doubles up to Max, each shortened or stretched at random by half.
type Retry struct {
	Attempts int           `yaml:"attempts,omitempty"`
	First    time.Duration `yaml:"first,omitempty"`
	Max      time.Duration `yaml:"max,omitempty"`
}

// Timeout bounds a connection attempt, a silence within a transfer, and a
// whole transfer.
type Timeout struct {
	Connect time.Duration `yaml:"connect,omitempty"`
	Idle    time.Duration `yaml:"idle,omitempty"`
	Whole   time.Duration `yaml:"whole,omitempty"`
}

// DirectorySource is a folder of this machine or one mounted on it.
type DirectorySource struct {
	Path string `yaml:"path"`
	// After is what becomes of a file once it is loaded: keep, delete, or
	// move:FOLDER (of the same file system).
	After string `yaml:"after,omitempty"`
}

// SFTPSource is a folder of an SSH server.
type SFTPSource struct {
	// Address is host:port.
	Address string `yaml:"address"`
	User    string `yaml:"user"`
	Path    string `yaml:"path"`
	// KnownHosts is a file as OpenSSH keeps it; the server's key must stand in it.
	KnownHosts string `yaml:"known_hosts"`
	KeyFile    string `yaml:"key_file,omitempty"`
	// The passphrase of an encrypted key.
	PassphraseFile string `yaml:"passphrase_file,omitempty"`
	PassphraseEnv  string `yaml:"passphrase_env,omitempty"`

	PasswordFile string `yaml:"password_file,omitempty"`
	PasswordEnv  string `yaml:"password_env,omitempty"`
}

// HTTPSource is a list of addresses; {YYYY}, {MM} and {DD} in them stand for
// the months and days looked back over.
type HTTPSource struct {
	URLs []string `yaml:"urls"`
	// Months and Days are how many months or days back addresses with a date
	// are asked for, the present one included.
	Months int `yaml:"months,omitempty"`
	Days   int `yaml:"days,omitempty"`
	// User is that of basic authorization.
	User         string `yaml:"user,omitempty"`
	PasswordFile string `yaml:"password_file,omitempty"`
	PasswordEnv  string `yaml:"password_env,omitempty"`
	TokenFile    string `yaml:"token_file,omitempty"`
	TokenEnv     string `yaml:"token_env,omitempty"`
	// CAFile holds the certificates of a private authority, in PEM.
	CAFile string `yaml:"ca_file,omitempty"`
}

// S3Source is a bucket of an S3-compatible server.
type S3Source struct {
	// Endpoint is host:port, without a scheme.
	Endpoint string `yaml:"endpoint"`
	Bucket   string `yaml:"bucket"`
	Prefix   string `yaml:"prefix,omitempty"`
	Region   string `yaml:"region,omitempty"`
	// Plain speaks HTTP without TLS.
	Plain         bool   `yaml:"plain,omitempty"`
	CAFile        string `yaml:"ca_file,omitempty"`
	AccessKeyFile string `yaml:"access_key_file,omitempty"`
	AccessKeyEnv  string `yaml:"access_key_env,omitempty"`
	SecretKeyFile string `yaml:"secret_key_file,omitempty"`
	SecretKeyEnv  string `yaml:"secret_key_env,omitempty"`
}

// SQLSource is a query that a database answers.
type SQLSource struct {
	// Address is host:port, or the path of a socket's folder for PostgreSQL and
	// of a socket for MySQL.
	Address string `yaml:"address"`
	// Port names a PostgreSQL socket in its folder, as the servers' port does
	// (.s.PGSQL.5433); 0 stands for 5432. An address host:port has its own.
	Port         int    `yaml:"port,omitempty"`
	Database     string `yaml:"database"` // Oracle: the service name
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file,omitempty"`
	PasswordEnv  string `yaml:"password_env,omitempty"`
	// TLS is verify (the default) or off; CAFile holds a private authority's certificates.
	TLS    string `yaml:"tls,omitempty"`
	CAFile string `yaml:"ca_file,omitempty"`
	// Query is a SELECT; {watermark} in it stands for how far was read.
	Query     string     `yaml:"query"`
	Watermark *Watermark `yaml:"watermark,omitempty"`
	// File names the extract; {YYYY} {MM} {DD} are the day of the query and {n}
	// counts the extracts of a source with a watermark.
	File string `yaml:"file,omitempty"`
	// MonthsBack moves the date in File to an earlier month.
	MonthsBack int `yaml:"months_back,omitempty"`
}

// Watermark is the column that says how far a query has read.
type Watermark struct {
	// Column of the query's result.
	Column string `yaml:"column"`
	// Type is one of WatermarkTypes.
	Type string `yaml:"type"`
	// Start is the watermark of the first query.
	Start string `yaml:"start"`
	// Lag is how far behind the watermark a query begins, so that rows which
	// were committed late are read: a duration for timestamps, a number for
	// bigint. Rows are then read twice, which only a contract in mode upsert
	// settles.
	Lag string `yaml:"lag,omitempty"`
}

// Archives bounds what a .zip or .gz may unpack to.
type Archives struct {
	// MaxRatio of unpacked to packed bytes, looked at beyond 16 MiB.
	MaxRatio int64 `yaml:"max_ratio"`
	// MaxBytes unpacked, MaxEntries in one archive.
	MaxBytes   int64 `yaml:"max_bytes"`
	MaxEntries int   `yaml:"max_entries"`
}

// prepare fills in the defaults and makes paths absolute.
func (s *Source) prepare(abs func(string) (string, error)) error {
	or(&s.Whole, "stable")
	or(&s.Settle, 10*time.Second)
	or(&s.Retry.Attempts, 5)
	or(&s.Retry.First, 2*time.Second)
	or(&s.Retry.Max, 2*time.Minute)
	if s.SQL != nil {
		or(&s.Timeout.Idle, 30*time.Minute) // a database may sort for long before the first row
	}
	or(&s.Timeout.Connect, 20*time.Second)
	or(&s.Timeout.Idle, time.Minute)
	or(&s.Timeout.Whole, 6*time.Hour)
	var paths []*string
	if d := s.Directory; d != nil {
		or(&d.After, "keep")
		paths = append(paths, &d.Path)
	}
	if x := s.SFTP; x != nil {
		paths = append(paths, &x.KnownHosts, &x.KeyFile, &x.PassphraseFile, &x.PasswordFile)
	}
	if h := s.HTTP; h != nil {
		or(&h.Months, 2)
		or(&h.Days, 7)
		paths = append(paths, &h.PasswordFile, &h.TokenFile, &h.CAFile)
	}
	if b := s.S3; b != nil {
		or(&b.Region, "us-east-1")
		paths = append(paths, &b.AccessKeyFile, &b.SecretKeyFile, &b.CAFile)
	}
	if q := s.SQL; q != nil {
		or(&q.TLS, "verify")
		file := s.Name + "_{YYYY}{MM}{DD}.csv"
		if q.Watermark != nil {
			file = s.Name + "_{n}_{YYYY}{MM}{DD}.csv"
		}
		or(&q.File, file)
		paths = append(paths, &q.PasswordFile, &q.CAFile)
	}
	for _, p := range paths {
		var err error
		if *p, err = abs(*p); err != nil {
			return err
		}
	}
	return nil
}

// or gives a setting its default where it was left out.
func or[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// hasUserInfo says whether an address carries a user or password.
func hasUserInfo(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.User != nil
}
