package web

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"laborwatch/release"
)

type releasesBody struct {
	Rows []releaseRow
}

func (s *server) releases(w http.ResponseWriter, r *http.Request) {
	v := view{lang: s.lang(r), catalog: s.Catalog, snap: s.state().Snapshot}
	s.render(w, r, http.StatusOK, "releases", releasesBody{Rows: s.releaseRows(v, s.state().Releases, 0)})
}

// releaseFile serves a file of a published release, and nothing else.
func (s *server) releaseFile(w http.ResponseWriter, r *http.Request) {
	rel, ok := s.find(r.PathValue("period"), r.PathValue("version"))
	name := r.PathValue("file")
	if !ok || !slices.Contains(rel.Files, name) {
		s.missing(w, r)
		return
	}
	data, err := os.ReadFile(filepath.Join(rel.Dir, name))
	if err != nil {
		s.Log.Error("release file", "error", err)
		s.missing(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mediaType(name))
	if path.Ext(name) == ".html" {
		h.Set("Content-Security-Policy", releasePolicy)
	} else {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": saveAs(rel, name)}))
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}

// find looks among the releases of the state, then on disk: one may have been
// built since.
func (s *server) find(p, version string) (release.Release, bool) {
	match := func(list []release.Release) (release.Release, bool) {
		for _, r := range list {
			if r.Period.String() == p && fmt.Sprintf("v%d", r.Version) == version {
				return r, true
			}
		}
		return release.Release{}, false
	}
	if r, ok := match(s.state().Releases); ok || s.Releases == "" {
		return r, ok
	}
	list, err := release.List(s.Releases)
	if err != nil {
		s.Log.Error("releases", "error", err)
	}
	return match(list)
}

// saveAs keeps files of different releases apart in a folder of downloads.
func saveAs(r release.Release, name string) string {
	if strings.HasSuffix(name, ".xlsx") {
		return name // it says what it is
	}
	return fmt.Sprintf("%s_v%d_%s", r.Period, r.Version, name)
}

func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".csv":
		return "text/csv; charset=utf-8"
	case ".json":
		return "application/json"
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "application/octet-stream"
}
