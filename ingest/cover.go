package ingest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/period"
)

// regionOf is the region of a row of lw_checked: that of its extract, else its own.
func (b *batch) regionOf(p *part) string {
	if p.scope != "" || b.c.Scope.Column == "" {
		return text(p.scope)
	}
	return "coalesce(" + engine.Ident(b.c.Scope.Column) + ", '')"
}

// dayOf is the day of a row, where files are added to those before and the
// name tells none; "" where there is no such thing.
func (b *batch) dayOf(p *part) string {
	if b.c.Mode != lake.Append || !p.day.IsZero() || len(b.c.Period.Columns) == 0 {
		return ""
	}
	if col := b.c.column(b.c.Period.Columns[0]); col.Type != "date" {
		return ""
	}
	return engine.Ident(b.c.Period.Columns[0])
}

// cover counts what each extract holds, by region and day, in the files that
// were written.
func (b *batch) cover(ctx context.Context) error {
	for _, p := range b.parts {
		if err := b.coverPart(ctx, p); err != nil {
			return err
		}
		if err := b.checkLost(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) coverPart(ctx context.Context, p *part) error {
	day := b.dayOf(p)
	if !p.day.IsZero() && len(p.months) == 0 { // a day on which nothing was
		p.coverage = []lake.Coverage{{Period: p.month, Region: p.scope, Day: p.day}}
		return nil
	}
	if day == "" && (p.scope != "" || b.c.Scope.Column == "") { // the months tell all
		for m, n := range p.months {
			p.coverage = append(p.coverage, lake.Coverage{Period: m, Region: p.scope, Day: p.day, Rows: n})
		}
		return nil
	}
	rows, err := b.conn.QueryContext(ctx, fmt.Sprintf(`SELECT period, %s, CAST(%s AS DATE), count(*) FROM read_parquet(%s, hive_partitioning = false) WHERE period IS NOT NULL GROUP BY ALL ORDER BY ALL`,
		b.regionOf(p), cmp.Or(day, "NULL"), text(b.temp(p))))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var c lake.Coverage
		var month time.Time
		var day *time.Time
		if err := rows.Scan(&month, &c.Region, &day, &c.Rows); err != nil {
			return err
		}
		c.Period, c.Day = period.FromTime(month), p.day
		if day != nil {
			c.Day = *day
		}
		p.coverage = append(p.coverage, c)
	}
	return rows.Err()
}

// checkLost looks at the counties of which the month has rows and a new whole
// snapshot has none: its name may have lacked the county that it is of.
func (b *batch) checkLost(ctx context.Context, p *part) error {
	if b.c.Mode != lake.Snapshot || b.c.Scope.Column == "" || p.scope != "" || p.corrects != nil {
		return nil
	}
	held, err := b.in.lake.LiveRegions(ctx, b.c.Feed, cmp.Or(p.month, p.filed), false)
	if err != nil {
		return err
	}
	for _, q := range b.parts { // those before it in the batch are live by then
		if q == p {
			break
		}
		if cmp.Or(q.month, q.filed) == cmp.Or(p.month, p.filed) {
			if q.scope == "" {
				clear(held)
			}
			for _, c := range q.coverage {
				held[c.Region] += c.Rows
			}
		}
	}
	brings, total := map[string]bool{}, int64(0)
	for _, c := range p.coverage {
		brings[c.Region] = true
	}
	var lost []string
	rows := int64(0)
	for _, region := range slices.Sorted(maps.Keys(held)) {
		if total += held[region]; region != "" && !brings[region] {
			lost, rows = append(lost, region), rows+held[region]
		}
	}
	if len(lost) == 0 {
		return nil
	}
	f := newFinding(len(brings) == 1 || 2*rows >= total, "lost", b.c.Scope.Column, rows, len(lost), strings.Join(lost, ", "), strings.Join(slices.Sorted(maps.Keys(brings)), ", "))
	if why := p.settle(f); len(why) > 0 {
		return refuse("set", why)
	}
	return nil
}
