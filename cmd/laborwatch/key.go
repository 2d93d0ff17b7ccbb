package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/config"
	"laborwatch/messages"
	"laborwatch/pseudonym"
)

func (e *env) keyCmd() *cobra.Command {
	return group("key", "cli.key", e.keyInitCmd(), e.keyCheckCmd(), e.keyRotateCmd())
}

func (e *env) keyInitCmd() *cobra.Command {
	var algorithm string
	cmd := &cobra.Command{
		Use:   "init [--algorithm hmac-sm3|hmac-sha256]",
		Short: messages.Both("cli.key.init"),
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if err := oneOf("--algorithm", algorithm, pseudonym.Algorithms()...); err != nil {
				return err
			}
			cfg, err := e.config()
			if err != nil {
				return err
			}
			key, err := createKey(cfg, pseudonym.Algorithm(algorithm))
			if errors.Is(err, fs.ErrExist) {
				return errors.New(messages.Both("cli.key.exists", cfg.Ingest.KeyFile))
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(e.stdout, messages.Both("cli.key.made", cfg.Ingest.KeyFile, key.Algorithm, key.Fingerprint()))
			return nil
		},
	}
	cmd.Flags().StringVar(&algorithm, "algorithm", string(pseudonym.SM3), messages.Both("cli.key.algorithm"))
	return cmd
}

// createKey makes the key file. A folder that holds data has lost its key, and
// gets no other.
func createKey(cfg *config.Config, algorithm pseudonym.Algorithm) (pseudonym.Key, error) {
	if err := app.CheckKeyPlace(cfg); err != nil {
		return pseudonym.Key{}, err
	}
	if _, err := os.Lstat(cfg.Ingest.KeyFile); err == nil {
		return pseudonym.Key{}, fs.ErrExist
	}
	if loads, _ := filepath.Glob(filepath.Join(cfg.Data, "lake", "*", "period=*")); len(loads) > 0 {
		return pseudonym.Key{}, errors.New(messages.Both("cli.key.lost", cfg.Ingest.KeyFile, cfg.Data))
	}
	keys, err := pseudonym.CreateFile(cfg.Ingest.KeyFile, algorithm)
	if err != nil {
		return pseudonym.Key{}, err
	}
	return keys[0], nil
}

func (e *env) keyCheckCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: messages.Both("cli.key.check"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := e.config()
			if err != nil {
				return err
			}
			// Before anything was loaded there is only the file to look at.
			if _, err := os.Stat(filepath.Join(cfg.Data, "state.duckdb")); errors.Is(err, fs.ErrNotExist) {
				return e.printKeyFindings(app.CheckKey(cmd.Context(), cfg, nil))
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				return e.printKeyFindings(app.CheckKey(ctx, a.Config, a))
			})
		},
	}
}

func (e *env) printKeyFindings(findings []app.Finding) error {
	if failed := e.printFindings(findings); failed > 0 {
		return errors.New(messages.Both("cli.key.failed", failed))
	}
	return nil
}

func (e *env) keyRotateCmd() *cobra.Command {
	var algorithm string
	cmd := &cobra.Command{
		Use:   "rotate [--algorithm hmac-sm3|hmac-sha256]",
		Short: messages.Both("cli.key.rotate"),
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if algorithm != "" {
				if err := oneOf("--algorithm", algorithm, pseudonym.Algorithms()...); err != nil {
					return err
				}
			}
			return e.withApp(cmd, func(ctx context.Context, a *app.App) error {
				res, err := a.RotateKey(ctx, pseudonym.Algorithm(algorithm))
				if res.Adopted {
					fmt.Fprintln(e.stdout, messages.Both("cli.key.continued"))
				}
				for _, x := range res.Skipped {
					fmt.Fprintln(e.stdout, messages.Both("cli.key.skipped", x.ID, x.Source))
					if _, err := os.Stat(a.Lake.Path(x)); err == nil {
						fmt.Fprintln(e.stdout, messages.Both("cli.key.leftover", a.Lake.Path(x)))
					}
				}
				if err != nil {
					return err
				}
				fmt.Fprintln(e.stdout, messages.Both("cli.key.rotated",
					res.Generation, res.Key.Algorithm, res.Key.Fingerprint(), res.Loads, res.Resumed, a.Config.Ingest.KeyFile))
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&algorithm, "algorithm", "", messages.Both("cli.key.algorithm"))
	return cmd
}
