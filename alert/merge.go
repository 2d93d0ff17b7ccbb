package alert

import (
	"cmp"
	"slices"
	"time"

	"laborwatch/period"
)

// candidate is a subject's most severe window that ends in one month.
type candidate struct {
	period                       period.Period
	rule                         string
	level                        int
	region, industry, enterprise string
	from, to                     time.Time
	persons, base                int64
	rate                         float64
	noticeNo                     string
	noticeDays                   *int
	noticeOK                     *bool
}

// merge joins each subject's consecutive months into one alert. The result
// depends on the set of candidates alone and is ordered by ID.
func merge(cs []candidate) []Alert {
	cs = slices.Clone(cs)
	slices.SortFunc(cs, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(scopeOf(a.rule), scopeOf(b.rule)),
			cmp.Compare(a.key(), b.key()),
			cmp.Compare(a.period, b.period),
			compareSeverity(a, b),
		)
	})
	var out []Alert
	for start := 0; start < len(cs); {
		end := start + 1
		for end < len(cs) && continues(cs[end-1], cs[end]) {
			end++
		}
		out = append(out, episode(cs[start:end]))
		start = end
	}
	slices.SortFunc(out, func(a, b Alert) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (c candidate) key() string { return keyOf(c.rule, c.region, c.industry, c.enterprise) }

func continues(a, b candidate) bool {
	return scopeOf(a.rule) != ScopeFiling && scopeOf(a.rule) == scopeOf(b.rule) && a.key() == b.key() && b.period <= a.period.Add(1)
}

// compareSeverity orders the more severe first: level, then a closure, then
// persons, then the earlier window.
func compareSeverity(a, b candidate) int {
	closure := func(c candidate) int {
		if c.rule == EnterpriseClosure {
			return 0
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(a.level, b.level),
		cmp.Compare(closure(a), closure(b)),
		cmp.Compare(b.persons, a.persons),
		a.to.Compare(b.to),
		cmp.Compare(a.rule, b.rule),
	)
}

// episode makes one alert of a subject's candidates, ordered by month: the
// figures of the most severe, the span of all, the first notice filed.
func episode(cs []candidate) Alert {
	peak := slices.MinFunc(cs, compareSeverity)
	a := Alert{
		Rule: peak.rule, Level: peak.level, Region: peak.region, Industry: peak.industry, Enterprise: peak.enterprise,
		First: cs[0].period, Last: cs[len(cs)-1].period, WindowFrom: peak.from, WindowTo: peak.to,
		Persons: peak.persons, Base: peak.base, Rate: peak.rate,
		NoticeDays: peak.noticeDays, NoticeOK: peak.noticeOK, NoticeNo: peak.noticeNo, Status: Firing,
	}
	for _, c := range cs {
		if c.from.Before(a.WindowFrom) {
			a.WindowFrom = c.from
		}
		if c.to.After(a.WindowTo) {
			a.WindowTo = c.to
		}
	}
	// The layoffs began in the earliest month, so its notice period is the true one.
	if i := slices.IndexFunc(cs, func(c candidate) bool { return c.noticeNo != "" }); i >= 0 {
		a.NoticeNo, a.NoticeDays, a.NoticeOK = cs[i].noticeNo, cs[i].noticeDays, cs[i].noticeOK
	}
	a.ID = idOf(a.Scope(), a.Key(), a.First)
	return a
}

// sameContent reports whether two versions of an alert say the same, times
// and handling aside.
func sameContent(a, b Alert) bool {
	return a.Rule == b.Rule && a.Level == b.Level && a.Region == b.Region && a.Industry == b.Industry &&
		a.Enterprise == b.Enterprise && a.EnterpriseName == b.EnterpriseName && a.First == b.First && a.Last == b.Last &&
		a.WindowFrom.Equal(b.WindowFrom) && a.WindowTo.Equal(b.WindowTo) && a.Persons == b.Persons && a.Base == b.Base &&
		a.Rate == b.Rate && a.NoticeNo == b.NoticeNo && equalPtr(a.NoticeDays, b.NoticeDays) &&
		equalPtr(a.NoticeOK, b.NoticeOK) && a.Current == b.Current
}

func equalPtr[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
