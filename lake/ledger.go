package lake

import (
	"context"
	"database/sql"
	"fmt"
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
	`ALTER TABLE state.main.loads ADD COLUMN IF NOT EXISTS scope_column VARCHAR DEFAULT ''`,
	`ALTER TABLE state.main.loads ADD COLUMN IF NOT EXISTS origin VARCHAR DEFAULT ''`,
	`ALTER TABLE state.main.loads ADD COLUMN IF NOT EXISTS part_of VARCHAR DEFAULT ''`,
	`ALTER TABLE state.main.loads ADD COLUMN IF NOT EXISTS contract VARCHAR DEFAULT ''`,
	`ALTER TABLE state.main.loads ADD COLUMN IF NOT EXISTS key_generation INTEGER DEFAULT 1`,
	`ALTER TABLE state.main.loads ADD COLUMN IF NOT EXISTS file_sha256 VARCHAR DEFAULT ''`,
	// What became of every load, and when: the ledger as it was at any time.
	`CREATE TABLE IF NOT EXISTS state.main.load_events (
		n BIGINT NOT NULL, happened_at TIMESTAMP NOT NULL, load_id VARCHAR NOT NULL, status VARCHAR NOT NULL, superseded_by VARCHAR,
		who VARCHAR NOT NULL, why VARCHAR NOT NULL)`,
	// The load's place in the order, which reviving it may change.
	`ALTER TABLE state.main.load_events ADD COLUMN IF NOT EXISTS seq BIGINT`,
	// Loads whose file is damaged and whose extract may be loaded again; mended_at says when it was.
	`CREATE TABLE IF NOT EXISTS state.main.damages (
		load_id VARCHAR NOT NULL, found_at TIMESTAMP NOT NULL, who VARCHAR NOT NULL, why VARCHAR NOT NULL, mended_at TIMESTAMP)`,
	`CREATE TABLE IF NOT EXISTS state.main.load_periods (load_id VARCHAR NOT NULL, period DATE NOT NULL, rows BIGINT NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS state.main.quarantine (
		load_id VARCHAR NOT NULL, feed VARCHAR NOT NULL, file VARCHAR NOT NULL, sheet VARCHAR NOT NULL, "row" BIGINT NOT NULL,
		col VARCHAR NOT NULL, reason VARCHAR NOT NULL, value_masked VARCHAR NOT NULL, hint VARCHAR NOT NULL)`,
	// The row's county, "" where nothing tells it.
	`ALTER TABLE state.main.quarantine ADD COLUMN IF NOT EXISTS region VARCHAR DEFAULT ''`,
	// The load that brought the corrected row, and when.
	`ALTER TABLE state.main.quarantine ADD COLUMN IF NOT EXISTS closed_by VARCHAR DEFAULT ''`,
	`ALTER TABLE state.main.quarantine ADD COLUMN IF NOT EXISTS closed_at TIMESTAMP`,
	// The part whose corrected row still had the fault.
	`ALTER TABLE state.main.quarantine ADD COLUMN IF NOT EXISTS found_by VARCHAR DEFAULT ''`,
	`CREATE TABLE IF NOT EXISTS state.main.refusals (
		sha256 VARCHAR NOT NULL, feed VARCHAR NOT NULL, file VARCHAR NOT NULL, reason VARCHAR NOT NULL,
		refused_at TIMESTAMP NOT NULL, load_id VARCHAR NOT NULL)`,
	`ALTER TABLE state.main.refusals ADD COLUMN IF NOT EXISTS overridable BOOLEAN DEFAULT false`,
	// What the refused extract's name tells of it.
	`ALTER TABLE state.main.refusals ADD COLUMN IF NOT EXISTS period DATE`,
	`ALTER TABLE state.main.refusals ADD COLUMN IF NOT EXISTS scope VARCHAR DEFAULT ''`,
	`ALTER TABLE state.main.refusals ADD COLUMN IF NOT EXISTS day DATE`,
	`CREATE TABLE IF NOT EXISTS state.main.file_hashes (
		path VARCHAR NOT NULL, size BIGINT NOT NULL, mtime BIGINT NOT NULL, ctime BIGINT NOT NULL, inode BIGINT NOT NULL, sha256 VARCHAR NOT NULL)`,
}

const loadColumns = `seq, load_id, feed, contract_version, source, period, scope, scope_column, mode, origin, part_of, contract, key_generation,
	rows_in, rows_loaded, rows_quarantined, rows_repeated, bytes, sha256, file_sha256, loaded_at, status, superseded_by`

// Loads lists every load of a feed ("" for all), whatever its status, by Seq.
func (l *Lake) Loads(ctx context.Context, feed string) ([]Load, error) {
	return l.loads(ctx, `WHERE ? = '' OR feed = ?`, feed, feed)
}

// Live lists the live loads of a feed ("" for all) by Seq.
func (l *Lake) Live(ctx context.Context, feed string) ([]Load, error) {
	return l.loads(ctx, `WHERE status = 'live' AND (? = '' OR feed = ?)`, feed, feed)
}

func (l *Lake) loads(ctx context.Context, where string, args ...any) ([]Load, error) {
	return l.loadsFrom(ctx, "state.main.loads", where, args...)
}

func (l *Lake) loadsFrom(ctx context.Context, from, where string, args ...any) ([]Load, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT `+loadColumns+` FROM `+from+` `+where+` ORDER BY seq`, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Load
	for rows.Next() {
		var x Load
		var month sql.NullTime
		var by sql.NullString
		if err := rows.Scan(&x.Seq, &x.ID, &x.Feed, &x.ContractVersion, &x.Source, &month, &x.Scope, &x.ScopeColumn, &x.Mode,
			&x.Origin, &x.PartOf, &x.Contract, &x.KeyGeneration,
			&x.RowsIn, &x.RowsLoaded, &x.RowsQuarantined, &x.RowsRepeated, &x.Bytes, &x.SHA256, &x.FileSHA256, &x.LoadedAt, &x.Status, &by); err != nil {
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

// LoadIDs gives the ids of all loads, whatever their status, but for those
// whose damaged file waits for its extract; see Forget.
func (l *Lake) LoadIDs(ctx context.Context) (map[string]bool, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT load_id FROM state.main.loads
		WHERE load_id NOT IN (SELECT load_id FROM state.main.damages WHERE mended_at IS NULL)`)
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
// hold rows of that month. A load whose persons were given a new key counts as
// another: what was computed from it holds the old pseudonyms. So does one
// whose rows give way, in part, to those of others, and one whose damaged file
// was written again.
func (l *Lake) LivePeriods(ctx context.Context) (map[string]map[period.Period][]string, error) {
	over, err := l.shadows(ctx, "")
	if err != nil {
		return nil, err
	}
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT l.feed, p.period, p.load_id, l.key_generation, coalesce(d.mended, 0)
		FROM state.main.load_periods p JOIN state.main.loads l USING (load_id)
		LEFT JOIN (SELECT load_id, count(mended_at) AS mended FROM state.main.damages GROUP BY load_id) d USING (load_id)
		WHERE l.status = 'live' ORDER BY ALL`)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]map[period.Period][]string{}
	for rows.Next() {
		var feed, id string
		var month time.Time
		var generation, mended int
		if err := rows.Scan(&feed, &month, &id, &generation, &mended); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		suffix := ""
		if generation > 1 {
			suffix = fmt.Sprintf(".k%d", generation)
		}
		if mended > 0 {
			suffix += fmt.Sprintf(".m%d", mended)
		}
		for _, x := range over[id] {
			suffix += "-" + x.ID
		}
		id += suffix
		if out[feed] == nil {
			out[feed] = map[period.Period][]string{}
		}
		p := period.FromTime(month)
		out[feed][p] = append(out[feed][p], id)
	}
	return out, rows.Err()
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
