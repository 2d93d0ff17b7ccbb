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
// over when it lies within, and so is what vanishes meanwhile.
func (d *directory) List(ctx context.Context, _ map[string]string) (out []Object, err error) {
	moved, _ := strings.CutPrefix(d.after, "move:")
	err = filepath.WalkDir(d.root, func(file string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, fs.ErrNotExist) && file != d.root:
			return nil
		case err != nil:
			return err
		case e.IsDir() && file != d.root && (strings.HasPrefix(e.Name(), ".") || file == d.target(moved)):
			return fs.SkipDir
		case !e.Type().IsRegular():
			if file == d.root && !e.IsDir() {
				return permanent(errors.New(messages.Both("sources.nofolder", d.root)))
			}
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(d.root, file)
		if err != nil {
			return err
		}
		out = append(out, d.object(filepath.ToSlash(rel), info))
		return nil
	})
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		err = permanent(err)
	}
	return out, err
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
// version has taken its place.
func (d *directory) settle(o Object) error {
	if d.after == "keep" || d.after == "" {
		return nil
	}
	info, err := os.Stat(d.file(o.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || stampVersion(info) != o.Version {
		return err
	}
	if d.after == "delete" {
		return os.Remove(d.file(o.Name))
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
	return os.Rename(d.file(o.Name), to)
}
