package ingest

import (
	"fmt"
	"strings"
	"testing"

	"laborwatch/codes"
)

// withCheck adds the check digit to 17 digits.
func withCheck(t *testing.T, first string) string {
	t.Helper()
	c, ok := codes.ResidentCheck(first)
	if !ok {
		t.Fatal(first)
	}
	return first + string(c)
}

// ending finds a number of the never assigned county whose check digit is X.
func ending(t *testing.T, first14 string) string {
	t.Helper()
	for n := range 996 {
		if id := withCheck(t, fmt.Sprintf("%s%03d", first14, n)); id[17] == 'X' {
			return id
		}
	}
	t.Fatal("no number ends in X")
	return ""
}

func wide(s string) string {
	return strings.Map(func(r rune) rune { return r - '!' + '！' }, s)
}

// personHex is the person column as pseudonyms are written.
const personHex = "replace(CAST(person AS VARCHAR), '-', '')"

// Whatever form a person's number has in one feed and in another, and whatever
// the encoding of the file, the person is the same in both.
func TestPersonsLinkAcrossFeeds(t *testing.T) {
	x := ending(t, "41049919610201")
	plain := withCheck(t, "41049919610302002")
	old := withCheck(t, "41049918991231998")
	young := withCheck(t, "41049920030101003")
	forms := []struct {
		name, id string
		same     string // the number as the standard writes it
	}{
		{"as it is", plain, plain},
		{"15 digits", plain[:6] + plain[8:17], plain},
		{"full-width", wide(plain), plain},
		{"full-width 15 digits", wide(plain[:6] + plain[8:17]), plain},
		{"blanks around and within", " " + plain[:6] + " " + plain[6:14] + "　" + plain[14:] + " ", plain},
		{"hyphens", plain[:6] + "-" + plain[6:14] + "-" + plain[14:], plain},
		{"the quote that keeps a spreadsheet off", "'" + plain, plain},
		{"X", x, x},
		{"x", strings.ToLower(x), x},
		{"full-width X", wide(x), x},
		{"full-width x", wide(strings.ToLower(x)), x},
		{"full-width x behind half-width digits", x[:17] + "ｘ", x},
		{"Roman ten", x[:17] + "Ⅹ", x},
		{"15 digits of one that ends in X", x[:6] + x[8:17], x},
		{"born before 1900", old, old},
		{"born before 1900, 15 digits", old[:6] + old[8:17], old},
		{"born after 2000", young, young},
		{"born after 2000, full-width", wide(young), young},
	}
	h := newHouse(t)
	var seekers, changes strings.Builder
	seekers.WriteString("求职编号,证件号码,姓名,求职地区划,登记日期\n")
	changes.WriteString("证件号码,统一社会信用代码,变更日期,增减标志,变更原因\n")
	for i, f := range forms {
		fmt.Fprintf(&seekers, "%d,%s,测试甲乙,410402,2026-05-11\n", i, f.id)
		fmt.Fprintf(&changes, "%s,%s,2026-05-%02d,减员,裁员\n", forms[len(forms)-1-i].id, employer(1), i+1)
	}
	h.put("求职登记_202605.csv", []byte(seekers.String()))
	h.put("增减员_20260531.csv", gb18030(changes.String()))
	if sum := h.load(); sum.RowsLoaded != int64(2*len(forms)) {
		t.Fatalf("%+v\n%s", sum, h.faults())
	}
	want := map[string]string{}
	for _, f := range forms {
		want[f.same] = string(testKeys(7).NewHasher().AppendKey(nil, f.same))
	}
	here := strings.Split(strings.TrimSpace(h.rows("job_seeker", personHex)), "\n")
	there := strings.Split(strings.TrimSpace(h.rows("insurance_change", personHex)), "\n")
	for i, f := range forms {
		if here[i] != want[f.same] {
			t.Errorf("%s: another person among job seekers", f.name)
		}
		if there[len(forms)-1-i] != want[f.same] {
			t.Errorf("%s: another person among terminations", f.name)
		}
	}
	if len(want) != 4 || want[plain] == want[x] {
		t.Errorf("%d persons", len(want))
	}
}

// A load under a chain of two keys has the persons that a re-keyed one has.
func TestKeyGenerationOfLoads(t *testing.T) {
	h := newHouse(t)
	in, err := New(Options{Lake: h.lake, Engine: h.eng, Contracts: h.contracts, Inbox: h.dir + "/inbox", Keys: testKeys(7, 8), Regions: city, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	h.in = in
	h.put("求职登记_202605.csv", []byte("求职编号,证件号码,姓名,求职地区划,登记日期\n1,"+person(1)+",测试甲乙,410402,2026-05-11\n"))
	h.put("岗位信息_202605.csv", []byte("岗位编号,工作地区划,招聘人数,发布日期\nP1,410402,1,2026-05-01\n"))
	h.load()
	if got := h.query("SELECT feed, key_generation FROM state.main.loads ORDER BY feed"); got != "job_seeker|2\njob_vacancy|0\n" {
		t.Error(got)
	}
	old := string(testKeys(7).NewHasher().AppendKey(nil, person(1)))
	if got := h.rows("job_seeker", personHex); got != string(testKeys(7, 8).NewHasher().AppendRekeyed(nil, old, 1))+"\n" {
		t.Error(got)
	}
}
