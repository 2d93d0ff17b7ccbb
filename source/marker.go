package source

import (
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"laborwatch/messages"
)

// markers end the name of the file that says another is whole, in any case.
var markers = []string{".ok", ".done"}

// isMarker says whether a name is a marker's: what it holds is no extract.
func isMarker(name string) bool {
	return slices.Contains(markers, strings.ToLower(path.Ext(name)))
}

// marksOf gives the markers among what is listed, by the name of their file.
func marksOf(list []Object) map[string][]Object {
	out := map[string][]Object{}
	for _, o := range list {
		if isMarker(o.Name) {
			file := strings.TrimSuffix(o.Name, path.Ext(o.Name))
			out[file] = append(out[file], o)
		}
	}
	return out
}

// marked has the objects wait that no marker says are whole: one beside it and
// not older.
func marked(list []Object, marks map[string][]Object) {
	for i, o := range list {
		switch older := marks[o.Name]; {
		case slices.ContainsFunc(older, func(m Object) bool { return !m.Modified.Before(o.Modified) }):
		case len(older) > 0:
			list[i].waits = messages.Both("sources.waits.newer", path.Base(older[0].Name))
		default:
			base := path.Base(o.Name)
			list[i].waits = messages.Both("sources.waits.marker", base+markers[0], base+markers[1])
		}
	}
}

// spellings are the markers' endings in every mixture of cases.
var spellings = sync.OnceValue(func() (out []string) {
	for _, ext := range markers {
		for upper := range 1 << len(ext) {
			b := []byte(ext)
			for i, c := range ext {
				if upper>>i&1 == 1 {
					b[i] = strings.ToUpper(string(c))[0]
				}
			}
			out = append(out, string(b))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
})

// eachMarker calls do for the ending of each marker that lies beside a file of
// this machine.
func eachMarker(file string, do func(ext string) error) error {
	for _, ext := range spellings() {
		if info, err := os.Lstat(file + ext); err != nil || info.IsDir() {
			continue
		}
		if err := do(ext); err != nil {
			return err
		}
	}
	return nil
}
