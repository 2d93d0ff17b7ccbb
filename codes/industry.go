package codes

import (
	"slices"
	"strings"
)

// Section is a section (门类) of GB/T 4754-2017: a letter.
type Section struct{ Code, ZH, EN string }

// Division is a division (大类) of GB/T 4754-2017: two digits, and the section
// it belongs to.
type Division struct{ Code, Section, ZH, EN string }

type division struct {
	Division
	classes string
}

// Sections lists the 20 sections in order.
func Sections() []Section { return slices.Clone(sections) }

// Divisions lists the 97 divisions in order.
func Divisions() []Division {
	out := make([]Division, len(divisions))
	for i, d := range divisions {
		out[i] = d.Division
	}
	return out
}

// Classes lists the 1,380 four-digit classes in order.
func Classes() []string {
	var out []string
	for _, d := range divisions {
		for g := range strings.FieldsSeq(d.classes) {
			for _, c := range g[1:] {
				out = append(out, d.Code+g[:1]+string(c))
			}
		}
	}
	return out
}

// SectionOf gives the section letter of an industry code of two to four
// digits, "" when there is no such division.
func SectionOf(code string) string {
	if d := findDivision(code); d != nil {
		return d.Section
	}
	return ""
}

func findDivision(code string) *division {
	if len(code) < 2 {
		return nil
	}
	i, ok := slices.BinarySearchFunc(divisions, code[:2], func(d division, c string) int { return strings.Compare(d.Code, c) })
	if !ok {
		return nil
	}
	return &divisions[i]
}

// ParseIndustry reads an industry code of GB/T 4754-2017 in any form it is
// found in — with or without the leading section letter, two digits
// (division), three (group) or four (class) — and returns its digits. A class
// written with a trailing 0 beside existing ones stands for its group, as older
// registers do. The error is ErrForm; a letter that contradicts the digits is one.
func ParseIndustry(raw string) (string, error) {
	s := Fold(raw)
	letter := ""
	if s != "" && s[0] >= 'A' && s[0] <= 'T' {
		letter, s = s[:1], s[1:]
	}
	d := findDivision(s)
	if d == nil || (letter != "" && letter != d.Section) {
		return "", ErrForm
	}
	if !d.has(s[2:]) {
		return "", ErrForm
	}
	return s, nil
}

// has reports whether the division has the group or class of the digits after
// its own; none means the division itself.
func (d *division) has(rest string) bool {
	if rest == "" || rest == "00" {
		return true
	}
	for g := range strings.FieldsSeq(d.classes) {
		if g[0] == rest[0] {
			return len(rest) == 1 || (len(rest) == 2 && (rest[1] == '0' || strings.IndexByte(g[1:], rest[1]) >= 0))
		}
	}
	return false
}
