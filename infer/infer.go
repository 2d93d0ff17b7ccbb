// Package infer looks at an extract for which there is no contract yet, and
// proposes one: what the file is, where its header is, which feed it looks
// like, which column is which, and why. A person finishes the proposal: every
// line to decide is marked "# ?".
//
// It reads the first rows of the file and keeps nothing: what it unpacks of an
// archive it removes again. What it prints holds
// no value of a column that may be about a person.
package infer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"laborwatch/archive"
	"laborwatch/ingest"
	"laborwatch/messages"
	"laborwatch/period"
)

// Options of File.
type Options struct {
	// Contracts are the feeds that the file may be of.
	Contracts ingest.Contracts
	// Regions are the valid division codes; none means any.
	Regions []string
	// Counties are the codes of counties by the names that files may tell them by.
	Counties map[string]string
	// Rows that are looked at in each sheet; 0 means 2,000.
	Rows int
	// Limits of what an archive may unpack to; the zero value is archive.Default.
	Limits archive.Limits
}

// Guess is what a file seems to be.
type Guess struct {
	// File is its base name; Archive that of the archive it was in, "" for none.
	File, Archive string
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
	// FileMonth is the month that the name tells, 0 for none; PeriodColumns are
	// the columns that tell a row's month.
	FileMonth     period.Period
	PeriodColumns []string
	// Columns of the file, in order.
	Columns []Column

	contract   *ingest.Contract
	county     *county
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

// likely is the score from which a feed is proposed, sure that from which it
// is hardly another.
const (
	likely = 0.3
	sure   = 0.5
)

// File looks at a file, or at the only table in an archive. The error is a
// refusal in words for people when it is none that laborwatch reads.
func File(ctx context.Context, file string, o Options) (g *Guess, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("infer: %w", err)
	}
	if info.IsDir() {
		return nil, errors.New(messages.Both("infer.folder", file))
	}
	found, done, err := open(ctx, file, o.Limits)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	sample, err := ingest.Peek(ctx, found.Path, cmp.Or(o.Rows, 2000))
	if err != nil && found.Path != file {
		return nil, fmt.Errorf("%s/%s: %w", filepath.Base(file), found.Name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", found.Name, err)
	}
	g = &Guess{File: path.Base(found.Name), Kind: sample.Kind, Encoding: sample.Encoding, Zipped: sample.Zipped, Damaged: sample.Damaged, modified: info.ModTime()}
	if found.Path != file {
		g.Archive = filepath.Base(file)
	}
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
	if header == nil {
		return nil, errors.New(messages.Both("infer.noheader", g.File))
	}
	g.Sheet, g.Delimiter = table.Sheet, table.Delimiter
	g.Header, g.Levels = header.Row+1, header.Levels
	g.look(table, header, o)
	g.match(o)
	g.period()
	g.findCounty(o)
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

// period finds where months come from.
func (g *Guess) period() {
	g.FileMonth = ingest.PeriodRule{File: ingest.Usual}.Told(g.File)
	names := map[string]string{} // column → type
	for _, c := range g.Columns {
		if c.Name != "" && !c.Personal && (c.Matched || g.contract == nil) && ingest.FoldHeader(c.Header) != "" {
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
	if len(g.PeriodColumns) > 0 || g.FileMonth != 0 {
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
