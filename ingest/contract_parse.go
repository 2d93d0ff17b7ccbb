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

	"laborwatch/messages"
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
		"files": list, "mode": scalar, "key": list, "repeats": scalar, "personal": list,
		"csv":     {keys: map[string]*shape{"encoding": scalar, "delimiter": scalar}},
		"xlsx":    {keys: map[string]*shape{"sheet": scalar, "drop": list}},
		"cells":   {keys: map[string]*shape{"unwrap": scalar, "nulls": list}},
		"period":  {keys: map[string]*shape{"constant": scalar, "file": scalar, "columns": list, "back": scalar, "ahead": scalar}},
		"scope":   {keys: map[string]*shape{"file": scalar, "column": scalar}},
		"drift":   {keys: map[string]*shape{"new": scalar, "missing": scalar, "type": scalar}},
		"checks":  {keys: map[string]*shape{"history": scalar, "least": scalar, "rows": level, "distinct": level, "nulls": level, "repeats": level, "codes": level, "levels": level, "month": level}},
		"realign": {item: &shape{keys: map[string]*shape{"columns": list}}},
		"needs":   {item: &shape{keys: map[string]*shape{"any": list, "unless": {any: scalar}}}},
		"columns": {item: &shape{keys: map[string]*shape{
			"name": scalar, "type": scalar, "aliases": list, "required": scalar, "codes": {any: list}, "otherwise": scalar,
			"replace": {any: scalar}, "extract": scalar, "pattern": scalar, "nulls": list,
			"default": scalar, "constant": scalar, "min": scalar, "max": scalar, "negative": {any: list},
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
