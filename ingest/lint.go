package ingest

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"

	"laborwatch/lake"
	"laborwatch/messages"
)

// Warning is something in a contract that is allowed, and likely a mistake.
type Warning struct {
	// Line of the contract.
	Line int
	// Key and Args of the message catalog.
	Key  string
	Args []any
}

// Text is the warning in a language.
func (w Warning) Text(lang messages.Lang) string { return messages.T(lang, w.Key, w.Args...) }

// Lint reads one contract as ParseContract does, and beside the error that
// tells all its faults gives what looks like a mistake. others are the contracts
// that it is to live with; one of the same feed is the one it replaces.
func Lint(name string, b []byte, others Contracts) ([]Warning, error) {
	c, f, err := parseContract(name, b)
	if err != nil {
		return nil, err
	}
	l := &linter{c: c, f: f}
	l.open(b)
	l.aliases()
	l.files(others)
	l.keys()
	for i, col := range c.Columns {
		l.codes(fmt.Sprintf("/columns/%d", i), col)
		l.documented(fmt.Sprintf("/columns/%d", i), col)
	}
	if c.Title.ZH == "" || c.Title.EN == "" || c.Row.ZH == "" || c.Row.EN == "" {
		l.warn("/feed", "untitled")
	}
	slices.SortStableFunc(l.out, func(a, b Warning) int { return a.Line - b.Line })
	return l.out, nil
}

type linter struct {
	c   *Contract
	f   *faults
	out []Warning
}

func (l *linter) warn(path, key string, args ...any) {
	l.out = append(l.out, Warning{l.f.line(path), "contract.warn." + key, args})
}

// question is how a proposal marks what a person has to settle: a comment that
// begins with it, or a column in a comment that ends with one.
var question = regexp.MustCompile(`^\s*(\?|- \{.*\} # \?)`)

// open finds the lines that a proposal left for a person and nobody has settled.
func (l *linter) open(source []byte) {
	for _, t := range lexer.Tokenize(string(source)) {
		if t.Type == token.CommentType && question.MatchString(t.Value) {
			l.out = append(l.out, Warning{t.Position.Line, "contract.warn.open", nil})
		}
	}
}

// aliases finds headers that two columns claim. Columns that share all their
// headers mean to: one cell then fills both.
func (l *linter) aliases() {
	owner := map[string]int{}
	for i, col := range l.c.Columns {
		for j, a := range l.c.aliases[i] {
			p := fmt.Sprintf("/columns/%d/aliases/%d", i, j)
			if first, taken := owner[a]; taken && first != i && !slices.Equal(l.c.aliases[first], l.c.aliases[i]) {
				l.warn(p, "alias", col.Aliases[j], l.c.Columns[first].Name, col.Name)
			} else if !taken {
				owner[a] = i
			}
			if l.c.personal[a] {
				l.warn(p, "personal", col.Aliases[j], col.Name)
			}
		}
	}
}

// files finds patterns that take another feed's files, and names that tell no month.
func (l *linter) files(others Contracts) {
	for i, g := range l.c.Files {
		for _, feed := range others.Feeds() {
			if feed == l.c.Feed {
				continue
			}
			for _, o := range others[feed].Files {
				if overlap(g, o) {
					l.warn(fmt.Sprintf("/files/%d", i), "overlap", g, o, feed)
				}
			}
		}
		if _, err := path.Match(g, "x"); err != nil {
			l.warn(fmt.Sprintf("/files/%d", i), "pattern", g)
		}
	}
	told, err := l.c.filed(path.Base(l.c.example()))
	if len(l.c.Files) > 0 && len(l.c.Period.Columns) == 0 && (told.month == 0 || err != nil) {
		l.warn("/period", "period", l.c.example())
	}
}

func (l *linter) keys() {
	if len(l.c.Key) == 0 {
		var required []string
		for _, col := range l.c.Columns {
			if col.Required == Required {
				required = append(required, col.Name)
			}
		}
		l.warn("/feed", "no_key", strings.Join(required, ", "))
	}
	for i, k := range l.c.Key {
		col := l.c.column(k)
		if l.c.Mode == lake.Upsert && col.Required != Required && col.Default == nil && col.Constant == nil {
			l.warn(fmt.Sprintf("/key/%d", i), "key_optional", k)
		}
	}
}

// codes finds texts of codes that mean nothing was filled in.
func (l *linter) codes(p string, col ColumnRule) {
	for _, code := range keysOf(col.Codes) {
		for i, text := range append(slices.Clone(col.Codes[code]), code) {
			at := p + "/codes/" + code
			if i < len(col.Codes[code]) {
				at = fmt.Sprintf("%s/%d", at, i)
			}
			switch {
			case slices.Contains(l.c.Cells.Nulls, text):
				l.warn(at, "null", text, "cells.nulls", col.Name)
			case slices.Contains(col.Nulls, text):
				l.warn(at, "null", text, "nulls", col.Name)
			}
		}
	}
}

// documented finds columns that the page and the template could not explain.
func (l *linter) documented(p string, col ColumnRule) {
	if len(col.Aliases) == 0 {
		return
	}
	if col.Meaning.ZH == "" || col.Meaning.EN == "" || col.Example == "" {
		l.warn(p, "meaning", col.Name)
		return
	}
	if _, filled, fault := l.c.Reader(col, nil).Read(col.Example); fault != "" || !filled {
		l.warn(p+"/example", "example", col.Name, fault)
	}
}

// overlap reports whether some name matches both patterns. A class in brackets
// stands for any character.
func overlap(a, b string) bool {
	return meet(tokens(a), tokens(b))
}

// What patterns hold beside characters.
const (
	anyText rune = -1 - iota
	anyOne
)

// tokens are a pattern's characters, anyText and anyOne.
func tokens(glob string) []rune {
	var out []rune
	r := []rune(glob)
	for i := 0; i < len(r); i++ {
		switch r[i] {
		case '[':
			for i < len(r)-1 && r[i] != ']' {
				i++
			}
			out = append(out, anyOne)
		case '?':
			out = append(out, anyOne)
		case '*':
			out = append(out, anyText)
		case '\\':
			if i+1 < len(r) {
				i++
			}
			out = append(out, r[i])
		default:
			out = append(out, r[i])
		}
	}
	return out
}

// meet decides row by row, from the ends, which beginnings can match one text.
func meet(a, b []rune) bool {
	below := make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		row := make([]bool, len(b)+1)
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				row[j] = true
			case i < len(a) && a[i] == anyText:
				row[j] = below[j] || (j < len(b) && row[j+1])
			case j < len(b) && b[j] == anyText:
				row[j] = row[j+1] || (i < len(a) && below[j])
			case i < len(a) && j < len(b) && (a[i] == b[j] || a[i] == anyOne || b[j] == anyOne):
				row[j] = below[j+1]
			}
		}
		below = row
	}
	return below[0]
}
