package ingest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// sheet is a sheet of a workbook of tests.
type sheet struct {
	name   string
	rows   [][]any
	hidden bool
}

func sheets(t testing.TB, list ...sheet) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, s := range list {
		if i == 0 {
			if err := f.SetSheetName("Sheet1", s.name); err != nil {
				t.Fatal(err)
			}
		} else if _, err := f.NewSheet(s.name); err != nil {
			t.Fatal(err)
		}
		for j, row := range s.rows {
			if err := f.SetSheetRow(s.name, fmt.Sprintf("A%d", j+1), &row); err != nil {
				t.Fatal(err)
			}
		}
		if s.hidden {
			if err := f.SetSheetVisible(s.name, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var registrationHead = []any{"登记编号", "证件号码", "登记地区划", "登记日期", "失业原因"}

// registered are rows of registrations from..to-1 under a header, nil for none.
func registered(head []any, from, to int) [][]any {
	var out [][]any
	if head != nil {
		out = append(out, head)
	}
	for i := from; i < to; i++ {
		out = append(out, []any{fmt.Sprintf("R%d", i), person(i), "410402", "2026-06-01", "毕业"})
	}
	return out
}

// repack writes a workbook anew with the parts that change gives.
func repack(t *testing.T, b []byte, change func(name string, part []byte) []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range z.File {
		r, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		part, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		into, err := w.Create(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := into.Write(change(e.Name, part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestDamagedWorkbook: a workbook is read whole or not at all.
func TestDamagedWorkbook(t *testing.T) {
	whole := sheets(t, sheet{name: "表", rows: registered(registrationHead, 0, 300)})
	ofSheet := func(change func([]byte) []byte) []byte {
		return repack(t, whole, func(name string, part []byte) []byte {
			if name == "xl/worksheets/sheet1.xml" {
				return change(part)
			}
			return part
		})
	}
	damaged := map[string][]byte{
		"cut":    ofSheet(func(b []byte) []byte { return b[:len(b)/2] }),
		"no end": ofSheet(func(b []byte) []byte { return bytes.TrimSuffix(b, []byte("</worksheet>")) }),
		"no XML": ofSheet(func(b []byte) []byte { return append(append(b[:len(b)/2:len(b)/2], "<<&&bad"...), b[len(b)/2:]...) }),
		"last row": ofSheet(func(b []byte) []byte {
			return bytes.Replace(b, []byte("</row></sheetData>"), []byte("<c></row></sheetData>"), 1)
		}),
		"truncated": whole[:len(whole)-200],
	}
	for i := range 40 { // one bit each, all over the sheet
		b := bytes.Clone(whole)
		at := len(b) * (i + 1) / 42
		b[at] ^= 1 << (i % 8)
		damaged[fmt.Sprintf("bit %d of byte %d", i%8, at)] = b
	}
	h := newHouse(t)
	h.put("失业登记_202606.xlsx", whole)
	if sum := h.load(); sum.RowsLoaded != 300 {
		t.Fatalf("%+v", sum)
	}
	refused := 0
	for name, b := range damaged {
		h.put("失业登记_202606_更正.xlsx", b)
		sum := h.load()
		refused += len(sum.Refused)
		if got := h.query("SELECT sum(rows_loaded)::BIGINT FROM state.main.loads WHERE status = 'live'"); got != "300\n" {
			t.Errorf("%s: %s rows are live: %+v", name, got, sum)
		}
	}
	if refused < len(damaged)-3 { // a bit that no reader looks at may be off
		t.Errorf("%d of %d refused", refused, len(damaged))
	}
}

// TestSheets: what stands on another sheet is read, or the workbook is refused,
// or it is said what was not read.
func TestSheets(t *testing.T) {
	data := registered(registrationHead, 0, 30)
	renamed := []any{"登记编号", "证件号码", "登记地区划", "登记日期", "原因说明"}
	for name, c := range map[string]struct {
		sheets []sheet
		loaded int64
		told   string
	}{
		"two":                     {[]sheet{{"新华区", data, false}, {"卫东区", registered(registrationHead, 30, 40), false}}, 40, ""},
		"a renamed column":        {[]sheet{{"新华区", data, false}, {"卫东区", registered(renamed, 30, 40), false}}, 0, "sheet 卫东区: required columns are missing: reason"},
		"it comes first":          {[]sheet{{"卫东区", registered(renamed, 30, 40), false}, {"新华区", data, false}}, 0, "sheet 卫东区: required columns are missing: reason"},
		"continued, no header":    {[]sheet{{"新华区", data, false}, {"续表", registered(nil, 30, 47), false}}, 0, "the sheet 续表 seems to hold 17 rows"},
		"another header":          {[]sheet{{"新华区", data, false}, {"叶县", registered([]any{"编码", "号", "地", "日", "因"}, 30, 47), false}}, 0, "the sheet 叶县 seems to hold 17 rows"},
		"an explanation":          {[]sheet{{"填报说明", [][]any{{"请按月填报", "每月 5 日前"}, {"证件号码", "填 18 位", "必填", "文本", "如 410499…"}}, false}, {"新华区", data, false}}, 30, ""},
		"a list of codes":         {[]sheet{{"新华区", data, false}, {"代码", [][]any{{"失业原因", "说明"}, {"毕业", "1"}, {"单位失业", "2"}}, false}}, 30, ""},
		"a hidden draft":          {[]sheet{{"新华区", data, false}, {"草稿", registered(registrationHead, 50, 60), true}}, 30, "the hidden sheet 草稿 with 10 rows was not read"},
		"a hidden list":           {[]sheet{{"新华区", data, false}, {"lists", [][]any{{"毕业"}, {"其他"}}, true}}, 30, ""},
		"nothing else but hidden": {[]sheet{{"说明", [][]any{{"见下页"}}, false}, {"数据", data, true}}, 0, "unhide it"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.put("失业登记_202606.xlsx", sheets(t, c.sheets...))
			sum := h.load()
			var told strings.Builder
			for _, r := range sum.Refused {
				told.WriteString(r.Reason)
			}
			for _, l := range sum.Loads {
				told.WriteString(strings.Join(Remarks(l.Notes), "\n"))
			}
			if sum.RowsLoaded != c.loaded || !strings.Contains(told.String(), c.told) || (c.told == "" && strings.Contains(told.String(), "sheet")) {
				t.Errorf("%d rows loaded, want %d; told %q, want %q", sum.RowsLoaded, c.loaded, told.String(), c.told)
			}
		})
	}
}

// TestWorkbookBomb: a workbook is held to what an archive may unpack to.
func TestWorkbookBomb(t *testing.T) {
	h := newHouse(t)
	row := `<row><c t="inlineStr"><is><t>` + strings.Repeat("0", 1000) + `</t></is></c></row>`
	h.put("失业登记_202606.xlsx", repack(t, sheets(t, sheet{name: "表", rows: registered(registrationHead, 0, 3)}), func(name string, part []byte) []byte {
		if name != "xl/worksheets/sheet1.xml" {
			return part
		}
		return bytes.Replace(part, []byte("</sheetData>"), []byte(strings.Repeat(row, 100_000)+"</sheetData>"), 1)
	}))
	h.put("失业登记_202605.xlsx", sheets(t, sheet{name: "表", rows: registered(registrationHead, 0, 3)}))
	if sum := h.load(); len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "bomb") || sum.RowsLoaded != 3 {
		t.Errorf("%+v", sum)
	}
}

// A workbook with a password is told for what it is.
func TestPassword(t *testing.T) {
	h := newHouse(t)
	f := excelize.NewFile()
	var b bytes.Buffer
	if err := f.Write(&b, excelize.Options{Password: "x"}); err != nil {
		t.Fatal(err)
	}
	h.put("失业登记_202606.xlsx", b.Bytes())
	h.put("失业登记_202605.xlsx", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"+strings.Repeat("\x00", 600)))
	h.put("失业登记_202604.csv", []byte("Rar!\x1a\x07\x01\x00"+strings.Repeat("\x07", 600)))
	got := told(h.load())
	for _, want := range []string{"202606.xlsx refused: 工作簿加了打开密码", "202605.xlsx refused: 文件是旧格式 XLS", "202604.csv refused: 文件是 RAR 压缩包"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
}
