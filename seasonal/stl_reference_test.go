package seasonal

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"laborwatch/period"
	"laborwatch/referencetest"
)

// table reads a reference file of numbers after a first column of months.
func table(t *testing.T, name string) (months []period.Period, columns map[string][]float64) {
	t.Helper()
	f := referencetest.Read(t, name)
	for _, r := range f.Rows {
		p, err := period.Parse(r[0])
		if err != nil {
			t.Fatal(err)
		}
		months = append(months, p)
	}
	columns = map[string][]float64{}
	for _, column := range f.Head[1:] {
		columns[column] = f.Numbers(t, column)
	}
	return months, columns
}

// middleOfR is the median as R's stl takes it: partial sorting (Chambers,
// Communications of the ACM 14 (1971) 357–358, algorithm 410) for the ranks
// n/2+1 and n−n/2. The algorithm wants the ranks ascending and is given them
// descending, so that a partition that falls between the two leaves the upper
// one unsorted. The reference file holds what comes of that.
func middleOfR(v []float64) float64 {
	a := append([]float64{0}, v...) // ranks count from 1
	n := len(v)
	partialSort(a, 1, n, []int{n/2 + 1, n - n/2})
	return (a[n/2+1] + a[n-n/2]) / 2
}

func partialSort(a []float64, i, j int, ranks []int) {
	if len(ranks) == 0 {
		return
	}
	if j-i <= 10 {
		slices.Sort(a[i : j+1])
		return
	}
	// Of the first, the middle and the last, the median goes to the middle.
	mid := (i + j) / 2
	if a[i] > a[mid] {
		a[i], a[mid] = a[mid], a[i]
	}
	if a[j] < a[mid] {
		a[j], a[mid] = a[mid], a[j]
		if a[i] > a[mid] {
			a[i], a[mid] = a[mid], a[i]
		}
	}
	pivot, k, l := a[mid], i, j
	for {
		for l--; a[l] > pivot; l-- {
		}
		for k++; a[k] < pivot; k++ {
		}
		if k > l {
			break
		}
		a[k], a[l] = a[l], a[k]
	}
	// The shorter part claims ranks from its own end of the list.
	cut := 0
	if l-i <= j-k {
		for cut = len(ranks); cut > 0 && ranks[cut-1] > l; cut-- {
		}
	} else {
		for cut < len(ranks) && ranks[cut] < k {
			cut++
		}
	}
	partialSort(a, i, l, ranks[:cut])
	partialSort(a, k, j, ranks[cut:])
}

func TestReferenceSTL(t *testing.T) {
	handlers := map[string]Parameters{
		"stl_logair_s13_robust.csv":    {Period: 12, SeasonalWindow: 13, Robust: true},
		"stl_logco2_s21.csv":           {Period: 12, SeasonalWindow: 21},
		"stl_nottem_periodic.csv":      {Period: 12, Periodic: true},
		"stl_nottem_s7_t23_nojump.csv": {Period: 12, SeasonalWindow: 7, TrendWindow: 23, SeasonalJump: 1, TrendJump: 1, LowPassJump: 1},
	}
	files, err := filepath.Glob(referencetest.Path(t, "vectors/stl_*.csv"))
	if err != nil || len(files) != len(handlers) {
		t.Fatalf("%d files of STL, %d handlers, %v", len(files), len(handlers), err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		t.Run(name, func(t *testing.T) {
			p, ok := handlers[name]
			if !ok {
				t.Fatal("no handler for this file")
			}
			months, c := table(t, "vectors/"+name)
			d, err := decompose(c["y"], p, middleOfR)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string][]float64{"y": c["y"], "seasonal": d.Seasonal, "trend": d.Trend, "remainder": d.Remainder, "weights": d.Weights}
			worst := 0.0
			for i, month := range months {
				t.Run(month.String(), func(t *testing.T) {
					for column, want := range c {
						v, ok := got[column]
						if !ok {
							t.Fatalf("no handler for column %s", column)
						}
						off := math.Abs(v[i] - want[i])
						worst = max(worst, off)
						if !(off <= 1e-9) {
							t.Errorf("%s = %.15g, want %.15g", column, v[i], want[i])
						}
					}
				})
			}
			t.Logf("largest difference %.2g", worst)
		})
	}
}

// With the true median the robust decomposition stays near R's.
func TestTrueMedian(t *testing.T) {
	_, c := table(t, "vectors/stl_logair_s13_robust.csv")
	d, err := Decompose(c["y"], Parameters{Period: 12, SeasonalWindow: 13, Robust: true})
	if err != nil {
		t.Fatal(err)
	}
	far := 0.0
	for i := range c["y"] {
		far = max(far, math.Abs(d.Seasonal[i]-c["seasonal"][i]), math.Abs(d.Trend[i]-c["trend"][i]))
	}
	t.Logf("largest difference %.4f", far)
	if far > 0.0002 {
		t.Errorf("seasonal or trend is %g off", far)
	}
}
