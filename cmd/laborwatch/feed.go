package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/config"
	"laborwatch/ingest"
	"laborwatch/messages"
)

// feedNamed gives the feed that a word of the command line means: the feed's
// own name, its contract's title, or its short name on the filing board.
func feedNamed(cs ingest.Contracts, cfg *config.Config, name string) (string, error) {
	feeds := cs.Feeds()
	for _, f := range cfg.Filing.Feeds {
		if !slices.Contains(feeds, f.Feed) {
			feeds = append(feeds, f.Feed)
		}
	}
	for _, feed := range feeds {
		if name == feed || name == feedName(messages.ZH, feed) || strings.EqualFold(name, feedName(messages.EN, feed)) {
			return feed, nil
		}
	}
	feed, near := cs.Named(name)
	if feed != "" {
		return feed, nil
	}
	if len(near) == 0 {
		near = feeds
	}
	list := make([]string, len(near))
	for i, feed := range near {
		list[i] = feed
		if title := feedTitle(cs, feed); title != "" {
			list[i] += "（" + title + "）"
		}
	}
	return "", &exitError{exitUsage, errors.New(messages.Both("cli.nofeed", name, strings.Join(list, ", ")))}
}

func feedTitle(cs ingest.Contracts, feed string) string {
	if c := cs[feed]; c != nil {
		return c.Title.ZH
	}
	return ""
}

// nameFeed puts the feed in place of what --feed calls it, for every command
// that has the flag.
func (e *env) nameFeed(cmd *cobra.Command, _ []string) error {
	f := cmd.Flags().Lookup("feed")
	if f == nil || !f.Changed || f.Value.String() == "" {
		return nil
	}
	cfg, cs, err := e.inUse()
	if err != nil {
		return err
	}
	feed, err := feedNamed(cs, cfg, f.Value.String())
	if err != nil {
		return err
	}
	return f.Value.Set(feed)
}

// inUse are the configuration and contracts: the daemon's own where it is the
// daemon that runs the command.
func (e *env) inUse() (*config.Config, ingest.Contracts, error) {
	if e.app != nil {
		return e.app.Config, e.app.Contracts, nil
	}
	cfg, err := e.config()
	if err != nil {
		return nil, nil, err
	}
	cs, err := app.ContractsOf(cfg)
	return cfg, cs, err
}

// regionNamed gives the code of a region that is called by its name; whole is
// that of the city. A word that is no name is left as it is.
func regionNamed(cfg *config.Config, word, whole string) string {
	city := []string{cfg.City.ZH, cfg.City.EN, cfg.City.Code, messages.T(messages.ZH, "ingest.whole"), messages.T(messages.EN, "ingest.whole")}
	if slices.ContainsFunc(city, func(name string) bool { return strings.EqualFold(name, word) }) {
		return whole
	}
	for _, r := range cfg.Regions {
		if strings.EqualFold(word, r.ZH) || strings.EqualFold(word, r.EN) {
			return r.Code
		}
	}
	return word
}

// codeNamed gives the code that tables show as the word, one of those whose
// names stand in the catalog under the prefix; another word is left as it is.
func codeNamed(word, prefix string, list ...string) string {
	for _, code := range list {
		for _, name := range []string{messages.T(messages.ZH, prefix+code), messages.T(messages.EN, prefix+code), messages.Both(prefix + code)} {
			if strings.EqualFold(word, name) {
				return code
			}
		}
	}
	return word
}
