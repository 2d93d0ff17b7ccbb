package ingest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"laborwatch/engine"
	"laborwatch/lake"
)

// Measures of an extract's profile.
const (
	measureRows     = "rows"     // rows loaded
	measureRepeats  = "repeats"  // repeats, as a share of the rows in
	measureNulls    = "nulls"    // empty cells of a column, as a share of the rows loaded
	measureDistinct = "distinct" // different values of a column that names persons or employers, to about 2 %
	measureCode     = "code"     // rows of a code, as a share of the rows loaded
	measureUnknown  = "unknown"  // texts that a column's list lacks, as a share of its filled cells
	measureLevel    = "level"    // median of a column of numbers, to about 2 %
	measureOwn      = "own"      // rows of the month that the name tells, as a share of all
	measureAside    = "aside"    // an unknown column was there
)

// profiled lists the columns whose empty cells are counted, those whose values
// are counted, and those whose level is taken.
func (c *Contract) profiled() (nulls, distinct, leveled []string) {
	for _, col := range c.Columns {
		if col.unprofiled() {
			continue
		}
		nulls = append(nulls, col.Name)
		if col.Type == "person" || col.Type == "uscc" {
			distinct = append(distinct, col.Name)
		}
		if col.leveled() {
			leveled = append(leveled, col.Name)
		}
	}
	return nulls, distinct, leveled
}

// unprofiled says that extracts have no such column of their own.
func (col ColumnRule) unprofiled() bool {
	return col.Constant != nil || col.Aliases != nil && len(col.Aliases) == 0
}

// counts are what a profile is made of, by column and, for codes, code.
type counts struct {
	rows     int64
	filled   map[string]int64
	codes    map[string]map[string]int64
	distinct map[string]int64
	levels   map[string]columnLevel
	unknown  map[string]unknowns
}

func newCounts() *counts {
	return &counts{filled: map[string]int64{}, codes: map[string]map[string]int64{}, distinct: map[string]int64{}, levels: map[string]columnLevel{}, unknown: map[string]unknowns{}}
}

func (n *counts) code(col, code string, rows int64) {
	if n.codes[col] == nil {
		n.codes[col] = map[string]int64{}
	}
	n.codes[col][code] += rows
}

// level takes the level of more cells; of two, that of most cells stands.
func (n *counts) level(col string, x columnLevel) {
	if x.cells > n.levels[col].cells {
		n.levels[col] = x
	}
}

// profile counts the good rows of every extract of the batch.
func (b *batch) profile(ctx context.Context) error {
	if b.history == 0 {
		return nil
	}
	byFD := map[int]*part{}
	for _, p := range b.parts {
		p.counts = newCounts()
		byFD[p.fd] = p
	}
	if err := b.countUnknown(ctx, byFD); err != nil {
		return err
	}
	from := "lw_checked"
	if b.scanned != nil {
		// The scan has counted what it settled.
		b.scanned.count(b.parts[0].counts)
		if b.scanned.aside.rows == 0 {
			return nil
		}
		from = "(" + b.checked(b.parts[0].fd, false) + ")"
	}
	for _, count := range []func(context.Context, string, map[int]*part) error{b.countFilled, b.countCodes, b.countDistinct} {
		if err := count(ctx, from, byFD); err != nil {
			return err
		}
	}
	return nil
}

// countFilled counts rows and filled cells, and takes the levels.
func (b *batch) countFilled(ctx context.Context, from string, byFD map[int]*part) error {
	nulls, _, leveled := b.c.profiled()
	var exprs []string
	for _, col := range nulls {
		exprs = append(exprs, fmt.Sprintf(", count(%s)", engine.Ident(col)))
	}
	for _, col := range leveled {
		exprs = append(exprs, ", "+milli(col))
	}
	return b.eachRow(ctx, fmt.Sprintf("SELECT _file, count(*)%s FROM %s WHERE %s GROUP BY _file", strings.Join(exprs, ""), from, b.good()), 1+len(exprs), func(fd int, n []int64, _ string) {
		c := byFD[fd].counts
		c.rows += n[0]
		filled := map[string]int64{}
		for i, col := range nulls {
			filled[col] = n[i+1]
			c.filled[col] += n[i+1]
		}
		for i, col := range leveled {
			c.level(col, columnLevel{float64(n[1+len(nulls)+i]) / 1000, filled[col]})
		}
	})
}

// countDistinct counts persons and employers, exactly: the engine's estimate is
// off by a third for a few thousand. Large text has a sketch of its own.
func (b *batch) countDistinct(ctx context.Context, from string, byFD map[int]*part) error {
	_, distinct, _ := b.c.profiled()
	if len(distinct) == 0 {
		return nil
	}
	exprs := make([]string, len(distinct))
	for i, col := range distinct {
		exprs[i] = fmt.Sprintf(", count(DISTINCT %s)", engine.Ident(col))
	}
	return b.eachRow(ctx, fmt.Sprintf("SELECT _file%s FROM %s WHERE %s GROUP BY _file", strings.Join(exprs, ""), from, b.good()), len(distinct), func(fd int, n []int64, _ string) {
		for i, col := range distinct {
			// A scan has counted what it settled; most values of the others are among those.
			byFD[fd].counts.distinct[col] = max(byFD[fd].counts.distinct[col], n[i])
		}
	})
}

// eachRow reads rows of the descriptor, n counts and, where there is one more
// column, a text.
func (b *batch) eachRow(ctx context.Context, q string, n int, do func(fd int, n []int64, text string)) error {
	rows, err := b.conn.QueryContext(ctx, q)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	var fd int
	var text string
	ints := make([]int64, n)
	into := []any{&fd}
	for i := range ints {
		into = append(into, &ints[i])
	}
	if len(cols) > len(into) {
		into = append(into, &text)
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		do(fd, ints, text)
	}
	return rows.Err()
}

// measure gives the profile that is kept of the extract.
func (b *batch) measure(p *part) []lake.Measure {
	if p.counts == nil {
		return nil
	}
	var out []lake.Measure
	add := func(name, col, code string, v float64) {
		out = append(out, lake.Measure{LoadID: p.id, Name: name, Column: col, Code: code, Value: v})
	}
	n := p.counts
	rows := max(float64(p.rows-p.bad-p.repeated), 1)
	add(measureRows, "", "", float64(p.rows-p.bad-p.repeated))
	add(measureRepeats, "", "", float64(p.repeated)/max(float64(p.rows), 1))
	nulls, distinct, leveled := b.c.profiled()
	for _, col := range nulls {
		if !slices.Contains(p.missing, col) {
			add(measureNulls, col, "", 1-float64(n.filled[col])/rows)
		}
	}
	for _, col := range distinct {
		add(measureDistinct, col, "", float64(n.distinct[col]))
	}
	for _, col := range leveled {
		if x := n.levels[col]; x.cells >= levelLeast {
			add(measureLevel, col, "", x.median)
		}
	}
	for _, col := range slices.Sorted(maps.Keys(n.codes)) {
		for _, x := range commonest(n.codes[col]) {
			add(measureCode, col, x.code, float64(x.rows)/rows)
		}
	}
	for _, col := range slices.Sorted(maps.Keys(n.unknown)) {
		if filled := n.filled[col]; filled >= typeRows {
			add(measureUnknown, col, "", min(float64(n.unknown[col].cells)/float64(filled), 1))
		}
	}
	if share, is := b.own(p); is {
		add(measureOwn, "", "", share)
	}
	for _, name := range p.extra {
		add(measureAside, name, "", 1)
	}
	return out
}
