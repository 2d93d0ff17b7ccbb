package release

import (
	"cmp"
	"slices"

	"laborwatch/alert"
	"laborwatch/codes"
	"laborwatch/cube"
)

// minAlerts is the least number of employers' alerts whose persons may be
// added up: fewer would tell of a single employer.
const minAlerts = 3

// alertCount is how many alerts of a level were in force in one place and
// industry section. It names no employer.
type alertCount struct {
	Scope    string `json:"scope"`
	Level    int    `json:"level"`
	Region   string `json:"region"`
	Industry string `json:"industry"` // section
	Count    int    `json:"count"`
}

// sectionOf turns an alert's division into its section.
func (b *builder) sectionOf(division string) string {
	if s := codes.SectionOf(division); s != "" {
		return s
	}
	return cube.Total
}

// countAlerts counts alerts by scope, level, region and section.
func countAlerts(list []alert.Alert, sectionOf func(string) string) []alertCount {
	n := map[alertCount]int{}
	for _, a := range list {
		c := alertCount{Scope: a.Scope(), Level: a.Level, Region: orTotal(a.Region), Industry: cube.Total}
		if a.Industry != "" && a.Industry != cube.Total {
			c.Industry = sectionOf(a.Industry)
		}
		n[c]++
	}
	out := make([]alertCount, 0, len(n))
	for c, k := range n {
		c.Count = k
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b alertCount) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Scope, b.Scope),
			cmp.Compare(a.Region, b.Region), cmp.Compare(a.Industry, b.Industry))
	})
	return out
}

func orTotal(code string) string {
	if code == "" {
		return cube.Total
	}
	return code
}

// alertSection shows alerts by level, and by place and industry.
func (b *builder) alertSection(counts []alertCount) Section {
	s := Section{ID: "alerts", Title: text("release.section.alerts"), Tables: []Table{b.levelTable(), b.placeTable(counts)}}
	if b.cfg.Release.NameEmployers {
		s.Tables = append(s.Tables, b.employerTable())
	}
	return s
}

func level(n int) cube.Text {
	return cube.Text{ZH: alert.LevelLabel("zh", n), EN: alert.LevelLabel("en", n)}
}

// levelTable counts alerts by level; persons and notices are of employers' alerts.
func (b *builder) levelTable() Table {
	t := Table{
		ID: "alerts_level", Title: text("release.table.alerts", b.city(), month(b.period)),
		Columns: []Column{
			{Head: text("release.col.alerts"), Kind: Count},
			{Head: text("release.col.alerts.employers"), Kind: Count},
			{Head: text("release.col.alerts.persons"), Kind: Count},
			{Head: text("release.col.alerts.noticed"), Kind: Count},
			{Head: text("release.col.alerts.unnoticed"), Kind: Count},
		},
	}
	for l := alert.Red; l <= alert.Blue; l++ {
		t.Rows = append(t.Rows, Row{Name: level(l), Cells: levelCells(b.alerts, func(a alert.Alert) bool { return a.Level == l })})
	}
	t.Rows = append(t.Rows, Row{Name: text("release.total"), Cells: levelCells(b.alerts, func(alert.Alert) bool { return true })})
	// Were one level's persons withheld alone, the total would give them away.
	withheld := 0
	for _, r := range t.Rows[:4] {
		if r.Cells[2].State == Withheld {
			withheld++
		}
	}
	if withheld > 0 {
		t.Rows[4].Cells[2] = Cell{Kind: Count, State: Withheld}
	}
	t.Notes = append([]cube.Text{text("release.note.alerts", minAlerts)}, marks(t)...)
	return t
}

func levelCells(list []alert.Alert, keep func(alert.Alert) bool) []Cell {
	var all, employers, noticed, unnoticed, persons int64
	for _, a := range list {
		if !keep(a) {
			continue
		}
		all++
		if a.Scope() != alert.ScopeEnterprise {
			continue
		}
		employers++
		persons += a.Persons
		if a.NoticeOK != nil && *a.NoticeOK {
			noticed++
		} else if a.NoticeOK != nil {
			unnoticed++
		}
	}
	count := func(n int64) Cell { return Cell{Kind: Count, Value: float64(n)} }
	sum := count(persons)
	if employers > 0 && employers < minAlerts {
		sum = Cell{Kind: Count, State: Withheld}
	}
	return []Cell{count(all), count(employers), sum, count(noticed), count(unnoticed)}
}

// placeTable lists where alerts were, as counts.
func (b *builder) placeTable(counts []alertCount) Table {
	t := Table{
		ID: "alerts_place", Title: text("release.table.alerts.place"),
		Columns: []Column{
			{Head: text("release.col.scope"), Kind: Words},
			{Head: text("release.col.region"), Kind: Words},
			{Head: text("release.col.industry"), Kind: Words},
			{Head: text("release.col.alerts"), Kind: Count},
		},
	}
	for _, c := range counts {
		t.Rows = append(t.Rows, Row{Name: level(c.Level), Cells: []Cell{
			word(text("release.scope." + c.Scope)), word(b.label(cube.Region, c.Region)),
			word(b.label(cube.Industry, c.Industry)),
			{Kind: Count, Value: float64(c.Count)},
		}})
	}
	if len(counts) == 0 {
		t.Notes = []cube.Text{text("release.point.alerts.none")}
	}
	return t
}

// employerTable names employers; only a configuration that says so has it.
func (b *builder) employerTable() Table {
	t := Table{
		ID: "alerts_employers", Title: text("release.table.alerts.employers"),
		Columns: []Column{
			{Head: text("release.col.level"), Kind: Words},
			{Head: text("release.col.region"), Kind: Words},
			{Head: text("release.col.alerts.persons"), Kind: Count},
			{Head: text("release.col.window"), Kind: Words},
			{Head: text("release.col.notice"), Kind: Words},
		},
	}
	list := slices.Clone(b.alerts)
	slices.SortFunc(list, func(x, y alert.Alert) int {
		return cmp.Or(cmp.Compare(x.Level, y.Level), cmp.Compare(y.Persons, x.Persons), cmp.Compare(x.ID, y.ID))
	})
	for _, a := range list {
		if a.Scope() != alert.ScopeEnterprise {
			continue
		}
		t.Rows = append(t.Rows, Row{Name: same(a.EnterpriseName), Cells: []Cell{
			word(level(a.Level)), word(b.label(cube.Region, orTotal(a.Region))),
			{Kind: Count, Value: float64(a.Persons)},
			word(same(a.WindowFrom.Format("2006-01-02") + " – " + a.WindowTo.Format("2006-01-02"))), word(notice(a)),
		}})
	}
	return t
}

// notice says whether a layoff was reported in time.
func notice(a alert.Alert) cube.Text {
	switch {
	case a.NoticeOK == nil:
		return text("release.notice.none")
	case *a.NoticeOK:
		return text("release.notice.ok")
	}
	return text("release.notice.missing")
}
