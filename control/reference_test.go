package control

import (
	"math"
	"strings"
	"testing"

	"laborwatch/period"
	"laborwatch/referencetest"
)

func column(t *testing.T, rows []map[string]string, name string) []float64 {
	t.Helper()
	var out []float64
	for _, r := range rows {
		out = append(out, referencetest.Number(t, r[name]))
	}
	return out
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.12g, want %.12g", what, got, want)
	}
}

func TestReferenceSahm(t *testing.T) {
	for _, name := range []string{"sahm_realtime_2024.csv", "sahm_unrate_vintage2025-01.csv"} {
		rows := referencetest.Maps(t, "vectors/"+name)
		var series []Observation
		for _, r := range rows {
			p, err := period.Parse(r["date"][:7])
			if err != nil {
				t.Fatal(err)
			}
			series = append(series, Observation{p, referencetest.Number(t, r["unrate"])})
		}
		points, err := Sahm(series)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			t.Run(name+" "+row["date"], func(t *testing.T) {
				check := func(what, want string, got float64, has bool) {
					if want == "NA" {
						if has {
							t.Errorf("%s = %g, want none", what, got)
						}
						return
					}
					if !has {
						t.Errorf("%s is missing, want %s", what, want)
					}
					near(t, what, got, referencetest.Number(t, want), 1e-10)
				}
				for c, want := range row {
					switch c {
					case "date", "unrate":
					case "ma3":
						check(c, want, points[i].Mean, points[i].HasMean)
					case "sahm":
						check(c, want, points[i].Rise, points[i].HasRise)
					default:
						t.Errorf("no handler for column %s", c)
					}
				}
			})
		}
	}
}

// The NIST handbook's EWMA example: target 50, s 2.0539, lambda 0.3, L 3, with
// limits of 52.5884 and 47.4116.
func TestReferenceEWMA(t *testing.T) {
	rows := referencetest.Maps(t, "vectors/ewma_nist.csv")
	c := EWMA{Target: 50, Sigma: 2.0539, Lambda: 0.3, L: 3, Asymptotic: true, Sides: Both}
	points, err := c.Chart(column(t, rows, "y"))
	if err != nil {
		t.Fatal(err)
	}
	c.Asymptotic = false
	exact, err := c.Chart(column(t, rows, "y"))
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		t.Run("t "+row["t"], func(t *testing.T) {
			for name, want := range row {
				switch name {
				case "t", "y":
				case "ewma":
					near(t, name, points[i].Average, referencetest.Number(t, want), 1e-9)
				default:
					t.Errorf("no handler for column %s", name)
				}
			}
			near(t, "upper", points[i].Upper, 52.5884, 5e-5)
			near(t, "lower", points[i].Lower, 47.4116, 5e-5)
			if points[i].Signal {
				t.Error("the handbook's process is in control")
			}
			// The variance of a weighted sum, term by term.
			v := 0.0
			for k := range i + 1 {
				v += math.Pow(0.3*math.Pow(0.7, float64(k)), 2)
			}
			near(t, "exact upper", exact[i].Upper, 50+3*2.0539*math.Sqrt(v), 1e-9)
			near(t, "exact lower", exact[i].Lower, 50-3*2.0539*math.Sqrt(v), 1e-9)
		})
	}
}

func TestReferenceCUSUM(t *testing.T) {
	rows := referencetest.Maps(t, "vectors/cusum_nist.csv")
	values := column(t, rows, "y")
	c := CUSUM{Target: 325, K: 0.3175, H: 4.1959, Sides: Both}
	both, err := c.Chart(values)
	if err != nil {
		t.Fatal(err)
	}
	c.Sides = Upper
	upper, err := c.Chart(values)
	if err != nil {
		t.Fatal(err)
	}
	c.Sides = Lower
	lower, err := c.Chart(values)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		t.Run("t "+row["t"], func(t *testing.T) {
			for name, want := range row {
				switch name {
				case "t", "y":
				case "s_hi":
					near(t, name, both[i].High, referencetest.Number(t, want), 1e-9)
				case "s_lo":
					near(t, name, both[i].Low, referencetest.Number(t, want), 1e-9)
				case "signal":
					if both[i].Signal != (want == "1") {
						t.Errorf("signal %v, want %s", both[i].Signal, want)
					}
				default:
					t.Errorf("no handler for column %s", name)
				}
			}
			if upper[i] != (CUSUMPoint{High: both[i].High, Signal: both[i].High > 4.1959}) || lower[i] != (CUSUMPoint{Low: both[i].Low, Signal: both[i].Low > 4.1959}) {
				t.Errorf("one side alone: %+v, %+v, both %+v", upper[i], lower[i], both[i])
			}
		})
	}
}

// parameters reads "k=0.5;h=4;shift=0".
func parameters(t *testing.T, s string) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for part := range strings.SplitSeq(s, ";") {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			t.Fatalf("parameters %q", s)
		}
		out[name] = referencetest.Number(t, value)
	}
	return out
}

func TestReferenceRunLengths(t *testing.T) {
	for _, row := range referencetest.Maps(t, "vectors/expected_spc_arl.csv") {
		t.Run(row["chart"]+" "+row["parameters"], func(t *testing.T) {
			p := parameters(t, row["parameters"])
			chart, side, _ := strings.Cut(row["chart"], " ")
			sides, ok := map[string]Sides{"two-sided": Both, "one-sided": Upper}[side]
			if !ok {
				t.Fatalf("no handler for side %q", side)
			}
			var got float64
			var err error
			switch chart + " " + row["quantity"] {
			case "CUSUM ARL":
				got, err = CUSUMARL(p["k"], p["h"], p["shift"], sides)
			case "CUSUM h":
				got, err = CUSUMLimit(p["k"], p["ARL0"], sides)
			case "EWMA ARL":
				got, err = EWMAARL(p["lambda"], p["L"], p["shift"], sides)
			case "EWMA L":
				got, err = EWMALimit(p["lambda"], p["ARL0"], sides)
			default:
				t.Fatalf("no handler for %s of %s", row["quantity"], chart)
			}
			if err != nil {
				t.Fatal(err)
			}
			want := referencetest.Number(t, row["value"])
			near(t, row["quantity"], got, want, 1e-6*want)
		})
	}
}
