package infer

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"laborwatch/archive"
	"laborwatch/messages"
)

// open gives the file to look at: the one named, or the only table in it where
// it is an archive. done removes what was unpacked.
func open(ctx context.Context, file string, lim archive.Limits) (found archive.Member, done func() error, err error) {
	base := filepath.Base(file)
	found, done = archive.Member{Name: base, Path: file}, func() error { return nil }
	kind, err := archive.Sniff(file, base)
	if err != nil || kind == archive.Plain {
		return found, done, err
	}
	if lim == (archive.Limits{}) {
		lim = archive.Default
	}
	dir, err := os.MkdirTemp("", "laborwatch-infer-") // its owner's alone: there may be raw IDs
	if err != nil {
		return found, done, err
	}
	done = func() error { return os.RemoveAll(dir) }
	members, err := archive.Unpack(ctx, file, base, dir, lim)
	if err == nil {
		found, err = onlyTable(base, members)
	}
	if err != nil {
		err = errors.Join(err, done())
	}
	return found, done, err
}

// onlyTable is the only member that may hold a table; several, or none, are
// listed for a person to choose from.
func onlyTable(base string, members []archive.Member) (archive.Member, error) {
	var tables []archive.Member
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = comment(m.Name)
		if tabular(m.Name) {
			tables = append(tables, m)
		}
	}
	switch {
	case len(members) == 0:
		return archive.Member{}, errors.New(messages.Both("infer.archive.empty", base))
	case len(tables) == 0:
		return archive.Member{}, errors.New(messages.Both("infer.archive.none", base, strings.Join(names, "、")))
	case len(tables) > 1:
		return archive.Member{}, errors.New(messages.Both("infer.archive.several", base, strings.Join(names, "、")))
	}
	return tables[0], nil
}

// tabular says by the name that a file may be a table.
func tabular(name string) bool {
	ext := path.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz"))
	return slices.Contains([]string{".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet"}, ext)
}
