package simulate

import "strconv"

const (
	vacancyHeader = "岗位编号,统一社会信用代码,单位名称,岗位名称,工作地区划,行业代码,职业大类,招聘人数,薪资,学历要求,发布日期,截止日期"
	seekerHeader  = "求职编号,证件号码,姓名,求职地区划,求职职业,意向行业代码,登记日期,终止日期,人员类别"
)

// vacancies writes the postings open at some time in the month; one month's
// file comes a month late.
func (w *writer) vacancies(c *city) error {
	p := c.period(c.m)
	o := tableOptions{bom: true, crlf: c.m%2 == 0, late: c.m == c.lateMonth()}
	delivered := p
	if o.late {
		delivered = p.Add(1)
	}
	if c.faulty() {
		o.bad = c.badVacancies()
	}
	t, err := w.create("job_vacancy", p, delivered, name("岗位信息", p, ".csv"), vacancyHeader, o)
	if err != nil {
		return err
	}
	for i := range c.market.postings {
		t.buf = c.appendPosting(t.buf, &c.market.postings[i])
		t.end()
	}
	return t.close(c)
}

var educationWanted = [...]string{"不限", "初中", "高中", "中专", "大专", "本科"}

func (c *city) appendPosting(b []byte, p *posting) []byte {
	f := &c.firms[p.firm]
	b = append(b, "GW"...)
	b = appendPadded(b, int64(p.no), 8)
	b = append(b, ',')
	if p.form != 7 { // some employers are known by name alone
		b = append(b, f.uscc...)
	}
	b = append(b, ',')
	b = append(b, f.name...)
	b = append(b, ',')
	b = append(b, industries[p.div].title...)
	b = append(b, ',')
	b = append(b, c.counties[f.county].code...)
	b = append(b, ',')
	b = append(b, industries[p.div].class...)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(industries[p.div].occ), 10)
	b = append(b, ',')
	if p.form == 3 {
		b = append(b, "若干人"...)
	} else {
		b = strconv.AppendInt(b, int64(p.openings), 10)
	}
	b = append(b, ',')
	b = appendWage(b, p)
	b = append(b, ',')
	b = append(b, educationWanted[p.edu]...)
	b = append(b, ',')
	b = c.appendDate(b, p.posted, int(p.form%3))
	b = append(b, ',')
	if p.form == 11 {
		return append(b, "—"...)
	}
	return c.appendDate(b, p.closed, int(p.form%3))
}

// appendWage writes a monthly wage in the units that notices use.
func appendWage(b []byte, p *posting) []byte {
	switch p.form {
	case 1:
		return append(b, "面议"...)
	case 2:
		b = strconv.AppendFloat(b, float64(p.low)/1000, 'f', 1, 64)
		b = append(b, '-')
		b = strconv.AppendFloat(b, float64(p.high)/1000, 'f', 1, 64)
		return append(b, "千/月"...)
	case 4:
		b = strconv.AppendInt(b, int64(p.low/25), 10)
		return append(b, "元/天"...)
	}
	b = strconv.AppendInt(b, int64(p.low), 10)
	b = append(b, '-')
	b = strconv.AppendInt(b, int64(p.high), 10)
	return append(b, "元/月"...)
}

func appendPadded(b []byte, n int64, width int) []byte {
	var d [20]byte
	s := strconv.AppendInt(d[:0], n, 10)
	for range width - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

// jobSeekers writes the seekers of the month.
func (w *writer) jobSeekers(c *city) error {
	p := c.period(c.m)
	o := tableOptions{crlf: c.m%4 == 0}
	if c.faulty() {
		o.bad = c.badSeekers()
	}
	t, err := w.create("job_seeker", p, p, name("求职登记", p, ".csv"), seekerHeader, o)
	if err != nil {
		return err
	}
	for i := range c.market.seekers {
		t.buf = c.appendSeeker(t.buf, &c.market.seekers[i])
		t.end()
	}
	return t.close(c)
}

func (c *city) appendSeeker(b []byte, s *seeker) []byte {
	p := &c.people[s.person]
	b = append(b, "QZ"...)
	b = appendPadded(b, int64(s.no), 8)
	b = append(b, ',')
	b = c.words.id(b, p)
	b = append(b, ',')
	b = c.words.name(b, s.person, utf8)
	b = append(b, ',')
	b = append(b, c.counties[s.county].code...)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(s.occ), 10)
	b = append(b, ',')
	if s.div < 0 {
		b = append(b, "无要求"...)
	} else {
		b = append(b, industries[s.div].class...)
	}
	b = append(b, ',')
	b = c.appendDate(b, s.registered, c.m%4)
	b = append(b, ',')
	if s.closed != 0 {
		b = c.appendDate(b, s.closed, c.m%4)
	}
	b = append(b, ',')
	return appendGroups(b, p.groups)
}

// appendGroups joins the names of key groups as the forms do.
func appendGroups(b []byte, groups uint16) []byte {
	some := false
	for i, n := range groupNames {
		if groups&(1<<i) != 0 {
			if some {
				b = append(b, "、"...)
			}
			b = append(b, n...)
			some = true
		}
	}
	return b
}
