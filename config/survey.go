package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"laborwatch/period"
)

// LonelyPSURules are the treatments of a stratum with one PSU.
var LonelyPSURules = []string{"adjust", "average", "certainty", "remove"}

// ConfidenceLevels are the levels of interval that the models can give.
var ConfidenceLevels = []float64{0.80, 0.90, 0.95, 0.98, 0.99}

// StatusRules are the rules by which labor force status can be derived: NBS is
// the monthly labor force survey of the National Bureau of Statistics, ILO the
// resolution of the 19th ICLS.
var StatusRules = []string{"nbs", "ilo"}

// Survey sets the open choices of the labor force survey: who is employed and
// unemployed, and how figures are estimated and judged.
type Survey struct {
	// StatusRule is the rule of the headline; both are always derived.
	StatusRule string `yaml:"status_rule"`
	// AgeFloor is the youngest age in scope by the NBS rules, ILOAgeFloor by the ILO's.
	AgeFloor    int `yaml:"age_floor"`
	ILOAgeFloor int `yaml:"ilo_age_floor"`
	// AbsenceMonths is how long, from its start to the return, an unpaid absence
	// may last that leaves a person employed; so many months still do.
	AbsenceMonths float64 `yaml:"absence_months"`
	// SearchWindowDays and ILOSearchWindowDays are how many days ago the last
	// search may lie; so many days still count.
	SearchWindowDays    int `yaml:"search_window_days"`
	ILOSearchWindowDays int `yaml:"ilo_search_window_days"`
	// AgreedStartUnemployed counts who waits for an agreed job as unemployed by
	// the NBS rules; the ILO's always do.
	AgreedStartUnemployed bool `yaml:"agreed_start_unemployed"`
	// StartWindowDays is within how many days that job must begin.
	StartWindowDays int `yaml:"start_window_days"`
	// UnderemployedHours are the usual weekly hours below which somebody who
	// wants and could work more is time-related underemployed.
	UnderemployedHours float64 `yaml:"underemployed_hours"`
	// LongTermMonths make an unemployed person long-term unemployed.
	LongTermMonths int   `yaml:"long_term_months"`
	Hukou          Hukou `yaml:"hukou"`
	// YouthBreak is the first month of the official rates by age without students.
	YouthBreak string `yaml:"youth_break"`

	LonelyPSU     string  `yaml:"lonely_psu"`
	Confidence    float64 `yaml:"confidence"`
	CVPublish     float64 `yaml:"cv_publish"`
	CVCaution     float64 `yaml:"cv_caution"`
	MinLaborForce int     `yaml:"min_labor_force"`
	MinUnemployed int     `yaml:"min_unemployed"`
	// MinDF are the degrees of freedom below which a figure is never better
	// than caution (the NCHS standards for proportions review below 8).
	MinDF int `yaml:"min_df"`
}

// Hukou says which codes of the survey's hukou column (户口登记地) count as what.
type Hukou struct {
	Local       []string `yaml:"local"`
	Migrant     []string `yaml:"migrant"`
	MigrantAgri []string `yaml:"migrant_agri"`
}

// YouthBreakMonth is YouthBreak as a month, 0 where it is none.
func (s Survey) YouthBreakMonth() period.Period {
	p, err := period.Parse(s.YouthBreak)
	if err != nil {
		return 0
	}
	return p
}

func (s Survey) params() map[string]any {
	agreed := 0
	if s.AgreedStartUnemployed {
		agreed = 1
	}
	return map[string]any{
		"survey.status_rule":             s.StatusRule,
		"survey.age_floor":               s.AgeFloor,
		"survey.ilo_age_floor":           s.ILOAgeFloor,
		"survey.absence_months":          s.AbsenceMonths,
		"survey.search_window_days":      s.SearchWindowDays,
		"survey.ilo_search_window_days":  s.ILOSearchWindowDays,
		"survey.agreed_start_unemployed": agreed,
		"survey.start_window_days":       s.StartWindowDays,
		"survey.underemployed_hours":     s.UnderemployedHours,
		"survey.long_term_months":        s.LongTermMonths,
		"survey.hukou_local":             s.Hukou.Local,
		"survey.hukou_migrant":           s.Hukou.Migrant,
		"survey.hukou_migrant_agri":      s.Hukou.MigrantAgri,
		"survey.youth_break":             s.YouthBreakMonth().First().Format("2006-01-02"),
		"survey.lonely_psu":              s.LonelyPSU,
		"survey.confidence":              s.Confidence,
		"survey.cv_publish":              s.CVPublish,
		"survey.cv_caution":              s.CVCaution,
		"survey.min_labor_force":         s.MinLaborForce,
		"survey.min_unemployed":          s.MinUnemployed,
		"survey.min_df":                  s.MinDF,
	}
}

var hukouCode = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

func (s Survey) validate(bad faultFunc) {
	if !slices.Contains(StatusRules, s.StatusRule) {
		bad("survey.status_rule", s.StatusRule, "want one of %s", strings.Join(StatusRules, ", "))
	}
	if !slices.Contains(LonelyPSURules, s.LonelyPSU) {
		bad("survey.lonely_psu", s.LonelyPSU, "want one of %s", strings.Join(LonelyPSURules, ", "))
	}
	if !slices.Contains(ConfidenceLevels, s.Confidence) {
		bad("survey.confidence", s.Confidence, "want one of %v: the levels whose t quantiles the models hold", ConfidenceLevels)
	}
	for _, r := range []struct {
		field     string
		v         float64
		low, high float64
		what      string
	}{
		{"survey.age_floor", float64(s.AgeFloor), 0, 30, "the youngest age in scope, 16 by the NBS rules"},
		{"survey.ilo_age_floor", float64(s.ILOAgeFloor), 0, 30, "the youngest age in scope, 15 by the ILO rules"},
		{"survey.absence_months", s.AbsenceMonths, 0, 120, "months, 3 by both rules"},
		{"survey.search_window_days", float64(s.SearchWindowDays), 1, 366, "days, 91 for three months"},
		{"survey.ilo_search_window_days", float64(s.ILOSearchWindowDays), 1, 366, "days, 28 for four weeks"},
		{"survey.start_window_days", float64(s.StartWindowDays), 1, 366, "days, 91 for three months"},
		{"survey.underemployed_hours", s.UnderemployedHours, 1, 168, "weekly hours, 35 by convention"},
		{"survey.long_term_months", float64(s.LongTermMonths), 1, 120, "months, 12 by convention"},
	} {
		if !(r.v >= r.low && r.v <= r.high) {
			bad(r.field, r.v, "want %v to %v: %s", r.low, r.high, r.what)
		}
	}
	for _, r := range []struct {
		field string
		v     float64
	}{{"survey.cv_publish", s.CVPublish}, {"survey.cv_caution", s.CVCaution}} {
		if !(r.v > 0 && r.v < 1) {
			bad(r.field, r.v, "want a ratio between 0 and 1 (16.5 %% is 0.165)")
		}
	}
	if _, err := period.Parse(s.YouthBreak); err != nil {
		bad("survey.youth_break", s.YouthBreak, "want a month such as 2023-12")
	}
	s.Hukou.validate(bad)
}

func (h Hukou) validate(bad faultFunc) {
	for _, l := range []struct {
		name  string
		codes []string
	}{{"local", h.Local}, {"migrant", h.Migrant}, {"migrant_agri", h.MigrantAgri}} {
		for i, code := range l.codes {
			if !hukouCode.MatchString(code) || slices.Contains(l.codes[:i], code) {
				bad(fmt.Sprintf("survey.hukou.%s", l.name), code, "want codes of the hukou column, each once: letters, digits, _ and -")
			}
		}
	}
	for _, code := range h.Migrant {
		if slices.Contains(h.Local, code) {
			bad("survey.hukou.migrant", code, "is under local too")
		}
	}
	for _, code := range h.MigrantAgri {
		if !slices.Contains(h.Migrant, code) {
			bad("survey.hukou.migrant_agri", code, "is not under migrant: the agricultural are a part of the migrants")
		}
	}
}
