package infer

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"laborwatch/messages"
)

// Report writes what was found, for people.
func (g *Guess) Report(w io.Writer, lang messages.Lang) error {
	t := func(key string, args ...any) string { return messages.T(lang, "infer."+key, args...) }
	layout := []string{g.Kind}
	for _, s := range []string{g.Encoding, g.Sheet} {
		if s != "" {
			layout = append(layout, s)
		}
	}
	if g.Delimiter != "" {
		layout = append(layout, t("delimiter", fmt.Sprintf("%q", g.Delimiter)))
	}
	if g.Archive != "" {
		layout = append(layout, t("archived", comment(g.Archive)))
	}
	for _, f := range []struct {
		is  bool
		key string
	}{{g.Zipped, "zipped"}, {g.Wrapped, "wrapped"}, {g.Damaged, "damaged"}} {
		if f.is {
			layout = append(layout, t(f.key))
		}
	}
	fmt.Fprintln(w, t("file", comment(g.File), comment(strings.Join(layout, ", "))))
	fmt.Fprintln(w, t("header", g.Header, g.Levels, g.Rows))
	if g.Feed != "" {
		fmt.Fprintln(w, t("feed", strings.Join(g.candidates(), ", ")))
	} else {
		fmt.Fprintln(w, t("nofeed", strings.Join(g.candidates(), ", ")))
	}
	switch {
	case g.FileMonth != 0 && len(g.PeriodColumns) > 0:
		fmt.Fprintln(w, t("period.both", g.FileMonth, strings.Join(g.PeriodColumns, ", ")))
	case g.FileMonth != 0:
		fmt.Fprintln(w, t("period.file", g.FileMonth))
	case len(g.PeriodColumns) > 0:
		fmt.Fprintln(w, t("period.columns", strings.Join(g.PeriodColumns, ", ")))
	default:
		fmt.Fprintln(w, t("period.none"))
	}
	switch c := g.county; {
	case c != nil && c.file != "":
		fmt.Fprintln(w, t("scope", c.name))
	case c != nil:
		fmt.Fprintln(w, t("noscope", c.code))
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, t("table"))
	for i := range g.Columns {
		c := &g.Columns[i]
		name := c.Name
		if c.Personal {
			name = "-"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%.2f\t%s\t%d/%d\t%d\t%s\n", comment(c.Header), name, c.Type, c.Confidence, t("why."+c.Why), c.Filled, g.Rows, c.Distinct, comment(strings.Join(c.Examples, "、")))
	}
	return tw.Flush()
}
