package ingest

import (
	"fmt"
	"strings"
	"testing"
)

// told are the refusals and remarks of a call.
func told(sum Summary) string {
	var b strings.Builder
	for _, r := range sum.Refused {
		fmt.Fprintf(&b, "%s refused: %s\n", r.File, r.Reason)
	}
	for _, l := range sum.Loads {
		fmt.Fprintf(&b, "%s: %s\n", l.File, strings.Join(Remarks(l.Notes), "\n"))
	}
	return b.String()
}

// A file under another feed's name is told for what it is.
func TestNamedAsAnotherFeed(t *testing.T) {
	h := newHouse(t)
	h.put("社保缴费_202606.csv", []byte(registrations(30, 10, registrationHeader, none)))
	h.put("岗位信息_202606.xlsx", sheets(t, sheet{name: "表", rows: registered(registrationHead, 0, 9)}))
	h.put("求职登记_202606.csv", []byte("a,b,c\n1,2,3\n"))
	got := told(h.load())
	if strings.Count(got, "has the header of Unemployment registrations") != 2 || !strings.Contains(got, "求职登记_202606.csv refused: 前 2 行中没有认得出的表头") || strings.Contains(got, "required columns") {
		t.Error(got)
	}
}

// Two files of the same bytes are refused both.
func TestTwinsRefused(t *testing.T) {
	h := newHouse(t)
	bad := []byte("登记编号,证件号码\nR1," + person(1) + "\n")
	h.put("a/失业登记_202606.csv", bad)
	h.put("b/失业登记_202606.csv", bad)
	h.put("c/失业登记_202605.csv", []byte(registrations(3, 1, registrationHeader, none)))
	h.put("d/失业登记_202605.csv", []byte(registrations(3, 1, registrationHeader, none)))
	sum := h.load()
	if len(sum.Refused) != 2 || sum.Refused[0].File == sum.Refused[1].File || sum.Skipped != 1 || len(sum.Loads) != 1 {
		t.Errorf("%+v", sum)
	}
}

// Two headers of one column, and a report of nothing, are told.
func TestTwiceAndNothing(t *testing.T) {
	h := newHouse(t)
	h.put("失业登记_202606.csv", []byte(registrations(9, 3, registrationHeader+",身份证号,登记日期", func(int) string { return "," + person(1) + ",2026-02-02" })))
	h.put("增减员_20260612.csv", []byte("证件号码,统一社会信用代码,变更日期,增减标志,变更原因\n"))
	got := told(h.load())
	if !strings.Contains(got, "“身份证号, 登记日期” stands for a column that another header has given") || !strings.Contains(got, "a report of nothing") || strings.Contains(got, "unknown") {
		t.Error(got)
	}
}

// Single NUL bytes cost the rows that they are in, UTF-16 needs no mark.
func TestNulAndUnmarked16(t *testing.T) {
	text := registrations(400, 100, registrationHeader, none)
	utf16 := func(big bool) []byte {
		var out []byte
		for _, u := range text {
			a, b := byte(u), byte(u>>8)
			if big {
				a, b = b, a
			}
			out = append(out, a, b)
		}
		return out
	}
	for name, c := range map[string]struct {
		b         []byte
		loaded    int64
		bad       int64
		refusedAs string
	}{
		"one in a code":      {[]byte(strings.Replace(text, "R100,", "R1\x0000,", 1)), 399, 1, ""},
		"two, in GB18030":    {[]byte(strings.Replace(strings.Replace(string(gb18030(text)), "R100,", "R1\x0000,", 1), "R200,", "\x00R200,", 1)), 398, 2, ""},
		"UTF-16":             {utf16(false), 400, 0, ""},
		"UTF-16, big-endian": {utf16(true), 400, 0, ""},
		"no text":            {[]byte(text + strings.Repeat("\x00\x00\x01", 9000)), 0, 0, "no text"},
	} {
		h := newHouse(t)
		h.put("失业登记_202606.csv", c.b)
		sum := h.load()
		if sum.RowsLoaded != c.loaded || sum.RowsQuarantined != c.bad || !strings.Contains(told(sum), c.refusedAs) {
			t.Errorf("%s: %+v", name, sum)
		}
		if c.bad > 0 && !strings.Contains(h.faults(), "row 102 registration_no: bad_encoding") {
			t.Errorf("%s: %s", name, h.faults())
		}
	}
}
