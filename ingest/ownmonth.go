package ingest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"laborwatch/lake"
	"laborwatch/period"
)

// An extract holds the month that its name tells, but for revisions of others:
// a share far below the usual, or below these where there is no history, says
// that the name is wrong or two months were mixed.
const (
	ownWarn   = 0.8
	ownRefuse = 0.5
)

// lateDays is how far before the day of its name a daily file may reach back:
// what was done before a holiday comes on the first day of the next month.
const lateDays = 7

// strays are the rows of an extract whose month is out of reach.
type strays struct {
	rows     int64
	from, to period.Period
}

// countStrays counts the rows that are in quarantine for their month.
func (b *batch) countStrays(ctx context.Context) error {
	if !b.faults || !b.bounds() {
		return nil
	}
	rows, err := b.conn.QueryContext(ctx, fmt.Sprintf(`SELECT _file, count(*), min(_month), max(_month) FROM lw_slow WHERE NOT _skip AND _month IS NOT NULL AND contains(_fault, concat(%[1]s, %[2]s, %[1]s)) GROUP BY _file`, partSep, text(FarMonth)))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var fd int
		var x strays
		var from, to time.Time
		if err := rows.Scan(&fd, &x.rows, &from, &to); err != nil {
			return err
		}
		x.from, x.to = period.FromTime(from), period.FromTime(to)
		for _, p := range b.parts {
			if p.fd == fd {
				p.strays = x
			}
		}
	}
	return rows.Err()
}

// ownRows gives the rows of the month that the extract's name tells, and all.
func (p *part) ownRows() (own, all int64) {
	for _, n := range p.months {
		all += n
	}
	return p.months[p.month], all + p.strays.rows
}

// own gives the share of rows of the month that a snapshot's name tells; is is
// false where that is no question.
func (b *batch) own(p *part) (share float64, is bool) {
	own, all := p.ownRows()
	if b.c.Mode != lake.Snapshot || p.month == 0 || len(b.c.Period.Columns) == 0 || all == 0 {
		return 0, false
	}
	return float64(own) / float64(all), true
}

// checkMonth judges an extract by the month that its name tells: some row must be
// of it, and of a snapshot most. What comes as it is recorded, the latest word of
// each, may be of any month.
func (b *batch) checkMonth(p *part, judged bool) []finding {
	own, all := p.ownRows()
	if b.c.Mode == lake.Upsert || p.file.Since || p.month == 0 || len(b.c.Period.Columns) == 0 || all == 0 {
		return nil
	}
	near := own
	if before := period.FromTime(p.day.AddDate(0, 0, -lateDays)); !p.day.IsZero() && before != p.month {
		near += p.months[before]
	}
	if near == 0 {
		months := period.Sorted(slices.Collect(maps.Keys(p.months)))
		if p.strays.rows > 0 {
			months = period.Sorted(append(months, p.strays.from, p.strays.to))
		}
		return []finding{newFinding(true, "month", "", p.month.String(), months[0].String(), months[len(months)-1].String())}
	}
	share := float64(own) / float64(all)
	if judged || b.c.Mode != lake.Snapshot || share >= ownWarn {
		return nil
	}
	return []finding{newFinding(share < ownRefuse, "own_first", "", p.month.String(), own, all)}
}
