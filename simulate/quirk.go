package simulate

import (
	"strings"

	"laborwatch/period"
)

// quirkyID writes a valid ID as people type it: full-width digits, a
// lowercase x, the 15 digits of before 1999, blanks around it.
func quirkyID(b, id []byte, k, enc int) []byte {
	switch k % 4 {
	case 0:
		for _, ch := range id {
			b = append(b, wide(ch, enc)...)
		}
		return b
	case 1:
		if id[6] == '1' && id[7] == '9' {
			b = append(b, id[:6]...)
			return append(b, id[8:17]...)
		}
	case 2:
		b = append(b, id[:17]...)
		if id[17] == 'X' {
			return append(b, 'x')
		}
		return append(b, id[17])
	}
	b = append(b, ' ')
	b = append(b, id...)
	return append(b, ' ')
}

// wide is the full-width form of a digit or X.
func wide(ch byte, enc int) []byte {
	if enc == gb18030 {
		return []byte{0xa3, ch + 0x80}
	}
	return []byte{0xef, 0xbc, ch - '!' + 0x81}
}

// The people in bad rows are nobody of the city: they are added to the
// extracts, so that putting them in quarantine loses nothing.

func (c *city) strayID(k int) string {
	p := person{birth: uint16(dayNumber(1985, 3, 1+k)), seq: 995}
	return string(c.words.id(nil, &p))
}

func (c *city) wrongCheck(k int) string {
	id := c.strayID(k)
	last := byte('1')
	if id[17] == '1' {
		last = '2'
	}
	return id[:17] + string(last)
}

// rounded is an ID whose last three digits a spreadsheet turned to zero.
func (c *city) rounded(k int) string {
	for ; ; k++ {
		p := person{birth: uint16(dayNumber(1990, 6, 1+k)), seq: 0}
		if id := string(c.words.id(nil, &p)); id[17] != '0' {
			return id[:15] + "000"
		}
	}
}

func scientific(id string) string { return id[:1] + "." + id[1:6] + "E+17" }

func wrongCredit(uscc string) string {
	i := strings.IndexByte(creditAlphabet, uscc[17])
	return uscc[:17] + string(creditAlphabet[(i+5)%31])
}

const strayName = "测试戊己"

func (c *city) badContributions(p period.Period) []badLine {
	m, f := string(c.cal.ymd[firstDay(p)][:6]), c.firms[len(c.firms)/3].uscc
	row := func(after int, column, reason string, cells ...string) badLine {
		return badLine{after: after, cells: cells, column: column, reason: reason}
	}
	return []badLine{
		row(7, "person", "bad_check_digit", m, c.wrongCheck(1), strayName, f, "110", "1", "10", "4500.00", "1"),
		row(19, "person", "excel_rounded", m, c.rounded(2), strayName, f, "210", "1", "10", "4500.00", "1"),
		row(23, "person", "excel_rounded", m, scientific(c.strayID(3)), strayName, f, "210", "1", "10", "4500.00", "1"),
		row(24, "uscc", "bad_check_digit", m, c.strayID(4), strayName, wrongCredit(f), "110", "1", "10", "4500.00", "1"),
		row(31, "insurance", "unknown_code", m, c.strayID(5), strayName, f, "999", "1", "10", "4500.00", "1"),
		row(120, "base_fen", "bad_number", m, c.strayID(6), strayName, f, "110", "1", "10", "四千五", "1"),
		row(500, "person", "missing", m, "", strayName, f, "110", "1", "10", "4500.00", "1"),
	}
}

func (c *city) badChanges(day int32) []badLine {
	d, f := c.cal.iso(day), c.firms[len(c.firms)/3].uscc
	row := func(after int, column, reason string, cells ...string) badLine {
		return badLine{after: after, cells: cells, column: column, reason: reason}
	}
	return []badLine{
		row(4, "change_date", "bad_date", c.strayID(1), strayName, f, d[:4]+"-02-30", "增", "新参保"),
		row(6, "person", "bad_check_digit", c.wrongCheck(2), strayName, f, d, "减", "合同期满"),
		row(9, "change", "unknown_code", c.strayID(3), strayName, f, d, "变", "新参保"),
		row(12, "reason", "unknown_code", c.strayID(4), strayName, f, d, "减", "原因待查"),
		row(15, "uscc", "missing", c.strayID(5), strayName, "", d, "增", "新参保"),
	}
}

func (c *city) badVacancies() []badLine {
	d, k := c.cal.iso(c.work[3]), c.counties[2].code
	row := func(after int, column, reason string, cells ...string) badLine {
		return badLine{after: after, cells: cells, column: column, reason: reason}
	}
	return []badLine{
		row(5, "region", "bad_region", "GWX0001", "", "测试甲乙商行", "营业员", "990402", "5211", "4", "3", "3000-4500元/月", "不限", d, ""),
		row(8, "industry", "bad_industry", "GWX0002", "", "测试甲乙商行", "营业员", k, "9999", "4", "3", "3000-4500元/月", "不限", d, ""),
		row(13, "openings", "bad_number", "GWX0003", "", "测试甲乙商行", "营业员", k, "5211", "4", "三五名", "3000-4500元/月", "不限", d, ""),
	}
}

func (c *city) badSeekers() []badLine {
	d, k := c.cal.iso(c.work[3]), c.counties[1].code
	return []badLine{
		{6, []string{"QZX0001", c.wrongCheck(7), strayName, k, "4", "5211", d, "", ""}, "person", "bad_check_digit"},
		{11, []string{"QZX0002", c.strayID(8), strayName, k, "4", "5211", "2026-13-01", "", ""}, "registered_on", "bad_date"},
		{14, []string{"QZX0003", c.rounded(9), strayName, k, "4", "5211", d, "", ""}, "person", "excel_rounded"},
	}
}
