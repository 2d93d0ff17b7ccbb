package smallarea

import (
	"math"
	"testing"

	"laborwatch/referencetest"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-6*math.Abs(want)) {
		t.Errorf("%s = %.15g, want %.15g", what, got, want)
	}
}

// milk is the expenditure on milk of 43 areas; the covariates are indicators
// of major areas 2 to 4.
func milk(t *testing.T) (areas []Area, n []float64) {
	t.Helper()
	for _, r := range referencetest.Maps(t, "vectors/milk.csv") {
		sd := referencetest.Number(t, r["SD"])
		a := Area{Code: r["SmallArea"], Sampled: true, Direct: referencetest.Number(t, r["yi"]), Variance: sd * sd}
		for _, m := range []string{"2", "3", "4"} {
			x := 0.0
			if r["MajorArea"] == m {
				x = 1
			}
			a.X = append(a.X, x)
		}
		areas, n = append(areas, a), append(n, referencetest.Number(t, r["ni"]))
	}
	return areas, n
}

var majorAreas = []string{"major area 2", "major area 3", "major area 4"}

func fitMilk(t *testing.T, o Options) (*Result, map[string]Estimate) {
	t.Helper()
	areas, _ := milk(t)
	o.Covariates = majorAreas
	r, err := Fit(areas, o)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Estimate{}
	for _, e := range r.Areas {
		by[e.Code] = e
	}
	return r, by
}

func TestReferenceEstimates(t *testing.T) {
	rows := referencetest.Maps(t, "vectors/expected_milk_fh.csv")
	if len(rows) != 43 {
		t.Fatalf("%d rows, want one for each of 43 areas", len(rows))
	}
	by := map[string]map[string]Estimate{}
	for name, m := range map[string]Method{"REML": REML, "ML": ML, "FH": FH} {
		_, by[name] = fitMilk(t, Options{Method: m})
	}
	areas, _ := milk(t)
	for i, row := range rows {
		t.Run("area "+row["SmallArea"], func(t *testing.T) {
			for column, want := range row {
				switch column {
				case "SmallArea":
				case "yi":
					near(t, column, areas[i].Direct, referencetest.Number(t, want))
				case "vardir":
					near(t, column, areas[i].Variance, referencetest.Number(t, want))
				case "eblup_REML", "eblup_ML", "eblup_FH":
					near(t, column, by[column[6:]][row["SmallArea"]].Value, referencetest.Number(t, want))
				case "mse_REML", "mse_ML", "mse_FH":
					near(t, column, by[column[4:]][row["SmallArea"]].MSE, referencetest.Number(t, want))
				default:
					t.Errorf("no handler for column %s", column)
				}
			}
		})
	}
}

func TestReferenceFit(t *testing.T) {
	fits := map[string]Options{
		"REML": {Method: REML}, "ML": {Method: ML}, "FH": {Method: FH},
		"REML_default_precision_1e-4": {Method: REML, Precision: 1e-4},
	}
	for _, row := range referencetest.Maps(t, "vectors/expected_milk_fh_fit.csv") {
		t.Run(row["method"]+" "+row["quantity"], func(t *testing.T) {
			o, ok := fits[row["method"]]
			if !ok {
				t.Fatalf("no handler for method %s", row["method"])
			}
			r, _ := fitMilk(t, o)
			want := referencetest.Number(t, row["value"])
			switch q := row["quantity"]; q {
			case "refvar":
				near(t, q, r.A, want)
			case "beta1", "beta2", "beta3", "beta4":
				near(t, q, r.Coefficients[q[4]-'1'].Value, want)
			case "se1", "se2", "se3", "se4":
				near(t, q, r.Coefficients[q[2]-'1'].SE, want)
			case "loglike":
				near(t, q, r.LogLik, want)
			case "AIC":
				near(t, q, r.AIC, want)
			case "BIC":
				near(t, q, r.BIC, want)
			case "KIC":
				near(t, q, r.KIC, want)
			case "iterations":
				near(t, q, float64(r.Iterations), want)
			default:
				t.Fatalf("no handler for quantity %s", q)
			}
		})
	}
}

func TestReferencePrasadRao(t *testing.T) {
	r, by := fitMilk(t, Options{Method: PrasadRao})
	for _, row := range referencetest.Maps(t, "vectors/expected_milk_prasadrao.csv") {
		t.Run("area "+row["SmallArea"], func(t *testing.T) {
			e := by[row["SmallArea"]]
			got := map[string]float64{
				"A": r.A, "eblup_PR": e.Value, "g1": e.G1, "g2": e.G2, "g3": e.G3, "mse_PR": e.MSE,
			}
			for column, want := range row {
				if column == "SmallArea" {
					continue
				}
				v, ok := got[column]
				if !ok {
					t.Fatalf("no handler for column %s", column)
				}
				near(t, column, v, referencetest.Number(t, want))
			}
		})
	}
}

func TestReferenceBenchmark(t *testing.T) {
	r, _ := fitMilk(t, Options{})
	areas, n := milk(t)
	total, city := 0.0, 0.0
	for _, v := range n {
		total += v
	}
	share := make([]float64, len(n))
	for i, v := range n {
		share[i] = v / total
		city += share[i] * areas[i].Direct
	}
	ratio, err := r.Benchmark(share, city, Ratio)
	if err != nil {
		t.Fatal(err)
	}
	difference, err := r.Benchmark(share, city, Difference)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range referencetest.Maps(t, "vectors/expected_milk_benchmark.csv") {
		t.Run("area "+row["SmallArea"], func(t *testing.T) {
			got := map[string]float64{
				"SmallArea": referencetest.Number(t, r.Areas[i].Code), "w": share[i], "eblup": r.Areas[i].Value,
				"ratio_bench": ratio.Values[i], "diff_bench": difference.Values[i],
			}
			for column, want := range row {
				v, ok := got[column]
				if !ok {
					t.Fatalf("no handler for column %s", column)
				}
				near(t, column, v, referencetest.Number(t, want))
			}
		})
	}
	for name, b := range map[string]*Benchmarked{"ratio": ratio, "difference": difference} {
		sum := 0.0
		for i, v := range b.Values {
			sum += share[i] * v
			if b.MSE[i] < r.Areas[i].MSE {
				t.Errorf("%s: the MSE of area %s fell by benchmarking", name, r.Areas[i].Code)
			}
		}
		near(t, name+" total", sum, city)
	}
}
