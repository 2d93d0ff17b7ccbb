package config

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"laborwatch/messages"
	"laborwatch/originals"
)

// Jobs are the steps a schedule may run.
var Jobs = []string{"ingest", "transform", "alerts", "publish", "release"}

// Insurances are the codes of AAE140 (险种) that heads can be counted on.
var Insurances = []string{"110", "120", "210", "310", "410"}

// FieldError is one fault of the configuration.
type FieldError struct {
	Field string
	Value any
	Err   string
}

func (e *FieldError) Error() string { return fmt.Sprintf("  %s = %v: %s", e.Field, e.Value, e.Err) }

var (
	regionCode   = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)
	divisionCode = regexp.MustCompile(`^\d{2}$`)
	memoryLimit  = regexp.MustCompile(`^\d+(\.\d+)?\s?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$`)
)

// Validate returns every fault at once, one a line.
func (c *Config) Validate() error {
	var errs []error
	bad := func(field string, value any, format string, args ...any) {
		errs = append(errs, &FieldError{field, value, messages.Beside(format, args...)})
	}
	if c.Data == "" {
		bad("data", c.Data, "name the data folder")
	}
	if c.City.Code == "" {
		bad("city.code", c.City.Code, "name the city by its GB/T 2260 code, for example 410400")
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		bad("time_zone", c.TimeZone, "not an IANA time zone; try Asia/Shanghai")
	}
	if !memoryLimit.MatchString(c.Engine.MemoryLimit) {
		bad("engine.memory_limit", c.Engine.MemoryLimit, "want a size such as 1200MB or 4GB")
	}
	if c.Engine.Threads < 0 {
		bad("engine.threads", c.Engine.Threads, "want 0 (all cores) or a count")
	}
	if c.Ingest.KeyFile == "" {
		bad("ingest.key_file", "", "name the file that holds the pseudonym key")
	} else if inside(c.Data, c.Ingest.KeyFile) {
		bad("ingest.key_file", c.Ingest.KeyFile, "must lie outside the data folder %s, so that a copy of the data does not carry its key", c.Data)
	}
	if c.Ingest.OnlyContracts && c.Ingest.Contracts == "" {
		bad("ingest.only_contracts", true, "needs ingest.contracts to name a folder")
	}
	if key := c.Originals.AgeRecipient; strings.HasPrefix(strings.ToUpper(key), "AGE-SECRET-KEY-") {
		bad("originals.age_recipient", "…", "is a secret key, which does not belong here; give its public key (age-keygen -y prints it)")
	} else if key != "" {
		if _, err := originals.Recipient(key); err != nil {
			bad("originals.age_recipient", key, "want a public key of age (age1…), as age-keygen prints it")
		}
	}
	c.validateLists(bad)
	c.validateNumbers(bad)
	c.Survey.validate(bad)
	c.validateEstimation(bad)
	c.validateSchedules(bad)
	c.validateSources(bad)
	c.validateFiling(bad)
	if _, _, err := net.SplitHostPort(c.Web.Listen); err != nil {
		bad("web.listen", c.Web.Listen, "want host:port, for example 127.0.0.1:8410")
	}
	if !slices.Contains(Insurances, c.Insured.Insurance) {
		bad("insured.insurance", c.Insured.Insurance, "want one of %s (AAE140)", strings.Join(Insurances, ", "))
	}
	if !slices.Contains([]string{"zh", "en"}, c.Web.Lang) {
		bad("web.lang", c.Web.Lang, "want zh or en")
	}
	return errors.Join(errs...)
}

type faultFunc = func(field string, value any, format string, args ...any)

func (c *Config) validateLists(bad faultFunc) {
	seen := map[string]bool{}
	for i, r := range c.Regions {
		f := fmt.Sprintf("regions[%d]", i)
		if !regionCode.MatchString(r.Code) {
			bad(f+".code", r.Code, "want letters and digits")
		}
		if seen[r.Code] {
			bad(f+".code", r.Code, "is listed twice")
		}
		seen[r.Code] = true
		if r.Kind != "county" && r.Kind != "zone" {
			bad(f+".kind", r.Kind, "want county or zone")
		}
		if r.ZH == "" || r.EN == "" {
			bad(f, r.Code, "needs both zh and en names")
		}
	}
	codes := map[string]bool{}
	for i, g := range c.Industries {
		f := fmt.Sprintf("key_industries[%d]", i)
		if !strings.HasPrefix(g.Code, "K_") || codes[g.Code] {
			bad(f+".code", g.Code, "want a code of its own that begins with K_")
		}
		codes[g.Code] = true
		if len(g.Divisions) == 0 {
			bad(f+".divisions", g.Divisions, "list at least one GB/T 4754 division")
		}
		for _, d := range g.Divisions {
			if !divisionCode.MatchString(d) {
				bad(f+".divisions", d, "want a two-digit GB/T 4754 division, in quotes")
			}
		}
	}
}

func (c *Config) validateNumbers(bad faultFunc) {
	for _, r := range []struct {
		field string
		v     float64
	}{
		{"targets.surveyed_rate", c.Targets.Surveyed},
		{"targets.registered_rate", c.Targets.Registered},
		{"alert.blue_rate", c.Alert.BlueRate},
		{"alert.blue_small_rate", c.Alert.BlueSmallRate},
		{"alert.yellow_rate", c.Alert.YellowRate},
		{"alert.orange_rate", c.Alert.OrangeRate},
		{"alert.closure_share", c.Alert.ClosureShare},
	} {
		if r.v <= 0 || r.v >= 1 {
			bad(r.field, r.v, "want a ratio between 0 and 1 (5.5 %% is 0.055)")
		}
	}
	for _, r := range []struct {
		field string
		v     int
	}{
		{"alert.window_days", c.Alert.WindowDays},
		{"alert.yellow_persons", c.Alert.YellowPersons},
		{"alert.orange_persons", c.Alert.OrangePersons},
		{"alert.red_persons", c.Alert.RedPersons},
		{"alert.closure_red_persons", c.Alert.ClosureRedPersons},
		{"alert.total_red_persons", c.Alert.TotalRedPersons},
		{"alert.rehire_months", c.Alert.RehireMonths},
	} {
		if r.v < 1 {
			bad(r.field, r.v, "want 1 or more")
		}
	}
	// The layoff models read two months after each month, and one before.
	if c.Alert.RehireMonths > 2 {
		bad("alert.rehire_months", c.Alert.RehireMonths, "the models look at most 2 months ahead")
	}
	if c.Alert.WindowDays > 31 {
		bad("alert.window_days", c.Alert.WindowDays, "the models look at most 31 days back")
	}
	if c.Alert.MovedBeforeDays < 0 || c.Alert.MovedBeforeDays > 31 {
		bad("alert.moved_before_days", c.Alert.MovedBeforeDays, "want 0 to 31: the models look at most 31 days back")
	}
}

func (c *Config) validateSchedules(bad faultFunc) {
	names := map[string]bool{}
	for i, s := range c.Schedules {
		f := fmt.Sprintf("schedules[%d]", i)
		if s.Name == "" || names[s.Name] {
			bad(f+".name", s.Name, "want a name of its own")
		}
		names[s.Name] = true
		if _, err := cron.ParseStandard(s.Cron); err != nil {
			bad(f+".cron", s.Cron, "%v; five fields: minute hour day month weekday", err)
		}
		if len(s.Jobs) == 0 {
			bad(f+".jobs", s.Jobs, "list one or more of %s", strings.Join(Jobs, ", "))
		}
		for _, j := range s.Jobs {
			if !slices.Contains(Jobs, j) {
				bad(f+".jobs", j, "want one of %s", strings.Join(Jobs, ", "))
			}
		}
	}
}
