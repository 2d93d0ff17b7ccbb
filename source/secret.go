package source

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"laborwatch/messages"
)

// secret is a password or the like; printing it shows nothing.
type secret string

func (secret) String() string   { return "***" }
func (secret) GoString() string { return "***" }

// secret reads a secret from a file that only its owner may read, or from the
// environment. Without either it is empty.
func (s *Source) secret(field, file, env string) (string, error) {
	switch {
	case file != "":
		info, err := os.Stat(file)
		if err != nil {
			return "", fmt.Errorf("%s_file: %w", field, err)
		}
		if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
			return "", errors.New(messages.Both("sources.mode", field, file, info.Mode().Perm()))
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("%s_file: %w", field, err)
		}
		return s.keep(strings.TrimRight(string(b), "\r\n"), field, file)
	case env != "":
		return s.keep(os.Getenv(env), field, "$"+env)
	}
	return "", nil
}

func (s *Source) keep(value, field, where string) (string, error) {
	if value == "" {
		return "", errors.New(messages.Both("sources.nosecret", field, where))
	}
	s.secrets = append(s.secrets, secret(value))
	return value, nil
}

// clean takes every secret out of an error's text, and has it say in both
// languages what kind of fault it is.
func (s *Source) clean(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, x := range s.secrets {
		for _, form := range []string{string(x), url.QueryEscape(string(x)), url.PathEscape(string(x))} {
			if len(form) >= 4 || strings.Contains(text, ":"+form+"@") {
				text = strings.ReplaceAll(text, form, "***")
			}
		}
	}
	if kind := gloss(err); kind != "" {
		text = kind + ": " + text
	}
	if text == err.Error() {
		return err
	}
	return &cleaned{text, err}
}

type cleaned struct {
	text string
	err  error
}

func (c *cleaned) Error() string { return c.text }
func (c *cleaned) Unwrap() error { return c.err }
