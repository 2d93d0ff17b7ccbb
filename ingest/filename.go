package ingest

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"laborwatch/lake"
	"laborwatch/period"
)

// Usual stands in a contract's period.file and scope.file for the rules by
// which senders name files: 失业登记_新华区_202606.csv, 失业登记_202606_410402.csv,
// 增减员_20260612.csv, 社保缴费_2026年6月.xlsx.
const Usual = "usual"

const (
	// usualPeriod finds the first date: year, month and, where there is one, day.
	usualPeriod = `(?:^|\D)((?:19|20)\d{2})[-._年]?(0[1-9]|1[0-2]|[1-9])(?:[-._月]?(0[1-9]|[12]\d|3[01])日?)?(?:\D|$)`
	// usualScope finds a division's code or a county's name on either side of the
	// date. No province's code begins as a year does.
	usualScope = `_((?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])\d{4})(?:[_.(（]|$)|(?:_|\d[月日]?)([^_\d.]*[区县市旗])(?:[_\d.(（]|$)`
)

// rule is a rule on names of files, or the usual one.
func rule(s, usual string) string {
	if s == Usual {
		return usual
	}
	return s
}

// Told gives the month that the rule finds in a file's name, 0 for none.
func (r PeriodRule) Told(base string) period.Period {
	c := &Contract{Period: r}
	c.filePeriod, _ = regexp.Compile(rule(r.File, usualPeriod))
	f, _ := c.filed(base)
	return f.month
}

// Told gives the scope that the rule finds in a file's name, "" for none.
func (r ScopeRule) Told(base string) string {
	c := &Contract{Scope: r}
	c.fileScope, _ = regexp.Compile(rule(r.File, usualScope))
	f, _ := c.filed(base)
	return f.scope
}

// filing is what the name of an extract tells of it.
type filing struct {
	// month is 0 and day zero where the name does not tell.
	month period.Period
	day   time.Time
	// scope is a county's code or name, "" for the whole.
	scope string
}

// filed reads the base name of an extract; a correction mark tells nothing.
func (c *Contract) filed(base string) (f filing, err error) {
	base = unmarked(base)
	if c.fileScope != nil {
		for i, s := range c.fileScope.FindStringSubmatch(base) {
			if i > 0 && s != "" {
				f.scope = s
				break
			}
		}
	}
	if c.Period.Constant != "" {
		f.month, err = period.Parse(c.Period.Constant)
		return f, err
	}
	if c.filePeriod == nil {
		return f, nil
	}
	m := c.filePeriod.FindStringSubmatch(base)
	if len(m) < 3 {
		return f, nil
	}
	if f.month, err = period.Parse(m[1] + "-" + ("0" + m[2])[len(m[2])-1:]); err != nil || len(m) < 4 || m[3] == "" {
		return f, err
	}
	day, err := strconv.Atoi(m[3])
	if err != nil {
		return f, err
	}
	first := f.month.First()
	if day := first.AddDate(0, 0, day-1); day.Month() == first.Month() { // no 31 June
		f.day = day
	}
	return f, nil
}

// filed gives what the extract's name tells; the scope as the lake has it.
func (in *Ingester) filed(file File) (filing, error) {
	f, err := in.contracts[file.Feed].filed(baseName(file.Rel))
	if code, ok := in.scopes[f.scope]; ok {
		f.scope = code
	}
	return f, err
}

func baseName(rel string) string { return rel[strings.LastIndexByte(rel, '/')+1:] }

// example is a name that extracts of the feed may have.
func (c *Contract) example() string { return c.nameLike(c.Files[0], "") }

// exampleMonth is the month that names of files are shown for.
var exampleMonth = period.Of(2026, 6)

// FileName is a name that a file of the feed may have, with the given ending:
// of a day where files are added to those before, of a month otherwise. County
// stands in it where it is not ""; a contract that reads no county from names,
// or not this one, gives "".
func (c *Contract) FileName(ending, county string) string {
	for _, g := range c.Files {
		if strings.HasSuffix(g, ending) {
			return c.nameLike(g, county)
		}
	}
	return c.nameLike(c.Feed+"_*"+ending, county)
}

// nameLike puts into a pattern the first date that the contract's rule reads as
// the month of examples.
func (c *Contract) nameLike(glob, county string) string {
	put := func(date string) string { return strings.ReplaceAll(strings.Replace(glob, "*", date, 1), "*", "") }
	dates := []string{"202606", "2026-06"}
	if c.Mode == lake.Append {
		dates = append([]string{"20260624", "2026-06-24"}, dates...)
	}
	for _, date := range dates {
		if county != "" {
			date = county + "_" + date
		}
		name := put(date)
		if f, err := c.filed(name); err == nil && (f.month == exampleMonth || c.filePeriod == nil) && f.scope == county {
			return name
		}
	}
	if county != "" {
		return ""
	}
	return put("202606")
}
