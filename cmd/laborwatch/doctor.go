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
			if e.app != nil {
				return e.examined(app.Examine(cmd.Context(), e.app.Config, e.app))
			}
			cfg, err := e.config()
			if err != nil {
				return err
			}
			// The daemon owns the data folder, so only it can look into it.
			code, err := app.Forward(cmd.Context(), cfg.Data, app.Request{Args: e.args, Dir: e.dir}, e.stdout, e.stderr)
			if err == nil && code != 0 {
				return &exitError{code: code}
			}
			if !errors.Is(err, app.ErrNoDaemon) {
				return err
			}
			return e.examined(app.Examine(cmd.Context(), cfg, nil))
		},
	}
}

// examined prints the findings; one failure makes the command fail.
func (e *env) examined(findings []app.Finding) error {
	if failed := e.printFindings(findings); failed > 0 {
		return errors.New(messages.Both("cli.doctor.failed", failed))
	}
	return nil
}

// printFindings lists the findings and counts the failures.
func (e *env) printFindings(findings []app.Finding) (failed int) {
	for _, f := range findings {
		if f.Level == app.Failure {
			failed++
			f.Detail = gloss(errors.New(f.Detail))
		}
		fmt.Fprintf(e.stdout, "[%s] %s: %s\n", messages.Both("cli.doctor."+string(f.Level)), messages.Both("cli.doctor."+f.Check), f.Detail)
	}
	return failed
}
