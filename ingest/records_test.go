package ingest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"laborwatch/lake"
)

func TestSplitRecord(t *testing.T) {
	for _, c := range []struct {
		record string
		want   []string
	}{
		{`a,b,`, []string{"a", "b", ""}},
		{``, []string{""}},
		{`"a,1","b ""x""",c`, []string{"a,1", `b "x"`, "c"}},
		{"\"a\n1\",b", []string{"a\n1", "b"}},
		{`"a"x,b,"c,d"`, []string{`"a"x`, "b", "c,d"}},
		{`"a,b,c`, []string{`"a`, "b", "c"}},
		{`a"b,c`, []string{`a"b`, "c"}},
		{`"",""`, []string{"", ""}},
	} {
		if got := splitRecord(c.record, ","); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.record, got, c.want)
		}
	}
}

func FuzzScanRecords(f *testing.F) {
	for _, s := range []string{"a,b\nc,d\n", "\"a\nb\",c\n\"", "\r\n\r\n", "\"a\"b,\"c\nd\n", strings.Repeat("x", 100)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		last := int64(0)
		var all strings.Builder
		err := scanRecords(bufio.NewReader(bytes.NewReader(b)), ',', func(int64) bool { return true }, func(n int64, record string) error {
			if n != last+1 {
				t.Fatalf("record %d follows %d", n, last)
			}
			last = n
			all.WriteString(record)
			if len(splitRecord(record, ",")) == 0 {
				t.Fatal("a record has no cells")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if bare := strings.NewReplacer("\r", "", "\n", ""); bare.Replace(all.String()) != bare.Replace(string(b)) {
			t.Fatalf("records lost bytes: %q of %q", all.String(), b)
		}
	})
}

// Whatever a sender's spreadsheet makes of a row, it is read or passed over.
func FuzzReturnedRow(f *testing.F) {
	f.Add("5\x1fs\x1f202605\x1f1\x1f\x1f原因", 0, 1, 5)
	f.Add("", 3, -1, 0)
	f.Add("5\x1fx", 1, 0, 0)
	contracts, err := LoadContracts("")
	if err != nil {
		f.Fatal(err)
	}
	c := contracts["social_insurance"]
	h := &header{}
	for i := range c.Columns {
		h.cols = append(h.cols, i-1)
	}
	f.Fuzz(func(t *testing.T, cells string, row, sheet, reason int) {
		at := func(n int) int { return max(n%20, -1) }
		r := &returned{lines: map[Place]exportedLine{{"s", 5}: {}}}
		x := r.row(c, h, own{row: at(row), sheet: at(sheet), reason: at(reason)}, Place{"s", 9}, strings.Split(cells, "\x1f"))
		if len(x.cells) != len(c.Columns) || x.Row < 0 {
			t.Fatalf("%+v", x)
		}
	})
}

// The row numbers that the engine gives must find the same rows again, however
// the text is laid out: every row carries its own number in the posting number.
func TestRowNumbersFindTheirRows(t *testing.T) {
	h := newHouse(t)
	whole := h.in.scanFrom
	// Each case stands for itself: it has a month of its own, and none before it
	// says how many rows are usual.
	none := 0
	h.contracts["job_vacancy"].Checks.History = &none
	i := 0
	rapid.Check(t, func(t *rapid.T) {
		i++
		// Large text without quotes is scanned, all other is read by the engine.
		h.in.scanFrom = rapid.SampledFrom([]int64{0, whole}).Draw(t, "scanned from")
		eol := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(t, "line end")
		var b strings.Builder
		titles := rapid.IntRange(0, 2).Draw(t, "titles")
		for range titles {
			b.WriteString("某市岗位" + eol)
		}
		b.WriteString("岗位编号,工作地区划,招聘人数,发布日期,岗位名称" + eol)
		quoted := rapid.Bool().Draw(t, "quoted")
		data := rapid.IntRange(1, 12).Draw(t, "rows")
		for n := range data {
			if !quoted {
				row := rapid.SampledFrom([]string{"N%d,410402,1,2026-05-01,普工", "N%d,410402,x,2026-05-01,普工", "N%d,410402,1", ""}).Draw(t, "plain row")
				if row != "" {
					row = fmt.Sprintf(row, n)
				}
				b.WriteString(row + eol)
				continue
			}
			row := rapid.SampledFrom([]string{
				"N%d,410402,1,2026-05-01,普工", "N%d,410402,x,2026-05-01,普工", "\"N%d\",410402,x,2026-05-01,\"普\n工\"",
				"N%d,410402,1", "N%d,410402,1,2026-05-01,普工,多", "\"N%d\"x,410402,1,2026-05-01,普工", "N%d,410402,x,2026-05-01,普\"工",
				"N%d,410402,1,2026-05-01,\"a\"\"b\"", "",
			}).Draw(t, "row")
			if strings.Contains(row, "%d") {
				row = fmt.Sprintf(row, n)
			}
			b.WriteString(row + eol)
		}
		b.WriteString("N" + strconv.Itoa(data) + ",410499,1,2026-05-01,普工" + eol)
		text := b.String()
		enc := rapid.SampledFrom([]func(string) []byte{func(s string) []byte { return []byte(s) }, gb18030, func(s string) []byte { return gzipped(gb18030(s)) }, utf16le}).Draw(t, "encoding")
		name := fmt.Sprintf("%d/岗位信息_%04d%02d.csv", i, 2000+i/12, 1+i%12)
		h.put(name, enc(text))
		files, err := h.in.Files("", []string{h.dir + "/inbox/" + name})
		if err != nil {
			t.Fatal(err)
		}
		sum, err := h.in.Load(context.Background(), files)
		if err != nil || len(sum.Refused) > 0 {
			t.Fatal(err, sum.Refused)
		}
		if len(sum.Loads) == 0 {
			return // these very bytes came before
		}
		load := sum.Loads[0].Load
		faults, err := h.lake.Faults(context.Background(), lake.FaultFilter{Load: load.ID})
		if err != nil {
			t.Fatal(err)
		}
		var places []Place
		for _, f := range faults {
			places = append(places, Place{f.Sheet, f.Row})
		}
		tables, err := h.in.Original(context.Background(), load, files[0].Path, places)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			cells, ok := tables[0].Rows[f.Row]
			if !ok {
				t.Fatalf("no row %d in %q", f.Row, text)
			}
			all := strings.Join(cells, ",")
			fits := map[string]string{BadNumber: ",x,", BadRegion: "410499", MalformedRow: "N"}[f.Reason]
			n, err := strconv.Atoi(strings.Trim(cells[0], "N\"x"))
			if err != nil || f.Row != int64(titles+2+n) {
				t.Errorf("row %d is row %d of the data, under %d titles: %q in %q", f.Row, n, titles, cells, text)
			}
			if !strings.Contains(all, fits) || (f.Reason == MalformedRow && len(cells) == 5 && !strings.Contains(all, "\"x")) {
				t.Errorf("row %d, %s %s: found %q in %q", f.Row, f.Column, f.Reason, cells, text)
			}
		}
	})
}
