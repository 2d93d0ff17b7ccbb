package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/period"
)

func (e *env) loadsRestoreCmd() *cobra.Command {
	var act actFlags
	cmd := &cobra.Command{
		Use:   "restore ID --by WHO --why TEXT",
		Short: messages.Both("cli.loads.restore.cmd"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			if err := act.check("ledger.restore.who"); err != nil {
				return err
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				r, err := a.Restore(ctx, arg[0], act.Act)
				if err != nil {
					return err
				}
				if err := e.reportRestoration(ctx, a, r); err != nil {
					return err
				}
				if e.app != nil {
					return a.Publish(ctx)
				}
				return nil
			})
		},
	}
	act.add(cmd.Flags())
	return cmd
}

func (e *env) reportRestoration(ctx context.Context, a *app.App, r lake.Restoration) error {
	if x := r.Load; x.Status == lake.Live {
		fmt.Fprintln(e.stdout, messages.Both("cli.loads.revived", x.ID, x.Source, x.RowsLoaded))
	} else {
		fmt.Fprintln(e.stdout, messages.Both("cli.loads.revived.waits", x.ID, x.Source, x.PartOf))
	}
	for _, x := range r.Parts {
		fmt.Fprintln(e.stdout, messages.Both("cli.loads.revived", x.ID, x.Source, x.RowsLoaded))
	}
	for _, x := range r.Superseded {
		fmt.Fprintln(e.stdout, messages.Both("cli.loads.revived.over", x.ID, x.Source))
	}
	return e.reportChanged(ctx, a, r.Months)
}

// reportChanged tells the months whose rows changed, and those that the next
// transform computes again.
func (e *env) reportChanged(ctx context.Context, a *app.App, changed map[string][]period.Period) error {
	for _, feed := range slices.Sorted(keys(changed)) {
		fmt.Fprintln(e.stdout, messages.Both("cli.loads.changed", feedName(messages.ZH, feed), spans(changed[feed])))
	}
	plan, err := a.Plan(ctx, nil)
	if err != nil {
		return err
	}
	seen := map[period.Period]bool{}
	for _, s := range plan.Steps {
		for _, p := range append(slices.Clone(s.Months), s.Drop...) {
			if p != 0 {
				seen[p] = true
			}
		}
	}
	if months := slices.Sorted(maps.Keys(seen)); len(months) > 0 {
		fmt.Fprintln(e.stdout, messages.Both("cli.loads.recompute", spans(months)))
	}
	return nil
}

// spans folds runs of months: 2026-01..2026-03, 2026-10.
func spans(months []period.Period) string {
	var parts []string
	for i := 0; i < len(months); {
		j := i
		for j+1 < len(months) && months[j+1] == months[j].Add(1) {
			j++
		}
		run := months[i].String()
		if j > i {
			run += ".." + months[j].String()
		}
		parts = append(parts, run)
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
