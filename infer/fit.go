package infer

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"laborwatch/ingest"
)

// score finds how well every feed fits every table.
func (g *Guess) score(tables []ingest.Table, o Options) {
	for _, feed := range o.Contracts.Feeds() {
		c := o.Contracts[feed]
		best := FeedScore{Feed: feed}
		for i, t := range tables {
			s := g.fit(c, t, o)
			s.table = i
			if s.Score > best.Score {
				best = s
			}
		}
		if best.Score > 0 {
			g.Feeds = append(g.Feeds, best)
		}
	}
	slices.SortStableFunc(g.Feeds, func(a, b FeedScore) int { return cmp.Compare(b.Score, a.Score) })
	if len(g.Feeds) > 0 && g.Feeds[0].Score >= likely {
		g.Feed = g.Feeds[0].Feed
		g.contract = o.Contracts[g.Feed]
	}
}

// fit is how well a feed fits one table: how much of what it requires is there,
// how much of the file it knows, whether the names say so, and whether cells
// read as what their headers promise. What is not met by header counts less.
func (g *Guess) fit(c *ingest.Contract, t ingest.Table, o Options) FeedScore {
	s := FeedScore{Feed: c.Feed}
	plain := plainHeader(t.Rows)
	h := c.Recognize(t.Rows)
	s.header = h
	// One or two headers may be met in a title, or by chance.
	if h == nil && plain == nil {
		return s
	}
	if h == nil || plain != nil && h.Matched <= 2 && filledCells(h.Names) < filledCells(plain.Names) {
		s.header, h = nil, plain
		for range c.Columns {
			h.Cells = append(h.Cells, -1)
		}
	}
	met := map[int]bool{}
	for _, j := range h.Cells {
		met[j] = true
	}
	known, recall := 0.0, 0.0
	for i, name := range h.Names {
		if name != "" {
			s.Headers++
			if met[i] || c.IsPersonal(name) {
				known++
			}
		}
	}
	for i, col := range c.Columns {
		worth := 1.0
		if h.Cells[i] < 0 {
			worth = near(c, col, h, t.Rows, met, o)
			known += worth
		} else {
			s.Matched++
		}
		if col.Required != ingest.Optional {
			s.Required++
			recall += worth
			if h.Cells[i] >= 0 {
				s.Found++
			}
		}
	}
	named := max(words(c, g.File, h.Names), pairs(c.Title.ZH, g.File+strings.Join(h.Names, "/")))
	if c.Matches(g.File) {
		named = 1
	}
	recall /= float64(max(s.Required, 1))
	cover := min(known/float64(max(s.Headers, 1)), 1)
	s.Score = (0.5*recall+0.3*cover)*sound(c, h, t.Rows, o.Regions) + 0.2*named
	return s
}

// near is how likely a column of the contract is there under a header that it
// does not know: by a header alike, or by what the cells hold.
func near(c *ingest.Contract, col ingest.ColumnRule, h *ingest.Header, rows [][]string, met map[int]bool, o Options) float64 {
	best := 0.0
	for i, name := range h.Names {
		if met[i] || name == "" || c.IsPersonal(name) {
			continue
		}
		switch col.Type {
		case "person", "uscc":
			cells, distinct := column(c, h, rows, i, 100)
			if typ, _ := kind(name, cells, distinct, o.Regions); typ == col.Type {
				best = max(best, 0.9)
			}
			continue
		}
		for _, a := range append(slices.Clone(col.Aliases), col.Name) {
			if l := likeness(ingest.FoldHeader(a), ingest.FoldHeader(name)); l >= 0.6 {
				best = max(best, 0.6*l)
			}
		}
	}
	return best
}

// column gives up to n filled cells below a header.
func column(c *ingest.Contract, h *ingest.Header, rows [][]string, i, n int) (cells []string, distinct int) {
	seen := map[string]bool{}
	for _, row := range data(c, h, rows, n) {
		if i < len(row) {
			if s := ingest.Fold(row[i]); !ingest.MeansNothing(s) {
				cells = append(cells, s)
				seen[s] = true
			}
		}
	}
	return cells, len(seen)
}

// pairs is the share of a title's neighboring characters that a text has too.
func pairs(title, text string) float64 {
	r := []rune(title)
	n := 0
	for i := range len(r) - 1 {
		if strings.Contains(text, string(r[i:i+2])) {
			n++
		}
	}
	return float64(n) / float64(max(len(r)-1, 1))
}

// sound is the share of cells that read as what their header promises.
func sound(c *ingest.Contract, h *ingest.Header, rows [][]string, regions []string) float64 {
	good, all := 0, 0
	for i, col := range c.Columns {
		if h.Cells[i] < 0 {
			continue
		}
		r := c.Reader(col, regions)
		for _, row := range data(c, h, rows, 100) {
			if h.Cells[i] >= len(row) {
				continue
			}
			_, filled, fault := r.Read(row[h.Cells[i]])
			if filled {
				all++
				if fault == "" {
					good++
				}
			}
		}
	}
	if all == 0 {
		return 0.8 // nothing speaks against it
	}
	return float64(good) / float64(all)
}

// data are up to n rows below the header that are data.
func data(c *ingest.Contract, h *ingest.Header, rows [][]string, n int) [][]string {
	var out [][]string
	for _, row := range rows[min(h.Row+1, len(rows)):] {
		if len(out) == n {
			break
		}
		if c == nil || !c.Drops(row) {
			out = append(out, row)
		}
	}
	return out
}

var word = regexp.MustCompile(`[a-z]{3,}`)

// words is the share of the words in the feed's name that the file's name and
// headers have, for files in English.
func words(c *ingest.Contract, file string, headers []string) float64 {
	has := map[string]bool{}
	for _, w := range word.FindAllString(strings.ToLower(file+" "+strings.Join(headers, " ")), -1) {
		has[strings.TrimSuffix(w, "s")] = true
	}
	n := 0
	feed := word.FindAllString(c.Feed, -1)
	for _, w := range feed {
		if has[strings.TrimSuffix(w, "s")] {
			n++
		}
	}
	return float64(n) / float64(max(len(feed), 1))
}

// plainHeader is the first of the upper rows that is filled about as widely as
// any, with texts that are all different: no numbers or dates, else few. It is
// nil when there is none: the first row of data must not be taken for a header,
// for headers are shown.
func plainHeader(rows [][]string) *ingest.Header {
	top := rows[:min(len(rows), 30)]
	width := 0
	for _, row := range top {
		width = max(width, filledCells(row))
	}
	for _, numbers := range []float64{0, 0.34} {
		for i, row := range top {
			if 10*filledCells(row) < 7*width || !isHeader(row, numbers) {
				continue
			}
			h := &ingest.Header{Row: i, Levels: 1}
			for _, cell := range row {
				h.Names = append(h.Names, ingest.Fold(cell))
			}
			return h
		}
	}
	return nil
}

// isHeader reports whether a row has texts that are all different, at most so
// large a share of numbers, and nothing of a person.
func isHeader(row []string, numbers float64) bool {
	seen := map[string]bool{}
	n := 0
	for _, cell := range row {
		s := ingest.Fold(cell)
		if s == "" {
			continue
		}
		if seen[s] || isResident(s) || isCredit(s) || phone.MatchString(s) || digits.MatchString(s) {
			return false
		}
		seen[s] = true
		_, number := ingest.ReadNumber(s)
		_, date := ingest.ReadMonth(s)
		if number || date {
			n++
		}
	}
	return len(seen) > 0 && float64(n) <= numbers*float64(len(seen))
}
