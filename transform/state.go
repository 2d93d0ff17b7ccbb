package transform

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"laborwatch/period"
)

// timeless is the month of what has none: seeds, and models that read only seeds.
const timeless = period.Period(0)

// universe says what every source and model should hold: for each of their
// months a key, which changes exactly when the month's rows may change.
type universe map[string]map[period.Period]string

// keys computes the universe from the live loads, the seeds and the models.
//
// The key of a model's month is the hash of its SQL and of its inputs' keys over
// its window. It needs no clock and no order: the same loads give the same keys.
func (t *Transform) keys(ctx context.Context) (universe, error) {
	live, err := t.opts.Lake.LivePeriods(ctx)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	u := universe{}
	for feed := range t.opts.Sources {
		months := map[period.Period]string{}
		for p, loads := range live[feed] {
			months[p] = hash(loads...)
		}
		u["lake."+feed] = months
	}
	for _, s := range t.opts.Seeds {
		u[s.Name] = map[period.Period]string{timeless: s.hash()}
	}
	for _, m := range t.models {
		u[m.Name] = u.ofModel(m)
	}
	return u, nil
}

func (u universe) ofModel(m *Model) map[period.Period]string {
	months := map[period.Period]string{}
	for _, d := range m.Deps {
		for p := range u[d] {
			if p != timeless {
				months[p] = ""
			}
		}
	}
	if len(months) == 0 && !u.hasMonths(m) {
		months[timeless] = ""
	}
	for p := range months {
		parts := []string{m.base}
		for _, d := range m.Deps {
			if k, ok := u[d][timeless]; ok {
				parts = append(parts, d, k)
				continue
			}
			if p == timeless {
				continue
			}
			for o := m.Window[0]; o <= m.Window[1]; o++ {
				parts = append(parts, d, fmt.Sprint(o), u[d][p.Add(o)])
			}
		}
		months[p] = hash(parts...)
	}
	return months
}

// hasMonths reports whether any input of the model is kept by month, be it
// still without data.
func (u universe) hasMonths(m *Model) bool {
	for _, d := range m.Deps {
		if _, ok := u[d][timeless]; !ok {
			return true
		}
	}
	return false
}

// done is what the warehouse holds: source or model → month → key.
type done map[string]map[period.Period]string

// readState reads what the warehouse holds, and what made each stored table.
func (t *Transform) readState(ctx context.Context, c *sql.Conn) (done, map[string]string, error) {
	for _, q := range []string{
		`CREATE TABLE IF NOT EXISTS wh.main.model_tables (model VARCHAR NOT NULL, base VARCHAR NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS wh.main.month_keys (name VARCHAR NOT NULL, period INTEGER NOT NULL, "key" VARCHAR NOT NULL)`,
	} {
		if _, err := c.ExecContext(ctx, q); err != nil {
			return nil, nil, fmt.Errorf("warehouse: %w", err)
		}
	}
	keys, bases := done{}, map[string]string{}
	err := each(ctx, c, `SELECT name, period, "key" FROM wh.main.month_keys`, func(rows *sql.Rows) error {
		var name, key string
		var p int
		if err := rows.Scan(&name, &p, &key); err != nil {
			return err
		}
		if keys[name] == nil {
			keys[name] = map[period.Period]string{}
		}
		keys[name][period.Period(p)] = key
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("warehouse: %w", err)
	}
	err = each(ctx, c, `SELECT model, base FROM wh.main.model_tables`, func(rows *sql.Rows) error {
		var name, base string
		err := rows.Scan(&name, &base)
		bases[name] = base
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("warehouse: %w", err)
	}
	return keys, bases, nil
}

// each calls do for every row of a query.
func each(ctx context.Context, c *sql.Conn, q string, do func(*sql.Rows) error) error {
	rows, err := c.QueryContext(ctx, q)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Seed is a table of configuration that models join.
type Seed struct {
	Name    string
	Columns []string // "code VARCHAR"
	Rows    [][]any
}

func (s Seed) hash() string {
	parts := slices.Clone(s.Columns)
	for _, r := range s.Rows {
		parts = append(parts, fmt.Sprintf("%#v", r))
	}
	return hash(parts...)
}

// Step is what a run does, or would do, to one model.
type Step struct {
	Model   string
	Months  []period.Period // to compute; timeless alone for a model without months
	Drop    []period.Period // to remove, their inputs are gone
	Reasons []string
	View    bool
	Rebuild bool // the table is made anew, its columns may have changed

	Rows     int64 // inserted by the run
	Duration time.Duration
}

// Plan is what a run would do, in order.
type Plan struct{ Steps []Step }

// Months is the number of model-months to compute.
func (p *Plan) Months() int {
	n := 0
	for _, s := range p.Steps {
		n += len(s.Months)
	}
	return n
}

// String prints one line a model: name, months, why.
func (p *Plan) String() string {
	if len(p.Steps) == 0 {
		return "nothing to compute\n"
	}
	var b strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "%-32s %-20s %s\n", s.Model, monthsText(s.Months, s.Drop), strings.Join(s.Reasons, "; "))
	}
	return b.String()
}

// monthsText folds runs of months: 2026-01..2026-03, 2026-10.
func monthsText(months, drop []period.Period) string {
	var parts []string
	for i := 0; i < len(months); {
		j := i
		for j+1 < len(months) && months[j+1] == months[j]+1 {
			j++
		}
		switch {
		case months[i] == timeless:
			parts = append(parts, "all")
		case i == j:
			parts = append(parts, months[i].String())
		default:
			parts = append(parts, months[i].String()+".."+months[j].String())
		}
		i = j + 1
	}
	for _, p := range drop {
		parts = append(parts, "-"+p.String())
	}
	return strings.Join(parts, ",")
}
