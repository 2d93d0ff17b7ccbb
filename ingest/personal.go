package ingest

import (
	"time"
	"unicode/utf8"

	"laborwatch/codes"
)

// Columns that are not a person's may hold personal data all the same: an
// employer's name with a phone number, a registration number that is somebody's
// ID. One rule tells them, whatever the column:
//
//   - a resident ID of 18 characters, of right check digit, or of any where region
//     and birth date are those of an adult; its first 17 alone; one of 15 digits
//     (issued before 1999, so of people born from 1930 on)
//   - a mobile number (1[3-9] and nine more), with or without 86 before
//   - a number of the fixed network with its area code
//
// whole or in groups parted by blanks, hyphens or parentheses, half or full
// width, but not within a digest. Numbers that offices make of a division, a date and a count look like
// the ID of somebody born that day: hence adults alone where no check digit tells.

// grownUp is the age from which a date of birth makes a number an ID, first15 the
// first year of birth of an ID of 15 digits.
const (
	grownUp = 14
	first15 = 30
)

// Lengths of numbers.
const (
	idDigits, idDigits15 = 18, 15
	mobileDigits         = 11
)

// holdsPersonal reports whether a text holds an ID or a phone number.
func holdsPersonal(s string) (found bool) {
	eachPersonal(s, func(int, int) { found = true })
	return found
}

// digitGroup is a run of digits: where it stands in the text and among the digits.
type digitGroup struct{ from, to, first, end int }

// numbers are neighboring runs of digits, which may be one number.
type numbers struct {
	digits [96]byte
	n      int
	groups [32]digitGroup
	g      int
}

// eachPersonal calls f for every ID and phone number in s.
func eachPersonal(s string, f func(from, to int)) {
	if fewDigits(s) {
		return
	}
	var x numbers
	gap := 0 // signs since the last digit
	for i, token := 0, 0; i < len(s); {
		if i >= token {
			var digest bool
			if token, digest = wordAt(s, i); digest {
				x.judge(f)
				i, gap = token, 0
				continue
			}
		}
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
			if r >= '！' && r <= '～' {
				r -= '！' - '!'
			}
		}
		switch {
		case r >= '0' && r <= '9':
			if x.n == len(x.digits) || x.g == len(x.groups) {
				x.judge(f)
			}
			x.add(byte(r), i, size, gap > 0)
			gap = 0
		case gap == 0 && x.n > 0 && (r == 'X' || r == 'x' || r == '×' || r == 'Ⅹ'):
			x.add('X', i, size, false)
			x.judge(f)
		case x.n > 0 && gap < 2 && parts(r):
			gap++
		default:
			x.judge(f)
			gap = 0
		}
		i += size
	}
	x.judge(f)
}

// wordAt gives where the word of letters and digits that begins at i ends, or the
// next place to look, and says whether letters and digits change so often in it
// that it is a digest or the like: no digits in it are a number of their own.
func wordAt(s string, i int) (end int, digest bool) {
	const often = 3
	var letters, digits int // runs of them
	last := byte(0)
	for end = i; end < len(s); end++ {
		kind := byte('a')
		switch c := s[end]; {
		case c >= '0' && c <= '9':
			kind = '0'
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		default:
			return max(end, i+1), letters >= often && digits >= often
		}
		if kind != last {
			if kind == '0' {
				digits++
			} else {
				letters++
			}
		}
		last = kind
	}
	return end, letters >= often && digits >= often
}

// fewDigits says that a text has not as many digits as any phone number.
func fewDigits(s string) bool {
	n := 0
	for i := range len(s) {
		// The second byte of full-width forms is one of these; others only cost a look.
		if c := s[i]; c >= '0' && c <= '9' || c == 0xbc {
			if n++; n == mobileDigits {
				return false
			}
		}
	}
	return true
}

// parts says whether a sign parts the groups of a number.
func parts(r rune) bool {
	switch r {
	case ' ', '-', '(', ')', '\u00a0', '\u3000', '‐', '‑', '‒', '–', '—', '―', '−':
		return true
	}
	return false
}

// add puts a digit after those before, or begins a group with it.
func (x *numbers) add(digit byte, at, size int, apart bool) {
	if x.n == 0 || apart {
		x.groups[x.g] = digitGroup{from: at, first: x.n}
		x.g++
	}
	x.digits[x.n] = digit
	x.n++
	x.groups[x.g-1].to, x.groups[x.g-1].end = at+size, x.n
}

// judge calls f for the numbers found, and begins anew.
func (x *numbers) judge(f func(from, to int)) {
	defer func() { x.n, x.g = 0, 0 }()
	for i := 0; i < x.g; i++ {
		for j := i; j < x.g; j++ {
			a, b := x.groups[i], x.groups[j]
			n := b.end - a.first
			if j > i && n > idDigits {
				break
			}
			if n < mobileDigits {
				continue
			}
			number := string(x.digits[a.first:b.end])
			if j == i && personalRun(number) || j > i && personalGroups(number, a.end-a.first, b.end-b.first, j-i+1) {
				f(a.from, b.to)
				i = j
				break
			}
		}
	}
}

// personalRun judges digits without a gap.
func personalRun(s string) bool {
	switch n := len(s); {
	case n < mobileDigits:
		return false
	case n == mobileDigits:
		return mobile(s) || landline(s)
	case n == mobileDigits+1:
		return landline(s) || s[0] == '0' && mobile(s[1:])
	case n == mobileDigits+2:
		return s[:2] == "86" && mobile(s[2:])
	case n == idDigits15:
		return olderID(s) || s[:4] == "0086" && mobile(s[4:])
	case n < idDigits-1:
		return false
	case adultID(s):
		return true
	}
	for i := 0; i+idDigits <= len(s); i++ {
		if _, err := codes.ParseResident(s[i : i+idDigits]); err == nil {
			return true
		}
	}
	return false
}

// personalGroups judges a number in several groups of digits.
func personalGroups(s string, first, last, groups int) bool {
	switch len(s) {
	case idDigits15:
		return olderID(s)
	case idDigits - 1, idDigits:
		return personalRun(s)
	case mobileDigits + 2:
		return first > 2 && personalRun(s)
	case mobileDigits, mobileDigits + 1:
		if last == 8 && isDay(s[len(s)-8:]) {
			return false // some number and a date
		}
		digitByDigit := groups == len(s)
		if len(s) == mobileDigits && mobile(s) && (digitByDigit || groups <= 3 && first >= 3) {
			return true
		}
		return groups <= 3 && (first == 3 || first == 4) && first == areaCode(s) && landline(s)
	}
	return false
}

// mobile reports whether the digits are a mobile number of China.
func mobile(s string) bool {
	return len(s) == mobileDigits && s[0] == '1' && s[1] >= '3' && s[len(s)-1] != 'X'
}

// landline reports whether the digits are a number of the fixed network: area
// codes of three digits go with eight more, those of four with seven or eight.
func landline(s string) bool {
	code := areaCode(s)
	n := len(s) - code
	return code > 0 && (n == 8 || n == 7 && code == 4) && s[code] >= '2' && s[code] <= '8' && s[len(s)-1] != 'X'
}

// areaCode is how many digits of a number are its area code, 0 for none.
func areaCode(s string) int {
	switch {
	case len(s) < 4 || s[0] != '0':
		return 0
	case s[1] == '1' && s[2] == '0', s[1] == '2':
		return 3
	case s[1] >= '3':
		return 4
	}
	return 0
}

// adultID reports whether the number begins as the ID of an adult does, whatever
// its end.
func adultID(s string) bool {
	if !issued(s) || !isDay(s[6:14]) {
		return false
	}
	return digits(s[6:10]) <= int32(time.Now().Year()-grownUp) // a year, whatever clock tells it
}

// olderID reports whether the number is an ID of 15 digits.
func olderID(s string) bool {
	return issued(s) && digits(s[6:8]) >= first15 && isDay("19"+s[6:12]) && s[len(s)-1] != 'X'
}

// issued says whether a number begins with the code of a county that may issue IDs.
func issued(s string) bool {
	return codes.Province(s[:2]) != "" && s[2:4] >= "01" && s[2:4] <= "90" && s[4:6] >= "01"
}

// isDay reports whether the digits are a day of this century or the last.
func isDay(s string) bool {
	t, ok := civilTime(s[:4], s[4:6], s[6:8])
	return ok && t.Year() < 2100
}
