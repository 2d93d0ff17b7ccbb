package ingest

import (
	"context"
	"path/filepath"
	"testing"

	"laborwatch/config"
	"laborwatch/period"
	"laborwatch/simulate"
)

// A whole synthetic city goes in: every row is accounted for, exactly the rows
// known to be bad are quarantined, for the reason they were made bad, and a
// second time changes nothing.
func TestSyntheticCity(t *testing.T) {
	ctx := context.Background()
	end, err := period.Parse("2026-10")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "city")
	if _, err := simulate.Run(ctx, simulate.Options{Out: dir, Region: "410400", Persons: 50_000, Months: 6, End: end, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	var regions []string
	for _, r := range cfg.Regions {
		regions = append(regions, r.Code)
	}
	contracts, err := LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	h := newHouseWith(t, contracts, regions)
	files, unknown, err := h.in.Scan(filepath.Join(dir, "inbox"))
	if err != nil || len(unknown) > 0 {
		t.Fatal(unknown, err)
	}
	sum, err := h.in.Load(ctx, files)
	if err != nil || len(sum.Refused) > 0 || len(sum.Loads) != len(files) {
		t.Fatalf("%+v, %v", sum.Refused, err)
	}
	truth := func(name string) string {
		return "read_csv('" + filepath.Join(dir, "truth", name) + "', all_varchar = true)"
	}
	known := `SELECT parse_filename(file), "row", "column", reason FROM ` + truth("bad_rows.csv")
	found := `SELECT parse_filename(file), CAST("row" AS VARCHAR), col, reason FROM state.main.quarantine`
	if s := h.query(known + " EXCEPT " + found); s != "" {
		t.Errorf("bad rows not found:\n%s", s)
	}
	if s := h.query(found + " EXCEPT " + known); s != "" {
		t.Errorf("good rows in quarantine:\n%s", s)
	}
	if s := h.query(`SELECT parse_filename(file), CAST("rows" AS BIGINT) FROM ` + truth("files.csv") + ` EXCEPT SELECT parse_filename(source), rows_in FROM state.main.loads`); s != "" {
		t.Errorf("files with other counts of rows:\n%s", s)
	}
	if s := h.query(`SELECT count(*) FROM (SELECT parse_filename(file) AS file, corrects FROM ` + truth("files.csv") + `) f
		JOIN state.main.loads l ON parse_filename(l.source) = f.corrects WHERE l.status <> 'superseded'`); s != "0\n" {
		t.Errorf("%s corrected files are still live", s)
	}
	// Of the survey's persons with an ID the insured are found in the contributions
	// of their month, and the others are not; nearly all adults gave one.
	lake := func(feed string) string {
		return "read_parquet('" + filepath.Join(h.dir, "lake", feed, "period=2026-10", "*.parquet") + "')"
	}
	if s := h.query(`SELECT count(*) > 500, avg(CAST(person IS NOT NULL AS INTEGER)) > 0.95,
			avg(CAST(person IN (SELECT person FROM ` + lake("social_insurance") + `) AS INTEGER)) FILTER (WHERE status AND person IS NOT NULL) BETWEEN 0.4 AND 0.8,
			count(*) FILTER (WHERE NOT status AND person IN (SELECT person FROM ` + lake("social_insurance") + ` EXCEPT SELECT person FROM ` + lake("insurance_change") + `))
		FROM (SELECT person, coalesce(worked, false) OR coalesce(absent, false) AS status FROM ` + lake("labor_force_survey") + ` WHERE age >= 18 AND coalesce(responded, true))`); s != "true|true|true|0\n" {
		t.Errorf("the survey's persons in the contributions: %s", s)
	}
	again, err := h.in.Load(ctx, files)
	if err != nil || again.RowsIn != 0 || again.Skipped != len(files) {
		t.Errorf("a second time: %+v, %v", again, err)
	}
}
