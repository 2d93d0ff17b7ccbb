package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A column with otherwise takes texts that its list lacks for "unknown", so that
// a text does not cost the row. When most of its cells are such texts, the codes
// themselves have changed, which nobody would see.

// catchesUnknown says whether the column has such a code: one that is no entry of
// its list. A column whose otherwise is an entry (其他) means to gather the rest.
func (col ColumnRule) catchesUnknown() bool {
	return col.Otherwise != "" && types[col.Type] == "VARCHAR" && col.Type != "list" && len(col.Aliases) > 0 && col.Codes[col.Otherwise] == nil
}

// unknowns are the cells of a column that hold unknown texts, and the commonest
// of these.
type unknowns struct {
	cells    int64
	examples []string
}

// countUnknown counts, for each extract, the cells of columns with otherwise that
// hold unknown texts. Only rows that no fast form settled have any.
func (b *batch) countUnknown(ctx context.Context, byFD map[int]*part) error {
	ctx = withReading(ctx, b.in.readings[b.c.Feed])
	for _, col := range b.c.Columns {
		if !col.catchesUnknown() {
			continue
		}
		for _, p := range b.parts {
			p.counts.unknown[col.Name] = unknowns{}
		}
		err := b.eachRow(ctx, b.unknownCells(col), 1, func(fd int, n []int64, common string) {
			byFD[fd].counts.unknown[col.Name] = unknowns{n[0], showCodes(strings.Split(common, "\x1e"))}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// unknownCells gives for each extract the number of cells with unknown texts, and
// the commonest of those. Each text is looked at once.
func (b *batch) unknownCells(col ColumnRule) string {
	from := []string{fmt.Sprintf("CAST(%d AS INTEGER) AS _file", b.parts[0].fd)}
	if len(b.parts) > 1 {
		from[0] = "_file"
	}
	for i := range b.layout.width {
		from = append(from, fmt.Sprintf("_raw[%d] AS c%d", i+1, i))
	}
	w := layer{from: fmt.Sprintf("(SELECT %s FROM lw_rows WHERE NOT _ok)", strings.Join(from, ", "))}
	r := layer{}
	for _, other := range b.c.Columns {
		if other.Constant == nil {
			w.add(b.raw(other), "w.", other.Name)
		}
	}
	r.add(b.cell(col), "r.", col.Name)
	x := id("r.", col.Name)
	return fmt.Sprintf(`SELECT _file, CAST(sum(n) AS BIGINT), array_to_string(list(cell ORDER BY n DESC, cell)[1:%d], chr(30)) FROM (
		SELECT _file, %[2]s AS cell, count(*) AS n FROM (%[3]s) WHERE %[2]s IS NOT NULL GROUP BY ALL) WHERE lw_unknown(cell, %[4]s) IS NOT NULL GROUP BY _file`, examples, x, nest(w, r), text(col.Name))
}

// unknownCellsOf is lw_unknown: the cell if its column takes it for unknown.
func unknownCellsOf(ctx context.Context) (call, error) {
	r, err := readingOf(ctx)
	if err != nil {
		return nil, err
	}
	return func(cell, column string) (string, bool) {
		by := r.readers[column]
		return cell, by != nil && by.unknown(cell)
	}, nil
}

// unknown reports whether a cell holds a text that the column's list lacks.
func (r *reader) unknown(raw string) bool {
	if strings.ContainsRune(raw, '\ufffd') {
		return false
	}
	s, filled := r.folded(raw)
	if !filled || s == r.col.Otherwise || r.pattern != nil && !r.pattern.MatchString(s) {
		return false
	}
	_, known := r.listed(s)
	return !known
}

// showCodes gives unknown texts as they may be shown: short codes whole, all else masked.
func showCodes(texts []string) []string {
	var out []string
	for _, s := range texts {
		if len(s) > 4 || strings.ContainsFunc(s, func(c rune) bool { return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') }) {
			s = mask(s, false)
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// checkUnknown refuses an extract without a history when most cells of such a
// column hold unknown texts; with one, the share is judged like others.
func (b *batch) checkUnknown(p *part) []finding {
	if p.counts == nil || b.c.Drift.Type == driftQuarantine {
		return nil
	}
	var out []finding
	for _, name := range keysOf(p.counts.unknown) {
		u, filled := p.counts.unknown[name], p.counts.filled[name]
		if filled >= typeRows && float64(u.cells) >= typeShare*float64(filled) {
			out = append(out, newFinding(true, "unknown_texts", name, p.called(b.c, name), u.cells, filled, strings.Join(u.examples, ", "), b.c.column(name).Otherwise))
		}
	}
	return out
}
