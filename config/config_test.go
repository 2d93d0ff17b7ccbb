package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDefaultIsValid(t *testing.T) {
	c, err := Load("", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if c.City.Code != "410400" || len(c.Regions) != 12 || c.RegionName("zh", "410481") != "舞钢市" {
		t.Errorf("default city: %+v", c.City)
	}
	if inside(c.Data, c.Ingest.KeyFile) {
		t.Error("the key must lie outside the data folder")
	}
	for k, v := range c.Params() {
		if v == nil {
			t.Errorf("parameter %s has no value", k)
		}
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "laborwatch.yaml")
	if err := os.WriteFile(f, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFileOverDefaults(t *testing.T) {
	f := write(t, "data: here\ntargets: {surveyed_rate: 0.055, registered_rate: 0.05}\n")
	c, err := Load(f, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Targets.Surveyed != 0.055 || c.Alert.RedPersons != 200 {
		t.Errorf("overlay: %+v %+v", c.Targets, c.Alert)
	}
	if want := filepath.Join(filepath.Dir(f), "here"); c.Data != want {
		t.Errorf("data = %s, want %s", c.Data, want)
	}
}

func TestFaultsAreNamed(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"unknown key", "data: x\nalerts: {}\n", []string{"alerts", "2"}},
		{"not yaml", "data: [\n", []string{"laborwatch.yaml"}},
		{
			"estimation", "weighting: {method: guess, distance: cubic, bounds: [2, 1], margins: [[[region], [county]]], trim: 0.5, response_floor: 1}\ncounty_model: {method: ols, months: 2, covariates: [weather]}\nseasonal: {min_months: 12}\n",
			[]string{
				"weighting.method", "auto, calibrated, given", "weighting.distance", "weighting.bounds", "weighting.margins[0] = county", "weighting.trim", "weighting.response_floor",
				"county_model.method", "county_model.months", "county_model.covariates = weather", "seasonal.min_months", "60 or more",
			},
		},
		{
			"all at once", "time_zone: Mars/Olympus\nengine: {memory_limit: lots}\nsurvey: {lonely_psu: guess, confidence: 95}\n",
			[]string{"time_zone = Mars/Olympus", "Asia/Shanghai", "engine.memory_limit", "survey.lonely_psu", "survey.confidence"},
		},
		{
			"survey", "survey: {status_rule: eu, ilo_age_floor: -1, absence_months: 200, search_window_days: 0, ilo_search_window_days: 400, start_window_days: 0, underemployed_hours: 0, long_term_months: 0, youth_break: 2023}\n",
			[]string{"survey.status_rule = eu", "want one of nbs, ilo", "survey.ilo_age_floor", "survey.absence_months", "survey.search_window_days", "survey.ilo_search_window_days", "survey.start_window_days", "survey.underemployed_hours", "survey.long_term_months", "survey.youth_break"},
		},
		{
			"hukou", "survey: {hukou: {local: [a, \"x'y\"], migrant: [a, b, b], migrant_agri: [c]}}\n",
			[]string{"survey.hukou.local = x'y", "survey.hukou.migrant = b", "survey.hukou.migrant = a", "is under local too", "survey.hukou.migrant_agri = c"},
		},
		{"key in data", "data: d\ningest: {key_file: d/k}\n", []string{"ingest.key_file", "outside the data folder"}},
		{"cron", "schedules: [{name: a, cron: 'every day', jobs: [ingest, sing]}]\n", []string{"schedules[0].cron", "sing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(write(t, c.text), "")
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
}

func TestMissingFileSaysWhatToDo(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "no.yaml"), "")
	if err == nil || !strings.Contains(err.Error(), "Try: laborwatch init") {
		t.Errorf("got %v", err)
	}
}

// A part of the hukou codes may be set; the others keep their defaults.
func TestSurveyOverDefaults(t *testing.T) {
	c, err := Load(write(t, "data: d\nsurvey: {status_rule: ilo, youth_break: 2024-01, hukou: {migrant: [migrant], migrant_agri: []}}\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	p := c.Params()
	for name, want := range map[string]any{
		"survey.status_rule": "ilo", "survey.youth_break": "2024-01-01", "survey.age_floor": 16, "survey.ilo_age_floor": 15,
		"survey.search_window_days": 91, "survey.ilo_search_window_days": 28, "survey.start_window_days": 91,
		"survey.absence_months": 3.0, "survey.underemployed_hours": 35.0, "survey.long_term_months": 12,
	} {
		if p[name] != want {
			t.Errorf("%s = %v, want %v", name, p[name], want)
		}
	}
	for name, want := range map[string][]string{
		"survey.hukou_local": {"local"}, "survey.hukou_migrant": {"migrant"}, "survey.hukou_migrant_agri": {},
	} {
		if got, ok := p[name].([]string); !ok || !slices.Equal(got, want) {
			t.Errorf("%s = %v, want %v", name, p[name], want)
		}
	}
}
