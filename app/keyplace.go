package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"laborwatch/config"
	"laborwatch/messages"
)

// CheckKeyPlace refuses a key file that lies in the data folder, be it there yet
// or to be made. The configuration has compared the names; links may lead
// elsewhere.
func CheckKeyPlace(c *config.Config) error {
	data, err := resolved(c.Data, mostLinks)
	if err != nil {
		return err
	}
	key, err := resolved(c.Ingest.KeyFile, mostLinks)
	if err != nil {
		return err
	}
	if within(data, key) {
		return errors.New(messages.Both("key.within", c.Ingest.KeyFile, c.Data))
	}
	return nil
}

// mostLinks is how many links the kernel follows too.
const mostLinks = 40

// resolved is the place that a path leads to, whose end need not exist.
func resolved(path string, links int) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real, nil
	}
	if !errors.Is(err, fs.ErrNotExist) || links == 0 {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	dir, err := resolved(filepath.Dir(path), links-1)
	if err != nil {
		return "", err
	}
	target, err := os.Readlink(path)
	if err != nil { // no link: it is not there
		return filepath.Join(dir, filepath.Base(path)), nil
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(dir, target)
	}
	return resolved(target, links-1)
}
