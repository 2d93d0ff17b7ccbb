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
	c    *sql.Conn
	want universe
	have state
	plan *Plan
	// boards are the boards' rows, as of the plan.
	boards []Seed
}

// column of a table: name and SQL type.
type column struct{ name, kind string }

// cubeColumns are the columns of observations, in order.
var cubeColumns = []column{
	{"period", "DATE"},
	{"indicator", "VARCHAR"},
	{"region", "VARCHAR"},
	{"sex", "VARCHAR"},
	{"age", "VARCHAR"},
	{"pop_group", "VARCHAR"},
	{"industry", "VARCHAR"},
	{"occupation", "VARCHAR"},
	{"enterprise", "VARCHAR"},
	{"value", "DOUBLE"},
	{"numerator", "DOUBLE"},
	{"denominator", "DOUBLE"},
	{"se", "DOUBLE"},
	{"ci_low", "DOUBLE"},
	{"ci_high", "DOUBLE"},
	{"n", "BIGINT"},
	{"obs_status", "VARCHAR"},
	{"quality", "VARCHAR"},
	{"reason", "VARCHAR"},
}

// candidateColumns are the columns of alert_candidates, in order.
var candidateColumns = []column{
	{"period", "DATE"},
	{"rule", "VARCHAR"},
	{"level", "SMALLINT"},
	{"region", "VARCHAR"},
	{"industry", "VARCHAR"},
	{"enterprise", "VARCHAR"},
	{"window_from", "DATE"},
	{"window_to", "DATE"},
	{"persons", "BIGINT"},
	{"base", "BIGINT"},
	{"rate", "DOUBLE"},
	{"notice_no", "VARCHAR"},
	{"notice_days", "INTEGER"},
	{"notice_ok", "BOOLEAN"},
}

func (r *run) exec(ctx context.Context, q string) (int64, error) {
	res, err := r.c.ExecContext(ctx, q)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// do carries out the plan in one transaction.
func (r *run) do(ctx context.Context) error {
	if err := r.seed(ctx); err != nil {
		return err
	}
	if _, err := r.exec(ctx, "BEGIN TRANSACTION"); err != nil {
		return fmt.Errorf("warehouse: %w", err)
	}
	if err := r.compute(ctx); err != nil {
		if _, rerr := r.c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); rerr != nil {
			err = errors.Join(err, fmt.Errorf("warehouse: roll back: %w", rerr))
		}
		return err
	}
	// What is committed is safe in the log. DuckDB moves it into the file by
	// itself when there is much of it, and on closing: a checkpoint of ours after
	// every run would only make small runs long.
	if _, err := r.exec(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("warehouse: commit: %w", err)
	}
	return nil
}

// compute does all that the transaction holds.
func (r *run) compute(ctx context.Context) error {
	if !r.have.whole {
		if err := r.clear(ctx); err != nil {
			return err
		}
	}
	if err := r.forgetGone(ctx); err != nil {
		return err
	}
	for i := range r.plan.Steps {
		s := &r.plan.Steps[i]
		r.opts.Progress(s.Model, i, len(r.plan.Steps))
		begin := time.Now()
		if err := r.step(ctx, r.byName[s.Model], s); err != nil {
			return err
		}
		s.Duration = time.Since(begin)
		r.opts.Log.Debug("model computed", "model", s.Model, "months", len(s.Months), "rows", s.Rows, "took", s.Duration)
	}
	r.opts.Progress("", len(r.plan.Steps), len(r.plan.Steps))
	return r.publish(ctx)
}

// step computes one model's months and verifies them.
func (r *run) step(ctx context.Context, m *Model, s *Step) error {
	if err := r.lay(ctx, m, s.Months); err != nil {
		return err
	}
	dated := !r.want.timeless(m.Name)
	fail := func(err error) error { return fmt.Errorf("%s: %w", m.File, err) }
	source, err := r.source(ctx, m, s.Months)
	if err != nil {
		return fail(err)
	}
	query := selection(m, source, s.Months, dated)
	if s.Rebuild {
		if err := r.create(ctx, m, query, dated); err != nil {
			return fail(err)
		}
	} else if err := r.remove(ctx, m, s, dated); err != nil {
		return fail(err)
	}
	if len(s.Months) > 0 {
		n, err := r.exec(ctx, fmt.Sprintf("INSERT INTO %s %s", m.table(), query))
		if err != nil {
			return fail(err)
		}
		s.Rows = n
		if err := r.verify(ctx, m, s.Months, dated); err != nil {
			return err
		}
	}
	return r.remember(ctx, m.Name, append(slices.Clone(s.Months), s.Drop...), s.Rebuild)
}

// table is where the model's rows are stored.
func (m *Model) table() string { return "wh.main." + engine.Ident(m.Name) }

// create makes the model's table anew, empty: its columns are the SELECT's,
// whatever the rows.
func (r *run) create(ctx context.Context, m *Model, query string, dated bool) error {
	if _, err := r.exec(ctx, fmt.Sprintf("CREATE OR REPLACE TABLE %s AS %s LIMIT 0", m.table(), query)); err != nil {
		return err
	}
	var kind string
	err := r.c.QueryRowContext(ctx, `SELECT coalesce(max(data_type), 'missing') FROM duckdb_columns()
		WHERE database_name = 'wh' AND table_name = ? AND column_name = 'period'`, m.Name).Scan(&kind)
	if err != nil {
		return err
	}
	if dated && kind != "DATE" {
		return fmt.Errorf("the column period must be a DATE, the month's first day; it is %s", kind)
	}
	return r.rememberModel(ctx, m)
}

// remove takes out the months that are computed again or are no more.
func (r *run) remove(ctx context.Context, m *Model, s *Step, dated bool) error {
	where := ""
	if dated {
		where = " WHERE period IN " + inList(append(slices.Clone(s.Months), s.Drop...))
	}
	_, err := r.exec(ctx, "DELETE FROM "+m.table()+where)
	return err
}

// selection is the SELECT of the model's rows for some months. Rows of the cube and alert
// candidates are laid out in the columns that these have, the figures of the
// cube rounded to twelve significant digits.
func selection(m *Model, source string, months []period.Period, dated bool) string {
	cols := "*"
	if m.layout() != nil {
		round, _ := engine.DuckDBDialect().Funcs()["round12"].(func(string) string)
		var parts []string
		for _, c := range m.layout() {
			x := fmt.Sprintf("CAST(%s AS %s)", c.name, c.kind)
			if m.Cube && c.kind == "DOUBLE" {
				x = round(x)
			}
			parts = append(parts, x+" AS "+c.name)
		}
		cols = strings.Join(parts, ", ")
	}
	q := fmt.Sprintf("SELECT %s FROM (\n%s\n) AS model", cols, source)
	if dated {
		q += " WHERE period IN " + inList(months)
	}
	return q
}

// publish makes the views that everything to the right reads, and notes what
// the inputs held.
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
	if len(r.plan.Steps) > 0 || !r.have.whole || len(r.have.models) != len(r.models) {
		if err := r.union(ctx, "observations", cubeColumns, cube); err != nil {
			return err
		}
		if err := r.union(ctx, "alert_candidates", candidateColumns, candidates); err != nil {
			return err
		}
	}
	return r.rememberInputs(ctx)
}

// union makes a view over the tables of some models, empty without any.
func (r *run) union(ctx context.Context, name string, columns []column, models []string) error {
	var typed, cols []string
	for _, c := range columns {
		typed = append(typed, fmt.Sprintf("CAST(NULL AS %s) AS %s", c.kind, c.name))
		cols = append(cols, c.name)
	}
	parts := []string{fmt.Sprintf("SELECT %s WHERE false", strings.Join(typed, ", "))}
	slices.Sort(models)
	for _, m := range models {
		parts = append(parts, fmt.Sprintf("SELECT %s FROM wh.main.%s", strings.Join(cols, ", "), engine.Ident(m)))
	}
	if _, err := r.exec(ctx, fmt.Sprintf("CREATE OR REPLACE VIEW wh.main.%s AS %s", name, strings.Join(parts, " UNION ALL "))); err != nil {
		return fmt.Errorf("view %s: %w", name, err)
	}
	return nil
}

// inList writes months for WHERE period IN (…).
func inList(months []period.Period) string {
	if len(months) == 0 {
		return "(NULL)"
	}
	parts := make([]string, len(months))
	for i, m := range months {
		parts[i] = m.SQL()
	}
	return fmt.Sprintf("(%s)", strings.Join(parts, ", "))
}
