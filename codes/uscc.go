package codes

import "strings"

// creditAlphabet is the alphabet of GB 32100: digits and letters without I, O, S, V, Z.
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

var creditWeights = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}

// creditValues gives the value of each byte, -1 outside the alphabet.
var creditValues = func() (values [256]int8) {
	for i := range values {
		values[i] = int8(strings.IndexByte(creditAlphabet, byte(i)))
	}
	return values
}()

// CreditCheck gives the check character (MOD 31-3) of the first 17 characters
// of a unified social credit code; ok is false when they are not 17 of its alphabet.
func CreditCheck(first17 string) (check byte, ok bool) {
	if len(first17) != 17 {
		return 0, false
	}
	sum := 0
	for i, w := range creditWeights {
		v := creditValues[first17[i]]
		if v < 0 {
			return 0, false
		}
		sum += int(v) * w
	}
	return creditAlphabet[(31-sum%31)%31], true
}

// ParseCredit reads a unified social credit code (GB 32100-2015) in any form
// it is found in and returns its 18 characters. The errors are ErrForm,
// ErrExcelRounded and ErrCheckDigit.
func ParseCredit(raw string) (string, error) {
	s := Fold(raw)
	var check byte
	ok := len(s) == 18
	if ok {
		check, ok = CreditCheck(s[:17])
	}
	if !ok || strings.IndexByte(creditAlphabet, s[17]) < 0 {
		if scientific.MatchString(s) {
			return "", ErrExcelRounded
		}
		return "", ErrForm
	}
	if check != s[17] {
		if strings.HasSuffix(s, "000") && strings.Trim(s, "0123456789") == "" {
			return "", ErrExcelRounded
		}
		return "", ErrCheckDigit
	}
	return s, nil
}
