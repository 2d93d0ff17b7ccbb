package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/cube"
	"laborwatch/messages"
)

func (e *env) queryCmd() *cobra.Command {
	var within, by, format, lang, when string
	var where []string
	var bom, list bool
	cmd := &cobra.Command{
		Use:   "query INDICATOR [--period A..B] [--by region,sex] [--where k=v] [--as-of TIME] [--format table|csv|json|parquet|arrow]",
		Short: messages.Both("cli.query"),
		Args:  args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, a []string) error {
			if list {
				return e.listIndicators(messages.Lang(lang))
			}
			if len(a) == 0 {
				return &exitError{exitUsage, errors.New(messages.Beside("name an indicator. Try: laborwatch query --list"))}
			}
			spec, err := cube.ParseSpec(a[0], within, by, where)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			f, err := cube.ParseFormat(format)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
				t, err := e.asOf(ap, when)
				if err != nil {
					return err
				}
				err = ap.QueryAt(ctx, t, spec, func(res *cube.Result) error {
					return res.Write(ctx, e.stdout, cube.WriteOptions{Format: f, Lang: messages.Lang(lang), BOM: bom})
				})
				var wrong *cube.SpecError
				if errors.As(err, &wrong) {
					return &exitError{exitUsage, err}
				}
				return err
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&within, "period", "", messages.Both("cli.query.period"))
	f.StringVar(&by, "by", "", messages.Both("cli.query.by"))
	f.StringArrayVar(&where, "where", nil, messages.Both("cli.query.where"))
	f.StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, csv, json, parquet, arrow")
	f.StringVar(&lang, "lang", "zh", messages.Both("cli.query.lang"))
	f.BoolVar(&bom, "bom", false, messages.Both("cli.query.bom"))
	f.StringVar(&when, "as-of", "", messages.Both("cli.asof"))
	f.BoolVar(&list, "list", false, messages.Both("cli.query.list"))
	return cmd
}

// listIndicators prints the catalog: code, name, definition.
func (e *env) listIndicators(lang messages.Lang) error {
	cfg, err := e.config()
	if err != nil {
		return err
	}
	cat, err := cube.ForConfig(cfg)
	if err != nil {
		return err
	}
	for _, i := range cat.All() {
		fmt.Fprintf(e.stdout, "%s  %s  (%s)\n", i.Code, i.Name.In(lang), strings.Join(i.Dims, ", "))
	}
	return nil
}

func (e *env) exportCmd() *cobra.Command {
	var when string
	cmd := &cobra.Command{
		Use:   "export FILE [--as-of TIME]",
		Short: messages.Both("cli.export"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, a []string) error {
			file := e.path(a[0])
			if _, err := os.Stat(filepath.Dir(file)); err != nil {
				return fmt.Errorf("export: %w", err)
			}
			return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
				t, err := e.asOf(ap, when)
				if err != nil {
					return err
				}
				if err := ap.At(ctx, t, func(then *app.App) error { return cube.Export(ctx, then.Engine, file) }); err != nil {
					return err
				}
				_, err = io.WriteString(e.stdout, messages.Both("cli.export.done", file)+"\n")
				return err
			})
		},
	}
	cmd.Flags().StringVar(&when, "as-of", "", messages.Both("cli.asof"))
	return cmd
}
