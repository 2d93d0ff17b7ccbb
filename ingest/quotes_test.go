package ingest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestRequote(t *testing.T) {
	for name, c := range map[string]struct {
		in, want string
		astray   int64
	}{
		"plain":                      {"a,b,c\n1,2,3\n", "a,b,c\n1,2,3\n", 0},
		"a cell of two lines":        {"1,\"x\ny\",3\n4,5,6\n", "1,\"x\ny\",3\n4,5,6\n", 0},
		"the first cell":             {"\"x\ny\",2,3\n4,5,6\n", "\"x\ny\",2,3\n4,5,6\n", 0},
		"the last cell":              {"1,2,\"x\ny\"\n4,5,6\n", "1,2,\"x\ny\"\n4,5,6\n", 0},
		"with commas":                {"1,\"x\n,y\",3\n4,5,6\n", "1,\"x\n,y\",3\n4,5,6\n", 0},
		"doubled":                    {"1,\"x \"\"\ny\",3\n", "1,\"x \"\"\ny\",3\n", 0},
		"never closed":               {"1,\"x,3\n4,5,6\n7,8,9\n", "1,x,3\n4,5,6\n7,8,9\n", 1},
		"never closed, the last":     {"1,2,3\n4,\"x,6", "1,2,3\n4,x,6\n", 1},
		"closed by the next row's":   {"1,\"x,3\n4,\"y,6\n7,8,9\n", "1,x,3\n4,y,6\n7,8,9\n", 2},
		"closed rows later":          {"1,\"x,3\n4,5,6\n7,y\",9\n", "1,x,3\n4,5,6\n7,y\",9\n", 1},
		"closed by a good cell":      {"1,\"x,3\n4,5,6\n7,\"8,000\",9\n", "1,x,3\n4,5,6\n7,\"8,000\",9\n", 1},
		"closes within a cell":       {"1,\"x\ny\"z,3\n4,5,6\n", "1,x\ny\"z,3\n4,5,6\n", 1},
		"CRLF and blank lines":       {"1,\"x,3\r\n\r\n4,5,6\r\n", "1,x,3\n,,\n4,5,6\n", 1},
		"CR":                         {"1,\"x,3\r4,5,6\r", "1,x,3\n4,5,6\n", 1},
		"within a line":              {"1,张\"三\",3\n4,5,6\n", "1,张\"三\",3\n4,5,6\n", 0},
		"a byte order mark":          {"\ufeff1,\"x\ny\",3\n", "1,\"x\ny\",3\n", 0},
		"long cells are no cells":    {"1,\"" + strings.Repeat("x\n", 1100) + "\",3\n", "1,x\n" + strings.Repeat("x\n", 1099) + ",3\n", 2},
		"a good cell beside a stray": {"1,\"x,\"\"y\",\"z\n4,5,6\n", "1,\"x,\"\"y\",z\n4,5,6\n", 1},
	} {
		var out bytes.Buffer
		q, err := requote(&out, strings.NewReader(c.in), ",", 3, false)
		if err != nil || out.String() != c.want || q.astray != c.astray {
			t.Errorf("%s: %d astray, want %d, %v\ngot  %q\nwant %q", name, q.astray, c.astray, err, out.String(), c.want)
		}
	}
}

// TestStrayQuotes: a stray quote costs no row but its own.
func TestStrayQuotes(t *testing.T) {
	for name, at := range map[string][]int{"one": {100}, "two, far apart": {100, 1100}, "two, near": {100, 101}, "the first row": {0}, "the last": {1999}, "many": {3, 50, 51, 52, 900, 1500}} {
		for kind, encode := range map[string]func(string) []byte{"utf-8": func(s string) []byte { return []byte(s) }, "gb18030": gb18030, "gzip": func(s string) []byte { return gzipped([]byte(s)) }} {
			h := newHouse(t)
			var b strings.Builder
			b.WriteString("登记编号,证件号码,姓名,登记地区划,登记日期,失业原因\n")
			for i := range 2000 {
				who := "某某"
				for _, j := range at {
					if i == j {
						who = "\"某某"
					}
				}
				fmt.Fprintf(&b, "R%d,%s,%s,410402,2026-01-01,毕业\n", i, person(i), who)
			}
			h.put("失业登记_202606.csv", encode(b.String()))
			sum := h.load()
			if sum.RowsLoaded != 2000 || len(sum.Loads) != 1 || !strings.Contains(fmt.Sprint(sum.Loads[0].Notes), fmt.Sprintf("quotes of %d rows do not pair (the first in row %d)", len(at), at[0]+2)) {
				t.Errorf("%s %s: %+v", name, kind, sum)
			}
		}
	}
}

// TestVeryWide: a spreadsheet's blank cells cost nothing, too many columns are
// refused, and neither stops what is good.
func TestVeryWide(t *testing.T) {
	h := newHouse(t)
	rows := registrations(300, 100, registrationHeader, none)
	h.put("失业登记_202601.csv", []byte(strings.ReplaceAll(rows, "\n", strings.Repeat(",", 16379)+"\n")))
	h.put("失业登记_202602.csv", []byte(registrations(300, 100, registrationHeader, func(int) string { return strings.Repeat(",", 16379) })))
	h.put("失业登记_202603.csv", []byte(registrations(300, 100, registrationHeader+strings.Repeat(",x", 5000), func(int) string { return strings.Repeat(",1", 5000) })))
	h.put("失业登记_202604.csv", []byte(rows))
	sum := h.load()
	if sum.RowsLoaded != 900 || len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "5005 columns") {
		t.Errorf("%+v", sum)
	}
}

// Whatever the quotes, nothing but quotes and line ends is lost, and what is
// written has no quote that goes astray.
func FuzzRequote(f *testing.F) {
	for _, s := range []string{"1,\"x,3\n4,5,6\n", "\"x\ny\",2,3\n", "\"\"\"\n\"", "1,\"x\r\n\r,\"\",\n"} {
		f.Add(s)
	}
	bare := strings.NewReplacer("\"", "", "\r", "", "\n", "", ",", "", "\ufeff", "")
	f.Fuzz(func(t *testing.T, s string) {
		var out, again bytes.Buffer
		q, err := requote(&out, strings.NewReader(s), ",", 3, false)
		if err != nil {
			t.Fatal(err)
		}
		if bare.Replace(out.String()) != bare.Replace(s) {
			t.Fatalf("%q became %q", s, out.String())
		}
		if q.astray == 0 {
			return
		}
		if _, err = requote(&again, bytes.NewReader(out.Bytes()), ",", 3, false); err != nil || again.String() != out.String() {
			t.Fatalf("%q became %q, and then %q: %v", s, out.String(), again.String(), err)
		}
	})
}

// A cell that is filled beyond the header is not dropped in silence.
func TestSurplusCell(t *testing.T) {
	h := newHouse(t)
	text := registrations(20, 5, registrationHeader, func(i int) string {
		switch i {
		case 7:
			return ",多"
		case 3:
			return ","
		}
		return ""
	})
	h.put("失业登记_202601.csv", []byte(text))
	h.put("失业登记_202602.csv", []byte(strings.Replace(text, ",多", ",", 1)))
	if sum := h.load(); sum.RowsLoaded != 39 || sum.RowsQuarantined != 1 {
		t.Errorf("%+v", sum)
	}
	if got := h.faults(); got != "失业登记_202601.csv  row 9 : malformed_row []\n" {
		t.Error(got)
	}
}
