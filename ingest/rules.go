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
//	r.x    the cell of column x, unwrapped, realigned, extracted
//	a.x    a fast cast, NULL when it does not succeed
//	u.x    where it did not: the folded text
//	t.x    the same, NULL when it means "nothing"
//	x      the typed value
//	f.x    the fault, NULL when there is none
//
// Nearly every cell is settled by the fast cast; only the rest pays for more.

// usualNulls are texts that mean nothing was filled in.
var usualNulls = []string{"", "-", "--", "—", "——", "/", "\\", "无", "空", "NULL", "null", "N/A", "n/a", "#N/A"}

// compiler turns one contract into SQL.
type compiler struct {
	c       *Contract
	regions []string
	layout  layout
}

func text(s string) string { return engine.Quote(s) }

func texts(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = text(s)
	}
	return strings.Join(quoted, ", ")
}

func id(prefix, name string) string { return engine.Ident(prefix + name) }

// raw is the cell of a column as the extract has it.
func (k *compiler) raw(i int) string {
	j := k.layout.cols[i]
	if j < 0 {
		return "CAST(NULL AS VARCHAR)"
	}
	cell := fmt.Sprintf("c%d", j)
	if u := k.c.Cells.Unwrap; u != "" {
		cell = fmt.Sprintf("CASE WHEN regexp_full_match(%[1]s, %[2]s) THEN regexp_extract(%[1]s, %[2]s, 1) ELSE %[1]s END", cell, text(u))
	}
	if len(k.c.Cells.Nulls) > 0 {
		cell = fmt.Sprintf("CASE WHEN %s IN (%s) THEN NULL ELSE %s END", cell, texts(k.c.Cells.Nulls), cell)
	}
	return cell
}

// cell is r.x: the raw cell after realignment, replacement and extraction.
// The cells it refers to are named "w." by the layer below.
func (k *compiler) cell(col ColumnRule) string {
	cell := id("w.", col.Name)
	for _, group := range k.c.Realign {
		if !slices.Contains(group.Columns, col.Name) {
			continue
		}
		var b strings.Builder
		b.WriteString("CASE")
		for _, other := range group.Columns {
			fmt.Fprintf(&b, " WHEN regexp_full_match(%[1]s, %[2]s) THEN %[1]s", id("w.", other), text(col.Pattern))
		}
		cell = b.String() + " END"
	}
	if len(col.Replace) > 0 {
		var b strings.Builder
		fmt.Fprintf(&b, "CASE trim(%s)", cell)
		for _, from := range keysOf(col.Replace) {
			fmt.Fprintf(&b, " WHEN %s THEN %s", text(from), text(col.Replace[from]))
		}
		cell = fmt.Sprintf("%s ELSE %s END", b.String(), cell)
	}
	if col.Extract != "" {
		cell = fmt.Sprintf("CASE WHEN regexp_matches(%[1]s, %[2]s) THEN regexp_extract(%[1]s, %[2]s, 1) ELSE %[1]s END", cell, text(col.Extract))
	}
	return cell
}

// fast is a.x: what most cells are settled by. Its type may differ from the lake's.
func (k *compiler) fast(col ColumnRule) string {
	r := id("r.", col.Name)
	if len(col.Codes) > 0 && col.Type != "list" {
		return codeCase(r, col, "NULL")
	}
	switch col.Type {
	case "text":
		return fmt.Sprintf("CASE WHEN %[1]s NOT IN (%[2]s) AND trim(%[1]s) <> '' AND NOT contains(%[1]s, '　') THEN trim(%[1]s) END", r, texts(k.nulls(col)))
	case "code":
		return fmt.Sprintf("CASE WHEN %[1]s NOT IN (%[2]s) AND regexp_full_match(%[1]s, '[!-~]+') THEN %[1]s END", r, texts(k.nulls(col)))
	case "month":
		return fmt.Sprintf("CASE WHEN length(%[1]s) = 6 THEN TRY_CAST(concat(%[1]s[1:4], '-', %[1]s[5:6], '-01') AS DATE) END", r)
	case "date":
		return fmt.Sprintf("CASE WHEN length(%[1]s) = 10 THEN TRY_CAST(%[1]s AS DATE) END", r)
	case "integer", "bigint", "money":
		return fmt.Sprintf("TRY_CAST(%s AS DECIMAL(18, 4))", r)
	case "weight":
		return fmt.Sprintf("TRY_CAST(%s AS DECIMAL(28, 10))", r)
	case "number":
		return fmt.Sprintf("TRY_CAST(%s AS DOUBLE)", r)
	case "person":
		return fmt.Sprintf("lw_person(%s)", r)
	case "uscc":
		return fmt.Sprintf("lw_uscc(%s)", r)
	case "industry":
		return fmt.Sprintf("lw_industry(%s)", r)
	case "region":
		if len(k.regions) == 0 {
			return "CAST(NULL AS VARCHAR)"
		}
		return fmt.Sprintf("CASE WHEN %[1]s IN (%[2]s) THEN %[1]s END", r, texts(k.regions))
	case "wage_low":
		return fmt.Sprintf("lw_wage(%s, 'low')", r)
	case "wage_high":
		return fmt.Sprintf("lw_wage(%s, 'high')", r)
	default: // boolean and list without a fast form
		return "CAST(NULL AS VARCHAR)"
	}
}

// unsettled says when the fast form did not settle a filled cell.
func unsettled(col ColumnRule) string {
	a, r := id("a.", col.Name), id("r.", col.Name)
	if col.Type == "person" || col.Type == "uscc" {
		return fmt.Sprintf("%s IS NOT NULL AND starts_with(%s, '!')", r, a)
	}
	return fmt.Sprintf("%s IS NOT NULL AND %s IS NULL", r, a)
}

// folded is u.x: the text of an unsettled cell, half-width and trimmed.
func folded(col ColumnRule) string {
	return fmt.Sprintf("CASE WHEN %s THEN lw_clean(%s) END", unsettled(col), id("r.", col.Name))
}

// filled is t.x: the folded text, NULL when it means nothing.
func (k *compiler) filled(col ColumnRule) string {
	u := id("u.", col.Name)
	return fmt.Sprintf("CASE WHEN %[1]s NOT IN (%[2]s) THEN %[1]s END", u, texts(k.nulls(col)))
}

func (k *compiler) nulls(col ColumnRule) []string {
	out := slices.Concat(usualNulls, k.c.Cells.Nulls, col.Nulls)
	// A text that has a meaning of its own in this column is no null.
	return slices.DeleteFunc(out, func(s string) bool {
		_, replaced := col.Replace[s]
		if replaced {
			return true
		}
		for code, forms := range col.Codes {
			if code == s || slices.Contains(forms, s) {
				return true
			}
		}
		return false
	})
}

// value is x: the typed value, NULL when there is none or it is faulty.
func (k *compiler) value(col ColumnRule) string {
	a, t := id("a.", col.Name), id("t.", col.Name)
	// Spreadsheets give integers as 8.0.
	whole := fmt.Sprintf(`regexp_replace(%s, '\.0+$', '')`, t)
	var slow string
	switch {
	case len(col.Codes) > 0 && col.Type == "list":
		return k.listValue(col)
	case len(col.Codes) > 0:
		otherwise := "NULL"
		if col.Otherwise != "" {
			otherwise = fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN %s END", t, text(col.Otherwise))
		}
		slow = codeCase(whole, col, otherwise)
	default:
		switch col.Type {
		case "text", "code":
			slow = t
		case "list":
			return k.listValue(col)
		case "month":
			slow = fmt.Sprintf("TRY_CAST(lw_month(%s) AS DATE)", t)
		case "date":
			slow = fmt.Sprintf("TRY_CAST(lw_date(%s) AS DATE)", t)
		case "integer", "bigint", "money":
			slow = fmt.Sprintf("TRY_CAST(lw_number(%s) AS DECIMAL(18, 4))", t)
		case "weight":
			slow = fmt.Sprintf("TRY_CAST(lw_number(%s) AS DECIMAL(28, 10))", t)
		case "number":
			slow = fmt.Sprintf("TRY_CAST(lw_number(%s) AS DOUBLE)", t)
		case "boolean":
			slow = fmt.Sprintf("CASE WHEN %[1]s IN ('是', '有', '1', 'Y', 'y', 'true', 'TRUE', '√') THEN 'true' WHEN %[1]s IN ('否', '0', '2', 'N', 'n', 'false', 'FALSE', '×') THEN 'false' END", whole)
		case "person", "uscc":
			return fmt.Sprintf("CASE WHEN NOT starts_with(%[1]s, '!') THEN %[1]s END", a)
		case "region":
			slow = k.slowRegion(t)
		case "wage_low", "wage_high":
			return fmt.Sprintf("TRY_CAST(%s AS BIGINT)", a)
		default:
			return a
		}
	}
	v := fmt.Sprintf("coalesce(%s, %s)", a, slow)
	if between := between[types[col.Type]]; len(col.Codes) > 0 && between != "" {
		v = fmt.Sprintf("TRY_CAST(%s AS %s)", v, between)
	}
	switch col.Type {
	case "boolean":
		return fmt.Sprintf("TRY_CAST(%s AS BOOLEAN)", v)
	case "money":
		return fmt.Sprintf("TRY_CAST(round(%s * 100) AS BIGINT)", v)
	case "weight":
		return fmt.Sprintf("TRY_CAST(round(%s * 1000000) AS BIGINT)", v)
	case "number":
		return fmt.Sprintf("CASE WHEN isfinite(%[1]s) THEN %[1]s END", v)
	case "integer", "bigint":
		return fmt.Sprintf("CASE WHEN %[1]s = trunc(%[1]s) THEN TRY_CAST(%[1]s AS %[2]s) END", v, types[col.Type])
	case "date", "month":
		return fmt.Sprintf("CASE WHEN %[1]s BETWEEN DATE '1900-01-01' AND DATE '2200-12-31' THEN %[1]s END", v)
	}
	return v
}

// between is what the text of a code is cast to first where the lake's type is no text.
var between = map[string]string{"DATE": "DATE", "INTEGER": "DECIMAL(18, 4)", "BIGINT": "DECIMAL(18, 4)", "DOUBLE": "DOUBLE", "BOOLEAN": "BOOLEAN"}

// slowRegion reads region codes with blanks, full-width digits, or of nine or
// twelve digits (towns, villages). Without a list of regions any text will do.
func (k *compiler) slowRegion(t string) string {
	if len(k.regions) == 0 {
		return t
	}
	folded := fmt.Sprintf(`regexp_replace(lw_fold(%s), '\.0+$', '')`, t)
	six := fmt.Sprintf("CASE WHEN regexp_full_match(%[1]s, '[0-9]{9}|[0-9]{12}') THEN %[1]s[1:6] ELSE %[1]s END", folded)
	return fmt.Sprintf("CASE WHEN (%[1]s) IN (%[2]s) THEN %[1]s END", six, texts(k.regions))
}

const listSeparators = `[、，,;；/|\s]+`

// listValue reads a cell of several codes. NULL means an unknown one.
func (k *compiler) listValue(col ColumnRule) string {
	t := id("t.", col.Name)
	parts := fmt.Sprintf("list_filter(string_split_regex(%s, %s), lambda x: x <> '')", t, text(listSeparators))
	one := "x"
	if len(col.Codes) > 0 {
		otherwise := "NULL"
		if col.Otherwise != "" {
			otherwise = text(col.Otherwise)
		}
		one = codeCase("x", col, otherwise)
	}
	mapped := fmt.Sprintf("list_transform(%s, lambda x: %s)", parts, one)
	return fmt.Sprintf("CASE WHEN len(list_filter(%[1]s, lambda y: y IS NULL)) = 0 THEN array_to_string(list_sort(list_distinct(%[1]s)), ';') END", mapped)
}

// codeCase maps texts to canonical codes.
func codeCase(expr string, col ColumnRule, otherwise string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CASE")
	for _, code := range keysOf(col.Codes) {
		forms := append([]string{code}, col.Codes[code]...)
		fmt.Fprintf(&b, " WHEN %s IN (%s) THEN %s", expr, texts(forms), text(code))
	}
	fmt.Fprintf(&b, " ELSE %s END", otherwise)
	return b.String()
}

// fault is f.x: the reason why the cell makes the row bad, or NULL.
func (k *compiler) fault(col ColumnRule) string {
	x, r, t, a := id("", col.Name), id("r.", col.Name), id("t.", col.Name), id("a.", col.Name)
	var when []string
	add := func(cond, reason string) { when = append(when, fmt.Sprintf("WHEN %s THEN %s", cond, reason)) }
	if k.layout.damaged {
		add(fmt.Sprintf("contains(%s, '\ufffd')", r), text(BadEncoding))
	}
	bad := reasonOf(col)
	settled := x + " IS NOT NULL"
	switch col.Type {
	case "person", "uscc":
		add(fmt.Sprintf("%s IS NULL AND %s IS NOT NULL", x, t), a+"[2:]")
	case "wage_low", "wage_high":
		// An end that the text leaves open is no fault; a text is faulted once.
		settled = fmt.Sprintf("%s IS NOT NULL", a)
		if col.Type == "wage_low" || !slices.ContainsFunc(k.c.Columns, func(o ColumnRule) bool { return o.Type == "wage_low" }) {
			add(fmt.Sprintf("%s IS NULL AND %s IS NOT NULL", a, t), text(bad))
		}
	default:
		// Either the text could not be read, or what was read lies out of bounds.
		add(fmt.Sprintf("%s IS NULL AND (%s IS NOT NULL OR %s IS NOT NULL)", x, t, a), text(bad))
	}
	if col.Min != nil {
		add(fmt.Sprintf("%s < %v", x, *col.Min), text(bad))
	}
	if col.Max != nil {
		add(fmt.Sprintf("%s > %v", x, *col.Max), text(bad))
	}
	if col.Pattern != "" && len(k.realigned(col)) == 0 {
		add(fmt.Sprintf("NOT regexp_full_match(%s, %s)", r, text(col.Pattern)), text(bad))
	}
	for _, group := range k.realigned(col) {
		// A cell in this place that belongs to no column of the group.
		var any []string
		for _, name := range group.Columns {
			any = append(any, fmt.Sprintf("regexp_full_match(%s, %s)", id("w.", col.Name), text(k.c.column(name).Pattern)))
		}
		add(fmt.Sprintf("NOT (%s)", strings.Join(any, " OR ")), text(UnknownCode))
	}
	if col.Required == Required && col.Default == nil {
		add(fmt.Sprintf("NOT (%s)", settled), text(Missing))
	}
	if len(when) == 0 {
		return "CAST(NULL AS VARCHAR)"
	}
	return "CASE " + strings.Join(when, " ") + " END"
}

func (k *compiler) realigned(col ColumnRule) []Realign {
	return slices.DeleteFunc(slices.Clone(k.c.Realign), func(g Realign) bool { return !slices.Contains(g.Columns, col.Name) })
}

// reasonOf is the reason for which a cell of the column is bad.
func reasonOf(col ColumnRule) string {
	if len(col.Codes) > 0 {
		return UnknownCode
	}
	switch col.Type {
	case "month", "date":
		return BadDate
	case "integer", "bigint", "number", "money", "weight", "wage_low", "wage_high":
		return BadNumber
	case "person", "uscc":
		return BadCheckDigit
	case "region":
		return BadRegion
	case "industry":
		return BadIndustry
	default:
		return UnknownCode
	}
}
