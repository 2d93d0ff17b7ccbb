package simulate

import "strconv"

// What a person says beside the status questions hangs on who it is and on the
// month, by hash: it takes no number from the streams that the city lives by.

// hashed draws for a person, a month and a question.
func (c *city) hashed(i int32, question uint64) uint64 {
	return mix(mix(uint64(i)<<8|question) ^ uint64(c.m+1)*0x9e3779b97f4a7c15)
}

// Questions, as hashed tells them apart.
const (
	askID uint64 = iota + 1
	askMore
	askUsual
	askWage
	askAbsence
	askSearch
	askStart
	askWant
)

// part is uniform from 0 to below n.
func part(h uint64, n int) int { return int(h % uint64(n)) }

// appendHousehold writes the ID and what is said of the household as a whole.
// Half of the children have no ID yet, and two persons in a hundred give none.
func (c *city) appendHousehold(b []byte, v *visit, p *person, i int32) []byte {
	b = append(b, ',')
	h := mix(uint64(i)<<8 | askID) // in every month alike
	switch {
	case p.ref == child && h%2 == 0, h%50 == 7:
	case h%197 == 3:
		var id [18]byte
		b = quirkyID(b, c.words.id(id[:0], p), part(h>>16, 4), utf8)
	default:
		b = c.words.id(b, p)
	}
	b = append(b, ",是,"...)
	b = append(b, '1'+byte(v.class), ',')
	return strconv.AppendFloat(b, v.base, 'f', 4, 64)
}

// appendDetails writes hours, wage, absence and search as they agree with the
// answers to the status questions.
func (c *city) appendDetails(b []byte, p *person, i int32, a *answers) []byte {
	comma := func() { b = append(b, ',') }
	works := p.ref == formal || p.ref == informal
	comma()
	if a.more != unasked { // who wants more and can may also be able without wanting
		b = append(b, yesNo[b2u(a.more == yes || c.hashed(i, askMore)%7 == 0)]...)
	}
	comma()
	if works {
		b = strconv.AppendInt(b, int64(c.usualHours(i, a)), 10)
	}
	comma()
	if works {
		b = c.appendEarnings(b, p, i)
	}
	b = c.appendAbsence(b, i, a)
	comma()
	if a.searched == yes {
		b = strconv.AppendInt(b, int64(c.searchDays(i)), 10)
	}
	comma()
	if a.later == yes {
		b = strconv.AppendInt(b, int64(3+part(c.hashed(i, askStart), 85)), 10)
	}
	comma()
	return append(b, yesNo[c.wantsWork(i, a)]...)
}

// usualHours are mostly those of the reference week.
func (c *city) usualHours(i int32, a *answers) int {
	h := c.hashed(i, askUsual)
	if a.worked != yes {
		return [...]int{40, 40, 40, 44, 48, 35, 50, 56}[part(h, 8)]
	}
	return min(98, max(2, a.hours+[...]int{0, 0, 0, 0, 0, -2, 2, -4, 4, 6}[part(h, 10)]))
}

// appendEarnings writes a month's wage: near the contribution base of the
// insured, by education of the others, of whom one in twelve says nothing.
func (c *city) appendEarnings(b []byte, p *person, i int32) []byte {
	h := mix(uint64(i)<<8 | askWage) // much the same from month to month
	yuan := int64(p.base) * int64(95+part(h, 16)) / 100
	if p.ref == informal {
		if h%12 == 5 {
			return b
		}
		yuan = int64(1400+450*int(p.edu)) + int64(part(h>>8, 2200)) + int64(part(h>>24, 1600))
	}
	return appendMoney(b, yuan/10*10, false)
}

// appendAbsence writes how long an absence lasts as a whole, in half months, and
// whether it is paid. Who says to be back within three months or to be paid is
// one or the other; on leave for longer and unpaid is neither.
func (c *city) appendAbsence(b []byte, i int32, a *answers) []byte {
	if a.absent != yes {
		return append(b, ",,"...)
	}
	h := c.hashed(i, askAbsence)
	halves, paid := 1+part(h>>8, 6), h%2 == 0 // up to three months
	switch {
	case a.returns != yes:
		halves, paid = 8+part(h>>8, 28), false
	case h>>4%10 < 3:
		halves, paid = 7+part(h>>8, 12), true
	}
	b = append(b, ',')
	b = strconv.AppendFloat(b, float64(halves)/2, 'f', 1, 64)
	b = append(b, ',')
	return append(b, yesNo[b2u(paid)]...)
}

// searchDays lie within three months, mostly within four weeks.
func (c *city) searchDays(i int32) int {
	h := c.hashed(i, askSearch)
	if h%4 == 0 {
		return 28 + part(h>>8, 62)
	}
	return part(h>>8, 28)
}

// wantsWork is asked of those who have none.
func (c *city) wantsWork(i int32, a *answers) uint8 {
	h := c.hashed(i, askWant)
	switch {
	case a.searched == unasked:
		return unasked
	case a.searched == yes, a.later == yes:
		return yes
	case a.available == yes:
		return b2u(h%10 < 6)
	}
	return b2u(h%12 == 0)
}
