// Package ingest turns raw extracts into loads of the lake: it recognizes each
// file by its contract, decodes it, checks every cell, replaces resident IDs
// by pseudonyms, and publishes the good rows as one Parquet file and the bad
// ones as quarantine entries. An extract that lacks a required column, or
// cannot be read, is refused whole with nothing changed; bad input never stops
// good input.
//
// The verb at its heart is Ingester.Load. An extract that the ledger knows is
// skipped, so loading the same files twice does nothing.
package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"laborwatch/archive"
	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/pseudonym"
)

// Options of New.
type Options struct {
	Lake      *lake.Lake
	Engine    *engine.DuckDB
	Contracts Contracts
	// Inbox is the folder that extracts named by hand are named within; those
	// elsewhere, and all when it is empty, are named by their absolute path.
	Inbox string
	// Keys are what resident IDs go through; nil where no contract reads any.
	Keys *pseudonym.Chain
	// Regions are the valid region codes; empty means that they are not checked.
	Regions []string
	// Limits are what a gzipped extract may unpack to; zero means archive.Default.
	Limits archive.Limits
	// Scopes gives the scope that a name stands for in a file's name, as 新华区
	// for 410402.
	Scopes map[string]string
	// Clock gives the time; nil means the real one.
	Clock func() time.Time
	// Log gets one line a load; nil drops them.
	Log *slog.Logger
	// Progress is told of every extract that is done with, and how far a large one
	// is; nil is fine.
	Progress func(Progress)
}

// Progress is how far a call of Load has come.
type Progress struct {
	// File is the extract done with, relative to the inbox.
	File string
	// Done of Total extracts, including those skipped.
	Done, Total int
	// Rows in so far.
	Rows int64
	// Bytes of TotalBytes.
	Bytes, TotalBytes int64
}

// File is an extract on disk.
type File struct {
	// Path is absolute, Rel relative to the inbox when it lies there (the name
	// that the ledger keeps).
	Path, Rel string
	// Feed is the contract it is read by.
	Feed string
	// Origin is the source that it came through, "" for a file by hand.
	Origin string
	// Since says that its rows are those since the one before, of whatever months:
	// the date in its name is when they were read.
	Since bool
	// Named says that a person named this very file: if its load has been
	// superseded, it is made live again. A scan of the inbox, where old and
	// corrected files lie side by side, never does that.
	Named bool
	// Tag is the caller's; a Refusal of the file carries it, whose File may be
	// blotted.
	Tag int
}

// LoadResult is one extract that became a load.
type LoadResult struct {
	File string
	Load lake.Load
	// Revived says that the load was known, superseded, and is live again.
	Revived bool
	// Superseded are the sources of the loads that this one replaced.
	Superseded []string
	// Missing are optional columns that the extract lacks, Extra headers that
	// the contract does not know; neither was loaded.
	Missing, Extra []string
	// Notes say how the extract differs from the feed's earlier ones.
	Notes []lake.Note
	// Faults are the first that would go to quarantine, of a dry run alone.
	Faults []lake.Fault
}

// Refusal is one extract refused whole.
type Refusal struct {
	File, Feed string
	// Reason is for people, in Chinese and English.
	Reason string
	// Known says that the ledger knew the refusal from before.
	Known bool
	// Tag is that of the File.
	Tag int
}

// Summary is what a call of Load did.
// RowsIn = RowsLoaded + RowsQuarantined + RowsRepeated.
type Summary struct {
	RowsIn, RowsLoaded, RowsQuarantined, RowsRepeated int64
	Loads                                             []LoadResult
	Refused                                           []Refusal
	// Skipped counts extracts that the ledger knew.
	Skipped int
}

// Ingester loads extracts. It is safe to call Load from one goroutine at a time.
type Ingester struct {
	lake      *lake.Lake
	eng       *engine.DuckDB
	contracts Contracts
	inbox     string
	keys      *pseudonym.Chain
	regions   []string
	limits    archive.Limits
	scopes    map[string]string
	clock     func() time.Time
	log       *slog.Logger
	progress  func(Progress)
	prints    map[string]string
	readings  map[string]*reading
	// scanFrom is the size from which an extract is scanned.
	scanFrom int64
	// asideRows is told how many rows of a scan were put aside; for tests.
	asideRows func(int64)
}

// New checks the options and makes an Ingester.
func New(o Options) (*Ingester, error) {
	switch {
	case o.Lake == nil || o.Engine == nil:
		return nil, errors.New("ingest: a lake and an engine are needed")
	case len(o.Contracts) == 0:
		return nil, errors.New("ingest: there are no contracts")
	case o.Keys == nil && o.Contracts.Persons():
		return nil, errors.New("ingest: contracts that read resident IDs need pseudonym keys")
	}
	in := &Ingester{lake: o.Lake, eng: o.Engine, contracts: o.Contracts, inbox: o.Inbox, keys: o.Keys, scopes: o.Scopes, clock: o.Clock, log: o.Log, progress: o.Progress, prints: map[string]string{}, readings: map[string]*reading{}, scanFrom: tidyBytes, asideRows: func(int64) {}}
	in.regions = slices.Compact(slices.Sorted(slices.Values(o.Regions)))
	if in.limits = o.Limits; in.limits == (archive.Limits{}) {
		in.limits = archive.Default
	}
	if in.clock == nil {
		in.clock = time.Now
	}
	if in.log == nil {
		in.log = slog.New(slog.DiscardHandler)
	}
	if in.progress == nil {
		in.progress = func(Progress) {}
	}
	for feed, c := range o.Contracts {
		in.readings[feed] = &reading{keys: o.Keys, readers: map[string]*reader{}}
		for _, col := range c.Columns {
			r := newReader(c, col, in.regions)
			r.latest = in.latest()
			in.readings[feed].readers[col.Name] = r
		}
		in.prints[feed] = c.fingerprint()
		if c.readsRegions() {
			sum := sha256.Sum256([]byte(in.prints[feed] + strings.Join(in.regions, ",")))
			in.prints[feed] = hex.EncodeToString(sum[:])
		}
	}
	return in, nil
}

// contractText is the feed's contract as the ledger keeps it: without the
// resident IDs and phone numbers that an example in it may show.
func (in *Ingester) contractText(feed string) lake.ContractText {
	c := in.contracts[feed]
	out := lake.ContractText{Fingerprint: in.prints[feed], Feed: feed, Version: c.Version, YAML: scrub(string(c.source))}
	if c.readsRegions() {
		out.Regions = strings.Join(in.regions, ",")
	}
	return out
}

// RememberContracts has the ledger keep the contracts in use by which it has
// loads that an earlier version of the program made, without their text.
func (in *Ingester) RememberContracts(ctx context.Context) error {
	var list []lake.ContractText
	for _, feed := range in.contracts.Feeds() {
		list = append(list, in.contractText(feed))
	}
	return in.lake.KeepContracts(ctx, list)
}

// Scan lists the extracts in a folder and below, sorted by relative path, and
// the files that no contract knows. Links to files are followed, those to
// folders are not. Hidden files, those still being written (.part, .tmp, ~…) and
// markers that say of others that they are whole (.ok, .done) are passed over.
// What cannot be read below the folder is an error beside the rest.
func (in *Ingester) Scan(inbox string) (files []File, unknown []string, err error) {
	var faults []error
	err = filepath.WalkDir(inbox, func(path string, d os.DirEntry, err error) error {
		if err != nil && path == inbox {
			return err
		}
		base := d.Name()
		hidden := strings.HasPrefix(base, ".") && path != inbox
		switch {
		case hidden && d.IsDir():
			return filepath.SkipDir
		case err != nil: // the folder's own, after it was given as an entry
			faults = append(faults, fmt.Errorf("inbox %s: %w", inbox, err))
			return nil
		case hidden || d.IsDir() || partial(base):
			return nil
		}
		if d.Type()&fs.ModeSymlink != 0 {
			to, err := os.Stat(path)
			if err != nil {
				faults = append(faults, fmt.Errorf("inbox %s: %w", inbox, err))
				return nil
			}
			if !to.Mode().IsRegular() {
				return nil
			}
		} else if !d.Type().IsRegular() {
			return nil
		}
		rel, err := filepath.Rel(inbox, path)
		if err != nil {
			return err
		}
		if feed := in.contracts.FeedOf(base); feed != "" {
			files = append(files, File{Path: path, Rel: filepath.ToSlash(rel), Feed: feed})
		} else {
			unknown = append(unknown, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("inbox %s: %w", inbox, err)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Rel, b.Rel) })
	slices.Sort(unknown)
	return files, unknown, errors.Join(faults...)
}

func partial(base string) bool {
	return slices.Contains([]string{".ok", ".done"}, strings.ToLower(filepath.Ext(base))) ||
		strings.HasPrefix(base, "~") || strings.HasSuffix(base, "~") || slices.Contains([]string{".part", ".tmp", ".filepart", ".crdownload"}, filepath.Ext(base))
}

// Files makes a list of files named by hand. An empty feed is told by each
// file's name; a folder stands for the extracts in it.
func (in *Ingester) Files(feed string, paths []string) ([]File, error) {
	if feed != "" && in.contracts[feed] == nil {
		return nil, errors.New(messages.Beside("there is no feed %q%s. The feeds are: %s", feed, suggest(feed, in.contracts.Feeds()), strings.Join(in.contracts.Feeds(), ", ")))
	}
	var out []File
	var errs []error
	for _, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(abs)
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New(messages.Both("ingest.nofile", p))
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if info.IsDir() {
			found, _, err := in.Scan(abs)
			errs = append(errs, err)
			for _, f := range found {
				if feed == "" || f.Feed == feed {
					f.Rel = in.rel(f.Path)
					out = append(out, f)
				}
			}
			continue
		}
		f := File{Path: abs, Rel: in.rel(abs), Feed: feed, Named: true}
		if feed == "" {
			if f.Feed = in.contracts.FeedOf(filepath.Base(abs)); f.Feed == "" {
				errs = append(errs, errors.New(messages.Beside("%s: no contract knows the name. Name the feed: laborwatch ingest FEED FILE (feeds: %s)", p, strings.Join(in.contracts.Feeds(), ", "))))
				continue
			}
		}
		out = append(out, f)
	}
	return out, errors.Join(errs...)
}

// rel names a file as the ledger does.
func (in *Ingester) rel(path string) string {
	if rel, err := filepath.Rel(in.inbox, path); in.inbox != "" && err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(path)
}

// loadID names the load that the bytes give under the feed's contract. The
// month told by the file's name is part of it: two months may hold equal bytes.
func (in *Ingester) loadID(f File, sha string) string {
	told, _ := in.filed(f)
	sum := sha256.Sum256([]byte(strings.Join([]string{sha, f.Feed, in.prints[f.Feed], told.month.String(), told.scope}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// Load loads the extracts that the ledger does not know, feed by feed and
// within a feed in the order given: of two snapshots of one month, or two
// versions of one document in mode append, the later supersedes (documents come
// before their marked corrections). Refusals are no error: they are in the
// Summary. After an error (disk, memory, canceled) what was published before it
// stays.
func (in *Ingester) Load(ctx context.Context, files []File) (Summary, error) {
	return in.run(ctx, files, false)
}

// Try says what Load would do, and changes nothing: what would be loaded, be
// refused and be quarantined, and what the loads would supersede.
func (in *Ingester) Try(ctx context.Context, files []File) (Summary, error) {
	return in.run(ctx, files, true)
}

func (in *Ingester) run(ctx context.Context, files []File, dry bool) (Summary, error) {
	run := &run{in: in, total: len(files), dry: dry}
	err := run.load(ctx, files)
	if err != nil {
		err = fmt.Errorf("ingest: %w", err)
	}
	return run.sum, err
}
