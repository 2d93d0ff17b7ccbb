package main

import (
	"time"

	"laborwatch/app"
)

// asOf reads the flag --as-of in the configured time zone, zero where it is empty.
func (e *env) asOf(a *app.App, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := a.ParseAsOf(text)
	if err != nil {
		return t, &exitError{exitUsage, err}
	}
	return t, nil
}
