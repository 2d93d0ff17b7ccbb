package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"laborwatch/app"
	"laborwatch/config"
	"laborwatch/messages"
)

// Exit codes beside 0 (done) and 1 (failed).
const (
	exitUsage       = 2 // the command line is wrong
	exitQuarantined = 3 // done, but some rows went to quarantine
	exitRefused     = 4 // done, but some extracts were refused whole
	exitInterrupted = 130
)

// exitError ends a command with a code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// env is what one command line runs in: this process, or the daemon on behalf
// of another process.
type env struct {
	args   []string
	dir    string // relative paths are relative to it
	stdout io.Writer
	stderr io.Writer
	// app is the daemon's, nil in a process of its own.
	app *app.App

	configFile string
	data       string
	verbose    bool
}

// execute runs the command line and returns its exit code.
func (e *env) execute(ctx context.Context) int {
	root := e.root() //nolint:contextcheck // cobra hands the context to the command that runs
	root.SetArgs(e.args)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if ctx.Err() != nil {
		fmt.Fprintln(e.stderr, messages.Both("cli.interrupted"))
		return exitInterrupted
	}
	var exit *exitError
	if errors.As(err, &exit) {
		if exit.err != nil {
			e.complain(exit.err)
		}
		return exit.code
	}
	e.complain(err)
	return 1
}

func (e *env) complain(err error) {
	fmt.Fprintf(e.stderr, "%s: %v\n", messages.Both("cli.error"), gloss(err))
}

func (e *env) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "laborwatch",
		Short:         messages.Both("cli.root"),
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs, // so that RunE says what is wrong with them
		RunE:          onlyHolds,

		PersistentPreRunE: e.nameFeed,
	}
	f := root.PersistentFlags()
	f.StringVar(&e.configFile, "config", "", messages.Both("cli.flag.config"))
	f.StringVar(&e.data, "data", "", messages.Both("cli.flag.data"))
	f.BoolVarP(&e.verbose, "verbose", "v", false, messages.Both("cli.flag.verbose"))
	root.SetFlagErrorFunc(wrongFlag)
	root.AddCommand(
		e.initCmd(), e.doctorCmd(), e.simulateCmd(), e.ingestCmd(), e.quarantineCmd(), e.transformCmd(),
		e.loadsCmd(), e.filingCmd(),
		e.alertsCmd(), e.queryCmd(), e.exportCmd(), e.releaseCmd(), e.serveCmd(), e.demoCmd(),
		e.sourcesCmd(),
		e.contractCmd(),
		e.keyCmd(), e.duplicatesCmd(), e.surveyCmd(),
	)
	speakBoth(root)
	return root
}

// args turns a wrong number of arguments into a usage error.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, a []string) error {
		if err := check(cmd, a); err != nil {
			return usage(cmd, messages.Beside("wrong number of arguments (%d). Usage: %s", len(a), cmd.UseLine()))
		}
		return checkFlags(cmd)
	}
}

// group is a command that only holds others: alone it shows them, and a word
// that is none of them is a usage error.
func group(name, key string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   name,
		Short: messages.Both(key),
		RunE:  onlyHolds,
	}
	cmd.AddCommand(commands...)
	return cmd
}

func onlyHolds(cmd *cobra.Command, a []string) error {
	if len(a) == 0 {
		return cmd.Help()
	}
	what := messages.Both("cli.unknown", a[0], cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(a[0]); len(near) > 0 {
		what += "\n" + messages.Both("cli.near", strings.Join(near, ", "))
	}
	return &exitError{exitUsage, errors.New(what)}
}

// oneOf refuses a flag's value that is not on the list.
func oneOf(flag, value string, list ...string) error {
	if slices.Contains(list, value) {
		return nil
	}
	return &exitError{exitUsage, errors.New(messages.Both("cli.oneof", flag, value, strings.Join(list, ", ")))}
}

// path makes a path from the command line absolute.
func (e *env) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(e.dir, p)
}

func (e *env) config() (*config.Config, error) {
	return config.Load(e.path(e.configFile), e.path(e.data))
}

// terminal reports whether a person watches stderr.
func (e *env) terminal() bool {
	f, ok := e.stderr.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// makesData are the commands that may begin a data folder; to any other, one
// that is not there is a mistyped path.
var makesData = map[string]bool{"ingest": true, "serve": true, "transform": true}

// withApp runs fn on the open data folder: the daemon's own when this is the
// daemon, a freshly opened one otherwise. Where a daemon owns the folder the
// whole command line is handed to it.
func (e *env) withApp(cmd *cobra.Command, fn func(context.Context, *app.App) error) error {
	ctx := cmd.Context()
	if e.app != nil {
		return fn(ctx, e.app)
	}
	cfg, err := e.config()
	if err != nil {
		return err
	}
	if _, err := os.Stat(cfg.Data); errors.Is(err, fs.ErrNotExist) && !makesData[cmd.Name()] {
		return errors.New(messages.Both("cli.nodata", cfg.Data))
	}
	bar := e.progress()
	defer bar.clear()
	opts := app.Options{Config: cfg, Log: e.log(cfg, cmd.Name() == "serve"), Command: strings.Join(e.args, " "), Version: version, Clock: time.Now, Progress: bar.show}
	a, err := app.Open(ctx, opts)
	var locked *app.LockedError
	if errors.As(err, &locked) {
		code, ferr := app.Forward(ctx, cfg.Data, app.Request{Args: e.args, Dir: e.dir}, e.stdout, e.stderr)
		if ferr == nil && code == 0 {
			return nil
		}
		if ferr == nil {
			return &exitError{code: code}
		}
		if !errors.Is(ferr, app.ErrNoDaemon) {
			return ferr
		}
		fmt.Fprintln(e.stderr, messages.Both("cli.waiting", locked.Holder.PID, locked.Holder.Command))
		opts.Patience = 30 * time.Second
		a, err = app.Open(ctx, opts)
	}
	if err != nil {
		return err
	}
	err = fn(ctx, a)
	if cerr := a.Close(); err == nil {
		err = cerr
	}
	return err
}
