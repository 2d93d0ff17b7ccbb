package ingest

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"laborwatch/engine"
)

// Programs keep spreadsheets from making numbers of IDs and codes by ="…" or by
// an apostrophe before them: both are read as what they guard.
func TestTextGuards(t *testing.T) {
	for name, scanFrom := range map[string]int64{"engine": math.MaxInt64, "scan": 0} {
		for form, put := range map[string]func(string) string{
			"formula":    func(s string) string { return `="` + s + `"` },
			"quoted":     func(s string) string { return `"=""` + s + `"""` },
			"apostrophe": func(s string) string { return "'" + s },
		} {
			t.Run(name+" "+form, func(t *testing.T) {
				h := newHouse(t)
				h.in.scanFrom = scanFrom
				aside := int64(-1)
				h.in.asideRows = func(n int64) { aside = n }
				var b strings.Builder
				b.WriteString(strings.Replace(socialHeader, "险种", put("险种"), 1))
				for i := range 40 {
					fmt.Fprintf(&b, "%s,%s,某某,%s,%s,1,%s,%s,%s\n", put("202605"), put(person(i)), put(employer(i)), put("210"), put("10"), put("3000.50"), put("1"))
				}
				h.put("社保缴费_202605.csv", []byte(b.String()))
				sum := h.load()
				if sum.RowsLoaded != 40 {
					t.Fatalf("%+v\n%s", sum, h.faults())
				}
				from := "read_parquet(" + engine.Quote(h.lake.Path(sum.Loads[0].Load)) + ", hive_partitioning = false)"
				if got := h.query("SELECT DISTINCT period, insurance, payment_type, base_fen, person_status FROM " + from); got != "2026-05-01|210|10|300050|1\n" {
					t.Error(got)
				}
				if got := h.query("SELECT count(DISTINCT person), count(DISTINCT uscc) FROM " + from); got != "40|40\n" {
					t.Error(got)
				}
				if name == "scan" && form != "quoted" && aside != 0 {
					t.Errorf("%d rows were put aside", aside)
				}
			})
		}
	}
}
