package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/period"
)

// count finds how many rows each extract has and which lines were no rows.
func (b *batch) count(ctx context.Context) error {
	rows, err := b.conn.QueryContext(ctx, `SELECT _file, min(_id), count(*) FILTER (NOT _skip), count(_fault) FILTER (NOT _skip) FROM `+b.unscanned()+` GROUP BY _file`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	byFD := map[int]*part{}
	for _, p := range b.parts {
		byFD[p.fd] = p
	}
	for rows.Next() {
		var fd int
		var first, n, bad int64
		if err := rows.Scan(&fd, &first, &n, &bad); err != nil {
			return err
		}
		p := byFD[fd]
		p.first, p.rows, p.bad = first, n, bad
		b.faults = b.faults || bad > 0
	}
	switch err := rows.Err(); {
	case err != nil || b.layout.parquet:
		return err
	case b.scanned != nil:
		p := b.parts[0]
		b.late = p.rows > p.bad
		p.rows += b.scanned.rows.Load() - b.doubted
		return b.noteMalformed(ctx)
	}
	return b.countRejects(ctx, byFD)
}

// countRejects makes lw_rejects hold one line per malformed record: the
// descriptor, the line, its length, and the number of good rows before it.
func (b *batch) countRejects(ctx context.Context, byFD map[int]*part) error {
	rows, err := b.conn.QueryContext(ctx, fmt.Sprintf(`SELECT CAST(s.file_path[%d:] AS INTEGER) AS fd, count(DISTINCT e.line)
		FROM temp.lw_rejects e JOIN temp.lw_scans s USING (scan_id, file_id) GROUP BY ALL`, len(fdPath)+1))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var fd int
		var n int64
		if err := rows.Scan(&fd, &n); err != nil {
			return err
		}
		byFD[fd].malformed, b.rejects = n, true
	}
	if err := rows.Err(); err != nil || !b.rejects {
		return err
	}
	return b.exec(ctx, fmt.Sprintf(`CREATE OR REPLACE TEMP TABLE lw_malformed AS
		SELECT fd, line, length, line - %d - row_number() OVER (PARTITION BY fd ORDER BY line) AS place, row_number() OVER (PARTITION BY fd ORDER BY line) AS n
		FROM (SELECT CAST(s.file_path[%d:] AS INTEGER) AS fd, CAST(e.line AS BIGINT) AS line, max(length(e.csv_line)) AS length
			FROM temp.lw_rejects e JOIN temp.lw_scans s USING (scan_id, file_id) GROUP BY ALL)`, b.layout.skip, len(fdPath)+1))
}

// findRepeats fills lw_repeats with the rows that are not loaded because of
// another of their extract with the same key. One that equals an earlier row in
// all columns repeats it. One that does not is in conflict with it, and bad; in
// mode upsert it is a later version, and the earlier one counts as repeated.
// Equal hashes only nominate; the values decide.
func (b *batch) findRepeats(ctx context.Context) error {
	if len(b.c.Key) == 0 {
		return nil
	}
	from, nominated := "lw_checked", `SELECT _key FROM lw_checked WHERE NOT _skip GROUP BY _key HAVING count(*) > 1`
	if b.scanned != nil && b.scanned.seen != nil {
		var err error
		if from, nominated, err = b.nominateScanned(ctx); err != nil {
			return err
		}
	}
	if err := b.exec(ctx, "CREATE OR REPLACE TEMP TABLE lw_keys AS SELECT DISTINCT _key FROM ("+nominated+")"); err != nil {
		return err
	}
	var some bool
	if err := b.conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM lw_keys)`).Scan(&some); err != nil || !some {
		return err
	}
	key := "_file, _key, " + joinIDs("", b.keyColumns())
	order, conflict := "", "same = 1 AND NOT bad"
	switch {
	case b.c.Mode == lake.Upsert:
		order, conflict = " DESC", "false"
	case b.c.Repeats == repeatsKey:
		conflict = "false"
	}
	err := b.exec(ctx, fmt.Sprintf(`CREATE OR REPLACE TEMP TABLE lw_repeats AS SELECT _id, _file, bad, %[1]s AS conflict, kept, CAST(NULL AS BIGINT) AS place FROM (
		SELECT _id, _file, _fault IS NOT NULL AS bad, row_number() OVER (PARTITION BY %[2]s ORDER BY _id%[3]s) AS n,
			min(_id) OVER (PARTITION BY %[2]s) AS kept, row_number() OVER (PARTITION BY %[4]s ORDER BY _id) AS same
		FROM %[5]s WHERE NOT _skip AND _key IN (SELECT _key FROM lw_keys))
		WHERE n > 1`, conflict, key, order, strings.Join(append([]string{key}, idents(b.otherColumns())...), ", "), from))
	if err != nil {
		return err
	}
	return b.countRepeats(ctx)
}

// otherColumns are those that make rows of one key different.
func (k *compiler) otherColumns() []string {
	var out []string
	for _, col := range k.c.Columns {
		if col.Constant == nil && !slices.Contains(k.c.Key, col.Name) {
			out = append(out, col.Name)
		}
	}
	return out
}

func idents(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = engine.Ident(n)
	}
	return out
}

// sameIn is the condition that rows x and y have the same values in columns.
func sameIn(columns []string) string {
	out := []string{"true"}
	for _, c := range columns {
		out = append(out, fmt.Sprintf("x.%[1]s IS NOT DISTINCT FROM y.%[1]s", engine.Ident(c)))
	}
	return strings.Join(out, " AND ")
}

func (b *batch) countRepeats(ctx context.Context) error {
	rows, err := b.conn.QueryContext(ctx, `SELECT _file, count(*) FILTER (NOT conflict), count(*) FILTER (conflict), count(*) FILTER (bad) FROM lw_repeats GROUP BY _file`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var fd int
		var n, conflicts, bad int64
		if err := rows.Scan(&fd, &n, &conflicts, &bad); err != nil {
			return err
		}
		for _, p := range b.parts {
			if p.fd == fd {
				p.repeated, p.bad, p.conflicts = n, p.bad-bad+conflicts, conflicts
			}
		}
		b.repeats, b.goodRepeats, b.faults = true, b.goodRepeats || n+conflicts > bad, b.faults || conflicts > 0
	}
	return rows.Err()
}

// good selects the rows that are loaded.
func (b *batch) good() string {
	s := "NOT _skip AND _fault IS NULL"
	if b.repeats {
		s += " AND _id NOT IN (SELECT _id FROM lw_repeats)"
	}
	return s
}

// countMonths counts the good rows of each extract by month, and settles the
// month that its load is filed under.
func (b *batch) countMonths(ctx context.Context) error {
	if err := b.addMonths(ctx); err != nil {
		return err
	}
	return b.settleMonths()
}

func (b *batch) addMonths(ctx context.Context) error {
	from := "lw_checked"
	if b.scanned != nil && !b.goodRepeats && b.doubted == 0 && len(b.c.Period.Columns) == 1 {
		p := b.parts[0]
		for m, n := range b.scanned.months(b.c.Period.Columns[0]) {
			if m = cmp.Or(m, p.month); m != 0 {
				p.months[m] += n
			}
		}
		from = b.unscanned()
	}
	rows, err := b.conn.QueryContext(ctx, `SELECT _file, _month, count(*) FROM `+from+` WHERE `+b.good()+` GROUP BY ALL ORDER BY ALL`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var fd int
		var month *time.Time
		var n int64
		if err := rows.Scan(&fd, &month, &n); err != nil {
			return err
		}
		for _, p := range b.parts {
			if p.fd == fd && month != nil {
				p.months[period.FromTime(*month)] += n
			} else if p.fd == fd && p.month != 0 {
				p.months[p.month] += n
			}
		}
	}
	return rows.Err()
}

// settleMonths files each extract under the month of its name, else the last
// that it holds.
func (b *batch) settleMonths() error {
	for _, p := range b.parts {
		empty := p.rows+p.malformed == 0
		if b.c.Mode == lake.Snapshot && empty {
			return refuse("no_rows") // it would empty the month
		}
		if p.month == 0 && empty && b.c.filePeriod != nil {
			return refuse("no_rows_no_month", b.c.example()) // a form that nobody filled in
		}
		if p.month != 0 {
			continue
		}
		months := make([]period.Period, 0, len(p.months))
		for m := range p.months {
			months = append(months, m)
		}
		months = period.Sorted(months)
		if b.c.Mode == lake.Snapshot && len(months) > 1 {
			return refuse("periods", fmt.Sprintf("%s … %s", months[0], months[len(months)-1]))
		}
		if len(months) > 0 {
			p.filed = months[len(months)-1]
		}
	}
	return nil
}

// rowNumber gives FROM and the expression of the row number of an extract's rows.
func (b *batch) rowNumber(p *part) (from, row string) {
	switch {
	case b.numbered():
		return "lw_checked", "_srow"
	case p.malformed == 0:
		return "lw_checked", fmt.Sprintf("(_id - %d)", p.first-int64(b.layout.skip)-1)
	default:
		// Lines that were no rows count as a person counts.
		return fmt.Sprintf("lw_checked ASOF LEFT JOIN (SELECT place, max(n) AS before FROM lw_malformed WHERE fd = %d GROUP BY place) m ON lw_checked._id - %d >= m.place", p.fd, p.first),
			fmt.Sprintf("(_id - %d + coalesce(m.before, 0))", p.first-int64(b.layout.skip)-1)
	}
}
