package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/lake"
	"laborwatch/messages"
)

func (e *env) quarantineCmd() *cobra.Command {
	var feed, format string
	var limit int
	list := &cobra.Command{
		Use:   "list [--feed FEED] [--format table|csv|json]",
		Short: messages.Both("cli.quarantine.list"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				if feed != "" {
					if err := oneOf("--feed", feed, a.Contracts.Feeds()...); err != nil {
						return err
					}
				}
				faults, err := a.Lake.Quarantined(ctx, feed, limit)
				if err != nil {
					return err
				}
				return e.printFaults(faults, format)
			})
		},
	}
	f := list.Flags()
	f.StringVar(&feed, "feed", "", messages.Both("cli.quarantine.feed"))
	f.StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, csv, json")
	f.IntVar(&limit, "limit", 1000, messages.Both("cli.quarantine.limit"))
	return group("quarantine", "cli.quarantine", list)
}

func (e *env) printFaults(faults []lake.Fault, format string) error {
	switch format {
	case "json":
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		if faults == nil {
			faults = []lake.Fault{}
		}
		return enc.Encode(faults)
	case "csv":
		w := csv.NewWriter(e.stdout)
		if err := w.Write([]string{"feed", "file", "sheet", "row", "column", "reason", "value", "hint"}); err != nil {
			return err
		}
		for _, f := range faults {
			if err := w.Write([]string{f.Feed, f.File, f.Sheet, strconv.FormatInt(f.Row, 10), f.Column, f.Reason, f.Masked, f.Hint}); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	case "table":
		w := tabwriter.NewWriter(e.stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, messages.T(messages.ZH, "cli.quarantine.head"))
		for _, f := range faults {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", f.File, f.Sheet, f.Row, f.Column, f.Reason, f.Masked, f.Hint)
		}
		return w.Flush()
	}
	return &exitError{exitUsage, fmt.Errorf("--format %q: want table, csv or json", format)}
}
