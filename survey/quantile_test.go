package survey

import (
	"math"
	"testing"
)

// TestQuantileValues holds quantiles to R's survey 4.1-1 (R 4.2.2), as
//
//	d <- svydesign(id=~1, strata=~stype, weights=~pw, data=apistrat)
//	svyquantile(~api00, d, .5, ci=TRUE, interval.type="mean", qrule="math", df=degf(d))
//
// and likewise for the others; the panel's design has lonely PSUs adjusted.
func TestQuantileValues(t *testing.T) {
	type want struct{ value, low, high, se float64 }
	check := func(name string, q Quantile, ok bool, w want) {
		t.Run(name, func(t *testing.T) {
			if !ok || !q.Told || q.Value != w.value || q.Low != w.low || q.High != w.high {
				t.Errorf("%+v, want %+v", q, w)
			}
			agree(t, q.SE, w.se, 1e-9)
		})
	}
	s := openSchools(t, "apistrat_nofpc")
	api := s.d.Quantiles(s.f.Numbers(t, "api00"))
	q, ok := api.Of(.5, .95, nil)
	check("apistrat api00 0.5", q, ok, want{668, 641, 695, 13.6911348569})
	q, ok = api.Of(.25, .95, nil)
	check("apistrat api00 0.25", q, ok, want{565, 535, 597, 15.7194511320})
	q, ok = s.d.Quantiles(s.f.Numbers(t, "enroll")).Of(.5, .95, s.where(t, "comp.imp=No"))
	check("apistrat enroll 0.5 | comp.imp=No", q, ok, want{529, 444, 635, 47.9975154245})
	s = openSchools(t, "apiclus1_nofpc")
	q, ok = s.d.Quantiles(s.f.Numbers(t, "api00")).Of(.5, .95, nil)
	check("apiclus1 api00 0.5", q, ok, want{652, 559, 715, 36.3672529485})
	p := openPanel(t)
	d, rows := p.only(t, Adjust, func(i int) bool { return p.month[i] == "2024-01" })
	q, ok = d.Quantiles(pick(p.hours, rows)).Of(.5, .95, func(k int) bool { return p.status[rows[k]] == 1 })
	check("lfs_synth hours of the employed 0.5", q, ok, want{40, 40, 48, 1.89590030618})
}

func TestQuantileOfFew(t *testing.T) {
	d, err := New(Sample{Weight: []float64{1, 2}, Stages: []Stage{{Cluster: []int32{1, 1}}}, Lonely: Remove})
	if err != nil {
		t.Fatal(err)
	}
	q, ok := d.Quantiles([]float64{3, 5}).Of(.5, .95, nil)
	if !ok || q.Value != 5 || q.Told || q.N != 2 {
		t.Errorf("one PSU: %+v", q)
	}
	if _, ok := d.Quantiles([]float64{math.NaN(), math.NaN()}).Of(.5, .95, nil); ok {
		t.Error("a quantile of nobody")
	}
}
