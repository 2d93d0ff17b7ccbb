package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/messages"
	"laborwatch/period"
)

func (e *env) releaseCmd() *cobra.Command {
	return group("release", "cli.release", &cobra.Command{
		Use:   "build YYYY-MM",
		Short: messages.Both("cli.release.build"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, a []string) error {
			p, err := period.Parse(a[0])
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
				r, err := ap.Release(ctx, p)
				if err != nil {
					return err
				}
				key := "cli.release.done"
				if r.Unchanged {
					key = "cli.release.same"
				}
				fmt.Fprintln(e.stdout, messages.Both(key, r.Dir))
				for _, f := range r.Files {
					fmt.Fprintln(e.stdout, "  ", f)
				}
				return nil
			})
		},
	})
}
