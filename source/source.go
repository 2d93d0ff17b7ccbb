// Package source fetches extracts from where they are kept: folders, SFTP and
// HTTP servers, S3 buckets and databases. It lists what a place offers, lands
// what is new or changed as files of this machine, hands them to the loader,
// and remembers in state.duckdb how far each object has come.
//
// The verb at its heart is Source.Pull. Each version of an object is loaded
// once. A transfer that was cut off goes on where it stopped, if the object is
// unchanged; a process killed at any instant repeats a step, and loses none.
package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"laborwatch/config"
	"laborwatch/messages"
)

// Object is one file, or one answer of a query, that a source offers.
type Object struct {
	// Name within the source, parted by slashes.
	Name string
	// Size in bytes, -1 where the source does not tell.
	Size     int64
	Modified time.Time
	// Version changes when the bytes do; "" where only the bytes themselves can tell.
	Version string
	// Watermark is how far a query has read with this object.
	Watermark string
	// fault says why this one object cannot be had, where listing tells, and
	// waits what is missing before it may be taken.
	fault error
	waits string
}

// folder says whether it stands for a folder that cannot be read.
func (o Object) folder() bool { return strings.HasSuffix(o.Name, "/") }

// Stream is an object being read.
type Stream struct {
	io.ReadCloser
	// Object as it is now served.
	Object Object
	// Offset is where the bytes begin: that asked for, or 0.
	Offset int64
	// Finish is called after the last byte. It gives the object as it turned out
	// to be, or says that it changed meanwhile. Nil is fine.
	Finish func(context.Context) (Object, error)
}

// Backend is a kind of place. Its methods are called from one goroutine at a
// time, connect as needed, and after an error connect anew.
type Backend interface {
	// List gives what is on offer. known are the versions done with, by name.
	List(ctx context.Context, known map[string]string) ([]Object, error)
	// Open reads an object from an offset on, or from its beginning where the
	// object has changed or the place knows no offsets.
	Open(ctx context.Context, o Object, offset int64) (*Stream, error)
	Close() error
}

// settler is a backend that files are put away in, once they are loaded.
type settler interface {
	settle(o Object) error
}

// growing is a backend whose files may be listed while they are still written.
type growing interface{ growing() }

// errNothing says that there is nothing new to read.
var errNothing = errors.New("nothing new")

// errChanged says that an object changed while it was read.
var errChanged = errors.New(messages.Beside("the object changed while it was read"))

// permanentError will not go away by trying again.
type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

func permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

func isPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

// Landed is an object that lies on this machine, whole.
type Landed struct {
	Object Object
	Path   string
}

// Outcome says what became of a landed object.
type Outcome struct {
	// Refused says why it was refused, in whole or in part; "" for loaded.
	Refused string
	// Note tells of an archive what was loaded of it and what was not.
	Note string
	// Known says that it was not looked into: it was loaded before.
	Known bool
}

// LoadFunc loads landed objects and gives an outcome for each. After an error it
// is called again with fewer of them, down to the one that it fails on, which
// has failed and is offered again at the next pull. An error that Stop marks,
// a full disk and the end of ctx end the pull: then all are offered again.
type LoadFunc func(ctx context.Context, list []Landed) ([]Outcome, error)

// Stop marks an error of a LoadFunc as this machine's: it says nothing of the
// objects, and would come of any others.
func Stop(err error) error {
	if err == nil {
		return nil
	}
	return &localError{err}
}

// Options of New.
type Options struct {
	Config config.Source
	State  *State
	// Landing is the folder that all sources land in.
	Landing string
	// Location is the time zone that dates in names and databases are told in.
	Location *time.Location
	Clock    func() time.Time
	Log      *slog.Logger
	// Known says whether a contract knows a base name; others are not fetched.
	Known func(base string) bool
	// Progress is told of bytes landed; total is -1 where it is not known.
	Progress func(object string, done, total int64)
	// InPlace has a directory's files read where they lie, and offers them at
	// every pull: the ledger knows those that it has.
	InPlace bool
	// Wait pauses; nil waits by the machine's steady clock.
	Wait func(ctx context.Context, d time.Duration) error
}

// Source is one configured source. Pulls of it never overlap.
type Source struct {
	o       Options
	c       config.Source
	backend Backend
	secrets []secret
	dir     string
	missed  map[string]*miss
	mu      sync.Mutex
}

// New checks the options and makes the source; it connects to nothing. Secrets
// are read at each pull, so that a changed password needs no restart.
func New(o Options) (*Source, error) {
	if o.State == nil || o.Clock == nil || o.Location == nil || o.Landing == "" {
		return nil, errors.New("source: State, Clock, Location and Landing are required")
	}
	if o.InPlace && o.Config.Kind != "directory" {
		return nil, errors.New("source: only a directory is read in place")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Known == nil {
		o.Known = func(string) bool { return true }
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	return &Source{o: o, c: o.Config, dir: filepath.Join(o.Landing, o.Config.Name)}, nil
}

// Name of the source.
func (s *Source) Name() string { return s.c.Name }

// Config of the source.
func (s *Source) Config() config.Source { return s.c }

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// open makes the backend. Its faults are those of the configuration.
func (s *Source) open(ctx context.Context) (err error) {
	if s.backend != nil {
		return nil
	}
	s.secrets = nil
	switch s.c.Kind {
	case "directory":
		s.backend = newDirectory(s.c.Directory)
	case "sftp":
		s.backend, err = s.newSFTP()
	case "http":
		s.backend, err = s.newHTTP()
	case "s3":
		s.backend, err = s.newS3()
	default:
		s.backend, err = s.newQuery(ctx)
	}
	if err != nil {
		s.backend = nil
		return permanent(err)
	}
	return nil
}

// shut drops the connection: the next use connects anew.
func (s *Source) shut() {
	if s.backend == nil {
		return
	}
	if err := s.backend.Close(); err != nil {
		s.o.Log.Debug("closing a source", "source", s.c.Name, "error", s.clean(err))
	}
	s.backend = nil
}

// wanted says whether a listed name is one of the source's: neither hidden nor
// half-written nor a marker, and matched by a pattern.
func (s *Source) wanted(name string) bool {
	base := path.Base(name)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "~") || strings.HasSuffix(base, "~") ||
		slices.Contains([]string{".part", ".tmp", ".filepart", ".crdownload"}, path.Ext(base)) {
		return false
	}
	if isMarker(name) && slices.Contains([]string{"directory", "sftp", "s3"}, s.c.Kind) {
		return false // an address or a query is named by the operator
	}
	if len(s.c.Pattern) == 0 {
		return true
	}
	return slices.ContainsFunc(s.c.Pattern, func(p string) bool { ok, err := path.Match(p, base); return err == nil && ok })
}

// Check connects and lists, and changes nothing; it gives how many objects are
// on offer.
func (s *Source) Check(ctx context.Context) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.shut()
	s.missed = map[string]*miss{}
	list, err := s.list(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.c.Name, s.clean(err))
	}
	var faults []error
	for _, o := range list {
		if o.fault != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.c.Name, s.clean(o.fault)))
		}
	}
	return len(list), errors.Join(faults...)
}

// list asks the backend, trying again, and keeps what is wanted.
func (s *Source) list(ctx context.Context, known map[string]string) (list []Object, err error) {
	err = s.retry(ctx, "list", func(ctx context.Context) (bool, error) {
		if err := s.open(ctx); err != nil {
			return false, err
		}
		ctx, cancel := context.WithTimeoutCause(ctx, s.c.Timeout.Whole, errWhole)
		defer cancel()
		list, err = s.backend.List(ctx, known)
		return false, err
	})
	if err != nil {
		return nil, err
	}
	marks := marksOf(list)
	list = slices.DeleteFunc(list, func(o Object) bool { return !o.folder() && !s.wanted(o.Name) })
	if _, ok := s.backend.(growing); ok && s.c.Whole == "marker" {
		marked(list, marks)
	}
	slices.SortStableFunc(list, func(a, b Object) int {
		if c := a.Modified.Compare(b.Modified); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list, nil
}
