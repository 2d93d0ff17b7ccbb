package ingest

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"laborwatch/codes"
)

// byChance is a valid ID that a spreadsheet may have made: it ends with 000.
func byChance(t *testing.T) string {
	t.Helper()
	for n := range 10_000 {
		first := fmt.Sprintf("410499%04d%02d%02d%d00", 1960+n%40, 1+n%12, 1+n%28, n%10)
		if c, ok := codes.ResidentCheck(first); ok && c == '0' {
			return first + "0"
		}
	}
	t.Fatal("no such ID")
	return ""
}

// One rounded ID puts all of its extract that end so in doubt; without one they
// are what they seem.
func TestRoundedByChance(t *testing.T) {
	chance, u := byChance(t), employer(1)
	row := func(month, id string, base int) string {
		return fmt.Sprintf("%s,%s,某某,%s,210,1,10,%d,1\n", month, id, u, base)
	}
	rounded := person(3)[:15] + "000"
	if codes.ResidentValid(rounded) {
		t.Fatal("the rounded ID is valid")
	}
	for name, scanFrom := range map[string]int64{"engine": math.MaxInt64, "scan": 0} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.in.scanFrom = scanFrom
			h.put("社保缴费_202605.csv", []byte(socialHeader+row("202605", chance, 1)+row("202605", person(1), 2)+row("202605", "  "+chance, 3)))
			if sum := h.load(); sum.RowsLoaded != 3 {
				t.Errorf("%+v\n%s", sum, h.faults())
			}
			h.put("社保缴费_202606.csv", []byte(socialHeader+row("202606", chance, 1)+row("202606", person(1), 2)+row("202606", rounded, 3)+row("202606", chance, 1)+row("202606", strings.ToLower(chance)+" ", 4)+row("202606", person(2), 5)))
			sum := h.load()
			if sum.RowsLoaded != 2 || sum.RowsQuarantined != 4 || sum.RowsRepeated != 0 {
				t.Errorf("%+v", sum)
			}
			want := ""
			for _, n := range []int{2, 4, 5, 6} {
				want += fmt.Sprintf("社保缴费_202606.csv  row %d person: excel_rounded [18字符/chars]\n", n)
			}
			if got := strings.ReplaceAll(h.faults(), "19字符", "18字符"); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if got := h.query("SELECT sum(rows) FROM state.main.load_periods"); got != "5\n" {
				t.Errorf("%s rows by month", got)
			}
		})
	}
}
