package simulate

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"laborwatch/period"
)

const sheetName = "Sheet1"

// sheet is one XLSX extract being written: a title, the header, the data, and
// what people put below it.
type sheet struct {
	w       *writer
	file    *excelize.File
	out     *excelize.StreamWriter
	row     int
	columns int
	err     error
	truth   fileTruth
	abs     string
	bad     []badCells
}

type badCells struct {
	after          int
	cells          []any
	column, reason string
}

func (w *writer) createSheet(feed string, p period.Period, file string, columns int, bad []badCells) (*sheet, error) {
	abs, rel, err := w.path(p, file)
	if err != nil {
		return nil, err
	}
	s := &sheet{
		w: w, file: excelize.NewFile(), columns: columns, abs: abs, bad: bad,
		truth: fileTruth{path: rel, feed: feed, period: p},
	}
	s.out, err = s.file.NewStreamWriter(sheetName)
	return s, err
}

// put writes the next row.
func (s *sheet) put(cells ...any) {
	s.row++
	if s.err == nil {
		s.err = s.out.SetRow(fmt.Sprintf("A%d", s.row), cells)
	}
}

func (s *sheet) merge(col1, row1, col2, row2 int) {
	if s.err != nil {
		return
	}
	from, _ := excelize.CoordinatesToCellName(col1, row1)
	to, _ := excelize.CoordinatesToCellName(col2, row2)
	s.err = s.out.MergeCell(from, to)
}

// data writes a row of data, and the bad rows whose places have come.
func (s *sheet) data(cells ...any) {
	s.put(cells...)
	s.truth.rows++
	for len(s.bad) > 0 && s.row >= s.bad[0].after {
		s.putBad()
	}
}

func (s *sheet) putBad() {
	b := s.bad[0]
	s.bad = s.bad[1:]
	s.put(b.cells...)
	s.truth.rows++
	s.w.bad = append(s.w.bad, badRow{file: s.truth.path, column: b.column, reason: b.reason, row: s.row})
}

func (s *sheet) close(c *city) error {
	defer func() { _ = s.file.Close() }()
	if s.err == nil {
		s.err = s.out.Flush()
	}
	if s.err == nil {
		s.err = s.file.SaveAs(s.abs)
	}
	if s.err != nil {
		return fmt.Errorf("%s: %w", s.truth.path, s.err)
	}
	s.w.wrote(c, s.truth)
	return nil
}

var registrationColumns = []any{
	"登记编号", "证件号码", "姓名", "联系电话", "人员类别", "文化程度", "户口性质",
	"登记地区划", "登记日期", "失业原因", "原单位统一社会信用代码", "注销日期", "注销原因",
}

// registrations writes the spells open at some time in the month, as the
// office's roll: title, two header rows, total, signature.
func (w *writer) registrations(c *city) error {
	p := c.period(c.m)
	var bad []badCells
	if c.faulty() {
		bad = c.badRegistrations()
	}
	s, err := w.createSheet("unemployment_registration", p, name("失业登记", p, ".xlsx"), len(registrationColumns), bad)
	if err != nil {
		return err
	}
	s.put(fmt.Sprintf("%d年%d月失业登记花名册", p.Year(), int(p.Month())))
	s.merge(1, 1, s.columns, 1)
	s.put("个人信息", nil, nil, nil, nil, nil, nil, "登记信息", nil, nil, nil, "注销信息", nil)
	s.merge(1, 2, 7, 2)
	s.merge(8, 2, 11, 2)
	s.merge(12, 2, 13, 2)
	s.put(registrationColumns...)
	for i := range c.market.spells {
		s.data(c.registrationCells(&c.market.spells[i])...)
	}
	for len(s.bad) > 0 {
		s.putBad()
	}
	s.put("合计", s.truth.rows)
	s.put("填表人：测试丙丁", nil, nil, nil, "填表日期：", c.cal.iso(c.monthEnd))
	return s.close(c)
}

func (c *city) registrationCells(s *spell) []any {
	p := &c.people[s.person]
	hukou := "农村"
	if p.is(urban) && !p.is(agricultural) {
		hukou = "城镇"
	}
	last := ""
	if s.last >= 0 {
		last = c.firms[s.last].uscc
	}
	cells := []any{
		fmt.Sprintf("SY%08d", s.no), string(c.words.id(nil, p)), string(c.words.name(nil, s.person, utf8)),
		string(c.words.phone(nil, s.person)), string(appendGroups(nil, p.groups)), educations[p.edu], hukou,
		c.counties[s.county].code, c.cellDate(s.registered, int(s.no)), registrationReasons[s.why], last, "—", "—",
	}
	if s.closed != 0 && s.closed <= c.monthEnd {
		cells[11], cells[12] = c.cellDate(s.closed, int(s.no)), registrationExits[s.exit]
	}
	return cells
}

// cellDate is a date as cells hold it: text in several forms, or a number.
func (c *city) cellDate(day int32, k int) any {
	if k%17 == 0 {
		return int(serial(day))
	}
	return string(c.appendDate(nil, day, []int{0, 0, 2, 3}[k%4]))
}

func (c *city) badRegistrations() []badCells {
	d, k := c.cal.iso(c.work[2]), c.counties[3].code
	row := func(after int, column, reason, no, id, region, date, why string) badCells {
		return badCells{after, []any{no, id, strayName, "10000000000", "", "高中", "城镇", region, date, why, "", "", ""}, column, reason}
	}
	return []badCells{
		row(9, "person", "bad_check_digit", "SYX0001", c.wrongCheck(11), k, d, "单位失业"),
		row(14, "person", "excel_rounded", "SYX0002", c.rounded(12), k, d, "单位失业"),
		row(21, "registered_on", "bad_date", "SYX0003", c.strayID(13), k, d[:4]+"年2月31日", "单位失业"),
		row(22, "reason", "unknown_code", "SYX0004", c.strayID(14), k, d, "待核实"),
		row(30, "region", "bad_region", "SYX0005", c.strayID(15), "990401", d, "单位失业"),
	}
}

var noticeColumns = []any{
	"备案编号", "统一社会信用代码", "单位名称", "单位所在区划", "告知职工日期", "报告日期",
	"计划起始日期", "计划截止日期", "拟裁减人数", "职工总数", "裁员原因",
}

// layoffNotices writes the plans reported in the month.
func (w *writer) layoffNotices(c *city) error {
	p := c.period(c.m)
	var bad []badCells
	if c.faulty() {
		f := &c.firms[len(c.firms)/2]
		d := c.cal.iso(c.work[1])
		bad = []badCells{{3, []any{"CYX0001", f.uscc, f.name, c.counties[f.county].code, d, d[:5] + "13-40", d, d, 12, 150, "其他"}, "reported_on", "bad_date"}}
	}
	s, err := w.createSheet("layoff_notice", p, name("裁员备案", p, ".xlsx"), len(noticeColumns), bad)
	if err != nil {
		return err
	}
	s.put(fmt.Sprintf("%d年%d月企业裁员方案报告登记表", p.Year(), int(p.Month())))
	s.merge(1, 1, s.columns, 1)
	s.put(noticeColumns...)
	for i := range c.notices {
		n := &c.notices[i]
		if c.cal.month(n.reported) != p {
			continue
		}
		if n.firm < 0 {
			n.firm = c.anyEmployer()
		}
		f := &c.firms[n.firm]
		s.data(n.no, f.uscc, f.name, c.counties[f.county].code, c.cal.iso(n.told), c.cellDate(n.reported, i),
			c.cal.iso(n.from), c.cal.iso(n.to), n.count, n.staff, n.why)
	}
	for len(s.bad) > 0 {
		s.putBad()
	}
	return s.close(c)
}
