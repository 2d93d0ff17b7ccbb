package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"laborwatch/messages"
)

// Result is what a pull did.
type Result struct {
	// Offered counts the objects on offer.
	Offered int
	// Waiting are those not known to be whole, with what they wait for.
	Waiting []Told
	// Loaded and Refused are the objects handed to the loader, by outcome.
	Loaded, Refused []string
	// Notes tell of archives what was loaded of them and what was not.
	Notes []Told
	// Unknown are objects whose names no contract knows; they are not fetched.
	Unknown []string
	// Failed are the objects that could not be fetched or loaded; they are tried
	// again at the next pull.
	Failed []Failure
}

// Told is an object with what is to be told of it.
type Told struct{ Object, Why string }

// Failure is an object that could not be fetched or loaded.
type Failure struct {
	Object string
	Err    error
}

// fail notes an object that failed, once.
func (r *Result) fail(object string, err error) {
	r.Failed = append(slices.DeleteFunc(r.Failed, func(f Failure) bool { return f.Object == object }), Failure{object, err})
}

// Pull looks at the source, lands what is new and hands it to load, in order of
// time and name. What was landed before a crash is loaded first. One object's
// failure stops no other; it is in the Result, and counted against the source.
func (s *Source) Pull(ctx context.Context, load LoadFunc) (res Result, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.shut()
	s.missed = map[string]*miss{}
	err = s.pull(ctx, load, &res)
	what, down := "", err != nil
	if down {
		err = fmt.Errorf("%s: %w", s.c.Name, s.clean(err))
		what = err.Error()
	} else if len(res.Failed) > 0 {
		what = res.Failed[0].Object + ": " + res.Failed[0].Err.Error()
	}
	if ctx.Err() != nil {
		return res, err // stopped by hand: no fault of the source
	}
	return res, errors.Join(err, s.o.State.Looked(ctx, s.c.Name, s.o.Clock(), what, down))
}

func (s *Source) pull(ctx context.Context, load LoadFunc, res *Result) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	records, err := s.o.State.Records(ctx, s.c.Name)
	if err != nil {
		return err
	}
	if err := s.sweep(records); err != nil {
		return err
	}
	// Whatever comes of the source, what is here already is loaded.
	if err := s.finish(ctx, load, s.left(records), records, res); err != nil {
		return err
	}
	list, err := s.list(ctx, done(records))
	if err != nil {
		return err
	}
	for _, o := range list {
		if o.fault == nil || !isPermanent(o.fault) {
			res.Offered++
		}
	}
	if err := s.gone(ctx, list, records); err != nil {
		return err
	}
	if list, err = s.whole(ctx, list, records); err != nil {
		return err
	}
	var landed []Landed
	for _, o := range list {
		x, err := s.fetch(ctx, o, records)
		switch {
		case err != nil && (ctx.Err() != nil || local(err)):
			return err
		case errors.Is(err, errNothing):
		case err != nil:
			res.fail(o.Name, s.clean(err))
			s.o.Log.Warn("could not fetch", "source", s.c.Name, "object", o.Name, "error", s.clean(err))
		case x != nil:
			landed = append(landed, *x)
		}
	}
	for name, r := range records {
		switch r.Status {
		case Waiting:
			res.Waiting = append(res.Waiting, Told{name, r.Why})
		case Unknown:
			res.Unknown = append(res.Unknown, name)
		}
	}
	slices.SortFunc(res.Waiting, func(a, b Told) int { return strings.Compare(a.Object, b.Object) })
	slices.Sort(res.Unknown)
	return s.finish(ctx, load, landed, records, res)
}

// gone forgets the objects that were begun, or failed, and are no longer on
// offer: a part of them is of no use; and those refused whose names the source
// is not to take any more.
func (s *Source) gone(ctx context.Context, list []Object, records map[string]Record) error {
	offered := map[string]bool{}
	var unread []string
	for _, o := range list {
		offered[o.Name] = true
		if o.folder() {
			unread = append(unread, o.Name)
		}
	}
	for name, r := range records {
		if slices.ContainsFunc(unread, func(folder string) bool { return strings.HasPrefix(name, folder) }) {
			continue // nobody knows
		}
		if r.Status == Done && r.Why != "" && !offered[name] { // what could not be looked at is no longer to be
			r.Why = ""
			records[name] = r
			if err := s.o.State.Put(ctx, r); err != nil {
				return err
			}
		}
		if offered[name] || r.Status == Done || r.Status == Refused && s.wanted(name) || r.Status == Here {
			continue
		}
		if err := s.o.State.Forget(ctx, s.c.Name, name); err != nil {
			return err
		}
		if err := os.RemoveAll(s.place(name)); err != nil {
			return err
		}
		delete(records, name)
	}
	return nil
}

// done gives the versions that are done with, by object.
func done(records map[string]Record) map[string]string {
	out := map[string]string{}
	for name, r := range records {
		if r.Status == Done || r.Status == Refused {
			out[name] = r.Version
		}
	}
	return out
}

// left are the objects that a killed process had landed but not loaded.
func (s *Source) left(records map[string]Record) []Landed {
	if s.o.InPlace {
		return nil // they are listed again
	}
	var out []Landed
	for name, r := range records {
		if r.Status != Here {
			continue
		}
		if info, err := os.Stat(s.file(name)); err == nil && info.Size() == r.Size {
			out = append(out, Landed{Object{Name: name, Size: r.Size, Version: r.Version, Watermark: r.Watermark}, s.file(name)})
			continue
		}
		r.Status, r.Landed, r.Version = Waiting, 0, ""
		records[name] = r
	}
	slices.SortFunc(out, func(a, b Landed) int { return strings.Compare(a.Object.Name, b.Object.Name) })
	return out
}

// sweep removes what lies in the landing folder and is of no use: whole files
// that were loaded, and parts of objects that begin anew anyway.
func (s *Source) sweep(records map[string]Record) error {
	keep := map[string]string{}
	for name, r := range records {
		switch r.Status {
		case Here:
			keep[s.place(name)] = path.Base(name)
		case Landing:
			keep[s.place(name)] = ".part"
		}
	}
	places, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, p := range places {
		dir := filepath.Join(s.dir, p.Name())
		file, ok := keep[dir]
		if !ok {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Name() != file {
				if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// fetch lands one object; nil when it turns out to be done with already.
func (s *Source) fetch(ctx context.Context, o Object, records map[string]Record) (*Landed, error) {
	before, ok := records[o.Name]
	if !ok {
		before = Record{Source: s.c.Name, Object: o.Name, SeenAt: s.o.Clock()}
	}
	if before.Status == Done {
		before.Why = "" // this look tells anew
	}
	if s.o.InPlace && o.fault == nil {
		if before.Version != o.Version {
			before.Note = ""
		}
		before.Version, before.Size = o.Version, o.Size
		records[o.Name] = before
		return &Landed{o, filepath.Join(s.c.Directory.Path, filepath.FromSlash(o.Name))}, nil
	}
	r, err := before, o.fault
	if err == nil || !isPermanent(err) && s.known(o) {
		if err != nil && before.Status == Landing {
			o.Version = before.Version // the server will say whether it still holds
		}
		r, err = s.land(ctx, o, before)
	}
	switch {
	case errors.Is(err, errNothing):
		return nil, errors.Join(err, s.forgetPart(ctx, o.Name, before, records))
	case errors.Is(err, errChanged):
		// Still being written: no fault, it is looked at again.
		return nil, errors.Join(errNothing, s.o.State.Settle(ctx, []Record{s.noted(o, records, Waiting, messages.Both("sources.waits.changed"))}))
	case err != nil && r.Status == before.Status && (r.Status == Refused || r.Status == Here):
		return nil, err // the record says why it was refused, or could not be loaded
	case err != nil:
		switch {
		case before.Status == Done && r.Status == Done: // that version is loaded all the same
		case r.Status != Landing || errors.Is(err, fs.ErrNotExist):
			r.Status, r.Version = Failed, o.Version
		}
		r.Attempts++
		r.Why = s.clean(err).Error()
		records[o.Name] = r
		return nil, errors.Join(err, s.o.State.Put(context.WithoutCancel(ctx), r))
	}
	records[o.Name] = r
	if before.Version == r.Version && (before.Status == Done || before.Status == Refused) {
		before.DoneAt = s.o.Clock()
		records[o.Name] = before
		return nil, errors.Join(s.o.State.Put(ctx, before), os.RemoveAll(s.place(o.Name)))
	}
	return &Landed{Object{Name: o.Name, Size: r.Size, Modified: o.Modified, Version: r.Version, Watermark: r.Watermark}, s.file(o.Name)}, nil
}

// forgetPart puts things back to what they were before a fetch that found
// nothing new.
func (s *Source) forgetPart(ctx context.Context, name string, before Record, records map[string]Record) error {
	records[name] = before
	if before.Status == "" || before.Status == Again || before.Status == Here {
		delete(records, name)
		return errors.Join(s.o.State.Forget(ctx, s.c.Name, name), os.RemoveAll(s.place(name)))
	}
	return errors.Join(s.o.State.Put(ctx, before), os.RemoveAll(s.place(name)))
}
