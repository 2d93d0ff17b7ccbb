package config

import (
	"fmt"
	"slices"
	"strings"
)

// Weighting says how the survey's weights come about.
type Weighting struct {
	// Method is calibrated (from base weights to the population totals), given
	// (the extract's final weights), or auto: calibrated in the months that
	// have base weights and totals, given in the others.
	Method string `yaml:"method"`
	// ResponseFloor is the weighted response rate below which a class of
	// non-response is joined with the rest of its stratum.
	ResponseFloor float64 `yaml:"response_floor"`
	// Distance is linear, raking or logit; Bounds hold the logit's g weights.
	Distance string    `yaml:"distance"`
	Bounds   []float64 `yaml:"bounds"`
	// Margins are sets of margins, tried in order until one converges.
	Margins [][]Margin `yaml:"margins"`
	// Trim caps a weight at so many times the median of its stratum; 0 never.
	Trim float64 `yaml:"trim"`
}

// Margin is a cross of population dimensions that weights are made to add up to.
type Margin []string

// CountyModel sets the county estimates (Fay–Herriot).
type CountyModel struct {
	Method string `yaml:"method"` // reml, ml, fh or pr
	Months int    `yaml:"months"` // pooled; 1 to 3
	// Covariates of the regression, by their names in core_county_covariate.
	Covariates []string `yaml:"covariates"`
}

// Seasonal sets the seasonal adjustment.
type Seasonal struct {
	MinMonths int    `yaml:"min_months"` // 60 at least
	Festival  bool   `yaml:"festival"`
	X13       string `yaml:"x13"` // path of the program; STL where empty
}

// The choices that the configuration may name.
var (
	WeightingMethods = []string{"auto", "calibrated", "given"}
	Distances        = []string{"linear", "logit", "raking"}
	MarginDimensions = []string{"region", "sex", "age", "hukou"}
	CountyMethods    = []string{"fh", "ml", "pr", "reml"}
	CountyCovariates = []string{"registered", "benefit", "insured_change"}
)

// MaxMargins is how many margins one set may hold.
const MaxMargins = 3

func (c *Config) validateEstimation(bad faultFunc) {
	w := c.Weighting
	oneOf := func(field, v string, of []string) {
		if !slices.Contains(of, v) {
			bad(field, v, "want one of %s", strings.Join(of, ", "))
		}
	}
	oneOf("weighting.method", w.Method, WeightingMethods)
	oneOf("weighting.distance", w.Distance, Distances)
	if w.ResponseFloor < 0 || w.ResponseFloor >= 1 {
		bad("weighting.response_floor", w.ResponseFloor, "want a share from 0 to below 1")
	}
	if len(w.Bounds) != 2 || w.Bounds[0] < 0 || w.Bounds[0] >= 1 || w.Bounds[1] <= 1 {
		bad("weighting.bounds", w.Bounds, "want two factors around 1, for example [0.5, 2.5]")
	}
	if w.Trim != 0 && w.Trim <= 1 {
		bad("weighting.trim", w.Trim, "want a multiple of the median above 1, or 0 for none")
	}
	if len(w.Margins) == 0 {
		bad("weighting.margins", w.Margins, "list at least one set of margins, for example [[region, sex, age], [hukou]]")
	}
	for i, set := range w.Margins {
		f := fmt.Sprintf("weighting.margins[%d]", i)
		if len(set) == 0 || len(set) > MaxMargins {
			bad(f, set, "want 1 to %d margins", MaxMargins)
		}
		for _, m := range set {
			if len(m) == 0 {
				bad(f, set, "a margin names at least one of %s", strings.Join(MarginDimensions, ", "))
			}
			for _, d := range m {
				oneOf(f, d, MarginDimensions)
			}
		}
	}
	oneOf("county_model.method", c.CountyModel.Method, CountyMethods)
	if c.CountyModel.Months != 1 && c.CountyModel.Months != 3 {
		bad("county_model.months", c.CountyModel.Months, "want 3 (pooled) or 1")
	}
	for _, x := range c.CountyModel.Covariates {
		oneOf("county_model.covariates", x, CountyCovariates)
	}
	if c.Seasonal.MinMonths < 60 {
		bad("seasonal.min_months", c.Seasonal.MinMonths, "want 60 or more: STL and a moving festival need five years")
	}
}
