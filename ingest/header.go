package ingest

import (
	"slices"
	"strings"
)

// headerRows bounds how far down a header is looked for.
const headerRows = 30

// header is a recognized header: which cell of a row holds each column.
type header struct {
	// cols gives the cell's index by column of the contract, -1 when absent.
	cols []int
	// row is the index of its last row, first data row is the next.
	row int
	// matched counts columns found, levels the rows that the header takes.
	matched, levels int
	// names are the headers as found, for messages; groups those of the level above.
	names, groups []string
	// extra are headers that the contract does not know, extraAt their cells.
	extra   []string
	extraAt []int
	// twice are headers of a column that another header gave already.
	twice []string
}

// normalHeader folds a header to what is compared: half-width, lower case, no
// blanks, no units in parentheses, no marks.
func normalHeader(s string) string {
	s = strings.ToLower(clean(s))
	for _, p := range []string{"()", "[]", "【】"} {
		r := []rune(p)
		for {
			i := strings.IndexRune(s, r[0])
			if i < 0 {
				break
			}
			j := strings.IndexRune(s[i:], r[1])
			if j < 0 {
				break
			}
			s = s[:i] + s[i+j+len(string(r[1])):]
		}
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '*', ':', '_', '-', '"', '\'':
			return -1
		}
		return r
	}, s)
}

// matchHeader finds the columns of the contract in the cells of one header
// row; groups, when given, are the headers of the level above.
func (c *Contract) matchHeader(cells, groups []string) *header {
	h := &header{cols: make([]int, len(c.Columns)), levels: 1}
	at := map[string]int{}
	used := map[int]bool{}
	group, above := "", ""
	for i, cell := range cells {
		if i < len(groups) && strings.TrimSpace(groups[i]) != "" {
			group, above = normalHeader(groups[i]), strings.TrimSpace(groups[i])
		}
		h.groups = append(h.groups, above)
		n := normalHeader(cell)
		if n == "" && i < len(groups) { // merged over both rows
			cell = groups[i]
			n = normalHeader(cell)
		}
		shown := strings.TrimSpace(cell)
		if unnamedPersonal.MatchString(shown) || holdsPersonal(shown) {
			shown = blot // no header, and nothing to show
		}
		h.names = append(h.names, shown)
		if n == "" {
			continue
		}
		for _, name := range []string{n, group + "/" + n} {
			if _, twice := at[name]; !twice {
				at[name] = i
			}
		}
	}
	for i := range c.Columns {
		h.cols[i] = -1
		for _, a := range c.aliases[i] {
			if j, ok := at[a]; ok {
				h.cols[i] = j
				used[j] = true
				h.matched++
				break
			}
		}
	}
	for i, name := range h.names {
		switch {
		case name == "" || used[i] || c.personal[normalHeader(name)]:
		case c.knows(normalHeader(name)):
			h.twice = append(h.twice, name)
		default:
			h.extra, h.extraAt = append(h.extra, name), append(h.extraAt, i)
		}
	}
	return h
}

// knows says that some column has the header.
func (c *Contract) knows(normal string) bool {
	return slices.ContainsFunc(c.aliases, func(list []string) bool { return slices.Contains(list, normal) })
}

// heads are the texts of the cells that hold the columns' headers, "" for none.
func (h *header) heads() []string {
	out := make([]string, len(h.cols))
	for i, j := range h.cols {
		if j >= 0 {
			out[i] = h.names[j]
		}
	}
	return out
}

// repeats says that a row is the header once more, as on every page of a print.
func (h *header) repeats(cells []string) bool {
	same := 0
	for _, j := range h.cols {
		if j < 0 || h.names[j] == "" {
			continue
		}
		if j >= len(cells) || strings.TrimSpace(cells[j]) != h.names[j] {
			return false
		}
		same++
	}
	return same > 1
}

// normalAlias folds an alias; "group/leaf" keeps its bar.
func normalAlias(a string) string {
	if g, leaf, ok := strings.Cut(a, "/"); ok {
		return normalHeader(g) + "/" + normalHeader(leaf)
	}
	return normalHeader(a)
}

// normalize prepares aliases for comparison.
func (c *Contract) normalize() {
	c.aliases = make([][]string, len(c.Columns))
	for i, col := range c.Columns {
		for _, a := range col.Aliases {
			c.aliases[i] = append(c.aliases[i], normalAlias(a))
		}
	}
	c.personal = map[string]bool{}
	for _, p := range c.Personal {
		c.personal[normalHeader(p)] = true
	}
}

// findHeader looks for the header in the first rows of a table, under title
// rows and over one or two levels. The error is a refusal that names the
// missing required columns and the nearest headers found.
func (c *Contract) findHeader(rows [][]string) (*header, error) {
	best := c.bestHeader(rows)
	if best == nil {
		return nil, refuse("no_header", min(len(rows), headerRows), strings.Join(c.sampleAliases(), ", "))
	}
	if missing := c.missing(best); len(missing) > 0 {
		return nil, refuse("columns", missing)
	}
	return best, nil
}

// bestHeader is the row under which most columns are found, nil when none is.
func (c *Contract) bestHeader(rows [][]string) *header {
	var best *header
	better := func(h *header, row int) {
		h.row = row
		if h.matched > 0 && (best == nil || h.matched > best.matched) {
			best = h
		}
	}
	for i := range min(len(rows), headerRows) {
		better(c.matchHeader(rows[i], nil), i)
		if best != nil && len(best.extra) == 0 && len(c.optionalMissing(best)) == 0 {
			break // nothing better can follow
		}
		if i+1 < len(rows) {
			two := c.matchHeader(pad(rows[i+1], len(rows[i])), pad(rows[i], len(rows[i+1])))
			two.levels = 2
			better(two, i+1)
		}
	}
	return best
}

// pad gives one of the two rows the length of the other: the leaf row is the
// shorter one where the last columns are merged over both, for spreadsheets do
// not store the empty cells at a row's end.
func pad(row []string, n int) []string {
	if len(row) >= n {
		return row
	}
	return append(slices.Clone(row), make([]string, n-len(row))...)
}

// missing describes the required columns that the header lacks.
func (c *Contract) missing(h *header) phrases {
	var out phrases
	for _, i := range c.lacking(h) {
		col := c.Columns[i]
		var near []string
		for _, a := range col.Aliases {
			near = append(near, nearest(a, h.names, 2)...)
		}
		slices.Sort(near)
		near = slices.Compact(near)
		if len(near) == 0 {
			near = []string{"-"}
		}
		out = append(out, &refusalError{"ingest.refused.column", []any{col.Name, strings.Join(col.Aliases, ", "), strings.Join(near, ", ")}})
	}
	return out
}

// lacking are the places of columns that the header must have and lacks: the
// required ones, and the first of those of which one is needed.
func (c *Contract) lacking(h *header) []int {
	var out []int
	for i, col := range c.Columns {
		if h.cols[i] < 0 && col.Required != Optional && col.Constant == nil || c.unnamed(h, col) {
			out = append(out, i)
		}
	}
	return out
}

// unnamed says that a need begins with the column, and the header has none of its.
func (c *Contract) unnamed(h *header, col ColumnRule) bool {
	return slices.ContainsFunc(c.Needs, func(n Need) bool {
		return n.Any[0] == col.Name && !slices.ContainsFunc(n.Any, func(name string) bool {
			return h.cols[slices.IndexFunc(c.Columns, func(o ColumnRule) bool { return o.Name == name })] >= 0
		})
	})
}

// optionalMissing names the optional columns that the header lacks.
func (c *Contract) optionalMissing(h *header) []string {
	var out []string
	for i, col := range c.Columns {
		if h.cols[i] < 0 && len(col.Aliases) > 0 {
			out = append(out, col.Name)
		}
	}
	return out
}

func (c *Contract) sampleAliases() []string {
	var out []string
	for _, col := range c.Columns {
		if len(col.Aliases) > 0 && len(out) < 5 {
			out = append(out, col.Aliases[0])
		}
	}
	return out
}
