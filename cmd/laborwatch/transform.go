package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/messages"
	"laborwatch/period"
)

func (e *env) transformCmd() *cobra.Command {
	var plan bool
	var within string
	cmd := &cobra.Command{
		Use:   "transform [--period A..B] [--plan]",
		Short: messages.Both("cli.transform"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var ps []period.Period
			if within != "" {
				from, to, err := period.ParseRange(within)
				if err != nil {
					return &exitError{exitUsage, fmt.Errorf("--period: %w", err)}
				}
				ps = period.Range(from, to)
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				if plan {
					p, err := a.Plan(ctx, ps)
					if err != nil {
						return err
					}
					fmt.Fprint(e.stdout, p)
					return nil
				}
				r, err := a.RunTransform(ctx, ps)
				if err != nil {
					return err
				}
				if r.Models == 0 {
					fmt.Fprintln(e.stdout, messages.Both("cli.transform.none"))
				} else {
					fmt.Fprintln(e.stdout, messages.Both("cli.transform.done", r.Models, r.Months, r.Duration.Seconds()))
				}
				if _, err := a.Evaluate(ctx); err != nil {
					return err
				}
				if e.app != nil {
					return a.Publish(ctx)
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&plan, "plan", false, messages.Both("cli.transform.plan"))
	cmd.Flags().StringVar(&within, "period", "", messages.Both("cli.transform.period"))
	return cmd
}
