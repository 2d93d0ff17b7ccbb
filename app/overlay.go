package app

import (
	"errors"
	"io/fs"
	"sort"
)

// overlay lays an operator's folder of models over the embedded ones: a file of
// the same path replaces, any other is added.
type overlay struct{ over, base fs.FS }

// Open implements fs.FS.
func (o overlay) Open(name string) (fs.File, error) {
	f, err := o.over.Open(name)
	if err == nil {
		return f, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return o.base.Open(name)
}

// ReadDir lists both folders' entries, the operator's first choice of a name.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	over, oerr := fs.ReadDir(o.over, name)
	base, berr := fs.ReadDir(o.base, name)
	if oerr != nil && berr != nil {
		return nil, berr
	}
	seen := map[string]bool{}
	var out []fs.DirEntry
	for _, e := range append(over, base...) {
		if !seen[e.Name()] {
			seen[e.Name()] = true
			out = append(out, e)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name() < out[j].Name() })
	return out, nil
}
