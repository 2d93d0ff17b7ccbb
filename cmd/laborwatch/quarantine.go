package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"laborwatch/app"
	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/messages"
)

func (e *env) quarantineCmd() *cobra.Command {
	return group("quarantine", "cli.quarantine", e.quarantineListCmd(), e.quarantineSummaryCmd(), e.quarantineExportCmd(), e.quarantineReloadCmd())
}

// faultFlags choose entries of the quarantine.
type faultFlags struct {
	filter      lake.FaultFilter
	closed, all bool
}

func (f *faultFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.filter.Feed, "feed", "", messages.Both("cli.quarantine.feed"))
	flags.StringVar(&f.filter.File, "file", "", messages.Both("cli.quarantine.file"))
	flags.StringVar(&f.filter.Load, "load", "", messages.Both("cli.quarantine.load"))
	flags.StringVar(&f.filter.Scope, "scope", "", messages.Both("cli.quarantine.scope"))
	flags.BoolVar(&f.closed, "closed", false, messages.Both("cli.quarantine.closed"))
	flags.BoolVar(&f.all, "all", false, messages.Both("cli.quarantine.all"))
}

// chosen checks the flags.
func (f *faultFlags) chosen(a *app.App) (lake.FaultFilter, error) {
	switch {
	case f.all:
		f.filter.State = lake.AllFaults
	case f.closed:
		f.filter.State = lake.ClosedFaults
	}
	f.filter.Scope = regionNamed(a.Config, f.filter.Scope, f.filter.Scope)
	if f.filter.Feed == "" {
		return f.filter, nil
	}
	return f.filter, oneOf("--feed", f.filter.Feed, a.Contracts.Feeds()...)
}

func (e *env) quarantineListCmd() *cobra.Command {
	var flags faultFlags
	var format string
	list := &cobra.Command{
		Use:   "list [--feed FEED] [--file NAME] [--load ID] [--scope SCOPE] [--closed|--all] [--format table|csv|json]",
		Short: messages.Both("cli.quarantine.list"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				filter, err := flags.chosen(a)
				if err != nil {
					return err
				}
				faults, err := a.Lake.Faults(ctx, filter)
				if err != nil {
					return err
				}
				if len(faults) > 0 && len(faults) == filter.Limit {
					fmt.Fprintln(e.stderr, messages.Both("cli.quarantine.more", filter.Limit))
				}
				return e.printFaults(faults, a.Contracts, format)
			})
		},
	}
	flags.add(list.Flags())
	list.MarkFlagsMutuallyExclusive("closed", "all")
	list.Flags().StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, csv, json")
	list.Flags().IntVar(&flags.filter.Limit, "limit", 1000, messages.Both("cli.quarantine.limit"))
	return list
}

func (e *env) quarantineSummaryCmd() *cobra.Command {
	var flags faultFlags
	var format string
	sum := &cobra.Command{
		Use:   "summary [--feed FEED] [--file NAME] [--load ID] [--scope SCOPE] [--closed|--all] [--format table|csv|json]",
		Short: messages.Both("cli.quarantine.summary"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				filter, err := flags.chosen(a)
				if err != nil {
					return err
				}
				counts, err := a.Lake.CountFaults(ctx, filter)
				if err != nil {
					return err
				}
				return e.printFaultCounts(counts, a.Contracts, format)
			})
		},
	}
	flags.add(sum.Flags())
	sum.MarkFlagsMutuallyExclusive("closed", "all")
	sum.Flags().StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, csv, json")
	return sum
}

// heading is the header that people know a column by, "" when it has none; the
// whole row where no column is named.
func heading(contracts ingest.Contracts, feed, column string) string {
	if column == "" {
		return messages.T(messages.ZH, "quarantine.wholerow")
	}
	if c := contracts[feed]; c != nil {
		return c.Heading(column)
	}
	return ""
}

func reasonName(reason string) string {
	return messages.T(messages.ZH, "quarantine.reason."+reason)
}

func (e *env) printFaults(faults []lake.Fault, contracts ingest.Contracts, format string) error {
	switch format {
	case "json":
		type line struct {
			lake.Fault
			Header string
		}
		lines := []line{}
		for _, f := range faults {
			lines = append(lines, line{f, heading(contracts, f.Feed, f.Column)})
		}
		return e.printJSON(lines)
	case "csv":
		lines := [][]string{{"feed", "file", "sheet", "row", "column", "reason", "value", "hint", "header", "load", "closed_by"}}
		for _, f := range faults {
			lines = append(lines, []string{
				f.Feed, f.File, f.Sheet, strconv.FormatInt(f.Row, 10), f.Column, f.Reason, f.Masked, f.Hint, heading(contracts, f.Feed, f.Column), f.LoadID, f.ClosedBy,
			})
		}
		return csv.NewWriter(e.stdout).WriteAll(lines)
	case "table":
		if len(faults) == 0 {
			fmt.Fprintln(e.stdout, messages.Both("cli.quarantine.none"))
			return nil
		}
		w := newTable(e.stdout)
		w.head("cli.quarantine.head")
		for _, f := range faults {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s %s\t%s\t%s\t%s\t%s\n", f.File, f.Sheet, f.Row, f.Column, heading(contracts, f.Feed, f.Column),
				f.Reason, reasonName(f.Reason), f.Masked, f.Hint, brief(f.LoadID), brief(f.ClosedBy))
		}
		return w.Flush()
	}
	return badFormat(format)
}

func (e *env) printFaultCounts(counts []lake.FaultCount, contracts ingest.Contracts, format string) error {
	switch format {
	case "json":
		if counts == nil {
			counts = []lake.FaultCount{}
		}
		return e.printJSON(counts)
	case "csv":
		lines := [][]string{{"feed", "file", "column", "header", "reason", "rows", "faults", "first_sheet", "first_row", "load"}}
		for _, x := range counts {
			lines = append(lines, []string{
				x.Feed, x.File, x.Column, heading(contracts, x.Feed, x.Column), x.Reason, strconv.FormatInt(x.Rows, 10), strconv.FormatInt(x.Faults, 10),
				x.FirstSheet, strconv.FormatInt(x.FirstRow, 10), x.LoadID,
			})
		}
		return csv.NewWriter(e.stdout).WriteAll(lines)
	case "table":
		if len(counts) == 0 {
			fmt.Fprintln(e.stdout, messages.Both("cli.quarantine.none"))
			return nil
		}
		w := newTable(e.stdout)
		w.head("cli.quarantine.sumhead")
		for _, x := range counts {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s %s\t%d\t%s %d\t%s\n", x.Feed, x.File, x.Column, heading(contracts, x.Feed, x.Column),
				x.Reason, reasonName(x.Reason), x.Rows, x.FirstSheet, x.FirstRow, brief(x.LoadID))
		}
		return w.Flush()
	}
	return badFormat(format)
}

func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func badFormat(format string) error {
	return &exitError{exitUsage, errors.New(messages.Both("cli.oneof", "--format", format, "table, csv, json"))}
}
