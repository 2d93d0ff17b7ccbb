package ingest

import (
	"strings"

	"laborwatch/codes"
)

// Columns that are not a person's may hold personal data all the same: a remark
// with a phone number, a registration number that is somebody's ID. Nothing of
// the kind is stored: out of free text it is blotted, and a row whose code it is
// goes to quarantine.

const blot = "***"

// scrub blots the resident IDs and mobile numbers out of a free text.
func scrub(s string) string {
	var b strings.Builder
	kept := 0
	eachRun(s, func(from, to int) {
		if run := s[from:to]; mobile(run) || resident(run) {
			b.WriteString(s[kept:from])
			b.WriteString(blot)
			kept = to
		}
	})
	if kept == 0 {
		return s
	}
	return b.String() + s[kept:]
}

// holdsResident reports whether a text holds a resident ID.
func holdsResident(s string) (found bool) {
	eachRun(s, func(from, to int) { found = found || resident(s[from:to]) })
	return found
}

// eachRun calls f for every run of at least eleven digits in s; an X may end it.
func eachRun(s string, f func(from, to int)) {
	for i := 0; i < len(s); i++ {
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		to := i
		if to-from == 17 && to < len(s) && (s[to] == 'X' || s[to] == 'x') {
			to++
		}
		if to-from >= 11 {
			f(from, to)
		}
	}
}

// mobile reports whether the digits are a mobile number of China (1[3-9] and
// nine more, with or without 86 before).
func mobile(s string) bool {
	if len(s) == 13 {
		s = strings.TrimPrefix(s, "86")
	}
	return len(s) == 11 && s[0] == '1' && s[1] >= '3'
}

func resident(s string) bool {
	if len(s) != 18 {
		return false
	}
	_, err := codes.ParseResident(s)
	return err == nil
}
