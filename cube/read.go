package cube

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

// table is where the warehouse keeps the cube.
const table = "wh.main.observations"

// SnapshotOptions says which employers a snapshot holds beside the totals.
type SnapshotOptions struct {
	// Enterprises are credit codes held whatever their size.
	Enterprises []string
	// MinInsured adds every employer with so many insured heads in the newest
	// month of insured_persons; 0 adds none.
	MinInsured int
	// MaxEnterprises bounds the employers held: those listed first, then the
	// largest. 0 means no bound.
	MaxEnterprises int
	// Clock gives the time of building; nil is time.Now.
	Clock func() time.Time
}

// ReadSnapshot reads the cube into memory: every observation of no single
// employer, and those of the key employers. A warehouse without a cube gives
// an empty snapshot, for a first run has yet to happen.
func ReadSnapshot(ctx context.Context, eng Engine, opt SnapshotOptions) (*Snapshot, error) {
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	b := newBuilder()
	// One transaction: the rows and the list of employers are of one state.
	tx, err := eng.DB().BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("read the cube: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	ok, err := exists(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("read the cube: %w", err)
	}
	if ok {
		if err := readInto(ctx, tx, b, opt); err != nil {
			return nil, fmt.Errorf("read the cube: %w", err)
		}
	}
	return b.snapshot(opt.Clock()), nil
}

func readInto(ctx context.Context, tx *sql.Tx, b *builder, opt SnapshotOptions) error {
	keys, err := keyEnterprises(ctx, tx, opt)
	if err != nil {
		return fmt.Errorf("key employers: %w", err)
	}
	where := "enterprise = '" + Total + "'"
	if len(keys) > 0 {
		where += " OR enterprise IN (" + literals(keys) + ")"
	}
	// One text for the whole key and one for the marks: most of the time
	// of reading goes into handing over texts, and keys repeat every month.
	rows, err := tx.QueryContext(ctx, "SELECT "+periodNumber+", indicator || chr(31) || "+strings.Join(Dims(), " || chr(31) || ")+
		", value, numerator, denominator, se, ci_low, ci_high, n, COALESCE(obs_status, '') || chr(31) || COALESCE(quality, '') || chr(31) || COALESCE(reason, '') FROM "+
		table+" WHERE "+where)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var m int64
		var key, marks sql.RawBytes
		var f [nNumbers]sql.NullFloat64
		var n sql.NullInt64
		err := rows.Scan(&m, &key, &f[colValue], &f[colNumerator], &f[colDenominator], &f[colSE], &f[colCILow], &f[colCIHigh], &n, &marks)
		if err != nil {
			return err
		}
		if err := b.addRaw(period.Period(m), key, f, n, marks); err != nil {
			return err
		}
	}
	return rows.Err()
}

// keyEnterprises lists the credit codes to hold: those asked for, then the
// largest by insured heads in the newest month.
func keyEnterprises(ctx context.Context, tx *sql.Tx, opt SnapshotOptions) ([]string, error) {
	keys := slices.Clone(opt.Enterprises)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	if opt.MinInsured > 0 {
		large, err := largest(ctx, tx, opt.MinInsured)
		if err != nil {
			return nil, err
		}
		for _, k := range large {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	if opt.MaxEnterprises > 0 && len(keys) > opt.MaxEnterprises {
		keys = keys[:opt.MaxEnterprises]
	}
	return keys, nil
}

func largest(ctx context.Context, tx *sql.Tx, insured int) ([]string, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT enterprise FROM `+table+`
		WHERE indicator = 'insured_persons' AND enterprise <> '_T'
		  AND period = (SELECT max(period) FROM `+table+` WHERE indicator = 'insured_persons' AND enterprise <> '_T')
		GROUP BY enterprise HAVING max(value) >= ?
		ORDER BY max(value) DESC, enterprise`, insured)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var code string
		if err := rows.Scan(&code); err != nil {
			return nil, err
		}
		out = append(out, code)
	}
	return out, rows.Err()
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// exists reports whether the warehouse has a cube yet.
func exists(ctx context.Context, q querier) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT count(*) FROM information_schema.tables
		WHERE table_catalog = 'wh' AND table_schema = 'main' AND table_name = 'observations'`).Scan(&n)
	return n > 0, err
}

// columns of the cube, in its own order.
func columns() []string {
	return append(append([]string{"period", "indicator"}, Dims()...),
		"value", "numerator", "denominator", "se", "ci_low", "ci_high", "n", "obs_status", "quality", "reason")
}

// periodNumber is the period as the number of months that period.Period is,
// which no time zone can shift.
const periodNumber = "CAST(year(period) * 12 + month(period) - 1 AS BIGINT) AS m"

// selectRows reads every column.
const selectRows = "SELECT " + periodNumber + `, indicator, region, sex, age, pop_group,
	industry, occupation, enterprise, value, numerator, denominator, se, ci_low, ci_high, n,
	COALESCE(obs_status, ''), COALESCE(quality, ''), COALESCE(reason, '') FROM ` + table

func scan(rows *sql.Rows) (Observation, error) {
	var o Observation
	var m int64
	var f [nNumbers]sql.NullFloat64
	var n sql.NullInt64
	err := rows.Scan(&m, &o.Indicator, &o.Region, &o.Sex, &o.Age, &o.PopGroup, &o.Industry, &o.Occupation, &o.Enterprise,
		&f[colValue], &f[colNumerator], &f[colDenominator], &f[colSE], &f[colCILow], &f[colCIHigh], &n, &o.ObsStatus, &o.Quality, &o.Reason)
	if err != nil {
		return o, err
	}
	o.Period = period.Period(m)
	for i, p := range []**float64{&o.Value, &o.Numerator, &o.Denominator, &o.SE, &o.CILow, &o.CIHigh} {
		if f[i].Valid {
			*p = &f[i].Float64
		}
	}
	if n.Valid {
		o.N = &n.Int64
	}
	return o, nil
}

// literals joins texts as SQL string literals.
func literals(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = engine.Quote(w)
	}
	return strings.Join(quoted, ", ")
}
