// Package forms explains contracts to the people who fill in extracts: a page
// for each feed, and a workbook to fill in.
//
// Both are made from the contract alone, so that they never say anything else
// than what ingest checks.
package forms

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/messages"
)

// Page writes the feed's page in Markdown, Chinese first.
func Page(w io.Writer, c *ingest.Contract) error {
	p := &page{c: c}
	p.line("# %s %s", c.Title.ZH, c.Title.EN)
	p.line("")
	p.line("`%s` · %s", c.Feed, both("form.generated"))
	p.line("")
	if c.Row.ZH != "" {
		p.line("%s", messages.T(messages.ZH, "form.row", c.Row.ZH))
		p.line("%s", messages.T(messages.EN, "form.row", c.Row.EN))
		p.line("")
	}
	p.facts()
	p.columns()
	p.codes()
	_, err := io.WriteString(w, p.b.String())
	return err
}

type page struct {
	c *ingest.Contract
	b strings.Builder
}

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

// row writes a row of a table.
func (p *page) row(cells ...string) {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(strings.ReplaceAll(c, "|", `\|`), "\n", " ")
	}
	p.line("| %s |", strings.Join(cells, " | "))
}

func (p *page) rule(n int) { p.line("|%s", strings.Repeat(" --- |", n)) }

// both gives a text in both languages, Chinese first.
func both(key string, args ...any) string { return messages.Both(key, args...) }

// label is a short text in both languages.
func label(key string) string {
	return messages.T(messages.ZH, key) + " " + messages.T(messages.EN, key)
}

func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = "`" + s + "`"
	}
	return strings.Join(out, " ")
}

// facts tells what holds for the feed as a whole.
func (p *page) facts() {
	c := p.c
	p.row("", "")
	p.rule(2)
	p.row(label("form.mode"), "`"+c.Mode+"` "+both("form.mode."+c.Mode))
	if len(c.Key) > 0 {
		rows := "form.key.rows"
		if c.Mode == lake.Upsert {
			rows = "form.key.upsert"
		}
		p.row(label("form.key"), quoted(c.Key)+" · "+both(rows))
	}
	p.row(label("form.files"), quoted(c.Files))
	var when []string
	if c.Period.Constant != "" {
		when = append(when, both("form.period.constant", c.Period.Constant))
	}
	if c.Period.File != "" {
		when = append(when, both("form.period.file", "`"+FileName(c)+"`"))
	}
	if len(c.Period.Columns) > 0 {
		back, ahead := c.Reach()
		when = append(when, both("form.period.columns", quoted(c.Period.Columns)), both("form.period.reach", back, ahead))
	}
	p.row(label("form.period"), strings.Join(when, "<br>"))
	if c.Scope.File != "" {
		example := "`" + c.Scope.File + "`"
		if name := CountyFileName(c); name != "" {
			example = "`" + name + "`"
		}
		p.row(label("form.scope"), both("form.scope.file", example))
	}
	if len(c.Needs) > 0 {
		p.row(label("form.needs"), strings.Join(needs(c), "<br>"))
	}
	if len(c.Personal) > 0 {
		p.row(label("form.personal"), strings.Join(c.Personal, "、"))
	}
	p.row(label("form.version"), strconv.Itoa(c.Version))
	p.row(label("form.template"), "`laborwatch contract template "+c.Feed+"`")
	p.line("")
}

func (p *page) columns() {
	p.line("## %s", label("form.columns"))
	p.line("")
	p.row(label("form.head.column"), label("form.head.headers"), label("form.head.type"), label("form.head.required"), label("form.head.meaning"), label("form.head.example"), label("form.head.checks"))
	p.rule(7)
	for _, col := range p.c.Columns {
		if len(col.Aliases) == 0 {
			continue
		}
		example := ""
		if col.Example != "" {
			example = "`" + col.Example + "`"
		}
		p.row("`"+col.Name+"`", strings.Join(col.Aliases, "、"), label("form.type."+col.Type), required(p.c, col), meaning(col), example, strings.Join(checks(col), "<br>"))
	}
	p.line("")
}

func meaning(col ingest.ColumnRule) string {
	if col.Meaning.ZH == "" {
		return ""
	}
	return col.Meaning.ZH + " / " + col.Meaning.EN
}

// needs tells of which columns one must be filled, and what lets a row do without.
func needs(c *ingest.Contract) []string {
	var out []string
	for _, n := range c.Needs {
		text := quoted(n.Any)
		if len(n.Any) > 1 {
			text = both("form.needs.any", text)
		}
		for _, name := range slices.Sorted(maps.Keys(n.Unless)) {
			text += " " + both("form.needs.unless", "`"+name+"` = `"+n.Unless[name]+"`")
		}
		out = append(out, text)
	}
	return out
}

func required(c *ingest.Contract, col ingest.ColumnRule) string {
	switch {
	case slices.ContainsFunc(c.Needs, func(n ingest.Need) bool { return slices.Contains(n.Any, col.Name) }):
		return label("form.required.needed")
	case col.Required == ingest.Required && col.Default == nil:
		return label("form.required.true")
	case col.Required == ingest.HeaderOnly || col.Required == ingest.Required:
		return label("form.required.column")
	}
	return label("form.required.no")
}

// checks tells what may send a row to quarantine, and what is done with gaps.
func checks(col ingest.ColumnRule) []string {
	var out []string
	if col.Min != nil {
		out = append(out, both("form.check.min", number(*col.Min/scale(col))))
	}
	if col.Max != nil {
		out = append(out, both("form.check.max", number(*col.Max/scale(col))))
	}
	for _, name := range slices.Sorted(maps.Keys(col.Negative)) {
		out = append(out, both("form.check.negative", "`"+name+"` = "+strings.Join(col.Negative[name], "、")))
	}
	if col.Pattern != "" {
		out = append(out, both("form.check.pattern", "`"+col.Pattern+"`"))
	}
	switch {
	case len(col.Codes) > 0 && col.Otherwise != "":
		out = append(out, both("form.check.otherwise", "`"+col.Otherwise+"`"))
	case len(col.Codes) > 0:
		out = append(out, both("form.check.codes"))
	}
	switch {
	case col.Type == "industry" && col.IndustryVersion != 0 && col.IndustryVersion != 2017:
		out = append(out, both("form.check.industry_old", col.IndustryVersion))
	case messages.Has("form.check." + col.Type):
		out = append(out, both("form.check."+col.Type))
	}
	if col.Default != nil && *col.Default != "" {
		out = append(out, both("form.check.default", "`"+*col.Default+"`"))
	}
	return out
}

// scale is how much larger a number is in the lake than in the cell.
func scale(col ingest.ColumnRule) float64 {
	switch col.Type {
	case "money":
		return 100
	case "weight":
		return 1_000_000
	}
	return 1
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func (p *page) codes() {
	first := true
	for _, col := range p.c.Columns {
		if len(col.Codes) == 0 || len(col.Aliases) == 0 {
			continue
		}
		if first {
			p.line("## %s", label("form.codes"))
			p.line("")
			first = false
		}
		p.line("### `%s` %s", col.Name, col.Aliases[0])
		p.line("")
		p.row(label("form.head.code"), label("form.head.texts"))
		p.rule(2)
		for _, code := range col.CodeList() {
			p.row("`"+code+"`", strings.Join(col.Texts(code), "、"))
		}
		p.line("")
	}
}

// workbook ends the names of the files that people fill in.
const workbook = ".xlsx"

// exampleCounty stands in names of files for one county.
const exampleCounty = "新华区"

// FileName is a name that a workbook of the feed may have.
func FileName(c *ingest.Contract) string { return c.FileName(workbook, "") }

// CountyFileName is one for a county's own workbook, "" where the contract
// reads no county from names.
func CountyFileName(c *ingest.Contract) string { return c.FileName(workbook, exampleCounty) }

// SavedAs says what a filled-in form is called, for a county too where it has
// its own.
func SavedAs(lang messages.Lang, c *ingest.Contract) string {
	name := FileName(c)
	if county := CountyFileName(c); county != "" {
		return messages.T(lang, "form.savedas", name, county)
	}
	return name
}

// TemplateName is what the empty form is called.
func TemplateName(c *ingest.Contract) string {
	stem := c.Feed
	for _, g := range c.Files {
		if s, ok := strings.CutSuffix(g, workbook); ok {
			stem, _, _ = strings.Cut(s, "*")
			break
		}
	}
	return strings.TrimRight(stem, "_-") + "_" + messages.T(messages.ZH, "cli.contract.form") + workbook
}

// Index writes the list of all feeds in Markdown.
func Index(w io.Writer, cs ingest.Contracts) error {
	p := &page{}
	p.line("# %s", label("form.index"))
	p.line("")
	for _, lang := range []messages.Lang{messages.ZH, messages.EN} {
		p.line("%s", messages.T(lang, "form.index.text", len(cs)))
		p.line("")
	}
	p.row(label("form.head.feed"), "", label("form.head.row"), label("form.mode"), label("form.key"))
	p.rule(5)
	for _, feed := range cs.Feeds() {
		c := cs[feed]
		p.row(fmt.Sprintf("[`%s`](%s.md)", feed, feed), c.Title.ZH+" "+c.Title.EN, c.Row.ZH+" / "+c.Row.EN, "`"+c.Mode+"`", quoted(c.Key))
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

// Pages gives the index, README.md, and a page for each feed, by file name.
func Pages(cs ingest.Contracts) (map[string]string, error) {
	out := map[string]string{}
	var b strings.Builder
	if err := Index(&b, cs); err != nil {
		return nil, err
	}
	out["README.md"] = b.String()
	for feed, c := range cs {
		var b strings.Builder
		if err := Page(&b, c); err != nil {
			return nil, err
		}
		out[feed+".md"] = b.String()
	}
	return out, nil
}

// WritePages writes Pages into a folder, which it makes.
func WritePages(dir string, cs ingest.Contracts) error {
	pages, err := Pages(cs)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("contract pages: %w", err)
	}
	var errs []error
	for name, text := range pages {
		errs = append(errs, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return errors.Join(errs...)
}

// Description is a contract as people see it.
type Description struct {
	Feed    string       `json:"feed"`
	Version int          `json:"version"`
	Title   ingest.Title `json:"title"`
	Row     ingest.Title `json:"row"`
	Mode    string       `json:"mode"`
	Key     []string     `json:"key"`
	Files   []string     `json:"files"`
	// Personal are headers that are known and never kept.
	Personal []string            `json:"personal"`
	Columns  []DescriptionColumn `json:"columns"`
}

// DescriptionColumn is one column of a Description; columns that the extracts
// lack are left out.
type DescriptionColumn struct {
	Name     string              `json:"name"`
	Type     string              `json:"type"`
	Required string              `json:"required"`
	Headers  []string            `json:"headers"`
	Meaning  ingest.Title        `json:"meaning"`
	Example  string              `json:"example"`
	Codes    map[string][]string `json:"codes,omitempty"`
	Checks   []string            `json:"checks,omitempty"`
}

// Describe makes a Description.
func Describe(c *ingest.Contract) Description {
	d := Description{Feed: c.Feed, Version: c.Version, Title: c.Title, Row: c.Row, Mode: c.Mode, Key: c.Key, Files: c.Files, Personal: c.Personal}
	for _, col := range c.Columns {
		if len(col.Aliases) == 0 {
			continue
		}
		x := DescriptionColumn{Name: col.Name, Type: col.Type, Required: required(c, col), Headers: col.Aliases, Meaning: col.Meaning, Example: col.Example, Checks: checks(col)}
		for _, code := range col.CodeList() {
			if x.Codes == nil {
				x.Codes = map[string][]string{}
			}
			x.Codes[code] = col.Texts(code)
		}
		d.Columns = append(d.Columns, x)
	}
	return d
}
