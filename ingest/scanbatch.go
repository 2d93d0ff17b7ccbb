package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"laborwatch/engine"
)

// mayScan notes the lines of an extract that can be scanned.
func (in *Ingester) mayScan(c *Contract, s *source, shape *textShape, lines *lineIndex) {
	k := &compiler{c: c, layout: s.layout}
	if s.size >= in.scanFrom && !shape.quotes && !s.layout.padded && k.settles() && c.Cells.Unwrap == "" && len(c.Cells.Nulls) == 0 {
		s.lines = lines
	}
}

// scan streams the rows that are settled into the extract's Parquet file, and
// has those put aside checked in lw_rows and lw_slow. lw_checked shows all.
func (b *batch) scan(ctx context.Context) (err error) {
	p := b.parts[0]
	file, err := b.in.unnamed()
	if err != nil {
		return err
	}
	scanned := p.handle
	defer func() { err = errors.Join(err, scanned.Close()) }()
	reading := *b.in.readings[b.c.Feed]
	x, err := newScan(ctx, b.compiler, p.source, &reading, &spool{file: file})
	if err != nil {
		return errors.Join(err, file.Close())
	}
	defer x.close()
	x.step = func(rows int64, share float64) { b.tell(p.source, rows, int64(share*float64(p.size))) }
	b.scanned, reading.scan = x, x
	// What is put aside takes the extract's place in the batch.
	b.layout = layout{cols: b.layout.cols, width: b.layout.width, delim: b.layout.delim, newline: `\n`, numbered: true, heads: b.layout.heads, aside: b.layout.aside, scope: b.layout.scope}
	b.aside = true
	p.use(file)
	p.fd = int(file.Fd())
	b.bound()
	if err := b.stream(withReading(ctx, &reading)); err != nil {
		return errors.Join(x.err, err)
	}
	if err := x.aside.flush(); err != nil {
		return err
	}
	b.in.asideRows(x.aside.rows)
	if err := b.read(ctx); err != nil {
		return err
	}
	if err := b.exec(ctx, "CREATE OR REPLACE TEMP TABLE lw_rounded (_srow BIGINT)"); err != nil {
		return err
	}
	return b.exec(ctx, "CREATE OR REPLACE TEMP VIEW lw_checked AS "+b.streamed(p)+" UNION ALL "+b.checked(p.fd, false))
}

// stream copies the settled rows, in whatever order the threads come.
func (b *batch) stream(ctx context.Context) (err error) {
	p := b.parts[0]
	if err := b.exec(ctx, "SET SESSION preserve_insertion_order = false"); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, b.exec(context.WithoutCancel(ctx), "RESET SESSION preserve_insertion_order"))
	}()
	// Level 1: pseudonyms are most of the file, and no level packs them.
	return b.exec(ctx, fmt.Sprintf("COPY (SELECT %s FROM (SELECT *, %s AS _month FROM lw_scan())) TO %s (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 8192)",
		b.lakeRow("_row", p.month), b.month(), text(b.temp(p))))
}

// streamed is the SELECT that shows the rows of the Parquet file as lw_checked does.
func (b *batch) streamed(p *part) string {
	var values []string
	for _, col := range b.c.Columns {
		if col.Constant != nil {
			continue
		}
		values = append(values, fmt.Sprintf("CAST(%[1]s AS %[2]s) AS %[1]s", engine.Ident(col.Name), col.kept()))
		if col.Type == "person" {
			values = append(values, "birth_month", "CAST(origin AS INTEGER) AS origin")
			if !b.c.ownSex() {
				values = append(values, "CAST(sex AS "+sexEnum+") AS sex")
			}
		}
	}
	values = append(values, b.asideNames()...)
	key := ""
	if len(b.c.Key) > 0 {
		key = ", " + b.keyOf(false) + " AS _key"
	}
	return fmt.Sprintf("SELECT _row AS _id, CAST(%d AS INTEGER) AS _file, _row AS _srow, '' AS _sheet, %s, %s AS _month, CAST(NULL AS VARCHAR) AS _fault, false AS _skip%s FROM (SELECT _row, %s FROM read_parquet(%s, hive_partitioning = false)) WHERE _row NOT IN (SELECT _srow FROM lw_rounded)",
		p.fd, strings.Join(b.values(), ", "), b.month(), key, strings.Join(values, ", "), text(b.temp(p)))
}

// noteMalformed makes lw_malformed hold the lines that the scan found to be no rows.
func (b *batch) noteMalformed(ctx context.Context) error {
	p, lines := b.parts[0], b.scanned.malformed
	if p.malformed = int64(len(lines)); p.malformed == 0 {
		return nil
	}
	b.rejects = true
	if err := b.exec(ctx, "CREATE OR REPLACE TEMP TABLE lw_malformed (fd INTEGER, line BIGINT, length BIGINT)"); err != nil {
		return err
	}
	rows := make([][]any, len(lines))
	for i, x := range lines {
		rows[i] = []any{int32(p.fd), x.line, x.chars}
	}
	return appendRows(b.conn, "lw_malformed", rows)
}

// unscanned is what lw_checked shows but for what a scan has settled.
func (b *batch) unscanned() string {
	if b.scanned == nil {
		return "lw_checked"
	}
	return "(" + b.checked(b.parts[0].fd, false) + ")"
}

// nominateScanned gives a SELECT of the keys that may occur twice, and from
// what rows: those that the scan's set knew before, those of good rows put
// aside, and those that occur twice among all put aside. Where there are none of
// the first two, the rows that were settled need no look.
func (b *batch) nominateScanned(ctx context.Context) (from, nominated string, err error) {
	from = b.unscanned()
	nominated = "SELECT _key FROM " + from + " WHERE NOT _skip GROUP BY _key HAVING count(*) > 1"
	if b.late {
		nominated += " UNION ALL SELECT _key FROM " + from + " WHERE NOT _skip AND _fault IS NULL"
		from = "lw_checked"
	}
	if len(b.scanned.again) == 0 {
		return from, nominated, nil
	}
	if err := b.exec(ctx, "CREATE OR REPLACE TEMP TABLE lw_again (id BIGINT)"); err != nil {
		return "", "", err
	}
	rows := make([][]any, len(b.scanned.again))
	for i, id := range b.scanned.again {
		rows[i] = []any{id}
	}
	if err := appendRows(b.conn, "lw_again", rows); err != nil {
		return "", "", err
	}
	return "lw_checked", nominated + " UNION ALL SELECT _key FROM lw_checked WHERE _id IN (SELECT id FROM lw_again)", nil
}

// complete writes the Parquet file anew where rows that were put aside are good,
// or some are repeats. Else the one that was streamed is the load's.
func (b *batch) complete(ctx context.Context) error {
	p := b.parts[0]
	if !b.late && !b.goodRepeats && b.doubted == 0 {
		return nil
	}
	whole := b.temp(p) + ".whole"
	defer func() { _ = os.Remove(whole) }()
	err := b.exec(ctx, fmt.Sprintf("COPY (SELECT %s FROM lw_checked WHERE %s) TO %s (FORMAT parquet, COMPRESSION zstd)", b.lakeRow("_srow", p.month), b.good(), text(whole)))
	if err != nil {
		return err
	}
	return os.Rename(whole, b.temp(p))
}
