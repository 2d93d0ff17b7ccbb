package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"laborwatch/alert"
	"laborwatch/app"
	"laborwatch/messages"
)

func (e *env) alertsCmd() *cobra.Command {
	var level, status, format, lang string
	list := &cobra.Command{
		Use:   "list [--level LEVEL] [--status STATUS] [--format table|csv|json]",
		Short: messages.Both("cli.alerts.list"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := parseLevel(level)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			status = codeNamed(status, "alert.status.", "firing", "acknowledged", "resolved")
			if err := errors.Join(oneOf("--status", status, "firing", "acknowledged", "resolved", "all"), oneOf("--lang", lang, "zh", "en")); err != nil {
				return err
			}
			filter := alert.Filter{Level: n}
			if status != "all" {
				filter.Status = alert.Status(status)
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				alerts, err := a.Alerts.List(ctx, filter)
				if err != nil {
					return err
				}
				return e.printAlerts(a, alerts, format, messages.Lang(lang))
			})
		},
	}
	f := list.Flags()
	f.StringVar(&level, "level", "", messages.Both("cli.alerts.level"))
	f.StringVar(&status, "status", "firing", messages.Both("cli.alerts.status"))
	f.StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, csv, json")
	f.StringVar(&lang, "lang", "zh", messages.Both("cli.query.lang"))
	return group("alerts", "cli.alerts", list, e.acknowledgeCmd())
}

func (e *env) acknowledgeCmd() *cobra.Command {
	var by, note string
	cmd := &cobra.Command{
		Use:   "acknowledge ID --by WHO [--note TEXT]",
		Short: messages.Both("cli.alerts.acknowledge"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, a []string) error {
			if by == "" {
				return &exitError{exitUsage, fmt.Errorf("--by: %s", messages.Both("cli.alerts.by"))}
			}
			return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
				if err := ap.Alerts.Acknowledge(ctx, a[0], by, note); err != nil {
					return err
				}
				fmt.Fprintln(e.stdout, messages.Both("cli.alerts.acknowledged", a[0]))
				if e.app != nil {
					return ap.Publish(ctx)
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&by, "by", "", messages.Both("cli.alerts.by"))
	cmd.Flags().StringVar(&note, "note", "", messages.Both("cli.alerts.note"))
	return cmd
}

var levels = map[string]int{"": 0, "1": 1, "2": 2, "3": 3, "4": 4, "红": 1, "橙": 2, "黄": 3, "蓝": 4, "red": 1, "orange": 2, "yellow": 3, "blue": 4}

func parseLevel(s string) (int, error) {
	n, ok := levels[strings.ToLower(s)]
	if !ok {
		return 0, errors.New(messages.Beside("--level %q: want red, orange, yellow or blue (红橙黄蓝), or 1 to 4", s))
	}
	return n, nil
}

func (e *env) printAlerts(a *app.App, alerts []alert.Alert, format string, lang messages.Lang) error {
	switch format {
	case "json":
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		if alerts == nil {
			alerts = []alert.Alert{}
		}
		return enc.Encode(alerts)
	case "csv":
		w := csv.NewWriter(e.stdout)
		if err := w.Write(strings.Split("id,status,level,rule,region,industry,enterprise,first,last,window_from,window_to,persons,base,rate,notice_no", ",")); err != nil {
			return err
		}
		for _, x := range alerts {
			if err := w.Write([]string{
				x.ID, string(x.Status), strconv.Itoa(x.Level), x.Rule, x.Region, x.Industry, x.Enterprise,
				x.First.String(), x.Last.String(), x.WindowFrom.Format("2006-01-02"), x.WindowTo.Format("2006-01-02"),
				strconv.FormatInt(x.Persons, 10), strconv.FormatInt(x.Base, 10), strconv.FormatFloat(x.Rate, 'g', -1, 64), x.NoticeNo,
			}); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	case "table":
		return e.alertTable(a, alerts, lang)
	}
	return &exitError{exitUsage, errors.New(messages.Beside("--format %q: want table, csv or json", format))}
}

func (e *env) alertTable(a *app.App, alerts []alert.Alert, lang messages.Lang) error {
	if len(alerts) == 0 {
		fmt.Fprintln(e.stdout, messages.Both("cli.alerts.none"))
		return nil
	}
	w := newTable(e.stdout)
	fmt.Fprintln(w, messages.T(lang, "cli.alerts.head"))
	for _, x := range alerts {
		rate := "—"
		if x.Base > 0 {
			rate = fmt.Sprintf("%.1f%%", 100*x.Rate)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s–%s\t%d\t%s\n", x.ID, alert.StatusLabel(lang, x.Status), alert.LevelLabel(lang, x.Level), alert.RuleLabel(lang, x.Rule),
			a.Config.RegionName(string(lang), x.Region), subject(x), x.WindowFrom.Format("2006-01-02"), x.WindowTo.Format("2006-01-02"), x.Persons, rate)
	}
	return w.Flush()
}

// subject names what an alert is about beside its region.
func subject(x alert.Alert) string {
	switch {
	case x.EnterpriseName != "":
		return x.EnterpriseName
	case x.Enterprise != "_T":
		return x.Enterprise
	case x.Industry != "_T":
		return x.Industry
	}
	return ""
}
