package spreadsheet

import (
	"bytes"
	"testing"

	"github.com/xuri/excelize/v2"
)

// The writer's own bytes differ from run to run; settled they are equal, and are
// still the workbook.
func TestSettle(t *testing.T) {
	write := func() []byte {
		f := excelize.NewFile()
		defer f.Close()
		for _, name := range []string{"b", "c"} {
			if _, err := f.NewSheet(name); err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellValue(name, "A1", 2.5); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.AddChart("b", "D1", &excelize.Chart{Type: excelize.Col, Series: []excelize.ChartSeries{{Name: "x", Categories: "b!$A$1", Values: "c!$A$1"}}}); err != nil {
			t.Fatal(err)
		}
		if err := f.SetDocProps(&excelize.DocProperties{Created: "2026-10-01T00:00:00Z", Modified: "2026-10-01T00:00:00Z"}); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
		out, err := Settle(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := write()
	for range 10 {
		if !bytes.Equal(write(), first) {
			t.Fatal("the same workbook has other bytes")
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if v, err := f.GetCellValue("c", "A1"); err != nil || v != "2.5" {
		t.Errorf("%q (%v), want 2.5", v, err)
	}
	if _, err := Settle([]byte("no workbook")); err == nil {
		t.Error("no workbook accepted")
	}
}
