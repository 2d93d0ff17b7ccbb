package infer

import (
	"slices"
	"strconv"
	"strings"

	"laborwatch/messages"
)

// ask is a comment for a person to settle.
func ask(key string, args ...any) string { return " # ? " + comment(both(key, args...)) }

func both(key string, args ...any) string { return messages.Both("infer.ask."+key, args...) }

// text is a YAML string, in double quotes.
func text(s string) string { return strconv.Quote(s) }

// doubtful asks whether a match is right.
func doubtful(c *Column) string {
	var out []string
	for _, lang := range []messages.Lang{messages.ZH, messages.EN} {
		out = append(out, messages.T(lang, "infer.ask.similar", messages.T(lang, "infer.why."+c.Why), c.Confidence))
	}
	return " # ? " + strings.Join(out, " / ")
}

func texts(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = text(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// comment keeps a text on its line.
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\ufeff' {
			return ' '
		}
		return r
	}, s)
}

func sorted(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
