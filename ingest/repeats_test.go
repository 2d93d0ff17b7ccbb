package ingest

import (
	"fmt"
	"strings"
	"testing"
)

// TestConflicts: a row is a repeat only where all is the same; one that shares
// no more than the key with another waits in quarantine.
func TestConflicts(t *testing.T) {
	row := func(no, who int, region, reason string) string {
		return fmt.Sprintf("S%d,%s,%s,2026-06-01,%s\n", no, person(who), region, reason)
	}
	text := registrationHeader + "\n" + row(1, 1, "410402", "毕业") + row(1, 2, "410402", "毕业") + row(1, 1, "410402", "毕业") + row(1, 2, "410402", "毕业") +
		row(1, 3, "410421", "其他") + row(2, 4, "410402", "毕业")
	for name, from := range map[string]int64{"read": tidyBytes, "scanned": 0} {
		h := newHouse(t)
		h.in.scanFrom = from
		h.put("失业登记_202606.csv", []byte(text))
		sum := h.load()
		if sum.RowsIn != 6 || sum.RowsLoaded != 3 || sum.RowsRepeated != 2 || sum.RowsQuarantined != 1 {
			t.Errorf("%s: %+v", name, sum)
		}
		if got := h.faults(); got != "失业登记_202606.csv  row 3 region: conflicting_key [行/row 2]\n" {
			t.Errorf("%s: %s", name, got)
		}
	}
	// In a workbook, and corrected to a number that another row has.
	h := newHouse(t)
	data := registered(registrationHead, 0, 5)
	data = append(data, []any{"R3", person(9), "410402", "2026-06-01", "毕业"})
	h.put("失业登记_202606.xlsx", sheets(t, sheet{name: "表", rows: data}))
	h.load()
	if got := h.faults(); got != "失业登记_202606.xlsx 表 row 7 region: conflicting_key [行/row 5]\n" {
		t.Error(got)
	}
	path, _ := h.export("unemployment_registration")
	h.edit(path, "表", map[string]string{"7/登记编号": "R2"})
	if r := h.reload(path); r.Corrected != 0 || r.Faulty != 1 || r.Repeated != 0 {
		t.Errorf("%+v", r)
	}
	if got := h.faults(); !strings.Contains(got, "row 7 region: conflicting_key") {
		t.Error(got)
	}
	path, _ = h.export("unemployment_registration")
	h.edit(path, "表", map[string]string{"7/登记编号": "R9"})
	if r := h.reload(path); r.Corrected != 1 || h.faults() != "" {
		t.Errorf("%+v %s", r, h.faults())
	}
}

// TestNobodysRepeats: persons whose numbers cannot be read are not one person.
func TestNobodysRepeats(t *testing.T) {
	row := func(id, name string) string {
		return "202606," + id + "," + name + "," + employer(1) + ",210,1,10,3000,1\n"
	}
	text := socialHeader + row(person(1), "甲") + row("", "乙") + row("", "丙") + row("4.10499E+17", "丁") + row("4.10499E+17", "戊") + row("", "乙")
	for name, from := range map[string]int64{"read": tidyBytes, "scanned": 0} {
		h := newHouse(t)
		h.in.scanFrom = from
		h.put("社保缴费_202606.csv", []byte(text))
		// Not even of the very same line twice is it known whose it is.
		if sum := h.load(); sum.RowsIn != 6 || sum.RowsLoaded != 1 || sum.RowsRepeated != 0 || sum.RowsQuarantined != 5 {
			t.Errorf("%s: %+v", name, sum)
		}
	}
	h := newHouse(t)
	data := registered(registrationHead, 0, 2)
	for range 3 {
		data = append(data, []any{"R7", "", "410402", "2026-06-01", "毕业"})
	}
	for range 3 { // their key can be read
		data = append(data, []any{"R8", person(7), "410402", "2026-06-51", "毕业"})
	}
	h.put("失业登记_202606.xlsx", sheets(t, sheet{name: "表", rows: data}))
	if sum := h.load(); sum.RowsLoaded != 2 || sum.RowsQuarantined != 2 || sum.RowsRepeated != 4 {
		t.Errorf("%+v", sum) // the number of the registration is the key, not the person
	}
}

// TestUpsertKeepsTheLatest: of several versions of a row in one extract the last
// stands.
func TestUpsertKeepsTheLatest(t *testing.T) {
	h := newHouse(t)
	head := "家庭编号,行政区划代码,家庭状态,认定日期\n"
	row := func(no int, status string) string { return fmt.Sprintf("L%d,410402,%s,2026-06-01\n", no, status) }
	h.put("零就业家庭_202606.csv", []byte(head+row(1, "未消除")+row(2, "未消除")+row(1, "已消除")+row(1, "已消除")))
	if sum := h.load(); sum.RowsLoaded != 2 || sum.RowsRepeated != 2 || sum.RowsQuarantined != 0 {
		t.Errorf("%+v", sum)
	}
	if got := h.rows("zero_employment_household", "household_no, status"); got != "L2|open\nL1|relieved\n" {
		t.Error(got)
	}
}
