package seasonal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"laborwatch/period"
)

// X13 is an installed X-13ARIMA-SEATS of the U.S. Census Bureau. The program is
// not part of laborwatch and not in Debian's main: without a path to it, Run
// says so, and nothing else needs it. Tests run the real program when X13_PATH
// names it (builds 61 and 62 of version 1.1 were); without it they reach only the
// forms of specifications and tables.
type X13 struct {
	// Path of the program.
	Path string
	// Timeout of a run; 0 means a minute.
	Timeout time.Duration
}

// X13Options of a run; see the X-13ARIMA-SEATS Reference Manual for what the
// program makes of them.
type X13Options struct {
	// Seats decomposes by the ARIMA model instead of X-11's filters.
	Seats bool
	// Log makes the season multiply.
	Log bool
	// Model is the regARIMA model, "(0 1 1)(0 1 1)", or "auto"; empty runs X-11
	// on the series as it is. SEATS and the festival need one.
	Model string
	// SeasonalMA of X-11, such as "s3x5"; empty means "msr", which chooses.
	SeasonalMA string
	// TrendMA is the length of X-11's Henderson filter; 0 lets it choose.
	TrendMA int
	// Festival puts the Spring Festival's parts into the regression.
	Festival bool
	// Windows of the festival in days; zero means 20, 7, 20.
	Windows Windows
}

// X13Result holds the program's tables: D10 to D13 of X-11, S10 to S13 of
// SEATS. Factors or differences as in Adjustment.
type X13Result struct {
	Months                                                   []period.Period
	Original, Seasonal, Festival, Trend, Irregular, Adjusted []float64
}

// ErrNoX13 says that no program is configured.
var ErrNoX13 = errors.New("X-13ARIMA-SEATS is not configured; set the path to the x13as program, or use STL")

// forecastMonths that the model extends the series by before it is filtered.
// SEATS takes more of its own accord, so the festival is written for longer.
const (
	forecastMonths = 12
	festivalMonths = 60
)

const x13Name = "series" // of the files in the folder of a run

var x13Model = regexp.MustCompile(`^(auto|\(\d \d \d\)(\(\d \d \d\))?)$`)

var x13SeasonalMA = regexp.MustCompile(`^(msr|stable|s3x(1|3|5|9|15))$`)

func (o X13Options) checked() (X13Options, error) {
	if (o.Windows == Windows{}) {
		o.Windows = Windows{Before: 20, During: 7, After: 20}
	}
	if o.SeasonalMA == "" {
		o.SeasonalMA = "msr"
	}
	var faults []error
	if o.Model != "" && !x13Model.MatchString(o.Model) {
		faults = append(faults, fmt.Errorf("x13: model %q: want (p d q)(P D Q) or auto", o.Model))
	}
	if o.Model == "" && (o.Seats || o.Festival) {
		faults = append(faults, errors.New("x13: SEATS and the festival need a model, for example (0 1 1)(0 1 1)"))
	}
	if !x13SeasonalMA.MatchString(o.SeasonalMA) {
		faults = append(faults, fmt.Errorf("x13: seasonal filter %q: want msr, stable or s3x1 to s3x15", o.SeasonalMA))
	}
	if o.TrendMA != 0 && (o.TrendMA < 3 || o.TrendMA > 101 || o.TrendMA%2 == 0) {
		faults = append(faults, fmt.Errorf("x13: trend filter of %d: want an odd number from 3 to 101", o.TrendMA))
	}
	return o, errors.Join(faults...)
}

// tables that a run saves: seasonal, adjusted, trend, irregular.
func (o X13Options) tables() [4]string {
	if o.Seats {
		return [...]string{"s10", "s11", "s12", "s13"}
	}
	return [...]string{"d10", "d11", "d12", "d13"}
}

// spec is the specification file of a run. The series is read from
// series.dat, the festival's regressors from festival.dat.
func (o X13Options) spec(start period.Period) string {
	var b strings.Builder
	from := fmt.Sprintf("%d.%d", start.Year(), int(start.Month()))
	fmt.Fprintf(&b, "series{ start=%s period=12 file=\"%s.dat\" print=none }\n", from, x13Name)
	if o.Log && o.Model != "" {
		b.WriteString("transform{ function=log }\n")
	}
	if o.Festival {
		fmt.Fprintf(&b, "regression{ user=(%s) usertype=holiday start=%s file=\"festival.dat\" print=none }\n", strings.Join(parts[:], " "), from)
	}
	if o.Model == "auto" {
		b.WriteString("automdl{ print=none }\n")
	} else if o.Model != "" {
		fmt.Fprintf(&b, "arima{ model=%s }\n", o.Model)
	}
	if o.Model != "" {
		fmt.Fprintf(&b, "forecast{ maxlead=%d print=none }\n", forecastMonths)
	}
	save := o.tables()
	if o.Seats {
		fmt.Fprintf(&b, "seats{ print=none save=(%s) }\n", strings.Join(save[:], " "))
		return b.String()
	}
	mode, trend := "add", ""
	if o.Log {
		mode = "mult"
	}
	if o.TrendMA != 0 {
		trend = fmt.Sprintf(" trendma=%d", o.TrendMA)
	}
	fmt.Fprintf(&b, "x11{ mode=%s seasonalma=%s%s sigmalim=(1.5 2.5) print=none save=(%s) }\n", mode, o.SeasonalMA, trend, strings.Join(save[:], " "))
	return b.String()
}

// Run adjusts a series as Adjust would take it. The program runs in a folder
// of its own that is removed afterwards, and is ended when the context or the
// timeout says so.
func (x X13) Run(ctx context.Context, series []Observation, o X13Options) (_ *X13Result, err error) {
	if x.Path == "" {
		return nil, ErrNoX13
	}
	if o, err = o.checked(); err != nil {
		return nil, err
	}
	if err := checkSeries(series, Options{Log: o.Log, NoFestival: !o.Festival}); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "laborwatch-x13-")
	if err != nil {
		return nil, fmt.Errorf("x13: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := writeRun(dir, series, o); err != nil {
		return nil, fmt.Errorf("x13: %w", err)
	}
	if err := x.execute(ctx, dir); err != nil {
		return nil, err
	}
	return readRun(dir, series, o)
}

func writeRun(dir string, series []Observation, o X13Options) error {
	var data strings.Builder
	for _, v := range series {
		fmt.Fprintln(&data, strconv.FormatFloat(v.Value, 'g', -1, 64))
	}
	files := map[string]string{x13Name + ".spc": o.spec(series[0].Month), x13Name + ".dat": data.String()}
	if o.Festival {
		var table strings.Builder
		months := period.Range(series[0].Month, series[len(series)-1].Month.Add(festivalMonths))
		var columns [len(parts)][]float64
		for part := range parts {
			var err error
			if columns[part], err = o.Windows.regressor(part, months); err != nil {
				return err
			}
		}
		for i := range months {
			fmt.Fprintf(&table, "%.12f %.12f %.12f\n", columns[0][i], columns[1][i], columns[2][i])
		}
		files["festival.dat"] = table.String()
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (x X13) execute(ctx context.Context, dir string) error {
	path, err := exec.LookPath(x.Path)
	if err != nil {
		return fmt.Errorf("x13: %w; check the configured path", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return fmt.Errorf("x13: %w", err)
	}
	timeout := x.Timeout
	if timeout == 0 {
		timeout = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, x13Name, "-q")
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	err = cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("x13: the program did not finish within %s: %w", timeout, ctx.Err())
	}
	// The program exits with 0 on most of its errors and writes them down.
	if said := complaint(dir); strings.Contains(said, "ERROR:") {
		return fmt.Errorf("x13: the program said: %s", said)
	}
	if err != nil {
		return fmt.Errorf("x13: the program failed: %w", err)
	}
	return nil
}

var x13Markup = regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>`)

// complaint is what the program's error file says, cut short. The edition that
// writes HTML has another name for it.
func complaint(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, x13Name+".err"))
	if err != nil {
		b, err = os.ReadFile(filepath.Join(dir, x13Name+"_err.html"))
	}
	if err != nil {
		return "nothing"
	}
	said := x13Markup.ReplaceAllString(string(b), " ")
	if from := strings.Index(said, "ERROR:"); from > 0 {
		said = said[from:]
	}
	words := strings.Fields(said)
	return strings.Join(words[:min(len(words), 120)], " ")
}

func readRun(dir string, series []Observation, o X13Options) (*X13Result, error) {
	r := &X13Result{}
	for _, v := range series {
		r.Months, r.Original = append(r.Months, v.Month), append(r.Original, v.Value)
	}
	columns := [...]*[]float64{&r.Seasonal, &r.Adjusted, &r.Trend, &r.Irregular}
	for i, table := range o.tables() {
		f, err := os.Open(filepath.Join(dir, x13Name+"."+table))
		if err != nil {
			return nil, fmt.Errorf("x13: the program wrote no table %s; it said: %s: %w", table, complaint(dir), err)
		}
		values, err := readTable(f, r.Months)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("x13: table %s: %w", table, err)
		}
		*columns[i] = values
	}
	r.Festival = make([]float64, len(series))
	for i, v := range series {
		r.Festival[i] = v.Value - r.Seasonal[i] - r.Adjusted[i]
		if o.Log {
			r.Festival[i] = v.Value / r.Seasonal[i] / r.Adjusted[i]
		}
	}
	return r, nil
}

// readTable reads a saved table: a line of names, a line of dashes, then the
// month as YYYYMM, a tab and a number such as +0.899261312702E+00. It must
// hold exactly the months.
func readTable(r io.Reader, months []period.Period) ([]float64, error) {
	var out []float64
	s := bufio.NewScanner(r)
	for line := 1; s.Scan(); line++ {
		fields := strings.Fields(s.Text())
		if line <= 2 || len(fields) == 0 {
			continue
		}
		if len(fields) != 2 || len(fields[0]) != 6 {
			return nil, fmt.Errorf("line %d: want a month and a number, have %q", line, s.Text())
		}
		month, err := period.Parse(fields[0][:4] + "-" + fields[0][4:])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		v, err := strconv.ParseFloat(fields[1], 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("line %d: %q is no number", line, fields[1])
		}
		if len(out) >= len(months) || month != months[len(out)] {
			return nil, fmt.Errorf("line %d: %s is not the month that comes next", line, month)
		}
		out = append(out, v)
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	if len(out) != len(months) {
		return nil, fmt.Errorf("%d months, want %d", len(out), len(months))
	}
	return out, nil
}
