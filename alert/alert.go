// Package alert turns the candidates that SQL models under sql/alert/ find
// into alerts that last: one for each layoff of an employer, a region, an
// industry or the city, kept with its history in state.duckdb.
//
// Evaluate is its verb. In go the candidates of the warehouse, one a subject
// and month; out come alerts, consecutive months of a subject merged into one.
// What is live depends on the candidates alone, never on the order in which
// data arrived; only times and the record of what was withdrawn do. An alert
// whose candidates vanish (the persons turned out to be insured again, a file
// was corrected) is resolved with its reason, never deleted.
package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"laborwatch/messages"
	"laborwatch/period"
)

// total is the code of a dimension that does not apply.
const total = "_T"

// The rules, as the models name them.
const (
	EnterpriseLayoff  = "enterprise_layoff"
	EnterpriseClosure = "enterprise_closure"
	RegionLayoff      = "region_layoff"
	IndustryLayoff    = "industry_layoff"
	CityRate          = "city_rate"
)

// The scopes: what an alert is about. The two employer rules share one, so
// that a layoff that grows into a closure stays one alert.
const (
	ScopeEnterprise = "enterprise"
	ScopeRegion     = "region"
	ScopeIndustry   = "industry"
	ScopeCity       = "city"
	// ScopeFiling is an extract that has not come by its due time.
	ScopeFiling = "filing"
)

// Levels, the most severe first.
const (
	Red    = 1
	Orange = 2
	Yellow = 3
	Blue   = 4
)

// Status of an alert.
type Status string

// An alert fires until a person handles it or its candidates vanish.
const (
	Firing       Status = "firing"
	Acknowledged Status = "acknowledged"
	Resolved     Status = "resolved"
)

// Why an alert was resolved.
const (
	NettedOut = "netted_out" // its candidates vanished
	Merged    = "merged"     // late data joined it to the month before
	Filed     = "filed"      // the overdue extract came, or is expected no more
)

// Alert is one alert with its most severe 30-day window.
type Alert struct {
	ID             string        `json:"id"` // stable: of scope, subject and first month
	Rule           string        `json:"rule"`
	Level          int           `json:"level"` // 1 red … 4 blue
	Region         string        `json:"region"`
	Industry       string        `json:"industry"`   // GB/T 4754 division
	Enterprise     string        `json:"enterprise"` // credit code
	EnterpriseName string        `json:"enterprise_name,omitempty"`
	First          period.Period `json:"first"`
	Last           period.Period `json:"last"`
	WindowFrom     time.Time     `json:"window_from"` // first day of all its windows
	WindowTo       time.Time     `json:"window_to"`   // last day of all its windows
	Persons        int64         `json:"persons"`     // net dismissals of the most severe window
	Base           int64         `json:"base"`        // insured heads before it; 0 unknown
	Rate           float64       `json:"rate"`        // Persons / Base, or the city's rate
	NoticeNo       string        `json:"notice_no,omitempty"`
	NoticeDays     *int          `json:"notice_days,omitempty"` // days from report to layoff
	NoticeOK       *bool         `json:"notice_ok,omitempty"`   // nil where the law asks for none
	Status         Status        `json:"status"`
	Reason         string        `json:"reason,omitempty"` // why it was resolved
	Current        bool          `json:"current"`          // lasts into the newest month of its source
	RaisedAt       time.Time     `json:"raised_at"`
	UpdatedAt      time.Time     `json:"updated_at"`
}

// Scope says what the alert is about: enterprise, region, industry or city.
func (a Alert) Scope() string { return scopeOf(a.Rule) }

// Key is the code of the subject within its scope.
func (a Alert) Key() string { return keyOf(a.Rule, a.Region, a.Industry, a.Enterprise) }

func scopeOf(rule string) string {
	switch rule {
	case EnterpriseLayoff, EnterpriseClosure:
		return ScopeEnterprise
	case RegionLayoff:
		return ScopeRegion
	case IndustryLayoff:
		return ScopeIndustry
	case CityRate:
		return ScopeCity
	}
	if strings.HasPrefix(rule, overduePrefix) {
		return ScopeFiling
	}
	return rule // a rule of the operator's own is a scope of its own
}

func keyOf(rule, region, industry, enterprise string) string {
	switch scopeOf(rule) {
	case ScopeEnterprise:
		return enterprise
	case ScopeRegion:
		return region
	case ScopeIndustry:
		return industry
	case ScopeCity:
		return total
	case ScopeFiling:
		return rule + "/" + region
	}
	return region + "/" + industry + "/" + enterprise
}

// idOf gives the same alert the same name on every machine.
func idOf(scope, key string, first period.Period) string {
	sum := sha256.Sum256([]byte(scope + "|" + key + "|" + first.String()))
	return "A" + first.First().Format("200601") + "-" + hex.EncodeToString(sum[:5])
}

// LevelLabel names a level, for example 红色（Ⅰ级）.
func LevelLabel(lang messages.Lang, level int) string {
	return messages.T(lang, "alert.level."+string(rune('0'+level)))
}

// RuleLabel names a rule; one of the operator's own keeps its code.
func RuleLabel(lang messages.Lang, rule string) string {
	if feed := FeedOf(rule); feed != "" {
		return messages.T(lang, "alert.rule.overdue", label(lang, "filing.feed.", feed))
	}
	return label(lang, "alert.rule.", rule)
}

// StatusLabel names a status.
func StatusLabel(lang messages.Lang, s Status) string { return label(lang, "alert.status.", string(s)) }

// EventLabel names a kind of event.
func EventLabel(lang messages.Lang, kind string) string { return label(lang, "alert.event.", kind) }

// ReasonLabel says why an alert was resolved, "" for an empty reason.
func ReasonLabel(lang messages.Lang, reason string) string {
	return label(lang, "alert.reason.", reason)
}

func label(lang messages.Lang, prefix, code string) string {
	if !messages.Has(prefix + code) {
		return code
	}
	return messages.T(lang, prefix+code)
}
