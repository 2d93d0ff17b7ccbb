package weighting

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"laborwatch/messages"
)

// source is a month of two counties whose numbers can be told by hand: of ten
// rows six stand for 12.5 and four for 20; the margin has 90 and 100 people, and
// 5 of a category that nobody is in.
func source(t testing.TB, trim float64) Source {
	t.Helper()
	m := Margin{Name: "region", Totals: map[string]float64{"a": 90, "b": 100, "c": 5}, Of: strings.Split("aaaaaabbbb", "")}
	s := Source{
		Period: "2026-10", Place: Word{"<试验市>", "<Test City>"},
		Counties: []Class{
			{Name: "甲县", Drawn: 100, Answered: 80, Households: 10, Respondents: 8},
			{Name: "乙县", Drawn: 60, Answered: 30, Households: 6, Respondents: 3},
		},
	}
	var err error
	if s.Classes, err = Respond([]Class{
		{Name: "1/1", Wider: "1", Drawn: 100, Answered: 80, Households: 10, Respondents: 8},
		{Name: "2/1", Wider: "2", Drawn: 40, Answered: 30, Households: 4, Respondents: 3},
		{Name: "2/2", Wider: "2", Drawn: 20, Households: 2},
	}, .4); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		w := 12.5
		if i > 5 {
			w = 20
		}
		s.Base, s.Adjusted = append(s.Base, 10), append(s.Adjusted, w)
	}
	if trim > 0 {
		s.Adjusted[0] = 100 // far above the others of its stratum
	}
	if s.Frame, err = NewFrame([]Margin{m}, nil, s.Adjusted); err != nil {
		t.Fatal(err)
	}
	if s.Weighed, err = s.Frame.Weigh(s.Adjusted, []int32{0, 0, 0, 0, 0, 0, 1, 1, 1, 1}, Plan{Options: Options{Distance: Raking}, Trim: trim}); err != nil {
		t.Fatal(err)
	}
	return s
}

func report(t testing.TB, trim float64) *Report {
	t.Helper()
	r, err := NewReport(source(t, trim))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const (
	targetA, targetB = 195 * 90 / 190.0, 195 * 100 / 190.0
	gA, gB           = targetA / 75, targetB / 80
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(b)) }

func open(t *testing.T, r *Report) *excelize.File {
	t.Helper()
	data, err := r.Workbook()
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// line finds a row by its first cell's Chinese; it gives the stored values.
func line(t *testing.T, f *excelize.File, sheet, name string) []string {
	t.Helper()
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if len(r) > 1 && (r[0] == name || strings.HasPrefix(r[0], name+" / ")) {
			return r
		}
	}
	t.Fatalf("sheet %s has no row %s", sheet, name)
	return nil
}

func holds(t *testing.T, where string, got []string, want ...float64) {
	t.Helper()
	for i, w := range want {
		v, err := strconv.ParseFloat(got[i+1], 64)
		if err != nil || !near(v, w) {
			t.Errorf("%s, column %d: %q, want %v", where, i+2, got[i+1], w)
		}
	}
}

func TestWorkbook(t *testing.T) {
	f := open(t, report(t, 0))
	if got, want := f.GetSheetList(), []string{"概要", "各县应答", "权数分布", "边际", "收敛", "截尾"}; !slices.Equal(got, want) {
		t.Fatalf("sheets %v, want %v", got, want)
	}
	for name, want := range map[string]float64{
		"抽中户数": 16, "应答户数": 11, "加权应答率": 110 / 160.0, "合并的应答类": 2, "应答人数": 10, "校准前权数合计": 155, "最终权数合计": 195,
		"校准约束数": 2, "其中可由其他约束推出": 0, "未使用的类别": 1, "各轮截尾人次": 0, "最终仍超过上限的权数": 0,
		"无应答调整后的 Kish 设计效应": 10 * 2537.5 / 24025,
		"首次校准后的 Kish 设计效应":  10 * (targetA*targetA/6 + targetB*targetB/4) / (195 * 195),
		"最终权数的 Kish 设计效应":   10 * (targetA*targetA/6 + targetB*targetB/4) / (195 * 195),
	} {
		holds(t, name, line(t, f, "概要", name), want)
	}
	holds(t, "甲县", line(t, f, "各县应答", "甲县"), 10, 8, 100, 80, .8)
	holds(t, "合计", line(t, f, "各县应答", "合计"), 16, 11, 160, 110, 110/160.0)
	holds(t, "1/1", line(t, f, "各县应答", "1/1"), 10, 8, 100, 80, .8, 1, 1.25)
	if got := line(t, f, "各县应答", "2/2"); got[7] != "2" || got[8] != "2" {
		t.Errorf("a class without answers: %q, want the factor 2 of stratum 2", got)
	}
	if got := line(t, f, "各县应答", "1/1"); got[8] != "未合并 / not joined" {
		t.Errorf("joined: %q", got[8])
	}
	holds(t, "均值", line(t, f, "权数分布", "均值"), 10, 15.5, 19.5, (6*gA+4*gB)/10)
	holds(t, "最小", line(t, f, "权数分布", "最小"), 10, 12.5, 12.5*gA, gA)
	holds(t, "75%", line(t, f, "权数分布", "75% 分位"), 10, 20, 20*gB, gB)
	holds(t, "最大", line(t, f, "权数分布", "最大"), 10, 20, 20*gB, gB)
	holds(t, "g", line(t, f, "权数分布", "1.20–1.25"), 6)
	holds(t, "g", line(t, f, "权数分布", "1.25–1.30"), 4)
	holds(t, "边际", line(t, f, "边际", "region a"), 75, targetA, 90, targetA, 0)
	holds(t, "边际", line(t, f, "边际", "region b"), 80, targetB, 100, targetB, 0)
	if got := line(t, f, "边际", "region"); got[1] != "c" || got[2] != "5" || !strings.HasPrefix(got[4], "样本中无人应答") {
		t.Errorf("left out: %q", got)
	}
	steps := line(t, f, "收敛", "1") // before any iteration b, 80 for 102.6, is farther off than a, 75 for 92.4
	holds(t, "收敛", steps, 0, 1-80/targetB)
	if steps[3] != "region b" {
		t.Errorf("farthest off: %q", steps[3])
	}
	if rows, _ := f.GetRows("截尾"); len(rows) < 3 || rows[2][0] != messages.T(messages.ZH, "weighting.trim.none") {
		t.Errorf("trimming: %q", rows)
	}
}

// The chart is Excel's own, over the cells of the histogram.
func TestWorkbookChart(t *testing.T) {
	f := open(t, report(t, 0))
	var chart string
	f.Pkg.Range(func(name, data any) bool {
		if strings.HasPrefix(name.(string), "xl/charts/chart") {
			chart = string(data.([]byte))
		}
		return true
	})
	rows, err := f.GetRows("权数分布")
	if err != nil {
		t.Fatal(err)
	}
	first := slices.IndexFunc(rows, func(r []string) bool { return len(r) > 0 && r[0] == "1.20–1.25" }) + 1
	for _, want := range []string{"<barChart>", "$A$" + strconv.Itoa(first) + ":$A$" + strconv.Itoa(first+1), "$B$" + strconv.Itoa(first) + ":$B$" + strconv.Itoa(first+1)} {
		if !strings.Contains(strings.ReplaceAll(chart, "&apos;", "'"), want) {
			t.Errorf("the chart lacks %s: %.300s", want, chart)
		}
	}
}

func TestWorkbookTrimming(t *testing.T) {
	r := report(t, 2.5)
	if len(r.Trimmings) == 0 {
		t.Fatal("nothing was trimmed")
	}
	f := open(t, r)
	// The first calibration makes the six 100, 12.5, ... of 162.5 to targetA; the cap is
	// 2.5 medians of 12.5, and 100 − 31.25 moves, all times targetA/162.5.
	g := targetA / 162.5
	moved := (100 - 31.25) * g
	holds(t, "截尾", line(t, f, "截尾", "1"), 1, moved, moved/195)
	stratum := func(a, b float64) float64 {
		return 10 * (a*a + 5*b*b + targetB*targetB/4) / (195 * 195)
	}
	got := line(t, f, "截尾", "1")
	holds(t, "Kish", got[3:], stratum(100*g, 12.5*g), stratum(31.25*g, (62.5+68.75)/5*g))
	holds(t, "截尾", line(t, f, "概要", "首次校准后的 Kish 设计效应"), stratum(100*g, 12.5*g))
	if r.Above != 0 || r.KishAfter >= r.KishBefore {
		t.Errorf("%d above their cap, Kish %v after %v", r.Above, r.KishAfter, r.KishBefore)
	}
}

// Equal reports have equal bytes.
func TestReportIsTheSameEachTime(t *testing.T) {
	var book, page []byte
	for i := range 8 {
		r := report(t, 2.5)
		b, err := r.Workbook()
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.Page()
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && (!bytes.Equal(b, book) || !bytes.Equal(p, page)) {
			t.Fatal("the same report has other bytes")
		}
		book, page = b, p
	}
}

// Whatever the weights, every person is in one bin, and no bin's ends are apart
// from the values.
func TestHistogram(t *testing.T) {
	for name, values := range map[string][]float64{
		"one": {1}, "equal": {1.3, 1.3, 1.3}, "edges": {.5, .55, 1, 2.5}, "wide": {.01, 250}, "negative": {-.31, 0, 1},
		"bounds": {.5, .7, 2.45, 2.4999999999999996, 2.5}, "rounding": {.15000000000000002, .3, .6000000000000001},
	} {
		bins := histogram(values)
		sum := 0
		for i, b := range bins {
			sum += b.Persons
			if i > 0 && !near(b.Low, bins[i-1].High) {
				t.Errorf("%s: a gap before %v", name, b.Low)
			}
		}
		if sum != len(values) || len(bins) > mostBins {
			t.Errorf("%s: %d of %d values in %d bins", name, sum, len(values), len(bins))
		}
		if last := bins[len(bins)-1]; name == "bounds" && (len(bins) != 20 || !near(last.High, 2.5) || last.Persons != 3) {
			t.Errorf("values from 0.5 to 2.5 in %d bins, the last %+v: want 20 of a tenth, 3 in the last", len(bins), last)
		}
		if first, last := bins[0], bins[len(bins)-1]; first.Persons == 0 || last.Persons == 0 {
			t.Errorf("%s: an empty bin at an end: %+v", name, bins)
		}
	}
}

func TestQuantile(t *testing.T) {
	// R: quantile(c(1, 2, 4, 8), c(.1, .5, .9)) is 1.3, 3, 6.8.
	for p, want := range map[float64]float64{0: 1, .1: 1.3, .5: 3, .9: 6.8, 1: 8} {
		if got := quantile([]float64{1, 2, 4, 8}, p); !near(got, want) {
			t.Errorf("quantile %v: %v, want %v", p, got, want)
		}
	}
}

func TestReportFaults(t *testing.T) {
	for name, change := range map[string]func(*Source){
		"period":  func(s *Source) { s.Period = "2026" },
		"weights": func(s *Source) { s.Base = s.Base[:3] },
		"nothing": func(s *Source) { s.Weighed = nil },
		"frame":   func(s *Source) { s.Frame = nil },
		"zero":    func(s *Source) { s.Adjusted = make([]float64, 10) },
	} {
		s := source(t, 0)
		change(&s)
		if _, err := NewReport(s); err == nil || !strings.Contains(err.Error(), "weighting report") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every text that the writers ask for is in the catalog.
func TestReportsTextsAreInTheCatalog(t *testing.T) {
	for _, trim := range []float64{0, 2.5} {
		for _, d := range []Distance{Linear, Raking, Logit} {
			r := report(t, trim)
			r.Plan.Distance = d
			data, err := r.Page()
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(data, []byte("weighting.")) {
				t.Errorf("a key of the catalog shows: %s", data[bytes.Index(data, []byte("weighting.")):][:60])
			}
		}
	}
	for _, w := range []Why{NoRespondent, NoTotal} {
		if !messages.Has("weighting.why." + string(w)) {
			t.Errorf("no words for %s", w)
		}
	}
}
