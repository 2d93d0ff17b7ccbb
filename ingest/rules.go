package ingest

import (
	"fmt"
	"slices"
	"strings"

	"laborwatch/engine"
)

// The contract becomes SQL in layers, each a subquery over the one below:
//
//	raw    c0 … cn as the extract has them, _file, row number
//	w.x    the cell of column x, unwrapped
//	r.x    the same, realigned
//	a.x    the lake's value where a fast form settles the cell for good
//	s.x    where it does not: what lw_read makes of it
//	x      the typed value
//	f.x    the fault, NULL when there is none
//
// Nearly every row of a large extract is settled by fast forms alone; only the
// others go through the upper layers (see statement.go).

// compiler turns one contract into SQL.
type compiler struct {
	c       *Contract
	regions []string
	layout  layout
	// aside says that the rows are those that a scan has put aside.
	aside bool
	// spans are the months that rows may be of, by the descriptor of their extract;
	// latest is the last day that any date may be.
	spans  map[int]span
	latest string
}

func text(s string) string { return engine.Quote(s) }

func texts(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = text(s)
	}
	return strings.Join(quoted, ", ")
}

// among is true where expr is one of the texts. It is no IN: the optimizer
// makes a long IN a join, after which rows no longer come in the file's order.
func among(expr string, list []string) string {
	return fmt.Sprintf("list_contains([%s], %s)", texts(list), expr)
}

func id(prefix, name string) string { return engine.Ident(prefix + name) }

// raw is w.x: the cell of a column as the extract has it, unwrapped.
func (k *compiler) raw(col ColumnRule) string {
	j := k.layout.cols[slices.IndexFunc(k.c.Columns, func(c ColumnRule) bool { return c.Name == col.Name })]
	if j < 0 {
		return "CAST(NULL AS VARCHAR)"
	}
	cell := fmt.Sprintf("c%d", j)
	if u := k.c.Cells.Unwrap; u != "" {
		cell = fmt.Sprintf("CASE WHEN regexp_full_match(%[1]s, %[2]s) THEN regexp_extract(%[1]s, %[2]s, 1) ELSE %[1]s END", cell, text(u))
	}
	if len(k.c.Cells.Nulls) > 0 {
		cell = fmt.Sprintf("CASE WHEN NOT %s THEN %s END", among(cell, k.c.Cells.Nulls), cell)
	}
	return cell
}

// cell is r.x: of a realigned group, the first cell that fits the column.
func (k *compiler) cell(col ColumnRule) string {
	for _, group := range k.c.Realign {
		if !slices.Contains(group.Columns, col.Name) {
			continue
		}
		var b strings.Builder
		b.WriteString("CASE")
		for _, other := range group.Columns {
			fmt.Fprintf(&b, " WHEN regexp_full_match(%[1]s, %[2]s) THEN %[1]s", id("w.", other), text(col.Pattern))
		}
		return b.String() + " END"
	}
	return id("w.", col.Name)
}

// settles says whether rows can be settled by fast forms at all: not where
// cells slide between columns, and not where some bytes did not decode.
func (k *compiler) settles() bool { return len(k.c.Realign) == 0 && !k.layout.damaged }

// enum is the engine's type of the column's codes, "" when it has none that are
// kept as text. In it a code takes a byte, and is checked by one look-up.
func (col ColumnRule) enum() string {
	if len(col.Codes) == 0 || types[col.Type] != "VARCHAR" || col.Type == "list" || col.Otherwise != "" {
		return ""
	}
	return "ENUM(" + texts(keysOf(col.Codes)) + ")"
}

// kept is the engine's type of the column while an extract is checked.
func (col ColumnRule) kept() string {
	if e := col.enum(); e != "" {
		return e
	}
	return types[col.Type]
}

// fast is a.x: the lake's value of the cells that need nothing more, NULL for
// all others; "" when the column has no fast form.
func (k *compiler) fast(col ColumnRule) string {
	if !k.settles() {
		return ""
	}
	r := id("r.", col.Name)
	plain := len(col.Replace) == 0 && col.Extract == "" && col.Pattern == ""
	means := col.meanings()
	own := !slices.ContainsFunc(keysOf(col.Codes), func(code string) bool { return means[code] != code })
	switch {
	case plain && own && col.enum() != "":
		return fmt.Sprintf("TRY_CAST(%s AS %s)", r, col.enum())
	case col.enum() != "":
		return ""
	case col.Type == "person" && plain:
		return fmt.Sprintf("lw_person(%s)", r)
	case types[col.Type] == "VARCHAR":
		return fmt.Sprintf("CASE WHEN lw_same(%[1]s, %[2]s) THEN %[1]s END", r, text(col.Name))
	case len(col.Codes) > 0 || !plain || len(col.Nulls) > 0:
		return ""
	}
	switch col.Type {
	case "month":
		return fmt.Sprintf("lw_month(%s)", r)
	case "date":
		return fmt.Sprintf("CASE WHEN length(%[1]s) = 10 AND %[1]s >= '1900' AND %[1]s <= %[2]s THEN TRY_CAST(%[1]s AS DATE) END", r, text(k.latest))
	case "money":
		// Thirteen digits of yuan and the fen after them fill 64 bits; the rest is rounded off.
		return k.bounded(col, fmt.Sprintf("CAST(TRY_CAST(%s AS DECIMAL(15, 2)) * CAST(100 AS DECIMAL(3, 0)) AS BIGINT)", r))
	case "integer", "bigint":
		return k.bounded(col, fmt.Sprintf("CASE WHEN length(%[1]s) < 10 THEN TRY_CAST(%[1]s AS %[2]s) END", r, types[col.Type]))
	}
	return ""
}

// bounded leaves out what lies out of the column's bounds.
func (k *compiler) bounded(col ColumnRule, v string) string {
	var in []string
	if col.Min != nil {
		in = append(in, fmt.Sprintf("%s >= %v", v, *col.Min))
	}
	if col.Max != nil {
		in = append(in, fmt.Sprintf("%s <= %v", v, *col.Max))
	}
	if len(in) == 0 {
		return v
	}
	return fmt.Sprintf("CASE WHEN %s THEN %s END", strings.Join(in, " AND "), v)
}

// negative is true where the number is not below the column's minimum, or the row
// is one in which it may be; "" for a column without such rows.
func (k *compiler) negative(col ColumnRule, prefix string) string {
	if len(col.Negative) == 0 {
		return ""
	}
	may := []string{fmt.Sprintf("%s >= %v", id(prefix, col.Name), *col.Min)}
	for _, name := range keysOf(col.Negative) {
		may = append(may, fmt.Sprintf("coalesce(%s, false)", among("CAST("+id(prefix, name)+" AS VARCHAR)", col.Negative[name])))
	}
	return strings.Join(may, " OR ")
}

// slow is s.x: what lw_read makes of the cells that the fast form left over. A
// row that came this far pays for its ID once more: that is simpler, and rare.
func (k *compiler) slow(col ColumnRule) string {
	r := id("r.", col.Name)
	read := fmt.Sprintf("lw_read(%s, %s)", r, text(col.Name))
	if !k.quick(col) {
		return read
	}
	return fmt.Sprintf("CASE WHEN %s IS NOT NULL AND %s IS NULL THEN %s END", r, id("a.", col.Name), read)
}

// quick says whether the fast form is of use in the upper layers.
func (k *compiler) quick(col ColumnRule) bool { return col.Type != "person" && k.fast(col) != "" }

// value is x: the typed value, NULL when there is none or it is at fault. Of a
// person it is the key.
func (k *compiler) value(col ColumnRule) string {
	s, t := id("s.", col.Name), col.kept()
	v := fmt.Sprintf("TRY_CAST(%s AS %s)", s, t) // a fault is text, and casts to NULL
	switch {
	case col.Type == "person":
		v = fmt.Sprintf("TRY_CAST(%s[1:%d] AS UUID)", s, pseudonymHex)
	case t == "VARCHAR":
		v = fmt.Sprintf("CASE WHEN NOT starts_with(%[1]s, %[2]s) THEN %[1]s END", s, faultMarkSQL)
	}
	if !k.quick(col) {
		return v
	}
	return fmt.Sprintf("coalesce(%s, %s)", id("a.", col.Name), v)
}

// fault is f.x: the reason why the cell makes the row bad, or NULL.
func (k *compiler) fault(col ColumnRule) string {
	x, s := id("", col.Name), id("s.", col.Name)
	when := []string{fmt.Sprintf("WHEN starts_with(%[1]s, %[2]s) THEN %[1]s[2:]", s, faultMarkSQL)}
	if types[col.Type] != "VARCHAR" && col.Type != "person" {
		// What was read does not fit the lake's type.
		when = append(when, fmt.Sprintf("WHEN %s IS NOT NULL AND %s IS NULL THEN %s", s, x, text(BadNumber)))
	}
	for _, group := range k.c.Realign {
		if !slices.Contains(group.Columns, col.Name) {
			continue
		}
		// A cell in this place that belongs to no column of the group.
		var any []string
		for _, name := range group.Columns {
			any = append(any, fmt.Sprintf("regexp_full_match(%s, %s)", id("w.", col.Name), text(k.c.column(name).Pattern)))
		}
		when = append(when, fmt.Sprintf("WHEN NOT (%s) THEN %s", strings.Join(any, " OR "), text(UnknownCode)))
	}
	if col.Name == k.c.Scope.Column && k.layout.scope != "" {
		when = append(when, fmt.Sprintf("WHEN %s <> %s THEN %s", x, text(k.layout.scope), text(OutOfScope)))
	}
	if far := k.strayed(col); far != "" {
		when = append(when, fmt.Sprintf("WHEN %s THEN %s", far, text(FarMonth)))
	}
	if below := k.negative(col, ""); below != "" {
		when = append(when, fmt.Sprintf("WHEN NOT (%s) THEN %s", below, text(BadNumber)))
	}
	if col.Required == Required && col.Default == nil {
		when = append(when, fmt.Sprintf("WHEN %s IS NULL THEN %s", x, text(Missing)))
	}
	for _, n := range k.c.Needs {
		if n.Any[0] == col.Name {
			when = append(when, fmt.Sprintf("WHEN %s THEN %s", k.unmet(n), text(Missing)))
		}
	}
	return "CASE " + strings.Join(when, " ") + " END"
}

// unmet is true of a row that lacks what it needs: nothing was filled in, right
// or wrong, in any of the columns, and no other column lets it do without.
func (k *compiler) unmet(n Need) string {
	var all []string
	for _, name := range n.Any {
		all = append(all, fmt.Sprintf("%s IS NULL AND %s IS NULL", id("", name), id("s.", name)))
	}
	for _, name := range keysOf(n.Unless) {
		all = append(all, fmt.Sprintf("CAST(%s AS VARCHAR) IS DISTINCT FROM %s", id("", name), text(n.Unless[name])))
	}
	return strings.Join(all, " AND ")
}
