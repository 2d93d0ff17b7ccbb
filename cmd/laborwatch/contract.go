package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/forms"
	"laborwatch/ingest"
	"laborwatch/messages"
)

func (e *env) contractCmd() *cobra.Command {
	return group("contract", "cli.contract", e.contractListCmd(), e.contractLintCmd(), e.contractShowCmd(), e.contractTemplateCmd(), e.contractInferCmd())
}

// contracts are those of the configuration; no data folder is needed.
func (e *env) contracts() (ingest.Contracts, error) {
	cfg, err := e.config()
	if err != nil {
		return nil, err
	}
	return app.ContractsOf(cfg)
}

// contract is one of them by its feed.
func (e *env) contract(feed string) (*ingest.Contract, error) {
	cfg, cs, err := e.inUse()
	if err != nil {
		return nil, err
	}
	if feed, err = feedNamed(cs, cfg, feed); err != nil {
		return nil, err
	}
	if cs[feed] == nil { // the filing board expects it, and no contract reads it
		return nil, oneOf("FEED", feed, cs.Feeds()...)
	}
	return cs[feed], nil
}

func (e *env) contractListCmd() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list [--format table|json]",
		Short: messages.Both("cli.contract.list"),
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if err := oneOf("--format", format, "table", "json"); err != nil {
				return err
			}
			cs, err := e.contracts()
			if err != nil {
				return err
			}
			if format == "json" {
				out := []map[string]any{}
				for _, feed := range cs.Feeds() {
					c := cs[feed]
					out = append(out, map[string]any{"feed": feed, "version": c.Version, "title": map[string]string{"zh": c.Title.ZH, "en": c.Title.EN}, "mode": c.Mode, "key": c.Key, "files": c.Files, "columns": len(c.Columns)})
				}
				return e.json(out)
			}
			w := newTable(e.stdout)
			w.head("cli.contract.list.head")
			for _, feed := range cs.Feeds() {
				c := cs[feed]
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\n", feed, bilingual(c.Title), c.Mode, c.Version, len(c.Columns), strings.Join(c.Files, " "))
			}
			return w.Flush()
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, json")
	return cmd
}

func (e *env) json(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func (e *env) contractLintCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "lint FILE…",
		Short: messages.Both("cli.contract.lint"),
		Args:  args(cobra.MinimumNArgs(1)),
		RunE: func(_ *cobra.Command, files []string) error {
			// What ships is what a contract has to live with; the folder of the
			// configuration may be what is being mended.
			others, err := ingest.LoadContracts("")
			if err != nil {
				return err
			}
			var faults []error
			warnings := 0
			for _, name := range files {
				b, err := os.ReadFile(e.path(name))
				if err != nil {
					faults = append(faults, err)
					continue
				}
				found, err := ingest.Lint(name, b, others)
				if err != nil {
					faults = append(faults, err)
				}
				for _, w := range found {
					fmt.Fprintf(e.stdout, "%s:%d: %s: %s / %s\n", name, w.Line, messages.Both("cli.contract.warning"), w.Text(messages.ZH), w.Text(messages.EN))
				}
				warnings += len(found)
			}
			if len(faults) > 0 {
				return errors.Join(faults...)
			}
			fmt.Fprintln(e.stdout, messages.Both("cli.contract.lint.done", len(files), warnings))
			return nil
		},
	}
}

func (e *env) contractShowCmd() *cobra.Command {
	var format, out, fingerprint string
	var version int
	var all bool
	cmd := &cobra.Command{
		Use:   "show FEED|--all [--format table|yaml|markdown|json] [--version N|--fingerprint HEX] [--out FILE|DIR]",
		Short: messages.Both("cli.contract.show"),
		Args:  args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, a []string) error {
			if err := oneOf("--format", format, "table", "yaml", "markdown", "json"); err != nil {
				return err
			}
			if version > 0 || fingerprint != "" {
				if all || cmd.Flags().Changed("format") && format != "yaml" {
					return &exitError{exitUsage, errors.New(messages.Both("cli.contract.past"))}
				}
				return e.showKept(cmd, a, fingerprint, version, out)
			}
			if all {
				if format != "markdown" || out == "" || len(a) > 0 {
					return &exitError{exitUsage, errors.New(messages.Both("cli.contract.show.all"))}
				}
				cs, err := e.contracts()
				if err != nil {
					return err
				}
				return forms.WritePages(e.path(out), cs)
			}
			if len(a) == 0 {
				return &exitError{exitUsage, errors.New(messages.Both("cli.contract.show.which"))}
			}
			c, err := e.contract(a[0])
			if err != nil {
				return err
			}
			ending := map[string]string{"table": ".txt", "yaml": ".yaml", "markdown": ".md", "json": ".json"}[format]
			return e.into(e.inside(out, c.Feed+ending), func(w io.Writer) error { return e.showContract(w, c, format) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, yaml, markdown, json")
	f.StringVar(&out, "out", "", messages.Both("cli.contract.out"))
	f.BoolVar(&all, "all", false, messages.Both("cli.contract.all"))
	f.IntVar(&version, "version", 0, messages.Both("cli.contract.version"))
	f.StringVar(&fingerprint, "fingerprint", "", messages.Both("cli.contract.fingerprint"))
	return cmd
}

// showKept prints a contract as the ledger keeps it: the YAML under comments
// that say which it is.
func (e *env) showKept(cmd *cobra.Command, a []string, fingerprint string, version int, out string) error {
	if fingerprint == "" && len(a) == 0 {
		return &exitError{exitUsage, errors.New(messages.Both("cli.contract.show.which"))}
	}
	return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
		feed := ""
		if len(a) > 0 {
			var err error
			if feed, err = feedNamed(ap.Contracts, ap.Config, a[0]); err != nil {
				return err
			}
		}
		c, err := ap.Lake.ContractText(ctx, fingerprint, feed, version)
		if err != nil {
			return err
		}
		return e.into(e.inside(out, c.Feed+".yaml"), func(w io.Writer) error {
			fmt.Fprintf(w, "# %s\n", messages.Both("cli.contract.kept", c.Feed, c.Version, c.Fingerprint, e.local(ap, c.KeptAt)))
			if c.Regions != "" {
				fmt.Fprintf(w, "# %s\n", messages.Both("cli.contract.regions", c.Regions))
			}
			_, err := io.WriteString(w, c.YAML)
			return err
		})
	})
}

func (e *env) showContract(w io.Writer, c *ingest.Contract, format string) error {
	switch format {
	case "markdown":
		return forms.Page(w, c)
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(forms.Describe(c))
	case "yaml":
		cfg, err := e.config()
		if err != nil {
			return err
		}
		b, err := app.ContractSource(cfg, c.Feed)
		if err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	}
	tw := newTable(w)
	fmt.Fprintf(tw, "%s\t%s\t%s\n\n", c.Feed, c.Title.ZH, c.Title.EN)
	tw.head("cli.contract.show.head")
	for _, col := range forms.Describe(c).Columns {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", col.Name, col.Type, col.Required, strings.Join(col.Headers, "、"), bilingual(col.Meaning))
	}
	return tw.Flush()
}

// bilingual is a title in Chinese with the English beside it.
func bilingual(t ingest.Title) string {
	if t.ZH == "" || t.EN == "" || t.ZH == t.EN {
		return cmp.Or(t.ZH, t.EN)
	}
	return t.ZH + " / " + t.EN
}

// inside is where --out has a file written: under the name in a folder, else
// where it says.
func (e *env) inside(out, name string) string {
	if out == "" {
		return ""
	}
	info, err := os.Stat(e.path(out))
	if err == nil && info.IsDir() || os.IsPathSeparator(out[len(out)-1]) {
		return filepath.Join(out, name)
	}
	return out
}

// into writes to a file, whole or not at all, or to standard output.
func (e *env) into(out string, write func(io.Writer) error) (err error) {
	if out == "" {
		return write(e.stdout)
	}
	path := e.path(out)
	if _, err := os.Stat(path); err == nil {
		// A proposal that a person has finished must not be lost to another.
		return errors.New(messages.Both("cli.contract.exists", path))
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".laborwatch-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (e *env) contractTemplateCmd() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "template FEED [--out FILE.xlsx|FOLDER]",
		Short: messages.Both("cli.contract.template"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, a []string) error {
			c, err := e.contract(a[0])
			if err != nil {
				return err
			}
			name := forms.TemplateName(c)
			if out = e.inside(out, name); out == "" {
				out = name
			}
			if err := e.into(out, func(w io.Writer) error { return forms.Template(w, c) }); err != nil {
				return err
			}
			fmt.Fprintln(e.stdout, messages.Both("cli.contract.template.done", out, forms.FileName(c)))
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", messages.Both("cli.contract.out"))
	return cmd
}
