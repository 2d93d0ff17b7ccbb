package infer

import (
	"regexp"
	"slices"
	"strings"

	"laborwatch/ingest"
	"laborwatch/messages"
)

// regionCode is a code of GB/T 2260, down to the county, town or village: what
// the counties of a city share, then the county.
var regionCode = regexp.MustCompile(`^(\d{4})(\d{2})(\d{3}|\d{6})?$`)

// county is what a snapshot of one county alone needs: without a scope it would
// take the place of the whole month.
type county struct {
	// code is the county's, "" when the name of the file alone tells one.
	code string
	// file is a regular expression that finds the county in the file's name, ""
	// when the name does not tell it; name is what it finds.
	file, name string
	// column tells the county of a row, "" when none does.
	column string
}

// findCounty finds out whether the file is of one county: as names of the feed's
// files tell it, or because all its rows are of one.
func (g *Guess) findCounty(o Options) {
	c := county{}
	if g.contract != nil && g.contract.Scope.File != "" {
		if c.name = g.contract.Scope.Told(g.File); c.name != "" {
			c.file = g.contract.Scope.File
		}
	}
	col := g.regionColumn()
	if col != nil {
		c.code, c.column = oneCounty(col.cells), col.Name
	}
	if c.file == "" && c.code == "" {
		return
	}
	if c.file == "" {
		c.file, c.name = g.told(c.code, o)
	}
	g.county = &c
}

// regionColumn is the column that tells a row's county: the one that the
// contract says, else the only one of that type.
func (g *Guess) regionColumn() *Column {
	if g.contract != nil && g.contract.Scope.Column != "" {
		return g.find(g.contract.Scope.Column)
	}
	var found *Column
	for i := range g.Columns {
		if g.Columns[i].Type != "region" {
			continue
		}
		if found != nil {
			return nil
		}
		found = &g.Columns[i]
	}
	return found
}

// oneCounty gives the county that all cells are of, "" when they are of several
// or of a city as a whole.
func oneCounty(cells []string) string {
	code := ""
	for _, s := range cells {
		m := regionCode.FindStringSubmatch(s)
		if m == nil || m[2] == "00" || code != "" && code != m[1]+m[2] {
			return ""
		}
		code = m[1] + m[2]
	}
	return code
}

// told finds a county in the file's name, by code or by one of the names that
// the configuration has.
func (g *Guess) told(code string, o Options) (file, name string) {
	byCode := `(?:^|\D)(` + code[:4] + `\d{2})(?:\D|$)`
	if m := regexp.MustCompile(byCode).FindStringSubmatch(g.File); m != nil && m[1] == code {
		file, name = byCode, code
	}
	var names []string
	for n, c := range o.Counties {
		names = append(names, regexp.QuoteMeta(n))
		if c == code && name == "" && strings.Contains(g.File, n) {
			name = n
		}
	}
	slices.Sort(names)
	byName := "(" + strings.Join(names, "|") + ")"
	switch {
	case name == "":
		return "", ""
	case g.ships() && len(names) > 0:
		// Files that were told by the feed's own rule are told by this one too.
		return byCode + "|" + byName, name
	case g.ships():
		return "", ""
	case file == "":
		return byName, name
	}
	return file, name
}

// scope writes the county's part of the contract; where the name tells none, a
// person has to see to it.
func (p *proposal) scope() {
	c := p.g.county
	if c == nil {
		return
	}
	if c.file == "" {
		p.line("# ? %s", comment(messages.Both("infer.ask.noscope", c.code, c.column)))
		return
	}
	column := ""
	if c.column != "" && (p.g.contract == nil || p.g.has(c.column)) {
		column = ", column: " + c.column
	}
	file := c.file
	if file != ingest.Usual {
		file = "'" + strings.ReplaceAll(file, "'", "''") + "'"
	}
	p.line("scope: {file: %s%s}%s", file, column, ask("scope", c.name))
}
