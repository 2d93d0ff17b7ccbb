package ingest

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// These functions read what a fast cast in the engine could not: the forms in
// which people and spreadsheets write dates, months and numbers. They are
// called for such cells alone.

// clean folds full-width forms to half-width, trims blanks of every kind, and
// takes off what guards a text from spreadsheets. Blanks inside stay, as single
// spaces.
func clean(s string) string {
	s = fold(s)
	if bare := unguarded(s); len(bare) < len(s) {
		return fold(bare)
	}
	return s
}

// fold is clean but for guards.
func fold(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		switch {
		case r >= '！' && r <= '～':
			r -= '！' - '!'
		case r <= ' ', r == '\u00a0', r == '\u3000', r == '\ufeff', r == '\u200b', r == 0x7f:
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// unguarded gives the text in ="…", or after an apostrophe, by which programs keep
// spreadsheets from making a number of it.
func unguarded[T string | []byte](s T) T {
	switch n := len(s); {
	case n == 0 || s[0] != '\'' && s[0] != '=':
	case s[0] == '\'' && n > 1:
		return s[1:]
	case n > 2 && s[0] == '=' && s[1] == '"' && s[n-1] == '"':
		return s[2 : n-1]
	}
	return s
}

// isClean reports whether s is printable ASCII without blanks.
func isClean(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

var (
	ymd     = regexp.MustCompile(`^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?:[T ].*)?$`)
	ymdRun  = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	ym      = regexp.MustCompile(`^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?(?:份)?$`)
	ymRun   = regexp.MustCompile(`^(\d{4})(\d{2})$`)
	serial  = regexp.MustCompile(`^\d{5}(?:\.\d+)?$`)
	numeral = regexp.MustCompile(`^[-+]?(\d{1,3}(,\d{3})+|\d+)(\.\d*)?([eE][-+]?\d+)?$`)
)

// excelEpoch is day 0 of Excel's 1900 date system, past its phantom leap day.
var excelEpoch = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// readDate reads 2020-5-1, 2020/5/1, 2020.05.01, 20200501, 2020年5月1日, with or
// without a time of day, and Excel serials; dashes and digits may be
// full-width. The result is YYYY-MM-DD.
func readDate(s string) (string, bool) {
	s = cleanDate(s)
	for _, re := range []*regexp.Regexp{ymd, ymdRun} {
		if m := re.FindStringSubmatch(s); m != nil {
			return civil(m[1], m[2], m[3])
		}
	}
	if serial.MatchString(s) {
		return fromSerial(s)
	}
	return "", false
}

// readMonth reads whatever readDate does, and 2020-05, 2020/5, 2020.05,
// 202005, 2020年5月. The result is the month's first day.
func readMonth(s string) (string, bool) {
	s = cleanDate(s)
	for _, re := range []*regexp.Regexp{ym, ymRun} {
		if m := re.FindStringSubmatch(s); m != nil {
			return civil(m[1], m[2], "1")
		}
	}
	if d, ok := readDate(s); ok {
		return d[:8] + "01", true
	}
	return "", false
}

// dashes are the characters that stand where a hyphen or a minus belongs.
var dashes = strings.NewReplacer("‐", "-", "‑", "-", "‒", "-", "–", "-", "—", "-", "―", "-", "−", "-")

// floated is a run of digits that a spreadsheet or a program gave a fraction of nothing.
var floated = regexp.MustCompile(`^(\d{6}|\d{8})\.0+$`)

// cleanDate also makes every dash a hyphen, and 202605.0 what it was.
func cleanDate(s string) string {
	s = dashes.Replace(clean(s))
	return floated.ReplaceAllString(s, "$1")
}

func fromSerial(s string) (string, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 10959 || f >= 73051 { // 1930-01-01 … 2099-12-31
		return "", false
	}
	return excelEpoch.AddDate(0, 0, int(f)).Format(time.DateOnly), true
}

func civil(y, m, d string) (string, bool) {
	t, ok := civilTime(y, m, d)
	if !ok {
		return "", false
	}
	return t.Format(time.DateOnly), true
}

func civilTime(y, m, d string) (time.Time, bool) {
	year, _ := strconv.Atoi(y)
	month, _ := strconv.Atoi(m)
	day, _ := strconv.Atoi(d)
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t, year >= 1900 && year <= 2200 && t.Month() == time.Month(month) && t.Day() == day
}

// readNumber reads 1,234.5, full-width digits, a leading ¥ and a trailing 元,
// 人 or %; the result is plain decimal text.
func readNumber(s string) (string, bool) {
	s = strings.TrimLeft(dashes.Replace(clean(s)), "¥￥ ")
	s = strings.TrimSuffix(strings.TrimSuffix(s, "元"), "人")
	percent := strings.HasSuffix(s, "%")
	s = strings.TrimSpace(strings.TrimSuffix(s, "%"))
	if !numeral.MatchString(s) {
		return "", false
	}
	s = strings.TrimPrefix(strings.ReplaceAll(s, ",", ""), "+")
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return "", false
	}
	if percent {
		f /= 100
	} else if !strings.ContainsAny(s, "eE") {
		return strings.TrimSuffix(s, "."), true
	}
	return strconv.FormatFloat(f, 'f', -1, 64), true
}

// Days and hours that are paid in a month (月计薪天数 21.75, 8 hours each).
const (
	paidDays  = 21.75
	paidHours = paidDays * 8
	// maxWage in fen a month: a billion yuan.
	maxWage = 1e11
)

var (
	wageText = regexp.MustCompile(`^(\d+(?:\.\d+)?)(千|万|K|k|元)?(?:[-~—–至到](\d+(?:\.\d+)?))?(千|万|K|k|元)?(以上|以下)?元?(?:[/每](月|年|天|日|小时|时))?(以上|以下)?$`)
	wageUnit = map[string]float64{"": 1, "元": 1, "千": 1e3, "K": 1e3, "k": 1e3, "万": 1e4}
	wagePer  = map[string]float64{"": 1, "月": 1, "年": 1.0 / 12, "天": paidDays, "日": paidDays, "小时": paidHours, "时": paidHours}
	wageNone = map[string]bool{"面议": true, "薪资面议": true, "工资面议": true, "电议": true}
)

// readWage reads wage texts such as 4000-6000元/月, 1-1.5万/月, 6-8千/月,
// 20-40万/年, 300元/天, 2万以下/年, 面议, and gives both ends in fen a month;
// an end that the text leaves open is nil.
func readWage(s string) (low, high *int64, ok bool) {
	s = strings.ReplaceAll(clean(s), " ", "")
	s = strings.ReplaceAll(s, ",", "")
	if wageNone[s] {
		return nil, nil, true
	}
	m := wageText.FindStringSubmatch(s)
	if m == nil {
		return nil, nil, false
	}
	first, second, bound := m[2], m[4], m[5]+m[7]
	if second == "" {
		second = first
	}
	if first == "" {
		first = second
	}
	fen := func(text, unit string) *int64 {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil
		}
		f := math.Round(v * wageUnit[unit] * wagePer[m[6]] * 100)
		if f > maxWage {
			return nil // some other number
		}
		n := int64(f)
		return &n
	}
	low = fen(m[1], first)
	if m[3] != "" {
		high = fen(m[3], second)
		return low, high, low != nil && high != nil && *low <= *high && bound == ""
	}
	switch bound {
	case "以上":
		return low, nil, low != nil
	case "以下":
		return nil, low, low != nil
	}
	return low, low, low != nil
}

// mask shows at most a third of a value: its first and last characters when it
// is long enough, and how long it is. Personal values, and those that hold an ID
// or a phone number, show their length alone.
func mask(s string, personal bool) string {
	r := []rune(s)
	length := strconv.Itoa(len(r)) + "字符/chars"
	switch {
	case personal || len(r) < 3 || holdsPersonal(s):
		return length
	case len(r) < 6:
		return string(r[:1]) + "… (" + length + ")"
	default:
		return string(r[:1]) + "…" + string(r[len(r)-1:]) + " (" + length + ")"
	}
}
