package survey

import (
	"strings"
	"testing"

	"laborwatch/referencetest"
)

// calibrated schools: which margins each case was calibrated to, and the column
// of its weights.
var calibrated = map[string]struct {
	weights string
	margins []string
}{
	"cal_poststrat":               {"poststrat", []string{"stype"}},
	"cal_greg_stype":              {"greg_stype", []string{"stype"}},
	"cal_rake":                    {"rake", []string{"stype", "sch.wide"}},
	"cal_greg_stype_schwide":      {"greg_stype_schwide", []string{"stype", "sch.wide"}},
	"cal_rakingcal_stype_schwide": {"rakingcal_stype_schwide", []string{"stype", "sch.wide"}},
}

// TestCalibratedErrors reproduces errors of estimates with weights calibrated to
// factor margins. The weights are R's: what is held to account is the variance.
func TestCalibratedErrors(t *testing.T) {
	for _, e := range expectations(t, "expected_survey.csv") {
		c, ok := calibrated[e.name]
		if !ok {
			continue // numeric variables are calibrated, and tested, by the package weighting
		}
		t.Run(e.name+"|"+e.quantity, func(t *testing.T) {
			s := openSchools(t, "apiclus1")
			f := referencetest.Read(t, "vectors/apiclus1_calibrated_weights.csv")
			final := f.Numbers(t, c.weights)
			cells := &Cells{}
			of := s.cells(t, cells, c.margins, final)
			d := *s.d
			d.weight, d.calibration = final, cells.Rows(of, final)
			s.d = &d
			i := strings.LastIndex(e.quantity, ".")
			v, in := s.variable(t, e.quantity[:i])
			got, _ := d.Estimate(v, in)
			x := got.part(t, e.quantity[i+1:])
			if e.value < 1e-12 { // what the calibration fixes has no error but rounding
				if x > 1e-9 {
					t.Errorf("%g, want 0", x)
				}
				return
			}
			agree(t, x, e.value, 1e-6)
		})
	}
}

func (s schools) cells(t *testing.T, c *Cells, margins []string, final []float64) []int32 {
	t.Helper()
	var columns [][]string
	for _, m := range margins {
		columns = append(columns, s.f.Text(t, m))
	}
	number := map[string]int32{}
	cells := map[string]int32{}
	var of []int32
	for i := range s.f.Rows {
		key, x := "", []int32(nil)
		for j, col := range columns {
			cat := margins[j] + "=" + col[i]
			n, ok := number[cat]
			if !ok {
				n = int32(len(number))
				number[cat] = n
			}
			x = append(x, n)
			key += cat + ";"
		}
		k, ok := cells[key]
		if !ok {
			k = int32(len(cells))
			cells[key] = k
			c.X = append(c.X, x)
			c.Base = append(c.Base, 0)
			c.Final = append(c.Final, 0)
		}
		c.Base[k] += s.d.weight[i]
		c.Final[k] += final[i]
		of = append(of, k)
	}
	if err := c.Prepare(); err != nil {
		t.Fatal(err)
	}
	return of
}
