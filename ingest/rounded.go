package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A spreadsheet that keeps 15 significant digits ends every ID with 000. The
// check digit tells ten of eleven of them; the eleventh is somebody else's ID,
// and no row alone can tell that. So where any ID of an extract is known to be
// rounded, all that end with 000 are taken for rounded, too. Of good extracts
// one ID in eleven hundred ends so, and stays as it is.

// roundedEnd ends an ID that a spreadsheet may have rounded.
const roundedEnd = "000"

// personColumn is the contract's column of resident IDs, "" for none.
func (c *Contract) personColumn() string {
	i := slices.IndexFunc(c.Columns, func(col ColumnRule) bool { return col.Type == "person" && col.Constant == nil })
	if i < 0 {
		return ""
	}
	return c.Columns[i].Name
}

// suspect is the expression of column _rounded: whether the row's ID ends so.
func (k *compiler) suspect() []string {
	if person := k.c.personColumn(); person != "" {
		return []string{fmt.Sprintf("coalesce(ends_with(rtrim(%s, ' \"'), '%s'), false) AS _rounded", id("r.", person), roundedEnd)}
	}
	return nil
}

// doubtRounded makes good rows bad whose ID ends with 000, in extracts that hold
// an ID known to be rounded.
func (b *batch) doubtRounded(ctx context.Context) error {
	person := b.c.personColumn()
	if person == "" || b.parts[0].corrects != nil {
		return nil
	}
	known := fmt.Sprintf("contains(_fault, concat(%s, %s, %s))", text(person), partSep, text(ExcelRounded))
	rows, err := b.conn.QueryContext(ctx, "SELECT DISTINCT _file FROM lw_slow WHERE "+known)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var files []string
	for rows.Next() {
		var fd int
		if err := rows.Scan(&fd); err != nil {
			return err
		}
		files = append(files, fmt.Sprint(fd))
	}
	if err := rows.Err(); err != nil || len(files) == 0 {
		return err
	}
	fault := fmt.Sprintf("concat(%s, %s, %s, %s, %s) AS _fault", text(person), partSep, text(ExcelRounded), partSep, text(mask(strings.Repeat("0", 18), true)))
	several := len(b.parts) > 1
	place := strings.Join(append(b.place(several), b.rowID()+" AS _id"), ", ")
	in := "_file IN (" + strings.Join(files, ", ") + ")"
	if !several {
		place += ", " + files[0] + " AS _file"
		in = "true"
	}
	key := ""
	if len(b.c.Key) > 0 {
		key = fmt.Sprintf(", hash(%s, 'rounded') AS _key", b.rowID())
	}
	for _, q := range []string{
		fmt.Sprintf("INSERT INTO lw_slow BY NAME SELECT %s, %s, false AS _skip%s FROM lw_rows WHERE _ok AND _rounded AND %s", place, fault, key, in),
		"UPDATE lw_rows SET _ok = false WHERE _ok AND _rounded AND " + in,
		fmt.Sprintf("UPDATE lw_slow SET _fault = x._fault FROM (SELECT %s) x WHERE lw_slow._fault IS NULL AND _rounded AND NOT _skip AND _file IN (%s)", fault, strings.Join(files, ", ")),
	} {
		if err := b.exec(ctx, q); err != nil {
			return err
		}
	}
	return b.doubtScanned(ctx, fault, key)
}

// doubtScanned does so with rows that a scan has settled: they are left out when
// the Parquet file is written anew.
func (b *batch) doubtScanned(ctx context.Context, fault, key string) error {
	if b.scanned == nil || len(b.scanned.rounded) == 0 {
		return nil
	}
	if err := b.exec(ctx, "CREATE OR REPLACE TEMP TABLE lw_rounded (_srow BIGINT)"); err != nil {
		return err
	}
	rows := make([][]any, len(b.scanned.rounded))
	for i, number := range b.scanned.rounded {
		rows[i] = []any{number}
	}
	if err := appendRows(b.conn, "lw_rounded", rows); err != nil {
		return err
	}
	b.doubted = int64(len(rows))
	return b.exec(ctx, fmt.Sprintf("INSERT INTO lw_slow BY NAME SELECT _srow AS _id, %d AS _file, _srow, '' AS _sheet, %s, false AS _skip%s FROM lw_rounded", b.parts[0].fd, fault, key))
}
