package infer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"laborwatch/codes"
	"laborwatch/ingest"
)

// enough is the confidence from which a match is proposed.
const enough = 0.5

// match finds the contract's column for each of the file's, best pairs first:
// by header, by headers that are alike, and by what the cells hold.
func (g *Guess) match(o Options) {
	if g.contract != nil {
		g.pair(o.Regions)
	}
	names := map[string]bool{}
	for _, c := range g.Columns {
		names[c.Name] = true
	}
	for i := range g.Columns {
		c := &g.Columns[i]
		c.edition()
		switch {
		case c.Matched:
		case c.Personal:
			c.Why, c.Confidence = "personal", 0.8
		default:
			c.Why = "new"
			c.Name = newName(c, o.Contracts, names)
			names[c.Name] = true
		}
	}
}

type pairing struct {
	column, cell int
	score        float64
	why          string
}

// alias is what a contract calls the column: under a group where its header
// stands more than once.
func (g *Guess) alias(c *Column) string {
	n := 0
	for _, o := range g.Columns {
		if ingest.FoldHeader(o.Header) == ingest.FoldHeader(c.Header) {
			n++
		}
	}
	if n > 1 && c.Group != "" && !strings.Contains(c.Group+c.Header, "/") {
		return c.Group + "/" + c.Header
	}
	return c.Header
}

// met gives the file's column in which ingest itself finds the contract's.
func (g *Guess) met(column int) int {
	if g.recognized == nil || g.recognized.Cells[column] < 0 {
		return -1
	}
	return slices.IndexFunc(g.Columns, func(c Column) bool { return c.Index == g.recognized.Cells[column] })
}

func (g *Guess) pair(regions []string) {
	var all []pairing
	for i, col := range g.contract.Columns {
		r := g.contract.Reader(col, regions)
		if j := g.met(i); j >= 0 {
			// The header says it; cells that do not read lower the trust.
			all = append(all, pairing{i, j, 0.6 + 0.4*share(r, g.Columns[j].cells), "alias"})
			continue
		}
		for j := range g.Columns {
			if p := score(g.contract, col, &g.Columns[j], r); p.score >= enough {
				p.column, p.cell = i, j
				all = append(all, p)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b pairing) int {
		if a.why != b.why && (a.why == "alias" || b.why == "alias") {
			return cmp.Compare(b.rank(), a.rank())
		}
		return cmp.Compare(b.score, a.score)
	})
	taken := map[int]bool{}
	for _, p := range all {
		if !g.Columns[p.cell].Matched && !taken[p.column] {
			taken[p.column] = true
			g.settle(p, regions)
		}
	}
	// A required column may still be told by its type alone.
	for i, col := range g.contract.Columns {
		if taken[i] || col.Required == ingest.Optional || !slices.Contains([]string{"date", "month", "region", "industry", "money", "wage_low"}, col.Type) || g.met(i) >= 0 {
			continue
		}
		if j := slices.IndexFunc(g.Columns, func(c Column) bool { return !c.Matched && !c.Personal && c.Type == col.Type }); j >= 0 {
			g.settle(pairing{i, j, 0.3, "type"}, regions)
		}
	}
}

func (p pairing) rank() int {
	if p.why == "alias" {
		return 1
	}
	return 0
}

func (g *Guess) settle(p pairing, regions []string) {
	c, col := &g.Columns[p.cell], g.contract.Columns[p.column]
	c.Matched, c.Personal = true, false
	c.Name, c.Type, c.Confidence, c.Why = col.Name, col.Type, p.score, p.why
	c.judge(g.contract.Reader(col, regions), col)
}

// judge counts the cells that do not read as the column.
func (c *Column) judge(r ingest.CellReader, col ingest.ColumnRule) {
	unknown := map[string]bool{}
	for _, s := range c.cells {
		if _, _, fault := r.Read(s); fault != "" {
			c.Bad++
			if fault == ingest.UnknownCode && len(col.Codes) > 0 {
				unknown[s] = true
			}
		}
	}
	for s := range unknown {
		c.Unknown = append(c.Unknown, s)
	}
	slices.Sort(c.Unknown)
}

// score is the confidence that a column of the file is the contract's, and why.
func score(contract *ingest.Contract, col ingest.ColumnRule, c *Column, r ingest.CellReader) pairing {
	reads := share(r, c.cells)
	head := ingest.FoldHeader(c.Header)
	alike := 0.0
	for _, a := range append(slices.Clone(col.Aliases), col.Name) {
		if _, leaf, ok := strings.Cut(a, "/"); ok {
			a = leaf
		}
		a = ingest.FoldHeader(a)
		if a == head {
			return pairing{score: 0.55 + 0.39*reads, why: "similar"} // of a level that was not asked for
		}
		alike = max(alike, likeness(a, head))
	}
	if contract.IsPersonal(c.Header) || c.Personal {
		return pairing{}
	}
	// An ID proves itself by its check digit.
	if col.Type == c.Type && (c.Type == "person" || c.Type == "uscc") {
		return pairing{score: 0.55 + 0.35*max(alike, reads-0.2), why: "values"}
	}
	if !compatible(col.Type, c.Type) || reads < 0.5 || col.Type == "code" && c.long() {
		return pairing{}
	}
	return pairing{score: alike*0.7 + 0.2*reads, why: "similar"}
}

// long reports that one cell in twenty is prose: too long for a code, and more
// than the digits and letters of a long number.
func (c *Column) long() bool {
	n := 0
	for _, s := range c.cells {
		if utf8.RuneCountInString(s) > 2*maxCodeText && strings.ContainsFunc(s, func(r rune) bool { return r == ' ' || r > 0x7f }) {
			n++
		}
	}
	return 20*n > len(c.cells)
}

// share is the share of cells that read; an empty column reads half.
func share(r ingest.CellReader, cells []string) float64 {
	good, all := 0, 0
	for _, s := range cells[:min(len(cells), 300)] {
		if _, filled, fault := r.Read(s); filled {
			all++
			if fault == "" {
				good++
			}
		}
	}
	if all == 0 {
		return 0.5
	}
	return float64(good) / float64(all)
}

// likeness of two headers: by edit distance, and by one being part of the other.
func likeness(a, b string) float64 {
	if a == "" || b == "" {
		return 0
	}
	s := ingest.Similar(a, b)
	short, long := a, b
	if len(short) > len(long) {
		short, long = long, short
	}
	if len([]rune(short)) >= 2 && strings.Contains(long, short) {
		s = max(s, 0.5+0.5*float64(len(short))/float64(len(long)))
	}
	return s
}

// compatible reports whether cells that look like one type may be of another.
func compatible(want, got string) bool {
	groups := [][]string{
		{"month", "date"},
		{"integer", "bigint", "number", "money", "weight"},
		{"wage_low", "wage_high", "money", "text"},
		{"text", "code", "list", "boolean", "integer", "region", "industry"},
	}
	return want == got || slices.ContainsFunc(groups, func(g []string) bool { return slices.Contains(g, want) && slices.Contains(g, got) })
}

// newName names a column that the feed does not have: as other feeds name the
// header, as the header itself does when it is in Latin letters, or by its place.
func newName(c *Column, cs ingest.Contracts, taken map[string]bool) string {
	name := ""
	head := ingest.FoldHeader(c.Header)
	for _, feed := range cs.Feeds() {
		for _, col := range cs[feed].Columns {
			if name == "" && slices.ContainsFunc(col.Aliases, func(a string) bool { return ingest.FoldHeader(a) == head }) && !taken[col.Name] {
				name = col.Name
			}
		}
	}
	if name == "" {
		name = latin(c.Header)
	}
	if name == "" || name == "_row" {
		name = fmt.Sprintf("column_%d", c.Index+1)
	}
	// A person column brings columns of its own.
	for base, n := name, 2; taken[name] || slices.Contains([]string{"sex", "birth_month", "origin", "period"}, name) && c.Type != "month"; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	return name
}

// latin makes snake_case of a header in Latin letters, "" of others.
func latin(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9' && b.Len() > 0:
			b.WriteRune(r)
		case r > 0x7f:
			return ""
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	return strings.Trim(b.String(), "_")
}

// edition tells which edition of GB/T 4754 an industry column follows.
func (c *Column) edition() {
	if c.Type != "industry" {
		return
	}
	best, most := 2017, -1
	for _, edition := range []int{2017, 2011, 2002} {
		n := 0
		for _, s := range c.cells {
			if _, err := codes.ParseIndustryOf(edition, s); err == nil {
				n++
			}
		}
		// An older edition takes any class of its divisions: it must do better by a tenth.
		if n > most+len(c.cells)/10 || most < 0 {
			best, most = edition, n
		}
	}
	if best != 2017 {
		c.IndustryVersion = best
	}
}
