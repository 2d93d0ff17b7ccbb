package ingest

import (
	"fmt"
	"slices"
	"strings"

	"laborwatch/engine"
	"laborwatch/period"
)

// Marks within _fault: between the faults of a row, and between the parts
// (column, reason, masked value) of one.
const (
	faultSep = "chr(30)"
	partSep  = "chr(31)"
)

// fdPath is the folder through which the engine reads open files; what follows
// it is the descriptor, by which the rows of several extracts are told apart.
const fdPath = "/proc/self/fd/"

// An extract is checked in two tables. lw_rows has every row in the file's
// order: its typed values where fast forms settle all of its cells (_ok), its
// cells as they are (_raw) where they do not. lw_slow has the latter read in
// every form that people write, with their faults. The view lw_checked shows
// both as one: _id (a row's place in lw_rows), _file (the descriptor), in
// numbered layouts _srow and _sheet, the typed values, _month, _fault (NULL
// when good), _skip (true for rows that are no data) and _key (a hash; equal
// for repeats).

// settled is the SELECT of lw_rows. Over a single extract it has no _file.
func (k *compiler) settled(paths []string) string {
	w := layer{from: k.relation(paths)}
	r, a := layer{}, layer{}
	out := k.place(len(paths) > 1)
	var ok []string
	settles := map[string]string{}
	for _, col := range k.c.Columns {
		if col.Constant != nil {
			continue
		}
		w.add(k.raw(col), "w.", col.Name)
		r.add(k.cell(col), "r.", col.Name)
		fast, kept := k.fast(col), "NULL"
		if fast != "" {
			a.add(fast, "a.", col.Name)
			kept = id("a.", col.Name)
		}
		switch {
		case col.Type == "person" && fast != "":
			out = append(out, fmt.Sprintf("%[1]s.key AS %[2]s, CAST(%[1]s.birth_month AS DATE) AS birth_month, %[1]s.origin AS origin", kept, engine.Ident(col.Name)))
			if !k.c.ownSex() {
				out = append(out, fmt.Sprintf("CAST(CASE %s.sex WHEN 0 THEN 'M' WHEN 1 THEN 'F' END AS %s) AS sex", kept, sexEnum))
			}
			kept += ".key"
		case col.Type == "person":
			out = append(out, fmt.Sprintf("CAST(NULL AS UUID) AS %s, CAST(NULL AS DATE) AS birth_month, CAST(NULL AS INTEGER) AS origin", engine.Ident(col.Name)))
			if !k.c.ownSex() {
				out = append(out, fmt.Sprintf("CAST(NULL AS %s) AS sex", sexEnum))
			}
		default:
			out = append(out, fmt.Sprintf("CAST(%s AS %s) AS %s", kept, col.kept(), engine.Ident(col.Name)))
		}
		switch {
		case fast == "" && k.settles():
			ok = append(ok, id("r.", col.Name)+" IS NULL")
		case fast != "" && (col.Required == Required && col.Default == nil):
			ok = append(ok, kept+" IS NOT NULL")
		case fast != "":
			ok = append(ok, fmt.Sprintf("(%s IS NOT NULL OR %s IS NULL)", kept, id("r.", col.Name)))
		}
		settles[col.Name] = kept
		if fast != "" && col.Name == k.c.Scope.Column && k.layout.scope != "" {
			ok = append(ok, fmt.Sprintf("coalesce(%s = %s, true)", kept, text(k.layout.scope)))
		}
	}
	if s := k.surplusCell(); s != "" {
		ok = append(ok, s+" IS NULL")
	}
	for _, n := range k.c.Needs { // what lets a row do without is looked at later
		var some []string
		for _, name := range n.Any {
			some = append(some, settles[name]+" IS NOT NULL")
		}
		ok = append(ok, "("+strings.Join(some, " OR ")+")")
	}
	out = append(append(out, k.asideValues()...), k.suspect()...)
	m := layer{exprs: []string{k.settledRow(ok) + " AS _ok"}}
	var cells []string
	for i := range k.layout.width {
		cells = append(cells, fmt.Sprintf("c%d", i))
	}
	out = append(out, "_ok", fmt.Sprintf("CASE WHEN NOT _ok THEN [%s] END AS _raw", strings.Join(cells, ", ")))
	return fmt.Sprintf("SELECT %s FROM (%s)", strings.Join(out, ", "), nest(w, r, a, m))
}

// sexEnum is the engine's type of a person's sex.
var sexEnum = "ENUM(" + texts(sexes) + ")"

// settledRow is the condition under which a row needs no second look: all cells
// settled, something filled in, and a month where the row itself must tell it.
func (k *compiler) settledRow(ok []string) string {
	if !k.settles() {
		return "false"
	}
	var filled []string
	for _, col := range k.c.Columns {
		if col.Constant == nil {
			filled = append(filled, id("w.", col.Name))
		}
	}
	if !slices.ContainsFunc(k.c.Columns, func(col ColumnRule) bool {
		return col.Required == Required && col.Default == nil && col.Constant == nil
	}) {
		ok = append(ok, "coalesce("+strings.Join(filled, ", ")+") IS NOT NULL")
	}
	if k.ownMonth() {
		ok = append(ok, "coalesce("+joinIDs("a.", k.c.Period.Columns)+") IS NOT NULL")
	}
	if dates := k.fastMonths(); len(dates) > 0 && k.bounds() {
		ok = append(ok, "coalesce("+k.reached("coalesce("+strings.Join(dates, ", ")+")")+", true)")
	}
	return "(" + strings.Join(ok, " AND ") + ")"
}

// ownMonth says that nothing but the row tells its month.
func (k *compiler) ownMonth() bool {
	return k.c.Period.File == "" && k.c.Period.Constant == "" && len(k.c.Period.Columns) > 0 && k.c.column("period") == nil
}

// place lists the columns that tell where a row stands.
func (k *compiler) place(file bool) []string {
	var out []string
	if file {
		out = append(out, "_file")
	}
	if k.numbered() {
		out = append(out, "CAST(_srow AS BIGINT) AS _srow", "_sheet")
	}
	return out
}

// unsettled is the SELECT of lw_slow.
func (k *compiler) unsettled(file int, several bool) string {
	from := append([]string{k.rowID() + " AS _id"}, k.place(several)...)
	if !several {
		from = append(from, fmt.Sprintf("%d AS _file", file))
	}
	for i := range k.layout.width {
		from = append(from, fmt.Sprintf("_raw[%d] AS c%d", i+1, i))
	}
	w := layer{from: fmt.Sprintf("(SELECT %s FROM lw_rows WHERE NOT _ok)", strings.Join(from, ", "))}
	r, a, slow, x, f := layer{}, layer{}, layer{}, layer{}, layer{}
	out := append([]string{"_id"}, k.place(true)...)
	var faults, marks []string
	for _, col := range k.c.Columns {
		if col.Constant != nil {
			continue
		}
		w.add(k.raw(col), "w.", col.Name)
		r.add(k.cell(col), "r.", col.Name)
		if k.quick(col) {
			a.add(k.fast(col), "a.", col.Name)
		}
		slow.add(k.slow(col), "s.", col.Name)
		x.add(k.value(col), "", col.Name)
		f.add(k.fault(col), "f.", col.Name)
		fi := id("f.", col.Name)
		faults = append(faults, fi)
		kind := "plain"
		out = append(out, engine.Ident(col.Name))
		if col.Type == "person" {
			kind = personalKind
			at := pseudonymHex
			out = append(out, fmt.Sprintf("TRY_CAST(%[1]s[%[2]d:%[3]d] AS DATE) AS birth_month, TRY_CAST(%[1]s[%[4]d:] AS INTEGER) AS origin", id("s.", col.Name), at+2, at+11, at+12))
			if !k.c.ownSex() {
				out = append(out, fmt.Sprintf("TRY_CAST(%[1]s[%[2]d:%[2]d] AS %[3]s) AS sex", id("s.", col.Name), at+1, sexEnum))
			}
		}
		marks = append(marks, fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN concat(%s, %s, %s, %s, coalesce(lw_mask(%s, %s), '')) END",
			fi, text(col.Name), partSep, fi, partSep, id("r.", col.Name), text(kind)))
	}
	out = append(append(out, k.asideValues()...), k.suspect()...)
	f.exprs = append(f.exprs, k.month()+" AS _month")
	if k.ownMonth() {
		// The row belongs to no month at all.
		faults = append(faults, `"f._month"`)
		f.exprs = append(f.exprs, fmt.Sprintf(`CASE WHEN coalesce(%s) IS NULL AND coalesce(%s) IS NULL THEN '%s' END AS "f._month"`, joinIDs("", k.c.Period.Columns), joinIDs("s.", k.c.Period.Columns), Missing))
		marks = append(marks, fmt.Sprintf(`CASE WHEN "f._month" IS NOT NULL THEN concat('%s', %s, "f._month", %s, '') END`, k.c.Period.Columns[0], partSep, partSep))
	}
	if s := k.surplusCell(); s != "" {
		faults = append(faults, `"f._surplus"`)
		f.exprs = append(f.exprs, fmt.Sprintf(`CASE WHEN %s IS NOT NULL THEN '%s' END AS "f._surplus"`, s, MalformedRow))
		marks = append(marks, fmt.Sprintf(`CASE WHEN "f._surplus" IS NOT NULL THEN concat('', %[1]s, "f._surplus", %[1]s, '') END`, partSep))
	}
	m := layer{exprs: []string{fmt.Sprintf("CASE WHEN coalesce(%s) IS NOT NULL THEN concat_ws(%s, %s) END AS _fault", strings.Join(faults, ", "), faultSep, strings.Join(marks, ", "))}}
	out = append(out, "_month", "_fault", k.skip()+" AS _skip", k.firstCell()+" IS NOT NULL AS _filled")
	if len(k.c.Key) > 0 {
		out = append(out, k.faultyKey(several)+" AS _key")
	}
	return fmt.Sprintf("SELECT %s FROM (%s)", strings.Join(out, ", "), nest(w, r, a, slow, x, f, m))
}

// checked is the SELECT of the view lw_checked.
func (k *compiler) checked(file int, several bool) string {
	values := strings.Join(append(k.place(false), k.values()...), ", ")
	from := "_file"
	if !several {
		from = fmt.Sprintf("CAST(%d AS INTEGER) AS _file", file)
	}
	key := ""
	if len(k.c.Key) > 0 {
		key = ", " + k.keyOf(several) + " AS _key"
	}
	fast := fmt.Sprintf("SELECT %s AS _id, %s, %s, %s AS _month, CAST(NULL AS VARCHAR) AS _fault, false AS _skip%s FROM lw_rows WHERE _ok", k.rowID(), from, values, k.month(), key)
	if key != "" {
		key = ", _key"
	}
	return fmt.Sprintf("%s UNION ALL SELECT _id, _file, %s, _month, _fault, _skip%s FROM lw_slow", fast, values, key)
}

// rowID tells rows apart, in the file's order. What a scan put aside has the
// numbers of its lines, as what was settled has.
func (k *compiler) rowID() string {
	if k.aside {
		return "_srow"
	}
	return "rowid"
}

// values lists the columns that hold what is loaded.
func (k *compiler) values() []string {
	var out []string
	for _, col := range k.c.Columns {
		if col.Constant != nil {
			continue
		}
		out = append(out, engine.Ident(col.Name))
		if col.Type == "person" {
			out = append(out, "birth_month", "origin")
			if !k.c.ownSex() {
				out = append(out, "sex")
			}
		}
	}
	return append(out, k.asideNames()...)
}

// layer is one subquery that adds columns to the one below.
type layer struct {
	from  string
	exprs []string
}

func (l *layer) add(expr, prefix, name string) {
	l.exprs = append(l.exprs, fmt.Sprintf("%s AS %s", expr, id(prefix, name)))
}

func nest(layers ...layer) string {
	sql := ""
	for _, l := range layers {
		if len(l.exprs) == 0 {
			continue
		}
		from := l.from
		if from == "" {
			from = "(" + sql + ")"
		}
		sql = fmt.Sprintf("SELECT *, %s FROM %s", strings.Join(l.exprs, ", "), from)
	}
	return sql
}

func joinIDs(prefix string, names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = id(prefix, n)
	}
	return strings.Join(out, ", ")
}

// numbered says whether rows carry their number in _srow.
func (k *compiler) numbered() bool { return k.layout.numbered || k.layout.parquet }

// relation reads the extracts.
func (k *compiler) relation(paths []string) string {
	if k.layout.parquet {
		var cols []string
		for i, name := range k.layout.names {
			value := "NULL"
			if name != "" {
				value = engine.Ident(name)
			}
			cols = append(cols, fmt.Sprintf("CAST(%s AS VARCHAR) AS c%d", value, i))
		}
		return fmt.Sprintf("(SELECT %s, file_row_number + 1 AS _srow, '' AS _sheet, 0 AS _file FROM read_parquet(%s, file_row_number = true, hive_partitioning = false))",
			strings.Join(cols, ", "), text(paths[0]))
	}
	var cols []string
	if k.layout.numbered {
		cols = append(cols, "'_srow': 'VARCHAR'", "'_sheet': 'VARCHAR'")
	}
	for i := range k.layout.width {
		cols = append(cols, fmt.Sprintf("'c%d': 'VARCHAR'", i))
	}
	return fmt.Sprintf(`(SELECT * EXCLUDE (filename), CAST(filename[%d:] AS INTEGER) AS _file FROM read_csv([%s], auto_detect = false, header = false, skip = %d,
		columns = {%s}, delim = %s, quote = '"', escape = '"', new_line = '%s', null_padding = %v, filename = true,
		store_rejects = true, rejects_table = 'lw_rejects', rejects_scan = 'lw_scans'))`,
		len(fdPath)+1, texts(paths), k.layout.skip, strings.Join(cols, ", "), text(k.layout.delim), k.layout.newline, k.layout.padded)
}

// month is the row's month by its own columns, NULL where they are empty.
func (k *compiler) month() string {
	var months []string
	for _, name := range k.c.Period.Columns {
		months = append(months, fmt.Sprintf("CAST(date_trunc('month', %s) AS DATE)", engine.Ident(name)))
	}
	if len(months) == 0 {
		return "CAST(NULL AS DATE)"
	}
	return "coalesce(" + strings.Join(months, ", ") + ")"
}

// lakeRow lists the columns of the Parquet file, from a row of the table
// checked; row is the expression of the row number, month the file's own.
func (k *compiler) lakeRow(row string, month period.Period) string {
	fallback := "CAST(NULL AS DATE)"
	if month != 0 {
		fallback = month.SQL()
	}
	var out []string
	if k.c.column("period") == nil {
		out = append(out, fmt.Sprintf("coalesce(_month, %s) AS period", fallback))
	}
	for _, col := range k.c.Columns {
		x, t := engine.Ident(col.Name), types[col.Type]
		switch {
		case col.Constant != nil:
			out = append(out, fmt.Sprintf("CAST(%s AS %s) AS %s", numbered(*col.Constant, row), t, x))
		case col.Type == "person":
			out = append(out, x)
			if !k.c.ownSex() {
				out = append(out, "sex")
			}
			out = append(out, "birth_month", "CAST(origin AS VARCHAR) AS origin")
		case col.Name == k.c.Scope.Column && k.layout.scope != "":
			out = append(out, fmt.Sprintf("coalesce(%[1]s, %[2]s) AS %[1]s", x, text(k.layout.scope)))
		case col.Default != nil:
			out = append(out, fmt.Sprintf("coalesce(%[1]s, CAST(%[2]s AS %[3]s)) AS %[1]s", x, numbered(*col.Default, row), t))
		case col.Name == "period":
			out = append(out, fmt.Sprintf("coalesce(%s, %s) AS period", x, fallback))
		default:
			out = append(out, x)
		}
	}
	out = append(out, k.asideNames()...)
	return strings.Join(append(out, row+" AS _row"), ", ")
}

// numbered is a text literal in which {row} stands for the row number.
func numbered(s, row string) string {
	if !strings.Contains(s, "{row}") {
		return text(s)
	}
	return fmt.Sprintf("replace(%s, '{row}', CAST(%s AS VARCHAR))", text(s), row)
}
