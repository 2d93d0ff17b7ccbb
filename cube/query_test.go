package cube

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"laborwatch/engine"
	"laborwatch/messages"
	"laborwatch/period"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// ask runs a query given in the command line's words.
func ask(t *testing.T, indicator, months, by string, where ...string) (*Result, error) {
	t.Helper()
	spec, err := ParseSpec(indicator, months, by, where)
	if err != nil {
		return nil, err
	}
	return Query(t.Context(), smallCube(t), testCatalog(t), spec)
}

func mustAsk(t *testing.T, indicator, months, by string, where ...string) *Result {
	t.Helper()
	r, err := ask(t, indicator, months, by, where...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func rowsOf(t *testing.T, r *Result) []Observation {
	t.Helper()
	rows, err := r.Rows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestQuerySemantics(t *testing.T) {
	for _, c := range []struct {
		name, months, by string
		where            []string
		want             string
	}{
		{"the city alone", "2026-10", "", nil, "2026-10 _T _T"},
		{"every month", "", "", nil, "2026-09 _T _T, 2026-10 _T _T"},
		{"city first, then regions", "2026-10", "region", nil, "2026-10 _T _T, 2026-10 410402 _T, 2026-10 410482 _T"},
		{"two dimensions", "2026-10", "sex,region", nil, "2026-10 _T _T, 2026-10 _T F, 2026-10 _T M, 2026-10 410402 _T, 2026-10 410402 F, " +
			"2026-10 410402 M, 2026-10 410482 _T, 2026-10 410482 F, 2026-10 410482 M"},
		{"a fixed code", "2026-10", "", []string{"sex=F"}, "2026-10 _T F"},
		{"a name for a code", "2026-10", "", []string{"region=新华区", "sex=women"}, "2026-10 410402 F"},
		{"either of two", "2026-10", "", []string{"sex=F", "sex=M"}, "2026-10 _T F, 2026-10 _T M"},
		{"by and where", "2026-10", "region,sex", []string{"region=410482"}, "2026-10 410482 _T, 2026-10 410482 F, 2026-10 410482 M"},
		{"a total asked for", "2026-10", "region", []string{"region=_T"}, "2026-10 _T _T"},
		{"a range", "2026-10..2026-12", "region", nil, "2026-10 _T _T, 2026-10 410402 _T, 2026-10 410482 _T, 2026-11 410402 _T"},
		{"a code without rows", "2026-10", "", []string{"age=Y16T24"}, ""},
		{"a month without rows", "2020-01", "", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, o := range rowsOf(t, mustAsk(t, Headline, c.months, c.by, c.where...)) {
				got = append(got, fmt.Sprint(o.Period, " ", o.Region, " ", o.Sex))
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
		})
	}
}

func TestQueryMistakes(t *testing.T) {
	for _, c := range []struct {
		name, indicator, months, by string
		where                       []string
		want                        []string
	}{
		{"indicator", "unemployment_rate", "", "", nil, []string{"did you mean", "surveyed_unemployment_rate", "registered_unemployed", "_mom"}},
		{"dimension", Headline, "", "regoin", nil, []string{`--by: no dimension "regoin"; did you mean region?`, "region, sex, age, pop_group"}},
		{"not broken down", Headline, "", "industry", nil, []string{"is not broken down by industry", "region, sex"}},
		{"where dimension", Headline, "", "", []string{"county=410402"}, []string{`--where: no dimension "county"`}},
		{"value", Headline, "", "", []string{"region=410420"}, []string{`no region "410420"; did you mean 410402`, "410402 新华区"}},
		{"name", Headline, "", "", []string{"region=新化区"}, []string{"did you mean 新华区?"}},
		{"quote", Headline, "", "", []string{"region=x' OR 1=1 --"}, []string{"no region"}},
		{"where form", Headline, "", "", []string{"region"}, []string{"want dimension=code"}},
		{"period", Headline, "2026-13", "", nil, []string{"--period", "2026-13"}},
		{"period order", Headline, "2026-10..2026-01", "", nil, []string{"the end is before the start"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ask(t, c.indicator, c.months, c.by, c.where...)
			var mistake *SpecError
			if !errors.As(err, &mistake) {
				t.Fatalf("want a mistake, got %v", err)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is missing from:\n%v", w, err)
				}
			}
		})
	}
	if _, err := ParseFormat("xml"); err == nil || !strings.Contains(err.Error(), "parquet") {
		t.Errorf("a format that is none: %v", err)
	}
}

func TestQueryByNameOfIndicator(t *testing.T) {
	if r := mustAsk(t, "调查失业率", "2026-10", ""); r.Indicator.Code != Headline {
		t.Errorf("got %s", r.Indicator.Code)
	}
}

func TestQueryBeforeTheFirstRun(t *testing.T) {
	_, err := Query(t.Context(), warehouse(t), testCatalog(t), QuerySpec{Indicator: Headline})
	if err == nil || !strings.Contains(err.Error(), "Try: laborwatch transform") {
		t.Errorf("got %v", err)
	}
	if err := Export(t.Context(), warehouse(t), filepath.Join(t.TempDir(), "x.csv")); err == nil || !strings.Contains(err.Error(), "Try:") {
		t.Errorf("export: %v", err)
	}
}

func write(t *testing.T, r *Result, o WriteOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(t.Context(), &b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Every format but the table gives back the very rows.
func TestFormatsRoundTrip(t *testing.T) {
	for _, indicator := range []string{Headline, "insured_persons"} {
		by := map[string]string{Headline: "region,sex", "insured_persons": "industry,enterprise"}[indicator]
		r := mustAsk(t, indicator, "", by)
		want := rowsOf(t, r)
		if len(want) < 5 {
			t.Fatalf("only %d rows", len(want))
		}
		for name, read := range map[Format]func(*testing.T, string) []Observation{
			CSV: readCSV, JSON: readJSON, Arrow: readArrow, Parquet: readParquet,
		} {
			t.Run(indicator+" "+string(name), func(t *testing.T) {
				got := read(t, write(t, r, WriteOptions{Format: name, TempDir: t.TempDir()}))
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%d rows differ from %d:\n%+v\n%+v", len(got), len(want), got[0], want[0])
				}
			})
		}
	}
}

func TestEmptyResults(t *testing.T) {
	r := mustAsk(t, Headline, "2020-01", "")
	if got := write(t, r, WriteOptions{Lang: messages.EN}); got != "No figures match.\n" {
		t.Errorf("table: %q", got)
	}
	if got := write(t, r, WriteOptions{Format: JSON}); got != "[\n]\n" {
		t.Errorf("json: %q", got)
	}
	if got := readArrow(t, write(t, r, WriteOptions{Format: Arrow})); len(got) != 0 {
		t.Errorf("arrow: %v", got)
	}
	if got := readParquet(t, write(t, r, WriteOptions{Format: Parquet})); len(got) != 0 {
		t.Errorf("parquet: %v", got)
	}
	if got := write(t, r, WriteOptions{Format: CSV, BOM: true}); got != "\ufeff"+strings.Join(columns(), ",")+"\n" {
		t.Errorf("csv: %q", got)
	}
}

func TestTableGolden(t *testing.T) {
	for name, c := range map[string]struct {
		r    *Result
		lang messages.Lang
	}{
		"rate_zh":    {mustAsk(t, Headline, "2026-10..2026-11", "region,sex"), messages.ZH},
		"rate_en":    {mustAsk(t, Headline, "2026-10", "region"), messages.EN},
		"insured_zh": {mustAsk(t, "insured_persons", "", "industry"), messages.ZH},
	} {
		t.Run(name, func(t *testing.T) {
			got := write(t, c.r, WriteOptions{Format: Table, Lang: c.lang})
			file := filepath.Join("testdata", "table_"+name+".txt")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || got != string(want) {
				t.Errorf("%v; got\n%s\nwant\n%s", err, got, want)
			}
		})
	}
}

// Columns are aligned in the terminal's cells, in which a Chinese character takes two.
func TestTableIsAligned(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(write(t, mustAsk(t, Headline, "2026-10", "region,sex"), WriteOptions{})), "\n")
	column := cellWidth(lines[0][:strings.Index(lines[0], "调查失业率")]) + cellWidth("调查失业率")
	for _, l := range lines[1:] {
		i := strings.Index(l, "%") + 1
		if got := cellWidth(l[:i]); got != column {
			t.Errorf("the rate ends in cell %d, want %d: %s", got, column, l)
		}
	}
}

func TestFormatsOfValues(t *testing.T) {
	c := testCatalog(t)
	for _, x := range []struct {
		code string
		v    float64
		want string
	}{
		{Headline, .0528, "5.3%"},
		{Headline, .052449999, "5.2%"},
		{Headline, math.NaN(), "–"},
		{"surveyed_unemployment_rate_mom", .00312, "+0.3个百分点"},
		{"surveyed_unemployment_rate_yoy", -.0121, "-1.2个百分点"},
		{"surveyed_unemployment_rate_yoy", -.0001, "0.0个百分点"},
		{"surveyed_unemployment_rate_yoy", .0001, "0.0个百分点"},
		{"insured_persons", 1234567, "1,234,567"},
		{"insured_persons_yoy", .0214, "+2.1%"},
		{"openings_to_seekers_ratio", 1.234, "1.23"},
		{"openings_to_seekers_ratio_mom", .05, "+0.05"},
		{"mean_weekly_hours", 46.54, "46.5"},
		{"median_monthly_wage", 412345, "4,123"}, // fen, read in yuan
	} {
		i, ok := c.Get(x.code)
		if got := i.Format(messages.ZH, x.v); !ok || got != x.want {
			t.Errorf("%s %v = %q, want %q", x.code, x.v, got, x.want)
		}
	}
	i, _ := c.Get(Headline)
	if got := i.FormatSE(messages.EN, .00212906); got != "0.21 pp" {
		t.Errorf("SE = %q", got)
	}
	if got := i.FormatInterval(messages.EN, .049, .0571); got != "4.9–5.7%" {
		t.Errorf("interval = %q", got)
	}
	i, _ = c.Get("surveyed_unemployed")
	if got := i.FormatSE(messages.ZH, 14530.92); got != "14,531" {
		t.Errorf("SE of a count = %q", got)
	}
}

func TestExport(t *testing.T) {
	p := smallCube(t)
	dir := t.TempDir()
	one, two := filepath.Join(dir, "it's.csv"), filepath.Join(dir, "two.csv")
	if err := Export(t.Context(), p, one); err != nil {
		t.Fatal(err)
	}
	// The same rows in another physical order give the same bytes.
	p.exec(t, "CREATE TABLE wh.main.copy AS SELECT * FROM wh.main.observations ORDER BY n, value")
	p.exec(t, "DROP TABLE wh.main.observations")
	p.exec(t, "CREATE VIEW wh.main.observations AS SELECT * FROM wh.main.copy")
	if err := Export(t.Context(), p, two); err != nil {
		t.Fatal(err)
	}
	a, err := os.ReadFile(one)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(two)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("exports differ (%v)", err)
	}
	if got := bytes.Count(a, []byte("\n")); got != 1+readSmall(t, SnapshotOptions{MinInsured: 1}).Len() {
		t.Errorf("%d lines", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func readJSON(t *testing.T, text string) []Observation {
	t.Helper()
	var out []Observation
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func readCSV(t *testing.T, text string) []Observation {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !slices.Equal(records[0], columns()) {
		t.Fatal(err, records[0])
	}
	var out []Observation
	for _, r := range records[1:] {
		var o Observation
		cells := map[string]any{}
		for i, name := range columns() {
			cells[name] = r[i]
			if i >= 9 && i < 16 {
				cells[name] = json.RawMessage(map[bool]string{true: "null", false: r[i]}[r[i] == ""])
			}
		}
		b, err := json.Marshal(cells)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &o); err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

func readArrow(t *testing.T, text string) []Observation {
	t.Helper()
	r, err := ipc.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	var out []Observation
	for r.Next() {
		rec := r.RecordBatch()
		for i := range int(rec.NumRows()) {
			var o Observation
			o.Period = period.FromTime(rec.Column(0).(*array.Date32).Value(i).ToTime())
			for j, p := range []*string{&o.Indicator, &o.Region, &o.Sex, &o.Age, &o.PopGroup, &o.Industry, &o.Occupation, &o.Enterprise} {
				*p = strings.Clone(rec.Column(1 + j).(*array.String).Value(i))
			}
			for j, p := range []**float64{&o.Value, &o.Numerator, &o.Denominator, &o.SE, &o.CILow, &o.CIHigh} {
				if c := rec.Column(9 + j).(*array.Float64); c.IsValid(i) {
					v := c.Value(i)
					*p = &v
				}
			}
			if c := rec.Column(15).(*array.Int64); c.IsValid(i) {
				v := c.Value(i)
				o.N = &v
			}
			o.ObsStatus, o.Quality = strings.Clone(rec.Column(16).(*array.String).Value(i)), strings.Clone(rec.Column(17).(*array.String).Value(i))
			o.Reason = strings.Clone(rec.Column(18).(*array.String).Value(i))
			out = append(out, o)
		}
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return out
}

// readParquet has DuckDB read the file.
func readParquet(t *testing.T, text string) []Observation {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rows.parquet")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	rows, err := warehouse(t).DB().QueryContext(t.Context(), strings.Replace(selectRows, table, "read_parquet("+engine.Quote(file)+")", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []Observation
	for rows.Next() {
		o, err := scan(rows)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
