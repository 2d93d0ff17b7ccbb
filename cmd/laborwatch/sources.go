package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/messages"
	"laborwatch/source"
)

func (e *env) sourcesCmd() *cobra.Command {
	return group("sources", "cli.sources", e.sourcesList(), e.sourcesPull(), e.sourcesCheck(), e.sourcesRetry())
}

func (e *env) sourcesList() *cobra.Command {
	return &cobra.Command{
		Use:   "list [NAME]",
		Short: messages.Both("cli.sources.list"),
		Args:  args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, a []string) error {
			return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
				if len(a) == 1 {
					return e.listObjects(ctx, ap, a[0])
				}
				all, err := ap.Sources(ctx)
				if err != nil {
					return err
				}
				w := newTable(e.stdout)
				w.head("cli.sources.head")
				for _, s := range all {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", s.Source, s.Config.Kind, orNone(s.Config.Cron),
						moment(ap, s.LastLook), moment(ap, s.LastSuccess), s.Waiting, s.Refused, s.Failed, oneLine(s.LastError))
				}
				return w.Flush()
			})
		},
	}
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// oneLine is a text that may stand in a table.
func oneLine(s string) string { return strings.NewReplacer("\n", "; ", "\t", " ").Replace(s) }

// moment is an instant in the configured zone.
func moment(a *app.App, t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(a.Config.Location()).Format(time.DateTime)
}

func (e *env) listObjects(ctx context.Context, a *app.App, name string) error {
	records, err := a.SourceObjects(ctx, name)
	if err != nil {
		return err
	}
	w := newTable(e.stdout)
	w.head("cli.sources.objects")
	for _, r := range records {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\n", r.Object, state(r.State()), r.Size, r.Landed, r.Attempts, moment(a, r.SeenAt), moment(a, r.DoneAt), oneLine(why(r)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	all, err := a.Sources(ctx)
	for _, s := range all {
		if s.Source == name && s.Down {
			fmt.Fprintln(e.stdout, messages.Both("cli.sources.down", s.LastError))
		}
	}
	return err
}

// why an object stands as it does, and what is to be told of it.
func why(r source.Record) string {
	if r.Why == "" || r.Note == "" {
		return r.Why + r.Note
	}
	return r.Why + "; " + r.Note
}

// state names how an object stands.
func state(s string) string { return messages.Both("cli.sources.state." + s) }

// named are the sources on the command line, all when there are none.
func named(ctx context.Context, a *app.App, names []string) ([]string, error) {
	all, err := a.Sources(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	var every []string
	for _, s := range all {
		known[s.Source] = true
		every = append(every, s.Source)
	}
	for _, n := range names {
		if !known[n] {
			return nil, oneOf("NAME", n, every...)
		}
	}
	if len(names) == 0 {
		return every, nil
	}
	return names, nil
}

func (e *env) sourcesPull() *cobra.Command {
	return &cobra.Command{
		Use:   "pull [NAME…]",
		Short: messages.Both("cli.sources.pull"),
		Args:  args(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, a []string) error {
			return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
				names, err := named(ctx, ap, a)
				if err != nil {
					return err
				}
				return e.pull(ctx, ap, names)
			})
		},
	}
}

// pull goes through all sources, whatever becomes of one.
func (e *env) pull(ctx context.Context, a *app.App, names []string) error {
	var sum app.Ingested
	var errs []error
	for _, name := range names {
		p, err := a.Pull(ctx, name)
		if ctx.Err() != nil {
			return err
		}
		errs = append(errs, err)
		e.reportPull(p, err)
		errs = append(errs, p.Faults()...)
		sum.Add(p.Ingested)
		for _, u := range p.Result.Unknown {
			sum.Unknown = append(sum.Unknown, name+"/"+u)
		}
	}
	err := e.reportIngest(a, sum, false)
	if failed := errors.Join(errs...); failed != nil {
		return failed
	}
	return err
}

// manyWaiting is how many objects that wait are named one by one.
const manyWaiting = 20

// reportPull prints what became of a source, the source itself among what
// failed, and what its objects wait for.
func (e *env) reportPull(p app.Pulled, down error) {
	failed := len(p.Failed)
	if down != nil {
		failed++
	}
	fmt.Fprintln(e.stdout, messages.Both("cli.sources.pulled", p.Source, p.Offered, len(p.Loaded), len(p.Refused), len(p.Waiting), failed))
	if down != nil {
		fmt.Fprintf(e.stdout, "  [%s] %v\n", state(source.Failed), down)
	}
	for _, n := range p.Notes {
		stands := source.Done
		if slices.Contains(p.Refused, n.Object) {
			stands = source.Refused
		}
		fmt.Fprintf(e.stdout, "  [%s] %s: %s\n", state(stands), n.Object, n.Why)
	}
	for i, w := range p.Waiting {
		if i == manyWaiting {
			fmt.Fprintf(e.stdout, "  %s\n", messages.Both("cli.sources.more", len(p.Waiting)-i, p.Source))
			break
		}
		fmt.Fprintf(e.stdout, "  [%s] %s: %s\n", state(source.Waiting), w.Object, w.Why)
	}
}

func (e *env) sourcesCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check [NAME…]",
		Short: messages.Both("cli.sources.check"),
		Args:  args(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, a []string) error {
			return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
				names, err := named(ctx, ap, a)
				if err != nil {
					return err
				}
				failed := 0
				for _, name := range names {
					n, err := ap.CheckSource(ctx, name)
					if err != nil {
						failed++
						fmt.Fprintf(e.stdout, "[%s] %v\n", messages.Both("cli.doctor.fail"), err)
						continue
					}
					fmt.Fprintf(e.stdout, "[%s] %s: %s\n", messages.Both("cli.doctor.ok"), name, messages.Both("cli.sources.offers", n))
				}
				if failed > 0 {
					return errors.New(messages.Both("cli.doctor.failed", failed))
				}
				return nil
			})
		},
	}
}

func (e *env) sourcesRetry() *cobra.Command {
	return &cobra.Command{
		Use:   "retry NAME [OBJECT]",
		Short: messages.Both("cli.sources.retry"),
		Args:  args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, a []string) error {
			return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
				if _, err := named(ctx, ap, a[:1]); err != nil {
					return err
				}
				object := ""
				if len(a) == 2 {
					object = a[1]
				}
				n, err := ap.RetrySource(ctx, a[0], object)
				if err != nil {
					return err
				}
				if n == 0 && object != "" {
					return errors.New(messages.Both("cli.sources.noobject", a[0], object))
				}
				fmt.Fprintln(e.stdout, messages.Both("cli.sources.again", n, a[0]))
				return nil
			})
		},
	}
}
