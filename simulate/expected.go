package simulate

import (
	"cmp"
	"maps"
	"slices"
)

// Levels of the alert table for employers and totals, 30-day windows.
const (
	windowDays   = 30
	rehireMonths = 2
	movedBefore  = 31
	totalRed     = 1500
)

// dismissal is one involuntary termination and what became of it.
type dismissal struct {
	person, firm, day int32
	base              int32 // heads at the end of the month before
	moved             bool
}

// ledger finds the alerts that a right reading of the true changes raises. It
// knows nothing of events: it sees the changes of all employers, the insured
// heads of the month before, and the table of levels.
type ledger struct {
	cal        *calendar
	dismissals []dismissal
	recent     map[int32][]int32 // person → dismissals that an enrolment may still cancel
	entered    map[int32][]entry // person → enrolments of the last 31 days
}

type entry struct{ firm, day int32 }

func newLedger(cal *calendar) *ledger {
	return &ledger{cal: cal, recent: map[int32][]int32{}, entered: map[int32][]entry{}}
}

// add takes a month's changes, sorted by day, and the heads before it.
func (l *ledger) add(changes []change, heads func(firm int32) int32) {
	for lo := 0; lo < len(changes); {
		hi := lo
		for hi < len(changes) && changes[hi].day == changes[lo].day {
			hi++
		}
		for _, ch := range changes[lo:hi] {
			if ch.reason.involuntary() {
				l.dismissed(ch, heads(ch.firm))
			}
		}
		for _, ch := range changes[lo:hi] {
			if ch.reason.isIn() {
				l.enrolled(ch)
			}
		}
		lo = hi
	}
	if len(changes) > 0 {
		l.forget(changes[len(changes)-1].day)
	}
}

func (l *ledger) dismissed(ch change, base int32) {
	d := dismissal{person: ch.person, firm: ch.firm, day: ch.day, base: base}
	for _, e := range l.entered[ch.person] {
		if e.firm != ch.firm && e.day < ch.day && ch.day-e.day <= movedBefore {
			d.moved = true
		}
	}
	for _, k := range l.recent[ch.person] {
		if o := &l.dismissals[k]; o.firm == ch.firm && o.day < ch.day && ch.day <= l.cal.addMonths(o.day, rehireMonths) {
			o.moved = true // reported again: counts on its last date
		}
	}
	l.recent[ch.person] = append(l.recent[ch.person], int32(len(l.dismissals)))
	l.dismissals = append(l.dismissals, d)
}

func (l *ledger) enrolled(ch change) {
	for _, k := range l.recent[ch.person] {
		if d := &l.dismissals[k]; ch.day <= l.cal.addMonths(d.day, rehireMonths) {
			d.moved = true
		}
	}
	l.entered[ch.person] = append(l.entered[ch.person], entry{ch.firm, ch.day})
}

// forget drops what can no longer matter, so that memory does not grow.
func (l *ledger) forget(today int32) {
	maps.DeleteFunc(l.entered, func(_ int32, es []entry) bool { return today-es[len(es)-1].day > movedBefore })
	maps.DeleteFunc(l.recent, func(_ int32, ks []int32) bool { return today-l.dismissals[ks[len(ks)-1]].day > 93 })
}

// expectedAlert is the gravest window of one run of months in which a subject
// reaches a level.
type expectedAlert struct {
	scope, key string
	firm       int32 // -1 for totals
	level      int
	from, to   int32
	persons    int
	base       int32
}

// daily is the net dismissals of a subject on a day.
type daily struct {
	day, base int32
	persons   int
}

// net gathers what remains by subject and day; a subject below zero is none.
func (l *ledger) net(subject func(firm int32) int32) map[int32][]daily {
	out := map[int32][]daily{}
	for _, d := range l.dismissals { // in order of days
		s := subject(d.firm)
		if d.moved || s < 0 {
			continue
		}
		ds := out[s]
		if n := len(ds); n > 0 && ds[n-1].day == d.day {
			ds[n-1].persons++
			continue
		}
		out[s] = append(ds, daily{day: d.day, base: d.base, persons: 1})
	}
	return out
}

// alerts lists the expected alerts of employers, counties and divisions.
func (l *ledger) alerts(firms []firm, counties []county) []expectedAlert {
	var out []expectedAlert
	enterprises := l.net(func(f int32) int32 { return f })
	for _, f := range slices.Sorted(maps.Keys(enterprises)) {
		out = append(out, l.episodes("enterprise", firms[f].uscc, f, enterprises[f], enterpriseLevel)...)
	}
	total := func(persons int, _ int32) int {
		if persons >= totalRed {
			return 1
		}
		return 0
	}
	regions := l.net(func(f int32) int32 { return int32(firms[f].county) })
	for _, k := range slices.Sorted(maps.Keys(regions)) {
		out = append(out, l.episodes("region", counties[k].code, -1, regions[k], total)...)
	}
	divisions := l.net(func(f int32) int32 {
		class := industries[firms[f].div].class
		return int32(class[0]-'0')*10 + int32(class[1]-'0')
	})
	for _, k := range slices.Sorted(maps.Keys(divisions)) {
		key := string([]byte{byte('0' + k/10), byte('0' + k%10)})
		out = append(out, l.episodes("industry", key, -1, divisions[k], total)...)
	}
	slices.SortStableFunc(out, func(a, b expectedAlert) int { return cmp.Compare(a.from, b.from) })
	return out
}

// enterpriseLevel is the published table: 1 red to 4 blue, 0 none. A single
// dismissal is no mass layoff.
func enterpriseLevel(persons int, base int32) int {
	rate := float64(persons) / float64(max(1, base))
	blue := .055
	if base <= 30 {
		blue = .20
	}
	switch {
	case persons >= 200:
		return 1
	case persons >= 50, base >= 500 && rate > .10:
		return 2
	case persons >= 20, persons >= 5 && rate >= .10:
		return 3
	case persons >= 2 && rate > blue:
		return 4
	}
	return 0
}

// episodes merges months running into one alert at its gravest window: the
// level, then the persons, then the earlier end.
func (l *ledger) episodes(scope, key string, f int32, days []daily, level func(int, int32) int) []expectedAlert {
	var out []expectedAlert
	lastMonth := -2
	from, sum := 0, 0
	for _, d := range days {
		sum += d.persons
		for d.day-days[from].day >= windowDays {
			sum -= days[from].persons
			from++
		}
		lv := level(sum, days[from].base)
		if lv == 0 {
			continue
		}
		a := expectedAlert{scope, key, f, lv, days[from].day, d.day, sum, days[from].base}
		month := int(l.cal.month(d.day))
		if month > lastMonth+1 {
			out = append(out, a)
		} else if w := &out[len(out)-1]; lv < w.level || lv == w.level && sum > w.persons {
			*w = a
		}
		lastMonth = month
	}
	return out
}
