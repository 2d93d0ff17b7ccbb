package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"laborwatch/cube"
	"laborwatch/messages"
	"laborwatch/period"
)

// Content is what a release says, before it is written in any form: the
// workbook, the page and the CSV files all come from it. Texts are in both
// languages, figures are unrounded and know how they are shown.
type Content struct {
	Period      period.Period
	Title       cube.Text
	City        cube.Text
	Publisher   cube.Text
	Contact     string
	NextRelease string
	// Headline is the first sentence, Points the main ones after it.
	Headline cube.Text
	Points   []cube.Text
	Chart    Chart
	Sections []Section
	Notes    []Note

	// Version and Revisions depend on earlier releases.
	Version   int        `json:"-"`
	Revisions *Revisions `json:"-"`

	alertCounts []alertCount
}

// Section is one sheet of the workbook and one part of the page.
type Section struct {
	ID     string
	Title  cube.Text
	Tables []Table
}

// Table is a table as shown. All of its figures are cells of the cube.
type Table struct {
	ID      string
	Title   cube.Text
	Columns []Column
	Rows    []Row
	Notes   []cube.Text
}

// Column is a column after the first one, which holds the rows' names.
type Column struct {
	Head cube.Text
	Kind Kind
}

// Row is a line of a table; a heading row has no cells.
type Row struct {
	Name  cube.Text
	Depth int // indentation
	Cells []Cell
}

// Heading reports whether the row is a heading over those below it.
func (r Row) Heading() bool { return len(r.Cells) == 0 }

// State says why a cell shows no figure.
type State string

// The states: shown, withheld, or no such figure.
const (
	Shown    State = ""
	Withheld State = "withheld"
	Missing  State = "missing"
)

// Cell is one figure of a table, or a word.
type Cell struct {
	Kind  Kind
	Value float64
	Word  cube.Text
	State State
}

// Chart is the headline series with its interval, and the registered rate
// beside it. A nil value is a gap.
type Chart struct {
	Title  cube.Text
	Points []ChartPoint
}

// ChartPoint is one month of the chart; ratios.
type ChartPoint struct {
	Period                      period.Period
	Rate, Low, High, Registered *float64
}

// Note is one technical note.
type Note struct {
	Title cube.Text
	Body  cube.Text
}

// Marks of cells without a figure, as tables explain below themselves.
const (
	markWithheld = "…"
	markMissing  = "–"
)

// fingerprint is the hash of all that the release says, whatever its version.
func (c *Content) fingerprint(f *figures) (string, error) {
	b, err := json.Marshal(struct {
		Content *Content
		Figures []cube.Observation
		Alerts  []alertCount
	}{c, f.rows(), c.alertCounts})
	if err != nil {
		return "", fmt.Errorf("fingerprint: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// text gives a message in both languages; arguments that are texts take the
// language's own form.
func text(key string, args ...any) cube.Text {
	in := func(lang messages.Lang) string {
		own := make([]any, len(args))
		for i, a := range args {
			if t, ok := a.(cube.Text); ok {
				a = t.In(lang)
			}
			own[i] = a
		}
		return messages.T(lang, key, own...)
	}
	return cube.Text{ZH: in(messages.ZH), EN: in(messages.EN)}
}

// same is a text that reads alike in both languages.
func same(s string) cube.Text { return cube.Text{ZH: s, EN: s} }

// month names a period: 2026年10月, October 2026.
func month(p period.Period) cube.Text {
	return text("release.month", p.Year(), text(fmt.Sprintf("release.month.%d", int(p.Month()))))
}
