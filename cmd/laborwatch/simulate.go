package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"laborwatch/messages"
	"laborwatch/period"
	"laborwatch/simulate"
)

func (e *env) simulateCmd() *cobra.Command {
	var o simulate.Options
	var end string
	cmd := &cobra.Command{
		Use:   "simulate --out DIR",
		Short: messages.Both("cli.simulate"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(settle(&o, end), o.Check()); err != nil {
				return usage(cmd, err.Error())
			}
			o.Out = e.path(o.Out)
			bar := e.progress()
			o.Progress = func(stage string, done, total int) { bar.show(stage, "", int64(done), int64(total)) }
			s, err := simulate.Run(cmd.Context(), o)
			bar.clear()
			if err != nil {
				return err
			}
			var rows int64
			for _, n := range s.Rows {
				rows += int64(n)
			}
			fmt.Fprintln(e.stdout, messages.Both("cli.simulate.done", o.Out, s.Files, rows, s.BadRows, s.Events, s.ExpectedAlerts))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Out, "out", "", messages.Both("cli.demo.out"))
	f.StringVar(&o.Region, "region", "410400", messages.Both("cli.demo.region"))
	cityFlags(f, &o, &end)
	return cmd
}

// cityFlags are the flags of a synthetic city.
func cityFlags(f *pflag.FlagSet, o *simulate.Options, end *string) {
	f.IntVar(&o.Persons, "persons", 200_000, messages.Both("cli.demo.persons", simulate.MinPersons, simulate.MaxPersons))
	f.IntVar(&o.Months, "months", 26, messages.Both("cli.demo.months", simulate.MinMonths, simulate.MaxMonths))
	f.StringVar(end, "end", "2026-10", messages.Both("cli.demo.end", simulate.FirstYear, simulate.LastYear))
	f.Uint64Var(&o.Seed, "seed", 1, messages.Both("cli.demo.seed"))
}

// settle reads the last month. After a fault the options have another, so that
// what else is wrong with them is told too.
func settle(o *simulate.Options, end string) error {
	p, err := period.Parse(end)
	if err != nil {
		o.End = period.Of(2026, 10)
		return fmt.Errorf("--end: %w", err)
	}
	o.End = p
	return nil
}
