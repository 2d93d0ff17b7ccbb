package web

import (
	"math"
	"strconv"

	"laborwatch/cube"
)

// rateTable shows the surveyed rate of places or groups with its error.
type rateTable struct {
	Rows []rateRow
	// Scale of the range plots: the city's rate in their coordinates, and the
	// values at both ends.
	CityX     string
	Low, High string
	// Registered says whether rows have a registered rate.
	Registered bool
}

// rateRow is a row, or a heading where Name alone is set.
type rateRow struct {
	Code, Name       string
	Heading, Indent  bool
	Rate, SE, N      string
	Interval, Change string
	Grade            grade
	Registered       string
	RegisteredCount  string
	// Model is the model's estimate (模型推算) with the root of its mean squared
	// error, apart from the direct ones; ModelTitle tells its interval and γ.
	Model, ModelError, ModelTitle string
	Pooled                        string // three months together
	Range                         *rangePlot
}

// rangePlot is an interval on a line of 100 units.
type rangePlot struct{ X1, X2, Dot string }

// rangeView is a range plot with the city's rate behind it.
type rangeView struct {
	Plot *rangePlot
	City string
}

// plotScale maps rates to 0–100.
type plotScale struct{ low, high float64 }

func (p plotScale) at(v float64) string {
	x := 100 * (math.Max(p.low, math.Min(v, p.high)) - p.low) / (p.high - p.low)
	return strconv.FormatFloat(x, 'f', 1, 64)
}

func (s *server) regions(v view) rateTable {
	t := rateTable{Registered: true}
	var keys []cube.Key
	city := v.city(cube.Headline)
	keys = append(keys, city)
	t.Rows = append(t.Rows, rateRow{Code: cube.Total, Name: s.city(v.lang)})
	for _, r := range s.Config.Regions {
		k := city.With(cube.Region, r.Code)
		_, survey := v.get(k)
		_, register := v.get(k.Of("registered_unemployed"))
		if r.Kind == "zone" && !survey && !register {
			continue // a zone without data of its own is counted in its counties
		}
		keys = append(keys, k)
		t.Rows = append(t.Rows, rateRow{Code: r.Code, Name: v.catalog.Label(v.lang, cube.Region, r.Code)})
	}
	t.fill(v, keys)
	return t
}

// groups shows the rate by sex, age and hukou.
func (s *server) groups(v view) rateTable {
	t := rateTable{}
	var keys []cube.Key
	city := v.city(cube.Headline)
	head := func(key string) {
		keys = append(keys, cube.Key{})
		t.Rows = append(t.Rows, rateRow{Name: v.t(key), Heading: true})
	}
	add := func(k cube.Key, dim string, indent bool) {
		keys = append(keys, k)
		t.Rows = append(t.Rows, rateRow{Code: k.Dim(dim), Name: v.catalog.Label(v.lang, dim, k.Dim(dim)), Indent: indent})
	}
	head("web.by.sex")
	for _, c := range []string{"M", "F"} {
		add(city.With(cube.Sex, c), cube.Sex, false)
	}
	head("web.by.age")
	for _, c := range []string{"Y16T24", "Y25T29", "Y30T59"} {
		add(city.With(cube.Age, c).With(cube.PopGroup, "NON_STUDENT"), cube.Age, false)
	}
	add(city.With(cube.Age, "Y_GE60"), cube.Age, false)
	head("web.by.hukou")
	for _, c := range []string{"LOCAL", "MIGRANT", "MIGRANT_AGRI"} {
		add(city.With(cube.PopGroup, c), cube.PopGroup, c == "MIGRANT_AGRI")
	}
	t.fill(v, keys)
	return t
}

// fill reads the rows' figures and puts their intervals on one scale.
func (t *rateTable) fill(v view, keys []cube.Key) {
	scale := scaleOver(v, keys)
	ind, _ := v.catalog.Get(cube.Headline)
	t.Low, t.High = ind.Format(v.lang, scale.low), ind.Format(v.lang, scale.high)
	if o, ok := v.get(v.city(cube.Headline)); ok && o.Value != nil {
		t.CityX = scale.at(*o.Value)
	}
	for i, k := range keys {
		r := &t.Rows[i]
		if r.Heading {
			continue
		}
		o, _ := v.get(k)
		o.Indicator = cube.Headline
		r.Rate, r.SE, r.N, r.Interval, r.Grade = v.value(k), points(o), v.n(o), v.interval(o), v.grade(o)
		r.Change = v.value(k.Of(cube.Headline + "_yoy"))
		if t.Registered {
			r.Registered = v.value(k.Of("registered_unemployment_rate"))
			r.RegisteredCount = v.value(k.Of("registered_unemployed"))
			r.Pooled = v.value(k.Of(cube.Headline + "_3m"))
			r.model(v, k)
		}
		if o.CILow != nil && o.CIHigh != nil {
			r.Range = &rangePlot{X1: scale.at(*o.CILow), X2: scale.at(*o.CIHigh)}
			if o.Value != nil && !unfit(o) {
				r.Range.Dot = scale.at(*o.Value)
			}
		}
	}
}

// model reads a county's estimate by the model. What is unfit shows neither
// error nor weight.
func (r *rateRow) model(v view, k cube.Key) {
	k = k.Of(cube.Headline + "_model")
	o, ok := v.get(k)
	r.Model, r.ModelError = v.value(k), none
	if !ok || unfit(o) {
		return
	}
	r.ModelError = points(o)
	gamma := none
	if g, ok := v.snap.Value(k.Of("county_model_shrinkage")); ok {
		gamma = strconv.FormatFloat(g, 'f', 2, 64)
	}
	r.ModelTitle = v.t("web.model.title", v.interval(o), gamma, cube.QualityText(v.lang, o))
}

// scaleOver spans the intervals that are fit to be read, in whole percents.
func scaleOver(v view, keys []cube.Key) plotScale {
	high := 0.01
	for _, k := range keys {
		if o, ok := v.get(k); ok && o.CIHigh != nil && !unfit(o) {
			high = math.Max(high, *o.CIHigh)
		}
	}
	return plotScale{low: 0, high: math.Ceil(high*100) / 100}
}
