package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/period"
)

func (e *env) loadsCmd() *cobra.Command {
	return group("loads", "cli.loads", e.loadsListCmd(), e.loadsShowCmd(), e.loadsVerifyCmd(), e.loadsWithdrawCmd(), e.loadsRestoreCmd(), e.loadsAcceptCmd())
}

func (e *env) loadsListCmd() *cobra.Command {
	var feed, within, status, format, when string
	cmd := &cobra.Command{
		Use:   "list [--feed FEED] [--period A..B] [--status live|superseded|withdrawn|refused] [--as-of TIME] [--format table|csv|json]",
		Short: messages.Both("cli.loads.list"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			status = codeNamed(status, "cli.loads.status.", lake.Live, lake.Superseded, lake.Withdrawn, refused)
			f := lake.Filter{Feed: feed, Status: status}
			var err error
			if within != "" {
				if f.From, f.To, err = period.ParseRange(within); err != nil {
					return &exitError{exitUsage, fmt.Errorf("--period: %w", err)}
				}
			}
			if status != "" {
				if err := oneOf("--status", status, lake.Live, lake.Superseded, lake.Withdrawn, refused); err != nil {
					return err
				}
			}
			if status == refused && within != "" {
				return &exitError{exitUsage, errors.New(messages.Both("cli.refused.period"))}
			}
			if err := oneOf("--format", format, "table", "csv", "json"); err != nil {
				return err
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				if err := e.knownFeed(a, feed); err != nil {
					return err
				}
				if f.At, err = e.asOf(a, when); err != nil {
					return err
				}
				if status == refused {
					return e.listRefused(ctx, a, f, format)
				}
				loads, err := a.Lake.List(ctx, f)
				if err != nil {
					return err
				}
				return e.printLoads(a, loads, format)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&feed, "feed", "", messages.Both("cli.quarantine.feed"))
	f.StringVar(&within, "period", "", messages.Both("cli.query.period"))
	f.StringVar(&status, "status", "", messages.Both("cli.loads.status"))
	f.StringVar(&when, "as-of", "", messages.Both("cli.asof"))
	f.StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, csv, json")
	return cmd
}

// knownFeed refuses a feed that has neither a contract nor a load.
func (e *env) knownFeed(a *app.App, feed string) error {
	if feed == "" {
		return nil
	}
	known := a.Contracts.Feeds()
	for _, c := range a.Config.Filing.Feeds {
		if !slices.Contains(known, c.Feed) {
			known = append(known, c.Feed)
		}
	}
	return oneOf("--feed", feed, known...)
}

// loadLine is a load as scripts read it.
type loadLine struct {
	ID              string        `json:"id"`
	Seq             int64         `json:"seq"`
	Feed            string        `json:"feed"`
	Period          period.Period `json:"period"`
	Scope           string        `json:"scope"`
	Status          string        `json:"status"`
	Mode            string        `json:"mode"`
	Origin          string        `json:"origin"`
	Source          string        `json:"source"`
	LoadedAt        time.Time     `json:"loaded_at"`
	RowsIn          int64         `json:"rows_in"`
	RowsLoaded      int64         `json:"rows_loaded"`
	RowsQuarantined int64         `json:"rows_quarantined"`
	RowsRepeated    int64         `json:"rows_repeated"`
	SupersededBy    string        `json:"superseded_by"`
	PartOf          string        `json:"part_of"`
	ContractVersion int           `json:"contract_version"`
	Contract        string        `json:"contract"`
	KeyGeneration   int           `json:"key_generation"`
	Bytes           int64         `json:"bytes"`
	SHA256          string        `json:"sha256"`
	FileSHA256      string        `json:"file_sha256"`
}

func lineOf(x lake.Load) loadLine {
	return loadLine{
		ID: x.ID, Seq: x.Seq, Feed: x.Feed, Period: x.Period, Scope: x.Scope, Status: x.Status, Mode: x.Mode, Origin: x.Origin, Source: x.Source,
		LoadedAt: x.LoadedAt.UTC(), RowsIn: x.RowsIn, RowsLoaded: x.RowsLoaded, RowsQuarantined: x.RowsQuarantined, RowsRepeated: x.RowsRepeated,
		SupersededBy: x.SupersededBy, PartOf: x.PartOf, ContractVersion: x.ContractVersion, Contract: x.Contract, KeyGeneration: x.KeyGeneration,
		Bytes: x.Bytes, SHA256: x.SHA256, FileSHA256: x.FileSHA256,
	}
}

func (e *env) printLoads(a *app.App, loads []lake.Load, format string) error {
	switch format {
	case "json":
		lines := make([]loadLine, 0, len(loads))
		for _, x := range loads {
			lines = append(lines, lineOf(x))
		}
		return printJSON(e.stdout, lines)
	case "csv":
		w := csv.NewWriter(e.stdout)
		rows := [][]string{{
			"id", "feed", "period", "scope", "status", "origin", "source", "loaded_at", "rows_in", "rows_loaded", "rows_quarantined", "rows_repeated",
			"superseded_by", "part_of", "contract_version", "sha256", "file_sha256",
		}}
		for _, x := range loads {
			rows = append(rows, []string{
				x.ID, x.Feed, x.Period.String(), x.Scope, x.Status, x.Origin, x.Source, x.LoadedAt.UTC().Format(time.RFC3339), strconv.FormatInt(x.RowsIn, 10),
				strconv.FormatInt(x.RowsLoaded, 10), strconv.FormatInt(x.RowsQuarantined, 10), strconv.FormatInt(x.RowsRepeated, 10),
				x.SupersededBy, x.PartOf, strconv.Itoa(x.ContractVersion), x.SHA256, x.FileSHA256,
			})
		}
		return w.WriteAll(rows)
	}
	if len(loads) == 0 {
		fmt.Fprintln(e.stdout, messages.Both("cli.loads.none"))
		return nil
	}
	w := newTable(e.stdout)
	w.head("cli.loads.head")
	for _, x := range loads {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", brief(x.ID), feedName(messages.ZH, x.Feed), month(x.Period), place(a, x.Scope), statusName(x.Status),
			x.RowsIn, x.RowsLoaded, x.RowsQuarantined, x.RowsRepeated, e.local(a, x.LoadedAt), x.Source)
	}
	return w.Flush()
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// brief is as much of an ID as a person needs.
func brief(id string) string { return id[:min(len(id), 12)] }

func month(p period.Period) string {
	if p == 0 {
		return "—"
	}
	return p.String()
}

// place names a load's scope; one without covers the whole.
func place(a *app.App, scope string) string {
	if scope == "" {
		return "—"
	}
	return a.Config.RegionName("zh", scope)
}

func statusName(s string) string { return messages.Both("cli.loads.status." + s) }

func (e *env) local(a *app.App, t time.Time) string {
	return t.In(a.Config.Location()).Format("2006-01-02 15:04:05")
}

func (e *env) loadsShowCmd() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "show ID|FILE [--format table|json]",
		Short: messages.Both("cli.loads.show"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			if err := oneOf("--format", format, "table", "json"); err != nil {
				return err
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error { return e.showLoad(ctx, a, arg[0], format) })
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, json")
	return cmd
}

// shown is a load with all that the ledger knows of it.
type shown struct {
	loadLine
	File       string           `json:"file"`
	Months     map[string]int64 `json:"months"`
	Superseded []string         `json:"superseded"`
	Parts      []string         `json:"parts"`
	// ContractKept says whether the text of the load's contract can be shown.
	ContractKept bool `json:"contract_kept"`
	// Original is where the encrypted original lies, below the data folder.
	Original string      `json:"original,omitempty"`
	Events   []eventLine `json:"events"`
}

type eventLine struct {
	At           time.Time `json:"at"`
	Status       string    `json:"status"`
	SupersededBy string    `json:"superseded_by,omitempty"`
	Who          string    `json:"who,omitempty"`
	Why          string    `json:"why,omitempty"`
}

func (e *env) showLoad(ctx context.Context, a *app.App, id, format string) error {
	x, err := a.Lake.Find(ctx, id)
	if err != nil {
		found, ferr := findRefused(ctx, a, id)
		if ferr != nil || len(found) == 0 {
			return errors.Join(err, ferr)
		}
		return e.showRefused(ctx, a, found, format)
	}
	s := shown{loadLine: lineOf(x), Months: map[string]int64{}, Superseded: []string{}, Parts: []string{}}
	if s.File, err = filepath.Rel(a.Config.Data, a.Lake.Path(x)); err != nil {
		return err
	}
	months, err := a.Lake.Months(ctx, x.ID)
	if err != nil {
		return err
	}
	for p, n := range months {
		s.Months[p.String()] = n
	}
	for _, list := range []struct {
		read func(context.Context, string) ([]lake.Load, error)
		to   *[]string
	}{{a.Lake.SupersededBy, &s.Superseded}, {a.Lake.Parts, &s.Parts}} {
		loads, err := list.read(ctx, x.ID)
		if err != nil {
			return err
		}
		for _, y := range loads {
			*list.to = append(*list.to, y.ID)
		}
	}
	kept, err := a.Lake.ContractTexts(ctx, x.Contract, x.Feed, 0)
	if err != nil {
		return err
	}
	if a.Originals.Has(x.SHA256) {
		if s.Original, err = filepath.Rel(a.Config.Data, a.Originals.Path(x.SHA256)); err != nil {
			return err
		}
	}
	s.ContractKept = x.Contract != "" && len(kept) > 0
	events, err := a.Lake.Events(ctx, x.ID)
	if err != nil {
		return err
	}
	for _, v := range events {
		s.Events = append(s.Events, eventLine{v.At.UTC(), v.Status, v.SupersededBy, v.Who, v.Why})
	}
	if format == "json" {
		return printJSON(e.stdout, s)
	}
	return e.showTable(a, s)
}

func (e *env) showTable(a *app.App, s shown) error {
	w := newTable(e.stdout)
	line := func(key string, value any) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%v\n", messages.Both("cli.loads.field."+key), value)
		}
	}
	line("id", s.ID)
	line("feed", feedName(messages.ZH, s.Feed)+" "+s.Feed)
	line("period", month(s.Period))
	line("scope", place(a, s.Scope))
	line("status", statusName(s.Status))
	line("origin", s.Origin)
	line("source", s.Source)
	line("arrived", e.local(a, s.LoadedAt))
	line("rows", messages.Both("cli.loads.rows", s.RowsIn, s.RowsLoaded, s.RowsQuarantined, s.RowsRepeated))
	for _, p := range slices.Sorted(keys(s.Months)) {
		line("month", fmt.Sprintf("%s %d", p, s.Months[p]))
	}
	text := messages.Both("cli.loads.contract.lost")
	if s.ContractKept {
		text = messages.Both("cli.loads.contract.kept", brief(s.Contract))
	}
	line("contract", fmt.Sprintf("v%d %s", s.ContractVersion, s.Contract))
	line("contract", text)
	line("sha256", fmt.Sprintf("%s (%d B)", s.SHA256, s.Bytes))
	line("original", s.Original)
	line("file", s.File)
	line("filesha", s.FileSHA256)
	line("partof", s.PartOf)
	line("supersededby", s.SupersededBy)
	for _, id := range s.Superseded {
		line("superseded", id)
	}
	for _, id := range s.Parts {
		line("part", id)
	}
	for _, v := range s.Events {
		parts := []string{e.local(a, v.At) + " " + statusName(v.Status), v.SupersededBy, v.Who, v.Why}
		line("event", strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · "))
	}
	return w.Flush()
}
