package cube

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"laborwatch/config"
	"laborwatch/messages"
	models "laborwatch/sql"
)

func TestEmbeddedCatalog(t *testing.T) {
	c, err := LoadCatalog("")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"surveyed_unemployment_rate", "surveyed_employed", "surveyed_unemployed", "surveyed_labor_force",
		"labor_force_participation_rate", "employment_rate", "mean_weekly_hours",
		"labor_underutilization_lu2", "labor_underutilization_lu3", "labor_underutilization_lu4", "long_term_unemployment_share",
		"surveyed_unemployment_rate_ilo", "median_weekly_hours", "median_monthly_wage",
		"surveyed_unemployment_rate_3m", "labor_force_participation_rate_3m", "employment_rate_3m",
		"surveyed_unemployment_rate_avg", "surveyed_unemployment_rate_deff", "survey_response_rate",
		"surveyed_unemployment_rate_model", "county_model_shrinkage",
		"surveyed_unemployment_rate_sa", "surveyed_unemployment_rate_trend", "surveyed_rate_sahm", "surveyed_rate_ewma", "surveyed_rate_cusum",
		"survey_employed_by_register", "survey_unemployed_by_register", "survey_inactive_by_register", "survey_link_rate",
		"registered_unemployed", "registered_unemployed_inflow", "registered_unemployed_outflow", "registered_unemployment_rate", "duplicate_registrations",
		"insured_persons", "insured_employers", "insurance_enrolments", "insurance_terminations", "involuntary_terminations",
		"job_openings", "job_seekers", "openings_to_seekers_ratio",
		"survey_edits",
		"filing_enterprise", "filing_social_insurance", "filing_insurance_change", "filing_unemployment_registration", "filing_unemployment_benefit",
		"filing_job_vacancy", "filing_job_seeker", "filing_labor_force_survey", "filing_monitored_enterprise", "filing_mobile_flow", "filing_rail_flow",
		"filing_graduate", "filing_zero_employment_household", "filing_rural_labor",
	}
	plain := func(code string) bool { // without changes
		return code == "survey_edits" || strings.HasPrefix(code, "filing_") || slices.Contains([]string{
			"median_weekly_hours", "median_monthly_wage", "surveyed_unemployment_rate_avg", "surveyed_unemployment_rate_deff", "survey_response_rate",
			"surveyed_unemployment_rate_model", "county_model_shrinkage",
			"surveyed_unemployment_rate_sa", "surveyed_unemployment_rate_trend", "surveyed_rate_sahm", "surveyed_rate_ewma", "surveyed_rate_cusum",
			"survey_employed_by_register", "survey_unemployed_by_register", "survey_inactive_by_register", "survey_link_rate",
		}, code)
	}
	changed := 0
	var bases []string
	for _, i := range c.Bases() {
		bases = append(bases, i.Code)
		for months, suffix := range map[int]string{1: "_mom", 12: "_yoy"} {
			x, ok := c.ChangeOf(i.Code, months)
			if plain(i.Code) {
				if ok {
					t.Errorf("%s has a change over %d months", i.Code, months)
				}
				continue
			}
			if !ok || x.Code != i.Code+suffix || x.Base != i.Code || x.Measure != Change {
				t.Errorf("change of %s over %d months: %+v %v", i.Code, months, x, ok)
			}
		}
	}
	if !slices.Equal(bases, want) {
		t.Errorf("indicators: %v", bases)
	}
	for _, code := range want {
		if !plain(code) {
			changed++
		}
	}
	if len(c.All()) != len(want)+2*changed {
		t.Errorf("%d entries, want two changes of %d indicators", len(c.All()), changed)
	}
	if _, ok := c.Get("no_such"); ok {
		t.Error("found an indicator that is not there")
	}
}

func TestDerivedChanges(t *testing.T) {
	c := testCatalog(t)
	for code, want := range map[string]struct {
		unit   Unit
		zh     string
		metric string
	}{
		"surveyed_unemployment_rate_mom": {Ratio, "调查失业率环比", "surveyed_unemployment_monthly_change_ratio"},
		"insured_persons_yoy":            {Relative, "参保缴费人数同比", "insured_persons_yearly_change_ratio"},
		"mean_weekly_hours_mom":          {Hours, "就业人员周平均工作时间环比", "mean_weekly_worked_monthly_change_seconds"},
		"openings_to_seekers_ratio_yoy":  {Multiple, "求人倍率同比", "openings_to_seekers_yearly_change_ratio"},
	} {
		i, ok := c.Get(code)
		if !ok || i.Unit != want.unit || i.Name.ZH != want.zh || i.Metric != want.metric || i.Numerator != nil {
			t.Errorf("%s: %+v", code, i)
		}
	}
}

func TestLabels(t *testing.T) {
	c := testCatalog(t)
	for _, x := range []struct{ lang, dim, code, want string }{
		{"zh", Sex, "M", "男"},
		{"en", Sex, "F", "Women"},
		{"zh", Region, Total, "全市"},
		{"en", Region, "410402", "Xinhua"},
		{"zh", Region, "999999", "999999"},
		{"zh", Industry, "C", "制造业"},
		{"zh", Industry, "26", "化学原料和化学制品制造业"},
		{"zh", PopGroup, "REASON_LAND", "失业原因：承包土地被征用"},
		{"en", "no_such", Total, Total},
		{"zh", Enterprise, uscc1, uscc1},
	} {
		if got := c.Label(messages.Lang(x.lang), x.dim, x.code); got != x.want {
			t.Errorf("%s %s in %s = %q, want %q", x.dim, x.code, x.lang, got, x.want)
		}
	}
	if got := c.WithTotal(Region, Text{"平顶山市", "Pingdingshan"}).Label(messages.EN, Region, Total); got != "Pingdingshan" {
		t.Errorf("renamed total: %q", got)
	}
	if got := c.Label(messages.EN, Region, Total); got != "Whole city" {
		t.Errorf("With changed the catalog it was asked of: %q", got)
	}
	if c.DimName(messages.ZH, Age) != "年龄" || c.SourceName(messages.EN, "labor_force_survey") != "Labor force survey" {
		t.Error("names of dimensions and sources")
	}
}

func TestForConfig(t *testing.T) {
	cfg, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	c, err := ForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range cfg.Regions {
		if got := c.Label(messages.ZH, Region, r.Code); got != r.ZH {
			t.Errorf("region %s: %s", r.Code, got)
		}
	}
	for _, g := range cfg.Groups {
		if got := c.Label(messages.EN, PopGroup, g.Code); got != g.EN {
			t.Errorf("group %s: %s", g.Code, got)
		}
	}
	if got := c.Label(messages.ZH, Industry, "K_NYLON"); got != "尼龙新材料" {
		t.Errorf("key industry: %s", got)
	}
	cfg.Models.Indicators = filepath.Join(t.TempDir(), "none.yaml")
	if _, err := ForConfig(cfg); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a catalog file that is not there: %v", err)
	}
}

func TestCatalogFromFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.yaml")
	text := strings.Replace(string(CatalogYAML()), "name: {zh: 调查失业率,", "name: {zh: 城镇调查失业率,", 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadCatalog(file)
	if err != nil {
		t.Fatal(err)
	}
	if i, _ := c.Get("surveyed_unemployment_rate_yoy"); i.Name.ZH != "城镇调查失业率同比" {
		t.Errorf("name: %s", i.Name.ZH)
	}
}

// Each fault of a file is told, with its line, and what is near to it.
func TestCatalogFaults(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, new string
		want     []string
	}{
		{"unit", "unit: multiple", "unit: multipel", []string{`surveyed_unemployment_rate_deff: unit is "multipel"; did you mean multiple?`}},
		{"direction", "direction: up_is_bad", "direction: down", []string{"surveyed_unemployment_rate: direction"}},
		{"measure", "measure: mean", "measure: median", []string{"mean_weekly_hours: measure", "stock, flow, rate, mean"}},
		{"source", "source: job_market", "source: job_markt", []string{"job_openings: source", "did you mean job_market?"}},
		{"dimension", "dims: [region]", "dims: [reigon, region, region]", []string{`no dimension "reigon"; did you mean region?`, "region is listed twice"}},
		{"language", "name: {zh: 求人倍率, en: Openings-to-seekers ratio}", "name: {zh: 求人倍率}", []string{"name needs both zh and en"}},
		{"unknown field", "    decimals: 2", "    decimal: 2", []string{"decimal"}},
		{"decimals", "    decimals: 2", "    decimals: 12", []string{"decimals is 12"}},
		{"type", "    decimals: 2", "    decimals: two", []string{"test.yaml:"}},
		{"twice", "code: job_seekers", "code: job_openings", []string{"job_openings: is listed twice", `no indicator "job_seekers"`}},
		{"derived listed", "code: job_seekers", "code: job_openings_mom", []string{"job_openings_mom: is both listed and derived"}},
		{"code form", "code: job_seekers", "code: Job-Seekers", []string{`code "Job-Seekers"`}},
		{"metric unit", "metric: employment_ratio", "metric: employment_percent", []string{"must end in _ratio"}},
		{"metric of hours", "    scale: 3600", "    scale: 1", []string{"scale: 3600"}},
		{"metric twice", "metric: job_seekers", "metric: job_openings", []string{"metric job_openings is also that of job_openings"}},
		{"metric ending", "metric: job_seekers", "metric: job_seekers_total", []string{"the ending _total is taken"}},
		{"part", "numerator: {indicator: job_openings}", "numerator: {indicator: job_opening}", []string{`numerator: no indicator "job_opening"; did you mean job_openings`}},
		{"part both", "numerator: {indicator: job_openings}", "numerator: {indicator: job_openings, metric: x}", []string{"not both"}},
		{"part metric", "numerator: {indicator: job_openings}", "numerator: {metric: job_openings, name: {zh: 甲, en: A}}", []string{"refer to it by indicator: job_openings"}},
		{"months", "months: 12", "months: 3", []string{"change yoy: months is 3"}},
		{"form", `"%s同比"`, `"同比"`, []string{"change yoy: name needs zh and en, each with one %s"}},
		{"code twice", "{code: M, zh: 男", "{code: F, zh: 男", []string{`code "F" is empty, reserved or listed twice`}},
		{"no such dimension", "  pop_group: #", "  popgroup: #", []string{`dimension popgroup: the cube has no such dimension; did you mean pop_group?`, "dimension pop_group: is missing"}},
		{"section", "\nsources:", "\nsource:", []string{"source"}},
		{"syntax", "\nindicators:", "\nindicators: }", []string{"test.yaml"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(string(embedded), c.old) {
				t.Fatalf("the embedded catalog has no %q", c.old)
			}
			_, err := ParseCatalog("test.yaml", []byte(strings.Replace(string(embedded), c.old, c.new, 1)))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is missing from:\n%v", w, err)
				}
			}
		})
	}
	if _, err := ParseCatalog("test.yaml", nil); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("an empty file: %v", err)
	}
}

func TestCatalogFaultsComeAtOnceWithLines(t *testing.T) {
	text := strings.NewReplacer("unit: multiple", "unit: times", "decimals: 2", "decimals: x", "zh: 求职人数,", "",
		"direction: up_is_bad", "direction: up").Replace(string(embedded))
	_, err := ParseCatalog("test.yaml", []byte(text))
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) || len(joined.Unwrap()) < 5 {
		t.Fatalf("want all faults at once, got:\n%v", err)
	}
	for _, e := range joined.Unwrap() {
		var fault *CatalogError
		if !errors.As(e, &fault) {
			t.Fatalf("%T: %v", e, e)
		}
		if fault.Line == 0 {
			t.Errorf("no line: %v", fault)
		}
		if fault.Where == "job_seekers" {
			lines := strings.Split(text, "\n")
			if near := strings.Join(lines[fault.Line-1:fault.Line+1], " "); !strings.Contains(near, "job_seekers") {
				t.Errorf("line %d is %q", fault.Line, near)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"region", "sex", "age", "surveyed_unemployment_rate", "registered_unemployment_rate"}
	for word, want := range map[string]string{
		"regoin": "[region]", "unemployment_rate": "[surveyed_unemployment_rate registered_unemployment_rate]", "": "[]", "zzzzzz": "[]", "Sex": "[sex]",
	} {
		if got := fmt.Sprint(Nearest(word, known, 3)); got != want {
			t.Errorf("%q is near %s, want %s", word, got, want)
		}
	}
}

func FuzzParseCatalog(f *testing.F) {
	f.Add(string(embedded))
	f.Add("indicators: [{code: a}]")
	f.Add("dimensions: 3")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCatalog("fuzz", []byte(text))
		if (c == nil) == (err == nil) {
			t.Error("neither a catalog nor an error, or both")
		}
	})
}

// Every consistency edit of the survey has names in the catalog, and no name
// stands for an edit that is no more.
func TestSurveyEditsAreNamed(t *testing.T) {
	text, err := models.FS.ReadFile("core/core_survey_edit_rule.sql")
	if err != nil {
		t.Fatal(err)
	}
	var rules, named []string
	for _, m := range regexp.MustCompile(`\('(EDIT_[A-Z_]+)', '`).FindAllStringSubmatch(string(text), -1) {
		rules = append(rules, m[1])
	}
	c, err := LoadCatalog("")
	if err != nil {
		t.Fatal(err)
	}
	d, _ := c.Dim(PopGroup)
	for _, code := range d.Codes {
		if strings.HasPrefix(code.Code, "EDIT_") {
			named = append(named, code.Code)
		}
	}
	slices.Sort(rules)
	slices.Sort(named)
	if len(rules) < 14 || !slices.Equal(rules, named) {
		t.Errorf("edits of the model: %v\nof the catalog: %v", rules, named)
	}
}
