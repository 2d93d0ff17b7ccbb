package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"laborwatch/config"
	"laborwatch/messages"
	"laborwatch/pseudonym"
	"laborwatch/schedules"
)

func (e *env) initCmd() *cobra.Command {
	var showSchedules bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: messages.Both("cli.init"),
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if showSchedules {
				_, err := e.stdout.Write(schedules.DefaultYAML())
				return err
			}
			return e.initialize()
		},
	}
	cmd.Flags().BoolVar(&showSchedules, "schedules", false, messages.Both("cli.init.schedules"))
	return cmd
}

// initialize writes what is missing and leaves what exists as it is.
func (e *env) initialize() error {
	file := e.path(e.configFile)
	if file == "" {
		file = filepath.Join(e.dir, "laborwatch.yaml")
	}
	if err := e.writeNew(file, config.DefaultYAML()); err != nil {
		return err
	}
	cfg, err := config.Load(file, e.path(e.data))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Ingest.Inbox, 0o755); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	switch _, err := createKey(cfg, pseudonym.SM3); {
	case errors.Is(err, fs.ErrExist):
		fmt.Fprintln(e.stdout, messages.Both("cli.init.exists", cfg.Ingest.KeyFile))
	case err != nil:
		return err
	default:
		fmt.Fprintln(e.stdout, messages.Both("cli.init.wrote", cfg.Ingest.KeyFile))
	}
	fmt.Fprintln(e.stdout, messages.Both("cli.init.next", cfg.Ingest.Inbox))
	return nil
}

func (e *env) writeNew(file string, b []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		fmt.Fprintln(e.stdout, messages.Both("cli.init.exists", file))
		return nil
	}
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	if _, err := f.Write(b); err != nil {
		return errors.Join(fmt.Errorf("configuration: %w", err), f.Close())
	}
	fmt.Fprintln(e.stdout, messages.Both("cli.init.wrote", file))
	return f.Close()
}
