package simulate

import "laborwatch/period"

// city is everything that is simulated.
type city struct {
	opt      Options
	sum      Summary
	cal      *calendar
	words    *words
	counties []county
	first    period.Period
	day0     int32
	r        source

	people     []person
	committees []committee
	firms      []firm
	formal     int
	baseTarget float64

	// This month.
	m             int
	refDay        int32 // middle of the reference week, the 3rd to the 9th
	monthEnd      int32
	work          []int32
	age           [1 << 16]uint8 // by birth day, at refDay
	changes       []change
	openings      [][]int32
	staged        bool // what happens is an event's doing
	fromFormal    [broadBands][2]float64
	nowFromFormal [broadBands][2]float64
	wave          [broadBands]float64
	lost          float64

	returns map[int][]returning
	events  []*event
	eventNo int
	notices []notice
	ledger  *ledger
	market  *market
	survey  *survey
	out     *writer
}

func newCity(o Options) (*city, error) {
	c := &city{
		opt: o, cal: newCalendar(), counties: countiesOf(o.Region), first: o.End.Add(1 - o.Months),
		returns: map[int][]returning{}, r: newSource(o.Seed, "life"),
	}
	c.sum.Rows = map[string]int{}
	c.words = newWords(o.Region, c.cal)
	c.day0 = firstDay(c.first)
	c.m = -1
	c.openings = make([][]int32, len(c.counties))
	c.populate()
	c.begin()
	if err := c.foundFirms(); err != nil {
		return nil, err
	}
	c.fillFirms()
	c.ledger = newLedger(c.cal)
	c.market = newMarket(c)
	c.survey = newSurvey(c)
	return c, nil
}

// step lives through one month, and writes its extracts if there is a writer.
func (c *city) step(m int) error {
	p := c.period(m)
	c.m, c.work = m, c.cal.workingDays(p)
	c.refDay, c.monthEnd = firstDay(p)+5, lastDay(p)
	c.cal.ages(c.refDay, &c.age)
	c.reset()
	c.growFirms(m)
	c.enrolReturning()
	c.runEvents()
	h := c.steer(c.count(), c.listOpenings(m))
	c.live(h)
	c.market.step(c)
	c.sortChanges()
	c.ledger.add(c.changes, func(f int32) int32 { return c.firms[f].before })
	if c.out != nil {
		if err := c.out.month(c); err != nil {
			return err
		}
	}
	for i := range c.firms {
		f := &c.firms[i]
		f.before = f.heads
		if f.arrears {
			f.before = 0
		}
	}
	return nil
}

// finish writes the truth.
func (c *city) finish() error { return c.out.finish(c) }
