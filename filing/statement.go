package filing

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"laborwatch/engine"
	"laborwatch/period"
)

// statement joins calendar and ledger. What a load covers is the month it is
// filed under, of other than snapshots also the months that it has rows of; a
// daily extract covers the day in its name, or where there is none the days of
// its months that had passed when it came.
func (b *Board) statement(a Ask, wanted, since []string, now time.Time) string {
	counties := []string{"(NULL, NULL)"}
	for _, r := range b.counties {
		counties = append(counties, fmt.Sprintf("(%s, %s)", engine.Quote(r.Code), engine.Quote(r.ZH)))
	}
	region := "true"
	if a.Region != "" {
		region = "region = " + engine.Quote(a.Region)
	}
	// What is in quarantine is counted for those who look, not for every run.
	quarantine := "true"
	if a.arrivals {
		quarantine = "false"
	}
	return strings.NewReplacer(
		"{quarantine}", quarantine,
		"{wanted}", strings.Join(wanted, ", "), "{since}", strings.Join(since, ", "), "{counties}", strings.Join(counties, ", "),
		"{region}", region, "{from}", a.From.SQL(), "{to}", a.To.SQL(), "{now}", "TIMESTAMP "+stamp(now),
	).Replace(`
WITH calendar(feed, period, day, due, orange, by_region) AS (VALUES {wanted}),
feeds(feed, since, place) AS (VALUES {since}),
county(code, zh) AS (VALUES {counties}),
counted AS (
  SELECT * FROM state.main.loads WHERE part_of = '' AND status <> 'withdrawn' AND feed IN (SELECT feed FROM feeds)
),
begun AS (SELECT feed, min(loaded_at) AS first_load, min(period) AS first_month FROM counted GROUP BY feed),
covers AS (
  SELECT l.load_id, l.period FROM counted l WHERE l.period BETWEEN {from} AND {to}
  UNION
  SELECT p.load_id, p.period FROM state.main.load_periods p JOIN counted l USING (load_id) WHERE l.mode <> 'snapshot' AND p.period BETWEEN {from} AND {to}
),
dated AS (
  SELECT l.load_id, l.feed, c.period, l.scope, l.mode, l.status, l.loaded_at, l.rows_loaded, l.seq,
    CAST(try_strptime(regexp_replace(regexp_extract(regexp_extract(l.source, '[^/]*$'), '20\d{2}[-_.年]?\d{2}[-_.月]?\d{2}'), '[^0-9]', '', 'g'), '%Y%m%d') AS DATE) AS day
  FROM covers c JOIN counted l USING (load_id)
),
first_day AS (SELECT feed, min(day) AS day FROM dated GROUP BY feed),
slot AS (
  SELECT c.*, coalesce(r.code, '_T') AS region, r.zh, f.place, g.first_load
  FROM calendar c JOIN feeds f USING (feed) LEFT JOIN begun g USING (feed) LEFT JOIN first_day d USING (feed)
  LEFT JOIN county r ON c.by_region AND r.code IS NOT NULL
  WHERE c.period >= coalesce(f.since, g.first_month) AND (c.day IS NULL OR f.since IS NOT NULL OR c.period > g.first_month OR c.day >= coalesce(d.day, c.day))
),
asked AS (SELECT * FROM slot WHERE {region}),
met AS (
  SELECT s.feed, s.period, s.day, s.region, d.load_id FROM asked s JOIN dated d ON d.feed = s.feed AND d.period = s.period
    WHERE s.day IS NULL AND (d.scope = '' OR s.region = '_T' OR d.scope = s.region)
  UNION
  SELECT s.feed, s.period, s.day, s.region, d.load_id FROM asked s JOIN dated d ON d.feed = s.feed AND d.day = s.day
    WHERE d.scope = '' OR s.region = '_T' OR d.scope = s.region
  UNION
  SELECT s.feed, s.period, s.day, s.region, d.load_id FROM asked s JOIN dated d ON d.feed = s.feed AND d.period = s.period
    WHERE d.day IS NULL AND s.day <= CAST(d.loaded_at AS DATE) AND (d.scope = '' OR s.region = '_T' OR d.scope = s.region)
),
hit AS (
  SELECT m.*, l.mode, l.status, l.loaded_at, l.rows_loaded, l.seq FROM met m JOIN counted l USING (load_id)
),
came AS (
  SELECT feed, period, day, region, min(loaded_at) AS first_at, max(loaded_at) AS last_at, bool_or(status = 'live') AS live,
    count(*) FILTER (status = 'superseded' OR mode = 'snapshot') - CASE WHEN bool_or(mode = 'snapshot') THEN 1 ELSE 0 END AS corrected
  FROM hit GROUP BY ALL
),
owned AS (
  SELECT load_id, load_id AS owner FROM hit WHERE status = 'live'
  UNION SELECT l.load_id, l.part_of FROM state.main.loads l JOIN hit h ON l.part_of = h.load_id WHERE l.status = 'live'
),
bad AS (
  SELECT o.owner AS load_id, count(DISTINCT (q.load_id, q.sheet, q."row")) AS rows
  FROM state.main.quarantine q JOIN owned o USING (load_id) WHERE {quarantine} AND q.closed_by = '' GROUP BY ALL
),
content AS (
  SELECT h.feed, h.period, h.region, CAST(sum(h.rows_loaded) AS BIGINT) AS rows, CAST(coalesce(sum(b.rows), 0) AS BIGINT) AS quarantined,
    string_agg(h.load_id, ',' ORDER BY h.seq) AS loads
  FROM (SELECT DISTINCT feed, period, region, load_id, rows_loaded, seq FROM hit WHERE status = 'live') h LEFT JOIN bad b USING (load_id) GROUP BY ALL
),
turned_away AS (
  SELECT r.feed, r.file, r.refused_at, regexp_extract(r.file, '[^/]*$') AS name,
    CAST(try_strptime(regexp_replace(regexp_extract(regexp_extract(r.file, '[^/]*$'), '20\d{2}[-_.年]?(0[1-9]|1[0-2])'), '[^0-9]', '', 'g') || '01', '%Y%m%d') AS DATE) AS period
  FROM state.main.refusals r WHERE r.feed IN (SELECT feed FROM feeds)
),
refused AS (
  SELECT s.feed, s.period, s.day, s.region, count(DISTINCT r.file) AS n
  FROM asked s JOIN turned_away r ON r.feed = s.feed AND r.period = s.period
    AND (s.day IS NULL OR contains(regexp_replace(r.name, '[^0-9]', '', 'g'), strftime(s.day, '%Y%m%d')))
    AND (s.region = '_T' OR contains(r.name, s.region) OR contains(r.name, s.zh)
      OR NOT EXISTS (SELECT 1 FROM county k WHERE k.code IS NOT NULL AND (contains(r.name, k.code) OR contains(r.name, k.zh))))
  LEFT JOIN came c ON c.feed = s.feed AND c.period = s.period AND c.day IS NOT DISTINCT FROM s.day AND c.region = s.region
  WHERE c.last_at IS NULL OR r.refused_at > c.last_at
  GROUP BY ALL
),
judged AS (
  SELECT s.*, coalesce(c.live, false) AS arrived, c.first_at, coalesce(c.corrected, 0) AS corrected, coalesce(r.n, 0) AS refused,
    NOT coalesce(c.live, false) AND s.due < {now} AS missing,
    coalesce(c.live AND c.first_at > s.due AND s.due >= s.first_load, false) AS late,
    CASE WHEN coalesce(c.live, false) OR s.due >= {now} OR s.due < s.first_load THEN NULL WHEN s.orange < {now} THEN 2 ELSE 3 END AS level
  FROM asked s
  LEFT JOIN came c ON c.feed = s.feed AND c.period = s.period AND c.day IS NOT DISTINCT FROM s.day AND c.region = s.region
  LEFT JOIN refused r ON r.feed = s.feed AND r.period = s.period AND r.day IS NOT DISTINCT FROM s.day AND r.region = s.region
)
SELECT j.feed, j.region, j.period,
  CASE WHEN bool_or(j.missing) THEN 'missing' WHEN max(coalesce(k.quarantined, 0)) + sum(j.refused) > 0 THEN 'partly_refused' WHEN bool_or(j.late) THEN 'late'
    WHEN sum(j.corrected) > 0 THEN 'corrected' WHEN bool_or(j.arrived) THEN 'arrived' ELSE 'expected' END AS state,
  count(*), count(*) FILTER (j.arrived), count(*) FILTER (j.late), count(*) FILTER (j.missing), CAST(sum(j.corrected) AS BIGINT),
  max(coalesce(k.rows, 0)), max(coalesce(k.quarantined, 0)), CAST(sum(j.refused) AS BIGINT),
  coalesce(min(j.due) FILTER (j.missing), max(j.due)), min(j.first_at) FILTER (j.arrived), coalesce(max(k.loads), ''), coalesce(min(j.level), 0)
FROM judged j LEFT JOIN content k ON k.feed = j.feed AND k.period = j.period AND k.region = j.region
GROUP BY j.place, j.feed, j.region, j.period ORDER BY j.place, j.period, j.region`)
}

func (b *Board) read(ctx context.Context, q string) (out []Cell, err error) {
	rows, err := b.eng.DB().QueryContext(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("filing: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var c Cell
		var month time.Time
		var first sql.NullTime
		var loads string
		if err := rows.Scan(&c.Feed, &c.Region, &month, &c.State, &c.Expected, &c.Arrived, &c.Late, &c.Missing, &c.Corrected,
			&c.Rows, &c.Quarantined, &c.Refused, &c.Due, &first, &loads, &c.Overdue); err != nil {
			return nil, fmt.Errorf("filing: %w", err)
		}
		c.Period, c.First = period.FromTime(month), first.Time
		if loads != "" {
			c.Loads = strings.Split(loads, ",")
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
