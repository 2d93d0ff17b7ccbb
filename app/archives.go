package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
	"golang.org/x/sys/unix"

	"laborwatch/archive"
	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/source"
)

// feeds says what files are read as: force names the contract of all, only
// leaves out those of other contracts; without either names tell. A dry run
// changes nothing.
type feeds struct {
	force, only string
	dry         bool
}

// archiveFeed stands in the ledger for an archive that was refused whole.
const archiveFeed = "archive"

func (a *App) unpackDir() string { return filepath.Join(a.landing(), ".unpacked") }

func (a *App) limits() archive.Limits {
	l := a.Config.Archives
	return archive.Limits{Ratio: l.MaxRatio, Bytes: l.MaxBytes, Entries: l.MaxEntries}
}

// load loads files, and the members of those that are archives. It says for
// each file what became of it.
func (a *App) load(ctx context.Context, fs feeds, files []ingest.File) (sum Ingested, out []source.Outcome, err error) {
	a.work.Lock()
	defer a.work.Unlock()
	in, err := a.ingester(ctx)
	if err != nil {
		return sum, nil, source.Stop(err)
	}
	b := &bundle{app: a, in: in, feeds: fs, of: make([]tally, len(files))}
	run := func(ctx context.Context) error {
		return errors.Join(b.load(ctx, files), os.RemoveAll(a.unpackDir()))
	}
	if fs.dry {
		err = run(ctx)
	} else {
		_, err = a.journal.timed(ctx, StageIngest, run)
	}
	for _, t := range b.of {
		out = append(out, t.outcome())
	}
	return b.sum, out, err
}

// bundle is one call of load.
type bundle struct {
	app *App
	in  *ingest.Ingester
	feeds
	sum   Ingested
	of    []tally // by file
	list  []ingest.File
	owner []int // file by the extract's place in the list
	// bad are the extracts that were refused, by place.
	bad map[int]bool
	// packed are the archives unpacked here, by file.
	packed map[int]string
}

func (b *bundle) load(ctx context.Context, files []ingest.File) (err error) {
	b.bad, b.packed = map[int]bool{}, map[int]string{}
	for i, f := range files {
		if err := b.take(ctx, i, f); err != nil {
			return fmt.Errorf("%s: %w", f.Rel, err)
		}
	}
	refused, skipped := b.sum.Refused, b.sum.Skipped
	load := b.in.Load
	if b.dry {
		load = b.in.Try
	}
	if b.sum.Summary, err = load(ctx, b.list); err != nil {
		return ofMachine(err)
	}
	b.sum.Skipped += skipped
	for _, r := range b.sum.Refused {
		b.bad[r.Tag] = true
		t := &b.of[b.owner[r.Tag]]
		t.bad, t.why = t.bad+1, append(t.why, r.Reason)
	}
	b.sum.Refused = append(refused, b.sum.Refused...)
	if err := b.keepOriginals(ctx); err != nil {
		return source.Stop(err)
	}
	for i, sha := range b.packed {
		if b.of[i].outcome().Refused != "" || b.dry || b.only != "" {
			continue // so that it can be tried again, or the rest of it taken
		}
		if err := b.app.sourceState.ArchiveDone(ctx, sha, b.in.Fingerprint(), files[i].Rel, b.app.opts.Clock()); err != nil {
			return source.Stop(err)
		}
	}
	return nil
}

// take adds a file to the list, or what it holds.
func (b *bundle) take(ctx context.Context, i int, f ingest.File) error {
	base := path.Base(f.Rel)
	kind, err := archive.Sniff(f.Path, base)
	if err != nil {
		return err
	}
	if kind == archive.Plain {
		if f.Feed == "" {
			f.Feed = b.feedOf(base)
		}
		b.add(i, "", f)
		return nil
	}
	sha, err := hashFile(f.Path)
	if err != nil {
		return err
	}
	known, err := b.app.sourceState.ArchiveKnown(ctx, sha, b.in.Fingerprint())
	if err != nil {
		return source.Stop(err)
	}
	if known && !f.Named {
		b.sum.Skipped++
		b.of[i].known = true
		return nil
	}
	dir := filepath.Join(b.app.unpackDir(), fmt.Sprintf("%06d", i))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return source.Stop(err)
	}
	members, err := archive.Unpack(ctx, f.Path, base, dir, b.app.limits())
	if archive.Refused(err) {
		return b.refuse(ctx, i, f, sha, err)
	}
	if err != nil {
		return err
	}
	b.packed[i], b.of[i].packed = sha, true
	for _, m := range members {
		b.add(i, f.Rel, ingest.File{Path: m.Path, Rel: f.Rel + "/" + m.Name, Feed: b.memberFeed(f, path.Base(m.Name)), Named: f.Named, Origin: f.Origin})
	}
	return nil
}

func (b *bundle) feedOf(base string) string {
	if b.force != "" {
		return b.force
	}
	return b.app.Contracts.FeedOf(base)
}

// memberFeed is told by the member's own name, else by its archive's; a document
// beside the data is none.
func (b *bundle) memberFeed(f ingest.File, base string) string {
	if document(base) && b.app.Contracts.FeedOf(base) == "" {
		return ""
	}
	if feed := b.feedOf(base); feed != "" {
		return feed
	}
	return b.app.Contracts.FeedOf(path.Base(f.Rel))
}

// add takes an extract into the list; within is the archive that it is of.
func (b *bundle) add(i int, within string, f ingest.File) {
	switch {
	case b.only != "" && f.Feed != b.only:
	case f.Feed == "" && b.of[i].packed:
		b.sum.Strays = append(b.sum.Strays, f.Rel)
		b.of[i].stray(strings.TrimPrefix(f.Rel, within+"/"))
	case f.Feed == "":
		b.sum.Unknown = append(b.sum.Unknown, f.Rel)
		b.of[i].why = []string{Unread(b.app.Contracts, f.Rel)}
	default:
		b.of[i].parts++
		f.Tag = len(b.list)
		b.list, b.owner = append(b.list, f), append(b.owner, i)
	}
}

// refuse notes an archive that is refused whole, in the ledger too.
func (b *bundle) refuse(ctx context.Context, i int, f ingest.File, sha string, why error) error {
	feed := f.Feed
	if feed == "" {
		feed = b.force
	}
	if feed == "" {
		feed = archiveFeed
	}
	b.of[i].why = []string{why.Error()}
	b.sum.Refused = append(b.sum.Refused, ingest.Refusal{File: f.Rel, Feed: feed, Reason: why.Error()})
	b.app.log.Warn("archive refused", "file", f.Rel, "reason", why)
	if b.dry {
		return nil
	}
	return source.Stop(b.app.Lake.Refuse(ctx, []lake.Refused{{SHA256: sha, Feed: feed, File: f.Rel, Reason: why.Error(), LoadID: archiveFeed + ":" + sha}}))
}

// ofMachine marks the engine's errors that say nothing of what was loaded: the
// disk is full, or the database has to be opened anew. It gives its system's
// errors as text alone.
func ofMachine(err error) error {
	var e *duckdb.Error
	if !errors.As(err, &e) {
		return err
	}
	stops := e.Type == duckdb.ErrorTypeFatal
	for _, no := range []unix.Errno{unix.ENOSPC, unix.EDQUOT, unix.EFBIG, unix.EROFS} {
		stops = stops || strings.Contains(strings.ToLower(e.Msg), no.Error())
	}
	if stops {
		return source.Stop(err)
	}
	return err
}

func hashFile(file string) (sha string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// extracts lists what a person asked to load: the files named, or all in the
// inbox. Archives are among them; what else no contract knows is told apart.
func (a *App) extracts(in *ingest.Ingester, feed string, files []string) (list []ingest.File, unknown []string, err error) {
	if len(files) == 0 {
		return a.scan(in, a.Config.Ingest.Inbox, feed)
	}
	var plain []string
	var strange []error
	for _, f := range files {
		info, err := os.Stat(f)
		switch {
		case err != nil:
			plain = append(plain, f) // the ingester says what is wrong
		case info.IsDir():
			found, _, err := a.scan(in, f, feed)
			if err != nil {
				return nil, nil, err
			}
			for _, x := range found {
				n, err := in.Named(x.Path)
				if err != nil {
					return nil, nil, err
				}
				x.Rel = n.Rel
				list = append(list, x)
			}
		default:
			kind, err := archive.Sniff(f, f)
			if err != nil {
				return nil, nil, err
			}
			if kind == archive.Plain && feed == "" && a.Contracts.FeedOf(filepath.Base(f)) == "" {
				strange = append(strange, errors.New(Unread(a.Contracts, f)))
				continue
			}
			if kind == archive.Plain {
				plain = append(plain, f)
				continue
			}
			n, err := in.Named(f)
			if err != nil {
				return nil, nil, err
			}
			n.Feed = feed
			list = append(list, n)
		}
	}
	if len(plain) == 0 {
		return list, nil, errors.Join(strange...)
	}
	more, err := in.Files(feed, plain)
	return append(list, more...), nil, errors.Join(append(strange, err)...)
}

// scan lists a folder as the ingester does, with the archives in it. What could
// not be read is an error beside the rest.
func (a *App) scan(in *ingest.Ingester, dir, feed string) (list []ingest.File, unknown []string, err error) {
	found, strange, err := in.Scan(dir)
	if done := a.sources[0].PutAwayIn(); done != "" && dir == a.Config.Ingest.Inbox { // loaded before
		under := done + string(filepath.Separator)
		found = slices.DeleteFunc(found, func(f ingest.File) bool { return strings.HasPrefix(f.Path, under) })
		strange = slices.DeleteFunc(strange, func(rel string) bool {
			return strings.HasPrefix(filepath.Join(dir, filepath.FromSlash(rel)), under)
		})
	}
	for _, f := range found {
		if feed == "" || f.Feed == feed {
			list = append(list, f)
		}
	}
	for _, rel := range strange {
		file := filepath.Join(dir, filepath.FromSlash(rel))
		kind, serr := archive.Sniff(file, path.Base(rel))
		switch {
		case serr != nil:
			err = errors.Join(err, serr)
		case kind != archive.Plain:
			list = append(list, ingest.File{Path: file, Rel: rel})
		case feed == "" && !strings.HasPrefix(path.Base(rel), "."):
			unknown = append(unknown, rel)
		}
	}
	return list, unknown, err
}
