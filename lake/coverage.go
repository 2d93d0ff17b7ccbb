package lake

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

// Coverage is what a load holds rows of.
type Coverage struct {
	Period period.Period
	// Region is that of the rows, or of the extract where rows do not tell; ""
	// where neither does.
	Region string
	// Day is the one that the extract's name tells, or of feeds that files are
	// added to that of the rows; zero where neither does.
	Day  time.Time
	Rows int64
}

// coverageSchema holds the coverage of loads. What an older program loaded is
// known by its months and the day in its name.
const coverageSchema = `CREATE TABLE IF NOT EXISTS state.main.load_coverage (load_id VARCHAR NOT NULL, period DATE NOT NULL, region VARCHAR NOT NULL, day DATE, rows BIGINT NOT NULL)`

const coverageOfOld = `INSERT INTO state.main.load_coverage
	SELECT p.load_id, p.period, l.scope,
		CAST(try_strptime(regexp_replace(regexp_extract(regexp_extract(l.source, '[^/]*$'), '20\d{2}[-_.年]?\d{2}[-_.月]?\d{2}'), '[^0-9]', '', 'g'), '%Y%m%d') AS DATE), p.rows
	FROM state.main.load_periods p JOIN state.main.loads l USING (load_id)`

// createCoverage makes the table, filled where the ledger is older than it.
func (l *Lake) createCoverage(ctx context.Context) (err error) {
	tx, err := l.begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	var there bool
	if err := tx.QueryRowContext(ctx, `SELECT count(*) > 0 FROM duckdb_tables() WHERE database_name = 'state' AND table_name = 'load_coverage'`).Scan(&there); err != nil {
		return err
	}
	if !there {
		for _, q := range []string{coverageSchema, coverageOfOld} {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

func insertCoverage(ctx context.Context, tx *sql.Tx, pubs []Publication) error {
	var values []string
	for _, p := range pubs {
		for _, c := range p.Coverage {
			day := "NULL"
			if !c.Day.IsZero() {
				day = "'" + c.Day.Format(time.DateOnly) + "'"
			}
			values = append(values, fmt.Sprintf("(%s, %s, %s, CAST(%s AS DATE), %d)", engine.Quote(p.Load.ID), c.Period.SQL(), engine.Quote(c.Region), day, c.Rows))
		}
	}
	for chunk := range slices.Chunk(values, 500) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO state.main.load_coverage VALUES `+strings.Join(chunk, ", ")); err != nil {
			return err
		}
	}
	return nil
}

// LiveRegions gives how many rows of each region the live snapshots of a feed's
// month hold, "" for rows whose region nothing tells; wholes takes only those of
// the whole month. Of rows that give way to a county's own file both are counted.
func (l *Lake) LiveRegions(ctx context.Context, feed string, p period.Period, wholes bool) (map[string]int64, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT c.region, CAST(sum(c.rows) AS BIGINT) FROM state.main.load_coverage c JOIN state.main.loads l USING (load_id)
		WHERE l.status = 'live' AND l.mode = 'snapshot' AND l.feed = ? AND l.period IS NOT DISTINCT FROM CAST(? AS DATE) AND (l.scope = '' OR NOT ?)
		GROUP BY c.region HAVING sum(c.rows) > 0`, feed, date(p), wholes)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]int64{}
	for rows.Next() {
		var region string
		var n int64
		if err := rows.Scan(&region, &n); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		out[region] = n
	}
	return out, rows.Err()
}
