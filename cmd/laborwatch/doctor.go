package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/messages"
)

func (e *env) doctorCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: messages.Both("cli.doctor"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := e.config()
			if err != nil {
				return err
			}
			if failed := e.printFindings(app.Examine(cmd.Context(), cfg, e.app)); failed > 0 {
				return errors.New(messages.Both("cli.doctor.failed", failed))
			}
			return nil
		},
	}
}

// printFindings lists the findings and counts the failures.
func (e *env) printFindings(findings []app.Finding) (failed int) {
	for _, f := range findings {
		if f.Level == app.Failure {
			failed++
		}
		fmt.Fprintf(e.stdout, "[%s] %s: %s\n", messages.Both("cli.doctor."+string(f.Level)), messages.Both("cli.doctor."+f.Check), f.Detail)
	}
	return failed
}
