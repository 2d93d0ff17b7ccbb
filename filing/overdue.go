package filing

import (
	"context"

	"laborwatch/period"
)

// Overdue is what has not come by its due time: one county's extract, or a
// whole feed's of a month.
type Overdue struct {
	Feed   string
	Period period.Period
	// Region is Whole where the feed files as a whole, and where no county filed.
	Region string
	// Level is 3 (yellow), or 2 (orange) when it is overdue for long.
	Level int
	// Missing of Expected extracts.
	Missing, Expected int64
}

// Overdue lists what is overdue, in the order of cells. Where every county's
// extract of a feed and month is missing, that is one line and not ten.
func (b *Board) Overdue(ctx context.Context) ([]Overdue, error) {
	cells, err := b.Cells(ctx, Ask{arrivals: true})
	if err != nil {
		return nil, err
	}
	var out []Overdue
	for i := 0; i < len(cells); {
		j := i
		for j < len(cells) && cells[j].Feed == cells[i].Feed && cells[j].Period == cells[i].Period {
			j++
		}
		out = append(out, overdue(cells[i:j])...)
		i = j
	}
	return out, nil
}

// overdue folds the cells of one feed and month.
func overdue(cells []Cell) []Overdue {
	var each []Overdue
	all := Overdue{Feed: cells[0].Feed, Period: cells[0].Period, Region: Whole}
	for _, c := range cells {
		all.Missing, all.Expected = all.Missing+c.Missing, all.Expected+c.Expected
		if c.Overdue == 0 {
			continue
		}
		each = append(each, Overdue{c.Feed, c.Period, c.Region, c.Overdue, c.Missing, c.Expected})
		if all.Level == 0 || c.Overdue < all.Level {
			all.Level = c.Overdue
		}
	}
	if len(each) > 1 && len(each) == len(cells) {
		return []Overdue{all}
	}
	return each
}
