package infer

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"laborwatch/ingest"
)

// sampleOf is a file of the feed: the best headers that stand on one level, and
// under each its example. One header, of a column that is there by its type, is new.
func sampleOf(c *ingest.Contract, fresh string) (csv, column string) {
	var heads, cells []string
	for _, col := range c.Columns {
		i := slices.IndexFunc(col.Aliases, func(a string) bool { return !strings.Contains(a, "/") })
		if i < 0 {
			continue
		}
		head := col.Aliases[i]
		if slices.Contains(heads, head) {
			continue // it fills two columns
		}
		if column == "" && (col.Type == "uscc" || col.Required != ingest.Optional && (col.Type == "date" || col.Type == "month")) {
			head, column = fresh, col.Name
		}
		heads, cells = append(heads, head), append(cells, col.Example)
	}
	row := strings.Join(cells, "|") + "\n"
	return strings.Join(heads, "|") + "\n" + row + row + row, column
}

// Used in the place of the contract that ships, a proposal reads all that that
// one reads, and the file's own header first.
func TestProposalKeepsTheFeed(t *testing.T) {
	for feed, c := range contracts(t) {
		t.Run(feed, func(t *testing.T) {
			const fresh = "本地专用的栏"
			csv, column := sampleOf(c, fresh)
			for _, name := range []string{c.FileName(".csv*", ""), "本县" + c.Title.ZH + "202606.csv"} {
				g := guess(t, write(t, name, []byte(csv)))
				if g.Feed != feed {
					t.Fatalf("%s is taken for %v", name, g.candidates())
				}
				got, err := ingest.ParseContract("proposal", []byte(g.Contract()))
				if err != nil {
					t.Fatal(err)
				}
				keeps(t, got, c, fresh)
				i := slices.IndexFunc(got.Columns, func(col ingest.ColumnRule) bool { return col.Name == column })
				if column != "" && got.Columns[i].Aliases[0] != fresh {
					t.Errorf("%s: the headers of %s are %v", name, column, got.Columns[i].Aliases)
				}
				if want := name == c.FileName(".csv*", ""); slices.Equal(got.Files, c.Files) != want || !got.Matches(name) {
					t.Errorf("%s: files %v", name, got.Files)
				}
			}
		})
	}
}

// keeps compares a proposal with the contract that it is to take the place of.
func keeps(t *testing.T, got, want *ingest.Contract, fresh string) {
	t.Helper()
	for _, x := range []struct{ got, want any }{
		{got.Feed, want.Feed},
		{got.Title, want.Title},
		{got.Row, want.Row},
		{got.Mode, want.Mode},
		{got.Key, want.Key},
		{got.CSV, want.CSV},
		{got.XLSX, want.XLSX},
		{got.Cells, want.Cells},
		{got.Period, want.Period},
		{got.Scope, want.Scope},
		{got.Drift, want.Drift},
		{got.Checks, want.Checks},
		{got.Realign, want.Realign},
		{got.Needs, want.Needs},
		{got.Personal, want.Personal},
		{got.Files[:min(len(got.Files), len(want.Files))], want.Files},
		{len(got.Columns), len(want.Columns)},
	} {
		if !reflect.DeepEqual(x.got, x.want) {
			t.Errorf("%+v, want %+v", x.got, x.want)
		}
	}
	for i, col := range want.Columns {
		have := got.Columns[i]
		have.Aliases = slices.DeleteFunc(slices.Clone(have.Aliases), func(a string) bool { return a == fresh })
		if !reflect.DeepEqual(have, col) {
			t.Errorf("column %+v, want %+v", have, col)
		}
	}
}

// What the file lacks, or has otherwise, is asked and not settled by leaving
// out what other files have.
func TestProposalAsks(t *testing.T) {
	c := contracts(t)["unemployment_registration"]
	g := guess(t, write(t, "失业登记名册.csv", []byte("登记编号,证件号码,登记地区划,失业原因\nS1,410499196102020019,410402,毕业\nS2,410499196203030021,410402,单位失业\n")))
	text := g.Contract()
	for _, want := range []string{
		"    required: true # ? 这个文件没有这一必填列",
		"# ? 这个文件的名称和各列都看不出月份，会被拒收；请改名（例如 失业登记_202606.csv）",
		"# ? 各行都属于 410402，但按下面的规则从文件名看不出区县；请在文件名中写明（例如 失业登记_410402_202606.csv）",
	} {
		if strings.Count(text, want) != 1 {
			t.Errorf("want one %q in\n%s", want, text)
		}
	}
	got, err := ingest.ParseContract("proposal", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	keeps(t, got, c, "")
}

// A header that belongs to one column is not given to another.
func TestHeaderOfAnotherColumn(t *testing.T) {
	g := guess(t, write(t, "裁员备案_202606.csv", []byte("备案编号,单位名称,报告日期,备案日期,计划起始日\nCY1,甲厂,2026-06-08,2026-06-09,2026-07-01\n")))
	got, err := ingest.ParseContract("proposal", []byte(g.Contract()))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, col := range got.Columns {
		for _, a := range col.Aliases {
			if other := seen[ingest.FoldHeader(a)]; other != "" {
				t.Errorf("%s is a header of %s and of %s", a, other, col.Name)
			}
			seen[ingest.FoldHeader(a)] = col.Name
		}
	}
}

// A feed of one's own is proposed from the file alone, as one that is unknown is.
func TestOwnFeedIsProposedFromTheFile(t *testing.T) {
	own, err := ingest.ParseContract("own", []byte(`feed: shop
version: 1
title: {zh: 库存, en: Stock}
row: {zh: 一行, en: a row}
files: ["stock_*.csv", "inventory_*.csv"]
mode: append
key: [number]
period: {file: usual}
columns:
  - {name: number, type: code, aliases: [编号, 货号], required: true, meaning: {zh: 编号, en: number}, example: A1}
  - {name: color, type: text, aliases: [颜色, 色], meaning: {zh: 颜色, en: color}, example: 红}
`))
	if err != nil {
		t.Fatal(err)
	}
	g, err := File(t.Context(), write(t, "stock_202606.csv", []byte("货号,颜色\nA1,红\nA2,绿\n")), Options{Contracts: ingest.Contracts{"shop": own}})
	if err != nil {
		t.Fatal(err)
	}
	if text := g.Contract(); !strings.Contains(text, `aliases: ["货号"]`) || strings.Contains(text, "inventory") {
		t.Error(text)
	}
}
