package source

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

	"golang.org/x/sys/unix"

	"laborwatch/messages"
)

// checkpoint is after how many bytes a transfer is made durable, so that a
// killed process goes on from there.
const checkpoint = 8 << 20

// place is the folder of an object: a file's name may be as long as the file
// system allows, and one object's name may be another's folder.
func (s *Source) place(name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(s.dir, hex.EncodeToString(sum[:8]))
}

// file is where a whole object lies, part where it grows.
func (s *Source) file(name string) string { return filepath.Join(s.place(name), path.Base(name)) }
func (s *Source) part(name string) string { return filepath.Join(s.place(name), ".part") }

// land brings an object here, whole, and gives its record; errNothing when the
// source has nothing new under that name. What was brought before is kept if
// the object is still of that version.
func (s *Source) land(ctx context.Context, o Object, r Record) (Record, error) {
	if !filepath.IsLocal(filepath.FromSlash(o.Name)) {
		return r, permanent(errors.New(messages.Both("sources.badname", o.Name)))
	}
	if err := os.MkdirAll(s.place(o.Name), 0o700); err != nil {
		return r, &localError{err}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.c.Timeout.Whole, errWhole)
	defer cancel()
	t := &transfer{s: s, object: o, record: r}
	err := s.retry(ctx, o.Name, func(ctx context.Context) (bool, error) {
		before := t.record.Landed
		err := t.attempt(ctx)
		return t.record.Landed > before, err
	})
	if full(err) {
		// A full disk stops all else: what is here of the object makes way.
		t.record.Landed = 0
		err = errors.Join(err, os.Remove(s.part(o.Name)))
		err = fmt.Errorf("%s: %w", messages.Both("sources.full", s.dir), err)
	}
	return t.record, err
}

// here notes that an object lies on this machine.
func (s *Source) here(ctx context.Context, o Object, r Record) (Record, error) {
	r.Version, r.Size, r.Landed, r.Status, r.Watermark, r.Why = o.Version, o.Size, o.Size, Here, o.Watermark, ""
	return r, s.o.State.Put(ctx, r)
}

type transfer struct {
	s      *Source
	object Object
	record Record
}

// attempt brings what is missing of the object.
func (t *transfer) attempt(ctx context.Context) (err error) {
	s := t.s
	if err := s.open(ctx); err != nil {
		return err
	}
	f, err := os.OpenFile(s.part(t.object.Name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return &localError{err}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	offset := t.offset(f)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	in, err := s.backend.Open(ctx, t.object, offset)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := t.begin(ctx, f, in); err != nil {
		return err
	}
	w := watch(in, s.c.Timeout.Idle, cancel)
	defer w.stop()
	if err := t.copy(ctx, f, w); err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("%w (%w)", cause, err)
		}
		return err
	}
	w.stop()
	return t.finish(ctx, f, in)
}

// offset is up to where the part is of the version on offer and safely here.
func (t *transfer) offset(f *os.File) int64 {
	info, err := f.Stat()
	if err != nil || t.record.Status != Landing || t.object.Version == "" || t.record.Version != t.object.Version || info.Size() < t.record.Landed {
		return 0
	}
	return t.record.Landed
}

func (t *transfer) begin(ctx context.Context, f *os.File, in *Stream) error {
	t.object = in.Object
	if free, err := freeBytes(t.s.dir); err == nil && t.object.Size-in.Offset > free {
		return &localError{fmt.Errorf("%d bytes are missing, %d are free: %w", t.object.Size-in.Offset, free, unix.ENOSPC)}
	}
	if err := f.Truncate(in.Offset); err != nil {
		return &localError{err}
	}
	if _, err := f.Seek(in.Offset, io.SeekStart); err != nil {
		return &localError{err}
	}
	t.record.Version, t.record.Size, t.record.Status = t.object.Version, t.object.Size, Landing
	t.record.Landed, t.record.Why, t.record.Note = in.Offset, "", ""
	return t.s.o.State.Put(ctx, t.record)
}

func freeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	err := unix.Statfs(dir, &st)
	return int64(st.Bavail) * st.Bsize, err
}

// copy reads to the end. However it ends, what came is made durable and noted.
func (t *transfer) copy(ctx context.Context, f *os.File, r io.Reader) (err error) {
	at := t.record.Landed
	defer func() {
		if !full(err) {
			err = errors.Join(err, t.mark(context.WithoutCancel(ctx), f, at))
		}
	}()
	buf := make([]byte, 256<<10)
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, rerr := r.Read(buf)
		if _, err := f.Write(buf[:n]); err != nil {
			return &localError{err}
		}
		at += int64(n)
		t.s.o.Progress(t.object.Name, at, t.object.Size)
		if at-t.record.Landed >= checkpoint {
			if err := t.mark(ctx, f, at); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(rerr, io.EOF) && t.object.Size >= 0 && at != t.object.Size:
			return fmt.Errorf("%d bytes came of %d: %w", at, t.object.Size, io.ErrUnexpectedEOF)
		case errors.Is(rerr, io.EOF):
			return nil
		case rerr != nil:
			return rerr
		}
	}
}

func (t *transfer) mark(ctx context.Context, f *os.File, at int64) error {
	if err := f.Sync(); err != nil {
		return &localError{err}
	}
	t.record.Landed = at
	return t.s.o.State.Put(ctx, t.record)
}

// finish gives the whole object its name and notes that it is here.
func (t *transfer) finish(ctx context.Context, f *os.File, in *Stream) error {
	if in.Finish != nil {
		var err error
		if t.object, err = in.Finish(ctx); err != nil {
			if errors.Is(err, errChanged) {
				t.record.Landed, t.record.Version = 0, ""
			}
			return err
		}
	}
	t.object.Size = t.record.Landed
	if t.object.Version == "" {
		sum, err := contentVersion(f)
		if err != nil {
			return &localError{err}
		}
		t.object.Version = sum
	}
	name := t.s.file(t.object.Name)
	if err := os.Rename(t.s.part(t.object.Name), name); err != nil {
		return &localError{err}
	}
	if err := errors.Join(syncDir(filepath.Dir(name)), syncDir(t.s.dir)); err != nil {
		return &localError{err}
	}
	var err error
	t.record, err = t.s.here(ctx, t.object, t.record)
	return err
}

// contentVersion is the version of an object whose source tells none.
func contentVersion(f *os.File) (string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
