package filing

import (
	"testing"
	"time"

	"laborwatch/period"
)

// BenchmarkCells asks for one month, and for all, of a ledger of ten years: two
// counties' monthly extracts, each corrected once, 3,650 daily ones, and a
// million quarantined rows. What one month costs must not follow the rest.
func BenchmarkCells(b *testing.B) {
	c := newCity(b)
	c.now = time.Date(2026, 9, 1, 9, 0, 0, 0, shanghai)
	for _, q := range []string{
		`INSERT INTO state.main.loads BY NAME SELECT row_number() OVER () AS seq, 'm' || row_number() OVER () AS load_id, 'county' AS feed, 1 AS contract_version,
			strftime(m, 'county_%Y%m_') || r || '.csv' AS source, CAST(m AS DATE) AS period, r AS scope, 'snapshot' AS mode, 1000 AS rows_in, 990 AS rows_loaded,
			10 AS rows_quarantined, 0 AS rows_repeated, 1 AS bytes, '' AS sha256, m + INTERVAL 35 DAY + v * INTERVAL 1 DAY AS loaded_at,
			CASE v WHEN 0 THEN 'superseded' ELSE 'live' END AS status
			FROM range(TIMESTAMP '2016-08-01', TIMESTAMP '2026-08-01', INTERVAL 1 MONTH) t(m), unnest(['410402', '410403']) u(r), range(2) w(v)`,
		`INSERT INTO state.main.loads BY NAME SELECT 10000 + row_number() OVER () AS seq, 'd' || row_number() OVER () AS load_id, 'daily' AS feed, 1 AS contract_version,
			strftime(d, 'daily_%Y%m%d.csv') AS source, CAST(date_trunc('month', d) AS DATE) AS period, '' AS scope, 'append' AS mode, 100 AS rows_in, 99 AS rows_loaded,
			1 AS rows_quarantined, 0 AS rows_repeated, 1 AS bytes, '' AS sha256, d + INTERVAL 1 DAY AS loaded_at, 'live' AS status
			FROM range(TIMESTAMP '2016-08-01', TIMESTAMP '2026-08-01', INTERVAL 1 DAY) t(d)`,
		`INSERT INTO state.main.load_coverage SELECT load_id, period, scope, CASE feed WHEN 'daily' THEN CAST(loaded_at - INTERVAL 1 DAY AS DATE) END, rows_loaded FROM state.main.loads`,
		`INSERT INTO state.main.quarantine BY NAME SELECT 'd' || (1 + i % 3650) AS load_id, 'daily' AS feed, '' AS file, '' AS sheet, i AS "row", 'c' AS col, 'r' AS reason, '' AS value_masked, '' AS hint FROM range(1000000) t(i)`,
	} {
		if _, err := c.eng.DB().ExecContext(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
	board := c.board()
	for _, x := range []struct {
		name string
		ask  Ask
		want int
	}{
		{"one month of a feed", Ask{From: june, To: june, Feed: "county"}, 2},
		{"one month", Ask{From: june, To: june}, 3},
		{"ten years", Ask{To: period.Of(2026, 7)}, 360},
		{"ten years for alerts", Ask{To: period.Of(2026, 7), arrivals: true}, 360},
	} {
		b.Run(x.name, func(b *testing.B) {
			for b.Loop() {
				cells, err := board.Cells(b.Context(), x.ask)
				if err != nil || len(cells) != x.want {
					b.Fatal(len(cells), err)
				}
			}
		})
	}
}
