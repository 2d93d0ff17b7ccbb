package release_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"laborwatch/config"
	"laborwatch/cube"
	"laborwatch/release"
	"laborwatch/release/releasetest"
)

// options is a release of the synthetic city's last month into a new folder.
func options(t *testing.T) release.Options {
	t.Helper()
	cfg, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Release.Contact, cfg.Release.NextRelease = "0375-0000000", "2026-12-15"
	cat, err := cube.ForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return release.Options{
		Snapshot: releasetest.Snapshot(cfg), Catalog: cat, Config: cfg, Alerts: releasetest.Alerts(),
		Loads: []release.Input{
			{LoadID: "b2", Feed: "social_insurance", Period: releasetest.Last, SHA256: strings.Repeat("b", 64)},
			{LoadID: "a1", Feed: "labor_force_survey", Period: releasetest.Last, SHA256: strings.Repeat("a", 64)},
			{LoadID: "z9", Feed: "labor_force_survey", Period: releasetest.Last.Add(6), SHA256: strings.Repeat("f", 64)},
		},
		Period: releasetest.Last, Dir: t.TempDir(),
	}
}

func build(t *testing.T, o release.Options) release.Result {
	t.Helper()
	r, err := release.Build(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, r release.Result, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// changed is the snapshot with some observations edited.
func changed(cfg *config.Config, edit func(*cube.Observation)) *cube.Snapshot {
	list := releasetest.Observations(cfg)
	for i := range list {
		edit(&list[i])
	}
	return cube.NewSnapshot(releasetest.Last.First(), list)
}

func value(t *testing.T, s *cube.Snapshot, k cube.Key) float64 {
	t.Helper()
	v, ok := s.Value(k)
	if !ok {
		t.Fatalf("no %+v", k)
	}
	return v
}

func TestHeadlineComesFromTheSnapshot(t *testing.T) {
	o := options(t)
	r := build(t, o)
	page := read(t, r, "release.html")
	obs, _ := o.Snapshot.Get(cube.K(cube.Headline, o.Period))
	pct := func(v float64) string { return fmt.Sprintf("%.1f%%", 100*v) }
	mom := value(t, o.Snapshot, cube.K(cube.Headline+"_mom", o.Period))
	word := map[bool]string{true: "上升", false: "下降"}[mom > 0]
	for _, want := range []string{
		fmt.Sprintf("2026年10月，平顶山市调查失业率为%s（95%%置信区间%s–%s），比上月%s%.1f个百分点（在抽样误差范围内）",
			pct(*obs.Value), pct(*obs.CILow), pct(*obs.CIHigh), word, 100*max(mom, -mom)),
		fmt.Sprintf("In October 2026 the surveyed unemployment rate of Pingdingshan was %s (95%% confidence interval %s–%s)",
			pct(*obs.Value), pct(*obs.CILow), pct(*obs.CIHigh)),
		"0375-0000000", "2026-12-15",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// cells reads a sheet as shown and as stored, by the name in its first column.
func cells(t *testing.T, file, sheet, name string) (shown, raw []string) {
	t.Helper()
	f, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	formatted, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range formatted {
		if len(row) > 2 && strings.TrimSpace(strings.ReplaceAll(row[0], "　", "")) == name {
			return row, stored[i]
		}
	}
	t.Fatalf("sheet %s has no row %s", sheet, name)
	return nil, nil
}

func workbookOf(r release.Result) string {
	for _, f := range r.Files {
		if strings.HasSuffix(f, ".xlsx") {
			return filepath.Join(r.Dir, f)
		}
	}
	return ""
}

func TestWorkbookHoldsTheSnapshotsFigures(t *testing.T) {
	o := options(t)
	r := build(t, o)
	book := workbookOf(r)
	if got := filepath.Base(book); got != "统计月报_2026-10_v1.xlsx" {
		t.Errorf("workbook %s", got)
	}
	f, err := excelize.OpenFile(book)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := []string{"概要", "调查失业率", "三个月合并", "县级模型推算", "劳动力利用不足与其他", "调查与登记对照", "应答与抽样误差", "走势", "登记失业", "社保参保", "市场供求", "预警", "说明"}
	if got := f.GetSheetList(); !slices.Equal(got, want) {
		t.Errorf("sheets %v, want %v", got, want)
	}
	obs, _ := o.Snapshot.Get(cube.K(cube.Headline, o.Period).With(cube.Region, "410402"))
	shown, raw := cells(t, book, "调查失业率", "新华区")
	for i, w := range []struct {
		shown string
		raw   float64
	}{
		{fmt.Sprintf("%.1f%%", 100**obs.Value), *obs.Value},
		{fmt.Sprintf("%.2f", 100**obs.SE), 100 * *obs.SE},
		{fmt.Sprintf("%.1f%%", 100**obs.CILow), *obs.CILow},
		{fmt.Sprintf("%.1f%%", 100**obs.CIHigh), *obs.CIHigh},
	} {
		if shown[2+i] != w.shown {
			t.Errorf("column %d shows %s, want %s", i, shown[2+i], w.shown)
		}
		var got float64
		fmt.Sscan(raw[2+i], &got)
		if d := got - w.raw; d > 1e-12 || d < -1e-12 {
			t.Errorf("column %d holds %v, want %v", i, got, w.raw)
		}
	}
	heads := value(t, o.Snapshot, cube.K("insured_persons", o.Period))
	if _, raw := cells(t, book, "社保参保", "平顶山市"); raw[2] != fmt.Sprint(int64(heads)) {
		t.Errorf("insured %s, want %v", raw[2], heads)
	}
	panes, err := f.GetPanes("调查失业率")
	if err != nil || !panes.Freeze {
		t.Errorf("header not frozen: %+v %v", panes, err)
	}
}

func TestSameStateSameBytes(t *testing.T) {
	o := options(t)
	first := build(t, o)
	again := build(t, o)
	if !again.Unchanged || again.Dir != first.Dir || again.Version != 1 || !slices.Equal(again.Files, first.Files) {
		t.Errorf("built again: %+v, first %+v", again, first)
	}
	o.Dir = t.TempDir()
	slices.Reverse(o.Loads)
	slices.Reverse(o.Alerts)
	elsewhere := build(t, o)
	for _, name := range first.Files {
		if read(t, first, name) != read(t, elsewhere, name) {
			t.Errorf("%s differs between two builds of the same state", name)
		}
		info, err := os.Stat(filepath.Join(first.Dir, name))
		if err != nil || info.Mode().Perm() != 0o444 {
			t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
		}
	}
}

func TestChangedStateIsANewVersion(t *testing.T) {
	o := options(t)
	first := build(t, o)
	old := value(t, o.Snapshot, cube.K("insured_persons", o.Period))
	o.Snapshot = changed(o.Config, func(ob *cube.Observation) {
		if ob.Indicator == "insured_persons" && ob.Period == o.Period && ob.Region == "_T" && ob.Industry == "_T" {
			v := old + 1000
			ob.Value = &v
		}
	})
	o.Loads[0].LoadID = "b3"
	o.Alerts = o.Alerts[1:]
	second := build(t, o)
	if second.Version != 2 || second.Unchanged || filepath.Base(second.Dir) != "v2" {
		t.Fatalf("second build: %+v", second)
	}
	rows, err := csv.NewReader(strings.NewReader(read(t, second, "revisions.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := slices.ContainsFunc(rows, func(r []string) bool {
		return r[0] == "2026-10" && r[1] == "1" && r[3] == "insured_persons" && r[11] == fmt.Sprint(old) && r[12] == fmt.Sprint(old+1000) && r[13] == "1000"
	})
	if !found {
		t.Errorf("revisions.csv lacks the revision:\n%v", rows)
	}
	page := read(t, second, "release.html")
	for _, want := range []string{"（更正）", "原发布于", "2026-10 第1版", "预警数的修订"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if third := build(t, o); !third.Unchanged || third.Version != 2 {
		t.Errorf("third build: %+v", third)
	}
	list, err := release.List(o.Dir)
	if err != nil || len(list) != 2 || list[0].Version != 2 || list[1].Dir != first.Dir {
		t.Errorf("list: %+v, %v", list, err)
	}
}

func TestRevisedEarlierMonth(t *testing.T) {
	o := options(t)
	o.Period = releasetest.Last.Add(-1)
	build(t, o)
	o.Period = releasetest.Last
	clean := build(t, o)
	if slices.Contains(clean.Files, "revisions.csv") {
		t.Error("revisions without any")
	}
	o.Dir = t.TempDir()
	o.Period = releasetest.Last.Add(-1)
	build(t, o)
	o.Period = releasetest.Last
	o.Snapshot = changed(o.Config, func(ob *cube.Observation) {
		if ob.Indicator == "job_openings" && ob.Period == o.Period.Add(-1) && ob.Region == "_T" && ob.Industry == "_T" {
			v := *ob.Value + 50
			ob.Value = &v
		}
	})
	r := build(t, o)
	if got := read(t, r, "revisions.csv"); strings.Count(got, "\n") != 2 || !strings.Contains(got, "2026-09,1,2026-09,job_openings,") {
		t.Errorf("revisions.csv:\n%s", got)
	}
}

func TestManifest(t *testing.T) {
	o := options(t)
	r := build(t, o)
	var m release.Manifest
	if err := json.Unmarshal([]byte(read(t, r, "manifest.json")), &m); err != nil {
		t.Fatal(err)
	}
	if m.City != "410400" || m.Period != o.Period || m.Version != 1 || len(m.Indicators) != 64 || len(m.Fingerprint) != 64 {
		t.Errorf("manifest %+v", m)
	}
	if len(m.Inputs) != 2 || m.Inputs[0].LoadID != "a1" || m.Inputs[1].LoadID != "b2" {
		t.Errorf("inputs %+v: want those that the month can depend on, by feed", m.Inputs)
	}
	if len(m.Files) != len(r.Files)-1 {
		t.Errorf("%d files in the manifest, %d beside it", len(m.Files), len(r.Files)-1)
	}
	if !bytes.HasPrefix([]byte(read(t, r, "observations.excel.csv")), []byte("\xef\xbb\xbf")) {
		t.Error("the CSV file for Excel has no byte order mark")
	}
}

func TestTamperedReleaseIsNoticed(t *testing.T) {
	o := options(t)
	r := build(t, o)
	name := filepath.Join(r.Dir, "observations.csv")
	if err := errors.Join(os.Chmod(name, 0o644), os.WriteFile(name, []byte("period\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := release.Build(context.Background(), o); !errors.Is(err, release.ErrTampered) {
		t.Errorf("got %v", err)
	}
}

func TestMonthWithoutSurvey(t *testing.T) {
	o := options(t)
	o.Period = releasetest.Last.Add(1)
	_, err := release.Build(context.Background(), o)
	var pe *release.PeriodError
	if !errors.As(err, &pe) || !strings.Contains(err.Error(), "2026-11") || !strings.Contains(err.Error(), "2024-09..2026-10") {
		t.Errorf("got %v", err)
	}
	o.Snapshot = cube.NewSnapshot(releasetest.Last.First(), nil)
	if _, err := release.Build(context.Background(), o); !errors.As(err, &pe) || !strings.Contains(err.Error(), "laborwatch ingest") {
		t.Errorf("empty cube: %v", err)
	}
	if entries, _ := os.ReadDir(o.Dir); len(entries) != 0 {
		t.Errorf("a failed build left %v", entries)
	}
}

func TestFirstMonthHasNoChanges(t *testing.T) {
	o := options(t)
	o.Period = releasetest.First
	page := read(t, build(t, o), "release.html")
	if !strings.Contains(page, "比上月无可比数据") {
		t.Error("the page does not say that there is nothing to compare with")
	}
	if strings.Contains(page, "NaN") || strings.Contains(page, "%!") {
		t.Error("the page shows a fault of formatting")
	}
}

func TestNewestIsTheDefault(t *testing.T) {
	o := options(t)
	o.Period = 0
	if r := build(t, o); r.Period != releasetest.Last {
		t.Errorf("built %s", r.Period)
	}
	if list, err := release.List(filepath.Join(t.TempDir(), "none")); err != nil || list != nil {
		t.Errorf("no folder: %v, %v", list, err)
	}
}
