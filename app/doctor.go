package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"laborwatch/config"
	"laborwatch/cube"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/pseudonym"
)

// FindingLevel says how a check went.
type FindingLevel string

// Levels of a finding; their names are keys of the message catalog.
const (
	OK      FindingLevel = "ok"
	Warning FindingLevel = "warn"
	Failure FindingLevel = "fail"
)

// Finding is the outcome of one check of doctor.
type Finding struct {
	Level  FindingLevel
	Check  string
	Detail string
}

// lowDisk is the free space, in bytes, below which doctor warns.
const lowDisk = 2 << 30

// Examine checks configuration, folders, key, disk, fonts, models and feeds. It
// changes nothing, and goes on after a fault so that all are seen at once. A
// nil owner means that this process does not own the data folder.
func Examine(ctx context.Context, c *config.Config, owner *App) []Finding {
	var out []Finding
	add := func(l FindingLevel, check, detail string) { out = append(out, Finding{l, check, detail}) }
	file := c.File
	if file == "" {
		file = messages.Both("cli.doctor.defaults")
	}
	add(OK, "config", file)
	examineFolders(c, add)
	keys := examineKeyFile(c, add)
	examineDisk(c, add)
	examineFonts(add)
	if err := messages.Check(); err != nil {
		add(Failure, "messages", err.Error())
	}
	if k, err := contracts(c); err != nil {
		add(Failure, "contracts", err.Error())
	} else {
		add(OK, "contracts", messages.Both("cli.doctor.count", len(k)))
	}
	if k, err := cube.ForConfig(c); err != nil {
		add(Failure, "catalog", err.Error())
	} else {
		add(OK, "catalog", messages.Both("cli.doctor.count", len(k.All())))
	}
	examineData(ctx, c, owner, keys, add)
	return out
}

type addFinding = func(FindingLevel, string, string)

func examineFolders(c *config.Config, add addFinding) {
	for _, d := range []struct{ check, path string }{{"data", c.Data}, {"inbox", c.Ingest.Inbox}, {"lake", filepath.Join(c.Data, "lake")}} {
		info, err := os.Stat(d.path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && d.check == "lake": // made by the first load
		case errors.Is(err, fs.ErrNotExist):
			add(Warning, d.check, messages.Both("cli.doctor.nodir", d.path))
		case err != nil:
			add(Failure, d.check, err.Error())
		case !info.IsDir() || unix.Access(d.path, unix.W_OK) != nil:
			add(Failure, d.check, messages.Beside("%s is no folder that can be written; check the path and its owner", d.path))
		default:
			add(OK, d.check, d.path)
		}
	}
}

func examineDisk(c *config.Config, add addFinding) {
	dir := c.Data
	for !exists(dir) {
		dir = filepath.Dir(dir)
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		add(Failure, "disk", err.Error())
		return
	}
	free := st.Bavail * uint64(st.Bsize)
	gib := float64(free) / (1 << 30)
	if free < lowDisk {
		add(Warning, "disk", messages.Both("cli.doctor.lowdisk", gib))
		return
	}
	add(OK, "disk", messages.Both("cli.doctor.free", gib))
}

// examineFonts looks where Debian and its kin keep fonts for one that holds
// Chinese; without it, PDFs and screenshots show boxes.
func examineFonts(add addFinding) {
	found := ""
	for _, root := range []string{"/usr/share/fonts", "/usr/local/share/fonts"} {
		_ = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			name := strings.ToLower(filepath.Base(path))
			for _, k := range []string{"cjk", "wqy", "simsun", "simhei", "sourcehan", "fangsong"} {
				if err == nil && found == "" && strings.Contains(name, k) {
					found = path
				}
			}
			return nil
		})
	}
	if found == "" {
		add(Warning, "fonts", messages.Both("cli.doctor.fontless"))
		return
	}
	add(OK, "fonts", found)
}

// examineData opens the data folder, if it is there and free, and checks the
// models against the engine and the feeds against the ledger.
func examineData(ctx context.Context, c *config.Config, owner *App, keys pseudonym.Keys, add addFinding) {
	a := owner
	if a != nil {
		add(OK, "daemon", messages.Both("cli.doctor.asked", os.Getpid()))
	} else {
		if !exists(filepath.Join(c.Data, "state.duckdb")) {
			add(OK, "feeds", messages.Both("cli.doctor.fresh"))
			return
		}
		opened, err := Open(ctx, Options{Config: c, Clock: time.Now, Command: "doctor"})
		var locked *LockedError
		if errors.As(err, &locked) {
			add(Warning, "daemon", messages.Both("cli.doctor.owned", locked.Holder.PID, locked.Holder.Command))
			return
		}
		if err != nil {
			add(Failure, "data", err.Error())
			return
		}
		a = opened
		defer func() {
			if err := a.Close(); err != nil {
				add(Failure, "data", err.Error())
			}
		}()
	}
	a.examineKeys(ctx, keys, add)
	if t, err := a.transformer(ctx); err != nil {
		add(Failure, "models", err.Error())
	} else {
		add(OK, "models", messages.Both("cli.doctor.count", len(t.Models())))
	}
	if waiting, err := a.Lake.LiveWaiting(ctx); err != nil {
		add(Failure, "lake", err.Error())
	} else if len(waiting) > 0 {
		add(Failure, "lake", lake.WaitError(waiting).Error())
	}
	status, err := a.Lake.Status(ctx)
	if err != nil {
		add(Failure, "feeds", err.Error())
		return
	}
	seen := map[string]bool{}
	for _, s := range status {
		if s.Loads == 0 {
			continue // all that came was refused
		}
		seen[s.Feed] = true
		add(OK, "feeds", messages.Both("cli.doctor.feed", s.Feed, s.LatestPeriod, s.Loads))
	}
	var missing []string
	for feed := range a.Contracts {
		if !seen[feed] {
			missing = append(missing, feed)
		}
	}
	sort.Strings(missing)
	if len(missing) > 0 {
		add(Warning, "feeds", messages.Both("cli.doctor.nofeed", len(missing), strings.Join(missing, ", ")))
	}
}
