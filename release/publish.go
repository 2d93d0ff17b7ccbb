package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// file is one file of a release, in memory.
type file struct {
	name string
	data []byte
}

// publish writes all files of a release beside its place and moves them there
// whole; from then on they are read-only.
func publish(ctx context.Context, o Options, c *Content, figs *figures, inputs []Input, print string) (Result, error) {
	files, err := render(o, c, figs)
	if err != nil {
		return Result{}, err
	}
	m, err := newManifest(o, c, inputs, print)
	if err != nil {
		return Result{}, err
	}
	for _, f := range files {
		m.Files = append(m.Files, FileSum{Name: f.name, Bytes: len(f.data), SHA256: sum(f.data)})
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return Result{}, fmt.Errorf("manifest: %w", err)
	}
	files = append(files, file{manifestFile, append(b, '\n')})
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	dir := filepath.Join(o.Dir, c.Period.String(), "v"+strconv.Itoa(c.Version))
	if err := place(dir, files); err != nil {
		return Result{}, err
	}
	res := Result{Period: c.Period, Version: c.Version, Dir: dir}
	for _, f := range files {
		res.Files = append(res.Files, f.name)
	}
	slices.Sort(res.Files)
	return res, nil
}

// render writes the content in every form, in order of name.
func render(o Options, c *Content, figs *figures) ([]file, error) {
	var out []file
	add := func(name string, b []byte, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, file{name, b})
		return nil
	}
	rows := figs.rows()
	steps := []struct {
		name  string
		write func() ([]byte, error)
	}{
		{observationsFile, func() ([]byte, error) { return observationsCSV(rows) }},
		{excelFile, func() ([]byte, error) { return excelCSV(o.Catalog, rows) }},
		{dictionaryFile, func() ([]byte, error) { return dictionaryCSV(o.Catalog, rows) }},
		{alertsFile, func() ([]byte, error) { return alertsCSV(c.alertCounts) }},
		{pageFile, func() ([]byte, error) { return page(c) }},
		{workbookName(c), func() ([]byte, error) { return workbook(c) }},
	}
	for _, s := range steps {
		b, err := s.write()
		if err := add(s.name, b, err); err != nil {
			return nil, err
		}
	}
	if c.Revisions != nil {
		b, err := c.Revisions.csv()
		if err := add(revisionsFile, b, err); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b file) int { return compareWords(a.name, b.name) })
	return out, nil
}

// place writes files to a temporary folder, syncs them and renames the folder.
func place(dir string, files []file) (err error) {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(parent, ".building-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(tmp))
		}
	}()
	for _, f := range files {
		if err := writeSynced(filepath.Join(tmp, f.name), f.data); err != nil {
			return err
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	if err := os.Rename(tmp, dir); err != nil {
		return err
	}
	return syncDir(parent)
}

func writeSynced(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Chmod(0o444), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
