package transform

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"laborwatch/config"
	"laborwatch/engine"
	models "laborwatch/sql"
)

// Every model must read on both engines, and give the same rows twice.
func TestModelsArePortable(t *testing.T) {
	eng, err := engine.Open(t.Context(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = eng.Close() }()
	cfg, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	funcs := neutral()
	funcs["param"] = paramFunc(cfg.Params())
	all, broken, err := readModels(t.Context(), Options{Engine: eng, Models: models.FS}, funcs)
	if err := errors.Join(err, broken.err()); err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d models", len(all))
	}
	for _, m := range all {
		tree, err := engine.Parse(t.Context(), eng.DB(), m.SQL)
		if err != nil {
			t.Errorf("%s: %v", m.File, err)
			continue
		}
		for _, fault := range Portable(tree) {
			t.Errorf("%s: %s", m.File, fault)
		}
		prefix := map[string]string{"staging": "stg_", "core": "core_", "indicator": "ind_", "compare": "cmp_", "alert": "alert_"}
		if folder, _, _ := strings.Cut(m.File, "/"); !strings.HasPrefix(m.Name, prefix[folder]) {
			t.Errorf("%s: names in %s begin with %s", m.File, folder, prefix[folder])
		}
	}
}

func TestPortableFindsWhatIsNot(t *testing.T) {
	eng, err := engine.Open(t.Context(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = eng.Close() }()
	for q, want := range map[string]string{
		"SELECT approx_count_distinct(a) FROM t":                                    "approx_count_distinct",
		"SELECT list(a) FROM t":                                                     "list",
		"SELECT hash(a), random() FROM t":                                           "random",
		"SELECT a FROM t QUALIFY row_number() OVER (PARTITION BY a ORDER BY b) = 1": "QUALIFY",
		"SELECT [1, 2]":                              "list_value",
		"SELECT * EXCLUDE (a) FROM t":                "EXCLUDE",
		"SELECT DISTINCT ON (a) a, b FROM t":         "DISTINCT ON",
		"SELECT a, sum(b) FROM t GROUP BY ALL":       "GROUP BY ALL",
		"SELECT * FROM range(3) AS r(i)":             "TABLE_FUNCTION",
		"SELECT * FROM a ASOF JOIN b ON a.t >= b.t":  "ASOF",
		"SELECT CAST(a AS INTEGER[]) FROM t":         "LIST",
		"SELECT date_trunc('month', a) FROM t":       "date_trunc",
		"SELECT * FROM t USING SAMPLE 10 ROWS":       "sample",
		"SELECT macro_month_of(a) FROM t GROUP BY a": "",
	} {
		tree, err := engine.Parse(t.Context(), eng.DB(), q)
		if err != nil {
			t.Fatal(err)
		}
		got := Portable(tree)
		if want == "" && len(got) > 0 {
			t.Errorf("%s: %v", q, got)
		}
		if want != "" && !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("%s: %v does not name %s", q, got, want)
		}
	}
}
