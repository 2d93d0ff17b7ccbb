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
			failed := 0
			for _, f := range app.Examine(cmd.Context(), cfg, e.app) {
				if f.Level == app.Failure {
					failed++
				}
				fmt.Fprintf(e.stdout, "[%s] %s: %s\n", messages.Both("cli.doctor."+string(f.Level)), messages.Both("cli.doctor."+f.Check), f.Detail)
			}
			if failed > 0 {
				return errors.New(messages.Both("cli.doctor.failed", failed))
			}
			return nil
		},
	}
}
