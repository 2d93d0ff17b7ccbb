package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"laborwatch/messages"
)

// usage is a wrong command line, with the help that shows the right one.
func usage(cmd *cobra.Command, what string) error {
	end := ". "
	if strings.Contains(what, "\n") {
		end = "\n"
	}
	return &exitError{exitUsage, errors.New(what + end + messages.Both("cli.help", cmd.CommandPath()))}
}

// wrongFlag says what the parser of flags found, in both languages; an error of
// a kind it does not know keeps the parser's words.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var valueless *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	var malformed *pflag.InvalidSyntaxError
	what := err.Error()
	switch {
	case errors.As(err, &unknown):
		name := "--" + unknown.GetSpecifiedName()
		if shorts := unknown.GetSpecifiedShortnames(); shorts != "" {
			name = "-" + unknown.GetSpecifiedName()
		}
		what = messages.Beside("unknown flag %s", name)
	case errors.As(err, &valueless):
		what = messages.Beside("the flag %s needs a value", "--"+valueless.GetFlag().Name)
	case errors.As(err, &invalid):
		what = messages.Beside("%s: %q is no value for it: %v", "--"+invalid.GetFlag().Name, invalid.GetValue(), cause(invalid))
	case errors.As(err, &malformed):
		what = messages.Beside("malformed flag %s", malformed.GetSpecifiedFlag())
	}
	return usage(cmd, what)
}

// cause is the last of an error's causes: "invalid syntax" of a number.
func cause(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}

// checkFlags are cobra's checks of flags that are required or exclude each
// other, which have no types of their own.
func checkFlags(cmd *cobra.Command) error {
	var missing []string
	groups := map[string][]string{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if v := f.Annotations[cobra.BashCompOneRequiredFlag]; len(v) > 0 && v[0] == "true" && !f.Changed {
			missing = append(missing, "--"+f.Name)
		}
		for _, group := range f.Annotations["cobra_annotation_mutually_exclusive"] {
			if f.Changed {
				groups[group] = append(groups[group], f.Name)
			}
		}
	})
	if len(missing) > 0 {
		return usage(cmd, messages.Beside("the flags %s must be given", strings.Join(missing, ", ")))
	}
	for group, set := range groups {
		if len(set) > 1 {
			return usage(cmd, messages.Beside("only one of the flags %s goes at a time", "--"+strings.ReplaceAll(group, " ", ", --")))
		}
	}
	return nil
}
