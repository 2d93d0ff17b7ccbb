package source

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"laborwatch/config"
	"laborwatch/messages"
)

// watermark follows the highest watermark that a query's rows have.
type watermark struct {
	config.Watermark
	// mark is how far was read before, "" for never.
	mark string
	// limit is the time beyond which a timestamp must be wrong.
	limit time.Time
	loc   *time.Location
	high  string
}

// zonedLayouts are how databases write a time with its zone.
var zonedLayouts = []string{
	"2006-01-02 15:04:05.999999999-07:00", "2006-01-02 15:04:05.999999999-07", "2006-01-02 15:04:05.999999999 -07:00",
	"2006-01-02T15:04:05.999999999Z07:00",
}

// plainLayouts are how they write one without. Fractions of any length are read.
var plainLayouts = []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02"}

// parse reads a timestamp; one without a zone is a wall clock's time.
func (w *watermark) parse(text string) (t time.Time, err error) {
	layouts := plainLayouts
	if w.Type == "timestamptz" {
		layouts = zonedLayouts
	}
	for _, l := range layouts {
		if t, err = time.Parse(l, text); err == nil {
			return t, nil
		}
	}
	return t, errors.New(messages.Both("sources.watermark.form", w.Column, w.Type))
}

// write is the canonical form of a timestamp.
func (w *watermark) write(t time.Time) string {
	if w.Type == "timestamptz" {
		return t.UTC().Format(config.ZonedLayout)
	}
	return t.Format(config.TimestampLayout)
}

// from is what the query is asked from: the mark, or the start, less the lag.
func (w *watermark) from() (string, error) {
	mark := w.mark
	if mark == "" {
		mark = w.Start
	}
	switch w.Type {
	case "text":
		return mark, nil
	case "bigint":
		n, err := strconv.ParseInt(mark, 10, 64)
		if err != nil {
			return "", fmt.Errorf("watermark %q: %w", mark, err)
		}
		lag := int64(0)
		if w.Lag != "" && w.mark != "" {
			if lag, err = strconv.ParseInt(w.Lag, 10, 64); err != nil {
				return "", fmt.Errorf("lag %q: %w", w.Lag, err)
			}
		}
		return strconv.FormatInt(n-lag, 10), nil
	}
	t, err := w.parse(mark)
	if err != nil {
		return "", err
	}
	if w.Lag != "" && w.mark != "" {
		lag, err := time.ParseDuration(w.Lag)
		if err != nil {
			return "", fmt.Errorf("lag: %w", err)
		}
		t = t.Add(-lag)
	}
	return w.write(t), nil
}

// see takes a row's watermark into account. A time that lies a day ahead would
// hide all rows that come until then: with a lag, such a row is read again each
// time and raises nothing; without, it stops the query.
func (w *watermark) see(text string) error {
	switch w.Type {
	case "text":
		w.high = max(w.high, text)
		return nil
	case "bigint":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errors.New(messages.Both("sources.watermark.form", w.Column, w.Type))
		}
		if before, err := strconv.ParseInt(w.high, 10, 64); err != nil || n > before {
			w.high = strconv.FormatInt(n, 10)
		}
		return nil
	}
	t, err := w.parse(text)
	if err != nil {
		return err
	}
	if t.After(w.ahead()) {
		if w.Lag != "" {
			return nil
		}
		return errors.New(messages.Both("sources.watermark.future", w.Column, w.write(t)))
	}
	if before, err := w.parse(w.high); err != nil || t.After(before) {
		w.high = w.write(t)
	}
	return nil
}

// ahead is the limit, as the column's clock shows it.
func (w *watermark) ahead() time.Time {
	if w.Type == "timestamptz" {
		return w.limit
	}
	l := w.limit.In(w.loc)
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), time.UTC)
}

// placeholder stands in a query for where it is to begin.
const placeholder = "{watermark}"

// place puts one text for each placeholder; n counts them from 1.
func place(query string, text func(n int) string) (out string, count int) {
	parts := strings.Split(query, placeholder)
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteString(text(i))
		}
		b.WriteString(p)
	}
	return b.String(), len(parts) - 1
}
