package transform

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"strings"

	"laborwatch/engine"
	"laborwatch/period"
)

// ownTables are the warehouse's tables and views that are no model.
var ownTables = []string{"month_keys", "model_tables", "observations", "alert_candidates"}

// state is what the warehouse holds.
type state struct {
	// keys of the months of every model, feed and seed, as of the run that
	// computed them (feeds, seeds and views: of the last run).
	keys map[string]map[period.Period]string
	// models says by what each model was made.
	models map[string]made
	// whole tells whether the warehouse's own tables and views are there.
	whole bool
}

// made says by what a model was made: hashes of the file, of the file rendered,
// and of that with all it rests on. A view has no table.
type made struct {
	text, base, shape string
	view              bool
}

// stored reports whether the model has a table.
func (s state) stored(name string) bool {
	m, ok := s.models[name]
	return ok && !m.view
}

const stateTables = `
CREATE TABLE wh.main.model_tables (model VARCHAR NOT NULL, "text" VARCHAR NOT NULL, base VARCHAR NOT NULL, shape VARCHAR NOT NULL, is_view BOOLEAN NOT NULL);
CREATE TABLE wh.main.month_keys (name VARCHAR NOT NULL, period INTEGER NOT NULL, "key" VARCHAR NOT NULL)`

// layout is what readState finds of a warehouse that this version made.
const layout = "alert_candidates.period model_tables.model model_tables.text model_tables.base model_tables.shape " +
	"model_tables.is_view month_keys.name month_keys.period month_keys.key observations.period"

// readState reads what the warehouse holds: nothing, where it is new or was laid
// out by another version.
func readState(ctx context.Context, c *sql.Conn) (state, error) {
	s := state{keys: map[string]map[period.Period]string{}, models: map[string]made{}}
	var own string
	const q = `SELECT coalesce(string_agg(table_name || '.' || column_name, ' ' ORDER BY table_name, column_index), '') FROM duckdb_columns()
		WHERE database_name = 'wh' AND (table_name IN ('model_tables', 'month_keys') OR (table_name IN ('observations', 'alert_candidates') AND column_name = 'period'))`
	if err := c.QueryRowContext(ctx, q).Scan(&own); err != nil {
		return s, fmt.Errorf("warehouse: %w", err)
	}
	// All four are made by one transaction; any other layout is of another version.
	if own != layout {
		return s, nil
	}
	s.whole = true
	err := each(ctx, c, `SELECT name, period, "key" FROM wh.main.month_keys`, func(rows *sql.Rows) error {
		var name, key string
		var p int
		if err := rows.Scan(&name, &p, &key); err != nil {
			return err
		}
		if s.keys[name] == nil {
			s.keys[name] = map[period.Period]string{}
		}
		s.keys[name][period.Period(p)] = key
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("warehouse: %w", err)
	}
	err = each(ctx, c, `SELECT model, "text", base, shape, is_view FROM wh.main.model_tables`, func(rows *sql.Rows) error {
		var name string
		var m made
		err := rows.Scan(&name, &m.text, &m.base, &m.shape, &m.view)
		s.models[name] = m
		return err
	})
	if err != nil {
		return s, fmt.Errorf("warehouse: %w", err)
	}
	return s, nil
}

// each calls do for every row of a query.
func each(ctx context.Context, c *sql.Conn, q string, do func(*sql.Rows) error) error {
	rows, err := c.QueryContext(ctx, q)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// remember notes a model's keys of the months given, and forgets those of
// months that are no more; all replaces whatever was noted.
func (r *run) remember(ctx context.Context, name string, months []period.Period, all bool) error {
	q := "DELETE FROM wh.main.month_keys WHERE name = " + engine.Quote(name)
	if !all {
		list := []string{"NULL"}
		for _, m := range months {
			list = append(list, fmt.Sprint(int(m)))
		}
		q += fmt.Sprintf(" AND period IN (%s)", strings.Join(list, ", "))
	}
	if _, err := r.exec(ctx, q); err != nil {
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

// rememberModel notes by what a model was made.
func (r *run) rememberModel(ctx context.Context, m *Model) error {
	if _, err := r.exec(ctx, "DELETE FROM wh.main.model_tables WHERE model = "+engine.Quote(m.Name)); err != nil {
		return err
	}
	_, err := r.exec(ctx, fmt.Sprintf("INSERT INTO wh.main.model_tables VALUES (%s, %s, %s, %s, %t)",
		engine.Quote(m.Name), engine.Quote(m.text), engine.Quote(m.base), engine.Quote(m.shape), m.view()))
	return err
}

// rememberInputs notes what feeds, seeds and views held, so that the next plan
// can tell what changed; nothing is written where nothing did.
func (r *run) rememberInputs(ctx context.Context) error {
	for _, name := range sortedKeys(r.want) {
		m := r.byName[name]
		if m != nil && !m.view() {
			continue
		}
		if m != nil && r.have.models[name] != (made{m.text, m.base, m.shape, true}) {
			if err := r.rememberModel(ctx, m); err != nil {
				return fmt.Errorf("warehouse: %w", err)
			}
		}
		if maps.Equal(r.want[name], r.have.keys[name]) {
			continue
		}
		if err := r.remember(ctx, name, sortedKeys(r.want[name]), true); err != nil {
			return err
		}
	}
	return nil
}

// forgetGone removes the tables of models that are no more, or are views now.
func (r *run) forgetGone(ctx context.Context) error {
	for _, name := range sortedKeys(r.have.models) {
		m := r.byName[name]
		if m != nil && m.view() == r.have.models[name].view {
			continue
		}
		if err := r.forget(ctx, name); err != nil {
			return fmt.Errorf("model %s is no more: %w", name, err)
		}
	}
	return nil
}

func (r *run) forget(ctx context.Context, name string) error {
	for _, q := range []string{
		"DROP TABLE IF EXISTS wh.main." + engine.Ident(name),
		"DELETE FROM wh.main.model_tables WHERE model = " + engine.Quote(name),
		"DELETE FROM wh.main.month_keys WHERE name = " + engine.Quote(name),
	} {
		if _, err := r.exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// clear empties a warehouse that is new or was laid out by another version:
// everything in it can be computed again.
func (r *run) clear(ctx context.Context) error {
	var statements []string
	const q = `SELECT 'VIEW', view_name FROM duckdb_views() WHERE database_name = 'wh' AND NOT internal
		UNION ALL SELECT 'TABLE', table_name FROM duckdb_tables() WHERE database_name = 'wh' ORDER BY 1 DESC, 2`
	err := each(ctx, r.c, q, func(rows *sql.Rows) error {
		var kind, name string
		err := rows.Scan(&kind, &name)
		statements = append(statements, fmt.Sprintf("DROP %s wh.main.%s", kind, engine.Ident(name)))
		return err
	})
	if err != nil {
		return fmt.Errorf("warehouse: %w", err)
	}
	for _, q := range append(statements, stateTables) {
		if _, err := r.exec(ctx, q); err != nil {
			return fmt.Errorf("warehouse: %w", err)
		}
	}
	return nil
}
