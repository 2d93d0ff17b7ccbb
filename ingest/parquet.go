package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"laborwatch/engine"
)

// lookingMemory is what looking through a Parquet file may take.
const lookingMemory = "512MB"

// prepareParquet reads the schema of a Parquet file; its rows stay where they
// are. The whole file is looked through by an engine of its own: damage in it
// shows anywhere, in whatever way, and must be no harm to anything else.
func (in *Ingester) prepareParquet(ctx context.Context, c *Contract, s *source) (err error) {
	s.path = escapeGlob(s.file.Path)
	eng, err := engine.Open(ctx, engine.Options{MemoryLimit: lookingMemory})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, eng.Close()) }()
	names, nested, err := parquetColumns(ctx, eng, s.path)
	if err != nil {
		return parquetFault(ctx, err)
	}
	h, err := c.findHeader([][]string{names})
	if err != nil {
		return err
	}
	sums := []string{"count(*)"}
	for i := range names {
		if !nested[i] {
			sums = append(sums, fmt.Sprintf("bit_xor(hash(CAST(%s AS VARCHAR)))", engine.Ident(names[i])))
			continue
		}
		if slices.Contains(h.cols, i) {
			return refuse("parquet_nested", names[i])
		}
		names[i] = "" // it is not read
	}
	if _, err := eng.DB().ExecContext(ctx, fmt.Sprintf("SELECT %s FROM read_parquet(%s, file_row_number = true, hive_partitioning = false)", strings.Join(sums, ", "), engine.Quote(s.path))); err != nil {
		return parquetFault(ctx, err)
	}
	aside := slices.DeleteFunc(c.asides(h), func(a asideColumn) bool { return nested[a.cell] })
	s.layout = layout{parquet: true, cols: h.cols, names: names, width: len(names), aside: aside}
	s.saw(c, h)
	return nil
}

// parquetColumns gives the columns of a Parquet file, and which of them are no
// plain values.
func parquetColumns(ctx context.Context, eng *engine.DuckDB, path string) (names []string, nested map[int]bool, err error) {
	rows, err := eng.DB().QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet("+engine.Quote(path)+", hive_partitioning = false))")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = rows.Close() }()
	nested = map[int]bool{}
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, nil, err
		}
		if strings.ContainsAny(kind, "[(") && !strings.HasPrefix(kind, "DECIMAL") && !strings.HasPrefix(kind, "ENUM") {
			nested[len(names)] = true
		}
		names = append(names, name)
	}
	return names, nested, rows.Err()
}

// parquetFault says that the file cannot be read, unless it was not to be.
func parquetFault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return refuse("parquet", brief(err))
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
