package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// assets are the embedded styles and scripts. Their addresses hold a hash of
// their content, so that a browser may keep them for good.
type assets struct {
	byURL map[string]asset
	urls  map[string]string // by name: app.css → /assets/0123abcd/app.css
}

type asset struct {
	name string
	data []byte
}

func loadAssets() (*assets, error) {
	a := &assets{byURL: map[string]asset{}, urls: map[string]string{}}
	err := fs.WalkDir(assetFiles, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) == ".md" {
			return err
		}
		data, err := assetFiles.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "assets/")
		sum := sha256.Sum256(data)
		url := hex.EncodeToString(sum[:6]) + "/" + name
		a.byURL[url] = asset{path.Base(name), data}
		a.urls[name] = "/assets/" + url
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("web: assets: %w", err)
	}
	return a, nil
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := a.byURL[r.PathValue("path")]
	if !ok {
		plain(w, http.StatusNotFound, "not found\n")
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, f.name, time.Time{}, strings.NewReader(string(f.data)))
}
