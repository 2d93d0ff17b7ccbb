package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"laborwatch/period"
)

// A row whose month lies far from its load's is mistyped: 205510 in the file of
// October 2026 would make a series end in 2055. Registers with old dates are not
// meant, only the columns that tell a row's month.

// How many months before and after its load's a row's may be, where the contract
// does not say: back payments and late revisions, and what is due next month.
const (
	usualBack  = 120
	usualAhead = 1
)

// futureYears is how far ahead any other date may lie: contracts and plans do.
const futureYears = 50

// span is what the months of an extract's rows lie in; the zero value bounds nothing.
type span struct{ from, to period.Period }

// reach gives the months that rows of a load of the month may be of. Where no
// month is told, now is in its place; a correction of such a load may bring what
// is newer than it.
func (c *Contract) reach(month, now period.Period, correction bool) span {
	if len(c.Period.Columns) == 0 {
		return span{}
	}
	back, ahead := c.Reach()
	last := cmp.Or(month, now)
	if correction && c.Period.File == "" && c.Period.Constant == "" {
		last = max(last, now)
	}
	return span{cmp.Or(month, now).Add(-back), last.Add(ahead)}
}

// Reach is how many months before and after its load's a row's month may be.
func (c *Contract) Reach() (back, ahead int) {
	back, ahead = usualBack, usualAhead
	if c.Period.Back != nil {
		back = *c.Period.Back
	}
	if c.Period.Ahead != nil {
		ahead = *c.Period.Ahead
	}
	return back, ahead
}

// bound notes which months, and which other dates, the batch's rows may hold.
func (b *batch) bound() {
	b.latest, b.spans = b.in.latest(), map[int]span{}
	for _, p := range b.parts {
		b.spans[p.fd] = b.c.reach(p.month, period.FromTime(b.in.clock()), p.corrects != nil)
	}
}

// errFar makes a scan put aside a row whose month may be out of reach.
var errFar = errors.New("out of reach")

// reads gives the day of a date within the span.
func (s span) reads(date string) (int32, error) {
	day, err := days(date)
	if err == nil && (day < int32(s.from.First().Unix()/secondsADay) || day > int32(s.to.Last().Unix()/secondsADay)) {
		err = errFar
	}
	return day, err
}

// fastMonths are the fast forms of the columns that tell a row's month.
func (k *compiler) fastMonths() []string {
	var out []string
	for _, name := range k.c.Period.Columns {
		if col := k.c.column(name); col.Constant == nil && k.fast(*col) != "" {
			out = append(out, id("a.", name))
		}
	}
	return out
}

// reached is true of a date within the months of its extract.
func (k *compiler) reached(date string) string {
	files := slices.Sorted(maps.Keys(k.spans))
	bound := func(of func(span) time.Time) string {
		lit := func(fd int) string { return "DATE '" + of(k.spans[fd]).Format(time.DateOnly) + "'" }
		last := lit(files[len(files)-1])
		var when []string
		for _, fd := range files[:len(files)-1] {
			if lit(fd) != last {
				when = append(when, fmt.Sprintf("WHEN %d THEN %s", fd, lit(fd)))
			}
		}
		if len(when) == 0 {
			return last
		}
		return fmt.Sprintf("CASE _file %s ELSE %s END", strings.Join(when, " "), last)
	}
	return fmt.Sprintf("%s BETWEEN %s AND %s", date, bound(func(s span) time.Time { return s.from.First() }), bound(func(s span) time.Time { return s.to.Last() }))
}

// bounds says whether rows' months are bounded at all.
func (k *compiler) bounds() bool { return len(k.spans) > 0 && len(k.c.Period.Columns) > 0 }

// strayed is the condition under which the column tells the row's month, and that
// lies out of reach; "" for a column that tells none.
func (k *compiler) strayed(col ColumnRule) string {
	i := slices.Index(k.c.Period.Columns, col.Name)
	if i < 0 || !k.bounds() || col.Constant != nil {
		return ""
	}
	var first []string
	for _, name := range k.c.Period.Columns[:i] {
		first = append(first, id("", name)+" IS NULL AND ")
	}
	return strings.Join(first, "") + "NOT (" + k.reached(id("", col.Name)) + ")"
}

// latest is the last day that a date may be.
func (in *Ingester) latest() string {
	return in.clock().AddDate(futureYears, 0, 0).Format(time.DateOnly)
}
