package transform_test

import (
	"strings"
	"testing"

	"laborwatch/transform"
)

// Every fault of every file is reported at once, with its place.
func TestFaults(t *testing.T) {
	w := newWorld(t)
	w.model("core/core_a.sql", "/*\ndescription: x\ngrain: [period]\nmaterialzed: view\n*/\nSELECT 1 AS period")
	w.model("core/core_b.sql", "SELECT 1")
	w.model("core/core_c.sql", "/*\ndescription: x\ngrain: [period]\nwindow: [1, 2]\n*/\nSELECT 1 AS period")
	w.model("core/core_d.sql", "/*\ndescription: x\ngrain: [period]\n*/\nSELECT FROM WHERE")
	w.model("core/core_e.sql", "/*\ndescription: x\ngrain: [period]\n*/\nSELECT {{ param \"alert.head\" }} AS period")
	w.model("core/core_f.sql", "/*\ndescription: x\ngrain: [period]\n*/\nSELECT 1; DROP TABLE x")
	w.model("core/core_g.sql", "/*\ndescription: x\ngrain: [period]\ntests:\n  - unique: [period]\n  - range: {column: a, least: 1}\n*/\nSELECT 1 AS period")
	w.model("core/core_h.sql", "/*\ndescription: x\ngrain: [period]\n*/\nSELECT * FROM stg_pya")
	w.model("core/core_i.sql", "/*\ndescription: x\ngrain: [period]\n*/\nSELECT * FROM lake.pays")
	w.model("other/core_heads.sql", "/*\ndescription: x\ngrain: [period]\n*/\nSELECT 1 AS period")
	got := w.fails()
	for _, want := range []string{
		"core/core_a.sql:4", "materialzed", "core/core_b.sql", "core/core_c.sql", "window", "core/core_d.sql", "core/core_e.sql",
		"alert.heads", "core/core_f.sql", "core/core_g.sql:6", "least", "core/core_h.sql", "stg_pya", "stg_pay", "core/core_i.sql", "lake.pays", "lake.pay",
		"other/core_heads.sql",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the error does not name %s:\n%s", want, got)
		}
	}
}

// A list of texts stands in IN (…), quoted; in an empty one there is nothing.
func TestListParameter(t *testing.T) {
	w := newWorld(t)
	fiveMonths(w)
	w.params["firms"], w.params["none"] = []string{"A", "it's"}, []string{}
	w.model("core/core_listed.sql", "/*\ndescription: x\ngrain: [firm]\n*/\nSELECT firm, firm IN ({{ param \"firms\" }}) AS listed, "+
		"coalesce(firm IN ({{ param \"none\" }}), FALSE) AS nowhere FROM (VALUES ('A'), ('B'), ('it''s')) AS f(firm)")
	w.run()
	w.expect("SELECT firm, listed, nowhere FROM wh.main.core_listed ORDER BY firm", "A true false", "B false false", "it's true false")
}

func TestCycle(t *testing.T) {
	w := newWorld(t)
	head := "/*\ndescription: x\ngrain: [period]\n*/\n"
	w.model("core/core_a.sql", head+"SELECT * FROM core_b")
	w.model("core/core_b.sql", head+"SELECT * FROM core_c")
	w.model("core/core_c.sql", head+"SELECT * FROM core_a")
	if got := w.fails(); !strings.Contains(got, "core_a → core_b → core_c → core_a") {
		t.Errorf("the cycle is not shown: %s", got)
	}
}

// What the engine finds wrong is reported with the model's file, before any
// load needs it.
func TestBinding(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"SELECT h.period, h.nothing FROM core_heads AS h", "nothing"},
		{"SELECT h.uscc FROM core_heads AS h", "period"},
		{"SELECT h.uscc AS period FROM core_heads AS h", "period"},
	} {
		w := newWorld(t)
		w.model("core/core_x.sql", "/*\ndescription: x\ngrain: [period]\n*/\n"+c.sql)
		if got := w.fails(); !strings.Contains(got, "core/core_x.sql") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", c.sql, got)
		}
	}
}

func TestOptions(t *testing.T) {
	if _, err := transform.New(t.Context(), transform.Options{}); err == nil {
		t.Error("options without an engine were accepted")
	}
}
