package ingest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"laborwatch/lake"
	"laborwatch/messages"
)

func TestEmbeddedContracts(t *testing.T) {
	cs, err := LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(cs.Feeds(), " "); got != "enterprise graduate insurance_change job_seeker job_vacancy labor_force_survey layoff_notice mobile_flow monitored_enterprise population_totals rail_flow rural_labor social_insurance unemployment_benefit unemployment_registration zero_employment_household" {
		t.Error(got)
	}
	for _, feed := range cs.Feeds() {
		c := cs[feed]
		cols := c.LakeColumns()
		if cols[len(cols)-1] != (lake.Column{Name: "_row", Type: "BIGINT"}) || c.Title.ZH == "" || c.Title.EN == "" {
			t.Errorf("%s: %+v %+v", feed, cols, c.Title)
		}
		period := 0
		for _, col := range cols {
			if col.Name == "period" && col.Type == "DATE" {
				period++
			}
		}
		if period != 1 {
			t.Errorf("%s has %d columns named period", feed, period)
		}
	}
}

const small = `feed: tiny
version: 1
files: ["tiny_*.csv"]
mode: append
period: {constant: 2026-05}
columns:
  - {name: a, type: text, aliases: [甲], required: true}
`

func TestBadContractsNameEveryFaultWithItsLine(t *testing.T) {
	for _, c := range []struct{ name, yaml, want string }{
		{"unknown keys", strings.Replace(small, "mode:", "mod:", 1) + "csv: {nope: 1}\nextra: []\n", ""},
		{"unknown key", strings.Replace(small, "mode: append", "mode: append\nmodee: x", 1), "line 5: unknown key \"modee\"; did you mean \"mode\"?"},
		{"unknown column key", strings.Replace(small, "aliases", "alias", 1), "line 7: unknown key \"alias\"; did you mean \"aliases\"?"},
		{"unknown type", strings.Replace(small, "type: text", "type: txet", 1), "unknown type \"txet\"; did you mean \"text\"?"},
		{"list for a value", strings.Replace(small, "feed: tiny", "feed: [tiny]", 1), "line 1: feed: a list is not wanted here"},
		{"value for a list", strings.Replace(small, `["tiny_*.csv"]`, "tiny", 1), "files: want a list"},
		{"no period", strings.Replace(small, "{constant: 2026-05}", "{}", 1), "say where the month comes from"},
		{"bad period", strings.Replace(small, "2026-05", "2026-13", 1), "period.constant"},
		{"bad expression", strings.Replace(small, "constant: 2026-05", "file: '('", 1), "line 5: period.file: error parsing regexp"},
		{"too few groups", strings.Replace(small, "constant: 2026-05", `file: '\d+'`, 1), "want 2 group(s)"},
		{"key of no column", small + "key: [b]\n", "line 8: key: no column \"b\""},
		{"bad mode", strings.Replace(small, "append", "replace", 1), "mode: want snapshot, append or upsert"},
		{"upsert without key", strings.Replace(small, "append", "upsert", 1), "upsert needs a key"},
		{"no aliases", strings.Replace(small, "aliases: [甲], required: true", "required: true", 1), "give the headers"},
		{"twice", small + "  - {name: a, type: text, aliases: [乙]}\n", "a is there already"},
		{"a person brings origin", small + "  - {name: origin, type: text, aliases: [来源]}\n  - {name: person, type: person, aliases: [证]}\n", "origin is there already"},
		{"need of no column", small + "needs:\n  - {any: [b]}\n", "line 9: needs: no column \"b\""},
		{"need of nothing", small + "needs:\n  - {unless: {a: x}}\n", "list in any the columns"},
		{"unless by text", small + "needs:\n  - {any: [a], unless: {a: x}}\n", "not by \"a\""},
		{"unless by no value", small + "  - {name: b, type: boolean, aliases: [乙]}\nneeds:\n  - {any: [a], unless: {b: no}}\n", "\"no\" is no value of column \"b\""},
		{"ambiguous codes", small + "  - {name: b, type: code, aliases: [乙], codes: {x: [\"1\"], y: [\"1\"]}}\n", `"1" means both x and y`},
		{"realign without pattern", small + "realign:\n  - columns: [a]\n", "needs a pattern"},
		{"anchors", strings.Replace(small, "append", "&m append", 1), "anchors"},
		{"not YAML", "feed: [", "contract test.yaml"},
		{"empty", "", "one YAML document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseContract("test.yaml", []byte(c.yaml))
			if c.name == "unknown keys" { // all at once
				for _, want := range []string{`"mod"`, `"nope"`, `"extra"`} {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("%v lacks %s", err, want)
					}
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	if _, err := ParseContract("test.yaml", []byte(small)); err != nil {
		t.Error(err)
	}
}

// An unknown key hides no other fault, of whatever kind.
func TestFaultsBesideUnknownKeys(t *testing.T) {
	src := strings.NewReplacer("append", "append\nmodee: x", "type: text", "type: txet", "2026-05", "2026-13").Replace(small) + "key: [b]\n"
	_, err := ParseContract("test.yaml", []byte(src))
	for _, want := range []string{`line 5: unknown key "modee"`, "line 6: period.constant", `line 8: column "a": unknown type "txet"`, `line 9: key: no column "b"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
	_, err = ParseContract("test.yaml", []byte(strings.NewReplacer("append", "append\nmodee: x", "version: 1", "version: first").Replace(small)))
	for _, want := range []string{`line 5: unknown key "modee"`, "line 2: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
	if _, err = ParseContract("test.yaml", []byte(strings.Replace(small, "feed: tiny", "feed: [tiny]", 1))); strings.Count(err.Error(), "line") != 1 {
		t.Errorf("one fault is told twice: %v", err)
	}
}

func TestOverrideContracts(t *testing.T) {
	dir := t.TempDir()
	write := func(name, s string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := LoadOnly(dir); err == nil {
		t.Error("an empty folder gives contracts")
	}
	write("tiny.yaml", small)
	write("seekers.yaml", strings.Replace(small, "feed: tiny", "feed: job_seeker", 1))
	cs, err := LoadContracts(dir)
	if err != nil || len(cs) != 17 || len(cs["job_seeker"].Columns) != 1 {
		t.Errorf("%d contracts, %v", len(cs), err)
	}
	if cs, err := LoadOnly(dir); err != nil || len(cs) != 2 {
		t.Errorf("%d contracts, %v", len(cs), err)
	}
	write("again.yaml", small)
	write("broken.yaml", "feed: 1x\n")
	_, err = LoadContracts(dir)
	if err == nil || !strings.Contains(err.Error(), "tiny is defined in") || !strings.Contains(err.Error(), "snake_case") {
		t.Errorf("not all faults: %v", err)
	}
}

// Comments and titles do not make the same extract load again; meaning does.
func TestFingerprint(t *testing.T) {
	parse := func(s string) string {
		c, err := ParseContract("x", []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return c.fingerprint()
	}
	base := parse(small)
	if parse("# a comment\n"+small+"title: {zh: 甲, en: A}\n") != base {
		t.Error("a comment changes the fingerprint")
	}
	for _, other := range []string{strings.Replace(small, "version: 1", "version: 2", 1), strings.Replace(small, "甲", "乙", 1)} {
		if parse(other) == base {
			t.Errorf("does not change the fingerprint:\n%s", other)
		}
	}
}

// Every column of the contracts that ship is explained, its example reads as
// what it stands for, and no two feeds want the same file.
func TestEmbeddedContractsAreClean(t *testing.T) {
	cs, err := LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	for _, feed := range cs.Feeds() {
		b, err := embedded.ReadFile("contracts/" + feed + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := Lint(feed+".yaml", b, cs)
		if err != nil {
			t.Error(err)
		}
		for _, w := range warnings {
			t.Errorf("%s.yaml:%d: %s", feed, w.Line, w.Text(messages.EN))
		}
	}
}

func TestLintWarns(t *testing.T) {
	cs, err := LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	const clean = `feed: tiny
version: 1
title: {zh: 小, en: Tiny}
row: {zh: 一行, en: a row}
files: ["tiny_*.csv"]
mode: upsert
key: [a]
period: {file: '(\d{4})(\d{2})'}
columns:
  - {name: a, type: code, aliases: [甲], required: true, meaning: {zh: 甲, en: a}, example: "1"}
  - {name: b, type: code, aliases: [乙], codes: {x: [是]}, meaning: {zh: 乙, en: b}, example: 是}
`
	for _, c := range []struct{ name, yaml, want string }{
		{"clean", clean, ""},
		{"shared alias", strings.Replace(clean, "aliases: [乙]", "aliases: [乙, 甲*]", 1), `11 contract.warn.alias`},
		{"shared on purpose", strings.Replace(clean, "aliases: [乙]", "aliases: [甲]", 1), ``},
		{"personal", clean + "personal: [乙]\n", `11 contract.warn.personal`},
		{"overlap", strings.Replace(clean, "tiny_*.csv", "*_202605.csv", 1), `5 contract.warn.overlap`},
		{"no month", strings.Replace(clean, `(\d{4})(\d{2})`, `(\d{4})年(\d{2})`, 1), `8 contract.warn.period`},
		{"no key", strings.Replace(strings.Replace(clean, "key: [a]\n", "", 1), "upsert", "append", 1), `1 contract.warn.no_key`},
		{"empty key", strings.Replace(clean, "key: [a]", "key: [a, b]", 1), `7 contract.warn.key_optional`},
		{"swallowed", clean + "cells: {nulls: [是]}\n", `11 contract.warn.null`},
		{"no meaning", strings.Replace(clean, "en: b}", "en: \"\"}", 1), `11 contract.warn.meaning`},
		{"bad example", strings.Replace(clean, "example: 是", "example: 否", 1), `11 contract.warn.example`},
		{"no title", strings.Replace(clean, "en: Tiny", "en: \"\"", 1), `1 contract.warn.untitled`},
	} {
		t.Run(c.name, func(t *testing.T) {
			warnings, err := Lint("tiny.yaml", []byte(c.yaml), cs)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range warnings {
				if !messages.Has(w.Key) || strings.Contains(w.Text(messages.ZH)+w.Text(messages.EN), "%!") {
					t.Errorf("%s: %s", w.Key, w.Text(messages.EN))
				}
				if s := fmt.Sprintf("%d %s", w.Line, w.Key); !slices.Contains(got, s) {
					got = append(got, s)
				}
			}
			if s := strings.Join(got, "\n"); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
	if _, err := Lint("bad.yaml", []byte("feed: 1x\n"), cs); err == nil {
		t.Error("a bad contract is clean")
	}
}

// Every line that a proposal leaves to a person is named until it is settled.
func TestLintNamesOpenLines(t *testing.T) {
	const contract = `# a proposal; a person must settle the lines with # ?
feed: tiny # ? 数据集对吗？
version: 1
title: {zh: 小, en: Tiny}
row: {zh: 一行, en: a row}
files: ["tiny_*.csv"] # any name
mode: append
key: [a]
# ? 各行都属于 410402
period: {constant: 2026-05}
columns:
  - name: a
    type: code
    aliases: [甲, "乙 # ? 丙"] # ? 表头相近，把握 0.60
    required: true
    codes:
      x: [x]
      # ? 代码表里没有：z
    meaning: {zh: 甲, en: a}
    example: x
  # - {name: b, type: text, aliases: ["丁"]} # ? 要保存吗？
  # a remark: what does # ? mean
`
	found, err := Lint("x", []byte(contract), nil)
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, w := range found {
		if w.Key != "contract.warn.open" || !strings.Contains(w.Text(messages.ZH), "# ?") || !strings.Contains(w.Text(messages.EN), "# ?") {
			t.Errorf("%+v: %s", w, w.Text(messages.ZH))
		}
		lines = append(lines, w.Line)
	}
	if want := []int{2, 9, 14, 18, 21}; !slices.Equal(lines, want) {
		t.Errorf("open lines %v, want %v", lines, want)
	}
}

func TestPatternsOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"a_*.csv", "a_*.csv*", true},
		{"a_*.csv", "b_*.csv", false},
		{"*", "b", true},
		{"a*c", "ab*", true},
		{"a?", "abc", false},
		{"[ab]c", "bc", true},
		{`a\*`, "ab", false},
		{"", "", true},
		{"", "*", true},
	} {
		if overlap(c.a, c.b) != c.want || overlap(c.b, c.a) != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, !c.want)
		}
	}
}

// The names that forms show are read as what they stand for.
func TestFileNames(t *testing.T) {
	cs, err := LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ feed, county, want string }{
		{"social_insurance", "", "社保缴费_202606.xlsx"},
		{"insurance_change", "", "增减员_20260624.xlsx"}, // a file a day
		{"insurance_change", "新华区", "增减员_新华区_20260624.xlsx"},
		{"unemployment_registration", "410402", "失业登记_410402_202606.xlsx"},
		{"graduate", "新华区", "高校毕业生_新华区_202606.xlsx"},
		{"rail_flow", "新华区", ""}, // stations have no county
	} {
		if got := cs[c.feed].FileName(".xlsx", c.county); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.feed, c.county, got, c.want)
		}
	}
}

// Whatever the case of its ending, a file is found by its name; the rest of the
// name is taken as it stands.
func TestEndingsInAnyCase(t *testing.T) {
	cs, err := LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	for base, want := range map[string]string{
		"社保缴费_202606.CSV":            "social_insurance",
		"社保缴费_202606.Csv.GZ":         "social_insurance",
		"失业登记_新华区_202606.XLSX":       "unemployment_registration",
		"失业登记_2026.6.XLSX":           "unemployment_registration",
		"单位登记_202606.PARQUET":        "enterprise",
		"layoff_notice_202606.CSV":   "layoff_notice",
		"LAYOFF_NOTICE_202606.csv":   "",
		"社保缴费_202606.XLS":            "",
		"社保缴费_202606.CSV.crdownload": "social_insurance",
	} {
		if got := cs.FeedOf(base); got != want {
			t.Errorf("%s is of %q, want %q", base, got, want)
		}
		if want != "" && !cs[want].Matches(base) {
			t.Errorf("%s: %s does not know it", base, want)
		}
	}
	own := &Contract{Files: []string{"LFS.Data_*.CSV"}}
	if !own.Matches("LFS.Data_202606.csv") || !own.Matches("LFS.Data_202606.CSV") || own.Matches("lfs.Data_202606.csv") {
		t.Error("a pattern that is written in upper case itself")
	}
}
