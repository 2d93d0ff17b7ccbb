package web

import (
	"laborwatch/cube"
)

// linkTable stands the survey's statuses beside what the registers hold of the
// persons. It is shown for review: no status follows from it.
type linkTable struct {
	Rows                         []linkRow
	Surveyed, Registered, Linked string
}

// linkRow is a register class with the persons of each status.
type linkRow struct {
	Code, Name string
	Cells      []linkCell
}

type linkCell struct {
	Value, SE string
	Grade     grade
}

var (
	linkStatuses = []string{"survey_employed_by_register", "survey_unemployed_by_register", "survey_inactive_by_register"}
	linkClasses  = []string{"REG_INSURED", "REG_REGISTERED", "REG_BENEFIT", "REG_BOTH", "REG_NONE", "REG_UNLINKED"}
)

// links reads the table, nil for a month in which nobody was linked.
func (s *server) links(v view) *linkTable {
	t := linkTable{
		Surveyed: v.value(v.city(cube.Headline)), Registered: v.value(v.city("registered_unemployment_rate")),
		Linked: v.value(v.city("survey_link_rate")),
	}
	for _, class := range linkClasses {
		row := linkRow{Code: class, Name: v.catalog.Label(v.lang, cube.PopGroup, class)}
		found := false
		for _, status := range linkStatuses {
			k := v.city(status).With(cube.PopGroup, class)
			o, ok := v.get(k)
			found = found || ok
			c := linkCell{Value: v.value(k), SE: none, Grade: v.grade(o)}
			if ok && !unfit(o) {
				c.SE = v.se(o)
			}
			row.Cells = append(row.Cells, c)
		}
		if found {
			t.Rows = append(t.Rows, row)
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return &t
}
