package survey

import (
	"errors"
	"fmt"
	"math"
)

// Lonely is what becomes of a stratum with a single cluster, whose variance the
// sample cannot tell. The rules and their names are those of R's survey package.
type Lonely string

// The rules.
const (
	// Adjust lets the cluster deviate from the mean over all: of a linearised
	// value that is 0.
	Adjust Lonely = "adjust"
	// Average gives the stratum the mean variance of the others.
	Average Lonely = "average"
	// Certainty takes the cluster as selected for certain: no variance.
	Certainty Lonely = "certainty"
	// Remove leaves the stratum out: no variance either.
	Remove Lonely = "remove"
)

// Stage is one stage of selection.
type Stage struct {
	// Cluster of every row; numbers may repeat in other strata or other clusters
	// of the stage above.
	Cluster []int32
	// Stratum of every row within the stage; nil for none.
	Stratum []int32
	// Population is how many clusters the row's stratum has in the population;
	// nil for sampling with replacement, or so many that it makes no difference.
	Population []float64
}

// Sample is a sample's design: a row for every person, or for every cell of
// persons who are alike.
type Sample struct {
	Weight []float64
	// Stages from the first. Those after the first matter only where every one
	// before has a Population.
	Stages []Stage
	Lonely Lonely
	// Calibration explains part of the estimates; nil for none.
	Calibration Calibration
}

// Calibration takes out of linearised values what the variables explain that the
// weights were calibrated on. z holds one column an estimate, with a weighted
// value for each row; they are replaced by their residuals.
type Calibration interface {
	Residuals(z [][]float64)
}

// Design is a validated sample, ready for estimates.
type Design struct {
	weight      []float64
	calibration Calibration
	lonely      Lonely
	levels      []level
}

// level is a stage with its clusters and strata numbered.
type level struct {
	cluster []int32 // of each row
	stratum []int32 // of each cluster
	parent  []int32 // of each stratum: the cluster of the stage above
	parents int
	size    []float64 // clusters of each stratum
	// scale of each stratum's sum of squares: f·n/(n−1), times n/N of the stages above.
	scale []float64
}

// New checks a sample. The error names the first row at fault of each kind.
func New(s Sample) (*Design, error) {
	d := &Design{weight: s.Weight, calibration: s.Calibration, lonely: s.Lonely}
	switch s.Lonely {
	case "":
		d.lonely = Adjust
	case Adjust, Average, Certainty, Remove:
	default:
		return nil, fmt.Errorf("lonely PSU rule %q: want %s, %s, %s or %s", s.Lonely, Adjust, Average, Certainty, Remove)
	}
	if len(s.Stages) == 0 {
		return nil, errors.New("a design needs at least one stage: the PSUs")
	}
	for i, w := range s.Weight {
		if math.IsNaN(w) || math.IsInf(w, 0) || w < 0 {
			return nil, fmt.Errorf("row %d: weight %v: want a number of 0 or more", i+1, w)
		}
	}
	above := make([]int32, len(s.Weight)) // the cluster of the stage above: none
	factor := []float64{1}
	for i, st := range s.Stages {
		l, next, err := newLevel(st, above, factor, len(s.Weight))
		if err != nil {
			return nil, fmt.Errorf("stage %d: %w", i+1, err)
		}
		d.levels = append(d.levels, l)
		if st.Population == nil {
			break // with replacement, the first stage tells all
		}
		above, factor = l.cluster, next
	}
	return d, nil
}

// newLevel numbers a stage's strata and clusters. factor is what each cluster
// above multiplies the variance within it by.
func newLevel(st Stage, above []int32, factor []float64, rows int) (level, []float64, error) {
	l := level{cluster: make([]int32, rows), parents: len(factor)}
	if len(st.Cluster) != rows || (st.Stratum != nil && len(st.Stratum) != rows) || (st.Population != nil && len(st.Population) != rows) {
		return l, nil, fmt.Errorf("%d rows have weights, %d clusters, %d strata, %d population counts", rows, len(st.Cluster), len(st.Stratum), len(st.Population))
	}
	type stratum struct{ above, code int32 }
	type cluster struct{ stratum, code int32 }
	strata, clusters := map[stratum]int32{}, map[cluster]int32{}
	var population []float64
	for i := range rows {
		k := stratum{above: above[i]}
		if st.Stratum != nil {
			k.code = st.Stratum[i]
		}
		h, ok := strata[k]
		if !ok {
			h = int32(len(strata))
			strata[k] = h
			l.parent = append(l.parent, k.above)
			l.size = append(l.size, 0)
			n := math.Inf(1)
			if st.Population != nil {
				n = st.Population[i]
			}
			population = append(population, n)
		}
		if st.Population != nil && st.Population[i] != population[h] {
			return l, nil, fmt.Errorf("row %d: its stratum has %v clusters in the population, and %v by another row", i+1, st.Population[i], population[h])
		}
		c, ok := clusters[cluster{h, st.Cluster[i]}]
		if !ok {
			c = int32(len(clusters))
			clusters[cluster{h, st.Cluster[i]}] = c
			l.stratum = append(l.stratum, h)
			l.size[h]++
		}
		l.cluster[i] = c
	}
	within := make([]float64, len(l.stratum))
	for h, n := range l.size {
		f := 1.0
		if !math.IsInf(population[h], 1) {
			if !(population[h] >= n) {
				return l, nil, fmt.Errorf("a stratum has %v clusters in the sample and %v in the population", n, population[h])
			}
			f = (population[h] - n) / population[h]
		}
		if f < 1e-7 {
			f = 0
		}
		if n > 1 {
			f *= n / (n - 1)
		}
		l.scale = append(l.scale, f*factor[l.parent[h]])
	}
	for c, h := range l.stratum {
		within[c] = factor[l.parent[h]] * l.size[h] / population[h]
	}
	return l, within, nil
}

// Rows is the number of rows.
func (d *Design) Rows() int { return len(d.weight) }

// PSUs and Strata are the numbers of the first stage.
func (d *Design) PSUs() int { return len(d.levels[0].stratum) }

// Strata is the number of strata of the first stage.
func (d *Design) Strata() int { return len(d.levels[0].size) }

// LonelyStrata is how many strata of the first stage have a single PSU.
func (d *Design) LonelyStrata() int {
	n := 0
	for _, s := range d.levels[0].size {
		if s == 1 {
			n++
		}
	}
	return n
}

// DF are the degrees of freedom of estimates over some rows (nil: all): PSUs
// less strata that hold a row of weight above 0.
func (d *Design) DF(in func(row int) bool) int {
	l := d.levels[0]
	psus, strata := make([]bool, len(l.stratum)), make([]bool, len(l.size))
	df := 0
	for i, c := range l.cluster {
		if psus[c] || d.weight[i] == 0 || (in != nil && !in(i)) {
			continue
		}
		psus[c] = true
		df++
		if h := l.stratum[c]; !strata[h] {
			strata[h] = true
			df--
		}
	}
	return df
}
