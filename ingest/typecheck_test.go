package ingest

import (
	"fmt"
	"strings"
	"testing"

	"laborwatch/lake"
)

// In a first file a third of the cells of a required column is too much, in an
// optional one half.
func TestFirstFileOfBadCells(t *testing.T) {
	file := func(bad int, how func(i int, id string) string) []byte {
		b := []byte("登记编号,身份证号,登记地区划,登记日期,失业原因,注销日期\n")
		for i := range 100 {
			id := manyPersons(i)
			if i < bad {
				id = how(i, id)
			}
			b = fmt.Appendf(b, "R%d,%s,410402,2026-05-01,毕业,\n", i, id)
		}
		return b
	}
	wrong := func(_ int, id string) string { return mistyped(id) }
	mixed := func(i int, id string) string {
		return []string{mistyped(id), id[:17], id[:6] + "19901301" + id[14:]}[i%3]
	}
	rounded := func(_ int, id string) string { return id[:15] + "000" }
	undated := func(bad int) []byte {
		b := []byte("登记编号,身份证号,登记地区划,登记日期,失业原因,注销日期\n")
		for i := range 100 {
			b = fmt.Appendf(b, "R%d,%s,410402,2026-05-01,毕业,%s\n", i, manyPersons(i), map[bool]string{true: "第三周", false: "2026-05-02"}[i < bad])
		}
		return b
	}
	for name, c := range map[string]struct {
		text        []byte
		want, never string
	}{
		"few":                    {file(29, wrong), "", ""},
		"a third":                {file(30, wrong), "“身份证号”（person）有 30/100 行无法读取（号码校验不通过；见第 2, 3, 4 行），格式可能已变。请核对；确认无误可由负责人放行", "字符"},
		"a third for any reason": {file(33, mixed), "“身份证号”（person）有 33/100 行无法读取", "字符"},
		"many are rounded":       {file(40, rounded), "确认无误可由负责人放行", "字符"},
		"most are rounded":       {file(90, rounded), "号码被表格软件抹去了末几位，已无法还原，整份文件不予装载：“身份证号”（person）有 ", "放行"},
		"half of an optional":    {undated(50), "“注销日期”（deregistered_on）有 50/100 行无法读取（日期有误；见第 2, 3, 4 行；例如 第… (3字符/chars)），格式可能已变", ""},
		"not half of one":        {undated(49), "", ""},
	} {
		for way, scanFrom := range ways {
			t.Run(name+" "+way, func(t *testing.T) {
				h := newHouse(t)
				h.in.scanFrom = scanFrom
				h.put("失业登记_202605.csv", c.text)
				sum := h.load()
				if c.want == "" {
					if len(sum.Loads) != 1 {
						t.Errorf("%+v", sum)
					}
					return
				}
				if len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, c.want) {
					t.Fatalf("%+v", sum)
				}
				why := sum.Refused[0].Reason
				if c.never != "" && strings.Contains(why, c.never) {
					t.Error(why)
				}
				refusals, err := h.lake.Refusals(t.Context())
				if err != nil || len(refusals) != 1 || refusals[0].Overridable != strings.Contains(why, "放行") {
					t.Errorf("%+v %v", refusals, err)
				}
			})
		}
	}
}

// What is wrong is said with its sheet, and a person may let it pass.
func TestSheetOfBadCells(t *testing.T) {
	h := newHouse(t)
	rows := [][]any{{"2026年5月失业登记"}, {"登记编号", "身份证号", "登记地区划", "登记日期", "失业原因"}}
	for i := range 30 {
		rows = append(rows, []any{fmt.Sprintf("R%d", i), manyPersons(i), "410402", map[bool]string{true: "不详某日", false: "2026-05-01"}[i%2 == 0], "毕业"})
	}
	h.put("失业登记_202605.xlsx", book(t, rows))
	sum := h.load()
	if len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "“登记日期”（registered_on）有 15/30 行无法读取（日期有误；见工作表 Sheet1 第 3, 5, 7 行；例如 不… (4字符/chars)）") {
		t.Fatalf("%+v", sum)
	}
	refusals, err := h.lake.Refusals(t.Context())
	if err != nil || len(refusals) != 1 {
		t.Fatal(refusals, err)
	}
	if err := h.lake.Accept(t.Context(), refusals[0].LoadID, lake.Act{Who: "duty officer", Why: "days to follow"}); err != nil {
		t.Fatal(err)
	}
	if sum := h.load(); sum.RowsLoaded != 15 || sum.RowsQuarantined != 15 {
		t.Errorf("%+v", sum)
	}
}
