package ingest

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"laborwatch/archive"
	"laborwatch/codes"
)

// quirky gives the extracts of testdata/quirks with one of the extensions.
func quirky(f *testing.F, exts ...string) [][]byte {
	f.Helper()
	var out [][]byte
	for _, ext := range exts {
		names, err := filepath.Glob(filepath.Join("testdata", "quirks", "*", "*"+ext))
		if err != nil || len(names) == 0 {
			f.Fatal(ext, err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			out = append(out, b)
		}
	}
	return out
}

// Text in any encoding ends in a header or a refusal under a contract; what
// is rewritten for the engine is UTF-8 whose records are those of the text.
func FuzzDecode(f *testing.F) {
	for _, b := range quirky(f, ".csv") {
		f.Add(b)
	}
	f.Add([]byte("\xfe\xff\x79\x3e"))
	f.Add([]byte("\"a\r\nb\",\"c\"\"\r"))
	cs, err := LoadContracts("")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		shape, err := readShape(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		encs, err := shape.encodings("")
		if err != nil {
			if !isRefusal(err) {
				t.Errorf("%v is no refusal", err)
			}
			return
		}
		for _, feed := range []string{"social_insurance", "job_vacancy", "monitored_enterprise"} {
			c := cs[feed]
			h, d, enc, err := c.findEncodedHeader(shape.head, encs)
			if err != nil {
				if !isRefusal(err) || err.Error() == "" {
					t.Errorf("%v is no refusal", err)
				}
				continue
			}
			for i, j := range h.cols {
				if j >= len(h.names) || j < 0 && c.Columns[i].Required != Optional && c.Columns[i].Constant == nil {
					t.Errorf("%s: column %s is in cell %d of %d", feed, c.Columns[i].Name, j, len(h.names))
				}
			}
			var out bytes.Buffer
			if _, err := requote(&out, decoder(bytes.NewReader(b), enc), d.delim, max(len(h.names), d.width), false); err != nil && !isRefusal(err) {
				t.Error(err)
			}
			if !utf8.Valid(out.Bytes()) {
				t.Errorf("%s as %s gives bytes that are not UTF-8", feed, enc)
			}
		}
		_ = splitText(string(shape.head), 50)
	})
}

// A workbook, however broken, ends in rows of the contract's width or a refusal.
func FuzzXLSX(f *testing.F) {
	for _, b := range quirky(f, ".xlsx") {
		f.Add(b)
	}
	cs, err := LoadContracts("")
	if err != nil {
		f.Fatal(err)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		file := filepath.Join(dir, "x.xlsx")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		book, err := openBook(context.Background(), file, dir, archive.Limits{Ratio: 200, Bytes: 16 << 20, Entries: 1000})
		if err != nil {
			if !isRefusal(err) {
				t.Errorf("%v is no refusal", err)
			}
			return
		}
		defer book.Close()
		if err := book.Sound(); err != nil && !isRefusal(err) {
			t.Errorf("%v is no refusal", err)
		}
		for _, feed := range []string{"unemployment_registration", "job_seeker", "monitored_enterprise"} {
			var out bytes.Buffer
			x := &sheetWriter{contract: cs[feed], csv: csv.NewWriter(&out)}
			if err := x.sheets(context.Background(), book.File); err != nil {
				if !isRefusal(err) {
					t.Errorf("%v is no refusal", err)
				}
				continue
			}
			r := csv.NewReader(&out)
			r.FieldsPerRecord = 2 + len(cs[feed].Columns) + len(x.aside)
			for {
				if _, err := r.Read(); err == io.EOF {
					break
				} else if err != nil {
					t.Errorf("%s: %v", feed, err)
					break
				}
			}
		}
	})
}

var (
	canonicalDate = regexp.MustCompile(`^(19|20|21|22)\d{2}-\d{2}-\d{2}$`)
	canonicalCode = regexp.MustCompile(`^[0-9A-Z]+$`)
)

// What a value reader gives is canonical: reading it again changes nothing, and
// it keeps to what the lake's column can hold.
func FuzzValues(f *testing.F) {
	for _, s := range []string{
		"2026年5月1日", "2026.05", "202605.0", "46143", "２０２６－０５－３１", "2026–05–01 00:00", "1,234.50", "¥１，２３４元", "5.5%", "4.1E+17", "−3", "+3人",
		"1-1.5万/月", "300元/天", "2万以下/年", "面议", person(1), strings.ToLower(person(4)), person(1)[:6] + person(1)[8:17], employer(1), "C2614", "P84", "0610", "—", "\ufffd", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, ok := readDate(s); ok {
			if again, ok := readDate(d); !ok || again != d || !canonicalDate.MatchString(d) {
				t.Errorf("date %q: %q, again %q", s, d, again)
			}
			if _, err := time.Parse(time.DateOnly, d); err != nil {
				t.Errorf("date %q: %v", s, err)
			}
			if m, ok := readMonth(s); !ok || !canonicalDate.MatchString(m) || m[8:] != "01" {
				t.Errorf("%q is the date %s and the month %q", s, d, m)
			}
		}
		if m, ok := readMonth(s); ok {
			if again, ok := readMonth(m); !ok || again != m || m[8:] != "01" {
				t.Errorf("month %q: %q, again %q", s, m, again)
			}
		}
		if n, ok := readNumber(s); ok {
			if _, ok := new(big.Rat).SetString(n); !ok {
				t.Errorf("number %q: %q is none", s, n)
			}
			if again, ok := readNumber(n); !ok || again != n {
				t.Errorf("number %q: %q, again %q", s, n, again)
			}
		}
		if low, high, ok := readWage(s); ok && low != nil && high != nil && *low > *high || ok && (low != nil && *low < 0 || high != nil && *high < 0) {
			t.Errorf("wage %q: %v %v", s, low, high)
		}
		if id, err := codes.ParseResident(s); err == nil && (!codes.ResidentValid(id.Number) || id.Birth.Format("20060102") != id.Number[6:14]) {
			t.Errorf("ID of %d characters is taken apart wrongly", len(s))
		}
		if c, err := codes.ParseCredit(s); err == nil {
			if again, err := codes.ParseCredit(c); err != nil || again != c || len(c) != 18 || !canonicalCode.MatchString(c) {
				t.Errorf("credit code %q: %q", s, c)
			}
		}
		for _, edition := range []int{2017, 2011, 2002} {
			if c, err := codes.ParseIndustryOf(edition, s); err == nil {
				if again, err := codes.ParseIndustry(c); err != nil || again != c {
					t.Errorf("industry %q of %d: %q", s, edition, c)
				}
			}
		}
		for _, personal := range []bool{false, true} {
			if m := mask(s, personal); personal && len(s) > 3 && strings.Contains(m, s) {
				t.Errorf("the mask shows %d characters", len(s))
			}
		}
		if again := clean(clean(s)); again != clean(s) {
			t.Errorf("%q cleaned twice is %q", s, again)
		}
	})
}

// Linting ends in faults or warnings that people can read, with lines of the file.
func FuzzLint(f *testing.F) {
	f.Add([]byte(small))
	for _, feed := range []string{"rail_flow", "mobile_flow", "job_seeker"} {
		b, err := EmbeddedContract(feed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	cs, err := LoadContracts("")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		warnings, err := Lint("fuzz", b, cs)
		if err != nil {
			return
		}
		lines := bytes.Count(b, []byte{'\n'}) + bytes.Count(b, []byte{'\r'}) + 1
		for _, w := range warnings {
			if w.Line < 1 || w.Line > lines || strings.Contains(w.Text("en"), "%!") {
				t.Errorf("line %d of %d: %s", w.Line, lines, w.Text("en"))
			}
		}
	})
}
