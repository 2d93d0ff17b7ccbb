// Package codes holds the national codes that extracts are checked against:
// resident ID numbers (GB 11643), unified social credit codes (GB 32100), the
// provinces of GB/T 2260 and the industries of GB/T 4754-2017.
//
// Everything here is a pure function over text. Input may come as people type
// it: full-width digits, spaces, hyphens and lower case are folded first.
package codes

import (
	"errors"
	"strings"
)

// Faults that a code may have. They are compared with errors.Is.
var (
	// ErrForm: not the length or the characters that the code has.
	ErrForm = errors.New("wrong length or characters")
	// ErrCheckDigit: the check digit does not follow from the other digits.
	ErrCheckDigit = errors.New("check digit does not match")
	// ErrExcelRounded: a spreadsheet kept 15 significant digits of the number
	// or wrote it in scientific notation, so that its end is lost.
	ErrExcelRounded = errors.New("rounded by a spreadsheet")
	// ErrDate: the birth date within the number is no date.
	ErrDate = errors.New("birth date does not exist")
	// ErrRegion: the number begins with no province of GB/T 2260.
	ErrRegion = errors.New("no such province")
)

// Fold returns s with full-width forms made half-width, letters made upper
// case, signs that are typed for an X made one, and the spaces, quotes, equals
// signs and hyphens dropped that people and spreadsheets put around and into codes.
func Fold(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		switch {
		case r >= 'a' && r <= 'z':
			b.WriteRune(r - 'a' + 'A')
		case r == 'Ⅹ', r == 'ⅹ', r == '×': // the ten of Roman numerals and the times sign, typed for X
			b.WriteByte('X')
		case r <= ' ', r == 0x7f, r == '-', r == '\'', r == '`', r == '"', r == '=',
			r == '\u00a0', r == '\u3000', r == '\ufeff', r == '\u200b', r == '－', r == '‐', r == '–', r == '—', r == '’', r == '‘':
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain reports whether s is digits and capital letters alone.
func plain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
