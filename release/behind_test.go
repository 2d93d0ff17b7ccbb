package release_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"laborwatch/cube"
	"laborwatch/release"
	"laborwatch/release/releasetest"
)

// under gives a row as shown of the table whose title begins so.
func under(t *testing.T, r release.Result, sheet, title, name string) []string {
	t.Helper()
	f, err := excelize.OpenFile(workbookOf(r))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for _, row := range rows {
		if len(row) > 0 && strings.HasPrefix(row[0], title) {
			inside = true
		}
		if inside && len(row) > 2 && strings.TrimSpace(strings.ReplaceAll(row[0], "　", "")) == name {
			return row
		}
	}
	t.Fatalf("sheet %s has no row %s under %s", sheet, name, title)
	return nil
}

func observation(t *testing.T, o release.Options, k cube.Key) cube.Observation {
	t.Helper()
	got, ok := o.Snapshot.Get(k)
	if !ok {
		t.Fatalf("no %+v", k)
	}
	return got
}

func percent(v *float64) string { return fmt.Sprintf("%.1f%%", 100**v) }
func points(v *float64) string  { return fmt.Sprintf("%.2f", 100**v) }

// words are a quality with its reason as the tables show them.
func words(quality, reason string) string {
	return map[string]string{
		"publish": "可发布 / publish", "caution cv": "谨慎使用（变异系数偏大） / caution (large coefficient of variation)",
	}[strings.TrimSpace(quality+" "+reason)]
}

// same holds some columns of a row against what they must show.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("%s shows %q, want %q", what, got, want)
	}
}

func TestPooledRates(t *testing.T) {
	o := options(t)
	// Three counties whose change the sample can or cannot tell from none.
	move := map[string][3]float64{"410402": {.02, .01, .03}, "410403": {-.021, -.031, -.011}, "410411": {.02, -.01, .05}}
	o.Snapshot = changed(o.Config, func(ob *cube.Observation) {
		if m, ok := move[ob.Region]; ok && ob.Indicator == cube.Headline+"_3m_yoy" && ob.Period == o.Period {
			ob.Value, ob.CILow, ob.CIHigh = &m[0], &m[1], &m[2]
		}
	})
	r := build(t, o)
	const sheet, title = "三个月合并", "调查失业率（三个月合并），2026年8月至2026年10月"
	for name, w := range map[string]struct{ region, change, verdict string }{
		"新华区": {"410402", "+2.0", "上升 / rose"}, "卫东区": {"410403", "-2.1", "下降 / fell"},
		"湛河区": {"410411", "+2.0", "在抽样误差范围内 / within sampling error"},
	} {
		k := cube.K(cube.Headline+"_3m", o.Period).With(cube.Region, w.region)
		f, d := observation(t, o, k), observation(t, o, k.Of(cube.Headline+"_3m_yoy"))
		same(t, name, under(t, r, sheet, title, name)[2:], []string{
			percent(f.Value), points(f.SE), percent(f.CILow), percent(f.CIHigh), fmt.Sprint(*f.N), words(f.Quality, f.Reason),
			w.change, points(d.SE), w.verdict,
		})
	}
	for _, name := range []string{"平顶山市", "男", "16–24岁", "外来户籍劳动力"} {
		if row := under(t, r, sheet, title, name); !strings.HasSuffix(row[2], "%") {
			t.Errorf("%s shows no pooled rate: %q", name, row)
		}
	}
	few := under(t, r, sheet, title, "石龙区")
	same(t, "石龙区", few[2:], []string{"…", "…", "…", "…", "24", "不可靠（样本人数太少） / unreliable (too few persons in the sample)", "…", "…", "…"})

	mean := observation(t, o, cube.K(cube.Headline+"_avg", o.Period))
	same(t, "the mean since January", under(t, r, sheet, "调查失业率年初以来平均，2026年1月至2026年10月", "平顶山市")[2:],
		[]string{percent(mean.Value), points(mean.SE), percent(mean.CILow), percent(mean.CIHigh), "22,000"})

	whole, page := observation(t, o, cube.K(cube.Headline+"_3m", o.Period)), read(t, r, "release.html")
	for _, want := range []string{
		fmt.Sprintf("2026年8月至2026年10月三个月合并的调查失业率为%s（95%%置信区间%s–%s），比上年同期", percent(whole.Value), percent(whole.CILow), percent(whole.CIHigh)),
		"Over the three months from August 2026 to October 2026 together the surveyed rate was " + percent(whole.Value),
		"劳动力利用不足率（LU4，失业、工时不足与潜在劳动力合计）为" + percent(observation(t, o, cube.K("labor_underutilization_lu4", o.Period)).Value),
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// Model estimates are judged by their own error, not by the county's sample, and
// stand apart from the direct ones.
func TestCountyModel(t *testing.T) {
	o := options(t)
	r := build(t, o)
	const sheet, title = "县级模型推算", "县（市、区）调查失业率（模型推算）"
	for name, region := range map[string]string{"新华区": "410402", "石龙区": "410404"} {
		k := cube.K(cube.Headline+"_3m", o.Period).With(cube.Region, region)
		direct, f := observation(t, o, k), observation(t, o, k.Of(cube.Headline+"_model"))
		gamma := observation(t, o, k.Of("county_model_shrinkage"))
		want := []string{percent(direct.Value), points(direct.SE), fmt.Sprint(*direct.N)}
		if name == "石龙区" {
			want = []string{"…", "…", "24"}
		}
		same(t, name, under(t, r, sheet, title, name)[2:], append(want,
			percent(f.Value), points(f.SE), percent(f.CILow), percent(f.CIHigh), fmt.Sprintf("%.2f", *gamma.Value)))
	}
	unfit := under(t, r, sheet, title, "汝州市")
	if unfit[2] == "…" || !slices.Equal(unfit[5:9], []string{"…", "…", "…", "…"}) {
		t.Errorf("汝州市, whose model estimate is unreliable, shows %q", unfit)
	}
	csv := read(t, r, "observations.csv")
	if !strings.Contains(csv, "2026-10,surveyed_unemployment_rate_model,410482,_T,_T,_T,_T,_T,_T,,,,,,,160,Q,unreliable,cv\n") ||
		!strings.Contains(csv, "2026-10,surveyed_unemployment_rate_model,410404,_T,_T,_T,_T,_T,_T,0.0") {
		t.Error("observations.csv differs from the table of model estimates")
	}
	for line := range strings.SplitSeq(csv, "\n") {
		if strings.HasPrefix(line, "2026-10,surveyed_unemployment_rate,410404,") && !strings.Contains(line, ",_T,,,,,,,24,Q,") {
			t.Errorf("a direct rate of too few persons is filled: %s", line)
		}
	}
}

func TestUnderutilization(t *testing.T) {
	o := options(t)
	r := build(t, o)
	const sheet = "劳动力利用不足与其他"
	for name, k := range map[string]cube.Key{
		"平顶山市": cube.K("", o.Period), "女": cube.K("", o.Period).With(cube.Sex, "F"), "30–59岁": cube.K("", o.Period).With(cube.Age, "Y30T59"),
	} {
		var want []string
		for _, code := range []string{cube.Headline, "labor_underutilization_lu2", "labor_underutilization_lu3", "labor_underutilization_lu4"} {
			f := observation(t, o, k.Of(code))
			want = append(want, percent(f.Value), points(f.SE))
		}
		same(t, name, under(t, r, sheet, "劳动力利用不足，", name)[2:], want)
	}
	ilo := observation(t, o, cube.K(cube.Headline+"_ilo", o.Period))
	others := under(t, r, sheet, "长期失业、", "平顶山市")
	same(t, "the others", others[2:], []string{"17.0%", "3.63", percent(ilo.Value), points(ilo.SE)})
	// 240 of 25–29 make 12 unemployed: no share of them is told.
	same(t, "25–29", under(t, r, sheet, "长期失业、", "25–29岁")[2:], []string{"…", "…"})
	wage := under(t, r, sheet, "就业人员工时与工资", "平顶山市")
	if wage[2] != "45.0" || wage[3] != "0.30" || wage[6] != "4,690" || wage[7] != "48" {
		t.Errorf("medians: %q, want 45 hours SE 0.30 and 4,690 yuan SE 48", wage)
	}
}

func TestReconciliation(t *testing.T) {
	o := options(t)
	r := build(t, o)
	const sheet, title = "调查与登记对照", "调查状态与行政登记对照"
	same(t, "in no record", under(t, r, sheet, title, "行政记录中没有")[2:],
		[]string{"37,200", "1,200", "3,300", "430", "58,900", "1,170", "99,400"})
	// Of the unemployed those without a link are too few; the insured, the
	// smallest others, go with them, or the total would tell. With a part
	// withheld a class has no total.
	same(t, "insured", under(t, r, sheet, title, "参保缴费")[2:], []string{"54,800", "1,100", "…", "…", "…", "…", "…"})
	same(t, "not linked", under(t, r, sheet, title, "无法关联")[2:], []string{"1,900", "300", "…", "…", "1,100", "200", "…"})
	same(t, "registered", under(t, r, sheet, title, "登记失业")[2:], []string{"…", "…", "1,600", "180", "…", "…", "…"})
	same(t, "the sums", under(t, r, sheet, title, "合计")[2:], []string{"93,900", "1,200", "5,400", "480", "60,382", "–", "159,682"})
	rates := under(t, r, sheet, "调查失业与登记失业并列", "登记失业率")
	if rates[2] != fmt.Sprintf("%.1f%%", 100*value(t, o.Snapshot, cube.K("registered_unemployment_rate", o.Period))) || rates[3] != "–" {
		t.Errorf("the registered rate: %q", rates)
	}
	if rates := under(t, r, sheet, "调查失业与登记失业并列", "调查与行政记录的关联率"); rates[2] != "98.1%" {
		t.Errorf("the link rate: %q", rates)
	}
	page := read(t, r, "release.html")
	for _, want := range []string{"调查为失业、行政记录中却没有的，约3,300人", "登记失业、调查为就业的，样本太少，不予发布", "不改变任何人的调查状态", "从不平均", "never averaged"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	csv := read(t, r, "observations.csv")
	if !strings.Contains(csv, "2026-10,survey_unemployed_by_register,_T,_T,_T,REG_INSURED,_T,_T,_T,,,,,,,1221,Q,publish,\n") {
		t.Error("observations.csv tells what the table withholds")
	}
}

func TestReconciliationNeedsLinks(t *testing.T) {
	o := options(t)
	var list []cube.Observation
	for _, ob := range releasetest.Observations(o.Config) {
		if ob.Indicator != "survey_link_rate" && !strings.HasSuffix(ob.Indicator, "_by_register") {
			list = append(list, ob)
		}
	}
	o.Snapshot = cube.NewSnapshot(releasetest.Last.First(), list)
	if page := read(t, build(t, o), "release.html"); strings.Contains(page, "调查与登记对照") {
		t.Error("a table of links where nobody is linked")
	}
}

func TestSampling(t *testing.T) {
	o := options(t)
	r := build(t, o)
	k := cube.K(cube.Headline, o.Period).With(cube.Region, "410402")
	f := observation(t, o, k)
	same(t, "新华区", under(t, r, "应答与抽样误差", "应答率", "新华区")[2:],
		[]string{"90.0%", "170", "1.20", fmt.Sprintf("%.1f%%", 100**f.SE / *f.Value), fmt.Sprint(*f.N)})
	// The design effect and the variation of a rate that is withheld tell nothing.
	same(t, "石龙区", under(t, r, "应答与抽样误差", "应答率", "石龙区")[2:], []string{"88.0%", "158", "…", "…", "24"})
}

func TestQualityHasItsReason(t *testing.T) {
	o := options(t)
	shown, _ := cells(t, workbookOf(build(t, o)), "调查失业率", "石龙区")
	if shown[11] != "不可靠（样本人数太少） / unreliable (too few persons in the sample)" {
		t.Errorf("quality %q", shown[11])
	}
}

func TestSeasonIsExperimental(t *testing.T) {
	o := options(t)
	plain := build(t, o)
	o.Dir = t.TempDir()
	o.Snapshot = cube.NewSnapshot(releasetest.Last.First(), append(releasetest.Observations(o.Config), releasetest.Season(o.Config)...))
	r := build(t, o)
	if page := read(t, plain, "release.html"); strings.Contains(page, "试验性") {
		t.Error("an adjusted series that the cube does not hold")
	}
	const sheet = "季节调整（试验性）"
	rate, sa := observation(t, o, cube.K(cube.Headline, o.Period)), observation(t, o, cube.K(cube.Headline+"_sa", o.Period))
	same(t, "the series", under(t, r, sheet, "平顶山市调查失业率季节调整（试验性）", "2026-10")[2:], []string{percent(rate.Value), percent(sa.Value)})
	same(t, "the charts", under(t, r, sheet, "平顶山市失业率预警图（试验性）", "2026-10")[2:],
		[]string{"0.57", "0.20", "预警 / warns", "+1.21", "-0.95", "+0.95", "预警 / warns", "3.40", "3.02", "预警 / warns"})
	same(t, "the month before", under(t, r, sheet, "平顶山市失业率预警图（试验性）", "2026-09")[2:],
		[]string{"0.12", "0.20", "无 / none", "+0.31", "-0.95", "+0.95", "无 / none", "1.40", "3.02", "无 / none"})
	head := func(r release.Result) string {
		_, after, _ := strings.Cut(read(t, r, "release.html"), `<p class="headline">`)
		first, _, _ := strings.Cut(after, "</p>")
		return first
	}
	if head(plain) != head(r) {
		t.Errorf("the headline changed with the adjusted series: %s", head(r))
	}
}
