package release

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"laborwatch/cube"
	"laborwatch/messages"
	"laborwatch/period"
)

// bom makes Chinese Excel read a CSV file as UTF-8.
const bom = "\ufeff"

// The columns of observations.csv: the cube's own.
var observationColumns = []string{
	"period", "indicator", "region", "sex", "age", "pop_group", "industry", "occupation", "enterprise",
	"value", "numerator", "denominator", "se", "ci_low", "ci_high", "n", "obs_status", "quality", "reason",
}

// table2csv writes rows with a header.
func table2csv(head []string, rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(head); err != nil {
		return nil, err
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// observationsCSV holds the release's figures with codes and full precision.
func observationsCSV(list []cube.Observation) ([]byte, error) {
	rows := make([][]string, 0, len(list))
	for _, o := range list {
		rows = append(rows, []string{
			o.Period.String(), o.Indicator, o.Region, o.Sex, o.Age, o.PopGroup, o.Industry, o.Occupation, o.Enterprise,
			exact(o.Value), exact(o.Numerator), exact(o.Denominator), exact(o.SE), exact(o.CILow), exact(o.CIHigh),
			integer(o.N), o.ObsStatus, o.Quality, o.Reason,
		})
	}
	return table2csv(observationColumns, rows)
}

// excelCSV is the same with names in Chinese and a byte order mark.
func excelCSV(cat *cube.Catalog, list []cube.Observation) ([]byte, error) {
	head := []string{messages.T("zh", "cube.period"), messages.T("zh", "release.csv.indicator"), messages.T("zh", "release.csv.unit")}
	dims := cube.Dims()[:len(cube.Dims())-1] // never the employer
	for _, d := range dims {
		head = append(head, cat.DimName("zh", d))
	}
	for _, k := range []string{"release.csv.value", "cube.se", "release.csv.low", "release.csv.high", "cube.n", "cube.status", "cube.quality", "cube.reason"} {
		head = append(head, messages.T("zh", k))
	}
	rows := make([][]string, 0, len(list))
	for _, o := range list {
		ind, _ := cat.Get(o.Indicator)
		row := []string{o.Period.String(), ind.Name.ZH, messages.T("zh", "release.unit."+string(ind.Unit))}
		for _, d := range dims {
			row = append(row, cat.Label("zh", d, o.Dim(d)))
		}
		row = append(row, exact(o.Value), exact(o.SE), exact(o.CILow), exact(o.CIHigh), integer(o.N), o.ObsStatus)
		rows = append(rows, append(row, qualityWord(o.Quality), reasonWord(o.Reason)))
	}
	b, err := table2csv(head, rows)
	return append([]byte(bom), b...), err
}

func reasonWord(r string) string {
	if r == "" {
		return ""
	}
	return messages.T("zh", "cube.reason."+r)
}

func qualityWord(q string) string {
	if key := "cube.quality." + q; q != "" && messages.Has(key) {
		return messages.T("zh", key)
	}
	return q
}

// dictionaryCSV explains the indicators of the release.
func dictionaryCSV(cat *cube.Catalog, list []cube.Observation) ([]byte, error) {
	var rows [][]string
	last := ""
	for _, o := range list { // ordered by indicator
		if o.Indicator == last {
			continue
		}
		last = o.Indicator
		ind, _ := cat.Get(o.Indicator)
		rows = append(rows, []string{
			ind.Code, ind.Name.ZH, ind.Name.EN, string(ind.Unit), ind.Source, ind.Definition.ZH, ind.Definition.EN,
		})
	}
	return table2csv([]string{"indicator", "name_zh", "name_en", "unit", "source", "definition_zh", "definition_en"}, rows)
}

func alertsCSV(list []alertCount) ([]byte, error) {
	var rows [][]string
	for _, c := range list {
		rows = append(rows, []string{strconv.Itoa(c.Level), c.Scope, c.Region, c.Industry, strconv.Itoa(c.Count)})
	}
	return table2csv([]string{"level", "scope", "region", "industry_section", "alerts"}, rows)
}

func exact(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

func integer(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// readObservations reads an observations.csv back: keys and values alone.
func readObservations(r io.Reader) (map[cube.Key]*float64, error) {
	in := csv.NewReader(r)
	rows, err := in.ReadAll() // all of them as long as the header
	if err != nil {
		return nil, err
	}
	// Releases of earlier versions lack the columns that came later, at the end.
	if read := 2 + len(cube.Dims()) + 1; len(rows) == 0 || len(rows[0]) < read || !slices.Equal(rows[0][:read], observationColumns[:read]) {
		return nil, fmt.Errorf("line 1: want the columns %s", strings.Join(observationColumns[:read], ","))
	}
	out := map[cube.Key]*float64{}
	for i, row := range rows {
		if i == 0 {
			continue
		}
		p, err := period.Parse(row[0])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		k := cube.K(row[1], p)
		for j, d := range cube.Dims() {
			k = k.With(d, row[2+j])
		}
		out[full(k)] = nil
		if row[9] == "" {
			continue
		}
		v, err := strconv.ParseFloat(row[9], 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		out[full(k)] = &v
	}
	return out, nil
}

// readAlerts reads an alerts.csv back.
func readAlerts(name string) ([]alertCount, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var out []alertCount
	for _, row := range rows[1:] {
		level, lerr := strconv.Atoi(row[0])
		count, cerr := strconv.Atoi(row[4])
		if err := errors.Join(lerr, cerr); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, alertCount{Level: level, Scope: row[1], Region: row[2], Industry: row[3], Count: count})
	}
	return out, nil
}
