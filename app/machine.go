package app

import (
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"laborwatch/messages"
)

// explain adds what to do to errors that are the machine's: a full disk, and a
// folder that can no longer be written. Those of the engine are texts alone.
func (a *App) explain(err error) error {
	if err == nil {
		return nil
	}
	switch text := strings.ToLower(err.Error()); {
	case strings.Contains(text, "try:"): // it says so itself
	case says(text, unix.ENOSPC, unix.EDQUOT):
		return fmt.Errorf("%w. %s", err, messages.Both("machine.full", a.Config.Data))
	case says(text, unix.EROFS, unix.EACCES, unix.EPERM):
		// An extract may be what cannot be read; that is another matter.
		if dir := a.unwritable(); dir != "" {
			return fmt.Errorf("%w. %s", err, messages.Both("machine.unwritable", dir))
		}
	}
	return err
}

func says(text string, numbers ...unix.Errno) bool {
	for _, n := range numbers {
		if strings.Contains(text, strings.ToLower(n.Error())) {
			return true
		}
	}
	return false
}

// unwritable is the first of the data folder's own that cannot be written, "" for none.
func (a *App) unwritable() string {
	for _, name := range []string{"", "lake", "lake/tmp", "landing", "originals", "releases", "tmp"} {
		dir := filepath.Join(a.Config.Data, filepath.FromSlash(name))
		if exists(dir) && unix.Access(dir, unix.W_OK) != nil {
			return dir
		}
	}
	return ""
}
