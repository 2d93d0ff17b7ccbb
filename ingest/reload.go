package ingest

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/messages"
)

// Reloaded is what Reload did with a corrections workbook.
type Reloaded struct {
	// Of is the load whose rows were corrected, Part the load that brought them;
	// Part has no ID when there was nothing to bring.
	Of, Part lake.Load
	// Known says that this very file was reloaded before; nothing was done.
	Known bool
	// Corrected rows were loaded, Repeated ones are in the load already: both
	// are closed. Faulty rows stay open with the faults that they have now.
	Corrected, Repeated, Faulty int64
	// Unrepaired rows are malformed as they were exported; they stay open.
	Unrepaired []Place
	// Deleted rows were exported and did not come back, or came back empty; they
	// stay open.
	Deleted []Place
	// Already counts rows that an earlier workbook corrected; they are passed over.
	Already int64
	// Added are rows of the workbook, by their place in it, that are no
	// quarantined rows of the load. They are not loaded.
	Added []Place
}

// Reload loads the rows of a corrections workbook that came back, as a part of
// the load that it was exported from: same feed, period, scope and mode, checked
// by the feed's contract again. Rows now good are loaded under their row number
// in the extract and their entries closed; of rows still bad the faults are
// replaced; rows equal by the contract's key to rows that the load has are
// repeats, and closed. Rows that the sender added are not loaded: a load is what
// its extract held, and more comes as a corrected extract. It is all or nothing,
// in one transaction of the ledger. A workbook of a load that is no longer live,
// or that is none of Export's, is an error and changes nothing.
func (in *Ingester) Reload(ctx context.Context, path string, act lake.Act) (Reloaded, error) {
	r, err := in.reload(ctx, path, act)
	if err != nil {
		err = fmt.Errorf("%s: %w", in.rel(path), err)
	}
	return r, err
}

func (in *Ingester) reload(ctx context.Context, path string, act lake.Act) (out Reloaded, err error) {
	sha, err := hashFile(ctx, path)
	if errors.Is(err, os.ErrNotExist) {
		return out, errors.New(messages.Both("ingest.nofile", path))
	}
	if err != nil {
		return out, err
	}
	book, back, err := in.openReturned(ctx, path)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	if out.Of, err = in.correctable(ctx, back.load); err != nil {
		return out, err
	}
	c := in.contracts[out.Of.Feed]
	s := &source{
		file: File{Path: path, Rel: in.rel(path), Feed: out.Of.Feed}, sha: sha, id: in.partID(out.Of, sha),
		month: out.Of.Period, scope: out.Of.Scope, corrects: &out.Of, act: act,
	}
	before, known, err := in.lake.Load(ctx, s.id)
	switch {
	case err != nil:
		return out, err
	case known && before.Status == lake.Withdrawn:
		return out, refuse("withdrawn", before.ID)
	case known:
		out.Known, out.Part = true, before
		return out, nil
	}
	if info, err := os.Stat(path); err == nil {
		s.size = info.Size()
	}
	if err := back.readRows(ctx, c, book.File); err != nil {
		return out, err
	}
	taken, err := in.sort(ctx, back, &out)
	if err != nil || len(taken) == 0 {
		return out, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := in.stage(c, s, taken); err != nil {
		return out, err
	}
	run := &run{in: in, total: 1}
	if err := run.correct(ctx, s); err != nil {
		if errors.Is(err, lake.ErrNotLive) {
			err = refuse("notlive", out.Of.Source, out.Of.ID)
		}
		return out, err
	}
	out.Part = run.sum.Loads[0].Load
	out.Corrected, out.Repeated, out.Faulty = out.Part.RowsLoaded, out.Part.RowsRepeated, out.Part.RowsQuarantined
	return out, nil
}

// correctable gives the load that a workbook names, if rows may be corrected in it.
func (in *Ingester) correctable(ctx context.Context, id string) (lake.Load, error) {
	load, ok, err := in.lake.Load(ctx, id)
	switch {
	case err != nil:
		return load, err
	case !ok:
		return load, refuse("noload", id)
	case in.contracts[load.Feed] == nil:
		return load, refuse("feed", load.Feed)
	case load.Status == lake.Live:
		return load, nil
	}
	by, _, err := in.lake.Load(ctx, load.SupersededBy)
	if err != nil {
		return load, err
	}
	if load.Status == lake.Superseded && by.ID != "" {
		return load, refuse("superseded", load.Source, by.Source)
	}
	return load, refuse("notlive", load.Source, load.ID)
}

// partID names the load that a returned workbook gives.
func (in *Ingester) partID(of lake.Load, sha string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{sha, of.Feed, in.prints[of.Feed], "part of", of.ID}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// sort tells the returned rows that are to be checked and loaded from the others.
func (in *Ingester) sort(ctx context.Context, back *returned, out *Reloaded) ([]returnedRow, error) {
	faults, err := in.lake.Faults(ctx, lake.FaultFilter{Load: out.Of.ID, State: lake.AllFaults})
	if err != nil {
		return nil, err
	}
	open := map[Place]bool{} // false for a row all of whose faults are closed
	malformed := map[Place]bool{}
	for _, f := range faults {
		p := Place{f.Sheet, f.Row}
		open[p] = open[p] || f.ClosedBy == ""
		malformed[p] = malformed[p] || (f.ClosedBy == "" && f.Reason == MalformedRow)
	}
	var taken []returnedRow
	var broken []Place
	lines := map[Place][]returnedRow{} // of malformed rows: they may turn out to be several
	seen, already := map[Place]bool{}, map[Place]bool{}
	for _, x := range back.rows {
		isOpen, quarantined := open[x.Place]
		switch {
		case x.empty:
		case !quarantined, isOpen && seen[x.Place] && !malformed[x.Place]:
			out.Added = append(out.Added, x.at)
		case !isOpen:
			if !already[x.Place] {
				out.Already++
			}
			already[x.Place] = true
		case malformed[x.Place]:
			if !seen[x.Place] {
				broken = append(broken, x.Place)
			}
			lines[x.Place] = append(lines[x.Place], x)
			seen[x.Place] = true
		case x.surplus:
			out.Unrepaired = append(out.Unrepaired, x.Place)
			seen[x.Place] = true
		default:
			taken = append(taken, x)
			seen[x.Place] = true
		}
	}
	for _, p := range broken {
		rows := lines[p]
		if back.lines[p].unchanged(rows) || slices.ContainsFunc(rows, func(x returnedRow) bool { return x.surplus }) {
			out.Unrepaired = append(out.Unrepaired, p)
			continue
		}
		taken = append(taken, rows...)
	}
	for _, p := range back.order {
		if open[p] && !seen[p] {
			out.Deleted = append(out.Deleted, p)
		}
	}
	return taken, nil
}

// stage writes the rows as the engine reads those of a workbook.
func (in *Ingester) stage(c *Contract, s *source, rows []returnedRow) error {
	f, err := in.unnamed()
	if err != nil {
		return err
	}
	s.use(f)
	s.layout = numberedLayout(len(c.Columns))
	s.layout.damaged = true // what did not decode at first may still stand there
	if c.Scope.Column != "" {
		s.layout.scope = s.scope
	}
	buf := bufio.NewWriterSize(f, 1<<20)
	w := csv.NewWriter(buf)
	for _, x := range rows {
		if err := w.Write(append([]string{strconv.FormatInt(x.Row, 10), x.Sheet}, x.cells...)); err != nil {
			return err
		}
	}
	w.Flush()
	return errors.Join(w.Error(), buf.Flush())
}

// correct publishes the part that a staged source is.
func (r *run) correct(ctx context.Context, s *source) (err error) {
	if r.conn, err = r.in.eng.Conn(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.cleanUp(context.WithoutCancel(ctx)), r.conn.Close()) }()
	if err := registerFunctions(ctx, r.conn); err != nil {
		return err
	}
	return r.publish(ctx, []*source{s})
}

// findLoaded adds to lw_repeats the rows of a part that repeat a row of the load
// that it corrects, or of another part of it. Bad rows of a part are no repeats
// of each other: each is an entry of its own.
func (b *batch) findLoaded(ctx context.Context) error {
	p := b.parts[0]
	if p.corrects == nil {
		return nil
	}
	if p.malformed > 0 {
		return refuse("unreadable", p.file.Rel)
	}
	if b.repeats {
		res, err := b.conn.ExecContext(ctx, `DELETE FROM lw_repeats WHERE bad`)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		p.repeated, p.bad = p.repeated-n, p.bad+n
	} else if err := b.exec(ctx, `CREATE OR REPLACE TEMP TABLE lw_repeats (_id BIGINT, _file INTEGER, bad BOOLEAN, conflict BOOLEAN, kept BIGINT, place BIGINT)`); err != nil {
		return err
	}
	b.repeats = true
	if len(b.c.Key) == 0 {
		return nil
	}
	parts, err := b.in.lake.LiveParts(ctx, p.corrects.ID)
	if err != nil {
		return err
	}
	var files []string
	for _, x := range append(parts, *p.corrects) {
		files = append(files, b.in.lake.Path(x))
	}
	// What an older contract lacks is empty in its files.
	var columns []string
	for _, x := range b.c.LakeColumns() {
		columns = append(columns, fmt.Sprintf("CAST(NULL AS %s) AS %s", x.Type, engine.Ident(x.Name)))
	}
	from, row := b.rowNumber(p)
	if err := b.exec(ctx, fmt.Sprintf(`INSERT INTO lw_repeats
		WITH x AS (SELECT _id, _file, %s FROM %s WHERE %s),
		y AS (SELECT %s WHERE false UNION ALL BY NAME SELECT * FROM read_parquet([%s], union_by_name = true, hive_partitioning = false))
		SELECT x._id, x._file, false, NOT bool_or(%s), NULL, min(y._row) FROM x JOIN y ON %s GROUP BY ALL`,
		b.lakeRow(row, p.month), from, b.good(),
		strings.Join(columns, ", "), texts(files), sameIn(b.otherColumns()), sameIn(b.keyColumns()))); err != nil {
		return err
	}
	settle := ""
	switch {
	case b.c.Mode == lake.Upsert: // another value is a later word
		settle = `DELETE FROM lw_repeats WHERE conflict`
	case b.c.Repeats == repeatsKey:
		settle = `UPDATE lw_repeats SET conflict = false`
	}
	if settle != "" {
		if err := b.exec(ctx, settle); err != nil {
			return err
		}
	}
	p.bad -= p.conflicts
	return b.countRepeats(ctx)
}

// attribute puts the faults of a part under the load that it corrects.
func (b *batch) attribute(ctx context.Context) error {
	p := b.parts[0]
	if p.corrects == nil || (!b.faults && !b.rejects) {
		return nil
	}
	return b.exec(ctx, fmt.Sprintf(`ALTER TABLE temp.lw_quarantine ADD COLUMN found_by VARCHAR DEFAULT %s;
		UPDATE temp.lw_quarantine SET load_id = %s, file = %s`, text(p.id), text(p.corrects.ID), text(p.corrects.Source)))
}

// correction makes the publication of a part one; others it leaves as they are.
func (p *part) correction(pub lake.Publication) lake.Publication {
	if p.corrects == nil {
		return pub
	}
	pub.Act = p.act
	pub.Load.PartOf, pub.Load.Mode, pub.Load.ScopeColumn = p.corrects.ID, p.corrects.Mode, p.corrects.ScopeColumn
	pub.Corrects = `SELECT coalesce(_sheet, '') AS sheet, _srow AS "row" FROM temp.lw_checked WHERE NOT _skip`
	return pub
}
