package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"laborwatch/config"
	"laborwatch/messages"
)

// directory is a folder of this machine.
type directory struct {
	root, after string
}

func newDirectory(c *config.DirectorySource) *directory {
	return &directory{root: c.Path, after: c.After}
}

func (d *directory) growing() {}

func (d *directory) Close() error { return nil }

// stampVersion is the version of a file by its size and time.
func stampVersion(info fs.FileInfo) string {
	return fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
}

func (d *directory) object(name string, info fs.FileInfo) Object {
	return Object{Name: name, Size: info.Size(), Modified: info.ModTime(), Version: stampVersion(info)}
}

// List walks the folder. The folder that loaded files are moved to is passed
// over when it lies within, and so is what vanishes meanwhile. A folder within
// that cannot be read is a fault of its own, and so is a broken link; links to
// files are followed, those to folders are not.
func (d *directory) List(ctx context.Context, _ map[string]string) (out []Object, err error) {
	moved, _ := strings.CutPrefix(d.after, "move:")
	root := d.root + string(filepath.Separator) // the folder itself may be a link
	err = filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if file == root {
			return err
		}
		rel, rerr := filepath.Rel(d.root, file)
		name := filepath.ToSlash(rel)
		switch {
		case rerr != nil:
			return rerr
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			out = append(out, faulty(name+"/", err))
		case e.IsDir() && (strings.HasPrefix(e.Name(), ".") || file == d.target(moved)):
			return fs.SkipDir
		case e.Type().IsRegular(), e.Type()&fs.ModeSymlink != 0:
			if o, ok := d.look(name, file); ok {
				out = append(out, o)
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, unix.ENOTDIR):
		err = permanent(errors.New(messages.Both("sources.nofolder", d.root)))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		err = permanent(err)
	}
	return out, err
}

// faulty is an object that is known to be there and cannot be had; a name that
// ends in a slash is a folder's.
func faulty(name string, err error) Object {
	return Object{Name: name, Size: -1, fault: permanent(err)}
}

// look describes a file, or the file that a link points to; false where there
// is none any more, or the link points to something else.
func (d *directory) look(name, file string) (Object, bool) {
	info, err := os.Stat(file)
	if err == nil {
		return d.object(name, info), info.Mode().IsRegular()
	}
	here, lerr := os.Lstat(file)
	if errors.Is(lerr, fs.ErrNotExist) {
		return Object{}, false
	}
	if lerr == nil && here.Mode()&fs.ModeSymlink != 0 {
		err = fmt.Errorf("%s: %w", messages.Both("sources.link"), err)
	}
	return faulty(name, err), true
}

func (d *directory) target(folder string) string {
	if folder == "" {
		return ""
	}
	if filepath.IsAbs(folder) {
		return filepath.Clean(folder)
	}
	return filepath.Join(d.root, folder)
}

func (d *directory) file(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

func (d *directory) Open(_ context.Context, o Object, offset int64) (*Stream, error) {
	f, err := os.Open(d.file(o.Name))
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
		err = permanent(err)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if !info.Mode().IsRegular() {
		return nil, errors.Join(permanent(errors.New(messages.Both("sources.nofile", o.Name))), f.Close())
	}
	now := d.object(o.Name, info)
	if now.Version != o.Version {
		return nil, errors.Join(permanent(errChanged), f.Close()) // it must be found whole again
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Stream{ReadCloser: f, Object: now, Offset: offset, Finish: func(context.Context) (Object, error) {
		info, err := os.Stat(f.Name())
		if err != nil {
			return now, permanent(err)
		}
		if stampVersion(info) != now.Version {
			return now, permanent(errChanged)
		}
		return now, nil
	}}, nil
}

// Stamp is a file of a directory as it is now.
func (s *Source) Stamp(name string) (Object, error) {
	d := newDirectory(s.c.Directory)
	info, err := os.Stat(d.file(name))
	if err != nil {
		return Object{}, err
	}
	return d.object(name, info), nil
}

// PutAway does with a loaded file of a directory what its After says, as a pull
// does; one that has changed since its stamp stays.
func (s *Source) PutAway(o Object) error { return newDirectory(s.c.Directory).settle(o) }

// PutAwayIn is the folder that loaded files are moved to, "" where they are not.
func (s *Source) PutAwayIn() string {
	moved, _ := strings.CutPrefix(s.c.Directory.After, "move:")
	if moved == s.c.Directory.After {
		return ""
	}
	return newDirectory(s.c.Directory).target(moved)
}

// settle does with a loaded file what the configuration says, unless a new
// version has taken its place. Its markers go with it: first the file, because
// one without its marker would not be met again.
func (d *directory) settle(o Object) error {
	if d.after == "keep" || d.after == "" {
		return nil
	}
	file := d.file(o.Name)
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || stampVersion(info) != o.Version {
		return err
	}
	if d.after == "delete" {
		if err := os.Remove(file); err != nil {
			return err
		}
		return eachMarker(file, func(ext string) error { return os.Remove(file + ext) })
	}
	folder, _ := strings.CutPrefix(d.after, "move:")
	to := filepath.Join(d.target(folder), filepath.FromSlash(o.Name))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	for n := 2; ; n++ { // an earlier file of that name is not written over
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		}
		to = filepath.Join(d.target(folder), filepath.FromSlash(path.Dir(o.Name)), fmt.Sprintf("%d", n), path.Base(o.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
	}
	if err := move(file, to); err != nil {
		return err
	}
	return eachMarker(file, func(ext string) error { return move(file+ext, to+ext) })
}

// move moves a file. Of a link, what it points to stays where it is, and the
// link goes on pointing there.
func move(from, to string) error {
	target, err := os.Readlink(from)
	if err != nil || filepath.IsAbs(target) {
		return os.Rename(from, to) // no link, or one that holds anywhere
	}
	if err := os.Symlink(filepath.Dir(from)+string(filepath.Separator)+target, to); err != nil {
		return err
	}
	return os.Remove(from)
}
