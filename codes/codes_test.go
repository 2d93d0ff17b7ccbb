package codes

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"laborwatch/referencetest"
)

func TestParseResident(t *testing.T) {
	for _, c := range []struct {
		name, in, number, sex, birth string
		err                          error
	}{
		{"as the standard prints it", "11010519491231002X", "11010519491231002X", "F", "1949-12-31", nil},
		{"lower-case x", "11010519491231002x", "11010519491231002X", "F", "1949-12-31", nil},
		{"a full-width lower-case x", "１１０１０５１９４９１２３１００２ｘ", "11010519491231002X", "F", "1949-12-31", nil},
		{"a Roman ten", "11010519491231002Ⅹ", "11010519491231002X", "F", "1949-12-31", nil},
		{"a small Roman ten", "11010519491231002ⅹ", "11010519491231002X", "F", "1949-12-31", nil},
		{"a times sign", "11010519491231002×", "11010519491231002X", "F", "1949-12-31", nil},
		{"full-width 15 digits", "１１０１０５４９１２３１００２", "11010519491231002X", "F", "1949-12-31", nil},
		{"full-width", "１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X", "F", "1949-12-31", nil},
		{"spaces, a hyphen, a quote", "'110105 19491231-002X ", "11010519491231002X", "F", "1949-12-31", nil},
		{"full-width space", "　11010519491231002X", "11010519491231002X", "F", "1949-12-31", nil},
		{"15 digits", "110105491231002", "11010519491231002X", "F", "1949-12-31", nil},
		// GB 11643-1999, annex: sequence numbers 996 to 999 were kept for centenarians.
		{"15 digits of a centenarian", "440524800101999", with("44052418800101999"), "M", "1880-01-01", nil},
		{"15 digits, sequence number 996", "410499800101996", with("41049918800101996"), "F", "1880-01-01", nil},
		{"15 digits, sequence number 995", "410499800101995", with("41049919800101995"), "M", "1980-01-01", nil},
		{"wrong check digit", "110105194912310021", "", "", "", ErrCheckDigit},
		{"rounded to 15 digits", "110105194912310000", "", "", "", ErrExcelRounded},
		{"scientific", "1.10105E+17", "", "", "", ErrExcelRounded},
		{"scientific of 18 characters", "1.1010519491231E17", "", "", "", ErrExcelRounded},
		{"17 digits", "11010519491231002", "", "", "", ErrForm},
		{"letters", "1101051949123100AX", "", "", "", ErrForm},
		{"empty", "", "", "", "", ErrForm},
		{"no such day", with("11010519490230002"), "", "", "", ErrDate},
		{"no such province", with("99010519490228002"), with("99010519490228002"), "F", "1949-02-28", nil},
		{"no such province", with("88010519490228002"), "", "", "", ErrRegion},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := ParseResident(c.in)
			if !errors.Is(err, c.err) || (c.err == nil) != (err == nil) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			if c.number != "" && r.Number != c.number {
				t.Errorf("number differs from %s", c.number)
			}
			if r.Sex != c.sex || r.Birth.Format("2006-01-02") != c.birth || r.Origin != r.Number[:6] {
				t.Errorf("got %s %s %s", r.Sex, r.Birth, r.Origin)
			}
			if r.BirthMonth().Day() != 1 {
				t.Error("birth month is not a first day")
			}
		})
	}
}

func with(first17 string) string {
	c, _ := ResidentCheck(first17)
	return first17 + string(c)
}

// A single wrong digit is always found: MOD 11-2 guarantees it.
func TestResidentFindsOneWrongDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := "410499" + rapid.StringMatching(`19[5-9][0-9](0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}`).Draw(t, "body")
		id = with(id)
		if !ResidentValid(id) {
			t.Fatalf("%s is refused", id)
		}
		i := rapid.IntRange(0, 16).Draw(t, "place")
		d := byte(rapid.IntRange('0', '9').Draw(t, "digit"))
		if id[i] != d && ResidentValid(id[:i]+string(d)+id[i+1:]) {
			t.Fatalf("%s with %c at %d is accepted", id, d, i)
		}
	})
}

func TestParseCredit(t *testing.T) {
	for in, want := range map[string]error{
		"91350100M000100Y43": nil,
		"91350100m000100y43": nil,
		"９１３５０１００Ｍ０００１００Ｙ４３": nil,
		"91350100M000100Y44":   ErrCheckDigit,
		"91350100M000100Y4":    ErrForm,
		"91350100I000100Y43":   ErrForm,
		"9.1350100E+17":        ErrExcelRounded,
		"914403003594331000":   ErrExcelRounded,
		"":                     ErrForm,
		" 91350100-M000100Y43": nil,
	} {
		got, err := ParseCredit(in)
		if !errors.Is(err, want) || (want == nil && got != "91350100M000100Y43") {
			t.Errorf("%q: %q, %v; want %v", in, got, err, want)
		}
	}
}

func TestParseIndustry(t *testing.T) {
	for in, want := range map[string]string{
		"2614": "2614", "C2614": "2614", "c2614": "2614", "26": "26", "C26": "26", "261": "261", "0610": "0610", "２６１４": "2614",
		"2610": "2610", "2600": "2600",
		"D2614": "", "2618": "", "9999": "", "98": "", "C": "", "": "", "26145": "", "ABCD": "", "2": "",
	} {
		got, err := ParseIndustry(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
	if len(Sections()) != 20 || len(Divisions()) != 97 || len(Classes()) != 1380 {
		t.Errorf("%d sections, %d divisions, %d classes", len(Sections()), len(Divisions()), len(Classes()))
	}
	for _, d := range Divisions() {
		if d.ZH == "" || d.EN == "" || SectionOf(d.Code) != d.Section {
			t.Errorf("division %+v", d)
		}
	}
}

func TestRegionForm(t *testing.T) {
	for in, want := range map[string]bool{"410402": true, "990402": false, "41040": false, "41040a": false} {
		if RegionForm(in) != want {
			t.Errorf("%s: %v", in, !want)
		}
	}
}

func TestResidentReference(t *testing.T) {
	for _, r := range referencetest.Maps(t, "codes/resident_id_examples.csv") {
		if got := ResidentValid(r["id"]); got != (r["valid"] == "1") {
			t.Errorf("%s: %v", r["source"], got)
		}
		if c, ok := ResidentCheck(r["id"][:17]); !ok || string(c) != r["check_expected"] {
			t.Errorf("%s: check %c", r["source"], c)
		}
	}
}

func TestCreditReference(t *testing.T) {
	valid := 0
	for _, r := range referencetest.Maps(t, "codes/uscc_examples.csv") {
		_, err := ParseCredit(r["uscc"])
		if (err == nil) != (r["gb32100_valid"] == "1") {
			t.Errorf("%s: %v", r["uscc"], err)
		}
		if c, ok := CreditCheck(r["uscc"][:17]); !ok || string(c) != r["gb32100_check_expected"] {
			t.Errorf("%s: check %c", r["uscc"], c)
		}
		if err == nil {
			valid++
		}
	}
	if valid != 33 {
		t.Errorf("%d valid, want 33", valid)
	}
}

func TestIndustryReference(t *testing.T) {
	n := map[string]int{}
	for _, r := range referencetest.Maps(t, "codes/gbt4754_2017.csv") {
		n[r["level"]]++
		if r["level"] == "section" {
			continue
		}
		got, err := ParseIndustry(r["code"])
		if err != nil || got != r["code"][1:] || SectionOf(got) != r["code"][:1] {
			t.Errorf("%s: %q, %v", r["code"], got, err)
		}
	}
	if n["class"] != 1377 {
		t.Errorf("%d classes", n["class"])
	}
}

func TestProvinceReference(t *testing.T) {
	for _, r := range referencetest.Maps(t, "codes/gbt2260_provinces.csv") {
		if Province(r["code"]) != r["name"] {
			t.Errorf("%s: %s, want %s", r["code"], Province(r["code"]), r["name"])
		}
	}
	for _, r := range referencetest.Maps(t, "codes/gbt2260_areas.csv") {
		if !RegionForm(r["code"]) {
			t.Errorf("%s is refused", r["code"])
		}
	}
}

func FuzzParseResident(f *testing.F) {
	f.Add("11010519491231002X")
	f.Add("１１０１０５")
	f.Add(strings.Repeat("9", 15))
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := ParseResident(s); err == nil && !ResidentValid(r.Number) {
			t.Errorf("%q gives a number that is not valid", s)
		}
		_, _ = ParseCredit(s)
		_, _ = ParseIndustry(s)
	})
}

func BenchmarkParseResident(b *testing.B) {
	id := with("41049919800101123")
	for b.Loop() {
		if _, err := ParseResident(id); err != nil {
			b.Fatal(err)
		}
	}
}

// Codes of older editions must never be taken for today's: the same digits
// often name another industry.
func TestParseIndustryOfOlderEditions(t *testing.T) {
	for _, c := range []struct {
		edition  int
		in, want string
	}{
		{2017, "8411", "8411"},
		{0, "8411", "8411"},
		{2002, "8411", "83"}, // education
		{2002, "P84", "83"},  // the letter agrees
		{2002, "Q84", ""},    // health of 2017
		{2002, "8511", "84"}, // hospitals
		{2002, "3721", "36"}, // cars
		{2002, "3714", "37"}, // railway
		{2002, "37", ""},     // either
		{2002, "0610", "06"}, // coal did not move
		{2002, "2614", "26"}, // nor did chemistry
		{2002, "３０１０", "29"}, // plastics
		{2002, "4710", "47"}, // buildings
		{2002, "4721", "48"}, // civil engineering
		{2002, "38", ""},     // there was none
		{2011, "8211", "83"}, // education
		{2011, "P82", "83"},  // education
		{2011, "O82", ""},    // other services of 2017
		{2011, "7910", "80"}, // resident services
		{2011, "8911", "90"}, // entertainment
		{2011, "9600", "97"}, // international organizations
		{2011, "3610", "36"}, // cars
		{2011, "58", ""},     // either
		{2011, "5821", "58"}, // transport agencies
		{2011, "97", ""},     // there was none
		{2011, "82111", ""},  // too long
		{2011, "82 教育", ""},  // no code
		{2002, "", ""},       // nothing
		{2011, "T", ""},      // a letter alone
	} {
		got, err := ParseIndustryOf(c.edition, c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%d %q: %q, %v; want %q", c.edition, c.in, got, err, c.want)
		}
	}
	if len(divisions2011) != 96 || len(divisions2002) != 95 {
		t.Errorf("%d divisions of 2011, %d of 2002", len(divisions2011), len(divisions2002))
	}
	for name, table := range map[string]map[string]oldDivision{"2011": divisions2011, "2002": divisions2002} {
		for was, d := range table {
			for _, now := range append(slices.Collect(maps.Values(d.groups)), d.now) {
				if now != "" && SectionOf(now) == "" {
					t.Errorf("%s of %s became %s, which is no division", was, name, now)
				}
			}
		}
	}
}
