package ingest

import (
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"laborwatch/codes"
)

// usualNulls are texts that mean nothing was filled in.
var usualNulls = []string{"", "-", "--", "—", "——", "/", "\\", "无", "空", "NULL", "null", "N/A", "n/a", "#N/A"}

// truths are what a boolean is written as.
var truths = map[string][]string{
	"true":  {"是", "有", "1", "Y", "y", "TRUE", "√"},
	"false": {"否", "0", "2", "N", "n", "FALSE", "×"},
}

// reader reads the cells of one column: those that the engine's fast cast did
// not settle, in whatever form people and spreadsheets write them.
type reader struct {
	col     ColumnRule
	nulls   map[string]bool
	codes   map[string]string // text → canonical code
	regions map[string]bool
	extract *regexp.Regexp
	pattern *regexp.Regexp
	// faultless columns leave their faults to another column of the same cell.
	faultless bool
	// latest is the last day that a date may be, "" for any.
	latest string
	// strict readers take no number below the minimum, whatever the row.
	strict bool
}

func newReader(c *Contract, col ColumnRule, regions []string) *reader {
	r := &reader{col: col, nulls: map[string]bool{}, regions: map[string]bool{}}
	for _, list := range [][]string{usualNulls, c.Cells.Nulls, col.Nulls} {
		for _, s := range list {
			r.nulls[s] = true
		}
	}
	r.codes = col.meanings()
	if r.codes == nil && col.Type == "boolean" {
		r.codes = ColumnRule{Codes: truths}.meanings()
	}
	// A text that has a meaning of its own in this column is no null.
	for s := range r.codes {
		delete(r.nulls, s)
	}
	for s := range col.Replace {
		delete(r.nulls, s)
	}
	for _, s := range regions {
		r.regions[s] = true
	}
	if col.Extract != "" {
		r.extract = regexp.MustCompile(col.Extract)
	}
	if col.Pattern != "" {
		r.pattern = regexp.MustCompile("^(?:" + col.Pattern + ")$")
	}
	// One wage text fills two columns: it is faulted once.
	r.faultless = col.Type == "wage_high" && slices.ContainsFunc(c.Columns, func(o ColumnRule) bool { return o.Type == "wage_low" })
	return r
}

// read gives the cell as canonical text (a date as YYYY-MM-DD, money in fen …);
// filled is false when it means nothing; fault is a reason or "".
func (r *reader) read(raw string) (value string, filled bool, fault string) {
	if strings.ContainsRune(raw, '\ufffd') {
		return "", true, BadEncoding
	}
	s, filled := r.folded(raw)
	if !filled {
		return "", false, ""
	}
	if r.pattern != nil && !r.pattern.MatchString(s) {
		return "", true, r.reason()
	}
	value, ok := r.typed(s)
	switch {
	case ok:
		return value, value != "" || r.col.Type == "list", ""
	case r.faultless:
		return "", false, ""
	case slices.Contains(reasons, value): // the check names its own fault
		return "", true, value
	}
	return "", true, r.reason()
}

// folded gives what a cell holds; filled is false when that means nothing.
func (r *reader) folded(raw string) (s string, filled bool) {
	s = clean(raw)
	if to, ok := r.col.Replace[s]; ok {
		s = to
	}
	if r.extract != nil {
		if m := r.extract.FindStringSubmatch(s); m != nil {
			s = m[1]
		}
	}
	return s, !r.nulls[s]
}

// typed reads filled text by the column's type. When it is not ok, value may
// name a fault more exact than the type's usual one.
func (r *reader) typed(s string) (value string, ok bool) {
	if r.col.Type == "list" {
		return r.list(s)
	}
	if r.codes != nil {
		if s, ok = r.code(s); !ok || types[r.col.Type] == "VARCHAR" || r.col.Type == "boolean" {
			return s, ok
		}
	}
	switch r.col.Type {
	case "text", "code":
		return impersonal(s)
	case "month":
		return readMonth(s)
	case "date":
		v, ok := readDate(s)
		return v, ok && (r.latest == "" || v <= r.latest)
	case "integer", "bigint":
		return r.number(s, 1, true)
	case "money":
		return r.number(s, 100, true)
	case "weight":
		return r.number(s, 1_000_000, true)
	case "number":
		return r.number(s, 1, false)
	case "uscc":
		return named(codes.ParseCredit(s))
	case "industry":
		v, err := codes.ParseIndustryOf(r.col.IndustryVersion, s)
		return v, err == nil
	case "region":
		return r.region(s)
	case "wage_low", "wage_high":
		return r.wage(s)
	}
	return "", false
}

// code looks a text up.
func (r *reader) code(s string) (string, bool) {
	if code, ok := r.listed(s); ok {
		return code, true
	}
	return r.col.Otherwise, r.col.Otherwise != ""
}

// listed looks a text up in the column's list; spreadsheets give integers as 8.0.
func (r *reader) listed(s string) (string, bool) {
	if code, ok := r.codes[s]; ok {
		return code, true
	}
	if whole, _, ok := strings.Cut(s, ".0"); ok {
		if code, ok := r.codes[whole]; ok {
			return code, true
		}
	}
	return "", false
}

// impersonal gives a text as it is, unless it holds what is a person's.
func impersonal(s string) (string, bool) {
	if holdsPersonal(s) {
		return PersonalData, false
	}
	return s, true
}

// list reads several codes, or texts, in one cell.
func (r *reader) list(s string) (string, bool) {
	if r.codes == nil && holdsPersonal(s) {
		return PersonalData, false
	}
	parts := strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune("、，,;；/| ", c) })
	for i, p := range parts {
		if r.codes == nil {
			continue
		}
		code, ok := r.code(p)
		if !ok {
			return "", false
		}
		parts[i] = code
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ";"), true
}

// number reads a number, scales it to the lake's unit, and checks its bounds.
// Money and weights are rounded to their unit, integers must be whole.
func (r *reader) number(s string, scale int64, whole bool) (string, bool) {
	text, ok := readNumber(s)
	if !ok {
		return "", false
	}
	x, ok := new(big.Rat).SetString(text)
	if !ok {
		return "", false
	}
	x.Mul(x, new(big.Rat).SetInt64(scale))
	if f, _ := x.Float64(); math.IsInf(f, 0) || !r.within(f) {
		return "", false
	}
	if !whole {
		f, _ := x.Float64()
		return strconv.FormatFloat(f, 'g', -1, 64), true
	}
	if scale == 1 && !x.IsInt() {
		return "", false
	}
	return x.FloatString(0), true // rounds half away from zero
}

func (r *reader) within(f float64) bool {
	if len(r.col.Negative) > 0 && !r.strict && f >= -*r.col.Max && f < *r.col.Min {
		return true // the row tells whether it may be
	}
	return (r.col.Min == nil || f >= *r.col.Min) && (r.col.Max == nil || f <= *r.col.Max)
}

// region reads codes of six digits, and those of towns and villages (nine and
// twelve). Without a list of regions any text will do.
func (r *reader) region(s string) (string, bool) {
	if len(r.regions) == 0 {
		return impersonal(s)
	}
	s, _, _ = strings.Cut(codes.Fold(s), ".")
	if len(s) == 9 || len(s) == 12 {
		s = s[:6]
	}
	return s, r.regions[s]
}

func (r *reader) wage(s string) (string, bool) {
	low, high, ok := readWage(s)
	if !ok {
		return "", false
	}
	end := low
	if r.col.Type == "wage_high" {
		end = high
	}
	if end == nil {
		return "", true
	}
	if !r.within(float64(*end)) {
		return "", false
	}
	return strconv.FormatInt(*end, 10), true
}

// reason is the usual fault of the column.
func (r *reader) reason() string {
	if r.codes != nil {
		return UnknownCode
	}
	switch r.col.Type {
	case "month":
		return BadMonth
	case "date":
		return BadDate
	case "integer", "bigint", "number", "money", "weight", "wage_low", "wage_high":
		return BadNumber
	case "person", "uscc":
		return BadCheckDigit
	case "region":
		return BadRegion
	case "industry":
		return BadIndustry
	default:
		return UnknownCode
	}
}
