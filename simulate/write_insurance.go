package simulate

import (
	"strconv"

	"laborwatch/period"
)

const insuranceHeader = "费款所属期,社会保障号码,姓名,统一社会信用代码,险种,缴费状态,缴费类型,缴费基数,人员状态"

// insurance writes the contributions of the month: two insurances (110
// pension, 210 unemployment) for everyone insured at its end. One month is
// first delivered with faults and corrected a month later.
func (w *writer) insurance(c *city) error {
	p := c.period(c.m)
	file := name("社保缴费", p, ".csv")
	flawed := c.m == c.correctedMonth()
	o := tableOptions{enc: gb18030, crlf: c.m%3 == 1}
	if c.faulty() {
		o.bad = c.badContributions(p)
	}
	if err := w.contributions(c, p, p, file, o, flawed); err != nil || !flawed {
		return err
	}
	corrected := tableOptions{enc: gb18030, corrects: w.files[len(w.files)-1].path}
	return w.contributions(c, p, p.Add(1), name("社保缴费", p, "_更正.csv"), corrected, false)
}

func (w *writer) contributions(c *city, p, delivered period.Period, file string, o tableOptions, flawed bool) error {
	t, err := w.create("social_insurance", p, delivered, file, insuranceHeader, o)
	if err != nil {
		return err
	}
	month := string(c.cal.ymd[firstDay(p)][:6])
	var id [18]byte
	for i := range c.people {
		q := &c.people[i]
		if q.state != formal {
			continue
		}
		base := int64(q.base)
		if flawed {
			switch h := mix(uint64(i)) % 1500; {
			case h < 2:
				continue // forgotten in the first delivery
			case h == 2:
				base *= 10
			}
		}
		f := &c.firms[q.emp]
		status := byte('1')
		if f.arrears {
			status = '2'
		}
		c.words.id(id[:0], q)
		quirk := mix(uint64(i)+uint64(c.m)<<32)%900 == 0
		for _, kind := range [2]string{"110", "210"} {
			b := append(t.buf, month...)
			b = append(b, ',')
			if quirk {
				b = quirkyID(b, id[:], i, gb18030)
			} else {
				b = append(b, id[:]...)
			}
			b = append(b, ',')
			b = c.words.name(b, int32(i), gb18030)
			b = append(b, ',')
			b = append(b, f.uscc...)
			b = append(b, ',')
			b = append(b, kind...)
			b = append(b, ',', status, ',', '1', '0', ',')
			b = appendMoney(b, base, quirk)
			b = append(b, ',', '1')
			t.buf = b
			t.end()
		}
		if mix(uint64(i)+uint64(c.m)*7919)%500 == 0 && !f.arrears {
			t.buf = w.revision(c, t.buf, month, int32(i), q)
			t.end()
		}
	}
	return t.close(c)
}

// revision is a row that changes money, not heads: payment type 34.
func (w *writer) revision(c *city, b []byte, month string, i int32, p *person) []byte {
	b = append(b, month...)
	b = append(b, ',')
	b = c.words.id(b, p)
	b = append(b, ',')
	b = c.words.name(b, i, gb18030)
	b = append(b, ',')
	b = append(b, c.firms[p.emp].uscc...)
	return append(b, ",110,1,34,320.00,1"...)
}

// appendMoney prints yuan with two decimals; quirky extracts group thousands.
func appendMoney(b []byte, yuan int64, grouped bool) []byte {
	if !grouped || yuan < 1000 {
		b = strconv.AppendInt(b, yuan, 10)
		return append(b, ".00"...)
	}
	b = append(b, '"')
	b = strconv.AppendInt(b, yuan/1000, 10)
	r := yuan % 1000
	b = append(b, ',', byte('0'+r/100), byte('0'+r/10%10), byte('0'+r%10))
	return append(b, ".00\""...)
}

const changeHeader = "证件号码,姓名,统一社会信用代码,变更日期,增减标志,变更原因"

// insuranceChanges writes one file per working day.
func (w *writer) insuranceChanges(c *city) error {
	p := c.period(c.m)
	next := 0
	for k, day := range c.work {
		last := day
		if k == len(c.work)-1 {
			last = c.monthEnd
		}
		o := tableOptions{crlf: k%5 == 2}
		if c.faulty() && k == 9 {
			o.bad = c.badChanges(day)
		}
		file := "增减员_" + string(c.cal.ymd[day][:]) + ".csv"
		t, err := w.create("insurance_change", p, p, file, changeHeader, o)
		if err != nil {
			return err
		}
		for ; next < len(c.changes) && c.changes[next].day <= last; next++ {
			t.buf = w.change(c, t.buf, c.changes[next], k)
			t.end()
		}
		if err := t.close(c); err != nil {
			return err
		}
	}
	return nil
}

// change appends one row. How a day's file writes flags, reasons and dates
// differs by the day of the month, as it does between county offices.
func (w *writer) change(c *city, b []byte, ch change, k int) []byte {
	var id [18]byte
	c.words.id(id[:0], &c.people[ch.person])
	if (int(ch.person)+k)%211 == 0 {
		b = quirkyID(b, id[:], int(ch.person), utf8)
	} else {
		b = append(b, id[:]...)
	}
	b = append(b, ',')
	b = c.words.name(b, ch.person, utf8)
	b = append(b, ',')
	b = append(b, c.firms[ch.firm].uscc...)
	b = append(b, ',')
	b = c.appendDate(b, ch.day, k%6)
	flag := "减"
	if ch.reason.isIn() {
		flag = "增"
	}
	b = append(b, ',')
	b = append(b, flag...)
	if k%4 == 3 {
		b = append(b, "员"...)
	}
	b = append(b, ',')
	if code := reasonCode[ch.reason]; code != "" && k%7 == 6 {
		return append(b, code...)
	}
	return append(b, reasonText[ch.reason]...)
}

// appendDate writes a day in one of the forms that offices use.
func (c *city) appendDate(b []byte, day int32, form int) []byte {
	d := c.cal.dates[day]
	switch form {
	case 1:
		return c.cal.appendYMD(b, day)
	case 2:
		b = strconv.AppendInt(b, int64(d.year), 10)
		b = append(b, '/')
		b = strconv.AppendInt(b, int64(d.month), 10)
		b = append(b, '/')
		return strconv.AppendInt(b, int64(d.day), 10)
	case 3:
		b = strconv.AppendInt(b, int64(d.year), 10)
		b = append(b, "年"...)
		b = strconv.AppendInt(b, int64(d.month), 10)
		b = append(b, "月"...)
		b = strconv.AppendInt(b, int64(d.day), 10)
		return append(b, "日"...)
	case 4:
		return strconv.AppendInt(b, int64(serial(day)), 10)
	}
	return c.cal.appendISO(b, day)
}

// serial is the day in Excel's 1900 system.
func serial(day int32) int32 { return day + 2 }
