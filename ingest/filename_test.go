package ingest

import "testing"

// TestNamesOfFiles: what senders put into names, in whatever order.
func TestNamesOfFiles(t *testing.T) {
	c := newHouse(t).contracts["unemployment_registration"]
	for base, want := range map[string]string{
		"失业登记_202606.csv":                "2026-06",
		"失业登记_新华区_202606.csv":            "2026-06 新华区",
		"失业登记_新华区202606.csv":             "2026-06 新华区",
		"失业登记_202606_新华区.csv":            "2026-06 新华区",
		"失业登记_202606新华区.csv":             "2026-06 新华区",
		"失业登记_202606_新华区(1).csv":         "2026-06 新华区",
		"失业登记_2026年6月新华区.xlsx":           "2026-06 新华区",
		"失业登记_2026年6月_新华区.xlsx":          "2026-06 新华区",
		"失业登记_410402_202606.csv":         "2026-06 410402",
		"失业登记_202606_410402.csv.gz":      "2026-06 410402",
		"失业登记_2026-06-30_410402_更正2.csv": "2026-06 410402 30",
		"失业登记_舞钢市_2026.6.csv":            "2026-06 舞钢市",
		"失业登记_20260612.csv":              "2026-06 12",
		"失业登记_20261112.csv":              "2026-11 12",
		"失业登记_2026-11.csv":               "2026-11",
		"失业登记_202605_20260612导出.csv":     "2026-05",
		"失业登记_2026年6月12日.csv":            "2026-06 12",
		"失业登记_20260631.csv":              "2026-06", // no such day
		"失业登记_城乡一体化示范区_202606.csv":       "2026-06 城乡一体化示范区",
		"失业登记_202606_开发区分局.csv":          "2026-06",
		"失业登记_新华_202606.csv":             "2026-06",
		"失业登记_全市_202606.csv":             "2026-06 全市",
		"失业登记_最终版.csv":                   "",
		"失业登记_410402.csv":                " 410402",
		"失业登记_202613.csv":                "",
	} {
		f, err := c.filed(base)
		got := f.month.String()
		if f.scope != "" {
			got += " " + f.scope
		}
		if !f.day.IsZero() {
			got += f.day.Format(" 02")
		}
		if got != want || err != nil {
			t.Errorf("%s: %q, want %q %v", base, got, want, err)
		}
	}
}
