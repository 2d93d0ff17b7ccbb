package transform

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"laborwatch/period"
)

// Computation is a step that SQL cannot say, such as solving for weights. A
// model whose header names one (computed: NAME) selects what the step reads, and
// its table holds what the step gives. The SELECT is not cut to the months that
// are computed: it sees all months of the model's window around them.
type Computation struct {
	// Key stands for all that the rows depend on besides the input: the step's
	// version and the settings that it was made with.
	Key string
	// Columns that the step gives: "period DATE" first, unless it has no months.
	Columns []string
	// Run reads the input to its end, then puts the rows of the months asked for,
	// each of Columns' length. It must depend on nothing but what is within the
	// model's window of a month.
	Run func(ctx context.Context, in *Input, months []period.Period, put func(row ...driver.Value) error) error
}

// Input is what a computation reads, in the order of the model's SELECT.
type Input struct {
	// Columns are the names of the SELECT's columns.
	Columns []string
	rows    driver.Rows
	read    bool
}

// Each gives every row; a row is valid until the next one. DATE comes as
// time.Time, BIGINT as int64, INTEGER as int32, DOUBLE as float64, VARCHAR as
// string, BOOLEAN as bool, NULL as nil.
func (in *Input) Each(do func(row []driver.Value) error) error {
	row := make([]driver.Value, len(in.Columns))
	for {
		err := in.rows.Next(row)
		if errors.Is(err, io.EOF) {
			in.read = true
			return nil
		}
		if err == nil {
			err = do(row)
		}
		if err != nil {
			return err
		}
	}
}

// computedRows is the temporary table that a computation fills.
const computedRows = "computed_rows"

// computed runs the model's computation for some months into a temporary table,
// empty when there are none, and gives the SELECT of what it put there.
func (r *run) computed(ctx context.Context, m *Model, months []period.Period) (string, error) {
	c := r.opts.Computations[m.Computed]
	if _, err := r.exec(ctx, fmt.Sprintf("CREATE OR REPLACE TEMP TABLE %s (%s)", computedRows, strings.Join(c.Columns, ", "))); err != nil {
		return "", fmt.Errorf("computation %s: columns: %w", m.Computed, err)
	}
	if len(months) > 0 {
		err := r.c.Raw(func(conn any) error {
			return c.fill(ctx, conn.(driver.Conn), m.executable(), months)
		})
		if err != nil {
			return "", fmt.Errorf("computation %s: %w", m.Computed, err)
		}
	}
	return "SELECT * FROM temp.main." + computedRows, nil
}

// fill runs the SELECT and the computation over it.
func (c Computation) fill(ctx context.Context, conn driver.Conn, query string, months []period.Period) (err error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, query, nil)
	if err != nil {
		return err
	}
	open := true
	shut := func() error {
		if !open {
			return nil
		}
		open = false
		return rows.Close()
	}
	defer func() { err = errors.Join(err, shut()) }()
	var out *duckdb.Appender
	in := &Input{Columns: rows.Columns(), rows: rows}
	err = c.Run(ctx, in, months, func(row ...driver.Value) error {
		if out == nil {
			if !in.read {
				return errors.New("rows were put before the input was read to its end")
			}
			if err := shut(); err != nil {
				return err
			}
			a, err := duckdb.NewAppender(conn, "temp", "main", computedRows)
			if err != nil {
				return err
			}
			out = a
		}
		for i, v := range row {
			if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
				return fmt.Errorf("column %s is %v in the row %v: a figure that does not exist is NULL", strings.Fields(c.Columns[i])[0], f, row)
			}
		}
		return out.AppendRow(row...)
	})
	if out != nil {
		err = errors.Join(err, out.Close())
	}
	return err
}

// compute finds the model's computation, and makes its key part of the model's.
func (o Options) compute(m *Model) error {
	if m.Computed == "" {
		return nil
	}
	c, ok := o.Computations[m.Computed]
	if !ok {
		return fmt.Errorf("%s: header: computed %q: no such computation; there are: %s", m.File, m.Computed, strings.Join(sortedKeys(o.Computations), ", "))
	}
	m.base = hash(append([]string{m.base, c.Key}, c.Columns...)...)
	return nil
}

// source is the SELECT that the model's rows come from.
func (r *run) source(ctx context.Context, m *Model, months []period.Period) (string, error) {
	if m.Computed == "" {
		return m.executable(), nil
	}
	return r.computed(ctx, m, months)
}

// Read runs a model's SELECT over the months given, with its window around them,
// and hands its rows over without storing any: for reports on what a computation
// was made of. What the model reads must be up to date; see Run.
func (t *Transform) Read(ctx context.Context, model string, months []period.Period, do func(*Input) error) error {
	t.busy.Lock()
	defer t.busy.Unlock()
	m, ok := t.byName[model]
	if !ok {
		return fmt.Errorf("no model %s", model)
	}
	c, err := t.opts.Engine.Conn(ctx)
	if err != nil {
		return err
	}
	defer discard(c)
	p, err := t.compare(ctx, c, months)
	if err != nil {
		return err
	}
	r := &run{Transform: t, c: c, want: p.want, have: p.have, boards: p.boards}
	if err := r.seed(ctx); err != nil {
		return err
	}
	if err := r.lay(ctx, m, months); err != nil {
		return err
	}
	return c.Raw(func(conn any) error {
		rows, err := conn.(driver.QueryerContext).QueryContext(ctx, m.executable(), nil)
		if err != nil {
			return fmt.Errorf("%s: %w", m.File, err)
		}
		return errors.Join(do(&Input{Columns: rows.Columns(), rows: rows}), rows.Close())
	})
}

// Months are those that a model has, sorted.
func (t *Transform) Months(ctx context.Context, model string) ([]period.Period, error) {
	u, _, err := t.keys(ctx)
	if err != nil {
		return nil, err
	}
	return sortedKeys(u[model]), nil
}
