package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"laborwatch/app"
	"laborwatch/lake"
	"laborwatch/messages"
)

func keys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

// actFlags say who does something to the ledger, and why; both are asked for.
type actFlags struct{ lake.Act }

func (a *actFlags) add(f *pflag.FlagSet) {
	f.StringVar(&a.Who, "by", "", messages.Both("cli.loads.by"))
	f.StringVar(&a.Why, "why", "", messages.Both("cli.loads.why"))
}

// check gives the text of the catalog's key where one is missing.
func (a *actFlags) check(key string) error {
	if a.Who == "" || a.Why == "" {
		return &exitError{exitUsage, errors.New(messages.Both(key))}
	}
	return nil
}

func (e *env) loadsVerifyCmd() *cobra.Command {
	var feed, forget string
	var act actFlags
	cmd := &cobra.Command{
		Use:   "verify [--feed FEED] | verify --forget ID --by WHO --why TEXT",
		Short: messages.Both("cli.loads.verify"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if forget != "" {
				if err := act.check("ledger.forget.who"); err != nil {
					return err
				}
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				if forget != "" {
					x, err := a.Forget(ctx, forget, act.Act)
					if err == nil {
						fmt.Fprintln(e.stdout, messages.Both("cli.loads.forgotten", x.ID, x.Source))
					}
					return err
				}
				if err := e.knownFeed(a, feed); err != nil {
					return err
				}
				v, err := a.Verify(ctx, feed)
				if err != nil {
					return err
				}
				return e.reportVerified(v)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&feed, "feed", "", messages.Both("cli.quarantine.feed"))
	f.StringVar(&forget, "forget", "", messages.Both("cli.loads.forget"))
	act.add(cmd.Flags())
	return cmd
}

func (e *env) reportVerified(v lake.Verified) error {
	fmt.Fprintln(e.stdout, messages.Both("cli.loads.verified", v.Files, v.Bytes))
	if v.Recorded > 0 {
		fmt.Fprintln(e.stdout, messages.Both("cli.loads.recorded", v.Recorded))
	}
	for _, x := range v.Mended {
		fmt.Fprintln(e.stdout, messages.Both("cli.loads.mended", x.ID, x.Source))
	}
	for _, x := range v.Waiting {
		fmt.Fprintln(e.stdout, messages.Both("cli.loads.waiting", x.ID, x.Source))
	}
	for _, x := range v.Behind {
		fmt.Fprintln(e.stdout, messages.Both("cli.loads.behind", x.ID, x.Source, x.KeyGeneration))
	}
	if under := v.Rotation; under.Generation != 0 && !under.Done {
		fmt.Fprintln(e.stdout, messages.Both("key.under", under.Generation))
	}
	// A load that is not in use can wait.
	var waiting error
	if live := slices.DeleteFunc(slices.Concat(v.Waiting, v.Behind), func(x lake.Load) bool { return x.Status != lake.Live }); len(live) > 0 {
		waiting = lake.WaitError(live)
	}
	if len(v.Damages) == 0 {
		return waiting
	}
	return errors.Join(e.reportDamages(v.Damages), waiting)
}

// reportDamages lists damaged files, and says what to do in its error.
func (e *env) reportDamages(damages []lake.Damage) error {
	w := newTable(e.stdout)
	stray, load := false, ""
	for _, d := range damages {
		if d.Kind == lake.Stray {
			stray = true
		} else {
			load = d.Load.ID
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", messages.Both("ledger.verify."+d.Kind), d.Path, d.Load.Source, d.Detail)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var do []string
	if load != "" {
		do = append(do, messages.Both("cli.loads.damaged.try", brief(load)))
	}
	if stray {
		do = append(do, messages.Both("cli.loads.stray.try"))
	}
	return errors.New(messages.Both("cli.loads.damaged", len(damages)) + " " + strings.Join(do, " "))
}

func (e *env) loadsWithdrawCmd() *cobra.Command {
	var act actFlags
	var restore bool
	cmd := &cobra.Command{
		Use:   "withdraw ID --by WHO --why TEXT [--restore]",
		Short: messages.Both("cli.loads.withdraw"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			if err := act.check("ledger.withdraw.who"); err != nil {
				return err
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				w, err := a.Withdraw(ctx, arg[0], act.Act, restore)
				if err != nil {
					return err
				}
				if err := e.reportWithdrawal(ctx, a, w, restore); err != nil {
					return err
				}
				if e.app != nil {
					return a.Publish(ctx)
				}
				return nil
			})
		},
	}
	f := cmd.Flags()
	act.add(cmd.Flags())
	f.BoolVar(&restore, "restore", false, messages.Both("cli.loads.restore"))
	return cmd
}

func (e *env) reportWithdrawal(ctx context.Context, a *app.App, w lake.Withdrawal, restore bool) error {
	fmt.Fprintln(e.stdout, messages.Both("cli.loads.withdrawn", w.Load.ID, w.Load.Source, w.Load.RowsLoaded))
	back := map[string]bool{}
	for _, x := range w.Restored {
		back[x.ID] = true
	}
	for _, x := range w.Superseded {
		key := "cli.loads.not_restored"
		switch {
		case back[x.ID]:
			key = "cli.loads.restored"
		case restore:
			key = "cli.loads.taken"
		}
		fmt.Fprintln(e.stdout, messages.Both(key, x.ID, x.Source))
	}
	return e.reportChanged(ctx, a, w.Months)
}

func (e *env) loadsAcceptCmd() *cobra.Command {
	var act actFlags
	cmd := &cobra.Command{
		Use:   "accept FILE --by WHO --why TEXT",
		Short: messages.Both("cli.loads.accept"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			if err := act.check("ledger.accept.who"); err != nil {
				return err
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				file, err := a.Accept(ctx, arg[0], act.Act)
				if err == nil {
					fmt.Fprintln(e.stdout, messages.Both("cli.loads.accepted", file))
				}
				return err
			})
		},
	}
	act.add(cmd.Flags())
	return cmd
}
