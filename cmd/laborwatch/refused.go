package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"path"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"laborwatch/app"
	"laborwatch/lake"
	"laborwatch/messages"
)

// refused is the status of what never became a load.
const refused = "refused"

// refusal is an extract refused whole, as scripts read it.
type refusal struct {
	ID          string     `json:"id"`
	Feed        string     `json:"feed"`
	File        string     `json:"file"`
	RefusedAt   time.Time  `json:"refused_at"`
	Reason      string     `json:"reason"`
	SHA256      string     `json:"sha256"`
	Overridable bool       `json:"overridable"`
	Accepted    *eventLine `json:"accepted,omitempty"`
	// Loaded says that the very extract is a load by now.
	Loaded bool `json:"loaded"`
}

// todo says what is left to do about it.
func (r refusal) todo() string {
	switch {
	case r.Loaded:
		return messages.Both("cli.refused.loaded", brief(r.ID))
	case r.Accepted != nil:
		return messages.Both("cli.refused.accepted", r.Accepted.Who, r.Accepted.Why)
	case r.Overridable:
		return messages.Both("cli.refused.overridable", r.File)
	}
	return messages.Both("cli.refused.correct")
}

// refusals adds to refused extracts what has become of them.
func refusals(ctx context.Context, a *app.App, list []lake.Refused) ([]refusal, error) {
	overrides, err := a.Lake.Overrides(ctx)
	if err != nil {
		return nil, err
	}
	loads, err := a.Lake.LoadIDs(ctx)
	if err != nil {
		return nil, err
	}
	out := []refusal{}
	for _, x := range list {
		r := refusal{ID: x.ID(), Feed: x.Feed, File: x.File, RefusedAt: x.RefusedAt.UTC(), Reason: x.Reason, SHA256: x.SHA256, Overridable: x.Overridable, Loaded: loads[x.LoadID]}
		if o, ok := overrides[x.LoadID]; ok && x.Overridable {
			r.Accepted = &eventLine{At: o.DecidedAt.UTC(), Status: "accepted", Who: o.Who, Why: o.Why}
		}
		out = append(out, r)
	}
	return out, nil
}

func (e *env) listRefused(ctx context.Context, a *app.App, f lake.Filter, format string) error {
	all, err := a.Lake.Refusals(ctx)
	if err != nil {
		return err
	}
	var chosen []lake.Refused
	for _, x := range all {
		if (f.Feed == "" || x.Feed == f.Feed) && (f.At.IsZero() || !x.RefusedAt.After(f.At)) {
			chosen = append(chosen, x)
		}
	}
	list, err := refusals(ctx, a, chosen)
	if err != nil {
		return err
	}
	switch format {
	case "json":
		return printJSON(e.stdout, list)
	case "csv":
		rows := [][]string{{"id", "feed", "file", "refused_at", "reason", "overridable", "accepted", "loaded", "sha256"}}
		for _, r := range list {
			rows = append(rows, []string{
				r.ID, r.Feed, r.File, r.RefusedAt.Format(time.RFC3339), r.Reason, strconv.FormatBool(r.Overridable), strconv.FormatBool(r.Accepted != nil),
				strconv.FormatBool(r.Loaded), r.SHA256,
			})
		}
		return csv.NewWriter(e.stdout).WriteAll(rows)
	}
	if len(list) == 0 {
		fmt.Fprintln(e.stdout, messages.Both("cli.refused.none"))
		return nil
	}
	w := tabwriter.NewWriter(e.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, messages.T(messages.ZH, "cli.refused.head"))
	for _, r := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", brief(r.ID), feedName(messages.ZH, r.Feed), e.local(a, r.RefusedAt), r.File, r.Reason, r.todo())
	}
	return w.Flush()
}

// findRefused gives the refusals that a beginning of an ID names, or a file by
// its name or path.
func findRefused(ctx context.Context, a *app.App, id string) ([]lake.Refused, error) {
	all, err := a.Lake.Refusals(ctx)
	var out []lake.Refused
	for _, x := range all {
		if strings.HasPrefix(x.ID(), strings.ToLower(id)) || x.File == id || path.Base(x.File) == path.Base(id) {
			out = append(out, x)
		}
	}
	return out, err
}

// showRefused shows refusals, mostly one: a file may have been refused several times.
func (e *env) showRefused(ctx context.Context, a *app.App, found []lake.Refused, format string) error {
	list, err := refusals(ctx, a, found)
	if err != nil {
		return err
	}
	if format == "json" {
		return printJSON(e.stdout, list)
	}
	w := tabwriter.NewWriter(e.stdout, 0, 4, 2, ' ', 0)
	for i, r := range list {
		if i > 0 {
			fmt.Fprintln(w)
		}
		for _, x := range [][2]string{
			{"id", r.ID},
			{"feed", feedName(messages.ZH, r.Feed) + " " + r.Feed},
			{"status", statusName(refused)},
			{"source", r.File},
			{"arrived", e.local(a, r.RefusedAt)},
			{"sha256", r.SHA256},
			{"reason", r.Reason},
			{"todo", r.todo()},
		} {
			fmt.Fprintf(w, "%s\t%s\n", messages.Both("cli.loads.field."+x[0]), x[1])
		}
	}
	return w.Flush()
}
