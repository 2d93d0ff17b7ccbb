package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/messages"
)

func (e *env) ingestCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "ingest [FEED] [FILE|FOLDER…]",
		Short: messages.Both("cli.ingest"),
		Args:  args(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, a []string) error {
			return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
				feed, files := "", a
				if len(a) > 0 && ap.Contracts[a[0]] != nil {
					feed, files = a[0], a[1:]
				}
				for i, f := range files {
					files[i] = e.path(f)
				}
				if err := e.neither(ap, a); err != nil {
					return err
				}
				sum, err := ap.Ingest(ctx, feed, files)
				if err != nil {
					return err
				}
				return e.reportIngest(sum)
			})
		},
	}
}

// reportIngest prints the summary; the exit code says whether rows went to
// quarantine or extracts were refused.
func (e *env) reportIngest(s app.Ingested) error {
	fmt.Fprintln(e.stdout, messages.Both("cli.ingest.done",
		len(s.Loads), s.Skipped, s.RowsIn, s.RowsLoaded, s.RowsRepeated, s.RowsQuarantined, len(s.Refused)))
	for _, l := range s.Loads {
		for _, old := range l.Superseded {
			fmt.Fprintln(e.stdout, messages.Both("cli.ingest.supersedes", l.File, old))
		}
	}
	for _, f := range s.Unknown {
		fmt.Fprintln(e.stderr, messages.Both("cli.ingest.unknown", f))
	}
	for _, r := range s.Refused {
		fmt.Fprintf(e.stderr, "%s: %s\n", messages.Both("cli.ingest.refused", r.File), r.Reason)
	}
	switch {
	case len(s.Refused)+len(s.Unknown) > 0:
		return &exitError{exitRefused, errors.New(messages.Both("cli.ingest.fix"))}
	case s.RowsQuarantined > 0:
		fmt.Fprintln(e.stderr, messages.Both("cli.ingest.seequarantine"))
		return &exitError{code: exitQuarantined}
	}
	return nil
}

// neither refuses a first word that is no feed and no file, naming the feeds.
func (e *env) neither(ap *app.App, a []string) error {
	if len(a) == 0 || ap.Contracts[a[0]] != nil {
		return nil
	}
	if _, err := os.Stat(e.path(a[0])); err == nil {
		return nil
	}
	return &exitError{exitUsage, errors.New(messages.Both("cli.ingest.neither", a[0], strings.Join(ap.Contracts.Feeds(), ", ")))}
}
