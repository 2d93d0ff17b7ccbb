package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/messages"
)

func (e *env) ingestCmd() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "ingest [--dry-run] [FEED] [FILE|FOLDER…]",
		Short: messages.Both("cli.ingest"),
		Args:  args(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, a []string) error {
			return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
				feed, files := "", a
				if len(a) > 0 {
					var err error
					if feed, err = e.feedOrFile(ap, a[0]); err != nil {
						return err
					}
				}
				if feed != "" {
					files = a[1:]
				}
				for i, f := range files {
					files[i] = e.path(f)
				}
				load := ap.Ingest
				if dry {
					load = ap.TryIngest
				}
				sum, err := load(ctx, feed, files)
				if err != nil && len(sum.Loads)+len(sum.Refused) == 0 {
					return err
				}
				told := e.reportIngest(ap, sum, dry) // what was done stands
				return cmp.Or(err, told)
			})
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, messages.Both("cli.ingest.dry"))
	return cmd
}

// reportIngest prints the summary; the exit code says whether rows went to
// quarantine or extracts were refused.
func (e *env) reportIngest(a *app.App, s app.Ingested, dry bool) error {
	summary := "cli.ingest.done"
	if dry {
		summary = "cli.ingest.drydone"
	}
	fmt.Fprintln(e.stdout, summarize(messages.ZH, summary, s)+" / "+summarize(messages.EN, summary, s))
	for _, l := range s.Loads {
		if dry {
			fmt.Fprintln(e.stdout, messages.Both("cli.ingest.dryload", l.File, l.Load.Feed, l.Load.Period, l.Load.RowsLoaded, l.Load.RowsQuarantined, l.Load.RowsRepeated))
		}
		for _, line := range ingest.Remarks(l.Notes) {
			fmt.Fprintf(e.stdout, "%s: %s\n", l.File, line)
		}
		for _, old := range l.Superseded {
			fmt.Fprintln(e.stdout, messages.Both("cli.ingest.supersedes", l.File, old))
		}
	}
	if dry {
		if err := e.reportFaults(a.Contracts, s); err != nil {
			return err
		}
	}
	for _, f := range s.Unknown {
		fmt.Fprintln(e.stderr, app.Unread(a.Contracts, f))
	}
	for _, f := range s.Strays {
		fmt.Fprintln(e.stderr, messages.Both("cli.ingest.stray", f))
	}
	for _, r := range s.Refused {
		fmt.Fprintf(e.stderr, "%s: %s\n", messages.Both("cli.ingest.refused", r.File), r.Reason)
	}
	switch {
	case len(s.Refused)+len(s.Unknown)+len(s.Strays) > 0:
		return &exitError{exitRefused, errors.New(messages.Both("cli.ingest.fix"))}
	case s.RowsQuarantined > 0:
		fmt.Fprintln(e.stderr, messages.Both("cli.ingest.seequarantine"))
		return &exitError{code: exitQuarantined}
	}
	return nil
}

// dryFaults is how many faults a dry run lists.
const dryFaults = 100

// reportFaults lists what a dry run would put into quarantine, as far as a
// person reads on.
func (e *env) reportFaults(contracts ingest.Contracts, s app.Ingested) error {
	var faults []lake.Fault
	for _, l := range s.Loads {
		faults = append(faults, l.Faults...)
	}
	if len(faults) == 0 {
		return nil
	}
	if err := e.printFaults(faults[:min(len(faults), dryFaults)], contracts, "table"); err != nil {
		return err
	}
	if len(faults) > dryFaults {
		fmt.Fprintln(e.stdout, messages.Both("cli.ingest.dryfaults", dryFaults, s.RowsQuarantined))
	}
	return nil
}

// feedOrFile gives the feed that the first word names, "" where it is a file,
// and refuses what is neither, naming the feeds.
func (e *env) feedOrFile(ap *app.App, word string) (string, error) {
	if ap.Contracts[word] != nil {
		return word, nil
	}
	if _, err := os.Stat(e.path(word)); err == nil {
		return "", nil
	}
	feed, err := feedNamed(ap.Contracts, ap.Config, word)
	if err == nil && ap.Contracts[feed] != nil {
		return feed, nil
	}
	_, near := ap.Contracts.Named(word)
	if len(near) == 0 {
		near = ap.Contracts.Feeds()
	}
	return "", &exitError{exitUsage, errors.New(messages.Both("cli.ingest.neither", word, strings.Join(near, ", ")))}
}

// summarize is one line of what a load did. Known loads that are live again read
// no rows in; their own are told.
func summarize(lang messages.Lang, key string, s app.Ingested) string {
	revived, rows := 0, int64(0)
	for _, x := range s.Loads {
		if x.Revived {
			revived++
			rows += x.Load.RowsLoaded
		}
	}
	line := messages.T(lang, key, len(s.Loads)-revived, s.Skipped, s.RowsIn, s.RowsLoaded, s.RowsRepeated, s.RowsQuarantined, len(s.Refused))
	if revived > 0 {
		line += messages.T(lang, key+".revived", revived, rows)
	}
	return line
}
