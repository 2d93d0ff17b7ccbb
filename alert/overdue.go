package alert

import (
	"strings"

	"laborwatch/period"
)

// overduePrefix begins the rule of an overdue extract; its feed follows.
const overduePrefix = "overdue_"

// Overdue is a candidate that no model finds: an extract that has not come by
// its due time. It stands for one month: what is missing in two months in a row
// is two alerts, because each is filed and closed by itself.
type Overdue struct {
	Feed   string
	Period period.Period
	// Region is a county's code, _T for the whole or for every county.
	Region string
	Level  int
	// Missing of Expected extracts.
	Missing, Expected int64
}

func (o Overdue) candidate() candidate {
	return candidate{
		period: o.Period, rule: overduePrefix + o.Feed, level: o.Level, region: o.Region, industry: total, enterprise: total,
		from: o.Period.First(), to: o.Period.Last(), persons: o.Missing, base: o.Expected, rate: float64(o.Missing) / float64(max(o.Expected, 1)),
	}
}

// FeedOf is the feed that a rule about an overdue extract is about, "" for any
// other rule.
func FeedOf(rule string) string {
	feed, ok := strings.CutPrefix(rule, overduePrefix)
	if !ok {
		return ""
	}
	return feed
}
