package ingest

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"laborwatch/engine"
)

// scanContract is a contract with every type that a scan knows.
const scanContract = `
feed: everything
version: 1
title: {zh: 全部, en: everything}
files: ["everything_*"]
mode: snapshot
key: [person, uscc, coded, money_fen]
needs:
  - {any: [sex, age], unless: {yes: "false", coded: b}}
  - {any: [big, coded]}
period: {file: '_(\d{4})(\d{2})', columns: [month]}
columns:
  - {name: month, type: month, aliases: [month]}
  - {name: person, type: person, aliases: [person]}
  - {name: uscc, type: uscc, aliases: [uscc], required: true}
  - {name: coded, type: code, aliases: [coded], codes: {a: [甲, "1"], b: [乙, "2"]}}
  - {name: other, type: code, aliases: [other], codes: {x: [z], y: [w]}, otherwise: x}
  - {name: money_fen, type: money, aliases: [money], min: 0, max: 900000, negative: {coded: [b]}}
  - {name: weight_e6, type: weight, aliases: [weight], default: "1"}
  - {name: age, type: integer, aliases: [age], min: 0, max: 130}
  - {name: big, type: bigint, aliases: [big]}
  - {name: hours, type: number, aliases: [hours], max: 168}
  - {name: yes, type: boolean, aliases: ["yes"]}
  - {name: day, type: date, aliases: [day]}
  - {name: region, type: region, aliases: [region]}
  - {name: industry, type: industry, aliases: [industry]}
  - {name: list, type: list, aliases: [list], default: "", codes: {p: [丙], q: [丁]}}
  - {name: note, type: text, aliases: [note]}
  - {name: free, type: code, aliases: [free], pattern: '[A-Z]\d+'}
  - {name: low, type: wage_low, aliases: [wage]}
  - {name: high, type: wage_high, aliases: [wage]}
  - {name: sex, type: code, aliases: [sex], codes: {M: [男], F: [女]}}
  - {name: row_no, type: code, constant: "n{row}"}
`

// scanCells are forms of the cells of each column: plain ones, odd ones, bad ones.
var scanCells = map[string][]string{
	"month":    {"202605", "202605", "2026-05", "2026年6月", "20260501", "202613", "x", "205510", "190001", `="202605"`},
	"person":   {person(1), person(2), person(3), strings.ToLower(person(4)), person(5)[:17] + "!", "4.10499E+17", "无", `="` + person(6) + `"`, "'" + person(7)},
	"uscc":     {employer(1), employer(2), employer(3), strings.ToLower(employer(4)), " " + employer(5), employer(6)[:17] + "#"},
	"coded":    {"a", "b", "甲", "1", "２", "c", "—", `="1"`, "'甲", `=""`, "''1"},
	"other":    {"x", "y", "z", "v"},
	"money":    {"3000", "3000.5", "1234.565", "1234.564999", "-1", "-9000.01", "1e3", "9000.01", "12345678901234567.89", "1.", ".5", "元", "3000元"},
	"weight":   {"12.345678", "1", "12.3456785", "-3", "99999999999999", "1.2.3"},
	"age":      {"8", "8.0", "130", "131", "-1", "8.5", "007", "+7"},
	"big":      {"12", "34", "9223372036854775807", "92233720368547758070", "-5"},
	"hours":    {"40", "40.5", "169", "1e2", "NaN", "inf"},
	"yes":      {"是", "否", "1", "0", "true", "?"},
	"day":      {"2026-05-01", "2026/5/1", "46143", "2026-02-30", "20260501", "2080-01-01", "2176-12-31", "'2026-05-01", "''2026-05-01"},
	"region":   {"410402", "410403", "410402001", "410402001002", "999999"},
	"industry": {"2610", "26", "C26", "zzz"},
	"list":     {"p", "p;q", "丙、丁", "q;p", "r"},
	"note":     {"普工", "a b", "　两边空　", "long enough to lie elsewhere", "无", "联系13812345678", "0375-2861234", mistyped(person(8)), `="普工"`},
	"free":     {"A1", "A12", "a1", "1A"},
	"sex":      {"男", "F", "女", "不详"},
	"wage":     {"4000-6000元/月", "面议", "2万以下/年", "??"},
}

// What a scan makes of an extract is what the engine's own reader makes of it.
func TestScanIsTheEnginesReading(outer *testing.T) {
	var contracts []*Contract
	// The sex is stated beside the ID in one, and taken from it in the other.
	for _, text := range []string{scanContract, strings.ReplaceAll(scanContract, "sex,", "stated,")} {
		c, err := ParseContract("everything.yaml", []byte(text))
		if err != nil {
			outer.Fatal(err)
		}
		contracts = append(contracts, c)
	}
	names := strings.Split("month,person,uscc,coded,other,money,weight,age,big,hours,yes,day,region,industry,list,note,free,wage,sex", ",")
	rapid.Check(outer, func(t *rapid.T) {
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
		delim := rapid.SampledFrom([]string{",", "\t", "|"}).Draw(t, "delimiter")
		bad := rapid.IntRange(0, 8).Draw(t, "share of odd cells")
		var text strings.Builder
		text.WriteString("title row" + end + strings.Join(names, delim) + end)
		var lines []string
		for i := range rapid.IntRange(0, 40).Draw(t, "rows") {
			if len(lines) > 0 && rapid.IntRange(0, 9).Draw(t, "repeat") == 0 {
				lines = append(lines, lines[rapid.IntRange(0, len(lines)-1).Draw(t, "of")])
				continue
			}
			if rapid.IntRange(0, 40).Draw(t, "malformed") == 0 {
				lines = append(lines, rapid.SampledFrom([]string{"合计", strings.Repeat(delim, 30), "a" + delim + "b"}).Draw(t, "what"))
				continue
			}
			cells := make([]string, len(names))
			for j, n := range names {
				forms := scanCells[n]
				switch k := rapid.IntRange(0, 20).Draw(t, fmt.Sprintf("%d %s", i, n)); {
				case k < bad:
					cells[j] = rapid.SampledFrom(forms).Draw(t, "form")
				case k > 18:
				default:
					cells[j] = forms[k%2]
				}
			}
			lines = append(lines, strings.Join(cells, delim))
		}
		text.WriteString(strings.Join(lines, end))
		if rapid.Bool().Draw(t, "last line ends") {
			text.WriteString(end)
		}
		bytes := []byte(text.String())
		if rapid.Bool().Draw(t, "GB18030") {
			bytes = gb18030(text.String())
		}
		c := rapid.SampledFrom(contracts).Draw(t, "contract")
		want, got := readBack(outer, c, bytes, math.MaxInt64), readBack(outer, c, bytes, 0)
		if want != got {
			t.Fatalf("the engine:\n%s\nthe scan:\n%s\nof\n%s", want, got, text.String())
		}
	})
}

// readBack loads the bytes in a house of its own and shows all that came of it.
func readBack(t *testing.T, c *Contract, b []byte, scanFrom int64) string {
	dir, err := os.MkdirTemp("", "scan-*")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	h := &house{t: t, dir: dir, contracts: Contracts{c.Feed: c}}
	if err := os.MkdirAll(dir+"/inbox", 0o755); err != nil {
		t.Fatal(err)
	}
	h.open(city)
	defer h.close()
	h.in.scanFrom = scanFrom
	h.put("everything_202605.csv", b)
	files, _, err := h.in.Scan(dir + "/inbox")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := h.in.Load(context.Background(), files)
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("in %d loaded %d quarantined %d repeated %d refused %v\n", sum.RowsIn, sum.RowsLoaded, sum.RowsQuarantined, sum.RowsRepeated, sum.Refused)
	var shown strings.Builder
	shown.WriteString(out + h.faults())
	for _, l := range sum.Loads {
		shown.WriteString(h.query(fmt.Sprintf("SELECT * FROM read_parquet(%s, hive_partitioning = false) ORDER BY _row", engine.Quote(h.lake.Path(l.Load)))))
		shown.WriteString(h.query("SELECT period, rows FROM state.main.load_periods ORDER BY ALL"))
		shown.WriteString(h.query(fmt.Sprintf("SELECT name, type FROM parquet_schema(%s)", engine.Quote(h.lake.Path(l.Load)))))
	}
	return shown.String()
}

// Plain forms are settled by the scan itself: nothing of them is put aside.
func TestScanSettlesPlainForms(t *testing.T) {
	c, err := ParseContract("everything.yaml", []byte(scanContract))
	if err != nil {
		t.Fatal(err)
	}
	h := newHouseWith(t, Contracts{c.Feed: c}, city)
	h.in.scanFrom = 0
	names := []string{"month", "person", "uscc", "coded", "other", "money", "weight", "age", "big", "hours", "yes", "day", "region", "industry", "list", "note", "free", "wage", "sex"}
	lines := []string{strings.Join(names, ",")}
	for i := range 2 {
		var cells []string
		for _, n := range names {
			cells = append(cells, scanCells[n][i%len(scanCells[n])])
		}
		lines = append(lines, strings.Join(cells, ","))
	}
	h.put("everything_202605.csv", []byte(strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "面议", "5000元/月")))
	files, _, err := h.in.Scan(filepath.Join(h.dir, "inbox"))
	if err != nil {
		t.Fatal(err)
	}
	aside := int64(-1)
	h.in.asideRows = func(n int64) { aside = n }
	if sum, err := h.in.Load(context.Background(), files); err != nil || sum.RowsLoaded != 2 || aside != 0 {
		t.Errorf("%+v, %v, %d rows put aside", sum, err, aside)
	}
}

// Lines fall into blocks at every place of a line, a header longer than a block
// among them, and keep their numbers.
func TestScanAcrossBlocks(t *testing.T) {
	c, err := ParseContract("n.yaml", []byte("feed: n\nversion: 1\ntitle: {zh: n, en: n}\nfiles: [\"n_*\"]\nmode: append\nkey: [n]\nperiod: {constant: 2026-05}\ncolumns:\n  - {name: n, type: bigint, aliases: [n], required: true}\n  - {name: pad, type: text, aliases: [pad]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pad := range []int{1, 97, 4093, blockBytes/2 - 3, blockBytes + 5} {
		h := newHouseWith(t, Contracts{"n": c}, nil)
		var text bytes.Buffer
		text.WriteString("n,pad\n")
		rows := 0
		for text.Len() < 3*blockBytes+pad {
			rows++
			fmt.Fprintf(&text, "%d,%s\n", rows, strings.Repeat("x", pad))
		}
		h.put("n_1.csv", text.Bytes())
		sum := h.load()
		if sum.RowsLoaded != int64(rows) {
			t.Fatalf("lines of %d bytes: %+v, want %d rows", pad, sum, rows)
		}
		q := fmt.Sprintf("SELECT count(*), min(n), max(n), count(DISTINCT n), count(*) FILTER (_row = n + 1), min(length(pad)), max(length(pad)) FROM read_parquet(%s)", engine.Quote(h.lake.Path(sum.Loads[0].Load)))
		if got, want := h.query(q), fmt.Sprintf("%[1]d|1|%[1]d|%[1]d|%[1]d|%[2]d|%[2]d\n", rows, pad); got != want {
			t.Errorf("lines of %d bytes: got %s, want %s", pad, got, want)
		}
	}
}
