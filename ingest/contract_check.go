package ingest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"laborwatch/lake"
	"laborwatch/period"
)

// repeatsKey is what Contract.Repeats may say.
const repeatsKey = "key"

var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// check finds what the shape alone does not tell, and compiles the file rules.
func (c *Contract) check(f *faults) {
	if !identifier.MatchString(c.Feed) {
		f.at("/feed", "feed: want a name in snake_case, not %q", c.Feed)
	}
	if c.Version < 1 {
		f.at("/version", "version: want a number from 1")
	}
	if len(c.Files) == 0 {
		f.at("/files", "files: list at least one pattern such as \"社保缴费_*.csv\"")
	}
	if !slices.Contains([]string{lake.Snapshot, lake.Append, lake.Upsert}, c.Mode) {
		f.at("/mode", "mode: want snapshot, append or upsert, not %q", c.Mode)
	}
	if c.Repeats != "" && c.Repeats != repeatsKey {
		f.at("/repeats", "repeats: want key, or leave it out")
	}
	if c.Mode == lake.Upsert && len(c.Key) == 0 {
		f.at("/mode", "mode: upsert needs a key")
	}
	if !slices.Contains([]string{"", "auto", "utf-8", "gb18030", "utf-16"}, c.CSV.Encoding) {
		f.at("/csv/encoding", "csv.encoding: want auto, utf-8, gb18030 or utf-16, not %q", c.CSV.Encoding)
	}
	if len(c.CSV.Delimiter) > 1 {
		f.at("/csv/delimiter", "csv.delimiter: want one character")
	}
	f.regexp("/cells/unwrap", c.Cells.Unwrap, 1)
	c.filePeriod = f.regexp("/period/file", rule(c.Period.File, usualPeriod), 2)
	c.fileScope = f.regexp("/scope/file", rule(c.Scope.File, usualScope), 1)
	c.dropRow = f.regexp("/xlsx/drop", c.dropPattern(), 0)
	c.checkColumns(f)
	c.checkPeriod(f)
	c.checkPolicies(f)
	c.checkNeeds(f)
	for i, k := range c.Key {
		if c.column(k) == nil {
			f.at(fmt.Sprintf("/key/%d", i), "key: no column %q%s", k, suggest(k, c.names()))
		}
	}
	for i, r := range c.Realign {
		for j, name := range r.Columns {
			p := fmt.Sprintf("/realign/%d/columns/%d", i, j)
			if col := c.column(name); col == nil {
				f.at(p, "realign: no column %q%s", name, suggest(name, c.names()))
			} else if col.Pattern == "" {
				f.at(p, "realign: column %q needs a pattern that tells its cells from its neighbors'", name)
			}
		}
	}
}

// checkNeeds finds needs that no cell could meet, or no cell lift.
func (c *Contract) checkNeeds(f *faults) {
	for i, n := range c.Needs {
		p := fmt.Sprintf("/needs/%d", i)
		if len(n.Any) == 0 {
			f.at(p, "needs: list in any the columns of which one must be filled")
		}
		for j, name := range n.Any {
			if col := c.column(name); col == nil {
				f.at(fmt.Sprintf("%s/any/%d", p, j), "needs: no column %q%s", name, suggest(name, c.names()))
			} else if len(col.Aliases) == 0 || col.Default != nil {
				f.at(fmt.Sprintf("%s/any/%d", p, j), "needs: column %q is filled in by no cell of its own", name)
			}
		}
		for _, name := range keysOf(n.Unless) {
			col := c.column(name)
			switch {
			case col == nil:
				f.at(p+"/unless/"+name, "needs: no column %q%s", name, suggest(name, c.names()))
			case col.Constant != nil || col.Type != "boolean" && len(col.Codes) == 0:
				f.at(p+"/unless/"+name, "needs: unless goes by a boolean, or a column with codes, not by %q", name)
			case col.Type == "boolean" && n.Unless[name] != "true" && n.Unless[name] != "false", col.Type != "boolean" && col.Codes[n.Unless[name]] == nil:
				f.at(p+"/unless/"+name, "needs: %q is no value of column %q", n.Unless[name], name)
			}
		}
	}
}

func (c *Contract) names() []string {
	var out []string
	for _, col := range c.Columns {
		out = append(out, col.Name)
	}
	return out
}

func (c *Contract) checkPeriod(f *faults) {
	p := c.Period
	if p.Constant != "" {
		if _, err := period.Parse(p.Constant); err != nil {
			f.at("/period/constant", "period.constant: %v", err)
		}
	}
	for name, n := range map[string]*int{"back": p.Back, "ahead": p.Ahead} {
		switch {
		case n == nil:
		case *n < 0:
			f.at("/period/"+name, "period.%s: want a count of months", name)
		case len(p.Columns) == 0:
			f.at("/period/"+name, "period.%s goes with period.columns", name)
		}
	}
	if p.Constant == "" && p.File == "" && len(p.Columns) == 0 {
		f.at("/period", "period: say where the month comes from: constant, file or columns")
	}
	for i, name := range p.Columns {
		col := c.column(name)
		if col == nil || types[col.Type] != "DATE" {
			f.at(fmt.Sprintf("/period/columns/%d", i), "period.columns: %q is no date or month column", name)
		}
	}
	if col := c.column("period"); col != nil && !slices.Equal(p.Columns, []string{"period"}) {
		f.at("/period", "period.columns: there is a column named period, so it must be [period]")
	}
}

func (c *Contract) checkColumns(f *faults) {
	if len(c.Columns) == 0 {
		f.at("/columns", "columns: list at least one")
	}
	seen := map[string]bool{"_row": true}
	for i, col := range c.Columns {
		p := fmt.Sprintf("/columns/%d", i)
		if !identifier.MatchString(col.Name) {
			f.at(p+"/name", "column name: want snake_case, not %q", col.Name)
		}
		names := []string{col.Name}
		if col.Type == "person" {
			for _, d := range derived {
				if d.Name != "sex" {
					names = append(names, d.Name)
				}
			}
		}
		for _, n := range names {
			if seen[n] {
				f.at(p+"/name", "column %q: %s is there already", col.Name, n)
			}
			seen[n] = true
		}
		if _, ok := types[col.Type]; !ok {
			f.at(p+"/type", "column %q: unknown type %q%s; the types are %s", col.Name, col.Type, suggest(col.Type, keysOf(types)), strings.Join(keysOf(types), ", "))
		}
		c.checkColumn(f, p, col)
	}
}

func (c *Contract) checkColumn(f *faults, p string, col ColumnRule) {
	inGroup := slices.ContainsFunc(c.Realign, func(r Realign) bool { return slices.Contains(r.Columns, col.Name) })
	if col.Aliases == nil && col.Constant == nil && !inGroup {
		f.at(p, "column %q: give the headers it is found under (aliases; [] when these extracts lack it), or a constant", col.Name)
	}
	if len(col.Aliases) == 0 && col.Constant == nil && col.Required != Optional {
		f.at(p+"/required", "column %q: a column without aliases cannot be required", col.Name)
	}
	if len(col.Aliases) > 0 && col.Constant != nil {
		f.at(p+"/constant", "column %q: a constant column has no aliases", col.Name)
	}
	f.regexp(p+"/extract", col.Extract, 1)
	f.regexp(p+"/pattern", col.Pattern, 0)
	if col.Otherwise != "" && len(col.Codes) == 0 {
		f.at(p+"/otherwise", "column %q: otherwise goes with codes", col.Name)
	}
	switch col.Type {
	case "person", "uscc", "wage_low", "wage_high":
		if len(col.Codes) > 0 {
			f.at(p+"/codes", "column %q: a %s has no codes", col.Name, col.Type)
		}
	case "boolean":
		for _, k := range keysOf(col.Codes) {
			if k != "true" && k != "false" {
				f.at(p+"/codes/"+k, "column %q: the codes of a boolean are true and false", col.Name)
			}
		}
	}
	taken := map[string]string{}
	for _, code := range keysOf(col.Codes) {
		for _, text := range col.Codes[code] {
			if other, twice := taken[text]; twice {
				f.at(p+"/codes/"+code, "column %q: %q means both %s and %s", col.Name, text, other, code)
			}
			taken[text] = code
		}
	}
	if !slices.Contains([]int{0, 2002, 2011, 2017}, col.IndustryVersion) {
		f.at(p+"/industry_version", "column %q: industry_version: want 2017, 2011 or 2002, not %d", col.Name, col.IndustryVersion)
	}
	if col.IndustryVersion != 0 && col.Type != "industry" {
		f.at(p+"/industry_version", "column %q: industry_version goes with type industry", col.Name)
	}
	if col.Min != nil && col.Max != nil && *col.Min > *col.Max {
		f.at(p+"/min", "column %q: min %v is above max %v", col.Name, *col.Min, *col.Max)
	}
	if (col.Min != nil || col.Max != nil) && !slices.Contains([]string{"INTEGER", "BIGINT", "DOUBLE"}, types[col.Type]) {
		f.at(p, "column %q: min and max bound numbers only", col.Name)
	}
	if len(col.Negative) > 0 && (col.Min == nil || col.Max == nil) {
		f.at(p+"/negative", "column %q: negative needs min and max", col.Name)
	}
	for _, name := range keysOf(col.Negative) {
		by := c.column(name)
		for i, code := range col.Negative[name] {
			switch {
			case by == nil:
				f.at(p+"/negative/"+name, "negative: no column %q%s", name, suggest(name, c.names()))
			case by.Constant != nil || by.Codes[code] == nil:
				f.at(fmt.Sprintf("%s/negative/%s/%d", p, name, i), "negative: %q is no code of column %q", code, name)
			}
		}
	}
}
