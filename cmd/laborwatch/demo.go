package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/config"
	"laborwatch/messages"
	"laborwatch/pseudonym"
	"laborwatch/simulate"
)

func (e *env) demoCmd() *cobra.Command {
	var once, asJSON bool
	var o simulate.Options
	var end string
	cmd := &cobra.Command{
		Use:   "demo [--once] [--json]",
		Short: messages.Both("cli.demo"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(settle(&o, end), o.CheckCity()); err != nil {
				return usage(cmd, err.Error())
			}
			return e.demo(cmd, o, once, asJSON)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&once, "once", false, messages.Both("cli.demo.once"))
	f.BoolVar(&asJSON, "json", false, messages.Both("cli.demo.json"))
	cityFlags(f, &o, &end)
	return cmd
}

func (e *env) demo(cmd *cobra.Command, o simulate.Options, once, asJSON bool) error {
	ctx := cmd.Context()
	cfg, err := e.demoConfig()
	if err != nil {
		return err
	}
	if !once {
		if err := free(ctx, cfg.Web.Listen); err != nil {
			return err // now, not after the whole job
		}
	}
	bar := e.progress()
	o.Out, o.Region = cfg.Data, cfg.City.Code
	o.Progress = func(stage string, done, total int) { bar.show(stage, "", int64(done), int64(total)) }
	var rep app.Report
	me := app.Holder{PID: os.Getpid(), Command: "demo", Since: time.Now()}
	err = app.PrepareDemo(ctx, me, o, &rep)
	var foreign *app.ForeignError
	if errors.As(err, &foreign) {
		return errors.New(messages.Both("cli.demo.foreign", foreign.Dir))
	}
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, app.Options{
		Config: cfg, Log: e.quietLog(cfg), Clock: time.Now, Command: "demo", Version: version, Progress: bar.show,
	})
	if err != nil {
		return err
	}
	err = a.Demo(ctx, &rep)
	bar.clear()
	if err == nil {
		err = e.printReport(&rep, asJSON)
	}
	if err == nil && !once {
		err = e.serve(ctx, a)
	}
	return errors.Join(err, a.Close())
}

// free reports whether the dashboard's address can be listened on.
func free(ctx context.Context, address string) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return errors.New(messages.Both("cli.demo.busy", address, err))
	}
	return l.Close()
}

// demoConfig is the configuration with the demo's own data folder and key.
func (e *env) demoConfig() (*config.Config, error) {
	data := e.path(e.data)
	if data == "" {
		data = filepath.Join(e.dir, "laborwatch-demo", "data")
	}
	cfg, err := config.Load(e.path(e.configFile), data)
	if err != nil {
		return nil, err
	}
	if err := app.CheckKeyPlace(cfg); err != nil {
		return nil, err
	}
	if _, err := os.Stat(cfg.Ingest.KeyFile); errors.Is(err, os.ErrNotExist) {
		if _, err := pseudonym.CreateFile(cfg.Ingest.KeyFile, pseudonym.SM3); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

func (e *env) printReport(r *app.Report, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	line := func(key string, args ...any) { fmt.Fprintln(e.stdout, messages.Both(key, args...)) }
	line("cli.demo.title", r.Period)
	line("cli.demo.rate", 100*r.Rate, 100*r.CILow, 100*r.CIHigh, 100*r.TruthRate)
	line("cli.demo.alerts", r.Alerts.Expected, r.Alerts.Found, r.Alerts.Spurious)
	for _, m := range r.Alerts.Missing {
		fmt.Fprintln(e.stdout, "  -", m)
	}
	for _, m := range r.Alerts.Extra {
		fmt.Fprintln(e.stdout, "  +", m)
	}
	line("cli.demo.rows", r.RowsIn, r.RowsLoaded, r.RowsQuarantined, r.RowsRepeated)
	line("cli.demo.stages")
	for _, s := range r.Order {
		fmt.Fprintf(e.stdout, "  %6.1f  %s\n", r.Stages[s], messages.Both("cli.demo.stage."+s))
	}
	line("cli.demo.total", r.Seconds)
	line("cli.demo.files", r.Release)
	return nil
}
