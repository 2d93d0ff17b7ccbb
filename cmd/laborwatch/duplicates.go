package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/messages"
	"laborwatch/period"
)

// duplicateFeed is the feed whose rows are one person's each and may repeat him.
const duplicateFeed = "unemployment_registration"

func (e *env) duplicatesCmd() *cobra.Command {
	var month, feed, format string
	cmd := &cobra.Command{
		Use:   "duplicates --period 2026-06 [--format table|csv|json]",
		Short: messages.Both("cli.duplicates"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(oneOf("--feed", feed, duplicateFeed), oneOf("--format", format, "table", "csv", "json")); err != nil {
				return &exitError{exitUsage, err}
			}
			p, err := period.Parse(month)
			if err != nil {
				return &exitError{exitUsage, fmt.Errorf("--period: %w", err)}
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				list, err := a.Duplicates(ctx, p)
				if err != nil {
					return err
				}
				return e.printDuplicates(a, list, format)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&month, "period", "", messages.Both("cli.duplicates.period"))
	f.StringVar(&feed, "feed", duplicateFeed, messages.Both("cli.duplicates.feed"))
	f.StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, csv, json")
	return cmd
}

func (e *env) printDuplicates(a *app.App, list []app.Duplicate, format string) error {
	switch format {
	case "json":
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		if list == nil {
			list = []app.Duplicate{}
		}
		return enc.Encode(list)
	case "csv":
		w := csv.NewWriter(e.stdout)
		if err := w.Write([]string{"group", "registration_no", "region", "registered_on"}); err != nil {
			return err
		}
		for _, d := range list {
			if err := w.Write([]string{strconv.Itoa(d.Group), d.RegistrationNo, d.Region, d.RegisteredOn}); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	if len(list) == 0 {
		fmt.Fprintln(e.stdout, messages.Both("cli.duplicates.none"))
		return nil
	}
	w := newTable(e.stdout)
	w.head("cli.duplicates.head")
	for _, d := range list {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", d.Group, d.RegistrationNo, d.Region, a.Config.RegionName("zh", d.Region), d.RegisteredOn)
	}
	return w.Flush()
}
