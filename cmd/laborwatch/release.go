package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/messages"
	"laborwatch/period"
	"laborwatch/release"
)

func (e *env) releaseCmd() *cobra.Command {
	var when, out string
	build := &cobra.Command{
		Use:   "build YYYY-MM [--as-of TIME [--out DIR]]",
		Short: messages.Both("cli.release.build"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, a []string) error {
			p, err := period.Parse(a[0])
			if err != nil {
				return &exitError{exitUsage, err}
			}
			if out != "" && when == "" {
				return &exitError{exitUsage, errors.New(messages.Both("cli.asof.outalone"))}
			}
			return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
				r, err := e.buildRelease(ctx, ap, p, when, out)
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
	}
	build.Flags().StringVar(&when, "as-of", "", messages.Both("cli.asof"))
	build.Flags().StringVar(&out, "out", "", messages.Both("cli.asof.outdir"))
	return group("release", "cli.release", build)
}

// buildRelease builds the release of a month from the present state, or that
// of an earlier time.
func (e *env) buildRelease(ctx context.Context, a *app.App, p period.Period, when, out string) (release.Result, error) {
	t, err := e.asOf(a, when)
	if err != nil {
		return release.Result{}, err
	}
	if t.IsZero() {
		return a.Release(ctx, p)
	}
	return a.ReleaseAsOf(ctx, p, t, e.path(out))
}
