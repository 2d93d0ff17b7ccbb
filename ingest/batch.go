package ingest

import (
	"context"
	"fmt"
	"os"
	"strings"

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
	// conflicts of the bad rows have the key of another one.
	conflicts int64
	months    map[period.Period]int64
	counts    *counts
	coverage  []lake.Coverage
	measures  []lake.Measure
	notes     []lake.Note
	strays    strays
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
	b.bound()
	defer b.removeFiles()
	read := b.read
	if len(sources) == 1 && sources[0].lines != nil {
		read = b.scan
	}
	for _, step := range []func(context.Context) error{read, b.doubtRounded, b.count, b.checkTypes, b.findRepeats, b.findLoaded, b.countMonths, b.checkRead, b.checkAgain, b.checkSet, b.collect, b.write, b.cover, b.attribute} {
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

// settleable refuses a county's snapshot where the whole month is live and
// nothing tells which of its rows are the county's: they would stand twice.
func (r *run) settleable(ctx context.Context, c *Contract, s *source) error {
	if c.Mode != lake.Snapshot || s.scope == "" || s.corrects != nil {
		return nil
	}
	held, err := r.in.lake.LiveRegions(ctx, c.Feed, s.month, true)
	if err != nil || held[""] == 0 {
		return err
	}
	live, err := r.in.lake.Live(ctx, c.Feed)
	for _, x := range live {
		if x.Scope == "" && x.Period == s.month && x.PartOf == "" {
			return refuse("whole", x.Source)
		}
	}
	return err
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
	if err := b.exec(ctx, `CREATE OR REPLACE TEMP TABLE lw_quarantine (load_id VARCHAR, feed VARCHAR, file VARCHAR, sheet VARCHAR, "row" BIGINT, region VARCHAR, col VARCHAR, reason VARCHAR, value_masked VARCHAR)`); err != nil {
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
			if err := b.exec(ctx, fmt.Sprintf(`INSERT INTO lw_quarantine SELECT %s, sheet, row, region, split_part(f, %[2]s, 1), split_part(f, %[2]s, 2), split_part(f, %[2]s, 3)
				FROM (SELECT %[3]s AS sheet, %[4]s AS row, %[9]s AS region, unnest(string_split(_fault, %[5]s)) AS f FROM %[6]s WHERE _file = %[7]d AND %[8]s)`,
				who, partSep, sheet, row, faultSep, from, p.fd, where, b.regionOf(p))); err != nil {
				return err
			}
		}
		if p.conflicts > 0 {
			if err := b.collectConflicts(ctx, p, who); err != nil {
				return err
			}
		}
		if p.malformed > 0 {
			if err := b.exec(ctx, fmt.Sprintf(`INSERT INTO lw_quarantine SELECT %s, '', line, %s, '', '%s', concat(length, '字符/chars') FROM lw_malformed WHERE fd = %d`,
				who, text(p.scope), MalformedRow, p.fd)); err != nil {
				return err
			}
		}
	}
	return nil
}

// collectConflicts adds the rows that have the key of another one, and says in
// which row of the extract that is.
func (b *batch) collectConflicts(ctx context.Context, p *part, who string) error {
	from, row := b.rowNumber(p)
	sheet := "''"
	if b.numbered() {
		sheet = "coalesce(_sheet, '')"
	}
	return b.exec(ctx, fmt.Sprintf(`INSERT INTO lw_quarantine
		WITH numbered AS (SELECT _id, %[1]s AS sheet, %[2]s AS n, %[3]s AS region FROM %[4]s WHERE _file = %[5]d)
		SELECT %[6]s, x.sheet, x.n, x.region, %[7]s, '%[8]s', concat('行/row ', coalesce(r.place, k.n))
		FROM lw_repeats r JOIN numbered x USING (_id) LEFT JOIN numbered k ON k._id = r.kept WHERE r.conflict AND r._file = %[5]d`,
		sheet, row, b.regionOf(p), from, p.fd, who, text(b.c.Key[0]), ConflictingKey))
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
			File: b.temp(p), Periods: p.months, Coverage: p.coverage, Replaces: b.replaces[p.id], Notes: p.notes, Act: p.act, Contract: b.in.contractText(b.c.Feed),
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
