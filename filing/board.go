package filing

import (
	"context"

	"laborwatch/period"
)

// Name and Columns are those of the board as a table that models read.
const Name = "filing_board"

// Columns of the board as a table.
func Columns() []string {
	return []string{"period DATE", "feed VARCHAR", "region VARCHAR", "expected BIGINT", "arrived BIGINT"}
}

// Rows gives the board's rows of months that have ended. They change with what
// arrives, and with nothing else: whether a thing is due yet is not in them.
func (b *Board) Rows(ctx context.Context, months []period.Period) (map[period.Period][][]any, error) {
	out := map[period.Period][][]any{}
	if len(months) == 0 {
		return out, nil
	}
	ended := period.FromTime(b.clock().In(b.calendar.zone)).Add(-1)
	cells, err := b.Cells(ctx, Ask{To: min(months[len(months)-1], ended), arrivals: true})
	if err != nil {
		return nil, err
	}
	asked := map[period.Period]bool{}
	for _, p := range months {
		asked[p] = true
	}
	for _, c := range cells {
		if !asked[c.Period] {
			continue
		}
		out[c.Period] = append(out[c.Period], []any{c.Period.First(), c.Feed, c.Region, c.Expected, c.Arrived})
	}
	return out, nil
}
