package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/messages"
)

func (e *env) quarantineExportCmd() *cobra.Command {
	var flags faultFlags
	var originals []string
	var out string
	cmd := &cobra.Command{
		Use:   "export (--load ID|--file NAME|--feed FEED) [--original PATH] [--out FILE.xlsx|FOLDER]",
		Short: messages.Both("cli.quarantine.export"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.filter.Load == "" && flags.filter.File == "" && flags.filter.Feed == "" {
				return &exitError{exitUsage, errors.New(messages.Both("cli.quarantine.which"))}
			}
			for i := range originals {
				originals[i] = e.path(originals[i])
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error { return e.exportQuarantine(ctx, a, &flags, originals, out) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.filter.Feed, "feed", "", messages.Both("cli.quarantine.feed"))
	f.StringVar(&flags.filter.File, "file", "", messages.Both("cli.quarantine.file"))
	f.StringVar(&flags.filter.Load, "load", "", messages.Both("cli.quarantine.load"))
	f.StringArrayVar(&originals, "original", nil, messages.Both("cli.quarantine.original"))
	f.StringVar(&out, "out", "", messages.Both("cli.quarantine.out"))
	return cmd
}

// exportQuarantine writes a workbook for each load that has open faults.
func (e *env) exportQuarantine(ctx context.Context, a *app.App, flags *faultFlags, originals []string, out string) error {
	filter, err := flags.chosen(a)
	if err != nil {
		return err
	}
	counts, err := a.Lake.CountFaults(ctx, filter)
	if err != nil {
		return err
	}
	var loads []lake.Load
	seen := map[string]bool{}
	for _, x := range counts {
		if seen[x.LoadID] {
			continue
		}
		seen[x.LoadID] = true
		load, _, err := a.Lake.Load(ctx, x.LoadID)
		if err != nil {
			return err
		}
		loads = append(loads, load)
	}
	if len(loads) == 0 {
		fmt.Fprintln(e.stdout, messages.Both("cli.quarantine.none"))
		return nil
	}
	dest := e.path(out)
	if out == "" {
		dest = e.path(".")
	}
	info, err := os.Stat(dest)
	folder := err == nil && info.IsDir()
	if len(loads) > 1 && !folder {
		return &exitError{exitUsage, errors.New(messages.Both("cli.quarantine.oneout", len(loads), out))}
	}
	if !folder && !strings.EqualFold(filepath.Ext(dest), ".xlsx") {
		dest += ".xlsx" // by any other name no spreadsheet opens it
	}
	for _, load := range loads {
		path := dest
		if folder {
			path = filepath.Join(dest, correctionsName(load))
		}
		if err := e.exportLoad(ctx, a, load, originals, path); err != nil {
			return err
		}
	}
	fmt.Fprintln(e.stderr, messages.Both("cli.quarantine.careful"))
	return nil
}

// correctionsName is a name that no contract takes for an extract.
func correctionsName(load lake.Load) string {
	base := filepath.Base(filepath.FromSlash(load.Source))
	for _, ext := range []string{".gz", ".csv", ".tsv", ".txt", ".xlsx", ".parquet"} {
		base = strings.TrimSuffix(base, ext)
	}
	return messages.T(messages.ZH, "quarantine.book.data") + "_" + base + "_" + brief(load.ID) + ".xlsx"
}

func (e *env) exportLoad(ctx context.Context, a *app.App, load lake.Load, originals []string, path string) (err error) {
	if err := outside(path, a.Config.Data); err != nil {
		return err
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.New(messages.Both("cli.quarantine.exists", path))
	}
	// A half-written workbook is never taken for a whole one, and never lies
	// about under a name that nobody expects.
	half := path + ".part"
	if err := os.Remove(half); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	x, err := a.ExportQuarantine(ctx, load, originals, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(half))
	}
	if err := os.Rename(half, path); err != nil {
		return errors.Join(err, os.Remove(half))
	}
	fmt.Fprintln(e.stdout, messages.Both("cli.quarantine.exported", path, x.Rows, x.Faults))
	for _, s := range x.Absent {
		fmt.Fprintln(e.stderr, s)
	}
	if x.ByNumber > 0 {
		fmt.Fprintln(e.stderr, messages.Both("cli.quarantine.bynumber", x.ByNumber))
	}
	if x.Left > 0 {
		fmt.Fprintln(e.stderr, messages.Both("cli.quarantine.left", x.Left))
	}
	return nil
}

// outside refuses a path in the data folder, by whatever links it leads there.
func outside(path, data string) error {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return err
	}
	if data, err = filepath.Abs(data); err != nil {
		return err
	}
	if data, err = filepath.EvalSymlinks(data); err != nil {
		return err
	}
	if rel, err := filepath.Rel(data, filepath.Join(dir, filepath.Base(path))); err == nil && filepath.IsLocal(rel) {
		return errors.New(messages.Both("cli.quarantine.inside", path, data))
	}
	return nil
}

func (e *env) quarantineReloadCmd() *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use:   "reload FILE.xlsx --by WHO",
		Short: messages.Both("cli.quarantine.reload"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, a []string) error {
			if by == "" {
				return &exitError{exitUsage, errors.New(messages.Both("cli.quarantine.who"))}
			}
			path := e.path(a[0])
			return e.withApp(cmd, func(ctx context.Context, ap *app.App) error {
				r, err := ap.ReloadQuarantine(ctx, path, lake.Act{Who: by, Why: messages.Both("cli.quarantine.why", filepath.Base(path))})
				if err != nil {
					return err
				}
				return e.reportReload(filepath.Base(path), r)
			})
		},
	}
	cmd.Flags().StringVar(&by, "by", "", messages.Both("cli.quarantine.by"))
	return cmd
}

// reportReload prints what became of every row of a workbook; the exit code
// says whether rows are still open.
func (e *env) reportReload(file string, r ingest.Reloaded) error {
	if r.Known {
		fmt.Fprintln(e.stdout, messages.Both("cli.quarantine.known", file, brief(r.Part.ID)))
		return nil
	}
	fmt.Fprintln(e.stdout, messages.Both("cli.quarantine.reloaded", file, r.Corrected, r.Repeated, r.Faulty, r.Of.Source))
	if r.Already > 0 {
		fmt.Fprintln(e.stdout, messages.Both("cli.quarantine.already", r.Already))
	}
	for _, x := range []struct {
		key    string
		places []ingest.Place
	}{{"deleted", r.Deleted}, {"unrepaired", r.Unrepaired}, {"added", r.Added}} {
		if len(x.places) > 0 {
			fmt.Fprintln(e.stderr, messages.Both("cli.quarantine."+x.key, len(x.places), places(x.places)))
		}
	}
	if r.Faulty > 0 {
		fmt.Fprintln(e.stderr, messages.Both("cli.ingest.seequarantine"))
	}
	if int(r.Faulty)+len(r.Deleted)+len(r.Unrepaired)+len(r.Added) > 0 {
		return &exitError{code: exitQuarantined}
	}
	return nil
}

// places lists where rows stand, the first of many.
func places(list []ingest.Place) string {
	const most = 20
	var out []string
	for i, p := range list {
		if i == most {
			out = append(out, "…")
			break
		}
		s := strconv.FormatInt(p.Row, 10)
		if p.Sheet != "" {
			s = p.Sheet + "!" + s
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}
