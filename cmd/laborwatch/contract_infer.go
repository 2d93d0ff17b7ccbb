package main

import (
	"cmp"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/archive"
	"laborwatch/infer"
	"laborwatch/messages"
)

func (e *env) contractInferCmd() *cobra.Command {
	var out, lang string
	cmd := &cobra.Command{
		Use:   "infer FILE [--out FILE.yaml|FOLDER]",
		Short: messages.Both("cli.contract.infer"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, a []string) error {
			if err := oneOf("--lang", lang, string(messages.ZH), string(messages.EN)); err != nil {
				return err
			}
			cfg, err := e.config()
			if err != nil {
				return err
			}
			cs, err := app.ContractsOf(cfg)
			if err != nil {
				return err
			}
			o := infer.Options{Contracts: cs, Counties: map[string]string{}, Limits: archive.Limits{Ratio: cfg.Archives.MaxRatio, Bytes: cfg.Archives.MaxBytes, Entries: cfg.Archives.MaxEntries}}
			for _, r := range cfg.Regions {
				o.Counties[r.ZH] = r.Code
				if cfg.Ingest.CheckRegions {
					o.Regions = append(o.Regions, r.Code)
				}
			}
			g, err := infer.File(cmd.Context(), e.path(a[0]), o)
			if err != nil {
				return err
			}
			if out == "" {
				// What goes into a file must be the contract and nothing else.
				if err := g.Report(e.stderr, messages.Lang(lang)); err != nil {
					return err
				}
				_, err = io.WriteString(e.stdout, g.Contract())
				return err
			}
			out = e.inside(out, g.Name()+".yaml")
			if err := e.into(out, func(w io.Writer) error { _, err := io.WriteString(w, g.Contract()); return err }); err != nil {
				return err
			}
			if err := g.Report(e.stdout, messages.Lang(lang)); err != nil {
				return err
			}
			fmt.Fprintln(e.stdout, messages.Both("infer.wrote", out))
			if dir := cfg.Ingest.Contracts; dir != "" {
				fmt.Fprintln(e.stdout, messages.Both("infer.goes", dir))
			} else {
				fmt.Fprintln(e.stdout, messages.Both("infer.goes.unset", cmp.Or(cfg.File, "laborwatch.yaml")))
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", messages.Both("cli.contract.out"))
	f.StringVar(&lang, "lang", "zh", messages.Both("cli.query.lang"))
	return cmd
}
