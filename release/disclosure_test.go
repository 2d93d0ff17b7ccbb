package release_test

import (
	"slices"
	"strings"
	"testing"

	"laborwatch/cube"
)

func TestWithheldFigures(t *testing.T) {
	o := options(t)
	r := build(t, o)
	book := workbookOf(r)
	// 石龙区 has 24 persons in the sample: no figure of it, but its n.
	shown, _ := cells(t, book, "调查失业率", "石龙区")
	for i := 2; i <= 9; i++ {
		if shown[i] != "…" {
			t.Errorf("石龙区, column %d shows %q", i, shown[i])
		}
	}
	if shown[10] != "24" || !strings.HasPrefix(shown[11], "不可靠") {
		t.Errorf("石龙区: n %q, quality %q", shown[10], shown[11])
	}
	// Its register is confidential; 汝州市 has the next smallest and goes with it.
	for _, name := range []string{"石龙区", "汝州市"} {
		shown, _ := cells(t, book, "登记失业", name)
		for _, i := range []int{2, 3, 4, 5, 6, 7} {
			if shown[i] != "…" {
				t.Errorf("%s, registered, column %d shows %q", name, i, shown[i])
			}
		}
	}
	if shown, _ := cells(t, book, "登记失业", "舞钢市"); shown[2] == "…" {
		t.Error("舞钢市 is withheld without need")
	}
	// Section E has two employers; the smallest other section goes with it.
	if shown, _ := cells(t, book, "社保参保", o.Catalog.Label("zh", cube.Industry, "E")); shown[2] != "…" {
		t.Errorf("section E shows %q", shown[2])
	}
	if shown, _ := cells(t, book, "社保参保", o.Catalog.Label("zh", cube.Industry, "Q")); shown[2] != "…" {
		t.Errorf("section Q shows %q", shown[2])
	}
	for line := range strings.SplitSeq(read(t, r, "observations.csv"), "\n") {
		if strings.HasPrefix(line, "2026-10,registered_unemployed,410404,") && line != "2026-10,registered_unemployed,410404,_T,_T,_T,_T,_T,_T,,,,,,,,Q,," {
			t.Errorf("the CSV file tells of a withheld figure: %s", line)
		}
	}
}

func TestAlertsNameNoEmployer(t *testing.T) {
	o := options(t)
	r := build(t, o)
	for _, name := range r.Files {
		if text := read(t, r, name); strings.Contains(text, "测试") || strings.Contains(text, "9141049900000") {
			t.Errorf("%s names an employer", name)
		}
	}
	// Two red alerts, one of an employer: its persons must not be told.
	shown, _ := cells(t, workbookOf(r), "预警", "红色（Ⅰ级）")
	if !slices.Equal(shown[2:7], []string{"2", "1", "…", "1", "0"}) {
		t.Errorf("red: %v", shown[2:])
	}
	// Three blue ones of employers may be added up.
	if shown, _ := cells(t, workbookOf(r), "预警", "蓝色（Ⅳ级）"); shown[4] != "27" {
		t.Errorf("blue: %v", shown[2:])
	}
	o.Config.Release.NameEmployers, o.Dir = true, t.TempDir()
	page := read(t, build(t, o), "release.html")
	if !strings.Contains(page, "测试机械&lt;b&gt;丙&lt;/b&gt;") || strings.Contains(page, "<b>丙") {
		t.Error("the page does not name employers when told to, or does not escape their names")
	}
}

// Women are a key group and a sex: what is withheld in one place must not be
// read in the other.
func TestSamePersonsUnderTwoNames(t *testing.T) {
	o := options(t)
	few := int64(3)
	o.Snapshot = changed(o.Config, func(ob *cube.Observation) {
		if ob.Indicator == "registered_unemployed_inflow" && ob.Period == o.Period && ob.Sex == "M" {
			ob.N = &few
		}
	})
	book := workbookOf(build(t, o))
	for _, name := range []string{"男", "女", "妇女"} {
		if shown, _ := cells(t, book, "登记失业", name); shown[5] != "…" || shown[6] != "…" || shown[2] == "…" {
			t.Errorf("%s shows %v", name, shown[2:])
		}
	}
}

// A figure that was published and must now be withheld is not repeated in the
// list of revisions.
func TestRevisionsDoNotRepeatWhatIsWithheld(t *testing.T) {
	o := options(t)
	first := build(t, o)
	few := int64(3)
	o.Snapshot = changed(o.Config, func(ob *cube.Observation) {
		if ob.Indicator == "registered_unemployed_inflow" && ob.Period == o.Period && ob.Sex == "M" {
			ob.N = &few
		}
	})
	second := build(t, o)
	got := read(t, second, "revisions.csv")
	if !strings.Contains(got, "2026-10,1,2026-10,registered_unemployed_inflow,_T,M,_T,_T,_T,_T,_T,,,\n") {
		t.Errorf("revisions.csv of %s against %s:\n%s", second.Dir, first.Dir, got)
	}
}
