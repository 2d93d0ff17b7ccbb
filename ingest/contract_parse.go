package ingest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/period"
)

// ParseContract reads one contract. The error names every fault with its line:
// unknown keys, unknown types, regular expressions that do not compile, keys
// and periods that refer to no column. name is how the error calls the source.
func ParseContract(name string, b []byte) (*Contract, error) {
	c, _, err := parseContract(name, b)
	return c, err
}

// parseContract also gives the line of every key, for what Lint has to say.
func parseContract(name string, b []byte) (*Contract, *faults, error) {
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("%s\n%s", messages.Beside("contract %s:", name), messages.YAML(err))
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, nil, errors.New(messages.Beside("contract %s: want one YAML document", name))
	}
	f := &faults{name: name, lines: map[string]int{}, told: map[int]bool{}}
	f.walk("", file.Docs[0].Body, contractShape)
	// Unknown keys, told by now, are passed over: what else is amiss is told with them.
	var c Contract
	if err := yaml.NodeToValue(file.Docs[0].Body, &c); err != nil {
		f.undecoded(err)
		return nil, nil, f.err()
	}
	c.check(f)
	if err := f.err(); err != nil {
		return nil, nil, err
	}
	c.normalize()
	c.source = b
	return &c, f, nil
}

// shape is what a node of the contract may be: a mapping with known keys, a
// list of one shape, a mapping with any keys, or a scalar.
type shape struct {
	keys map[string]*shape
	item *shape
	any  *shape
}

var (
	scalar = &shape{}
	list   = &shape{item: scalar}
	level  = &shape{keys: map[string]*shape{"warn": scalar, "refuse": scalar}}

	bilingual = &shape{keys: map[string]*shape{"zh": scalar, "en": scalar}}

	contractShape = &shape{keys: map[string]*shape{
		"feed": scalar, "version": scalar, "title": bilingual, "row": bilingual,
		"files": list, "mode": scalar, "key": list, "personal": list,
		"csv":     {keys: map[string]*shape{"encoding": scalar, "delimiter": scalar}},
		"xlsx":    {keys: map[string]*shape{"sheet": scalar, "drop": list}},
		"cells":   {keys: map[string]*shape{"unwrap": scalar, "nulls": list}},
		"period":  {keys: map[string]*shape{"constant": scalar, "file": scalar, "columns": list}},
		"scope":   {keys: map[string]*shape{"file": scalar, "column": scalar}},
		"drift":   {keys: map[string]*shape{"new": scalar, "missing": scalar, "type": scalar}},
		"checks":  {keys: map[string]*shape{"history": scalar, "least": scalar, "rows": level, "distinct": level, "nulls": level, "repeats": level, "codes": level}},
		"realign": {item: &shape{keys: map[string]*shape{"columns": list}}},
		"needs":   {item: &shape{keys: map[string]*shape{"any": list, "unless": {any: scalar}}}},
		"columns": {item: &shape{keys: map[string]*shape{
			"name": scalar, "type": scalar, "aliases": list, "required": scalar, "codes": {any: list}, "otherwise": scalar,
			"replace": {any: scalar}, "extract": scalar, "pattern": scalar, "nulls": list,
			"default": scalar, "constant": scalar, "min": scalar, "max": scalar,
			"industry_version": scalar, "meaning": bilingual, "example": scalar,
		}}},
	}}
)

// faults gathers what is wrong with a contract, each with its line.
type faults struct {
	name  string
	lines map[string]int // path → line, for faults found after decoding
	errs  []error
	told  map[int]bool // lines that have a fault
}

func (f *faults) add(line int, format string, args ...any) {
	f.told[line] = true
	f.errs = append(f.errs, errors.New("  "+messages.Beside("line %d: %s", line, messages.Said{EN: format, Args: args})))
}

// at adds a fault at the node of the path, or its nearest ancestor.
func (f *faults) at(path, format string, args ...any) { f.add(f.line(path), format, args...) }

// line is that of the node of the path, or of its nearest ancestor.
func (f *faults) line(path string) int {
	for {
		if line, ok := f.lines[path]; ok || path == "" {
			return max(line, 1)
		}
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	}
}

// undecoded adds what kept the contract from being decoded, unless a fault of
// that line tells it already.
func (f *faults) undecoded(err error) {
	line, what := 1, err.Error()
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		line, what = at.GetToken().Position.Line, at.GetMessage()
	}
	if !f.told[line] {
		f.add(line, "%s", what)
	}
}

func (f *faults) err() error {
	if len(f.errs) == 0 {
		return nil
	}
	return fmt.Errorf("%s\n%w", messages.Beside("contract %s:", f.name), errors.Join(f.errs...))
}

// walk checks the node against the shape and notes the line of every path.
func (f *faults) walk(path string, n ast.Node, s *shape) {
	line := 0
	if t := n.GetToken(); t != nil && t.Position != nil {
		line = t.Position.Line
	}
	if _, seen := f.lines[path]; !seen {
		f.lines[path] = line
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		f.mapping(path, n.Values, s, line)
	case *ast.MappingValueNode:
		f.mapping(path, []*ast.MappingValueNode{n}, s, line)
	case *ast.SequenceNode:
		if s.item == nil {
			f.add(line, "%s: a list is not wanted here", last(path))
			return
		}
		for i, v := range n.Values {
			f.walk(fmt.Sprintf("%s/%d", path, i), v, s.item)
		}
	case *ast.NullNode:
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		f.add(line, "%s: anchors, aliases and tags are not used in contracts", last(path))
	default:
		if s != scalar {
			f.add(line, "%s: want a list or a mapping, not a single value", last(path))
		}
	}
}

func (f *faults) mapping(path string, values []*ast.MappingValueNode, s *shape, line int) {
	if s.keys == nil && s.any == nil {
		f.add(line, "%s: a mapping is not wanted here", last(path))
		return
	}
	for _, v := range values {
		t := v.Key.GetToken()
		key, at := t.Value, t.Position.Line
		child := s.any
		if s.keys != nil {
			child = s.keys[key]
		}
		if child == nil {
			f.add(at, "unknown key %q%s", key, suggest(key, keysOf(s.keys)))
			continue
		}
		f.lines[path+"/"+key] = at
		f.walk(path+"/"+key, v.Value, child)
	}
}

func last(path string) string {
	if path == "" {
		return "contract"
	}
	return strings.ReplaceAll(path[1:], "/", ".")
}

func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func suggest(got string, known []string) messages.Said {
	if near := nearest(got, known, 1); len(near) > 0 {
		return messages.Said{EN: "; did you mean %q?", Args: []any{near[0]}}
	}
	return messages.Said{}
}

var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// check finds what the shape alone does not tell, and compiles the file rules.
func (c *Contract) check(f *faults) {
	if !identifier.MatchString(c.Feed) {
		f.at("/feed", "feed: want a name in snake_case, not %q", c.Feed)
	}
	if c.Version < 1 {
		f.at("/version", "version: want a number from 1")
	}
	if len(c.Files) == 0 {
		f.at("/files", "files: list at least one pattern such as \"社保缴费_*.csv\"")
	}
	if !slices.Contains([]string{lake.Snapshot, lake.Append, lake.Upsert}, c.Mode) {
		f.at("/mode", "mode: want snapshot, append or upsert, not %q", c.Mode)
	}
	if c.Mode == lake.Upsert && len(c.Key) == 0 {
		f.at("/mode", "mode: upsert needs a key")
	}
	if !slices.Contains([]string{"", "auto", "utf-8", "gb18030", "utf-16"}, c.CSV.Encoding) {
		f.at("/csv/encoding", "csv.encoding: want auto, utf-8, gb18030 or utf-16, not %q", c.CSV.Encoding)
	}
	if len(c.CSV.Delimiter) > 1 {
		f.at("/csv/delimiter", "csv.delimiter: want one character")
	}
	f.regexp("/cells/unwrap", c.Cells.Unwrap, 1)
	c.filePeriod = f.regexp("/period/file", c.Period.File, 2)
	c.fileScope = f.regexp("/scope/file", c.Scope.File, 1)
	c.dropRow = f.regexp("/xlsx/drop", c.dropPattern(), 0)
	c.checkColumns(f)
	c.checkPeriod(f)
	c.checkPolicies(f)
	c.checkNeeds(f)
	for i, k := range c.Key {
		if c.column(k) == nil {
			f.at(fmt.Sprintf("/key/%d", i), "key: no column %q%s", k, suggest(k, c.names()))
		}
	}
	for i, r := range c.Realign {
		for j, name := range r.Columns {
			p := fmt.Sprintf("/realign/%d/columns/%d", i, j)
			if col := c.column(name); col == nil {
				f.at(p, "realign: no column %q%s", name, suggest(name, c.names()))
			} else if col.Pattern == "" {
				f.at(p, "realign: column %q needs a pattern that tells its cells from its neighbors'", name)
			}
		}
	}
}

// checkNeeds finds needs that no cell could meet, or no cell lift.
func (c *Contract) checkNeeds(f *faults) {
	for i, n := range c.Needs {
		p := fmt.Sprintf("/needs/%d", i)
		if len(n.Any) == 0 {
			f.at(p, "needs: list in any the columns of which one must be filled")
		}
		for j, name := range n.Any {
			if col := c.column(name); col == nil {
				f.at(fmt.Sprintf("%s/any/%d", p, j), "needs: no column %q%s", name, suggest(name, c.names()))
			} else if len(col.Aliases) == 0 || col.Default != nil {
				f.at(fmt.Sprintf("%s/any/%d", p, j), "needs: column %q is filled in by no cell of its own", name)
			}
		}
		for _, name := range keysOf(n.Unless) {
			col := c.column(name)
			switch {
			case col == nil:
				f.at(p+"/unless/"+name, "needs: no column %q%s", name, suggest(name, c.names()))
			case col.Constant != nil || col.Type != "boolean" && len(col.Codes) == 0:
				f.at(p+"/unless/"+name, "needs: unless goes by a boolean, or a column with codes, not by %q", name)
			case col.Type == "boolean" && n.Unless[name] != "true" && n.Unless[name] != "false", col.Type != "boolean" && col.Codes[n.Unless[name]] == nil:
				f.at(p+"/unless/"+name, "needs: %q is no value of column %q", n.Unless[name], name)
			}
		}
	}
}

func (c *Contract) names() []string {
	var out []string
	for _, col := range c.Columns {
		out = append(out, col.Name)
	}
	return out
}

func (c *Contract) checkPeriod(f *faults) {
	p := c.Period
	if p.Constant != "" {
		if _, err := period.Parse(p.Constant); err != nil {
			f.at("/period/constant", "period.constant: %v", err)
		}
	}
	if p.Constant == "" && p.File == "" && len(p.Columns) == 0 {
		f.at("/period", "period: say where the month comes from: constant, file or columns")
	}
	for i, name := range p.Columns {
		col := c.column(name)
		if col == nil || types[col.Type] != "DATE" {
			f.at(fmt.Sprintf("/period/columns/%d", i), "period.columns: %q is no date or month column", name)
		}
	}
	if col := c.column("period"); col != nil && !slices.Equal(p.Columns, []string{"period"}) {
		f.at("/period", "period.columns: there is a column named period, so it must be [period]")
	}
}

func (c *Contract) checkColumns(f *faults) {
	if len(c.Columns) == 0 {
		f.at("/columns", "columns: list at least one")
	}
	seen := map[string]bool{"_row": true}
	for i, col := range c.Columns {
		p := fmt.Sprintf("/columns/%d", i)
		if !identifier.MatchString(col.Name) {
			f.at(p+"/name", "column name: want snake_case, not %q", col.Name)
		}
		names := []string{col.Name}
		if col.Type == "person" {
			for _, d := range derived {
				if d.Name != "sex" {
					names = append(names, d.Name)
				}
			}
		}
		for _, n := range names {
			if seen[n] {
				f.at(p+"/name", "column %q: %s is there already", col.Name, n)
			}
			seen[n] = true
		}
		if _, ok := types[col.Type]; !ok {
			f.at(p+"/type", "column %q: unknown type %q%s; the types are %s", col.Name, col.Type, suggest(col.Type, keysOf(types)), strings.Join(keysOf(types), ", "))
		}
		c.checkColumn(f, p, col)
	}
}

func (c *Contract) checkColumn(f *faults, p string, col ColumnRule) {
	inGroup := slices.ContainsFunc(c.Realign, func(r Realign) bool { return slices.Contains(r.Columns, col.Name) })
	if col.Aliases == nil && col.Constant == nil && !inGroup {
		f.at(p, "column %q: give the headers it is found under (aliases; [] when these extracts lack it), or a constant", col.Name)
	}
	if len(col.Aliases) == 0 && col.Constant == nil && col.Required != Optional {
		f.at(p+"/required", "column %q: a column without aliases cannot be required", col.Name)
	}
	if len(col.Aliases) > 0 && col.Constant != nil {
		f.at(p+"/constant", "column %q: a constant column has no aliases", col.Name)
	}
	f.regexp(p+"/extract", col.Extract, 1)
	f.regexp(p+"/pattern", col.Pattern, 0)
	if col.Otherwise != "" && len(col.Codes) == 0 {
		f.at(p+"/otherwise", "column %q: otherwise goes with codes", col.Name)
	}
	switch col.Type {
	case "person", "uscc", "wage_low", "wage_high":
		if len(col.Codes) > 0 {
			f.at(p+"/codes", "column %q: a %s has no codes", col.Name, col.Type)
		}
	case "boolean":
		for _, k := range keysOf(col.Codes) {
			if k != "true" && k != "false" {
				f.at(p+"/codes/"+k, "column %q: the codes of a boolean are true and false", col.Name)
			}
		}
	}
	taken := map[string]string{}
	for _, code := range keysOf(col.Codes) {
		for _, text := range col.Codes[code] {
			if other, twice := taken[text]; twice {
				f.at(p+"/codes/"+code, "column %q: %q means both %s and %s", col.Name, text, other, code)
			}
			taken[text] = code
		}
	}
	if !slices.Contains([]int{0, 2002, 2011, 2017}, col.IndustryVersion) {
		f.at(p+"/industry_version", "column %q: industry_version: want 2017, 2011 or 2002, not %d", col.Name, col.IndustryVersion)
	}
	if col.IndustryVersion != 0 && col.Type != "industry" {
		f.at(p+"/industry_version", "column %q: industry_version goes with type industry", col.Name)
	}
	if col.Min != nil && col.Max != nil && *col.Min > *col.Max {
		f.at(p+"/min", "column %q: min %v is above max %v", col.Name, *col.Min, *col.Max)
	}
	if (col.Min != nil || col.Max != nil) && !slices.Contains([]string{"INTEGER", "BIGINT", "DOUBLE"}, types[col.Type]) {
		f.at(p, "column %q: min and max bound numbers only", col.Name)
	}
}

// regexp compiles an expression that must have at least so many groups; "" gives nil.
func (f *faults) regexp(path, expr string, groups int) *regexp.Regexp {
	if expr == "" {
		return nil
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		f.at(path, "%s: %v", last(path), err)
		return nil
	}
	if re.NumSubexp() < groups {
		f.at(path, "%s: want %d group(s) in parentheses", last(path), groups)
		return nil
	}
	return re
}
