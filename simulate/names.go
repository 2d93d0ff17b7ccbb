package simulate

import (
	"laborwatch/codes"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Encodings that pieces of text are kept in, made once.
const (
	utf8 = iota
	gb18030
	encodings
)

// words keeps what rows are built from in every encoding that is written.
type words struct {
	surname   [encodings]string
	syllables [encodings][]string
	issuer    string
	dateSum   [1 << 16]uint8 // part of the ID's check sum: issuer and birth date
	cal       *calendar
}

var syllables = []string{
	"甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸",
	"子", "丑", "寅", "卯", "辰", "巳", "午", "未", "申", "酉", "戌", "亥",
}

func newWords(region string, cal *calendar) *words {
	w := &words{issuer: issuer(region), cal: cal}
	for e := range encodings {
		w.surname[e] = encode("测试", e)
		for _, s := range syllables {
			w.syllables[e] = append(w.syllables[e], encode(s, e))
		}
	}
	weights := [14]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5}
	for d := range w.dateSum {
		sum := 0
		for i := range 6 {
			sum += weights[i] * int(w.issuer[i]-'0')
		}
		for i, ch := range cal.ymd[d] {
			sum += weights[6+i] * int(ch-'0')
		}
		w.dateSum[d] = uint8(sum % 11)
	}
	return w
}

// encode gives text in one of the encodings; every string here is in GB18030.
func encode(s string, enc int) string {
	if enc == utf8 {
		return s
	}
	out, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		panic(err) // GB18030 covers Unicode
	}
	return out
}

// name appends a placeholder that stands for a person's name.
func (w *words) name(b []byte, person int32, enc int) []byte {
	h := mix(uint64(person))
	n := uint64(len(syllables))
	b = append(b, w.surname[enc]...)
	b = append(b, w.syllables[enc][h%n]...)
	return append(b, w.syllables[enc][h/n%n]...)
}

// phone appends a number that starts with 10: no subscriber has one.
func (w *words) phone(b []byte, person int32) []byte {
	b = append(b, '1', '0')
	h := mix(uint64(person) ^ 0xfeed)
	for range 9 {
		b = append(b, byte('0'+h%10))
		h /= 10
	}
	return b
}

// id appends the 18-character resident ID number.
func (w *words) id(b []byte, p *person) []byte {
	b = append(b, w.issuer...)
	b = append(b, w.cal.ymd[p.birth][:]...)
	x, y, z := p.seq/100, p.seq/10%10, p.seq%10
	sum := int(w.dateSum[p.birth]) + 8*int(x) + 4*int(y) + 2*int(z)
	return append(b, byte('0'+x), byte('0'+y), byte('0'+z), "10X98765432"[sum%11])
}

// Characters of GB 32100.
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// creditCode makes the unified social credit code of the n-th employer: 91
// (an enterprise), the never assigned county, a nine-character body.
func creditCode(region string, n int) string {
	b := append([]byte("91"), issuer(region)...)
	b = append(b, 'M', 'A')
	h := uint64(n)*7919 + 31*31*31*31 // spread, unique below 31^6
	var body [7]byte
	for i := 6; i >= 0; i-- {
		body[i] = creditAlphabet[h%31]
		h /= 31
	}
	b = append(b, body[:]...)
	check, ok := codes.CreditCheck(string(b))
	if !ok {
		panic("simulate: credit code body " + string(b))
	}
	return string(append(b, check))
}
