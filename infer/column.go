package infer

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"laborwatch/codes"
	"laborwatch/ingest"
)

// Column is one column of the file.
type Column struct {
	// Header as found, and its place, from 0; Group is the header above it.
	Header, Group string
	Index         int
	// Type is what its cells look like, in the words of contracts; once it is
	// matched, the type of the contract's column.
	Type string
	// Personal says that it looks like names, phones, addresses: Name is "" and
	// its values are never shown.
	Personal bool
	// Name is the contract's column, or a new name. Matched says which of the two.
	Name    string
	Matched bool
	// Confidence of the match, from 0 to 1, and Why: alias, similar, values, type,
	// new or personal (keys of the catalog under infer.why).
	Confidence float64
	Why        string
	// Filled cells of those looked at, and how many different ones.
	Filled, Distinct int
	// Codes are the different texts when they are few and say nothing of a person.
	Codes []string
	// Examples, masked where they might.
	Examples []string
	// Bad cells do not read as the matched column; Unknown are code texts among them.
	Bad     int
	Unknown []string
	// IndustryVersion is the edition of GB/T 4754 that more codes fit than the
	// current one, 0 when the current one fits best.
	IndustryVersion int

	cells []string
}

// Bounds of what is called a code.
const (
	maxCodes    = 30
	maxCodeText = 20
)

// look reads the cells below the header and says what each column holds.
func (g *Guess) look(t ingest.Table, h *ingest.Header, o Options) {
	rows := data(g.contract, h, t.Rows, len(t.Rows))
	g.Rows = len(rows)
	for i, name := range h.Names {
		c := Column{Header: ingest.Fold(name), Index: i}
		if h.Levels == 2 && i < len(h.Groups) {
			c.Group = ingest.Fold(h.Groups[i])
		}
		seen := map[string]bool{}
		for _, row := range rows {
			if i >= len(row) {
				continue
			}
			s := ingest.Fold(row[i])
			if ingest.MeansNothing(s) {
				continue
			}
			c.cells = append(c.cells, s)
			seen[s] = true
		}
		c.Filled, c.Distinct = len(c.cells), len(seen)
		if c.Header == "" && c.Filled == 0 {
			continue
		}
		c.Type, c.Personal = kind(c.Header, c.cells, len(seen), o.Regions)
		if g.contract != nil && g.contract.IsPersonal(c.Header) {
			c.Personal = true
		}
		c.examples(seen)
		g.Columns = append(g.Columns, c)
	}
}

// examples keeps what may be shown.
func (c *Column) examples(seen map[string]bool) {
	values := make([]string, 0, len(seen))
	for s := range seen {
		values = append(values, s)
	}
	slices.Sort(values)
	hidden := c.Personal || c.Type == "person"
	if c.Type == "code" && !hidden {
		c.Codes = values
	}
	open := slices.Contains([]string{"code", "month", "date", "integer", "number", "money", "boolean", "region", "industry", "wage_low"}, c.Type)
	for _, s := range values[:min(3, len(values))] {
		c.Examples = append(c.Examples, show(s, hidden, open))
	}
}

var digits = regexp.MustCompile(`\d{7,}`)

// show gives a value for a person's eyes: whole when it is of a kind that tells
// of nobody, else masked as quarantine masks it.
func show(s string, hidden, open bool) string {
	if open && !hidden && !digits.MatchString(s) || open && !hidden && len(s) == 8 {
		return s
	}
	return ingest.Mask(s, hidden || digits.MatchString(s))
}

var (
	phone     = regexp.MustCompile(`^(\+?86)?1[3-9]\d{9}$|^0\d{2,3}-?\d{7,8}$`)
	nameHead  = regexp.MustCompile(`姓名|联系人|户主|法定代表|法人代表|负责人|经办人|填报人|监护人|本人|^名字$|^(full|first|last|contact|person)_?name$|^name$`)
	phoneHead = regexp.MustCompile(`电话|手机|联系方式|传真|微信|QQ|qq|邮箱|(?i:phone|mobile|tel$|email|fax)`)
	placeHead = regexp.MustCompile(`地址|住址|门牌|(?i:address)`)
	cardHead  = regexp.MustCompile(`银行|账号|卡号|(?i:account|bank)`)
	notPerson = regexp.MustCompile(`单位|企业|公司|机构|人数`)
	dateHead  = regexp.MustCompile(`日期|时间|日$|(?i:date|_on$)`)
	moneyHead = regexp.MustCompile(`金额|基数|工资|薪|收入|元|(?i:amount|pay|wage|salary|yuan)`)
	tradeHead = regexp.MustCompile(`行业|(?i:industry|sector)`)
)

// surnames of nine persons in ten; enough to tell a column of names.
const surnames = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"

// kind says what the cells of a column look like, and whether they are about a person.
func kind(header string, cells []string, distinct int, regions []string) (typ string, personal bool) {
	n := len(cells)
	share := func(ok func(string) bool) float64 {
		if n == 0 {
			return 0
		}
		k := 0
		for _, s := range cells {
			if ok(s) {
				k++
			}
		}
		return float64(k) / float64(n)
	}
	switch {
	case share(isResident) >= 0.5:
		return "person", false
	case share(isCredit) >= 0.5:
		return "uscc", false
	case share(phone.MatchString) >= 0.5, phoneHead.MatchString(header), placeHead.MatchString(header), cardHead.MatchString(header):
		return "text", true
	case nameHead.MatchString(header) && !notPerson.MatchString(header), !notPerson.MatchString(header) && distinct > 3 && share(isName) >= 0.8:
		return "text", true
	case n == 0:
		return "text", false
	}
	few := distinct <= maxCodes && (2*distinct <= n || distinct <= 3 && n >= 3)
	short := !slices.ContainsFunc(cells, func(s string) bool { return utf8.RuneCountInString(s) > maxCodeText })
	readable := func(f func(string) (string, bool)) func(string) bool {
		return func(s string) bool { _, ok := f(s); return ok }
	}
	number := share(readable(ingest.ReadNumber))
	region := share(codes.RegionForm)
	if len(regions) > 0 {
		region = share(func(s string) bool { return slices.Contains(regions, s) })
	}
	switch {
	case share(isTruth) >= 0.98 && distinct <= 2:
		return "boolean", false
	case region >= 0.9 && share(isYearMonth) < 0.9:
		return "region", false
	case tradeHead.MatchString(header) && share(isIndustry) >= 0.6:
		return "industry", false
	case share(isYearMonth) >= 0.9:
		return "month", false
	case share(readable(ingest.ReadDate)) >= 0.9 && (number < 0.5 || dateHead.MatchString(header)):
		return "date", false
	case share(readable(ingest.ReadMonth)) >= 0.9 && number < 0.5:
		return "month", false
	case number >= 0.95 && moneyHead.MatchString(header):
		return "money", false
	case number >= 0.95 && share(isLeading) < 0.05 && share(isWhole) >= 0.99:
		return "integer", false
	case number >= 0.95 && share(isLeading) < 0.05:
		return "number", false
	case share(ingest.IsWage) >= 0.7 && number < 0.5:
		return "wage_low", false
	case few && short && share(isName) < 0.8:
		return "code", false
	}
	return "text", false
}

func isResident(s string) bool {
	_, err := codes.ParseResident(s)
	return err == nil || errors.Is(err, codes.ErrExcelRounded) || errors.Is(err, codes.ErrCheckDigit) && len(codes.Fold(s)) == 18
}

func isCredit(s string) bool {
	_, err := codes.ParseCredit(s)
	return err == nil
}

func isIndustry(s string) bool {
	for _, edition := range []int{2017, 2011, 2002} {
		if _, err := codes.ParseIndustryOf(edition, s); err == nil {
			return true
		}
	}
	return false
}

// isName reports whether a text may be a person's name: two to four Han
// characters that begin with a surname.
func isName(s string) bool {
	n := 0
	for _, r := range s {
		if !unicode.Is(unicode.Han, r) {
			return false
		}
		n++
	}
	first, _ := utf8.DecodeRuneInString(s)
	return n >= 2 && n <= 4 && strings.ContainsRune(surnames, first)
}

func isTruth(s string) bool {
	return slices.Contains([]string{"是", "否", "有", "Y", "N", "y", "n", "TRUE", "FALSE", "true", "false", "√", "×", "0", "1"}, s)
}

var yearMonth = regexp.MustCompile(`^(19|20)\d{2}[-/.年]?(0[1-9]|1[0-2]|[1-9])月?(份)?$`)

func isYearMonth(s string) bool { return yearMonth.MatchString(s) && (len(s) != 5) }

// isLeading reports a number that begins with 0, as codes do.
func isLeading(s string) bool { return len(s) > 1 && s[0] == '0' && s[1] != '.' }

func isWhole(s string) bool {
	v, ok := ingest.ReadNumber(s)
	whole, rest, _ := strings.Cut(v, ".")
	return ok && strings.Trim(rest, "0") == "" && len(whole) <= 10
}
