package infer

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/messages"
)

// Contract is the proposal: YAML that ingest.ParseContract accepts, with "# ?"
// where a person has to decide.
func (g *Guess) Contract() string {
	p := &proposal{g: g}
	if g.ships() {
		p.extend()
		return p.b.String()
	}
	p.top()
	p.layout()
	p.months()
	p.scope()
	p.personal()
	p.needs()
	p.columns()
	return p.b.String()
}

type proposal struct {
	g *Guess
	b strings.Builder
}

func (p *proposal) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

// doubtfulFeed asks about the feed unless the file's name tells it.
func (p *proposal) doubtfulFeed() string {
	g := p.g
	switch {
	case g.contract != nil && g.contract.Matches(g.File):
		return ""
	case g.contract != nil && g.Feeds[0].Score < sure:
		return ask("weak", g.Feeds[0].Score, strings.Join(g.candidates(), ", "))
	}
	return ask("feed", strings.Join(g.candidates(), ", "))
}

// Name is the feed of the proposal: the likely one, else the Latin letters of
// the file's name.
func (g *Guess) Name() string {
	if g.contract != nil {
		return g.contract.Feed
	}
	name := latin(strings.SplitN(g.File, ".", 2)[0])
	return cmp.Or(strings.Trim(regexp.MustCompile(`\d+`).ReplaceAllString(name, ""), "_"), "new_feed")
}

func (p *proposal) top() {
	g := p.g
	p.line("# %s", comment(both("head", g.File)))
	c := g.contract
	if c == nil {
		name := g.Name()
		p.line("feed: %s%s", name, p.doubtfulFeed())
		p.line("version: 1")
		p.line("title: {zh: %s, en: %s}%s", text(name), text(name), ask("title"))
		p.line("files: %s%s", texts([]string{g.pattern()}), ask("files"))
		p.line("mode: %s%s", lake.Snapshot, ask("mode"))
		return
	}
	p.line("feed: %s%s", c.Feed, p.doubtfulFeed())
	p.line("version: %d", c.Version+1)
	p.line("title: {zh: %s, en: %s}", text(c.Title.ZH), text(c.Title.EN))
	p.line("row: {zh: %s, en: %s}", text(c.Row.ZH), text(c.Row.EN))
	p.line("files: %s%s", texts([]string{g.pattern()}), ask("files"))
	var key, lost []string
	for _, k := range c.Key {
		if g.has(k) {
			key = append(key, k)
		} else {
			lost = append(lost, k)
		}
	}
	mode := c.Mode
	if mode == lake.Upsert && len(key) == 0 {
		mode = lake.Append
	}
	p.line("mode: %s%s", mode, ask("mode"))
	switch {
	case len(lost) > 0:
		p.line("key: %s%s", texts(key), ask("key", strings.Join(lost, ", ")))
	case len(key) > 0:
		p.line("key: %s", texts(key))
	}
}

// candidates are the feeds with their scores.
func (g *Guess) candidates() []string {
	var out []string
	for _, f := range g.Feeds[:min(3, len(g.Feeds))] {
		out = append(out, fmt.Sprintf("%s %.2f", f.Feed, f.Score))
	}
	return out
}

// has reports whether the contract's column was found.
func (g *Guess) has(name string) bool { return g.find(name) != nil }

func (g *Guess) find(name string) *Column {
	i := slices.IndexFunc(g.Columns, func(c Column) bool { return c.Matched && c.Name == name })
	if i < 0 {
		return nil
	}
	return &g.Columns[i]
}

var figures = regexp.MustCompile(`\d{4}(?:[-_.年]?\d{1,2}月?(?:[-_.]?\d{1,2}日?)?)?`)

// pattern is the name with its dates and codes replaced; marks of patterns are escaped.
func (g *Guess) pattern() string {
	name := regexp.MustCompile(`[\\*?\[\]]`).ReplaceAllStringFunc(g.File, func(s string) string { return `\` + s })
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	if g.county != nil && g.county.name != "" {
		stem = strings.Replace(stem, g.county.name, "*", 1)
	}
	return figures.ReplaceAllString(stem, "*") + ext
}

func (p *proposal) layout() {
	g := p.g
	if g.Kind == ingest.KindText {
		delim := ""
		if g.Delimiter != "," {
			delim = ", delimiter: " + text(g.Delimiter)
		}
		doubt := ""
		if g.Damaged {
			doubt = ask("damaged")
		}
		p.line("csv: {encoding: %s%s}%s", g.Encoding, delim, doubt)
	}
	if len(g.Sheets) > 1 {
		p.line("xlsx: {sheet: %s}%s", text(g.Sheet), ask("sheet", strings.Join(g.Sheets, ", ")))
	}
	if g.Wrapped {
		p.line(`cells: {unwrap: "\\['(.*)'\\]", nulls: ["[]"]}`)
	}
}

// months tells where months come from. A column named period is what the
// contract asks for wherever there is one.
func (p *proposal) months() {
	g := p.g
	columns := slices.Clone(g.PeriodColumns)
	if g.contract != nil && slices.ContainsFunc(g.contract.Columns, func(c ingest.ColumnRule) bool { return c.Name == "period" }) {
		columns = []string{"period"}
	}
	p.line("period:")
	if g.FileMonth != 0 {
		p.line("  file: %s", ingest.Usual)
	} else if len(columns) == 0 || columns[0] == "period" && !g.named("period") {
		p.line("  constant: %s%s", g.modified.Format("2006-01"), ask("constant"))
	}
	if len(columns) > 0 {
		p.line("  columns: %s", texts(columns))
	}
}

// named reports whether some column of the file bears the name.
func (g *Guess) named(name string) bool {
	return slices.ContainsFunc(g.Columns, func(c Column) bool { return c.Name == name })
}

func (p *proposal) personal() {
	var headers []string
	for _, c := range p.g.Columns {
		if c.Personal && ingest.FoldHeader(c.Header) != "" {
			headers = append(headers, c.Header)
		}
	}
	if len(headers) > 0 {
		p.line("personal: %s%s", texts(headers), ask("personal"))
	}
}

func (p *proposal) columns() {
	p.line("columns:")
	used := map[string]bool{}
	if c := p.g.contract; c != nil {
		shared := map[string]string{} // a header that fills several columns
		for i, col := range c.Columns {
			found := p.g.find(col.Name)
			header := ""
			if found != nil {
				header = p.g.alias(found)
				shared[strings.Join(c.Columns[i].Aliases, "\x00")] = header
			} else if h := shared[strings.Join(col.Aliases, "\x00")]; h != "" {
				header = h
			}
			p.known(col, header, found)
			used[ingest.FoldHeader(header)] = true
		}
	}
	p.extras(used)
	if len(used) == 0 || p.g.contract == nil && !slices.ContainsFunc(p.g.Columns, func(c Column) bool { return !c.Personal && ingest.FoldHeader(c.Header) != "" }) {
		p.line("  - {name: column_1, type: text, aliases: []}%s", ask("nothing"))
	}
}

// extras writes the columns of the file that no column of the feed stands for.
func (p *proposal) extras(used map[string]bool) {
	for _, c := range p.g.Columns {
		key := ingest.FoldHeader(p.g.alias(&c))
		if c.Matched || c.Personal || ingest.FoldHeader(c.Header) == "" || used[key] {
			continue
		}
		used[key] = true
		p.extra(c)
	}
}

// needs writes those of the feed's contract that the extract can meet.
func (p *proposal) needs() {
	if p.g.contract == nil {
		return
	}
	var lines []string
	for _, n := range p.g.contract.Needs {
		have := slices.DeleteFunc(slices.Clone(n.Any), func(name string) bool { return !p.g.has(name) })
		if len(have) == 0 {
			continue
		}
		var unless []string
		for _, name := range sorted(n.Unless) {
			if p.g.has(name) {
				unless = append(unless, name+": "+text(n.Unless[name]))
			}
		}
		line := "  - {any: " + texts(have)
		if len(unless) > 0 {
			line += ", unless: {" + strings.Join(unless, ", ") + "}"
		}
		lines = append(lines, line+"}")
	}
	if len(lines) > 0 {
		p.line("needs:\n%s", strings.Join(lines, "\n"))
	}
}

// known writes a column of the feed's contract, under the header found.
func (p *proposal) known(col ingest.ColumnRule, header string, found *Column) {
	p.line("  - name: %s", col.Name)
	p.line("    type: %s", col.Type)
	switch {
	case header == "" && col.Constant != nil:
	case header == "":
		p.line("    aliases: []%s", ask("absent"))
	case found != nil && found.Confidence < 0.9:
		p.line("    aliases: %s%s", texts([]string{header}), doubtful(found))
	default:
		p.line("    aliases: %s", texts([]string{header}))
	}
	if header != "" {
		p.required(col, found)
	}
	if found != nil && found.IndustryVersion != 0 {
		p.line("    industry_version: %d%s", found.IndustryVersion, ask("edition"))
		col.IndustryVersion = 0
	}
	if header != "" {
		col.Constant = nil
	}
	p.rules(col, found)
}

// required says so where the column is, and that the file has gaps there.
func (p *proposal) required(col ingest.ColumnRule, found *Column) {
	if col.Required == ingest.Optional {
		return
	}
	doubt := ""
	if found != nil && found.Filled < p.g.Rows {
		doubt = ask("gaps", p.g.Rows-found.Filled, p.g.Rows)
	}
	p.line("    required: %s%s", col.Required, doubt)
}

// rules writes how the contract reads the column's cells.
func (p *proposal) rules(col ingest.ColumnRule, found *Column) {
	if found != nil && found.Bad > 0 {
		p.line("    # ? %s", messages.Both("infer.ask.bad", found.Bad, found.Filled))
	}
	p.codes(col, found)
	for _, kv := range []struct{ key, value string }{{"extract", col.Extract}, {"pattern", col.Pattern}, {"otherwise", col.Otherwise}} {
		if kv.value != "" {
			p.line("    %s: %s", kv.key, text(kv.value))
		}
	}
	for _, from := range sorted(col.Replace) {
		if from == sorted(col.Replace)[0] {
			p.line("    replace:")
		}
		p.line("      %s: %s", text(from), text(col.Replace[from]))
	}
	if len(col.Nulls) > 0 {
		p.line("    nulls: %s", texts(col.Nulls))
	}
	if col.Default != nil {
		p.line("    default: %s", text(*col.Default))
	}
	if col.Constant != nil {
		p.line("    constant: %s", text(*col.Constant))
	}
	if col.Min != nil {
		p.line("    min: %s", strconv.FormatFloat(*col.Min, 'f', -1, 64))
	}
	if col.Max != nil {
		p.line("    max: %s", strconv.FormatFloat(*col.Max, 'f', -1, 64))
	}
	for i, from := range slices.Sorted(maps.Keys(col.Negative)) {
		if i == 0 {
			p.line("    negative:")
		}
		p.line("      %s: %s", from, texts(col.Negative[from]))
	}
	if col.IndustryVersion != 0 {
		p.line("    industry_version: %d", col.IndustryVersion)
	}
	if col.Meaning.ZH != "" {
		p.line("    meaning: {zh: %s, en: %s}", text(col.Meaning.ZH), text(col.Meaning.EN))
		p.line("    example: %s", text(col.Example))
	}
}

// codes writes the contract's codes, and what the file has beside them.
func (p *proposal) codes(col ingest.ColumnRule, found *Column) {
	if len(col.Codes) == 0 {
		return
	}
	p.line("    codes:")
	for _, code := range col.CodeList() {
		p.line("      %s: %s", text(code), texts(col.Codes[code]))
	}
	if found != nil && len(found.Unknown) > 0 {
		list := make([]string, 0, maxCodes)
		for _, s := range found.Unknown[:min(len(found.Unknown), maxCodes)] {
			list = append(list, show(s, isName(s) && len(found.Unknown) > 3, true))
		}
		p.line("      # ? %s", messages.Both("infer.ask.codes", comment(strings.Join(list, "、"))))
	}
}

// extra writes a column that the feed does not have: as a comment where there
// is a feed, for the models do not ask for it.
func (p *proposal) extra(c Column) {
	var b strings.Builder
	fmt.Fprintf(&b, "- {name: %s, type: %s, aliases: %s", c.Name, c.Type, texts([]string{p.g.alias(&c)}))
	if c.IndustryVersion != 0 {
		fmt.Fprintf(&b, ", industry_version: %d", c.IndustryVersion)
	}
	b.WriteString("}")
	note := ask("column")
	if len(c.Codes) > 0 {
		note = ask("values", comment(strings.Join(c.Codes, "、")))
	}
	if p.g.contract != nil {
		p.line("  # %s%s", b.String(), note)
		return
	}
	p.line("  %s%s", b.String(), note)
}
