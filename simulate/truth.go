package simulate

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Groups of truth/rates.csv beside the key groups.
var truthGroups = []string{
	"_T", "M", "F", "Y16T24", "Y25T29", "Y30T59", "Y_GE60",
	"Y16T24_NON_STUDENT", "Y25T29_NON_STUDENT", "Y30T59_NON_STUDENT",
	"LOCAL", "MIGRANT", "MIGRANT_AGRI",
}

type rateCount struct{ people, force, idle int }

// memberships lists the places in truthGroups, then in groupCodes.
func memberships(p *person, age uint8, out []int) []int {
	band := broadBand(age)
	out = append(out, 0, 1+b2i(p.is(female)), 3+band)
	if band < 3 && !p.is(student) {
		out = append(out, 7+band)
	}
	if p.is(migrant) {
		out = append(out, 11)
		if p.is(agricultural) {
			out = append(out, 12)
		}
	} else {
		out = append(out, 10)
	}
	for g := range groupCodes {
		if p.groups&(1<<g) != 0 {
			out = append(out, len(truthGroups)+g)
		}
	}
	return out
}

const rateGroups = 22 // len(truthGroups) + len(groupCodes)

// noteRates counts everybody in the reference week.
func (w *writer) noteRates(c *city) {
	var counts [maxCounties + 1][rateGroups]rateCount
	var in [16]int
	for i := range c.people {
		p := &c.people[i]
		if p.ref == child || p.ref >= away {
			continue
		}
		force, idle := b2i(p.ref != inactive), b2i(p.ref == unemployed)
		for _, g := range memberships(p, c.age[p.birth], in[:0]) {
			for _, k := range [2]int{0, 1 + int(p.county)} {
				n := &counts[k][g]
				n.people++
				n.force += force
				n.idle += idle
			}
		}
	}
	month := c.period(c.m)
	if len(w.rates) == 0 {
		w.rates = append(w.rates, "period,region,group,population,labor_force,unemployed,rate\n"...)
	}
	for k := range len(c.counties) + 1 {
		region := "_T"
		if k > 0 {
			region = c.counties[k-1].code
		}
		for g := range rateGroups {
			n := counts[k][g]
			name := ""
			if g < len(truthGroups) {
				name = truthGroups[g]
			} else {
				name = groupCodes[g-len(truthGroups)]
			}
			w.rates = fmt.Appendf(w.rates, "%s,%s,%s,%d,%d,%d,%s\n", month, region, name, n.people, n.force, n.idle, ratio(n.idle, n.force))
		}
	}
	city := counts[0][0]
	c.sum.Rates = append(c.sum.Rates, MonthlyRate{month, city.people, city.force, city.idle})
}

// ratio prints a rate; no labor force, no rate.
func ratio(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(part)/float64(whole), 'f', 10, 64)
}

// noteAdministrative counts what a right reading of the month's extracts
// gives, all corrections made: insured heads at month end by the employer's
// county, and the register of the unemployed (distinct persons).
func (w *writer) noteAdministrative(c *city) {
	if len(w.admin) == 0 {
		w.admin = append(w.admin, "period,region,insured,registered,registered_in_month,deregistered_in_month\n"...)
	}
	var heads [maxCounties + 1]int
	for i := range c.firms {
		if f := &c.firms[i]; !f.arrears {
			heads[0] += int(f.heads)
			heads[1+int(f.county)] += int(f.heads)
		}
	}
	stock, in, out := c.registeredFlows()
	for k := range len(c.counties) + 1 {
		region := "_T"
		if k > 0 {
			region = c.counties[k-1].code
		}
		w.admin = fmt.Appendf(w.admin, "%s,%s,%d,%d,%d,%d\n", c.period(c.m), region, heads[k], stock[k], in[k], out[k])
	}
}

// registeredFlows counts distinct persons, in the city and by county: on the
// register at the month's end, come on it in the month, gone from it.
func (c *city) registeredFlows() (stock, in, out [maxCounties + 1]int) {
	type presence struct{ before, entered, closed, after bool }
	seen := map[[2]int32]*presence{}
	first := firstDay(c.period(c.m))
	for j := range c.market.spells {
		s := &c.market.spells[j]
		for _, k := range [2]int32{0, 1 + int32(s.county)} {
			p := seen[[2]int32{s.person, k}]
			if p == nil {
				p = &presence{}
				seen[[2]int32{s.person, k}] = p
			}
			open := s.closed == 0 || s.closed > c.monthEnd
			p.before = p.before || s.registered < first
			p.entered = p.entered || s.registered >= first
			p.after = p.after || open
			p.closed = p.closed || !open
		}
	}
	for key, p := range seen {
		stock[key[1]] += b2i(p.after)
		in[key[1]] += b2i(p.entered && !p.before)
		out[key[1]] += b2i(p.closed && !p.after)
	}
	return stock, in, out
}

// finish writes the truth's files.
func (w *writer) finish(c *city) error {
	alerts := c.ledger.alerts(c.firms, c.counties)
	c.sum.ExpectedAlerts, c.sum.BadRows = len(alerts), len(w.bad)
	for name, text := range map[string][]byte{
		"rates.csv": w.rates, "administrative.csv": w.admin, "events.csv": w.eventsCSV(c), "expected_alerts.csv": w.alertsCSV(c, alerts),
		"bad_rows.csv": w.badCSV(), "files.csv": w.filesCSV(),
	} {
		if err := os.WriteFile(filepath.Join(w.root, "truth", name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) eventsCSV(c *city) []byte {
	b := []byte("event,kind,decoy,level,region,industry,uscc,start,end,persons,staff_before,notice_no,notice_days,net_persons\n")
	for _, e := range c.events {
		c.sum.Events++
		c.sum.Decoys += b2i(e.decoy)
		row := eventRow{id: e.id, kind: e.kind, decoy: e.decoy, level: e.level}
		if e.firm < 0 {
			row.sum(c)
		} else {
			row.of(c, e)
		}
		b = append(b, row.String()...)
	}
	return b
}

type eventRow struct {
	id, kind, region, industry, uscc, start, end, notice string
	decoy                                                bool
	level, persons, staff, net, noticeDays               int
}

func (r *eventRow) of(c *city, e *event) {
	f := &c.firms[e.firm]
	r.region, r.industry, r.uscc = c.counties[f.county].code, industries[f.div].class, f.uscc
	r.start, r.end = c.cal.iso(e.first), c.cal.iso(e.last)
	r.persons, r.staff, r.net = e.done, e.staffBefore, e.done-e.rehired
	if e.decoy {
		r.net = 0
	}
	if e.notice >= 0 {
		n := c.notices[e.notice]
		r.notice, r.noticeDays = n.no, int(e.first-n.reported)
	}
}

// sum adds up the employers of a slump.
func (r *eventRow) sum(c *city) {
	var first, last int32
	for _, e := range c.events {
		if !strings.HasPrefix(e.id, r.id+"-") {
			continue
		}
		if first == 0 || e.first < first {
			first = e.first
		}
		last = max(last, e.last)
		f := &c.firms[e.firm]
		r.region, r.industry = c.counties[f.county].code, industries[f.div].class
		r.persons += e.done
		r.net += e.done - e.rehired
		r.staff += e.staffBefore
	}
	r.start, r.end = c.cal.iso(first), c.cal.iso(last)
}

func (r *eventRow) String() string {
	level, days := "", ""
	if !r.decoy {
		level = strconv.Itoa(r.level)
	}
	if r.notice != "" {
		days = strconv.Itoa(r.noticeDays)
	}
	return fmt.Sprintf("%s,%s,%d,%s,%s,%s,%s,%s,%s,%d,%d,%s,%s,%d\n", r.id, r.kind, b2i(r.decoy), level,
		r.region, r.industry, r.uscc, r.start, r.end, r.persons, r.staff, r.notice, days, r.net)
}

func (w *writer) alertsCSV(c *city, alerts []expectedAlert) []byte {
	b := []byte("scope,key,level,window_from,window_to,persons,event\n")
	for _, a := range alerts {
		b = fmt.Appendf(b, "%s,%s,%d,%s,%s,%d,%s\n", a.scope, a.key, a.level, c.cal.iso(a.from), c.cal.iso(a.to), a.persons, c.eventOf(a))
	}
	return b
}

// eventOf names the event behind an alert, "" when there is none.
func (c *city) eventOf(a expectedAlert) string {
	for _, e := range c.events {
		if e.decoy {
			continue
		}
		if a.firm >= 0 && e.firm == a.firm && e.month >= int(c.cal.month(a.from)-c.first)-1 && e.month <= int(c.cal.month(a.to)-c.first) {
			return e.id
		}
		if a.firm < 0 && e.kind == "slump" {
			return e.id
		}
	}
	return ""
}

func (w *writer) badCSV() []byte {
	rows := slices.Clone(w.bad)
	slices.SortStableFunc(rows, func(a, b badRow) int {
		return cmp.Or(strings.Compare(a.file, b.file), a.row-b.row)
	})
	b := []byte("file,row,column,reason\n")
	for _, r := range rows {
		b = fmt.Appendf(b, "%s,%d,%s,%s\n", r.file, r.row, r.column, r.reason)
	}
	return b
}

func (w *writer) filesCSV() []byte {
	files := slices.Clone(w.files)
	slices.SortStableFunc(files, func(a, b fileTruth) int { return strings.Compare(a.path, b.path) })
	b := []byte("file,feed,period,rows,late,corrects\n")
	for _, f := range files {
		b = fmt.Appendf(b, "%s,%s,%s,%d,%d,%s\n", f.path, f.feed, f.period, f.rows, b2i(f.late), f.corrects)
	}
	return b
}
