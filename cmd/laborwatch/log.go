package main

import (
	"log/slog"
	"time"

	"laborwatch/config"
	"laborwatch/messages"
)

// log is for runs that nobody watches: one plain line for each thing done. On a
// terminal the command speaks for itself, and only faults are logged.
func (e *env) log(cfg *config.Config, daemon bool) *slog.Logger {
	level := slog.LevelInfo
	switch {
	case e.verbose:
		level = slog.LevelDebug
	case e.terminal():
		level = slog.LevelError
	}
	return e.logger(cfg, level, daemon || e.verbose)
}

// quietLog is for a command whose summary is what counts: warnings and faults alone.
func (e *env) quietLog(cfg *config.Config) *slog.Logger {
	if e.verbose {
		return e.log(cfg, false)
	}
	return e.logger(cfg, slog.LevelWarn, false)
}

// toldAnyway are what a command by hand prints when it is done; in its log they
// would stand twice. The daemon's log is all that there is of its runs.
var toldAnyway = map[string]bool{"differs": true, "reason": true}

// logger writes a line of text for each record, its time in the configured zone.
// Messages and errors are told in Chinese first; keys and levels are for scripts.
func (e *env) logger(cfg *config.Config, level slog.Level, full bool) *slog.Logger {
	zone := cfg.Location()
	return slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			fault, _ := a.Value.Any().(error)
			switch {
			case a.Key == slog.MessageKey:
				return slog.String(a.Key, messages.Beside(a.Value.String()))
			case a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime:
				return slog.String(a.Key, a.Value.Time().In(zone).Format(time.RFC3339))
			case !full && toldAnyway[a.Key]:
				return slog.Attr{}
			case fault != nil:
				return slog.String(a.Key, gloss(fault))
			}
			return a
		},
	}))
}
