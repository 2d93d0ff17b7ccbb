package ingest

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestPerfTmp(t *testing.T) {
	if os.Getenv("LW_PERF") == "" {
		t.Skip()
	}
	h := newHouse(t)
	for m := range 26 {
		var b strings.Builder
		b.WriteString(socialHeader)
		for i := range 110000 {
			ins := "110"
			if i%2 == 1 {
				ins = "210"
			}
			fmt.Fprintf(&b, "%04d%02d,%s,某某,%s,%s,1,10,%d.50,1\n", 2024+m/12, 1+m%12, person2(i/2), employer(i%3000), ins, 3000+i%5000)
		}
		h.put(fmt.Sprintf("%04d-%02d/社保缴费_%04d%02d.csv", 2024+m/12, 1+m%12, 2024+m/12, 1+m%12), gb18030(b.String()))
	}
	for d := range 570 {
		day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, d)
		var b strings.Builder
		b.WriteString("证件号码,姓名,统一社会信用代码,变更日期,增减标志,变更原因\n")
		for i := range 60 {
			fmt.Fprintf(&b, "%s,某某,%s,%s,增,新参保\n", person2(d*60+i), employer(i), day.Format("2006-01-02"))
		}
		h.put(fmt.Sprintf("%s/增减员_%s.csv", day.Format("2006-01"), day.Format("20060102")), []byte(b.String()))
	}
	for m := range 26 {
		rows := [][]any{{"失业登记花名册"}, {"个人信息", "", "登记信息", "", "", "", "", "", "", "", "注销信息", ""}, {"登记编号", "证件号码", "登记地区划", "登记日期", "失业原因", "原单位统一社会信用代码", "人员类别", "文化程度", "户口性质", "姓名", "注销日期", "注销原因"}}
		for i := range 4000 {
			rows = append(rows, []any{fmt.Sprintf("SY%06d", i), person2(i), "410402", "2024-01-05", "单位失业", employer(i), "高校毕业生、农民工", "大学本科", "农业", "某某", "2024-02-03", "就业"})
		}
		h.put(fmt.Sprintf("%04d-%02d/失业登记_%04d%02d.xlsx", 2024+m/12, 1+m%12, 2024+m/12, 1+m%12), book(t, rows))
	}
	h.in.log = nil
	h.in.log = discard()
	t0 := time.Now()
	last := t0
	feedTime := map[string]time.Duration{}
	h.in.progress = func(p Progress) {
		k := p.File[8:15]
		feedTime[k] += time.Since(last)
		last = time.Now()
	}
	sum := h.load()
	t.Log(time.Since(t0), sum.RowsIn, sum.RowsLoaded, sum.RowsQuarantined, sum.RowsRepeated, len(sum.Loads), feedTime)
	for _, r := range sum.Refused {
		t.Log(r)
	}
	t.Log(h.query("select reason, col, count(*) from state.main.quarantine group by all"))
	t0 = time.Now()
	sum = h.load()
	t.Log("again", time.Since(t0), sum.Skipped)
}

func person2(n int) string {
	return person3(n)
}
