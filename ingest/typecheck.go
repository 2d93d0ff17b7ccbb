package ingest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"laborwatch/lake"
)

// When so large a share of a column's cells cannot be read, of no fewer rows
// than typeRows, its form has changed, which is no matter of single rows. Of a
// column that every row needs, the rows are lost with the cells: a third of them
// is more than any office mistypes, and less than what one broken export spoils
// (a spreadsheet rounds ten in eleven IDs, a wrong date setting the days from 13).
const (
	typeShare         = 0.5
	typeShareRequired = 0.3
	typeRows          = 20
	examples          = 3
)

// columnFaults are the faults of one column of an extract.
type columnFaults struct {
	col    string
	n      int64 // cells at fault
	reason map[string]int64
	masked map[string]string // examples by reason
}

// worst lists the reasons, the commonest first.
func (f columnFaults) worst() []string {
	return slices.SortedFunc(maps.Keys(f.reason), func(a, b string) int { return cmp.Or(cmp.Compare(f.reason[b], f.reason[a]), cmp.Compare(a, b)) })
}

// checkTypes refuses an extract of which a whole column cannot be read any more.
func (b *batch) checkTypes(ctx context.Context) error {
	if !b.faults || b.c.Drift.Type == driftQuarantine || b.parts[0].corrects != nil {
		return nil
	}
	for _, p := range b.parts {
		if p.rows < typeRows || float64(p.bad) < typeShareRequired*float64(p.rows) || p.act != (lake.Act{}) {
			continue
		}
		if err := b.checkTypesOf(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// unread are the reasons for which a cell cannot be read: an empty one, and one
// of another county or another month, has been.
func unread(reason string) bool {
	return !slices.Contains([]string{Missing, OutOfScope, FarMonth, MalformedRow}, reason)
}

func (b *batch) checkTypesOf(ctx context.Context, p *part) error {
	all, err := b.faultsOf(ctx, p, unread)
	if err != nil {
		return err
	}
	var why phrases
	rounded := int64(0)
	for _, f := range all {
		share := typeShare
		if col := b.c.column(f.col); col != nil && col.Required == Required && col.Default == nil {
			share = typeShareRequired
		}
		if float64(f.n) < share*float64(p.rows) {
			continue
		}
		x, err := b.changedType(ctx, p, f)
		if err != nil {
			return err
		}
		why, rounded = append(why, x), max(rounded, f.reason[ExcelRounded])
	}
	switch {
	case len(why) == 0:
		return nil
	case 2*rounded >= p.rows: // nothing to let pass: most rows would be lost
		return refuse("rounded", why)
	}
	return refuse("set", why)
}

// changedType says what is wrong with a column, and where it is seen first. Of
// IDs there are no examples to show.
func (b *batch) changedType(ctx context.Context, p *part, f columnFaults) (*refusalError, error) {
	var reasons, example phrases
	for _, reason := range f.worst() {
		reasons = append(reasons, &refusalError{"quarantine.reason." + reason, nil})
		if masked := f.masked[reason]; masked != "" && len(example) == 0 && b.shown(f.col) {
			example = phrases{{"ingest.check.shown", []any{masked}}}
		}
	}
	where, err := b.firstRows(ctx, p, f.col)
	if err != nil {
		return nil, err
	}
	return &refusalError{"ingest.check.type", []any{p.called(b.c, f.col), f.n, p.rows, reasons, where, example}}, nil
}

// shown says whether a column's cells may be shown, masked: not those of persons.
func (b *batch) shown(col string) bool {
	c := b.c.column(col)
	return c != nil && c.Type != "person"
}

// firstRows says where a column's first faults stand.
func (b *batch) firstRows(ctx context.Context, p *part, col string) (phrases, error) {
	from, row := b.rowNumber(p)
	sheet := "''"
	if b.numbered() {
		sheet = "coalesce(_sheet, '')"
	}
	rows, err := b.conn.QueryContext(ctx, fmt.Sprintf(`SELECT %s, %s FROM %s WHERE _file = %d AND NOT _skip AND _fault IS NOT NULL AND contains(concat(%s, _fault), concat(%s, %s, %s)) ORDER BY _id LIMIT %d`,
		sheet, row, from, p.fd, faultSep, faultSep, text(col), partSep, examples))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var first string
	var numbers []string
	for rows.Next() {
		var sheet string
		var n int64
		if err := rows.Scan(&sheet, &n); err != nil {
			return nil, err
		}
		if len(numbers) == 0 {
			first = sheet
		}
		if sheet == first {
			numbers = append(numbers, fmt.Sprint(n))
		}
	}
	if err := rows.Err(); err != nil || len(numbers) == 0 {
		return nil, err
	}
	if first == "" {
		return phrases{{"ingest.check.rowsat", []any{strings.Join(numbers, ", ")}}}, nil
	}
	return phrases{{"ingest.check.sheetat", []any{strings.Join(numbers, ", "), first}}}, nil
}

// called is how a column is called: its header in the extract, and its name.
func (s *source) called(c *Contract, col string) phrases {
	heading := cmp.Or(s.headings[col], c.Heading(col))
	if heading == "" || heading == col {
		return phrases{{"ingest.check.plain", []any{col}}}
	}
	return phrases{{"ingest.check.column", []any{heading, col}}}
}

// headings gives the headers of an extract by column.
func (c *Contract) headings(h *header) map[string]string {
	out := map[string]string{}
	for i, j := range h.cols {
		if j >= 0 && h.names[j] != "" {
			out[c.Columns[i].Name] = h.names[j]
		}
	}
	return out
}

// causes are the faults that most rows of the extract have, the commonest first.
func (b *batch) causes(ctx context.Context, p *part) (phrases, error) {
	var why phrases
	if p.malformed > 0 {
		why = append(why, &refusalError{"ingest.check.malformed", []any{p.malformed, p.rows + p.malformed}})
	}
	if p.repeated > 0 {
		why = append(why, &refusalError{"ingest.check.repeated", []any{p.repeated, p.rows + p.malformed}})
	}
	all, err := b.faultsOf(ctx, p, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	type cause struct {
		columnFaults
		reason string
		n      int64
	}
	var list []cause
	for _, f := range all {
		for reason, n := range f.reason {
			list = append(list, cause{f, reason, n})
		}
	}
	slices.SortFunc(list, func(x, y cause) int {
		return cmp.Or(cmp.Compare(y.n, x.n), cmp.Compare(x.col, y.col), cmp.Compare(x.reason, y.reason))
	})
	for _, x := range list[:min(len(list), mostCauses)] {
		var example phrases
		if masked := x.masked[x.reason]; masked != "" && b.shown(x.col) {
			example = phrases{{"ingest.check.example", []any{masked}}}
		}
		why = append(why, &refusalError{"ingest.check.cause", []any{p.called(b.c, x.col), x.n, p.rows, phrases{{"quarantine.reason." + x.reason, nil}}, example}})
	}
	return why, nil
}

const mostCauses = 3

// faultsOf counts the faults of an extract by column, with examples; counts says
// of which reasons.
func (b *batch) faultsOf(ctx context.Context, p *part, counts func(reason string) bool) ([]columnFaults, error) {
	rows, err := b.conn.QueryContext(ctx, fmt.Sprintf(`SELECT split_part(f, %[1]s, 1), split_part(f, %[1]s, 2), count(*), array_to_string(list(DISTINCT split_part(f, %[1]s, 3) ORDER BY split_part(f, %[1]s, 3))[1:%[2]d], ', ')
		FROM (SELECT unnest(string_split(_fault, %[3]s)) AS f FROM lw_slow WHERE _file = %[4]d AND NOT _skip AND _fault IS NOT NULL) GROUP BY 1, 2 ORDER BY 1, 2`, partSep, examples, faultSep, p.fd))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []columnFaults
	for rows.Next() {
		var col, reason, masked string
		var n int64
		if err := rows.Scan(&col, &reason, &n, &masked); err != nil {
			return nil, err
		}
		if !counts(reason) {
			continue
		}
		if len(out) == 0 || out[len(out)-1].col != col {
			out = append(out, columnFaults{col: col, reason: map[string]int64{}, masked: map[string]string{}})
		}
		f := &out[len(out)-1]
		f.n += n // a cell has one fault
		f.reason[reason], f.masked[reason] = n, masked
	}
	return out, rows.Err()
}
