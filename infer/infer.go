// Package infer looks at an extract for which there is no contract yet, and
// proposes one: what the file is, where its header is, which feed it looks
// like, which column is which, and why. A person finishes the proposal: every
// line to decide is marked "# ?".
//
// It reads the first rows of the file and stores nothing. What it prints holds
// no value of a column that may be about a person.
package infer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"laborwatch/ingest"
	"laborwatch/messages"
)

// Options of File.
type Options struct {
	// Contracts are the feeds that the file may be of.
	Contracts ingest.Contracts
	// Regions are the valid division codes; none means any.
	Regions []string
	// Rows that are looked at in each sheet; 0 means 2,000.
	Rows int
}

// Guess is what a file seems to be.
type Guess struct {
	// File is its base name.
	File string
	// Kind, Encoding, Delimiter, Sheet and so on are how it is laid out.
	Kind, Encoding, Delimiter, Sheet string
	Zipped, Damaged                  bool
	// Sheets lists all sheets of a workbook that hold anything.
	Sheets []string
	// Header is the row, counted from 1, on which the header ends; it takes
	// Levels rows.
	Header, Levels int
	// Rows of data that were looked at.
	Rows int
	// Wrapped says that cells are written as ['…'].
	Wrapped bool
	// Feeds it may be of, best first; Feed is the likely one, "" for none.
	Feeds []FeedScore
	Feed  string
	// PeriodFile is a regular expression that finds the month in the name, ""
	// when there is none; PeriodColumns are the columns that tell a row's month.
	PeriodFile    string
	PeriodColumns []string
	// Columns of the file, in order.
	Columns []Column

	contract   *ingest.Contract
	recognized *ingest.Header // nil when no header of the contract was met
	modified   time.Time
}

// FeedScore is how well a feed fits, from 0 to 1.
type FeedScore struct {
	Feed  string
	Score float64
	// Matched columns by name, of so many headers; Required ones of the contract found.
	Matched, Headers, Found, Required int
	header                            *ingest.Header
	table                             int
}

// likely is the score from which a feed is proposed.
const likely = 0.3

// File looks at a file. The error is a refusal in words for people when it is
// none that laborwatch reads.
func File(ctx context.Context, path string, o Options) (*Guess, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("infer: %w", err)
	}
	if info.IsDir() {
		return nil, errors.New(messages.Both("infer.folder", path))
	}
	sample, err := ingest.Peek(ctx, path, cmp.Or(o.Rows, 2000))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	g := &Guess{File: filepath.Base(path), Kind: sample.Kind, Encoding: sample.Encoding, Zipped: sample.Zipped, Damaged: sample.Damaged, modified: info.ModTime()}
	tables := sample.Tables
	if len(tables) == 0 || len(tables[0].Rows) == 0 {
		return nil, errors.New(messages.Both("infer.empty", g.File))
	}
	g.Wrapped = unwrap(tables)
	for _, t := range tables {
		if t.Sheet != "" {
			g.Sheets = append(g.Sheets, t.Sheet)
		}
	}
	g.score(tables, o)
	table, header := g.choose(tables)
	g.Sheet, g.Delimiter = table.Sheet, table.Delimiter
	g.Header, g.Levels = header.Row+1, header.Levels
	g.look(table, header, o)
	g.match(o)
	g.period()
	return g, nil
}

var wrapped = regexp.MustCompile(`^\['(.*)'\]$`)

// unwrap takes cells out of ['…'] when most are written so.
func unwrap(tables []ingest.Table) bool {
	in, all := 0, 0
	for _, t := range tables {
		for _, row := range t.Rows {
			for _, cell := range row {
				if strings.TrimSpace(cell) == "" {
					continue
				}
				all++
				if cell == "[]" || wrapped.MatchString(cell) {
					in++
				}
			}
		}
	}
	if all == 0 || 10*in < 6*all {
		return false
	}
	for _, t := range tables {
		for _, row := range t.Rows {
			for i, cell := range row {
				if m := wrapped.FindStringSubmatch(cell); m != nil {
					row[i] = m[1]
				} else if cell == "[]" {
					row[i] = ""
				}
			}
		}
	}
	return true
}

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
	if h == nil || h.Matched <= 2 && filledCells(h.Names) < filledCells(plain.Names) {
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

// choose settles the table and its header: the likely feed's, else the sheet
// with most cells and the row that looks like a header.
func (g *Guess) choose(tables []ingest.Table) (ingest.Table, *ingest.Header) {
	if g.Feed != "" {
		s := g.Feeds[0]
		if g.recognized = s.header; s.header != nil {
			return tables[s.table], s.header
		}
		return tables[s.table], plainHeader(tables[s.table].Rows)
	}
	best := slices.MaxFunc(tables, func(a, b ingest.Table) int { return cmp.Compare(size(a), size(b)) })
	return best, plainHeader(best.Rows)
}

func size(t ingest.Table) (n int) {
	for _, row := range t.Rows {
		n += filledCells(row)
	}
	return n
}

func filledCells(row []string) (n int) {
	for _, cell := range row {
		if strings.TrimSpace(cell) != "" {
			n++
		}
	}
	return n
}

// plainHeader is the first of the upper rows that is filled about as widely as
// any, with texts that are all different and no numbers or dates.
func plainHeader(rows [][]string) *ingest.Header {
	top := rows[:min(len(rows), 30)]
	width := 0
	for _, row := range top {
		width = max(width, filledCells(row))
	}
	at := 0
	for i, row := range top {
		if 10*filledCells(row) >= 7*width && isHeader(row) {
			at = i
			break
		}
	}
	h := &ingest.Header{Row: at, Levels: 1}
	for _, cell := range rows[at] {
		h.Names = append(h.Names, ingest.Fold(cell))
	}
	return h
}

func isHeader(row []string) bool {
	seen := map[string]bool{}
	for _, cell := range row {
		s := ingest.Fold(cell)
		if s == "" {
			continue
		}
		_, number := ingest.ReadNumber(s)
		_, date := ingest.ReadMonth(s)
		if number || date || seen[s] {
			return false
		}
		seen[s] = true
	}
	return len(seen) > 0
}

// Rules for the month in a file's name, likeliest first.
var periodRules = []string{
	`(?:^|\D)(\d{4})-?(\d{2})(?:-?\d{2})?\D*$`,
	`(\d{4})年(\d{2})月`,
	`(?:^|\D)(\d{4})[-_.]?(\d{2})(?:\D|$)`,
}

// period finds where months come from.
func (g *Guess) period() {
	for _, rule := range periodRules {
		m := regexp.MustCompile(rule).FindStringSubmatch(g.File)
		if m != nil && m[1] >= "1990" && m[1] < "2100" && m[2] >= "01" && m[2] <= "12" {
			g.PeriodFile = rule
			break
		}
	}
	names := map[string]string{} // column → type
	for _, c := range g.Columns {
		if c.Name != "" && !c.Personal && (c.Matched || g.contract == nil) {
			names[c.Name] = c.Type
		}
	}
	if g.contract != nil {
		for _, name := range g.contract.Period.Columns {
			if t := names[name]; t == "month" || t == "date" {
				g.PeriodColumns = append(g.PeriodColumns, name)
			}
		}
	}
	if _, ok := names["period"]; ok {
		g.PeriodColumns = []string{"period"}
	}
	if len(g.PeriodColumns) > 0 || g.PeriodFile != "" {
		return
	}
	for _, want := range []string{"month", "date"} {
		for _, c := range g.Columns {
			if c.Type == want && names[c.Name] == want {
				g.PeriodColumns = []string{c.Name}
				return
			}
		}
	}
}
