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

// statement joins calendar and ledger. A load is there for the month it is filed
// under, and unless it is a snapshot for those that it has rows of; for the day
// in its name, else for the days that it has rows of. One of the whole city is
// there for every county, with the rows that are the county's. A row in
// quarantine whose county nothing tells may be anyone's and stands with all.
func (b *Board) statement(a Ask, wanted, since []string, now time.Time) string {
	counties := []string{"(NULL)"}
	for _, r := range b.counties {
		counties = append(counties, "("+engine.Quote(r.Code)+")")
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
county(code) AS (VALUES {counties}),
counted AS (
  SELECT * FROM state.main.loads WHERE part_of = '' AND status <> 'withdrawn' AND feed IN (SELECT feed FROM feeds)
),
begun AS (SELECT feed, min(loaded_at) AS first_load, min(period) AS first_month FROM counted GROUP BY feed),
covers AS (
  SELECT l.load_id, l.period FROM counted l WHERE l.period BETWEEN {from} AND {to}
  UNION
  SELECT p.load_id, p.period FROM state.main.load_periods p JOIN counted l USING (load_id) WHERE l.mode <> 'snapshot' AND p.period BETWEEN {from} AND {to}
),
held AS (
  SELECT l.load_id, l.feed, c.period, l.scope, v.day FROM covers c JOIN counted l USING (load_id)
  LEFT JOIN (SELECT DISTINCT load_id, period, day FROM state.main.load_coverage) v ON v.load_id = c.load_id AND v.period = c.period
),
first_day AS (SELECT feed, min(day) AS day FROM held GROUP BY feed),
slot AS (
  -- What came before a feed's first extract is history only where nobody said since when it is expected.
  SELECT c.*, coalesce(r.code, '_T') AS region, f.place, CASE WHEN f.since IS NULL THEN g.first_load END AS first_load
  FROM calendar c JOIN feeds f USING (feed) LEFT JOIN begun g USING (feed) LEFT JOIN first_day d USING (feed)
  LEFT JOIN county r ON c.by_region AND r.code IS NOT NULL
  WHERE c.period >= coalesce(f.since, g.first_month) AND (c.day IS NULL OR f.since IS NOT NULL OR c.period > g.first_month OR c.day >= coalesce(d.day, c.day))
),
asked AS (SELECT * FROM slot WHERE {region}),
met AS (
  SELECT DISTINCT s.feed, s.period, s.day, s.region, h.load_id
  FROM asked s JOIN held h ON h.feed = s.feed AND h.period = s.period AND (s.day IS NULL OR h.day = s.day) AND (h.scope = '' OR s.region = '_T' OR h.scope = s.region)
),
hit AS (
  SELECT m.*, l.mode, l.status, l.loaded_at, l.seq, l.scope FROM met m JOIN counted l USING (load_id)
),
came AS (
  SELECT feed, period, day, region, min(loaded_at) AS first_at, max(loaded_at) AS last_at, bool_or(status = 'live') AS live,
    bool_or(status = 'live' AND scope <> '') AS own,
    count(*) FILTER (status = 'superseded' OR mode = 'snapshot') - CASE WHEN bool_or(mode = 'snapshot') THEN 1 ELSE 0 END AS corrected
  FROM hit GROUP BY ALL
),
live_hit AS (
  SELECT h.feed, h.period, h.region, h.load_id, h.seq, h.scope = '' AND h.region <> '_T' AND h.mode = 'snapshot' AND bool_or(h.scope <> '') OVER (PARTITION BY h.feed, h.period, h.region) AS gave_way
  FROM (SELECT DISTINCT feed, period, region, load_id, mode, scope, seq FROM hit WHERE status = 'live') h
),
-- A load and the parts that brought its corrected rows.
piece AS (
  SELECT h.*, h.load_id AS piece, false AS part FROM live_hit h
  UNION ALL SELECT h.*, l.load_id, true FROM live_hit h JOIN state.main.loads l ON l.part_of = h.load_id WHERE l.status = 'live'
),
filled AS (
  SELECT p.feed, p.period, p.region, CAST(sum(v.rows) AS BIGINT) AS rows, count(DISTINCT p.piece) FILTER (p.part) AS parts
  FROM piece p JOIN state.main.load_coverage v ON v.load_id = p.piece AND v.period = p.period AND (p.region = '_T' OR v.region = p.region)
  WHERE NOT p.gave_way GROUP BY ALL
),
bad AS (
  SELECT h.feed, h.period, h.region, count(DISTINCT (q.load_id, q.sheet, q."row")) AS quarantined
  FROM live_hit h JOIN state.main.quarantine q USING (load_id)
  WHERE {quarantine} AND NOT h.gave_way AND (q.closed_by = '' OR q.closed_by NOT IN (SELECT load_id FROM state.main.loads WHERE status = 'live'))
    AND (h.region = '_T' OR q.region IN (h.region, ''))
    AND (q.found_by = '' OR q.found_by IN (SELECT load_id FROM state.main.loads WHERE status = 'live'))
  GROUP BY ALL
),
content AS (
  SELECT h.feed, h.period, h.region, coalesce(max(f.rows), 0) AS rows, coalesce(max(f.parts), 0) AS parts, coalesce(max(b.quarantined), 0) AS quarantined,
    string_agg(h.load_id, ',' ORDER BY h.seq) AS loads
  FROM live_hit h LEFT JOIN filled f USING (feed, period, region) LEFT JOIN bad b USING (feed, period, region) GROUP BY h.feed, h.period, h.region
),
-- Of a refused extract that names no county, those stand back who have filed their own.
turned_away AS (
  SELECT s.feed, s.period, s.region, count(DISTINCT r.file) AS refused
  FROM asked s JOIN state.main.refusals r ON r.feed = s.feed AND r.period = s.period AND (s.day IS NULL OR r.day IS NULL OR r.day = s.day)
    AND (s.region = '_T' OR r.scope IN (s.region, ''))
  LEFT JOIN came c ON c.feed = s.feed AND c.period = s.period AND c.day IS NOT DISTINCT FROM s.day AND c.region = s.region
  WHERE (c.last_at IS NULL OR r.refused_at > c.last_at) AND (s.region = '_T' OR r.scope <> '' OR NOT coalesce(c.own, false))
  GROUP BY ALL
),
judged AS (
  SELECT s.*, coalesce(c.live, false) AS arrived, c.first_at, coalesce(c.corrected, 0) AS corrected,
    NOT coalesce(c.live, false) AND s.due < {now} AS missing,
    coalesce(c.live AND c.first_at > s.due AND (s.first_load IS NULL OR s.due >= s.first_load), false) AS late,
    CASE WHEN coalesce(c.live, false) OR s.due >= {now} OR s.due < s.first_load THEN NULL WHEN s.orange < {now} THEN 2 ELSE 3 END AS level
  FROM asked s
  LEFT JOIN came c ON c.feed = s.feed AND c.period = s.period AND c.day IS NOT DISTINCT FROM s.day AND c.region = s.region
),
cell AS (
  SELECT place, feed, region, period, bool_or(missing) AS missing, bool_or(late) AS late, bool_or(arrived) AS arrived, count(*) AS expected_n,
    count(*) FILTER (arrived) AS arrived_n, count(*) FILTER (late) AS late_n, count(*) FILTER (missing) AS missing_n, CAST(sum(corrected) AS BIGINT) AS corrected,
    coalesce(min(due) FILTER (missing), max(due)) AS due, min(first_at) FILTER (arrived) AS first_at, coalesce(min(level), 0) AS level,
    coalesce(string_agg(CAST(day AS VARCHAR), ',' ORDER BY day) FILTER (missing), '') AS days
  FROM judged GROUP BY place, feed, region, period
)
SELECT j.feed, j.region, j.period,
  CASE WHEN j.missing THEN 'missing' WHEN coalesce(k.quarantined, 0) + coalesce(t.refused, 0) > 0 THEN 'partly_refused' WHEN j.late THEN 'late'
    WHEN j.corrected + coalesce(k.parts, 0) > 0 THEN 'corrected' WHEN j.arrived THEN 'arrived' ELSE 'expected' END,
  j.expected_n, j.arrived_n, j.late_n, j.missing_n, j.corrected + coalesce(k.parts, 0), coalesce(k.rows, 0), coalesce(k.quarantined, 0), coalesce(t.refused, 0),
  j.due, j.first_at, coalesce(k.loads, ''), j.level, j.days
FROM cell j LEFT JOIN content k USING (feed, period, region) LEFT JOIN turned_away t USING (feed, period, region)
ORDER BY j.place, j.period, j.region`)
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
		var loads, days string
		if err := rows.Scan(&c.Feed, &c.Region, &month, &c.State, &c.Expected, &c.Arrived, &c.Late, &c.Missing, &c.Corrected,
			&c.Rows, &c.Quarantined, &c.Refused, &c.Due, &first, &loads, &c.Overdue, &days); err != nil {
			return nil, fmt.Errorf("filing: %w", err)
		}
		c.Period, c.First = period.FromTime(month), first.Time
		if loads != "" {
			c.Loads = strings.Split(loads, ",")
		}
		if days != "" {
			c.MissingDays = strings.Split(days, ",")
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
