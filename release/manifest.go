package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"laborwatch/messages"
	"laborwatch/period"
)

// Files of every release beside the workbook, whose name holds the month.
const (
	manifestFile     = "manifest.json"
	pageFile         = "release.html"
	observationsFile = "observations.csv"
	excelFile        = "observations.excel.csv"
	dictionaryFile   = "dictionary.csv"
	alertsFile       = "alerts.csv"
	revisionsFile    = "revisions.csv"
)

// ErrTampered means that a file of a release is not as it was written.
var ErrTampered = errors.New(messages.Beside("a released file was changed or removed; restore it from a backup, or move the folder away"))

// Manifest says what a release was made from and what it consists of. It holds
// no time of its own: built again from the same state it is the same.
type Manifest struct {
	City    string        `json:"city"`
	Period  period.Period `json:"period"`
	Version int           `json:"version"`
	// AsOf is the time whose state a rebuilt release is of, "" for a published one.
	AsOf string `json:"as_of,omitempty"`
	// Fingerprint is the hash of all that the release says.
	Fingerprint string `json:"fingerprint"`
	// Indicators is the hash of the indicator catalog.
	Indicators string    `json:"indicators_sha256"`
	Inputs     []Input   `json:"inputs"`
	Files      []FileSum `json:"files"`
}

// FileSum is a file of a release with its size and hash.
type FileSum struct {
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Release is one version of a month's release on disk.
type Release struct {
	Period  period.Period
	Version int
	Dir     string
	// Files are base names, sorted.
	Files []string

	manifest Manifest
}

// List gives every release in a folder, newest first. A folder that does not
// exist holds none; one without a manifest is no release.
func List(dir string) ([]Release, error) {
	months, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("releases: %w", err)
	}
	var out []Release
	for _, m := range months {
		p, err := period.Parse(m.Name())
		if err != nil || !m.IsDir() {
			continue
		}
		versions, err := versionsOf(dir, p)
		if err != nil {
			return nil, err
		}
		out = append(out, versions...)
	}
	slices.SortFunc(out, func(a, b Release) int {
		if a.Period != b.Period {
			return int(b.Period - a.Period)
		}
		return b.Version - a.Version
	})
	return out, nil
}

// versionsOf lists the versions of one month in order.
func versionsOf(dir string, p period.Period) ([]Release, error) {
	entries, err := os.ReadDir(filepath.Join(dir, p.String()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("releases: %w", err)
	}
	var out []Release
	for _, e := range entries {
		n, err := strconv.Atoi(strings.TrimPrefix(e.Name(), "v"))
		if err != nil || !strings.HasPrefix(e.Name(), "v") {
			continue
		}
		r, err := open(filepath.Join(dir, p.String(), e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r.Period, r.Version = p, n
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Release) int { return a.Version - b.Version })
	return out, nil
}

func open(dir string) (Release, error) {
	r := Release{Dir: dir}
	b, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(b, &r.manifest); err != nil {
		return r, fmt.Errorf("%s: %w", filepath.Join(dir, manifestFile), err)
	}
	for _, f := range r.manifest.Files {
		r.Files = append(r.Files, f.Name)
	}
	r.Files = append(r.Files, manifestFile)
	slices.Sort(r.Files)
	return r, nil
}

// newest gives the last version of a month, nil when there is none.
func newest(dir string, p period.Period) (*Release, error) {
	all, err := versionsOf(dir, p)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[len(all)-1], nil
}

// verify holds the files against their hashes.
func (r *Release) verify() error {
	for _, f := range r.manifest.Files {
		b, err := os.ReadFile(filepath.Join(r.Dir, f.Name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err != nil || sum(b) != f.SHA256 {
			return fmt.Errorf("%s: %w", filepath.Join(r.Dir, f.Name), ErrTampered)
		}
	}
	return nil
}

// inputsOf are the loads that a month can depend on: those of its own and
// earlier months, and of the months after it that still net out its layoffs.
func inputsOf(o Options) []Input {
	until := o.Period.Add(o.Config.Alert.RehireMonths)
	out := make([]Input, 0, len(o.Loads))
	for _, l := range o.Loads {
		if l.Period <= until {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b Input) int {
		if a.Feed != b.Feed {
			return compareWords(a.Feed, b.Feed)
		}
		if a.Period != b.Period {
			return int(a.Period - b.Period)
		}
		return compareWords(a.LoadID, b.LoadID)
	})
	return out
}

func newManifest(o Options, c *Content, inputs []Input, print string) (Manifest, error) {
	b, err := json.Marshal(o.Catalog.All())
	if err != nil {
		return Manifest{}, fmt.Errorf("indicator catalog: %w", err)
	}
	m := Manifest{
		City: o.Config.City.Code, Period: c.Period, Version: c.Version, Fingerprint: print, Indicators: sum(b), Inputs: inputs,
	}
	if !o.AsOf.IsZero() {
		m.AsOf = o.AsOf.Format(time.RFC3339)
	}
	return m, nil
}

// workbookName says what a workbook is, wherever it is copied to: its month
// and version.
func workbookName(c *Content) string {
	return fmt.Sprintf("%s_%s_v%d.xlsx", text("release.file").ZH, c.Period, c.Version)
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
