package cube

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"laborwatch/messages"
)

// Format prints a value of the indicator as a person reads it: a ratio in
// percent (5.3%), a change of a ratio in percentage points (+0.3 pp), a
// relative change in percent with its sign (+2.1%), a count with thousands
// parted (12,345). A value that is no number prints as "–".
func (i Indicator) Format(lang messages.Lang, v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	if i.Unit == Fen {
		v /= 100
	}
	switch {
	case i.Unit == Ratio && i.IsChange():
		return signed(v, i.decimal(v*100)) + points(lang)
	case i.Unit == Relative:
		return signed(v, i.decimal(v*100)) + "%"
	case i.IsChange():
		return signed(v, i.decimal(v))
	case i.Unit == Ratio:
		return i.decimal(v*100) + "%"
	}
	return i.decimal(v)
}

// FormatSE prints a standard error of the indicator: percentage points with
// one more decimal than the value for a ratio, the value's own unit otherwise.
func (i Indicator) FormatSE(lang messages.Lang, se float64) string {
	if math.IsNaN(se) || math.IsInf(se, 0) {
		return "–"
	}
	switch i.Unit {
	case Ratio, Relative:
		i.Decimals++
		return i.decimal(se*100) + points(lang)
	case Hours, Multiple:
		i.Decimals++
	case Fen:
		se /= 100
	}
	return i.decimal(se)
}

// FormatInterval prints an interval with the unit once: 4.9–5.7%.
func (i Indicator) FormatInterval(lang messages.Lang, low, high float64) string {
	if i.IsChange() {
		return i.Format(lang, low) + " – " + i.Format(lang, high)
	}
	return strings.TrimSuffix(i.Format(lang, low), "%") + "–" + i.Format(lang, high)
}

// decimal prints a number to the indicator's decimals, thousands parted, and
// never a negative zero.
func (i Indicator) decimal(v float64) string {
	scale := math.Pow10(i.Decimals)
	if v = math.Round(v*scale) / scale; v == 0 {
		v = 0
	}
	return message.NewPrinter(language.English).Sprintf("%.*f", i.Decimals, v)
}

// signed puts + before a printed number above zero.
func signed(v float64, printed string) string {
	if v > 0 && strings.ContainsAny(printed, "123456789") {
		return "+" + printed
	}
	return printed
}

func points(lang messages.Lang) string { return messages.T(lang, "cube.points") }

// exact prints a number so that reading it back gives the same one.
func exact(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
