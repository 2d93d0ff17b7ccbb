package monthly_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"laborwatch/engine"
)

// rScript estimates every measure in every published domain with R's survey
// package, in the way that its documentation has it: one design, then a ratio or a
// total by each breakdown. It prints seconds, then measure, domain, figure and
// standard error.
const rScript = `suppressMessages(library(survey))
options(survey.lonely.psu = "adjust")
d <- read.csv(commandArgs(TRUE)[1], colClasses = c(region = "character"))
start <- proc.time()[["elapsed"]]
des <- svydesign(id = ~psu, strata = ~stratum, weights = ~weight, data = d)
out <- list()
note <- function(measure, kind, by, b) {
  key <- if (is.null(by)) "" else do.call(paste, c(b[, all.vars(by), drop = FALSE], sep = "/"))
  se <- as.numeric(SE(b))
  out[[length(out) + 1]] <<- data.frame(measure = measure, kind = kind, key = key, value = as.numeric(coef(b)), se = se)
}
kinds <- list(all = NULL, region = ~region, sex = ~sex, "region/sex" = ~region + sex, age = ~age, hukou = ~hukou)
ratios <- list(surveyed_unemployment_rate = c("u", "lf"), labor_force_participation_rate = c("lf", "pop"), employment_rate = c("e", "pop"),
  mean_weekly_hours = c("hours", "h"), labor_underutilization_lu2 = c("lu2", "lf"), labor_underutilization_lu3 = c("lu3", "elf"),
  labor_underutilization_lu4 = c("lu4", "elf"), surveyed_unemployment_rate_ilo = c("iu", "ilf"))
for (m in names(ratios)) for (k in names(kinds)) {
  f <- as.formula(paste("~", ratios[[m]][1])); g <- as.formula(paste("~", ratios[[m]][2]))
  note(m, k, kinds[[k]], if (k == "all") svyratio(f, g, des) else svyby(f, kinds[[k]], des, svyratio, denominator = g))
}
for (m in c(surveyed_employed = "e", surveyed_unemployed = "u", surveyed_labor_force = "lf")) for (k in names(kinds)) {
  f <- as.formula(paste("~", m)); name <- c(e = "surveyed_employed", u = "surveyed_unemployed", lf = "surveyed_labor_force")[[m]]
  note(name, k, kinds[[k]], if (k == "all") svytotal(f, des) else svyby(f, kinds[[k]], des, svytotal))
}
w <- subset(des, h == 1)
for (k in names(kinds)) if (k != "all") invisible(svyby(~hours, kinds[[k]], w, svyquantile, quantiles = 0.5, ci = TRUE, interval.type = "mean", qrule = "math", keep.var = TRUE))
cat(proc.time()[["elapsed"]] - start, "\n")
write.table(format(do.call(rbind, out), digits = 15), col.names = FALSE, row.names = FALSE, sep = ",", quote = FALSE)
`

// BenchmarkAgainstR estimates one month of 340,000 persons as the monthly models do
// and as R's survey package does, from the same persons in the same run, compares
// the figures and reports how many times faster it is: R's seconds from the design to
// the last figure against those of the model that estimates, reading and storing
// included. The models estimate one measure, two domains and the wage more.
func BenchmarkAgainstR(b *testing.B) {
	if _, err := exec.LookPath("Rscript"); err != nil {
		b.Skip("R with its package survey is not installed: apt-get install r-cran-survey")
	}
	db := open(b, 2)
	national(b, db, 340_000, 1)
	file := filepath.Join(b.TempDir(), "month.csv")
	run(b, db, `COPY (SELECT stratum, psu, region, sex, weight_e6 / 1e6 AS weight, age, hukou,
			CAST(status = 2 AS INT) AS u, CAST(status = 1 AS INT) AS e, CAST(status IN (1, 2) AS INT) AS lf, CAST(status > 0 AS INT) AS pop,
			CAST(hours_e3 IS NOT NULL AS INT) AS h, coalesce(hours_e3, 0) / 1e3 AS hours,
			CAST(status = 2 OR status = 1 AND tru AS INT) AS lu2, CAST(status = 2 OR status = 3 AND plf AS INT) AS lu3,
			CAST(status = 2 OR status = 1 AND tru OR status = 3 AND plf AS INT) AS lu4, CAST(status IN (1, 2) OR status = 3 AND plf AS INT) AS elf,
			CAST(status_ilo = 2 AS INT) AS iu, CAST(status_ilo IN (1, 2) AS INT) AS ilf
		FROM (`+persons(b)+`)) TO `+engine.Quote(file)+" (HEADER)")
	script := filepath.Join(b.TempDir(), "month.R")
	if err := os.WriteFile(script, []byte(rScript), 0o600); err != nil {
		b.Fatal(err)
	}
	out, err := exec.CommandContext(b.Context(), "Rscript", "--vanilla", script, file).Output()
	if err != nil {
		b.Fatal(err)
	}
	head, rest, _ := bytes.Cut(out, []byte("\n"))
	inR, err := strconv.ParseFloat(string(bytes.TrimSpace(head)), 64)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		build(b, db, nil)
	}
	ours := stepOf(b, db, "core_survey_estimate")
	same, off := compareWithR(b, db, rest)
	if same < 1000 || off > 1e-8 {
		b.Errorf("%d figures compared, the farthest off by %g of itself; want 1,000 or more within 1e-8", same, off)
	}
	b.ReportMetric(inR, "R-s")
	b.ReportMetric(ours.Seconds(), "estimates-s")
	b.ReportMetric(inR/ours.Seconds(), "×faster")
	b.ReportMetric(float64(same), "figures-equal")
}

// stepOf is how long a model of the build took, once more.
func stepOf(b *testing.B, db *sql.DB, model string) time.Duration {
	b.Helper()
	builds++
	tr, err := newTransform(b, db, tableLake{db, builds}, nil)
	if err != nil {
		b.Fatal(err)
	}
	r, err := tr.Run(context.Background(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range r.Steps {
		if s.Model == model {
			return s.Duration
		}
	}
	b.Fatalf("no step %s", model)
	return 0
}

// compareWithR gives how many figures R has, and the largest relative difference.
func compareWithR(b *testing.B, db *sql.DB, table []byte) (n int, off float64) {
	b.Helper()
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range rows {
		where := map[string]string{"region": "_T", "sex": "_T", "age": "_T", "pop_group": "_T"}
		measure, kind := strings.Trim(r[0], " "), strings.Trim(r[1], " ")
		first, second, _ := strings.Cut(strings.Trim(r[2], " "), "/")
		switch kind {
		case "region", "sex", "age":
			where[kind] = first
		case "hukou":
			where["pop_group"] = first
		case "region/sex":
			where["region"], where["sex"] = first, second
		}
		var value, se float64
		err := db.QueryRowContext(context.Background(), `SELECT value, coalesce(se, 0) FROM wh.main.core_survey_estimate
			WHERE contrast = 'level' AND measure = ? AND region = ? AND sex = ? AND age = ? AND pop_group = ?`,
			measure, where["region"], where["sex"], where["age"], where["pop_group"]).Scan(&value, &se)
		if errors.Is(err, sql.ErrNoRows) {
			continue // a domain that is not published
		}
		if err != nil {
			b.Fatalf("%v: %v", where, err)
		}
		for i, got := range []float64{value, se} {
			want, err := strconv.ParseFloat(strings.Trim(r[3+i], " "), 64)
			if err != nil {
				b.Fatal(err)
			}
			off = math.Max(off, math.Abs(got-want)/math.Max(math.Abs(want), 1e-12))
			n++
		}
	}
	return n, off
}
