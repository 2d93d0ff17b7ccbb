package lake

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"laborwatch/engine"
	"laborwatch/period"
)

// schema of the ledger. file_hashes spares hashing an unchanged file again.
var schema = []string{
	`CREATE TABLE IF NOT EXISTS state.main.loads (
		seq BIGINT NOT NULL, load_id VARCHAR PRIMARY KEY, feed VARCHAR NOT NULL, contract_version INTEGER NOT NULL,
		source VARCHAR NOT NULL, period DATE, scope VARCHAR NOT NULL, mode VARCHAR NOT NULL,
		rows_in BIGINT NOT NULL, rows_loaded BIGINT NOT NULL, rows_quarantined BIGINT NOT NULL, rows_repeated BIGINT NOT NULL,
		bytes BIGINT NOT NULL, sha256 VARCHAR NOT NULL, loaded_at TIMESTAMP NOT NULL, status VARCHAR NOT NULL, superseded_by VARCHAR)`,
	`CREATE TABLE IF NOT EXISTS state.main.load_periods (load_id VARCHAR NOT NULL, period DATE NOT NULL, rows BIGINT NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS state.main.quarantine (
		load_id VARCHAR NOT NULL, feed VARCHAR NOT NULL, file VARCHAR NOT NULL, sheet VARCHAR NOT NULL, "row" BIGINT NOT NULL,
		col VARCHAR NOT NULL, reason VARCHAR NOT NULL, value_masked VARCHAR NOT NULL, hint VARCHAR NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS state.main.refusals (
		sha256 VARCHAR NOT NULL, feed VARCHAR NOT NULL, file VARCHAR NOT NULL, reason VARCHAR NOT NULL,
		refused_at TIMESTAMP NOT NULL, load_id VARCHAR NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS state.main.file_hashes (
		path VARCHAR NOT NULL, size BIGINT NOT NULL, mtime BIGINT NOT NULL, ctime BIGINT NOT NULL, inode BIGINT NOT NULL, sha256 VARCHAR NOT NULL)`,
}

const loadColumns = `seq, load_id, feed, contract_version, source, period, scope, mode,
	rows_in, rows_loaded, rows_quarantined, rows_repeated, bytes, sha256, loaded_at, status, superseded_by`

// Loads lists every load of a feed ("" for all), whatever its status, by Seq.
func (l *Lake) Loads(ctx context.Context, feed string) ([]Load, error) {
	return l.loads(ctx, `WHERE ? = '' OR feed = ?`, feed, feed)
}

// Live lists the live loads of a feed ("" for all) by Seq.
func (l *Lake) Live(ctx context.Context, feed string) ([]Load, error) {
	return l.loads(ctx, `WHERE status = 'live' AND (? = '' OR feed = ?)`, feed, feed)
}

func (l *Lake) loads(ctx context.Context, where string, args ...any) ([]Load, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT `+loadColumns+` FROM state.main.loads `+where+` ORDER BY seq`, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Load
	for rows.Next() {
		var x Load
		var month sql.NullTime
		var by sql.NullString
		if err := rows.Scan(&x.Seq, &x.ID, &x.Feed, &x.ContractVersion, &x.Source, &month, &x.Scope, &x.Mode,
			&x.RowsIn, &x.RowsLoaded, &x.RowsQuarantined, &x.RowsRepeated, &x.Bytes, &x.SHA256, &x.LoadedAt, &x.Status, &by); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		if month.Valid {
			x.Period = period.FromTime(month.Time)
		}
		x.SupersededBy = by.String
		out = append(out, x)
	}
	return out, rows.Err()
}

// LoadIDs gives the ids of all loads, whatever their status.
func (l *Lake) LoadIDs(ctx context.Context) (map[string]bool, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT load_id FROM state.main.loads`)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		out[id] = true
	}
	return out, rows.Err()
}

// Replaced gives the sources of the loads that each of the given loads superseded.
func (l *Lake) Replaced(ctx context.Context, loads []Load) (map[string][]string, error) {
	ids := make([]string, len(loads))
	for i, x := range loads {
		ids[i] = engine.Quote(x.ID)
	}
	old, err := l.loads(ctx, `WHERE superseded_by IN (`+strings.Join(ids, ", ")+`)`)
	out := map[string][]string{}
	for _, x := range old {
		out[x.SupersededBy] = append(out[x.SupersededBy], x.Source)
	}
	return out, err
}

// LivePeriods gives, by feed and month, the sorted ids of the live loads that
// hold rows of that month.
func (l *Lake) LivePeriods(ctx context.Context) (map[string]map[period.Period][]string, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT l.feed, p.period, p.load_id
		FROM state.main.load_periods p JOIN state.main.loads l USING (load_id)
		WHERE l.status = 'live' ORDER BY ALL`)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]map[period.Period][]string{}
	for rows.Next() {
		var feed, id string
		var month time.Time
		if err := rows.Scan(&feed, &month, &id); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		if out[feed] == nil {
			out[feed] = map[period.Period][]string{}
		}
		p := period.FromTime(month)
		out[feed][p] = append(out[feed][p], id)
	}
	return out, rows.Err()
}

// PathsFor lists the Parquet files of the live loads of a feed that hold rows
// of any of the months, in order of path.
func (l *Lake) PathsFor(ctx context.Context, feed string, periods []period.Period) ([]string, error) {
	loads, err := l.holding(ctx, feed, periods)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, x := range loads {
		out = append(out, l.Path(x))
	}
	slices.Sort(out)
	return out, nil
}

// Source gives a SELECT over the rows of a feed in the given months that
// settles upserts: of rows with equal key, the one of the load published last
// (and within it the last row) is given. Without key it gives all rows.
// The result is "" when no live load holds any of the months.
func (l *Lake) Source(ctx context.Context, feed string, key []string, periods []period.Period) (string, error) {
	loads, err := l.holding(ctx, feed, periods)
	if err != nil || len(loads) == 0 {
		return "", err
	}
	var parts []string
	for _, x := range loads {
		parts = append(parts, fmt.Sprintf("SELECT *, %d AS _seq FROM read_parquet(%s, hive_partitioning = false)", x.Seq, engine.Quote(l.Path(x))))
	}
	all := strings.Join(parts, " UNION ALL BY NAME ")
	in := fmt.Sprintf("period IN (%s)", months(periods))
	if len(key) == 0 {
		return fmt.Sprintf("SELECT * EXCLUDE (_seq) FROM (%s) WHERE %s", all, in), nil
	}
	quoted := make([]string, len(key))
	for i, k := range key {
		quoted[i] = engine.Ident(k)
	}
	return fmt.Sprintf(`SELECT * EXCLUDE (_seq, _rank) FROM (SELECT *, row_number() OVER (PARTITION BY %s ORDER BY _seq DESC, _row DESC) AS _rank FROM (%s)) WHERE _rank = 1 AND %s`,
		strings.Join(quoted, ", "), all, in), nil
}

func (l *Lake) holding(ctx context.Context, feed string, periods []period.Period) ([]Load, error) {
	if len(periods) == 0 {
		return nil, nil
	}
	return l.loads(ctx, fmt.Sprintf(`WHERE status = 'live' AND feed = ? AND load_id IN
		(SELECT load_id FROM state.main.load_periods WHERE period IN (%s))`, months(periods)), feed)
}

func months(periods []period.Period) string {
	parts := make([]string, len(periods))
	for i, p := range periods {
		parts[i] = p.SQL()
	}
	return strings.Join(parts, ", ")
}
