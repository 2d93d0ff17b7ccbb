package examples_test

import (
	"context"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"laborwatch/referencetest"
)

func TestPostings(t *testing.T) {
	file := referencetest.Path(t, "postings/51job_2019-09_gbk.csv")
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	raw := records(t, simplifiedchinese.GBK.NewDecoder().Reader(f))

	// What the file itself says: the first posting of each key, the blank ones,
	// and how many repeat an earlier one.
	var kept []map[string]string
	var at []int
	seen := map[[4]string]bool{}
	repeats, blank := int64(0), 0
	for i, r := range raw {
		key := [4]string{r["职位"], r["公司"], r["地区"], r["时间"]}
		if seen[key] {
			repeats++
			continue
		}
		seen[key] = true
		if r["职位"] == "[]" {
			blank = i + 2
			continue
		}
		kept, at = append(kept, r), append(at, i+2)
	}
	if len(raw) != 4950 || repeats != 30 || len(kept) != 4919 {
		t.Fatalf("%d rows, %d repeats, %d postings", len(raw), repeats, len(kept))
	}

	e := open(t, "51job")
	e.load("job_vacancy", file, 4919, 30, 1)
	// The one row in quarantine is the first of those with nothing in them.
	faults, err := e.Lake.Quarantined(context.Background(), "job_vacancy", 100)
	if err != nil || len(faults) == 0 {
		t.Fatal(faults, err)
	}
	for _, x := range faults {
		if x.Row != int64(blank) || x.Reason != "missing" || !strings.Contains("title employer openings posted_on", x.Column) {
			t.Errorf("in quarantine: %+v", x)
		}
	}

	rows := e.rows("job_vacancy")
	if len(rows) != len(kept) {
		t.Fatalf("%d rows in the lake", len(rows))
	}
	several, openings := 0, 0
	for i, r := range rows {
		if r["_row"] != strconv.Itoa(at[i]) {
			t.Fatalf("row %s of the file stands where row %d belongs", r["_row"], at[i])
		}
		posting(t, at[i], kept[i], r)
		if kept[i]["人数"] == "['若干人']" {
			several++
		}
		n, _ := strconv.Atoi(r["openings"])
		openings += n
	}
	if n := count(rows, func(r map[string]string) bool { return r["openings_stated"] == "false" }); n != several || n < 900 {
		t.Errorf("%d postings for several persons, %d in the file", n, several)
	}
	// 269 cells are empty: 28 blank rows and 241 postings that state no wage.
	if n := count(rows, func(r map[string]string) bool { return r["wage_low_fen"] == "" && r["wage_high_fen"] == "" }); n != 269-28 {
		t.Errorf("%d postings without a wage", n)
	}
	for _, column := range []string{"公司地址", "岗位信息", "address", "description"} {
		if _, there := rows[0][column]; there {
			t.Errorf("%s was kept", column)
		}
	}

	e.transform()
	// Those posted after the month's end do not count; there are none.
	for _, r := range e.query("job_openings", "") {
		if r["value"] != strconv.Itoa(openings) || r["period"] != "2019-09" {
			t.Errorf("%v; the postings have %d openings", r, openings)
		}
	}
}

var (
	wrapped = regexp.MustCompile(`^\['(.*)'\]$`)
	wage    = regexp.MustCompile(`^([\d.]+)(?:-([\d.]+))?(万|千|元)(以上|以下)?/(月|年|天)$`)
	degrees = "初中及以下 高中 中专 中技 大专 本科 硕士 博士"
)

// posting checks one row of the lake against its cells in the file.
func posting(t *testing.T, line int, raw, row map[string]string) {
	t.Helper()
	cell := func(name string) string {
		if m := wrapped.FindStringSubmatch(raw[name]); m != nil {
			return m[1]
		}
		return ""
	}
	want := map[string]string{"period": "2019-09-01", "posted_on": cell("时间"), "openings": strings.TrimSuffix(cell("人数"), "人"), "openings_stated": "true"}
	if cell("人数") == "若干人" {
		want["openings"], want["openings_stated"] = "1", "false"
	}
	want["wage_low_fen"], want["wage_high_fen"] = monthly(t, cell("薪资"))
	// Each of the cells that slide is told by what it says.
	want["experience"], want["education"], want["language"] = "", "", ""
	for _, s := range []string{cell("工作经验"), cell("学历")} {
		switch {
		case s == "":
		case strings.HasSuffix(s, "工作经验"):
			want["experience"] = s
		case strings.Contains(" "+degrees+" ", " "+s+" "):
			want["education"] = s
		default:
			want["language"] = s
		}
	}
	for column, s := range want {
		if row[column] != s {
			t.Errorf("row %d: %s is %q, want %q", line, column, row[column], s)
		}
	}
	for column, name := range map[string]string{"title": "职位", "employer": "公司", "region": "地区"} {
		// Blanks and full-width forms are folded, no more.
		if bare(row[column]) != bare(cell(name)) || strings.HasPrefix(row[column], "[") && !strings.HasPrefix(cell(name), "[") {
			t.Errorf("row %d: %s is %q, the file says %q", line, column, row[column], cell(name))
		}
	}
}

func bare(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r <= ' ' || r == '\u3000' || r == '\u00a0':
			return -1
		}
		return r
	}, s)
}

// monthly is the wage in fen a month; 21.75 days are paid in a month.
func monthly(t *testing.T, s string) (low, high string) {
	t.Helper()
	if s == "" {
		return "", ""
	}
	m := wage.FindStringSubmatch(s)
	if m == nil {
		t.Fatalf("wage %q", s)
	}
	scale := map[string]float64{"万": 1e6, "千": 1e5, "元": 100}[m[3]] * map[string]float64{"月": 1, "年": 1.0 / 12, "天": 21.75}[m[5]]
	fen := func(s string) string { return strconv.FormatInt(int64(math.Round(number(t, s)*scale)), 10) }
	low, high = fen(m[1]), fen(m[1])
	switch {
	case m[2] != "":
		high = fen(m[2])
	case m[4] == "以上":
		high = ""
	case m[4] == "以下":
		low = ""
	}
	return low, high
}
