package cube

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/width"

	"laborwatch/messages"
)

// column is one column of the printed table. One that is empty in every row is
// left out.
type column struct {
	head  string
	right bool
	cells []string
	wide  int
}

func (r *Result) writeTable(ctx context.Context, w io.Writer, lang messages.Lang) error {
	rows, err := r.Rows(ctx)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		_, err := io.WriteString(w, messages.T(lang, "cube.none")+"\n")
		return err
	}
	cols := r.tableColumns(lang, rows)
	for i := range cols {
		cols[i].measure()
	}
	out := bufio.NewWriter(w)
	for line := -1; line < len(rows); line++ {
		var b strings.Builder
		for i, c := range cols {
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(c.cell(line))
		}
		_, _ = out.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	}
	return out.Flush()
}

func (r *Result) tableColumns(lang messages.Lang, rows []Observation) []column {
	i := r.Indicator
	head := func(key string) string { return messages.T(lang, "cube."+key) }
	cols := []column{{head: head("period"), cells: each(rows, func(o Observation) string { return o.Period.String() })}}
	for _, d := range Dims() {
		if _, fixed := r.Spec.Where[d]; fixed || slices.Contains(r.Spec.By, d) {
			cols = append(cols, column{head: r.catalog.DimName(lang, d), cells: each(rows, func(o Observation) string { return r.named(lang, d, o.Dim(d)) })})
		}
	}
	number := func(head string, get func(Observation) string) {
		cols = append(cols, column{head: head, right: true, cells: each(rows, get)})
	}
	number(i.Name.In(lang), func(o Observation) string {
		if o.Value == nil {
			return "–"
		}
		return i.Format(lang, *o.Value)
	})
	number(head("se"), func(o Observation) string {
		if o.SE == nil {
			return ""
		}
		return i.FormatSE(lang, *o.SE)
	})
	number(head("interval"), func(o Observation) string {
		if o.CILow == nil || o.CIHigh == nil {
			return ""
		}
		return i.FormatInterval(lang, *o.CILow, *o.CIHigh)
	})
	if i.IsChange() {
		cols = append(cols, column{head: head("verdict"), cells: each(rows, func(o Observation) string {
			if v := o.Verdict(); v != Untold {
				return messages.T(lang, "cube.verdict."+string(v))
			}
			return ""
		})})
	}
	number(r.partName(lang, i.Numerator, "numerator"), func(o Observation) string { return r.partCell(lang, i.Numerator, o.Numerator) })
	number(r.partName(lang, i.Denominator, "denominator"), func(o Observation) string { return r.partCell(lang, i.Denominator, o.Denominator) })
	if i.Sampled {
		number(head("n"), func(o Observation) string {
			if o.N == nil {
				return ""
			}
			return Indicator{Unit: Persons}.Format(lang, float64(*o.N))
		})
	}
	cols = append(cols, column{head: head("status"), cells: each(rows, func(o Observation) string {
		return strings.TrimPrefix(o.ObsStatus, "A")
	})}, column{head: head("quality"), cells: each(rows, func(o Observation) string {
		return QualityText(lang, o)
	})})
	return slices.DeleteFunc(cols, func(c column) bool { return !slices.ContainsFunc(c.cells, func(s string) bool { return s != "" }) })
}

// QualityText is a figure's quality with its reason in words, "" where sampling
// has no part.
func QualityText(lang messages.Lang, o Observation) string {
	if o.Quality == "" {
		return ""
	}
	q := messages.T(lang, "cube.quality."+o.Quality)
	if o.Reason != "" {
		q += messages.T(lang, "cube.because", messages.T(lang, "cube.reason."+o.Reason))
	}
	return q
}

// named is a code with its name, which is what one needs to ask for it again.
func (r *Result) named(lang messages.Lang, dim, code string) string {
	name := r.catalog.Label(lang, dim, code)
	if code == Total || name == code {
		return name
	}
	return code + " " + name
}

// partOf gives the indicator that prints a numerator or denominator.
func (r *Result) partOf(p *Part) Indicator {
	if i, ok := r.catalog.Get(p.Indicator); ok {
		return i
	}
	return Indicator{Unit: Persons, Name: p.Name}
}

func (r *Result) partName(lang messages.Lang, p *Part, key string) string {
	if p == nil {
		return messages.T(lang, "cube."+key)
	}
	return r.partOf(p).Name.In(lang)
}

func (r *Result) partCell(lang messages.Lang, p *Part, v *float64) string {
	if p == nil || v == nil {
		return ""
	}
	return r.partOf(p).Format(lang, *v)
}

func each(rows []Observation, get func(Observation) string) []string {
	out := make([]string, len(rows))
	for i, o := range rows {
		out[i] = get(o)
	}
	return out
}

// measure finds the column's width.
func (c *column) measure() {
	c.wide = cellWidth(c.head)
	for _, s := range c.cells {
		c.wide = max(c.wide, cellWidth(s))
	}
}

// cell prints a line's cell, or the head at line -1, padded to the column.
func (c column) cell(line int) string {
	s := c.head
	if line >= 0 {
		s = c.cells[line]
	}
	pad := strings.Repeat(" ", c.wide-cellWidth(s))
	if c.right {
		return pad + s
	}
	return s + pad
}

// cellWidth is the number of terminal columns a text takes: two for a wide
// (Chinese, full-width) character, one for any other.
func cellWidth(s string) int {
	n := 0
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
