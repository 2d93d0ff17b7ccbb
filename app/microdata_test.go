package app

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"laborwatch/config"
	"laborwatch/monthly"
	"laborwatch/referencetest"
)

func openMicrodata(t *testing.T, file, contract string) (*Microdata, error) {
	t.Helper()
	cfg, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Survey.LonelyPSU = "certainty"
	m, err := OpenMicrodata(context.Background(), Options{Config: cfg, Clock: time.Now}, file, contract)
	if err == nil {
		t.Cleanup(func() {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(m.dir); err == nil {
				t.Errorf("%s is still there", m.dir)
			}
		})
	}
	return m, err
}

// The real survey of Chile through the stand-alone tool: as INE published it, and
// as R's survey package has its errors.
func TestMicrodataOfChile(t *testing.T) {
	m, err := openMicrodata(t, referencetest.Path(t, "chile_ene/ene_2020_efm.csv"), "../examples/chile-ene/contracts/labor_force_survey.yaml")
	if err != nil {
		t.Fatal(err)
	}
	find := func(q monthly.Request, code string) monthly.Answer {
		t.Helper()
		q.Lonely, q.Level = "certainty", .95
		list, err := m.Ask(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			if strings.Join(a.Cell, "") == code {
				return a
			}
		}
		t.Fatalf("no %s in %v", code, list)
		return monthly.Answer{}
	}
	for _, c := range []struct {
		q     monthly.Request
		code  string
		value float64
		se    float64
	}{
		{monthly.Request{Kind: "rate"}, "", .08228509, .00212906},
		{monthly.Request{Kind: "rate", By: []string{"region"}}, "13", .08668774, .00422578},
		{monthly.Request{Kind: "rate", By: []string{"sex"}}, "F", .09706854, .00326312},
		{monthly.Request{Kind: "total", By: []string{"sex"}}, "M", 399299.4392340, 14530.9151078},
		{monthly.Request{Kind: "total", By: []string{"sex"}}, "F", 402505.3564572, 14688.1869278},
	} {
		a := find(c.q, c.code)
		if math.Abs(a.Value/c.value-1) > 1e-6 || math.Abs(a.SE/c.se-1) > 5e-6 {
			t.Errorf("%s of %q: %.8f SE %.8f, want %v SE %v", c.q.Kind, c.code, a.Value, a.SE, c.value, c.se)
		}
	}
	// By replicates the error is near the linearised one; the same seed repeats it.
	boot := monthly.Request{Kind: "rate", Replicates: "bootstrap", Seed: 7}
	one, two := find(boot, ""), find(boot, "")
	if one.SE != two.SE || math.Abs(one.SE/.00212906-1) > .15 || one.Replicates != 500 {
		t.Errorf("bootstrap: SE %v and %v from %d replicates", one.SE, two.SE, one.Replicates)
	}
	list, err := m.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	said := map[string][]any{}
	for _, f := range list {
		said[f.Code] = f.Args
	}
	if len(said["lonely"]) == 0 || said["lonely"][0].(int64) != 4 || said["persons"][0].(int64) != 87842 || said["persons"][2].(int64) != 4375 || said["persons"][3].(int64) != 392 {
		t.Errorf("of the design it says %v and %v; there are 4,375 PSUs in 392 strata, 4 of one PSU", said["persons"], said["lonely"])
	}
}

const smallSurvey = `调查月份,户编码,成员序号,行政区划代码,层,样本点,是否应答,基础权数,年龄,性别,上周工作一小时以上,近三个月找过工作,两周内能开始工作
2026-10,1,1,110101,1,1,是,10,30,男,是,,
2026-10,1,2,110101,1,2,是,10,35,女,否,是,是
2026-10,2,1,110101,1,2,是,900,40,男,是,,
2026-10,3,1,110101,2,3,是,10,45,女,是,,
2026-10,4,0,110101,2,3,否,10,,,,,
2026-10,5,1,110101,2,1,是,10,50,男,否,否,否
2026-10,6,0,110101,2,9,否,10,,,,,
2026-10,7,1,110101,1,2,是,10,55,男,是,,
2026-10,8,1,110101,1,2,是,10,60,女,是,,
`

// TestMicrodataCheck: what is wrong with a small file is said, and it is estimated
// with base weights, outside any configured city.
func TestMicrodataCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "劳动力调查_2026-10.csv")
	if err := os.WriteFile(file, []byte(smallSurvey), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := openMicrodata(t, file, "")
	if err != nil {
		t.Fatal(err)
	}
	list, err := m.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	said := map[string][]any{}
	for _, f := range list {
		said[f.Code] = f.Args
	}
	for code, first := range map[string]any{
		"persons": int64(7), "psu_in_strata": int64(1), "household_in_psus": int64(1), "silent_psu": int64(1), "weight_outlier": int64(1),
		"response": 97.9, "small_psu": int64(3), "item": "hukou",
	} {
		if len(said[code]) == 0 || code != "item" && said[code][0] != first {
			t.Errorf("%s: %v, want %v first", code, said[code], first)
		}
	}
	answers, err := m.Ask(t.Context(), monthly.Request{Kind: "rate", Lonely: "adjust", Level: .95})
	if err != nil || len(answers) != 1 || math.Abs(answers[0].Value-10.0/950) > 1e-9 || answers[0].N != 6 || answers[0].Quality != "unreliable" {
		t.Errorf("%+v (%v), want 10 of 950", answers, err)
	}
}

func TestMicrodataFaults(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct{ file, contract, want string }{
		{filepath.Join(dir, "none.csv"), "", "none.csv"},
		{write("劳动力调查_2026-10.csv", "a,b\n1,2\n"), "", "劳动力调查_2026-10.csv"},
		{write("x.csv", smallSurvey), filepath.Join(dir, "no.yaml"), "no.yaml"},
		{write("y.csv", smallSurvey), "../ingest/contracts/job_vacancy.yaml", "job_vacancy"},
	} {
		_, err := openMicrodata(t, c.file, c.contract)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s by %s: %v, want one that names %s", c.file, c.contract, err, c.want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "laborwatch-survey-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
