package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/messages"
)

func (e *env) serveCmd() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: messages.Both("cli.serve"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if e.app != nil {
				return errors.New(messages.Beside("a daemon already serves data folder %s", e.app.Config.Data))
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				if listen != "" {
					a.Config.Web.Listen = listen
				}
				return e.serve(ctx, a)
			})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", messages.Both("cli.serve.listen"))
	return cmd
}

// serve runs the daemon on an open data folder until ctx ends.
func (e *env) serve(ctx context.Context, a *app.App) error {
	log := e.logger(a.Config, slog.LevelInfo, true)
	return a.Serve(ctx, app.ServeOptions{
		Log: log,
		Execute: func(ctx context.Context, r app.Request, stdout, stderr io.Writer) int {
			in := &env{args: r.Args, dir: r.Dir, stdout: stdout, stderr: stderr, app: a}
			return in.execute(ctx)
		},
		Ready: func(addr string) {
			url := "http://" + addr
			fmt.Fprintln(e.stdout, messages.Both("cli.serve.at", url, url))
		},
	})
}
