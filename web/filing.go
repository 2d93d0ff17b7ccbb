package web

import (
	"slices"

	"laborwatch/cube"
	"laborwatch/filing"
	"laborwatch/messages"
)

// filingTable is the filing board of the newest month that is due: feeds by
// region.
type filingTable struct {
	Period  string
	Regions []string
	Rows    []filingRow
}

type filingRow struct {
	Feed, Name string
	Cells      []filingCell
}

// filingCell is one state; empty where the feed does not file by that region.
type filingCell struct{ Text, Class, Detail string }

// filingClass is how a state looks.
var filingClass = map[filing.State]string{
	filing.Missing: "failed", filing.PartlyRefused: "late", filing.Late: "late",
	filing.Corrected: "current", filing.Arrived: "current", filing.Expected: "",
}

// filingTable lays the cells out. The whole comes before the counties.
func (s *server) filingTable(v view, cells []filing.Cell) filingTable {
	if len(cells) == 0 {
		return filingTable{}
	}
	t := filingTable{Period: v.month(cells[0].Period)}
	var codes []string
	for _, c := range cells {
		if !slices.Contains(codes, c.Region) {
			codes = append(codes, c.Region)
		}
	}
	slices.SortFunc(codes, func(a, b string) int {
		switch {
		case a == b:
			return 0
		case a == filing.Whole, b != filing.Whole && a < b:
			return -1
		}
		return 1
	})
	for _, code := range codes {
		t.Regions = append(t.Regions, v.catalog.Label(v.lang, cube.Region, code))
	}
	at := map[string]int{}
	for _, c := range cells {
		i, ok := at[c.Feed]
		if !ok {
			i = len(t.Rows)
			at[c.Feed] = i
			t.Rows = append(t.Rows, filingRow{Feed: c.Feed, Name: v.feedName(c.Feed), Cells: make([]filingCell, len(codes))})
		}
		x := filingCell{Text: v.t("filing.state." + string(c.State)), Class: filingClass[c.State], Detail: s.local(c.Due)}
		if c.Expected > 1 {
			x.Text += " " + count(c.Arrived) + "/" + count(c.Expected)
		}
		if len(c.MissingDays) > 0 {
			x.Detail = v.t("web.filing.days", filing.DayList(c.MissingDays))
		}
		t.Rows[i].Cells[slices.Index(codes, c.Region)] = x
	}
	return t
}

// feedName names a feed; one of the operator's own keeps its code.
func (v view) feedName(feed string) string {
	if key := "filing.feed." + feed; messages.Has(key) {
		return v.t(key)
	}
	return feed
}
