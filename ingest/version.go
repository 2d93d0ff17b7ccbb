package ingest

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"laborwatch/lake"
)

// versioned parts a base name into what all versions of a document share, the
// correction mark, and the extensions; copied finds the mark of a copy that a
// browser or a person made.
var (
	versioned = regexp.MustCompile(`(?is)^(.+?)((?:[_\s-]*[（(]?(?:更正|修订)[^_]*?)*)((?:\.(?:csv|tsv|txt|xlsx|parquet|gz))*)$`)
	copied    = regexp.MustCompile(`(?s)(?:\s*[（(]\d+[）)]|[\s_-]+副本(?:\s*[（(]?\d+[）)]?)?)$`)
)

// unmarked is the base name without its correction mark.
func unmarked(base string) string {
	name, _, ext := parted(base)
	return name + ext
}

// parted gives the parts of a base name. A mark may follow a date without more,
// but no word: 第1版更正 is a name.
func parted(base string) (name, mark, ext string) {
	m := versioned.FindStringSubmatch(base)
	if m == nil {
		return base, "", ""
	}
	if r := []rune(m[2]); len(r) > 0 && (r[0] == '更' || r[0] == '修') && (m[1][len(m[1])-1] < '0' || m[1][len(m[1])-1] > '9') {
		return m[1] + m[2], "", m[3]
	}
	return m[1], m[2], m[3]
}

// document is what all versions of a document share of their base name; marked
// says that the name has a correction mark.
func document(base string) (name string, marked bool) {
	name, mark, _ := parted(base)
	return copied.ReplaceAllString(name, ""), mark != ""
}

// later orders the extracts of a feed in one call: copies come after the
// documents, and corrections after both, in whatever folders these lie.
func (r *run) later(s *source) int {
	base := baseName(s.file.Rel)
	name, mark, _ := parted(base)
	switch {
	case mark != "":
		return 2
	case copied.MatchString(name):
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
	loads, err := r.in.lake.Loads(ctx, feed)
	if err != nil {
		return nil, err
	}
	loads = append(loads, r.would...)
	loads = slices.DeleteFunc(loads, func(x lake.Load) bool { return x.PartOf != "" })
	out := map[string][]string{}
	for _, s := range sources {
		if err := corrected(s, loads); err != nil {
			return nil, err
		}
		if r.in.contracts[feed].Mode != lake.Append {
			continue
		}
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

// corrected refuses a document that comes after its correction, which is live:
// it would take the place of it, or stand beside it. One that was there before,
// under the same path, is a later version.
func corrected(s *source, loads []lake.Load) error {
	name, marked := document(path.Base(s.file.Rel))
	if marked || s.act != (lake.Act{}) || slices.ContainsFunc(loads, func(x lake.Load) bool { return x.Source == s.file.Rel }) {
		return nil
	}
	for _, x := range loads {
		other, mark := document(path.Base(x.Source))
		if mark && other == name && x.Status == lake.Live && (x.Period == s.month || s.month == 0) && x.Scope == s.scope {
			return refuse("set", phrases{{"ingest.check.corrected", []any{x.Source}}})
		}
	}
	return nil
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
