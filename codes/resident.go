package codes

import (
	"regexp"
	"strings"
	"time"
)

// Resident is what a resident ID number (GB 11643-1999) says.
type Resident struct {
	// Number has 18 characters, its last possibly X.
	Number string
	// Sex is "M" or "F".
	Sex string
	// Birth is the birth date at midnight UTC.
	Birth time.Time
	// Origin is the GB/T 2260 code of where the number was first issued. It
	// may be a code since abolished, or begin with 9 (foreign permanent
	// residents).
	Origin string
}

// BirthMonth is the first day of the month of birth.
func (r Resident) BirthMonth() time.Time {
	return time.Date(r.Birth.Year(), r.Birth.Month(), 1, 0, 0, 0, 0, time.UTC)
}

var residentWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

const residentChecks = "10X98765432"

// ResidentCheck gives the check digit (ISO 7064 MOD 11-2) of the first 17
// digits of a resident ID number; ok is false when they are not 17 digits.
func ResidentCheck(first17 string) (check byte, ok bool) {
	if len(first17) != 17 {
		return 0, false
	}
	sum := 0
	for i, w := range residentWeights {
		d := first17[i]
		if d < '0' || d > '9' {
			return 0, false
		}
		sum += int(d-'0') * w
	}
	return residentChecks[sum%11], true
}

// ResidentValid reports whether s is a resident ID number exactly as the
// standard writes it: 18 characters, capital X, right check digit.
func ResidentValid(s string) bool {
	r, err := ParseResident(s)
	return err == nil && r.Number == s
}

var scientific = regexp.MustCompile(`^\d(\.\d+)?E\+?1[4-7]$`)

// ParseResident reads a resident ID number in any form it is found in:
// full-width, lower-case x, 15 digits (numbers issued before 1999, given back
// with 18). The errors are ErrForm, ErrExcelRounded, ErrCheckDigit, ErrDate
// and ErrRegion; none of them repeats the number.
func ParseResident(raw string) (Resident, error) {
	s := Fold(raw)
	switch len(s) {
	case 18:
	case 15:
		var ok bool
		if s, ok = widen(s); !ok {
			return Resident{}, ErrForm
		}
	default:
		if scientific.MatchString(s) {
			return Resident{}, ErrExcelRounded
		}
		return Resident{}, ErrForm
	}
	check, ok := ResidentCheck(s[:17])
	if !ok || (s[17] != 'X' && (s[17] < '0' || s[17] > '9')) {
		if scientific.MatchString(s) {
			return Resident{}, ErrExcelRounded
		}
		return Resident{}, ErrForm
	}
	if s[17] != check {
		if strings.HasSuffix(s, "000") {
			return Resident{}, ErrExcelRounded
		}
		return Resident{}, ErrCheckDigit
	}
	birth, ok := date(s[6:14])
	if !ok {
		return Resident{}, ErrDate
	}
	if s[0] != '9' && Province(s[:2]) == "" {
		return Resident{}, ErrRegion
	}
	sex := "F"
	if (s[16]-'0')%2 == 1 {
		sex = "M"
	}
	return Resident{Number: s, Sex: sex, Birth: birth, Origin: s[:6]}, nil
}

// widen gives a 15-digit number its century and check digit. Sequence numbers
// 996 to 999 were kept for people born before 1900.
func widen(s string) (string, bool) {
	century := "19"
	if s[12:] >= "996" {
		century = "18"
	}
	first := s[:6] + century + s[6:]
	check, ok := ResidentCheck(first)
	return first + string(check), ok
}

// date reads YYYYMMDD without allocating.
func date(s string) (time.Time, bool) {
	n := func(s string) (v int) {
		for i := range len(s) {
			v = v*10 + int(s[i]-'0')
		}
		return v
	}
	y, m, d := n(s[:4]), n(s[4:6]), n(s[6:8])
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, y >= 1800 && m >= 1 && m <= 12 && d >= 1 && t.Month() == time.Month(m) && t.Day() == d
}
