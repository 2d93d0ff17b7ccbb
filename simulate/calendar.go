package simulate

import (
	"time"

	"laborwatch/period"
)

// Days are counted from 1900-01-01 (day 0), so that a birth date fits 16 bits.
const epochUnixDays = -25567

type civil struct {
	year  uint16
	month uint8
	day   uint8
}

// calendar turns day numbers into dates and knows working days. It is a table
// because every row of every extract prints one or two dates.
type calendar struct {
	dates [1 << 16]civil
	ymd   [1 << 16][8]byte
}

func newCalendar() *calendar {
	c := &calendar{}
	t := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range c.dates {
		y, m, d := t.Date()
		c.dates[i] = civil{uint16(y), uint8(m), uint8(d)}
		v := y*10000 + int(m)*100 + d
		for k := 7; k >= 0; k-- {
			c.ymd[i][k] = byte('0' + v%10)
			v /= 10
		}
		t = t.AddDate(0, 0, 1)
	}
	return c
}

// dayNumber is the day count of a date; days beyond the month's end roll over.
func dayNumber(year int, month time.Month, day int) int32 {
	return int32(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()/86400 - epochUnixDays)
}

func firstDay(p period.Period) int32 { return dayNumber(p.Year(), p.Month(), 1) }
func lastDay(p period.Period) int32  { return firstDay(p.Add(1)) - 1 }

func (c *calendar) month(day int32) period.Period {
	d := c.dates[day]
	return period.Of(int(d.year), time.Month(d.month))
}

// addMonths keeps the day of the month, cut to the month's length, as SQL
// engines do.
func (c *calendar) addMonths(day int32, n int) int32 {
	d := c.dates[day]
	p := period.Of(int(d.year), time.Month(d.month)).Add(n)
	return firstDay(p) + int32(min(int(d.day), p.Days())) - 1
}

// weekday is 0 for Sunday; 1900-01-01 was a Monday.
func weekday(day int32) int { return int((day + 1) % 7) }

// festivals are the first days of lunar years 2010 to 2050, as month*100+day.
var festivals = [...]int{
	214, 203, 123, 210, 131, 219, 208, 128, 216, 205, // 2010–2019
	125, 212, 201, 122, 210, 129, 217, 206, 126, 213, // 2020–2029
	203, 123, 211, 131, 219, 208, 128, 215, 204, 124, // 2030–2039
	212, 201, 122, 210, 130, 217, 206, 126, 214, 202, // 2040–2049
	123, // 2050
}

// springFestival is the first day of the lunar year that begins in a year.
// Years outside the table take the year 19 or 38 years nearer to it: lunar
// dates repeat after 19 years, to a day.
func springFestival(year int) int32 {
	y := year
	for y < 2010 {
		y += 19
	}
	for y >= 2010+len(festivals) {
		y -= 19
	}
	f := festivals[y-2010]
	return dayNumber(year, time.Month(f/100), f%100)
}

// workingDays lists a month's days on which offices take changes: weekdays
// that are no fixed public holiday. Make-up Saturdays are left out.
func (c *calendar) workingDays(p period.Period) []int32 {
	festival := springFestival(p.Year())
	var out []int32
	for d := firstDay(p); d <= lastDay(p); d++ {
		if w := weekday(d); w == 0 || w == 6 {
			continue
		}
		md := int(c.dates[d].month)*100 + int(c.dates[d].day)
		switch {
		case md == 101, md == 405, md >= 501 && md <= 503, md >= 1001 && md <= 1007:
		case d >= festival-1 && d <= festival+6:
		default:
			out = append(out, d)
		}
	}
	return out
}

// nextWorkingDay is the first working day on or after a day.
func (c *calendar) nextWorkingDay(day int32) int32 {
	for {
		for _, d := range c.workingDays(c.month(day)) {
			if d >= day {
				return d
			}
		}
		day = lastDay(c.month(day)) + 1
	}
}

func (c *calendar) appendYMD(b []byte, day int32) []byte { return append(b, c.ymd[day][:]...) }

func (c *calendar) appendISO(b []byte, day int32) []byte {
	s := &c.ymd[day]
	b = append(b, s[:4]...)
	b = append(b, '-', s[4], s[5], '-', s[6], s[7])
	return b
}

func (c *calendar) iso(day int32) string { return string(c.appendISO(nil, day)) }

// ages gives, by birth day, the completed years at a day.
func (c *calendar) ages(at int32, out *[1 << 16]uint8) {
	now := c.dates[at]
	for b := range out {
		if int32(b) > at {
			out[b] = 0
			continue
		}
		d := c.dates[b]
		age := int(now.year) - int(d.year)
		if now.month < d.month || now.month == d.month && now.day < d.day {
			age--
		}
		out[b] = uint8(age)
	}
}
