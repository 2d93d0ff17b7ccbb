package seasonal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"laborwatch/period"
	"laborwatch/referencetest"
)

// x13Case is a reference specification and what it must give.
type x13Case struct {
	spec, tables string
	o            X13Options
	tolerance    float64
}

// The tolerances are those of the reference: 1e-6 for filters, 1e-4 for what
// an ARIMA fit stands behind.
var x13Cases = []x13Case{
	{"x13_airx11.spc", "x13_air_x11_s3x5_h13.csv", X13Options{Log: true, SeasonalMA: "s3x5", TrendMA: 13}, 1e-6},
	{"x13_notx11.spc", "x13_nottem_x11_add_s3x5_h13.csv", X13Options{SeasonalMA: "s3x5", TrendMA: 13}, 1e-6},
	{"x13_air.spc", "x13_air_regarima_x11_msr.csv", X13Options{Log: true, Model: "(0 1 1)(0 1 1)"}, 1e-4},
	{"x13_airseats.spc", "x13_air_seats_airline.csv", X13Options{Log: true, Model: "(0 1 1)(0 1 1)", Seats: true}, 1e-4},
}

// settings reads a specification as "spec.argument" → value.
func settings(text string) map[string]string {
	out := map[string]string{}
	for _, s := range regexp.MustCompile(`(\w+)\{([^}]*)\}`).FindAllStringSubmatch(text, -1) {
		out[s[1]] = ""
		for _, a := range regexp.MustCompile(`(\w+)=("[^"]*"|(?:\([^)]*\))+|\S+)`).FindAllStringSubmatch(s[2], -1) {
			out[s[1]+"."+a[1]] = a[2]
		}
	}
	return out
}

// The specifications that are written ask for what the reference ones ask for.
func TestX13Spec(t *testing.T) {
	files, err := filepath.Glob(referencetest.Path(t, "vectors/x13_*.spc"))
	if err != nil || len(files) != len(x13Cases) {
		t.Fatalf("%d reference specifications, %d cases, %v", len(files), len(x13Cases), err)
	}
	for _, c := range x13Cases {
		t.Run(c.spec, func(t *testing.T) {
			b, err := os.ReadFile(referencetest.Path(t, "vectors/"+c.spec))
			if err != nil {
				t.Fatal(err)
			}
			months, _ := table(t, "vectors/"+c.tables)
			o, err := c.o.checked()
			if err != nil {
				t.Fatal(err)
			}
			got, want := settings(o.spec(months[0])), settings(string(b))
			for k, v := range want {
				switch k {
				case "series.title", "series.file", "series.save", "estimate", "estimate.print", "estimate.save":
					continue // names, and tables that nobody reads
				}
				if w, ok := got[k]; !ok || w != v {
					t.Errorf("%s = %q, want %q", k, w, v)
				}
			}
			for k, v := range got {
				if _, ok := want[k]; !ok && k != "x11.sigmalim" { // 1.5 and 2.5 are the program's defaults
					t.Errorf("%s = %q is not in the reference", k, v)
				}
			}
		})
	}
}

// A table in the form in which the program saves it gives the reference's numbers.
func TestX13Table(t *testing.T) {
	for _, c := range x13Cases {
		months, columns := table(t, "vectors/"+c.tables)
		for name, want := range columns {
			var b strings.Builder
			b.WriteString("date\tseries." + name + "\n------\t-----------------------\n")
			for i, p := range months {
				// The program's numbers have a mantissa below 1.
				e := 0
				if want[i] != 0 {
					e = int(math.Floor(math.Log10(math.Abs(want[i])))) + 1
				}
				fmt.Fprintf(&b, "%04d%02d\t%+.15fE%+03d\n", p.Year(), int(p.Month()), want[i]/math.Pow10(e), e)
			}
			got, err := readTable(strings.NewReader(b.String()), months)
			if err != nil {
				t.Fatalf("%s %s: %v", c.tables, name, err)
			}
			for i := range want {
				if math.Abs(got[i]-want[i]) > 1e-12*math.Abs(want[i]) {
					t.Errorf("%s %s %s = %g, want %g", c.tables, name, months[i], got[i], want[i])
				}
			}
		}
	}
}

func TestX13TableRefuses(t *testing.T) {
	months := []period.Period{period.Of(2020, 1), period.Of(2020, 2)}
	const head = "date\tx\n------\t---\n"
	for name, text := range map[string]string{
		"short":  head + "202001\t+0.1E+01\n",
		"long":   head + "202001\t1\n202002\t1\n202003\t1\n",
		"other":  head + "202001\t1\n202003\t1\n",
		"word":   head + "202001\t1\n202002\tNaN\n",
		"fields": head + "202001 1 1\n202002 1 1\n",
		"month":  head + "202013\t1\n202002\t1\n",
		"empty":  "",
	} {
		if v, err := readTable(strings.NewReader(text), months); err == nil {
			t.Errorf("%s gave %v", name, v)
		}
	}
}

func TestX13WithoutProgram(t *testing.T) {
	series, _ := made(t, rand.New(rand.NewPCG(1, 1)), 72, [3]float64{}, 0.1)
	if _, err := (X13{}).Run(t.Context(), series, X13Options{}); !errors.Is(err, ErrNoX13) {
		t.Errorf("no path: %v", err)
	}
	nowhere := X13{Path: filepath.Join(t.TempDir(), "x13as")}
	if _, err := nowhere.Run(t.Context(), series, X13Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a path to nothing: %v", err)
	}
	for _, o := range []X13Options{{Seats: true}, {Festival: true}, {Model: "(0 1 1) }"}, {SeasonalMA: "s5"}, {TrendMA: 12}} {
		if _, err := nowhere.Run(t.Context(), series, o); err == nil || errors.Is(err, os.ErrNotExist) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := nowhere.Run(t.Context(), series[:40], X13Options{}); err == nil || !strings.Contains(err.Error(), "20 are missing") {
		t.Errorf("40 months: %v", err)
	}
}

func installed(t *testing.T) X13 {
	t.Helper()
	path := os.Getenv("X13_PATH")
	if path == "" {
		t.Skip("X13_PATH does not name an x13as program: the real X-13ARIMA-SEATS is not run")
	}
	return X13{Path: path}
}

// The real program gives the reference's tables.
func TestX13Run(t *testing.T) {
	x := installed(t)
	for _, c := range x13Cases {
		t.Run(c.tables, func(t *testing.T) {
			months, columns := table(t, "vectors/"+c.tables)
			var series []Observation
			for i, p := range months {
				series = append(series, Observation{p, columns["y"][i]})
			}
			r, err := x.Run(t.Context(), series, c.o)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string][]float64{
				"y": r.Original, "seasonal": r.Seasonal, "seasonally_adjusted": r.Adjusted, "trend": r.Trend, "irregular": r.Irregular,
			}
			worst := 0.0
			for name, want := range columns {
				v, ok := got[name]
				if !ok {
					t.Fatalf("no handler for column %s", name)
				}
				for i := range want {
					off := math.Abs(v[i]-want[i]) / math.Abs(want[i])
					worst = max(worst, off)
					if !(off <= c.tolerance) {
						t.Errorf("%s of %s = %.12g, want %.12g", name, months[i], v[i], want[i])
					}
				}
			}
			t.Logf("largest relative difference %.2g", worst)
		})
	}
}

func TestX13Festival(t *testing.T) {
	x := installed(t)
	series, calm := made(t, rand.New(rand.NewPCG(1, 2)), 120, [3]float64{-0.5, 0.4, 0.6}, 0.03)
	o := X13Options{Model: "(0 1 1)(0 1 1)", Festival: true}
	with, err := x.Run(t.Context(), series, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Festival = false
	bare, err := x.Run(t.Context(), series, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("off by %.3f with the festival, %.3f without", rms(with.Adjusted, calm), rms(bare.Adjusted, calm))
	if rms(with.Adjusted, calm) > rms(bare.Adjusted, calm)/2 {
		t.Errorf("off by %.3f with the festival, %.3f without", rms(with.Adjusted, calm), rms(bare.Adjusted, calm))
	}
	// Two independent ways to the same series.
	ours := mustAdjust(t, series, Options{})
	if d := rms(with.Adjusted, ours.Adjusted); d > 0.03 {
		t.Errorf("STL and X-13 are %.3f apart, more than the noise", d)
	}
	o.Model = "auto"
	if _, err := x.Run(t.Context(), series, o); err != nil {
		t.Errorf("automatic model: %v", err)
	}
	o = X13Options{Model: "(0 1 1)(0 1 1)", Festival: true, Seats: true}
	if with, err = x.Run(t.Context(), series, o); err != nil {
		t.Fatal(err)
	}
	if off := rms(with.Adjusted, calm); off > 0.03 {
		t.Errorf("SEATS is off by %.3f, more than the noise", off)
	}
}

func TestX13SaysWhatIsWrong(t *testing.T) {
	x := installed(t)
	t.Setenv("TMPDIR", t.TempDir())
	flat := make([]Observation, 72)
	for i := range flat {
		flat[i] = Observation{period.Of(2016, 1).Add(i), 5}
	}
	if _, err := x.Run(t.Context(), flat, X13Options{Model: "(0 1 1)(0 1 1)", Seats: true}); err == nil || !strings.Contains(err.Error(), "are the same") {
		t.Errorf("a constant series: %v", err)
	}
	series, _ := made(t, rand.New(rand.NewPCG(1, 2)), 120, [3]float64{}, 0.03)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Run(ctx, series, X13Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled run: %v", err)
	}
	x.Timeout = time.Nanosecond
	if _, err := x.Run(t.Context(), series, X13Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a run out of time: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "laborwatch-x13-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("folders left: %v, %v", left, err)
	}
}
