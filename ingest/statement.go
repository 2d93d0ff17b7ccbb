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

// checked is the SELECT that reads the extracts and gives, for each row: _file
// (the descriptor), the typed columns, _month, _fault (NULL when good), _skip
// (true for rows that are no data), _key (a hash; equal for repeats) and, in
// numbered layouts, _srow and _sheet.
func (k *compiler) checked(paths []string) string {
	w := layer{from: k.relation(paths)}
	r, a, slow, x, f := layer{}, layer{}, layer{}, layer{}, layer{}
	var faults, marks, values []string
	for i, col := range k.c.Columns {
		if col.Constant != nil {
			continue
		}
		w.add(k.raw(i), "w.", col.Name)
		r.add(k.cell(col), "r.", col.Name)
		if fast := k.fast(col); fast != "" {
			a.add(fast, "a.", col.Name)
		}
		slow.add(k.slow(col), "s.", col.Name)
		x.add(k.value(col), "", col.Name)
		f.add(k.fault(col), "f.", col.Name)
		fi := id("f.", col.Name)
		faults = append(faults, fi)
		kind := "plain"
		if col.Type == "person" {
			kind = personalKind
		}
		marks = append(marks, fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN concat(%s, %s, %s, %s, coalesce(lw_mask(%s, %s), '')) END",
			fi, text(col.Name), partSep, fi, partSep, id("r.", col.Name), text(kind)))
		values = append(values, engine.Ident(col.Name))
	}
	f.exprs = append(f.exprs, k.month()+" AS _month")
	if k.c.Period.File == "" && k.c.Period.Constant == "" && len(k.c.Period.Columns) > 0 && k.c.column("period") == nil {
		// The row belongs to no month at all.
		faults = append(faults, `"f._month"`)
		f.exprs = append(f.exprs, fmt.Sprintf(`CASE WHEN coalesce(%s) IS NULL AND coalesce(%s) IS NULL THEN '%s' END AS "f._month"`, joinIDs("", k.c.Period.Columns), joinIDs("s.", k.c.Period.Columns), Missing))
		marks = append(marks, fmt.Sprintf(`CASE WHEN "f._month" IS NOT NULL THEN concat('%s', %s, "f._month", %s, '') END`, k.c.Period.Columns[0], partSep, partSep))
	}
	m := layer{exprs: []string{fmt.Sprintf("CASE WHEN coalesce(%s) IS NOT NULL THEN concat_ws(%s, %s) END AS _fault", strings.Join(faults, ", "), faultSep, strings.Join(marks, ", "))}}
	inner := nest(w, r, a, slow, x, f, m)
	out := []string{"_file", "_month", "_fault", k.skip() + " AS _skip"}
	if k.numbered() {
		out = append(out, "CAST(_srow AS BIGINT) AS _srow", "_sheet")
	}
	if len(k.c.Key) > 0 {
		out = append(out, k.key()+" AS _key")
	}
	return fmt.Sprintf("SELECT %s, %s FROM (%s)", strings.Join(out, ", "), strings.Join(values, ", "), inner)
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
			cols = append(cols, fmt.Sprintf("CAST(%s AS VARCHAR) AS c%d", engine.Ident(name), i))
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

// skip is true for rows that are no data: blank ones, sums and signatures.
// Only rows that would be faulty, or are empty, are looked at.
func (k *compiler) skip() string {
	var cells, loaded []string
	for i := range k.layout.width {
		cells = append(cells, fmt.Sprintf("nullif(trim(c%d), '')", i))
	}
	for _, col := range k.c.Columns {
		if col.Constant == nil {
			loaded = append(loaded, id("w.", col.Name))
		}
	}
	// The regular expression folds no full-width forms: blanks of both kinds are in it.
	first := "coalesce(" + strings.Join(cells, ", ") + ")"
	return fmt.Sprintf("CASE WHEN _fault IS NOT NULL OR coalesce(%s) IS NULL THEN coalesce(regexp_full_match(%s, %s), true) ELSE false END",
		strings.Join(loaded, ", "), first, text(k.c.dropPattern()))
}

// key hashes what makes a row unique; a faulty row by its cells as they are.
func (k *compiler) key() string {
	var raw []string
	for _, name := range k.c.Key {
		if k.c.column(name).Constant == nil {
			raw = append(raw, fmt.Sprintf("coalesce(%s, '')", id("r.", name)))
		}
	}
	return fmt.Sprintf("hash(%s, CASE WHEN _fault IS NOT NULL THEN concat_ws(%s, %s) END)", joinIDs("", k.keyColumns()), partSep, strings.Join(raw, ", "))
}

// keyColumns are the key columns that rows differ in.
func (k *compiler) keyColumns() []string {
	return slices.DeleteFunc(slices.Clone(k.c.Key), func(name string) bool { return k.c.column(name).Constant != nil })
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
			at := pseudonymHex
			out = append(out, fmt.Sprintf("%[1]s[1:%[2]d] AS %[1]s, %[1]s[%[3]d:%[3]d] AS sex, CAST(%[1]s[%[4]d:%[5]d] AS DATE) AS birth_month, %[1]s[%[6]d:] AS origin",
				x, at, at+1, at+2, at+11, at+12))
		case col.Default != nil:
			out = append(out, fmt.Sprintf("coalesce(%[1]s, CAST(%[2]s AS %[3]s)) AS %[1]s", x, numbered(*col.Default, row), t))
		case col.Name == "period":
			out = append(out, fmt.Sprintf("coalesce(%s, %s) AS period", x, fallback))
		default:
			out = append(out, x)
		}
	}
	return strings.Join(append(out, row+" AS _row"), ", ")
}

// numbered is a text literal in which {row} stands for the row number.
func numbered(s, row string) string {
	if !strings.Contains(s, "{row}") {
		return text(s)
	}
	return fmt.Sprintf("replace(%s, '{row}', CAST(%s AS VARCHAR))", text(s), row)
}
