package transform

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"laborwatch/engine"
	"laborwatch/period"
)

// run is one run on one connection.
type run struct {
	*Transform
	c     *sql.Conn
	want  universe
	plan  *Plan
	bases map[string]string
}

// cubeColumns are the columns of observations, in order, with their types.
var cubeColumns = [][2]string{
	{"period", "DATE"}, {"indicator", "VARCHAR"}, {"region", "VARCHAR"}, {"sex", "VARCHAR"}, {"age", "VARCHAR"},
	{"pop_group", "VARCHAR"}, {"industry", "VARCHAR"}, {"occupation", "VARCHAR"}, {"enterprise", "VARCHAR"},
	{"value", "DOUBLE"}, {"numerator", "DOUBLE"}, {"denominator", "DOUBLE"}, {"se", "DOUBLE"}, {"ci_low", "DOUBLE"},
	{"ci_high", "DOUBLE"}, {"n", "BIGINT"}, {"obs_status", "VARCHAR"}, {"quality", "VARCHAR"},
}

// candidateColumns are the columns of alert_candidates.
var candidateColumns = [][2]string{
	{"period", "DATE"}, {"rule", "VARCHAR"}, {"level", "SMALLINT"}, {"region", "VARCHAR"}, {"industry", "VARCHAR"},
	{"enterprise", "VARCHAR"}, {"window_from", "DATE"}, {"window_to", "DATE"}, {"persons", "BIGINT"}, {"base", "BIGINT"},
	{"rate", "DOUBLE"}, {"notice_no", "VARCHAR"}, {"notice_days", "INTEGER"}, {"notice_ok", "BOOLEAN"},
}

func (r *run) exec(ctx context.Context, q string) (int64, error) {
	res, err := r.c.ExecContext(ctx, q)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// do carries out the plan in one transaction.
func (r *run) do(ctx context.Context) (err error) {
	if err := r.seed(ctx); err != nil {
		return err
	}
	if _, err := r.exec(ctx, "BEGIN TRANSACTION"); err != nil {
		return fmt.Errorf("warehouse: %w", err)
	}
	defer func() {
		if err != nil {
			// The connection goes back to the pool: it must not keep the transaction.
			_, rerr := r.c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			err = errors.Join(err, rerr)
		}
	}()
	if err := r.dropGone(ctx); err != nil {
		return err
	}
	for i := range r.plan.Steps {
		s := &r.plan.Steps[i]
		r.opts.Progress(s.Model, i, len(r.plan.Steps))
		begin := time.Now()
		if err := r.step(ctx, s); err != nil {
			return err
		}
		s.Duration = time.Since(begin)
		r.opts.Log.Debug("computed", "model", s.Model, "months", len(s.Months), "rows", s.Rows, "took", s.Duration)
	}
	r.opts.Progress("", len(r.plan.Steps), len(r.plan.Steps))
	if err := r.publish(ctx); err != nil {
		return err
	}
	if _, err := r.exec(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("warehouse: commit: %w", err)
	}
	if len(r.plan.Steps) == 0 {
		return nil
	}
	if _, err := r.exec(ctx, "CHECKPOINT wh"); err != nil {
		return fmt.Errorf("warehouse: checkpoint: %w", err)
	}
	return nil
}

// seed lays out the configuration's tables for this connection.
func (r *run) seed(ctx context.Context) error {
	for _, s := range r.opts.Seeds {
		if _, err := r.exec(ctx, fmt.Sprintf("CREATE OR REPLACE TEMP TABLE %s (%s)", s.Name, strings.Join(s.Columns, ", "))); err != nil {
			return fmt.Errorf("configuration table %s: %w", s.Name, err)
		}
		if len(s.Rows) == 0 {
			continue
		}
		row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(s.Columns)), ", ") + ")"
		var args []any
		for _, v := range s.Rows {
			args = append(args, v...)
		}
		q := fmt.Sprintf("INSERT INTO %s VALUES %s", s.Name, strings.TrimSuffix(strings.Repeat(row+", ", len(s.Rows)), ", "))
		if _, err := r.c.ExecContext(ctx, q, args...); err != nil {
			return fmt.Errorf("configuration table %s: %w", s.Name, err)
		}
	}
	return nil
}

// dropGone removes the tables of models that are no more.
func (r *run) dropGone(ctx context.Context) error {
	for _, name := range sortedKeys(r.bases) {
		if m := r.byName[name]; m != nil && !m.view() {
			continue
		}
		for _, q := range []string{
			"DROP TABLE IF EXISTS wh.main." + engine.Ident(name),
			"DELETE FROM wh.main.model_tables WHERE model = " + engine.Quote(name),
			"DELETE FROM wh.main.month_keys WHERE name = " + engine.Quote(name),
		} {
			if _, err := r.exec(ctx, q); err != nil {
				return fmt.Errorf("model %s is no more: %w", name, err)
			}
		}
	}
	return nil
}

// step computes one model's months and verifies them.
func (r *run) step(ctx context.Context, s *Step) error {
	m := r.byName[s.Model]
	if err := r.inputs(ctx, m, s.Months); err != nil {
		return err
	}
	table := "wh.main." + engine.Ident(m.Name)
	dated := !slices.Contains(s.Months, timeless)
	query := r.selection(m, s.Months, dated)
	fail := func(err error) error { return fmt.Errorf("model %s: %w", m.File, err) }
	if s.Rebuild {
		// An empty table first: its columns are the SELECT's, whatever the rows.
		if _, err := r.exec(ctx, fmt.Sprintf("CREATE OR REPLACE TABLE %s AS SELECT * FROM (%s) LIMIT 0", table, query)); err != nil {
			return fail(err)
		}
		if _, err := r.exec(ctx, "DELETE FROM wh.main.model_tables WHERE model = "+engine.Quote(m.Name)); err != nil {
			return fail(err)
		}
		if _, err := r.exec(ctx, fmt.Sprintf("INSERT INTO wh.main.model_tables VALUES (%s, %s)", engine.Quote(m.Name), engine.Quote(m.base))); err != nil {
			return fail(err)
		}
	} else {
		gone := append(slices.Clone(s.Months), s.Drop...)
		where := " WHERE period IN " + inList(gone)
		if !dated {
			where = ""
		}
		if _, err := r.exec(ctx, "DELETE FROM "+table+where); err != nil {
			return fail(err)
		}
	}
	if len(s.Months) > 0 {
		n, err := r.exec(ctx, fmt.Sprintf("INSERT INTO %s %s", table, query))
		if err != nil {
			return fail(err)
		}
		s.Rows = n
	}
	rows := table
	if dated {
		rows = fmt.Sprintf("(SELECT * FROM %s WHERE period IN %s)", table, inList(s.Months))
	}
	if err := verify(ctx, r.c, m, rows); err != nil {
		return err
	}
	return r.remember(ctx, m.Name, append(slices.Clone(s.Months), s.Drop...), s.Rebuild)
}

// selection is the model's SELECT for some months; a cube model's is laid out
// in the cube's columns and rounded to twelve significant digits.
func (r *run) selection(m *Model, months []period.Period, dated bool) string {
	cols := "*"
	if m.Cube {
		round, _ := engine.DuckDBDialect().Funcs()["round12"].(func(string) string)
		var parts []string
		for _, c := range cubeColumns {
			x := fmt.Sprintf("CAST(%s AS %s)", c[0], c[1])
			if c[1] == "DOUBLE" {
				x = round(x)
			}
			parts = append(parts, x+" AS "+c[0])
		}
		cols = strings.Join(parts, ", ")
	}
	q := fmt.Sprintf("SELECT %s FROM (%s) AS model", cols, lakeName.ReplaceAllString(m.SQL, lakeView("$1")))
	if dated {
		q += " WHERE period IN " + inList(months)
	}
	return q
}

// inputs lays out, as temporary views, what the model reads: of each table and
// each feed only the months that its window reaches.
func (r *run) inputs(ctx context.Context, m *Model, months []period.Period) error {
	need := r.needs(r.want, m, months)
	for _, feed := range sortedKeys(r.opts.Sources) {
		name := "lake." + feed
		if _, read := need[name]; !read {
			continue
		}
		q, err := r.sourceView(ctx, feed, sortedKeys(need[name]))
		if err != nil {
			return err
		}
		if err := r.view(ctx, lakeView(feed), q); err != nil {
			return fmt.Errorf("feed %s: %w", feed, err)
		}
	}
	for _, dep := range r.models { // in order: a view's inputs come before it
		span, read := need[dep.Name]
		if !read {
			continue
		}
		q := "SELECT * FROM wh.main." + engine.Ident(dep.Name)
		if dep.view() {
			q = fmt.Sprintf("SELECT * FROM (%s) AS v", lakeName.ReplaceAllString(dep.SQL, lakeView("$1")))
		}
		if _, ok := r.want[dep.Name][timeless]; !ok {
			q += " WHERE period IN " + inList(sortedKeys(span))
		}
		if err := r.view(ctx, dep.Name, q); err != nil {
			return fmt.Errorf("model %s: %w", dep.File, err)
		}
	}
	return nil
}

func (r *run) view(ctx context.Context, name, query string) error {
	_, err := r.exec(ctx, fmt.Sprintf("CREATE OR REPLACE TEMP VIEW %s AS %s", name, query))
	return err
}

// sourceView reads a feed's live files of some months, laid out in the
// contract's columns; a column that an older load lacks is NULL.
func (r *run) sourceView(ctx context.Context, feed string, months []period.Period) (string, error) {
	paths, err := r.opts.Lake.PathsFor(ctx, feed, months)
	if err != nil {
		return "", fmt.Errorf("ledger: %w", err)
	}
	var typed, names []string
	for _, c := range r.opts.Sources[feed] {
		typed = append(typed, fmt.Sprintf("CAST(NULL AS %s) AS %s", c.Type, engine.Ident(c.Name)))
		names = append(names, engine.Ident(c.Name))
	}
	empty := fmt.Sprintf("SELECT %s WHERE false", strings.Join(typed, ", "))
	if len(paths) == 0 {
		return empty, nil
	}
	quoted := make([]string, len(paths))
	for i, p := range paths {
		quoted[i] = engine.Quote(p)
	}
	// The union by name with the empty relation gives every column its contract's type.
	files := fmt.Sprintf("SELECT * FROM read_parquet([%s], union_by_name = true, hive_partitioning = false) WHERE period IN %s",
		strings.Join(quoted, ", "), inList(months))
	return fmt.Sprintf("SELECT %s FROM (%s UNION ALL BY NAME %s)", strings.Join(names, ", "), empty, files), nil
}

// remember notes the keys of what was computed.
func (r *run) remember(ctx context.Context, name string, months []period.Period, all bool) error {
	where := ""
	if !all {
		var list []string
		for _, m := range months {
			list = append(list, fmt.Sprint(int(m)))
		}
		where = fmt.Sprintf(" AND period IN (%s)", strings.Join(append(list, "NULL"), ", "))
	}
	if _, err := r.exec(ctx, fmt.Sprintf("DELETE FROM wh.main.month_keys WHERE name = %s%s", engine.Quote(name), where)); err != nil {
		return fmt.Errorf("warehouse: %w", err)
	}
	var rows []string
	for _, m := range months {
		if key, ok := r.want[name][m]; ok {
			rows = append(rows, fmt.Sprintf("(%s, %d, %s)", engine.Quote(name), int(m), engine.Quote(key)))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := r.exec(ctx, "INSERT INTO wh.main.month_keys VALUES "+strings.Join(rows, ", ")); err != nil {
		return fmt.Errorf("warehouse: %w", err)
	}
	return nil
}

// publish makes the views that everything to the right reads, and notes what
// the sources held.
func (r *run) publish(ctx context.Context) error {
	var cube, candidates []string
	for _, m := range r.models {
		switch {
		case m.Cube:
			cube = append(cube, m.Name)
		case m.candidate():
			candidates = append(candidates, m.Name)
		}
	}
	if err := r.union(ctx, "observations", cubeColumns, cube); err != nil {
		return err
	}
	if err := r.union(ctx, "alert_candidates", candidateColumns, candidates); err != nil {
		return err
	}
	for _, name := range sortedKeys(r.want) {
		if r.byName[name] != nil {
			continue
		}
		if err := r.remember(ctx, name, sortedKeys(r.want[name]), true); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) union(ctx context.Context, name string, columns [][2]string, models []string) error {
	var typed, cols, parts []string
	for _, c := range columns {
		typed = append(typed, fmt.Sprintf("CAST(NULL AS %s) AS %s", c[1], c[0]))
		cols = append(cols, fmt.Sprintf("CAST(%[1]s AS %[2]s) AS %[1]s", c[0], c[1]))
	}
	parts = append(parts, fmt.Sprintf("SELECT %s WHERE false", strings.Join(typed, ", ")))
	for _, m := range models {
		parts = append(parts, fmt.Sprintf("SELECT %s FROM wh.main.%s", strings.Join(cols, ", "), engine.Ident(m)))
	}
	if _, err := r.exec(ctx, fmt.Sprintf("CREATE OR REPLACE VIEW wh.main.%s AS %s", name, strings.Join(parts, " UNION ALL "))); err != nil {
		return fmt.Errorf("view %s: %w", name, err)
	}
	return nil
}
