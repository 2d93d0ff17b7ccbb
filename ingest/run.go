package ingest

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/duckdb/duckdb-go/v2"
	"golang.org/x/sync/errgroup"

	"laborwatch/lake"
)

// A batch takes so many extracts of one layout, and so many bytes, at once:
// what a statement costs is then shared by small daily files.
const (
	batchFiles = 64
	batchBytes = 16 << 20
)

// run is one call of Load.
type run struct {
	in    *Ingester
	conn  *sql.Conn
	sum   Summary
	done  int
	total int
	// bytes done with, of allBytes.
	bytes, allBytes int64
	// dry runs change nothing; would are the loads that they would have made.
	dry bool
	// twins are those with the bytes of an extract of the call, by its id.
	twins map[string][]*source
	would []lake.Load
	gone  []string // ids of loads that they would have superseded
}

func (r *run) load(ctx context.Context, files []File) (err error) {
	if r.conn, err = r.in.eng.Conn(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.cleanUp(context.WithoutCancel(ctx)), r.conn.Close()) }()
	if err := registerFunctions(ctx, r.conn); err != nil {
		return err
	}
	sources, err := r.unknown(ctx, files)
	if err != nil || len(sources) == 0 {
		return err
	}
	slices.SortStableFunc(sources, func(a, b *source) int {
		return cmp.Or(cmp.Compare(a.file.Feed, b.file.Feed), r.later(a)-r.later(b))
	})
	return r.pipeline(ctx, sources)
}

// cleanUp drops the temporary tables of the connection before it goes back to the pool.
func (r *run) cleanUp(ctx context.Context) error {
	var errs []error
	_, err := r.conn.ExecContext(ctx, "DROP VIEW IF EXISTS temp.lw_checked")
	errs = append(errs, err)
	for _, t := range []string{"lw_hashes", "lw_rows", "lw_slow", "lw_profile", "lw_keys", "lw_again", "lw_rounded", "lw_repeats", "lw_rejects", "lw_scans", "lw_malformed", "lw_quarantine"} {
		_, err := r.conn.ExecContext(ctx, "DROP TABLE IF EXISTS temp."+t)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// unknown leaves out the extracts that the ledger knows, as loads or refusals,
// and those whose bytes were given already in this call.
func (r *run) unknown(ctx context.Context, files []File) ([]*source, error) {
	hashes, err := r.hashes(ctx, files)
	if err != nil {
		return nil, err
	}
	loads, err := r.in.lake.LoadIDs(ctx)
	if err != nil {
		return nil, err
	}
	refusals, err := r.in.lake.Refusals(ctx)
	if err != nil {
		return nil, err
	}
	overrides, err := r.in.lake.Overrides(ctx)
	if err != nil {
		return nil, err
	}
	refused := map[string]string{}
	for _, x := range refusals {
		refused[x.LoadID] = x.Reason
	}
	for _, h := range hashes {
		r.allBytes += h.size
	}
	r.twins = map[string][]*source{}
	var out []*source
	for i, f := range files {
		s := &source{file: f, sha: hashes[i].sha, size: hashes[i].size, shape: hashes[i].shape}
		s.id = r.in.loadID(f, s.sha)
		reason, known := refused[s.id]
		override, accepted := overrides[s.id]
		s.act = override.Act
		switch {
		case r.twins[s.id] != nil: // the bytes of one before it in this call
			r.twins[s.id] = append(r.twins[s.id], s)
			r.sum.Skipped++
			r.step(s)
		case loads[s.id]:
			if err := r.known(ctx, s); err != nil {
				return nil, err
			}
		case known && !accepted:
			r.sum.Refused = append(r.sum.Refused, Refusal{File: scrub(f.Rel), Feed: f.Feed, Reason: reason, Known: true, Tag: f.Tag})
			r.step(s)
		default:
			r.twins[s.id] = []*source{}
			out = append(out, s)
		}
	}
	return out, nil
}

// known skips an extract that the ledger has, but for one that a person named
// and that was superseded: that one is live again.
func (r *run) known(ctx context.Context, s *source) error {
	defer r.step(s)
	f, id := s.file, s.id
	if f.Named && r.dry {
		return r.wouldRevive(ctx, s)
	}
	if f.Named {
		load, replaced, revived, err := r.in.lake.Revive(ctx, id)
		if err != nil {
			return err
		}
		if revived {
			x := LoadResult{File: f.Rel, Load: load, Revived: true}
			if replaced != "" {
				x.Superseded = []string{replaced}
			}
			r.sum.Loads = append(r.sum.Loads, x)
			r.in.log.Info("load revived", "file", f.Rel, "feed", f.Feed, "period", load.Period.String(), "superseded", replaced, "load", id)
			return nil
		}
	}
	r.sum.Skipped++
	return nil
}

func (r *run) step(s *source) {
	r.done++
	r.bytes += s.size
	r.tell(s, 0, 0)
}

// tell says how far the call is; rows and bytes are those of an extract that is
// not done with.
func (r *run) tell(s *source, rows, bytes int64) {
	r.in.progress(Progress{File: s.file.Rel, Done: r.done, Total: r.total, Rows: r.sum.RowsIn + rows, Bytes: r.bytes + bytes, TotalBytes: r.allBytes})
}

// pipeline decodes extracts ahead of the engine, which takes them in batches.
func (r *run) pipeline(ctx context.Context, sources []*source) error {
	type prepared struct {
		source *source
		err    error
	}
	ready := make(chan prepared, 8)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(ready)
		for _, s := range sources {
			err := r.in.likeOther(ctx, s, r.in.prepare(ctx, s))
			if err != nil && !isRefusal(err) {
				return errors.Join(fmt.Errorf("%s: %w", s.file.Rel, err), s.close())
			}
			select {
			case ready <- prepared{s, err}:
			case <-ctx.Done():
				return errors.Join(ctx.Err(), s.close())
			}
		}
		return nil
	})
	g.Go(func() (err error) {
		var batch []*source
		var bytes int64
		flush := func() error {
			err := r.batch(ctx, batch)
			batch, bytes = nil, 0
			return err
		}
		defer func() {
			for _, s := range batch {
				err = errors.Join(err, s.close())
			}
			for p := range ready {
				err = errors.Join(err, p.source.close())
			}
		}()
		for p := range ready {
			if p.err != nil {
				if err := errors.Join(p.source.close(), r.refuse(ctx, p.source, p.err)); err != nil {
					return err
				}
				continue
			}
			if len(batch) > 0 && (!joins(batch[0], p.source) || len(batch) >= batchFiles || bytes+p.source.size > batchBytes) {
				if err := flush(); err != nil {
					return errors.Join(err, p.source.close())
				}
			}
			batch, bytes = append(batch, p.source), bytes+p.source.size
		}
		if len(batch) == 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		return flush()
	})
	return g.Wait()
}

// joins says whether two extracts can be read by one statement.
func joins(a, b *source) bool {
	return a.file.Feed == b.file.Feed && !a.layout.parquet && a.layout.equal(b.layout)
}

// refuse notes a refused extract in the ledger and the summary.
func (r *run) refuse(ctx context.Context, s *source, why error) error {
	x := Refusal{File: scrub(s.file.Rel), Feed: s.file.Feed, Reason: why.Error(), Tag: s.file.Tag}
	r.sum.Refused = append(r.sum.Refused, x)
	r.in.log.Warn("extract refused", "file", x.File, "feed", x.Feed, "reason", x.Reason)
	r.step(s)
	for _, twin := range r.twins[s.id] { // what holds for one holds for the other
		r.sum.Skipped--
		r.sum.Refused = append(r.sum.Refused, Refusal{File: scrub(twin.file.Rel), Feed: x.Feed, Reason: x.Reason, Tag: twin.file.Tag})
	}
	if r.dry {
		return nil
	}
	id := s.id
	if passing(why) {
		id = ""
	}
	return r.in.lake.Refuse(ctx, []lake.Refused{{
		SHA256: s.sha, Feed: s.file.Feed, File: x.File, Reason: x.Reason, LoadID: id, Overridable: overridable(why),
		Period: s.month, Scope: scrub(s.scope), Day: s.day,
	}})
}

// batch loads extracts of one layout. When the engine cannot parse them, they
// are tried one by one, so that one broken extract refuses itself alone.
func (r *run) batch(ctx context.Context, sources []*source) (err error) {
	defer func() {
		for _, s := range sources {
			err = errors.Join(err, s.close())
		}
	}()
	err = r.publish(ctx, sources)
	if err == nil || !unreadable(err) || ctx.Err() != nil {
		return err
	}
	for _, s := range sources {
		if len(sources) > 1 {
			err = r.publish(ctx, []*source{s})
		}
		if err != nil && !unreadable(err) {
			return err
		}
		if err != nil {
			err = refusalOf(err)
			if err := r.refuse(ctx, s, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// unreadable tells faults of the extract from those of the machine.
func unreadable(err error) bool {
	if isRefusal(err) {
		return true
	}
	var e *duckdb.Error
	return errors.As(err, &e) && slices.Contains([]duckdb.ErrorType{
		duckdb.ErrorTypeInvalidInput, duckdb.ErrorTypeConversion, duckdb.ErrorTypeParameterNotAllowed,
		duckdb.ErrorTypeBinder, duckdb.ErrorTypeInvalid, duckdb.ErrorTypeOutOfMemory,
	}, e.Type)
}

// refusalOf makes a refusal of what the engine says of an extract that it was
// given alone. One that needs too much memory may be taken another time.
func refusalOf(err error) error {
	var e *duckdb.Error
	switch {
	case isRefusal(err):
		return err
	case errors.As(err, &e) && e.Type == duckdb.ErrorTypeOutOfMemory:
		return refuse("memory", brief(err))
	}
	return refuse("unreadable", brief(err))
}

// appendRows fills a temporary table.
func appendRows(conn *sql.Conn, table string, rows [][]any) error {
	return conn.Raw(func(dc any) error {
		a, err := duckdb.NewAppender(dc.(driver.Conn), "temp", "main", table)
		if err != nil {
			return err
		}
		for _, row := range rows {
			values := make([]driver.Value, len(row))
			for i, v := range row {
				values[i] = v
			}
			if err := a.AppendRow(values...); err != nil {
				return errors.Join(err, a.Close())
			}
		}
		return a.Close()
	})
}
