package ingest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/period"
)

// part is what a batch knows of one of its extracts.
type part struct {
	*source
	fd int
	// first is the _id of its first row in lw_checked.
	first, rows, bad, repeated, malformed int64
	months                                map[period.Period]int64
	counts                                *counts
	measures                              []lake.Measure
	notes                                 []lake.Note
}

// publish loads the extracts of a batch in one go: one statement reads and
// checks them all, one COPY each writes the good rows, one transaction of the
// ledger makes them live.
func (r *run) publish(ctx context.Context, sources []*source) error {
	k := &compiler{c: r.in.contracts[sources[0].file.Feed], regions: r.in.regions, layout: sources[0].layout}
	b := &batch{run: r, compiler: k}
	b.history, _, _ = k.c.levels()
	var err error
	if b.replaces, err = r.versions(ctx, sources); err != nil {
		return err
	}
	for _, s := range sources {
		if err := r.settleable(ctx, k.c, s); err != nil {
			return err
		}
		p := &part{source: s, months: map[period.Period]int64{}}
		if !k.layout.parquet {
			p.fd = int(s.handle.Fd())
		}
		b.parts = append(b.parts, p)
	}
	defer b.removeFiles()
	read := b.read
	if len(sources) == 1 && sources[0].lines != nil {
		read = b.scan
	}
	for _, step := range []func(context.Context) error{read, b.doubtRounded, b.count, b.checkTypes, b.findRepeats, b.findLoaded, b.countMonths, b.checkSet, b.write, b.collect, b.attribute} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if r.dry {
		return r.reportDry(ctx, b)
	}
	profiles, err := b.profiles(ctx)
	if err != nil {
		return err
	}
	loads, err := r.in.lake.Publish(ctx, r.conn, b.publications(), b.quarantine(), profiles)
	if err != nil {
		return err
	}
	replaced, err := r.in.lake.Replaced(ctx, loads)
	if err != nil {
		return err
	}
	for i, p := range b.parts {
		r.report(p, loads[i], replaced[p.id])
	}
	return nil
}

// settleable refuses a county's snapshot where the whole month is live and no
// column tells which of its rows are the county's: they would stand twice.
func (r *run) settleable(ctx context.Context, c *Contract, s *source) error {
	if c.Mode != lake.Snapshot || s.scope == "" || c.Scope.Column != "" {
		return nil
	}
	live, err := r.in.lake.Live(ctx, c.Feed)
	if err != nil {
		return err
	}
	for _, x := range live {
		if x.Scope == "" && x.Period == s.month && x.PartOf == "" {
			return refuse("whole", x.Source)
		}
	}
	return nil
}

func (r *run) report(p *part, load lake.Load, superseded []string) {
	r.sum.RowsIn += load.RowsIn
	r.sum.RowsLoaded += load.RowsLoaded
	r.sum.RowsQuarantined += load.RowsQuarantined
	r.sum.RowsRepeated += load.RowsRepeated
	r.sum.Loads = append(r.sum.Loads, LoadResult{File: p.file.Rel, Load: load, Superseded: superseded, Missing: p.missing, Extra: p.extra, Notes: p.notes})
	told := []any{
		"file", p.file.Rel, "feed", load.Feed, "period", load.Period.String(), "rows", load.RowsLoaded,
		"quarantined", load.RowsQuarantined, "repeated", load.RowsRepeated, "load", load.ID,
	}
	if len(superseded) > 0 {
		told = append(told, "superseded", strings.Join(superseded, ", "))
	}
	for _, line := range Remarks(p.notes) {
		told = append(told, "differs", line)
	}
	what := "extract loaded"
	if r.dry {
		what = "extract would be loaded"
	}
	r.in.log.Info(what, told...)
	r.step(p.source)
}

// batch is one pass through the engine.
type batch struct {
	*run
	*compiler
	parts []*part
	// replaces are the loads that each extract is a new version of, by its id.
	replaces map[string][]string
	// repeats and faults say whether there are any.
	repeats, faults, rejects bool
	// goodRepeats says that some repeats are good rows, late that some rows which
	// a scan put aside are.
	goodRepeats, late bool
	// doubted are rows that a scan settled, and that are bad all the same.
	doubted int64
	// scanned is the scan of a batch of one large extract.
	scanned *scan
	// history is how many earlier loads set checks look at, 0 for none.
	history int
}

func (b *batch) exec(ctx context.Context, sql string) error {
	_, err := b.conn.ExecContext(ctx, sql)
	return err
}

// read fills lw_rows and lw_slow, which lw_checked shows as one, and lw_rejects
// with the lines that are no rows.
func (b *batch) read(ctx context.Context) error {
	paths := make([]string, len(b.parts))
	for i, p := range b.parts {
		paths[i] = p.path
	}
	ctx = withReading(ctx, b.in.readings[b.c.Feed])
	several := len(b.parts) > 1
	for _, q := range []string{
		"DROP TABLE IF EXISTS temp.lw_rejects; DROP TABLE IF EXISTS temp.lw_scans",
		"CREATE OR REPLACE TEMP TABLE lw_rows AS " + b.settled(paths),
		"CREATE OR REPLACE TEMP TABLE lw_slow AS " + b.unsettled(b.parts[0].fd, several),
		"CREATE OR REPLACE TEMP VIEW lw_checked AS " + b.checked(b.parts[0].fd, several),
	} {
		if err := b.exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

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

// findRepeats fills lw_repeats with the ids of rows that repeat an earlier row
// of their extract. Equal hashes only nominate; the key itself decides.
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
	err := b.exec(ctx, fmt.Sprintf(`CREATE OR REPLACE TEMP TABLE lw_repeats AS SELECT _id, _file, _fault IS NOT NULL AS bad FROM (
		SELECT _id, _file, _fault, row_number() OVER (PARTITION BY _file, _key, %s ORDER BY _id) AS n FROM %s
		WHERE NOT _skip AND _key IN (SELECT _key FROM lw_keys))
		WHERE n > 1`, joinIDs("", b.keyColumns()), from))
	if err != nil {
		return err
	}
	rows, err := b.conn.QueryContext(ctx, `SELECT _file, count(*), count(*) FILTER (bad) FROM lw_repeats GROUP BY _file`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var fd int
		var n, bad int64
		if err := rows.Scan(&fd, &n, &bad); err != nil {
			return err
		}
		for _, p := range b.parts {
			if p.fd == fd {
				p.repeated, p.bad = n, p.bad-bad
			}
		}
		b.repeats, b.goodRepeats = true, b.goodRepeats || n > bad
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
		if b.c.Mode == lake.Snapshot && p.rows+p.malformed == 0 {
			return refuse("no_rows") // it would empty the month
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

// write copies the good rows of each extract to a temporary Parquet file.
func (b *batch) write(ctx context.Context) error {
	if b.scanned != nil {
		return b.complete(ctx)
	}
	for _, p := range b.parts {
		from, row := b.rowNumber(p)
		month := p.month
		if month == 0 {
			month = p.filed
		}
		order := ""
		if p.malformed > 0 {
			order = " ORDER BY _row"
		}
		if err := b.exec(ctx, fmt.Sprintf("COPY (SELECT %s FROM %s WHERE _file = %d AND %s%s) TO %s (FORMAT parquet, COMPRESSION zstd)",
			b.lakeRow(row, month), from, p.fd, b.good(), order, text(b.temp(p)))); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) temp(p *part) string { return b.in.lake.Temp(p.id + ".parquet") }

// removeFiles leaves nothing in the lake's tmp, whatever happened.
func (b *batch) removeFiles() {
	for _, p := range b.parts {
		_ = os.Remove(b.temp(p))
	}
}

// collect fills lw_quarantine with one line per fault.
func (b *batch) collect(ctx context.Context) error {
	if !b.faults && !b.rejects {
		return nil
	}
	if err := b.exec(ctx, `CREATE OR REPLACE TEMP TABLE lw_quarantine (load_id VARCHAR, feed VARCHAR, file VARCHAR, sheet VARCHAR, "row" BIGINT, col VARCHAR, reason VARCHAR, value_masked VARCHAR)`); err != nil {
		return err
	}
	for _, p := range b.parts {
		who := fmt.Sprintf("%s, %s, %s", text(p.id), text(p.file.Feed), text(p.file.Rel))
		if p.bad > 0 {
			from, row := b.rowNumber(p)
			sheet := "''"
			if b.numbered() {
				sheet = "coalesce(_sheet, '')"
			}
			where := "NOT _skip AND _fault IS NOT NULL"
			if b.repeats {
				where += " AND _id NOT IN (SELECT _id FROM lw_repeats)"
			}
			if err := b.exec(ctx, fmt.Sprintf(`INSERT INTO lw_quarantine SELECT %s, sheet, row, split_part(f, %[2]s, 1), split_part(f, %[2]s, 2), split_part(f, %[2]s, 3)
				FROM (SELECT %[3]s AS sheet, %[4]s AS row, unnest(string_split(_fault, %[5]s)) AS f FROM %[6]s WHERE _file = %[7]d AND %[8]s)`,
				who, partSep, sheet, row, faultSep, from, p.fd, where)); err != nil {
				return err
			}
		}
		if p.malformed > 0 {
			if err := b.exec(ctx, fmt.Sprintf(`INSERT INTO lw_quarantine SELECT %s, '', line, '', '%s', concat(length, '字符/chars') FROM lw_malformed WHERE fd = %d`,
				who, MalformedRow, p.fd)); err != nil {
				return err
			}
		}
	}
	return nil
}

// quarantine is the SELECT that Publish puts into quarantine.
func (b *batch) quarantine() string {
	if !b.faults && !b.rejects {
		return ""
	}
	var hints strings.Builder
	for _, reason := range reasons {
		fmt.Fprintf(&hints, " WHEN '%s' THEN %s", reason, text(messages.Both("ingest.hint."+reason)))
	}
	return fmt.Sprintf(`SELECT *, CASE reason%s ELSE '' END AS hint FROM temp.lw_quarantine ORDER BY file, sheet, "row", col, reason`, hints.String())
}

func (b *batch) publications() []lake.Publication {
	var out []lake.Publication
	for _, p := range b.parts {
		month := p.month
		if month == 0 {
			month = p.filed
		}
		out = append(out, p.correction(lake.Publication{
			File: b.temp(p), Periods: p.months, Replaces: b.replaces[p.id], Notes: p.notes, Act: p.act,
			Load: lake.Load{
				ID: p.id, Feed: p.file.Feed, ContractVersion: b.c.Version, Source: p.file.Rel, Period: month, Scope: p.scope, ScopeColumn: b.c.Scope.Column, Mode: b.c.Mode,
				Origin: p.file.Origin, Contract: b.in.prints[b.c.Feed], KeyGeneration: b.in.keyGeneration(b.c),
				RowsIn: p.rows + p.malformed, RowsQuarantined: p.bad + p.malformed, RowsRepeated: p.repeated,
				RowsLoaded: p.rows - p.bad - p.repeated, Bytes: p.size, SHA256: p.sha,
			},
		}))
	}
	return out
}
