package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

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
			p, err := period.Parse(end)
			if err != nil {
				return &exitError{exitUsage, fmt.Errorf("--end: %w", err)}
			}
			if o.Persons < 1 || o.Months < 1 {
				return &exitError{exitUsage, errors.New(messages.Both("cli.demo.positive"))}
			}
			o.End, o.Out = p, e.path(o.Out)
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
	f.IntVar(&o.Persons, "persons", 200_000, messages.Both("cli.demo.persons"))
	f.IntVar(&o.Months, "months", 26, messages.Both("cli.demo.months"))
	f.StringVar(&end, "end", "2026-10", messages.Both("cli.demo.end"))
	f.Uint64Var(&o.Seed, "seed", 1, messages.Both("cli.demo.seed"))
	if err := cmd.MarkFlagRequired("out"); err != nil {
		panic(err) // the flag is defined three lines above
	}
	return cmd
}
