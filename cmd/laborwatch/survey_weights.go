package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/messages"
	"laborwatch/monthly"
	"laborwatch/period"
)

func (e *env) surveyWeightsCmd() *cobra.Command {
	var month, out string
	cmd := &cobra.Command{
		Use:   "weights --period 2026-10 [--out FOLDER]",
		Short: messages.Both("cli.survey.weights"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := period.Parse(month)
			if err != nil {
				return &exitError{exitUsage, fmt.Errorf("--period: %w", err)}
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				r, err := a.WeightingReport(ctx, p)
				if errors.Is(err, monthly.ErrGiven) {
					fmt.Fprintln(e.stdout, messages.Both("cli.survey.given", p))
					return nil
				}
				if err != nil {
					return err
				}
				book, err := r.Workbook()
				if err != nil {
					return err
				}
				page, err := r.Page()
				if err != nil {
					return err
				}
				for ext, b := range map[string][]byte{".xlsx": book, ".html": page} {
					// No person is in it, but the totals of small cells are: it is the office's own.
					if err := os.WriteFile(filepath.Join(e.path(out), r.FileName()+ext), b, 0o640); err != nil {
						return err
					}
				}
				fmt.Fprintln(e.stdout, messages.Both("cli.survey.weighted", p, r.Persons, len(r.Margins), r.KishAdjusted, r.KishAfter, filepath.Join(e.path(out), r.FileName())))
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&month, "period", "", messages.Both("cli.survey.weights.period"))
	f.StringVar(&out, "out", ".", messages.Both("cli.survey.weights.out"))
	return cmd
}
