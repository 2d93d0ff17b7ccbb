package simulate

import (
	"strconv"
	"time"
)

const populationHeader = "起始月份,行政区划代码,性别,年龄组,户口登记地,人数"

// Age bands of control totals: children, then the four of unemployment.
var (
	totalBands = [1 + broadBands]string{"0-15", "16-24", "25-29", "30-59", "60岁及以上"}
	totalSexes = [2]string{"男", "女"}
	totalHukou = [3]string{"本地", "外来", "外来农业"}
)

// residents counts those at home in the reference week by sex, age band and hukou.
type residents [2][1 + broadBands][len(totalHukou)]int

// add counts a person, unless away or dead.
func (n *residents) add(p *person, age uint8) {
	if p.ref >= away {
		return
	}
	n[b2i(p.is(female))][totalBand(age)][hukouOf(p)]++
}

// totalBand is 0 for children, then by broadBand.
func totalBand(age uint8) int {
	if age < 16 {
		return 0
	}
	return 1 + broadBand(age)
}

// hukouOf is the place in totalHukou.
func hukouOf(p *person) int { return b2i(p.is(migrant)) + b2i(p.is(agricultural)) }

// populationTotals writes the residents of each county by sex, age band and
// hukou in the city's first month and in each January: the totals that hold
// until the next file's. Nobody is in a cell that is left out.
func (w *writer) populationTotals(c *city) error {
	p := c.period(c.m)
	if c.m > 0 && p.Month() != time.January {
		return nil
	}
	var counts [maxCounties]residents
	for i := range c.people {
		q := &c.people[i]
		counts[q.county].add(q, c.age[q.birth])
	}
	t, err := w.create("population_totals", p, p, name("人口控制总数", p, ".csv"), populationHeader, tableOptions{bom: true})
	if err != nil {
		return err
	}
	for k, county := range c.counties {
		counts[k].each(func(sex, band, hukou, n int) {
			t.buf = append(t.buf, p.String()+","+county.code+","+totalSexes[sex]+","+totalBands[band]+","+totalHukou[hukou]+","...)
			t.buf = strconv.AppendInt(t.buf, int64(n), 10)
			t.end()
		})
	}
	return t.close(c)
}

// each calls f for every cell that somebody is in.
func (n *residents) each(f func(sex, band, hukou, n int)) {
	for sex := range n {
		for band := range n[sex] {
			for hukou, k := range n[sex][band] {
				if k > 0 {
					f(sex, band, hukou, k)
				}
			}
		}
	}
}
