package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"laborwatch/lake"
	"laborwatch/messages"
)

// Contract says how the extracts of one feed look and what they become: which
// files, which headers, which types, which codes, what is checked. It is YAML;
// docs in contracts/*.yaml show every key at work.
type Contract struct {
	// Feed is the canonical name, also the lake's folder and table.
	Feed string `yaml:"feed"`
	// Version is raised when the meaning of the contract changes. The same
	// extract under a changed contract is loaded again and replaces its old load.
	Version int `yaml:"version"`
	// Title names the feed for people, Row says what one row is.
	Title Title `yaml:"title"`
	Row   Title `yaml:"row" json:"-"`
	// Files are glob patterns on the base names of extracts.
	Files []string `yaml:"files"`
	// Mode is snapshot, append or upsert (see package lake).
	Mode string `yaml:"mode"`
	// Key are the columns that make a row unique. Of equal rows within one extract
	// the first is kept and the others are counted as repeats; one that has the key
	// of another and other values is quarantined, or in mode upsert the last word.
	Key []string `yaml:"key"`
	// Repeats says key where rows of one key are the same, whatever else they say:
	// the first is kept.
	Repeats string `yaml:"repeats" json:",omitempty"`
	// CSV, XLSX and Cells say how cells are read.
	CSV   CSVOptions  `yaml:"csv"`
	XLSX  XLSXOptions `yaml:"xlsx"`
	Cells CellOptions `yaml:"cells"`
	// Period says which month a load and its rows belong to.
	Period PeriodRule `yaml:"period"`
	// Scope says which part of the period a snapshot covers.
	Scope ScopeRule `yaml:"scope"`
	// Drift says what to do when columns change, Checks when an extract as a whole
	// is not like those before it.
	Drift  DriftPolicy `yaml:"drift"`
	Checks SetChecks   `yaml:"checks"`
	// Personal are headers of names, phones and the like: known, never kept.
	Personal []string `yaml:"personal"`
	// Realign puts cells back that slid into a neighbor's column.
	Realign []Realign `yaml:"realign"`
	// Columns of the feed, in the lake's order.
	Columns []ColumnRule `yaml:"columns"`
	// Needs are what a row must have beside its required columns.
	Needs []Need `yaml:"needs" json:",omitempty"`

	// source is the YAML that the contract was read from.
	source []byte

	fileScope, filePeriod, dropRow *regexp.Regexp
	// aliases are the columns' aliases as headers are compared, personal likewise.
	aliases  [][]string
	personal map[string]bool
}

// Source is the YAML that the contract was read from.
func (c *Contract) Source() []byte { return c.source }

// Title is a name in both languages.
type Title struct {
	ZH string `yaml:"zh" json:"zh"`
	EN string `yaml:"en" json:"en"`
}

// Text gives the name in a language.
func (t Title) Text(lang messages.Lang) string {
	if lang == messages.EN {
		return t.EN
	}
	return t.ZH
}

// CSVOptions of delimited text. The zero value detects everything.
type CSVOptions struct {
	// Encoding is auto, utf-8, gb18030 (which reads GBK) or utf-16.
	Encoding string `yaml:"encoding"`
	// Delimiter is one character; "" detects comma, tab, semicolon or bar.
	Delimiter string `yaml:"delimiter"`
}

// XLSXOptions of workbooks.
type XLSXOptions struct {
	// Sheet is the only sheet to read; "" reads every sheet with the header.
	Sheet string `yaml:"sheet"`
	// Drop are beginnings of rows that are no data, beside the usual totals
	// and signatures (合计, 小计, 总计, 填表人, 制表…).
	Drop []string `yaml:"drop"`
}

// CellOptions hold for every cell of the extract.
type CellOptions struct {
	// Unwrap is a regular expression; a cell that matches it whole is replaced
	// by its first group.
	Unwrap string `yaml:"unwrap"`
	// Nulls are texts that mean nothing was filled in, beside the usual ones
	// ("", "-", "—", "/", "无", "NULL" …).
	Nulls []string `yaml:"nulls"`
}

// PeriodRule says where months come from.
type PeriodRule struct {
	// Constant is the month of every row, for a single extract.
	Constant string `yaml:"constant"`
	// File is a regular expression on the base name whose groups are year, month
	// and, if there is a third, day: the load's month, and its rows' when Columns
	// are empty. Usual stands for the rule by which most senders name files.
	File string `yaml:"file"`
	// Columns are date or month columns; a row's month is that of the first
	// one that is filled.
	Columns []string `yaml:"columns"`
	// Back and Ahead are how many months before and after the load's a row's may
	// be, 120 and 1 when left out; see reach.
	Back  *int `yaml:"back" json:",omitempty"`
	Ahead *int `yaml:"ahead" json:",omitempty"`
}

// ScopeRule says where the scope of a snapshot comes from.
type ScopeRule struct {
	// File is a regular expression on the base name; the first of its groups that
	// finds something is the scope. Usual stands for a county's code or name on
	// either side of the date.
	File string `yaml:"file"`
	// Column is the column that holds a row's scope. With it, a county's own file
	// replaces its rows in a whole month's, and rows of others are refused in it.
	Column string `yaml:"column"`
}

// Realign is a group of neighboring columns in which cells slide to the left
// when one is absent. Each column takes the first cell of the group that
// matches the column's pattern; a cell that no pattern matches makes the row bad.
type Realign struct {
	Columns []string `yaml:"columns"`
}

// ColumnRule is one canonical column.
type ColumnRule struct {
	// Name is the canonical name, in snake_case.
	Name string `yaml:"name"`
	// Type is one of Types.
	Type string `yaml:"type"`
	// Aliases are the headers under which the column is found, best first; an
	// empty list says that these extracts do not have the column.
	Aliases []string `yaml:"aliases"`
	// Required columns must be in the header and filled in every row.
	Required Presence `yaml:"required"`
	// Codes map canonical codes to the texts that mean them; a canonical code
	// means itself unless another code claims its text. With codes, any other
	// text is a fault unless Otherwise is set.
	Codes     map[string][]string `yaml:"codes"`
	Otherwise string              `yaml:"otherwise"`
	// Replace maps whole texts to others before they are read.
	Replace map[string]string `yaml:"replace"`
	// Extract is a regular expression: a text that matches is replaced by its first group.
	Extract string `yaml:"extract"`
	// Pattern is a regular expression that the whole text must match.
	Pattern string `yaml:"pattern"`
	// Nulls are further texts that mean not filled in, in this column.
	Nulls []string `yaml:"nulls"`
	// Default stands in empty cells, Constant in all; {row} in it is the row number.
	Default  *string `yaml:"default"`
	Constant *string `yaml:"constant"`
	// Min and Max bound numbers, in the unit of the lake.
	Min *float64 `yaml:"min"`
	Max *float64 `yaml:"max"`
	// Negative gives, by column, the codes of rows in which the number may lie
	// below Min, down to -Max: what is taken back.
	Negative map[string][]string `yaml:"negative" json:",omitempty"`
	// IndustryVersion says by which edition of GB/T 4754 an industry column is
	// coded: 2017 (also when 0), 2011 or 2002. Codes of older editions are kept
	// as the division of 2017 that they became; see codes.ParseIndustryOf.
	IndustryVersion int `yaml:"industry_version" json:",omitempty"`
	// Meaning tells people what the column holds, Example is a cell as it may be
	// filled in. Neither bears on rows.
	Meaning Title  `yaml:"meaning" json:"-"`
	Example string `yaml:"example" json:"-"`
}

// Need asks for a filled cell in at least one of several columns, of which the
// header must have one. Its fault stands at the first of them.
type Need struct {
	// Any are the columns of which one must be filled.
	Any []string `yaml:"any"`
	// Unless gives, by column, the code or boolean that lets a row do without;
	// with several columns any one of them does.
	Unless map[string]string `yaml:"unless"`
}

// Presence says how much of a column must be there.
type Presence string

// Degrees of presence.
const (
	Optional   Presence = ""
	HeaderOnly Presence = "column" // the header must be there, cells may be empty
	Required   Presence = "true"   // every cell must be filled
)

// UnmarshalYAML reads true, false or column.
func (p *Presence) UnmarshalYAML(b []byte) error {
	switch s := strings.TrimSpace(string(b)); s {
	case "true", "column":
		*p = Presence(s)
	case "false":
		*p = Optional
	default:
		return fmt.Errorf("want true, false or column, not %q", s)
	}
	return nil
}

// Types gives the SQL type in the lake of each column type.
var types = map[string]string{
	"text":      "VARCHAR",
	"code":      "VARCHAR", // folded: half-width, no spaces
	"list":      "VARCHAR", // codes joined by ";" in order, "" for none
	"month":     "DATE",
	"date":      "DATE",
	"integer":   "INTEGER",
	"bigint":    "BIGINT",
	"number":    "DOUBLE",
	"money":     "BIGINT", // yuan → fen
	"weight":    "BIGINT", // × 10⁶
	"boolean":   "BOOLEAN",
	"wage_low":  "BIGINT", // lower end of a wage text, fen a month
	"wage_high": "BIGINT", // upper end of a wage text, fen a month
	"person":    "UUID",
	"uscc":      "VARCHAR",
	"region":    "VARCHAR",
	"industry":  "VARCHAR",
}

// derived are the columns that a person column adds; lake finds persons by them. A contract that has a sex
// of its own keeps that one: it is what the sender states.
var derived = []lake.Column{{Name: "sex", Type: "VARCHAR"}, {Name: "birth_month", Type: "DATE"}, {Name: "origin", Type: "VARCHAR"}}

// LakeColumns lists the columns of the feed's Parquet files in order: period,
// the contract's columns (a person column followed by sex, unless the contract
// has its own, birth_month and origin), and _row.
func (c *Contract) LakeColumns() []lake.Column {
	var out []lake.Column
	if c.column("period") == nil {
		out = append(out, lake.Column{Name: "period", Type: "DATE"})
	}
	for _, col := range c.Columns {
		out = append(out, lake.Column{Name: col.Name, Type: types[col.Type]})
		if col.Type == "person" {
			for _, d := range derived {
				if !c.ownSex() || d.Name != "sex" {
					out = append(out, d)
				}
			}
		}
	}
	return append(out, lake.Column{Name: "_row", Type: "BIGINT"})
}

// ownSex says that the extracts state the sex beside an ID, or without one.
func (c *Contract) ownSex() bool { return c.column("sex") != nil }

// meanings gives the code of every text of the column's codes; nil without codes.
func (r ColumnRule) meanings() map[string]string {
	if len(r.Codes) == 0 {
		return nil
	}
	out := map[string]string{}
	for code := range r.Codes {
		out[clean(code)] = code
	}
	for code, forms := range r.Codes {
		for _, s := range forms {
			out[clean(s)] = code
		}
	}
	return out
}

func (c *Contract) column(name string) *ColumnRule {
	if i := slices.IndexFunc(c.Columns, func(r ColumnRule) bool { return r.Name == name }); i >= 0 {
		return &c.Columns[i]
	}
	return nil
}

// Matches reports whether an extract of the base name belongs to the feed.
// Endings (.CSV, .Xlsx) match in any case: programs write them as they like.
func (c *Contract) Matches(base string) bool {
	return slices.ContainsFunc(c.Files, func(g string) bool { return fits(g, base) })
}

// fits matches a name as it stands, and with the ending of both in lower case.
func fits(glob, base string) bool {
	for _, p := range [][2]string{{glob, base}, {lowerEnding(glob), lowerEnding(base)}} {
		if ok, err := path.Match(p[0], p[1]); err == nil && ok {
			return true
		}
	}
	return false
}

// lowerEnding puts all from the first dot in lower case.
func lowerEnding(name string) string {
	i := strings.IndexByte(name, '.')
	if i < 0 {
		return name
	}
	return name[:i] + strings.ToLower(name[i:])
}

// keyGeneration is the number of pseudonym keys that a feed's persons go
// through, 0 where it has none.
func (in *Ingester) keyGeneration(c *Contract) int {
	if in.keys != nil && slices.ContainsFunc(c.Columns, func(col ColumnRule) bool { return col.Type == "person" }) {
		return in.keys.Generation()
	}
	return 0
}

func (c *Contract) readsRegions() bool {
	return slices.ContainsFunc(c.Columns, func(col ColumnRule) bool { return col.Type == "region" })
}

// fingerprint is a hash over everything in the contract that bears on rows;
// comments and layout of the YAML do not.
func (c *Contract) fingerprint() string {
	x := *c
	x.Files, x.Title, x.Checks = nil, Title{}, SetChecks{}
	b, err := json.Marshal(x)
	if err != nil { // plain data always marshals
		panic(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
