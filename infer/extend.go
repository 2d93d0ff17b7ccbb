package infer

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"laborwatch/ingest"
)

// ships says that the file is of a feed whose contract ships with the program.
// A contract of one's own takes the place of that one, so that what is proposed
// must still read all that it reads.
func (g *Guess) ships() bool {
	if g.contract == nil {
		return false
	}
	_, err := ingest.EmbeddedContract(g.contract.Feed)
	return err == nil
}

// extend writes the feed's contract with what the file adds to it: a pattern of
// names, headers, what is personal. All else stays; what the file would have
// otherwise is asked.
func (p *proposal) extend() {
	g := p.g
	c, blocks := g.contract, blocksOf(g.contract.Source())
	copied := func(keys ...string) {
		for _, k := range keys {
			if blocks[k] != "" {
				p.line("%s", blocks[k])
			}
		}
	}
	p.line("# %s", comment(both("extends", c.Feed, g.File)))
	p.line("feed: %s%s", c.Feed, p.doubtfulFeed())
	p.line("version: %d", c.Version+1)
	copied("title", "row")
	if c.Matches(g.File) {
		copied("files")
	} else {
		p.line("files: %s%s", texts(append(slices.Clone(c.Files), g.pattern())), ask("files"))
	}
	copied("mode", "key")
	p.differs()
	copied("csv", "xlsx")
	if g.Wrapped && c.Cells.Unwrap == "" {
		p.line(`cells: {unwrap: "\\['(.*)'\\]", nulls: %s}`, texts(append(slices.Clone(c.Cells.Nulls), "[]")))
	} else {
		copied("cells")
	}
	if !p.tellsMonth() {
		p.line("# ? %s", comment(both("nomonth", p.agreed(""))))
	}
	copied("period")
	p.extendScope(blocks["scope"])
	p.extendPersonal(blocks["personal"])
	copied("drift", "checks", "realign", "needs")
	p.extendColumns()
}

// blocksOf parts a contract into its keys, each with the lines that stand under
// it; comments before a key are its own.
func blocksOf(source []byte) map[string]string {
	out := map[string]string{}
	file, err := parser.ParseBytes(source, parser.ParseComments)
	if err != nil || len(file.Docs) == 0 { // it was parsed before
		return out
	}
	m, ok := file.Docs[0].Body.(*ast.MappingNode)
	if !ok {
		return out
	}
	lines := strings.Split(strings.TrimRight(string(source), "\n"), "\n")
	for i, v := range m.Values {
		end := len(lines)
		if i+1 < len(m.Values) {
			end = m.Values[i+1].Key.GetToken().Position.Line - 1
		}
		begin := v.Key.GetToken().Position.Line - 1
		for end > begin+1 && (strings.HasPrefix(lines[end-1], "#") || strings.TrimSpace(lines[end-1]) == "") {
			end--
		}
		out[v.Key.GetToken().Value] = strings.Join(lines[begin:end], "\n")
	}
	return out
}

// differs asks about a layout that the contract does not read.
func (p *proposal) differs() {
	g, c := p.g, p.g.contract
	if want := c.CSV.Encoding; g.Kind == ingest.KindText && want != "" && want != "auto" && want != g.Encoding {
		p.line("# ? %s", both("encoding", g.Encoding))
	}
	if g.Damaged {
		p.line("# ? %s", both("damaged"))
	}
	if c.XLSX.Sheet != "" && g.Sheet != "" && c.XLSX.Sheet != g.Sheet {
		p.line("# ? %s", comment(both("sheet", strings.Join(g.Sheets, ", "))))
	}
}

// tellsMonth says that the contract finds a month in the file or its name.
func (p *proposal) tellsMonth() bool {
	g, rule := p.g, p.g.contract.Period
	return rule.Constant != "" || rule.Told(g.File) != 0 ||
		slices.ContainsFunc(rule.Columns, func(name string) bool { return g.has(name) })
}

// agreed is a name that the feed's files may have, of a county where one is given.
func (p *proposal) agreed(county string) string {
	return p.g.contract.FileName(map[string]string{ingest.KindText: ".csv*", ingest.KindXLSX: ".xlsx", ingest.KindParquet: ".parquet"}[p.g.Kind], county)
}

// extendScope keeps the feed's scope: other files are told by it. A rule under
// which this file is told too is proposed; without one a person has to name it.
func (p *proposal) extendScope(block string) {
	g, county := p.g, p.g.county
	rule := g.contract.Scope.File
	switch {
	case county != nil && rule == "":
		p.scope()
	case county != nil && county.file == "":
		p.line("# ? %s", comment(both("named", county.code, p.agreed(county.code))))
		fallthrough
	case county == nil || county.file == rule:
		if block != "" {
			p.line("%s", block)
		}
	default:
		p.scope()
	}
}

func (p *proposal) extendPersonal(block string) {
	c := p.g.contract
	headers := slices.Clone(c.Personal)
	for _, col := range p.g.Columns {
		if col.Personal && ingest.FoldHeader(col.Header) != "" && !c.IsPersonal(col.Header) && owner(c, col.Header) == "" {
			headers = append(headers, col.Header)
		}
	}
	switch {
	case len(headers) > len(c.Personal):
		p.line("personal: %s%s", texts(headers), ask("personal"))
	case block != "":
		p.line("%s", block)
	}
}

// owner is the column that the contract finds under the header, "" for none.
func owner(c *ingest.Contract, header string) string {
	for _, col := range c.Columns {
		if knows(col, header) {
			return col.Name
		}
	}
	return ""
}

func knows(col ingest.ColumnRule, header string) bool {
	return slices.ContainsFunc(col.Aliases, func(a string) bool { return ingest.FoldHeader(a) == ingest.FoldHeader(header) })
}

func (p *proposal) extendColumns() {
	p.line("columns:")
	shared := map[string]string{} // a header that fills several columns
	for _, col := range p.g.contract.Columns {
		if found := p.g.find(col.Name); found != nil {
			shared[strings.Join(col.Aliases, "\x00")] = p.g.alias(found)
		}
	}
	used := map[string]bool{}
	for _, col := range p.g.contract.Columns {
		found := p.g.find(col.Name)
		header := shared[strings.Join(col.Aliases, "\x00")]
		if found != nil {
			header = p.g.alias(found)
		}
		p.extendColumn(col, header, found)
		used[ingest.FoldHeader(header)] = true
	}
	p.extras(used)
}

// extendColumn writes a column with the file's header before those it had.
func (p *proposal) extendColumn(col ingest.ColumnRule, header string, found *Column) {
	p.line("  - name: %s", col.Name)
	p.line("    type: %s", col.Type)
	doubt := ""
	switch other := owner(p.g.contract, header); {
	case header == "" || knows(col, header):
	case other != "":
		doubt = ask("claimed", header, other)
	default:
		col.Aliases = append([]string{header}, col.Aliases...)
		col.Constant = nil
	}
	if found != nil && found.Confidence < 0.9 && doubt == "" {
		doubt = doubtful(found)
	}
	if col.Aliases != nil {
		p.line("    aliases: %s%s", texts(col.Aliases), doubt)
	}
	if header == "" && col.Required != ingest.Optional && col.Constant == nil {
		p.line("    required: %s%s", col.Required, ask("lacks"))
	} else {
		p.required(col, found)
	}
	if found != nil && found.IndustryVersion != 0 && found.IndustryVersion != col.IndustryVersion {
		p.line("    # ? industry_version: %d (%s)", found.IndustryVersion, both("edition"))
	}
	p.rules(col, found)
}
