package infer

import (
	"context"
	"strings"
	"testing"

	"laborwatch/ingest"
)

// A file of one county alone would take the place of the whole month unless the
// contract has a scope: it is proposed where the name tells the county, and
// asked for where it does not.
func TestOneCounty(t *testing.T) {
	rows := func(regions ...string) string {
		var b strings.Builder
		b.WriteString("岗位编号,工作地区划,招聘人数,发布日期\n")
		for _, r := range regions {
			b.WriteString("G1," + r + ",2,2026-05-01\n")
		}
		return b.String()
	}
	for _, c := range []struct{ name, rows, scope, pattern string }{
		{"岗位410402旬报202605.csv", rows("410402", "410402003"), `scope: {file: '(?:^|\D)(4104\d{2})(?:\D|$)|(卫东区|新华区)', column: region}`, "岗位*旬报*.csv"},
		{"岗位新华区2026年5月.csv", rows("410402"), `scope: {file: '(?:^|\D)(4104\d{2})(?:\D|$)|(卫东区|新华区)', column: region}`, "岗位**.csv"},
		{"岗位_202605.csv", rows("410402"), "# ? 各行都属于 410402", "岗位_*.csv"},
		{"岗位410403旬报202605.csv", rows("410402"), "# ? 各行都属于 410402", "岗位*旬报*.csv"},
		{"岗位信息_新华区_202605.csv", rows("410402", "410403"), `scope: {file: usual, column: region}`, ""},
		{"岗位_202605.csv", rows("410402", "410403"), "scope: {file: usual, column: region}", "岗位_*.csv"},
		{"岗位_202605.csv", rows("410400"), "scope: {file: usual, column: region}", "岗位_*.csv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := File(context.Background(), write(t, c.name, []byte(c.rows)), Options{Contracts: contracts(t), Counties: map[string]string{"新华区": "410402", "卫东区": "410403"}})
			if err != nil {
				t.Fatal(err)
			}
			got := g.Contract()
			if !strings.Contains(got, c.scope) {
				t.Errorf("want %q in\n%s", c.scope, got)
			}
			if asked := strings.Contains(got, "# ? 各行都属于"); asked != strings.HasPrefix(c.scope, "# ? 各行都属于") {
				t.Errorf("asked for the county: %v in\n%s", asked, got)
			}
			if c.pattern == "" && !strings.Contains(got, `"job_vacancy_*"]`) || c.pattern != "" && !strings.Contains(got, `"job_vacancy_*", "`+c.pattern+`"]`) {
				t.Errorf("want the pattern %q in\n%s", c.pattern, got)
			}
			k, err := ingest.ParseContract("proposal", []byte(got))
			if err != nil {
				t.Fatal(err)
			}
			if k.Scope.Column != "region" {
				t.Errorf("scope %+v", k.Scope)
			}
			// Files that the feed's own rule tells the county of keep it.
			for name, want := range map[string]string{"岗位信息_新华区_202605.csv": "新华区", "岗位信息_202605_410403.csv": "410403", "岗位信息_202605.csv": ""} {
				if got := k.Scope.Told(name); got != want {
					t.Errorf("%s is of %q, want %q", name, got, want)
				}
			}
		})
	}
}
