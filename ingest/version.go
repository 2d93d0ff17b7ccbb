package ingest

import (
	"context"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"laborwatch/lake"
)

// versioned parts a base name into what all versions of a document share, the
// correction mark, and the extensions.
var versioned = regexp.MustCompile(`(?is)^(.+?)((?:_(?:更正|修订)[^_]*?)*)((?:\.(?:csv|tsv|txt|xlsx|parquet|gz))*)$`)

// unmarked is the base name without its correction mark.
func unmarked(base string) string { return versioned.ReplaceAllString(base, "$1$3") }

// document is what all versions of a document share of their base name; marked
// says that the name has a correction mark.
func document(base string) (name string, marked bool) {
	m := versioned.FindStringSubmatch(base)
	if m == nil {
		return base, false
	}
	return m[1], m[2] != ""
}

// later is 1 for corrections in mode append, which come after the documents
// that they correct, in whatever folders these lie.
func (r *run) later(s *source) int {
	if _, marked := document(filepath.Base(s.file.Rel)); marked && r.in.contracts[s.file.Feed].Mode == lake.Append {
		return 1
	}
	return 0
}

// versions gives, by the extract's id, the loads that it replaces in mode
// append. The extracts are of one feed; each is seen by those after it.
func (r *run) versions(ctx context.Context, sources []*source) (map[string][]string, error) {
	feed := sources[0].file.Feed
	if sources[0].corrects != nil {
		return nil, nil // a part of a load, whatever its name, replaces nothing
	}
	if r.in.contracts[feed].Mode != lake.Append {
		return nil, nil
	}
	loads, err := r.in.lake.Loads(ctx, feed)
	if err != nil {
		return nil, err
	}
	loads = slices.DeleteFunc(loads, func(x lake.Load) bool { return x.PartOf != "" })
	out := map[string][]string{}
	for _, s := range sources {
		old, err := replaces(s.file.Rel, loads)
		if err != nil {
			return nil, err
		}
		for _, i := range old {
			out[s.id] = append(out[s.id], loads[i].ID)
			loads[i].Status, loads[i].SupersededBy = lake.Superseded, s.id
		}
		loads = append(loads, lake.Load{ID: s.id, Source: s.file.Rel, Status: lake.Live})
	}
	return out, nil
}

// replaces gives the indices of the live loads of which the extract is a new
// version: what the same path gave (or what has replaced that since); and if
// the name has a correction mark, the document of the same name in the same
// folder, else the only one anywhere. Several elsewhere refuse the extract.
func replaces(rel string, loads []lake.Load) ([]int, error) {
	name, marked := document(path.Base(rel))
	var same, elsewhere []int
	for i, x := range loads {
		for x.Source == rel && i >= 0 && loads[i].Status == lake.Superseded {
			by := loads[i].SupersededBy
			i = slices.IndexFunc(loads, func(y lake.Load) bool { return y.ID == by })
		}
		switch {
		case i < 0 || loads[i].Status != lake.Live:
		case x.Source == rel:
			same = append(same, i)
		case !marked || !isDocument(x.Source, name):
		case path.Dir(x.Source) == path.Dir(rel):
			same = append(same, i)
		default:
			elsewhere = append(elsewhere, i)
		}
	}
	slices.Sort(same)
	switch {
	case len(same) > 0:
		return slices.Compact(same), nil
	case len(elsewhere) < 2:
		return elsewhere, nil
	}
	names := make([]string, len(elsewhere))
	for j, i := range elsewhere {
		names[j] = loads[i].Source
	}
	return nil, refuse("version", strings.Join(names, ", "))
}

func isDocument(source, name string) bool {
	other, _ := document(path.Base(source))
	return other == name
}
