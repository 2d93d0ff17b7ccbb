package ingest

import (
	"context"
	"strings"

	"laborwatch/engine"
)

// prepareParquet reads the schema of a Parquet file; its rows stay where they are.
func (in *Ingester) prepareParquet(ctx context.Context, c *Contract, s *source) error {
	s.path = escapeGlob(s.file.Path)
	rows, err := in.eng.DB().QueryContext(ctx, "SELECT name FROM parquet_schema("+engine.Quote(s.path)+") WHERE num_children IS NULL ORDER BY column_id")
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return refuse("parquet", brief(err))
	}
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		return refuse("parquet", brief(err))
	}
	h, err := c.findHeader([][]string{names})
	if err != nil {
		return err
	}
	s.layout = layout{parquet: true, cols: h.cols, names: names, width: len(names), aside: c.asides(h)}
	s.missing, s.extra = c.optionalMissing(h), h.extra
	s.headings = c.headings(h)
	return nil
}

// escapeGlob keeps the engine from reading a path as a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(path)
}

// brief is the first line of an engine's error.
func brief(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimSpace(s)
}
