package ingest

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"laborwatch/messages"
)

//go:embed contracts/*.yaml
var embedded embed.FS

// Contracts are the contracts in use, by feed.
type Contracts map[string]*Contract

// LoadContracts gives the embedded contracts, each replaced by the one of the
// same feed in dir ("" for none); dir may add feeds. The error tells all
// faults of all files.
func LoadContracts(dir string) (Contracts, error) {
	sub, err := fs.Sub(embedded, "contracts")
	if err != nil {
		return nil, err
	}
	all, err := readContracts(sub, "embedded")
	if err != nil || dir == "" {
		return all, err
	}
	own, err := LoadOnly(dir)
	if err != nil {
		return nil, err
	}
	maps.Copy(all, own)
	return all, nil
}

// EmbeddedContract gives the YAML of a contract that ships.
func EmbeddedContract(feed string) ([]byte, error) {
	return embedded.ReadFile("contracts/" + feed + ".yaml")
}

// LoadOnly gives the contracts in dir alone.
func LoadOnly(dir string) (Contracts, error) {
	own, err := readContracts(os.DirFS(dir), dir)
	if err != nil {
		return nil, err
	}
	if len(own) == 0 {
		return nil, errors.New(messages.Beside("contracts: %s holds no *.yaml", dir))
	}
	return own, nil
}

func readContracts(fsys fs.FS, where string) (Contracts, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("contracts: %w", err)
	}
	out := Contracts{}
	from := map[string]string{}
	var errs []error
	for _, e := range entries {
		if ext := path.Ext(e.Name()); e.IsDir() || (ext != ".yaml" && ext != ".yml") {
			continue
		}
		name := filepath.Join(where, e.Name())
		b, err := fs.ReadFile(fsys, e.Name())
		if err != nil {
			errs = append(errs, fmt.Errorf("contract %s: %w", name, err))
			continue
		}
		c, err := ParseContract(name, b)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if other, twice := from[c.Feed]; twice {
			errs = append(errs, errors.New(messages.Beside("contract %s: feed %s is defined in %s already", name, c.Feed, other)))
			continue
		}
		out[c.Feed], from[c.Feed] = c, name
	}
	return out, errors.Join(errs...)
}

// Persons says whether any contract reads resident IDs, so that a pseudonym key is needed.
func (cs Contracts) Persons() bool {
	for _, c := range cs {
		if slices.ContainsFunc(c.Columns, func(col ColumnRule) bool { return col.Type == "person" }) {
			return true
		}
	}
	return false
}

// Feeds lists the feeds in order.
func (cs Contracts) Feeds() []string { return keysOf(cs) }

// FeedOf gives the feed that a base name belongs to, "" for none. Among
// several the longest pattern wins, then the first feed in order.
func (cs Contracts) FeedOf(base string) string {
	best, length := "", 0
	for _, feed := range cs.Feeds() {
		for _, g := range cs[feed].Files {
			if len(g) > length && fits(g, base) {
				best, length = feed, len(g)
			}
		}
	}
	return best
}

// nearest gives up to n of known within a small edit distance of got, nearest first.
func nearest(got string, known []string, n int) []string {
	type scored struct {
		s string
		d int
	}
	var all []scored
	for _, k := range known {
		d := levenshtein.Distance(got, k, nil)
		if d <= max(len([]rune(got)), len([]rune(k)))*2/3 && d < max(len([]rune(got)), 1) {
			all = append(all, scored{k, d})
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int {
		if a.d != b.d {
			return a.d - b.d
		}
		return strings.Compare(a.s, b.s)
	})
	var out []string
	for _, x := range all[:min(n, len(all))] {
		out = append(out, x.s)
	}
	return out
}

// Named gives the feed that a person names: by its own name, or by its title in
// either language. Of a name that is none it gives the nearest feeds.
func (cs Contracts) Named(name string) (feed string, near []string) {
	name = strings.TrimSpace(name)
	if cs[name] != nil {
		return name, nil
	}
	of := map[string]string{}
	for _, feed := range cs.Feeds() {
		of[feed] = feed
		for _, title := range []string{cs[feed].Title.ZH, cs[feed].Title.EN} {
			if strings.EqualFold(title, name) {
				return feed, nil
			}
			of[title] = feed
		}
	}
	known := keysOf(of)
	for _, k := range known { // a part of a title is nearer than any misspelling
		if name != "" && strings.Contains(k, name) && !slices.Contains(near, of[k]) {
			near = append(near, of[k])
		}
	}
	for _, k := range nearest(name, known, 3) {
		if !slices.Contains(near, of[k]) {
			near = append(near, of[k])
		}
	}
	return "", near[:min(len(near), 3)]
}
