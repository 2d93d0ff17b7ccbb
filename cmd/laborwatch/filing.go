package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/filing"
	"laborwatch/messages"
	"laborwatch/period"
)

func (e *env) filingCmd() *cobra.Command {
	var within, feed, region, format, lang string
	cmd := &cobra.Command{
		Use:   "filing [--period A..B] [--feed FEED] [--region REGION] [--format table|csv|json]",
		Short: messages.Both("cli.filing"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ask := filing.Ask{Feed: feed, Region: region}
			var err error
			if within != "" {
				if ask.From, ask.To, err = period.ParseRange(within); err != nil {
					return &exitError{exitUsage, fmt.Errorf("--period: %w", err)}
				}
			}
			for _, check := range []error{oneOf("--format", format, "table", "csv", "json"), oneOf("--lang", lang, "zh", "en")} {
				if check != nil {
					return check
				}
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				ask.Region = regionNamed(a.Config, ask.Region, filing.Whole)
				if err := e.expectedPlace(a, ask); err != nil {
					return err
				}
				if within == "" {
					ask.From = a.Filing.Latest()
					ask.To = ask.From
				}
				cells, err := a.Filing.Cells(ctx, ask)
				if err != nil {
					return err
				}
				return e.printFiling(a, cells, format, messages.Lang(lang))
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&within, "period", "", messages.Both("cli.filing.period"))
	f.StringVar(&feed, "feed", "", messages.Both("cli.quarantine.feed"))
	f.StringVar(&region, "region", "", messages.Both("cli.filing.region"))
	f.StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, csv, json")
	f.StringVar(&lang, "lang", "zh", messages.Both("cli.query.lang"))
	return cmd
}

// expectedPlace refuses a feed or a region that the calendar does not know.
func (e *env) expectedPlace(a *app.App, ask filing.Ask) error {
	if ask.Feed != "" {
		var feeds []string
		for _, f := range a.Config.Filing.Feeds {
			feeds = append(feeds, f.Feed)
		}
		if err := oneOf("--feed", ask.Feed, feeds...); err != nil {
			return err
		}
	}
	if ask.Region == "" {
		return nil
	}
	known := []string{filing.Whole + "（" + a.Config.City.ZH + "）"}
	for _, r := range a.Config.Regions {
		if r.Code == ask.Region {
			return nil
		}
		known = append(known, r.Code+"（"+r.ZH+"）")
	}
	if ask.Region == filing.Whole {
		return nil
	}
	return &exitError{exitUsage, errors.New(messages.Both("cli.oneof", "--region", ask.Region, strings.Join(known, ", ")))}
}

func (e *env) printFiling(a *app.App, cells []filing.Cell, format string, lang messages.Lang) error {
	instant := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(a.Config.Location()).Format("2006-01-02 15:04")
	}
	switch format {
	case "json":
		if cells == nil {
			cells = []filing.Cell{}
		}
		return printJSON(e.stdout, cells)
	case "csv":
		rows := [][]string{{
			"feed", "region", "period", "state", "expected", "arrived", "late", "missing", "corrected", "rows", "quarantined", "refused", "due", "first", "loads", "missing_days",
		}}
		for _, c := range cells {
			row := []string{c.Feed, c.Region, c.Period.String(), string(c.State)}
			for _, n := range []int64{c.Expected, c.Arrived, c.Late, c.Missing, c.Corrected, c.Rows, c.Quarantined, c.Refused} {
				row = append(row, strconv.FormatInt(n, 10))
			}
			rows = append(rows, append(row, instant(c.Due), instant(c.First), strings.Join(c.Loads, " "), strings.Join(c.MissingDays, " ")))
		}
		return csv.NewWriter(e.stdout).WriteAll(rows)
	}
	if len(cells) == 0 {
		fmt.Fprintln(e.stdout, messages.Both("cli.filing.none"))
		return nil
	}
	w := newTable(e.stdout)
	fmt.Fprintln(w, messages.T(lang, "cli.filing.head"))
	count := map[filing.State]int{}
	for _, c := range cells {
		count[c.State]++
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d/%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\n", feedName(lang, c.Feed), a.Config.RegionName(string(lang), c.Region), c.Period,
			messages.T(lang, "filing.state."+string(c.State)), c.Arrived, c.Expected, c.Late, c.Corrected, c.Rows, c.Quarantined, c.Refused, instant(c.Due), instant(c.First), briefs(c.Loads), filing.DayList(c.MissingDays))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var sums []any
	for _, s := range filing.States() {
		sums = append(sums, count[s])
	}
	fmt.Fprintln(e.stdout, messages.T(lang, "cli.filing.sum", sums...))
	return nil
}

// briefs are the beginnings of some loads' ids.
func briefs(ids []string) string {
	const most = 2
	var out []string
	for _, id := range ids[:min(len(ids), most)] {
		out = append(out, brief(id))
	}
	if len(ids) > most {
		out = append(out, "…")
	}
	return strings.Join(out, " ")
}

// feedName names a feed; one of the operator's own keeps its code.
func feedName(lang messages.Lang, feed string) string {
	if key := "filing.feed." + feed; messages.Has(key) {
		return messages.T(lang, key)
	}
	return feed
}
