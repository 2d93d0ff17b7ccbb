package transform

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"laborwatch/engine"
	"laborwatch/period"
)

// seedRows are the rows that one statement fills in.
const seedRows = 1000

// seed lays out the configuration's tables and the boards on the run's connection.
func (r *run) seed(ctx context.Context) error {
	for _, s := range append(slices.Clone(r.opts.Seeds), r.boards...) {
		if _, err := r.exec(ctx, fmt.Sprintf("CREATE OR REPLACE TEMP TABLE %s (%s)", engine.Ident(s.Name), strings.Join(s.Columns, ", "))); err != nil {
			return fmt.Errorf("configuration table %s: %w", s.Name, err)
		}
		row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(s.Columns)), ", ") + ")"
		for rows := range slices.Chunk(s.Rows, seedRows) {
			var args []any
			for _, v := range rows {
				args = append(args, v...)
			}
			q := fmt.Sprintf("INSERT INTO %s VALUES %s", engine.Ident(s.Name), strings.TrimSuffix(strings.Repeat(row+", ", len(rows)), ", "))
			if _, err := r.c.ExecContext(ctx, q, args...); err != nil {
				return fmt.Errorf("configuration table %s: %w", s.Name, err)
			}
		}
	}
	return nil
}

// lay lays out, as temporary views, what the model reads to compute some months:
// of each table and each feed only the months that its window reaches.
func (r *run) lay(ctx context.Context, m *Model, months []period.Period) error {
	need := r.needs(r.want, m, months)
	for _, feed := range sortedKeys(r.opts.Sources) {
		reach, read := need["lake."+feed]
		if !read {
			continue
		}
		q, err := r.feed(ctx, feed, sortedKeys(reach))
		if err != nil {
			return fmt.Errorf("feed %s: %w", feed, err)
		}
		if err := r.view(ctx, lakeView(feed), q); err != nil {
			return fmt.Errorf("feed %s: %w", feed, err)
		}
	}
	for _, dep := range r.models { // in order: a view's inputs come before it
		reach, read := need[dep.Name]
		if !read {
			continue
		}
		q := "SELECT * FROM " + dep.table()
		if dep.view() {
			q = fmt.Sprintf("SELECT * FROM (\n%s\n) AS v", dep.executable())
		}
		if !r.want.timeless(dep.Name) {
			q += " WHERE period IN " + inList(sortedKeys(reach))
		}
		if err := r.view(ctx, dep.Name, q); err != nil {
			return fmt.Errorf("%s: %w", dep.File, err)
		}
	}
	return nil
}

func (r *run) view(ctx context.Context, name, query string) error {
	_, err := r.exec(ctx, fmt.Sprintf("CREATE OR REPLACE TEMP VIEW %s AS %s", name, query))
	return err
}

// feed is a SELECT of a feed's live rows of some months, laid out in the
// contract's columns; a column that an older load lacks is NULL.
func (r *run) feed(ctx context.Context, feed string, months []period.Period) (string, error) {
	rows, err := r.opts.Lake.Source(ctx, feed, r.opts.Upserts[feed], months)
	if err != nil {
		return "", err
	}
	var typed, cols []string
	for _, c := range r.opts.Sources[feed] {
		name := engine.Ident(c.Name)
		typed = append(typed, fmt.Sprintf("CAST(NULL AS %s) AS %s", c.Type, name))
		cols = append(cols, fmt.Sprintf("CAST(%[1]s AS %[2]s) AS %[1]s", name, c.Type))
	}
	empty := fmt.Sprintf("SELECT %s WHERE false", strings.Join(typed, ", "))
	if rows == "" {
		return empty, nil
	}
	return fmt.Sprintf("SELECT %s FROM (%s UNION ALL BY NAME %s)", strings.Join(cols, ", "), empty, rows), nil
}
