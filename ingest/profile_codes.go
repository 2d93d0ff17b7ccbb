package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"laborwatch/engine"
)

// What a column's rows are made of tells when a code has changed its meaning, a
// county is missing, or a flag is filled in the other way round. Codes, flags,
// divisions and the first two digits of industries are counted; so are the
// entries of lists, each on its own.

// mostCodes is how many codes of a column a profile keeps, the commonest; the
// others are counted together as restCode. One that comes or goes among the last
// of them has too small a share to matter.
const (
	mostCodes = 50
	restCode  = "…"
)

// mostSets is how many columns one statement groups by.
const mostSets = 30

// coded is the expression of the code that a column's rows are counted by, "" for
// a column that is not.
func (col ColumnRule) coded() string {
	x := engine.Ident(col.Name)
	switch {
	case col.unprofiled() || col.Type == "person":
		return ""
	case col.Type == "industry" && len(col.Codes) == 0:
		return x + "[1:2]"
	case col.Type == "list":
		return "" // its entries are
	case len(col.Codes) > 0, col.Type == "boolean", col.Type == "region":
		return fmt.Sprintf("CAST(%s AS VARCHAR)", x)
	}
	return ""
}

// countedAs is the code that a value of the column's counts as, as coded has it.
func (col ColumnRule) countedAs(value string) []string {
	switch col.Type {
	case "industry":
		return []string{value[:min(2, len(value))]}
	case "list":
		return strings.Split(value, ";")
	}
	return []string{value}
}

// listed says whether the entries of the column's lists are counted.
func (col ColumnRule) listed() bool {
	return col.Type == "list" && len(col.Codes) > 0 && !col.unprofiled()
}

// countCodes counts the rows of each code, many columns a statement.
func (b *batch) countCodes(ctx context.Context, from string, byFD map[int]*part) error {
	var coded, listed []ColumnRule
	for _, col := range b.c.Columns {
		if col.coded() != "" {
			coded = append(coded, col)
		} else if col.listed() {
			listed = append(listed, col)
		}
	}
	for some := range slices.Chunk(coded, mostSets) {
		if err := b.countSets(ctx, from, byFD, some); err != nil {
			return err
		}
	}
	for _, col := range listed {
		err := b.eachRow(ctx, fmt.Sprintf("SELECT _file, count(*), code FROM (SELECT _file, unnest(string_split(%[1]s, ';')) AS code FROM %[2]s WHERE %[3]s AND %[1]s <> '') GROUP BY ALL",
			engine.Ident(col.Name), from, b.good()), 1, func(fd int, n []int64, code string) {
			byFD[fd].counts.code(col.Name, code, n[0])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) countSets(ctx context.Context, from string, byFD map[int]*part, coded []ColumnRule) error {
	var exprs, names, sets []string
	for i, col := range coded {
		name := fmt.Sprintf("k%d", i)
		exprs = append(exprs, col.coded()+" AS "+name)
		names, sets = append(names, name), append(sets, "(_file, "+name+")")
	}
	all := strings.Join(names, ", ")
	q := fmt.Sprintf("SELECT _file, count(*), CAST(grouping(%[1]s) AS BIGINT), coalesce(%[1]s) FROM (SELECT _file, %[2]s FROM %[3]s WHERE %[4]s) GROUP BY GROUPING SETS (%[5]s) HAVING coalesce(%[1]s) IS NOT NULL",
		all, strings.Join(exprs, ", "), from, b.good(), strings.Join(sets, ", "))
	return b.eachRow(ctx, q, 2, func(fd int, n []int64, code string) {
		for i, col := range coded { // the bit of the column that the row is grouped by is not set
			if n[1]>>(len(coded)-1-i)&1 == 0 {
				byFD[fd].counts.code(col.Name, code, n[0])
			}
		}
	})
}

// codeRows is a code and its rows.
type codeRows struct {
	code string
	rows int64
}

// commonest gives the rows by code, in order of the codes: those of the commonest
// codes, and of all others together.
func commonest(rows map[string]int64) []codeRows {
	var out []codeRows
	for _, code := range keysOf(rows) {
		out = append(out, codeRows{code, rows[code]})
	}
	if len(out) <= mostCodes {
		return out
	}
	slices.SortStableFunc(out, func(a, b codeRows) int { return cmp.Compare(b.rows, a.rows) })
	rest := codeRows{code: restCode}
	for _, x := range out[mostCodes:] {
		rest.rows += x.rows
	}
	out = out[:mostCodes]
	slices.SortFunc(out, func(a, b codeRows) int { return cmp.Compare(a.code, b.code) })
	return append(out, rest)
}
