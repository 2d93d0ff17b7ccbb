package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestReadDatesAndMonths(t *testing.T) {
	for in, want := range map[string]string{
		"2026-05-01": "2026-05-01", "2026/5/1": "2026-05-01", "2026.05.01": "2026-05-01", "20260501": "2026-05-01",
		"2026年5月1日": "2026-05-01", "2026 年 5 月 1 日": "2026-05-01", "２０２６－０５－０１": "2026-05-01", "2026-05-01 13:45:00": "2026-05-01",
		"2026-05-01T00:00:00Z": "2026-05-01", "46143": "2026-05-01", "46143.5": "2026-05-01", " 2026-5-1　": "2026-05-01",
		"2026–05–01": "2026-05-01", "2026—5—1": "2026-05-01", "20260501.0": "2026-05-01",
		"2026-02-29": "", "2026-13-01": "", "20261301": "", "1": "", "99999": "", "五月": "", "": "", "2026-05": "",
	} {
		if got, ok := readDate(in); got != want || ok != (want != "") {
			t.Errorf("date %q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"202605": "2026-05-01", "2026-05": "2026-05-01", "2026/5": "2026-05-01", "2026.05": "2026-05-01", "2026年5月": "2026-05-01", "2026年05月份": "2026-05-01",
		"２０２６年５月": "2026-05-01", "2026-05-17": "2026-05-01", "46160": "2026-05-01", "202605.0": "2026-05-01", "2026‐05": "2026-05-01", "202605.5": "", "202613": "", "2026": "", "x": "",
	} {
		if got, ok := readMonth(in); got != want || ok != (want != "") {
			t.Errorf("month %q: %q, want %q", in, got, want)
		}
	}
}

func TestReadNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"1,234.50": "1234.50", "１２３４": "1234", "¥1,234元": "1234", "12人": "12", "5.5%": "0.055", "1e3": "1000", "-3": "-3", "−3": "-3", "－3": "-3", "+3": "3", "7.": "7",
		"1,23": "", "abc": "", "": "", "1.2.3": "", "--3": "", "1e999": "", "三千": "",
	} {
		if got, ok := readNumber(in); got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestReadWages(t *testing.T) {
	fen := func(v *int64) string {
		if v == nil {
			return "-"
		}
		return fmt.Sprint(*v)
	}
	for in, want := range map[string]string{
		"4000-6000元/月": "400000 600000", "4000-6000": "400000 600000", "1-1.5万/月": "1000000 1500000", "6-8千/月": "600000 800000", "6-8K": "600000 800000",
		"20-40万/年": "1666667 3333333", "300元/天": "652500 652500", "20元/小时": "348000 348000", "2万以下/年": "- 166667", "100万以上/年": "8333333 -",
		"10万以上/月": "10000000 -", "5000": "500000 500000", "面议": "- -", "8千-1.2万/月": "800000 1200000", "4,000～6,000元／月": "400000 600000",
		"6000-4000元/月": "x", "很多": "x", "410499196102020019": "x", "9999999999999以上": "x", "": "x", "-5": "x",
	} {
		low, high, ok := readWage(in)
		got := fen(low) + " " + fen(high)
		if !ok {
			got = "x"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestMaskShowsAtMostAThird(t *testing.T) {
	for _, s := range []string{"", "a", "ab", "abc", "abcde", "abcdef", "410402199001011234", "某某公司"} {
		m := strings.TrimSuffix(strings.SplitN(mask(s, false), " (", 2)[0], "…")
		if strings.Contains(mask(s, false), "(") && 3*len([]rune(strings.ReplaceAll(m, "…", ""))) > len([]rune(s)) {
			t.Errorf("%q is shown as %q", s, mask(s, false))
		}
		if strings.ContainsAny(mask(s, true), "…(") || (len(s) > 3 && strings.Contains(mask(s, true), s[:1]+"…")) {
			t.Errorf("personal %q is shown as %q", s, mask(s, true))
		}
	}
}

// Whatever a cell holds, a reader neither panics nor gives a value with a fault.
func FuzzReaders(f *testing.F) {
	for _, s := range []string{"2026年5月1日", "1,234", "1-1.5万/月", "４１０４０２", "'1", "\ufffd", "4.1E+17", "农民工、妇女", "\x00\x01"} {
		f.Add(s)
	}
	cs, err := LoadContracts("")
	if err != nil {
		f.Fatal(err)
	}
	readings := map[string]*reading{}
	for feed, c := range cs {
		readings[feed] = &reading{keys: testKeys(7), readers: map[string]*reader{}}
		for _, col := range c.Columns {
			readings[feed].readers[col.Name] = newReader(c, col, city)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		for feed, c := range cs {
			read, err := readCells(withReading(context.Background(), readings[feed]))
			if err != nil {
				t.Fatal(err)
			}
			for _, col := range c.Columns {
				v, _ := read(s, col.Name)
				if fault, bad := strings.CutPrefix(v, faultMark); bad && !slices.Contains(reasons, fault) {
					t.Errorf("%s.%s: %q is no reason", c.Feed, col.Name, fault)
				}
			}
		}
		_ = mask(s, false)
	})
}

func FuzzParseContract(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("feed: [\n"))
	f.Add([]byte("a: &a [*a]\n"))
	for _, name := range []string{"job_vacancy.yaml", "social_insurance.yaml"} {
		b, err := embedded.ReadFile("contracts/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseContract("fuzz", b)
		if err == nil && (c.Feed == "" || len(c.Columns) == 0) {
			t.Errorf("an empty contract is accepted: %+v", c)
		}
	})
}

// The text decoder must end in a layout or a refusal, whatever the bytes.
func FuzzText(f *testing.F) {
	f.Add([]byte(social("202605", 2)))
	f.Add(gb18030(social("202605", 2)))
	f.Add([]byte("\xff\xfe社"))
	f.Add([]byte("a\r\rb\n\n\"\n"))
	cs, err := LoadContracts("")
	if err != nil {
		f.Fatal(err)
	}
	c := cs["social_insurance"]
	f.Fuzz(func(t *testing.T, b []byte) {
		shape, err := readShape(strings.NewReader(string(b)))
		if err != nil {
			t.Fatal(err)
		}
		encs, err := shape.encodings("")
		if err != nil {
			return
		}
		_, d, enc, err := c.findEncodedHeader(shape.head, encs)
		if err != nil {
			if !isRefusal(err) {
				t.Errorf("%v is no refusal", err)
			}
			return
		}
		var out strings.Builder
		if _, err := requote(&out, decoder(strings.NewReader(string(b)), enc), d.delim, 9, false); err != nil {
			t.Error(err)
		}
		if strings.Contains(out.String(), "\r\n") && !strings.Contains(out.String(), `"`) {
			t.Error("a line end is left as it was")
		}
	})
}
