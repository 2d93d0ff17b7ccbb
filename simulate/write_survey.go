package simulate

import (
	"fmt"
	"strconv"
	"strings"
)

const surveyHeader = "调查月份,户编码,成员序号,行政区划代码,层,样本点,轮换组,权数,年龄,性别,户口登记地,在校," +
	"上周工作一小时以上,有工作未上班,三个月内返回或有收入,近三个月找过工作,两周内能开始工作,已落实三个月内到岗工作," +
	"希望增加工时,周工作小时,行业代码,职业代码,受教育程度,失业月数," +
	"证件号码,是否应答,无回答调整组,基础权数,能够增加工时,通常周工作小时,月工资,离岗总月数,离岗期间照发报酬," +
	"距最近一次找工作天数,距约定到岗天数,想工作"

// surveyed writes the month's interviews: everybody at home in the reference
// week, children with their status questions empty, and one row for a household
// that did not answer.
func (w *writer) surveyed(c *city) error {
	p := c.period(c.m)
	o := tableOptions{crlf: c.m%5 == 3}
	if c.faulty() {
		o.bad = c.badInterviews()
	}
	t, err := w.create("labor_force_survey", p, p, name("劳动力调查", p, ".csv"), surveyHeader, o)
	if err != nil {
		return err
	}
	for _, v := range c.survey.visits(c) {
		if !v.answers {
			t.buf = c.refused(t.buf, &v)
			t.end()
			continue
		}
		no := 0
		for i := v.home; i < v.end; i++ {
			if c.people[i].ref < away {
				no++
				t.buf = c.interview(t.buf, &v, i, no)
				t.end()
			}
		}
	}
	return t.close(c)
}

// dwelling appends what is known of it before anybody answers.
func (c *city) dwelling(b []byte, v *visit, no int) []byte {
	u := &c.committees[v.psu.committee]
	b = append(b, c.period(c.m).String()...)
	b = append(b, ',', 'P')
	b = appendPadded(b, int64(v.psu.committee), 5)
	b = append(b, 'H')
	b = appendPadded(b, int64(v.number), 3)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(no), 10)
	b = append(b, ',')
	b = append(b, c.counties[u.county].code...)
	b = append(b, ',')
	b = append(b, c.counties[u.county].code...)
	b = append(b, '1'+byte(u.stratum%2), ',', 'P')
	return appendPadded(b, int64(v.psu.committee), 5)
}

// refused appends the row of a household that did not answer.
func (c *city) refused(b []byte, v *visit) []byte {
	b = c.dwelling(b, v, 0)
	b = append(b, strings.Repeat(",", 20)...) // from the rotation group to the ID
	b = append(b, "否,"...)
	b = append(b, '1'+byte(v.class), ',')
	b = strconv.AppendFloat(b, v.base, 'f', 4, 64)
	return append(b, strings.Repeat(",", 8)...)
}

// interview appends one person's row.
func (c *city) interview(b []byte, v *visit, i int32, no int) []byte {
	p := &c.people[i]
	b = c.dwelling(b, v, no)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(v.rotation), 10)
	b = append(b, ',')
	b = strconv.AppendFloat(b, v.weight, 'f', 4, 64)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(c.age[p.birth]), 10)
	b = append(b, ',')
	b = append(b, [2]string{"男", "女"}[b2i(p.is(female))]...)
	b = append(b, ',')
	b = append(b, '1'+byte(b2i(p.is(migrant))+b2i(p.is(agricultural))))
	b = append(b, ',')
	b = append(b, yesNo[b2i(p.is(student))]...)
	if p.ref == child {
		b = append(b, strings.Repeat(",", 12)...)
		b = c.appendHousehold(b, v, p, i)
		return append(b, strings.Repeat(",", 8)...)
	}
	a := c.answer(p, i)
	for _, q := range [...]uint8{a.worked, a.absent, a.returns, a.searched, a.available, a.later, a.more} {
		b = append(b, ',')
		b = append(b, yesNo[q]...)
	}
	b = append(b, ',')
	if p.ref == formal || p.ref == informal {
		b = c.appendWork(b, p, a.hours)
	} else {
		b = append(b, ",,"...)
	}
	b = append(b, ',')
	b = append(b, educations[p.edu]...)
	b = append(b, ',')
	if p.ref == unemployed {
		b = strconv.AppendInt(b, int64(c.monthsIdle(p)), 10)
	}
	b = c.appendHousehold(b, v, p, i)
	return c.appendDetails(b, p, i, &a)
}

var yesNo = [3]string{"否", "是", ""}

const (
	no uint8 = iota
	yes
	unasked
)

// answers to the status questions, of which later ones are asked only when the
// earlier ones leave the status open.
type answers struct {
	worked, absent, returns, searched, available, later, more uint8
	hours                                                     int
}

// answer gives what a person in a state says; the national rules lead back to
// the same state.
func (c *city) answer(p *person, i int32) answers {
	r := c.survey.r
	a := answers{returns: unasked, searched: unasked, available: unasked, later: unasked, more: unasked}
	switch p.ref {
	case formal, informal:
		a.worked = yes
		if r.hit(.035) {
			a.worked, a.absent, a.returns = no, yes, yes
			return a
		}
		a.absent = unasked
		a.hours = min(84, max(4, int(47+9*r.NormFloat64())))
		if p.ref == informal {
			a.hours = min(84, max(2, a.hours-5))
		}
		a.more = b2u(a.hours < 35 && r.hit(.5) || r.hit(.02))
	case unemployed:
		a.searched, a.available, a.later = yes, yes, no
		if mix(uint64(i)+uint64(p.since+999))%25 == 0 {
			a.searched, a.later = no, yes // waits for a job agreed on
		}
	default:
		a.searched, a.available, a.later = no, b2u(r.hit(.06)), no
		switch {
		case r.hit(.02):
			a.searched, a.available = yes, no
		case r.hit(.01):
			a.absent, a.returns = yes, no // on leave for longer, unpaid
		}
	}
	return a
}

func b2u(b bool) uint8 {
	if b {
		return yes
	}
	return no
}

// appendWork writes hours, industry and occupation.
func (c *city) appendWork(b []byte, p *person, hours int) []byte {
	div := p.div
	if p.ref == formal && p.emp >= 0 {
		div = c.firms[p.emp].div
	}
	b = strconv.AppendInt(b, int64(hours), 10)
	b = append(b, ',')
	b = append(b, industries[div].class...)
	b = append(b, ',')
	return strconv.AppendInt(b, int64(p.occ), 10)
}

// monthsIdle is how long a person has been out of work by the reference week.
func (c *city) monthsIdle(p *person) int {
	if p.state != unemployed {
		return 1 // found work later this month
	}
	return max(0, c.m-int(p.since))
}

func (c *city) badInterviews() []badLine {
	month, k := c.period(c.m).String(), c.counties[0].code
	row := func(after, n int, column, reason, region, weight, sex string) badLine {
		return badLine{after, []string{
			month, fmt.Sprintf("PX%04dH001", n), "1", region, k + "1", fmt.Sprintf("PX%04d", n), "1", weight, "40", sex, "1", "否",
			"是", "", "", "", "", "", "否", "44", "5211", "4", "高中", "",
			"", "是", "1", "55.0", "否", "44", "3600.00", "", "", "", "", "",
		}, column, reason}
	}
	return []badLine{
		row(12, 1, "weight_e6", "bad_number", k, "六十", "男"),
		row(40, 2, "sex", "unknown_code", k, "60.0", "不详"),
		row(90, 3, "region", "bad_region", "990403", "60.0", "女"),
	}
}
