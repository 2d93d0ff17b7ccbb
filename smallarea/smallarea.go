// Package smallarea estimates counties' figures under the area-level model of
// Fay and Herriot (1979): a direct estimate y_i with a known sampling variance
// D_i borrows strength from covariates of all areas.
//
//	y_i = x_i'β + v_i + e_i,  v_i ~ (0, A),  e_i ~ (0, D_i)
//
// The estimate is γ_i·y_i + (1−γ_i)·x_i'β̂ with γ_i = A/(A+D_i). In go areas
// with direct estimate, sampling variance and covariates; out come an estimate
// with its mean squared error for every area and word of what each one rests
// on: the model, the covariates alone, or the direct estimate as it was.
// Nothing is NaN or infinite on the way out.
//
// Sources: Fay and Herriot, JASA 74 (1979) 269–277; Prasad and Rao, JASA 85
// (1990) 163–171; Datta and Lahiri, Statistica Sinica 10 (2000) 613–627;
// Datta, Rao and Smith, Biometrika 92 (2005) 183–196; Rao and Molina, Small
// Area Estimation, 2nd ed. (2015), chapter 6. Definitions agree with those of
// R's sae package.
package smallarea

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"laborwatch/messages"
)

// Method estimates the variance A of the area effects.
type Method string

// The methods. REML is the default.
const (
	REML Method = "reml"
	ML   Method = "ml"
	// FH solves the moment equation of Fay and Herriot.
	FH Method = "fh"
	// PrasadRao is the closed moment estimator of Prasad and Rao.
	PrasadRao Method = "prasad-rao"
)

// Area is what is known of one area.
type Area struct {
	Code string
	// Sampled says that Direct holds a direct estimate.
	Sampled bool
	Direct  float64
	// Variance of Direct, smoothed as a rule (see Smooth), in its unit squared.
	// Zero or NaN means unknown: a sample without a single unemployed person
	// has a variance of zero that says nothing.
	Variance float64
	// X are the covariates in the order of Options.Covariates, without the
	// intercept; NaN where one is missing.
	X []float64
}

// Options of Fit.
type Options struct {
	// Method of estimating A; empty means REML.
	Method Method
	// Covariates are the names of the columns of X, the most important first:
	// with too few areas the last ones are dropped.
	Covariates []string
	// Precision is the relative change of A at which iteration stops; 0 means 1e-12.
	Precision float64
}

// Basis is what an area's estimate rests on.
type Basis string

// The bases. Their texts are "smallarea.basis." and the basis.
const (
	// Composite is the EBLUP: direct and synthetic estimate weighted by γ.
	Composite Basis = "composite"
	// Synthetic is x'β̂ alone.
	Synthetic Basis = "synthetic"
	// Direct is the direct estimate as it was.
	Direct Basis = "direct"
	// None says that nothing can be said of the area.
	None Basis = "none"
)

// Reason says why an estimate is not a composite one.
type Reason string

// The reasons. Their texts are "smallarea.reason." and the reason.
const (
	NotSampled       Reason = "not_sampled"
	VarianceUnknown  Reason = "variance_unknown"
	CovariateMissing Reason = "covariate_missing"
	NoAreaEffect     Reason = "no_area_effect"
	TooFewAreas      Reason = "too_few_areas"
)

// Text is the reason in words, "" for a composite estimate.
func (r Reason) Text(lang messages.Lang) string {
	if r == "" {
		return ""
	}
	return messages.T(lang, "smallarea.reason."+string(r))
}

// Text is the basis in words.
func (b Basis) Text(lang messages.Lang) string {
	return messages.T(lang, "smallarea.basis."+string(b))
}

// Estimate is one area's figure. MSE and the others are in the unit of the
// direct estimate, squared.
type Estimate struct {
	Code   string
	Basis  Basis
	Reason Reason
	// Value is the estimate; it is 0 and meaningless when Basis is None.
	Value float64
	// MSE of Value. HasMSE is false for a direct estimate of unknown variance
	// and where there is no estimate.
	MSE    float64
	HasMSE bool
	// G1, G2, G3 are the parts of the MSE of a composite estimate: what is left
	// of the sampling error, the uncertainty of β̂, and that of A.
	// MSE = G1 + G2 + 2·G3 − Bias, Bias being b(A)·(D/(A+D))².
	G1, G2, G3, Bias float64
	// Gamma is the weight of the direct estimate, 0 to 1.
	Gamma float64
	// Regression is x'β̂; HasRegression is false where no model was fitted or a
	// covariate is missing.
	Regression    float64
	HasRegression bool
	// Residual is (y − x'β̂)/√(A+D); InFit says that the area took part in the
	// fit and has one.
	Residual float64
	InFit    bool
}

// Coefficient is one element of β̂.
type Coefficient struct {
	Name string
	// Value, its standard error, their ratio, and the two-sided normal p-value.
	Value, SE, Z, P float64
}

// Result of Fit.
type Result struct {
	Method Method
	// Areas are in the order in which they were given.
	Areas []Estimate
	// Fitted is the number of areas that the model was fitted to; 0 when they
	// were too few for any model.
	Fitted int
	// Coefficients of the intercept and the covariates in use.
	Coefficients []Coefficient
	// Dropped are covariates that were left out: Few because there were too few
	// areas, Collinear because others determine them.
	Dropped []Dropped
	// A is the variance of the area effects and SEA its asymptotic standard
	// error. A of 0 makes all estimates synthetic.
	A, SEA float64
	// PositiveA is the adjusted-likelihood A that the MSE is computed with when
	// A is 0, and 0 otherwise.
	PositiveA float64
	// Iterations that A took; 0 for Prasad–Rao, which is a formula.
	Iterations int
	// LogLik is the full log likelihood at A and β̂, with its criteria.
	LogLik, AIC, BIC, KIC float64
	// Normality tests the standardized residuals; its P is 1 with fewer than 8.
	Normality Normality

	variances []float64
}

// Dropped is a covariate that was left out.
type Dropped struct {
	Name string
	// Few is true when there were too few areas, false when it was collinear.
	Few bool
}

// Text says in words what was dropped and why.
func (d Dropped) Text(lang messages.Lang) string {
	if d.Few {
		return messages.T(lang, "smallarea.dropped.few", d.Name)
	}
	return messages.T(lang, "smallarea.dropped.collinear", d.Name)
}

// Fit fits the model and estimates every area.
//
// An area takes part in the fit when it was sampled, its variance is known and
// all covariates are there. One that was not sampled, or whose variance is
// unknown, gets the synthetic estimate. When p+2 or fewer areas (p with the
// intercept) can take part, covariates are dropped from the last one on; when
// three or fewer can, there is no model and direct estimates are kept.
func Fit(areas []Area, o Options) (*Result, error) {
	o, err := o.checked()
	if err != nil {
		return nil, err
	}
	if err := check(areas, len(o.Covariates)); err != nil {
		return nil, err
	}
	d := newDesign(areas, o.Covariates)
	r := &Result{Method: o.Method, Dropped: d.dropped, Areas: make([]Estimate, len(areas))}
	if len(d.y) <= d.p()+2 {
		for i, a := range areas {
			r.Areas[i] = keepDirect(a, TooFewAreas)
			r.variances = append(r.variances, a.Variance)
		}
		return r, nil
	}
	v, err := estimateA(d, o)
	if err != nil {
		return nil, fmt.Errorf("small areas by %s: %w", o.Method, err)
	}
	m, err := d.gls(v.a)
	if err != nil {
		return nil, fmt.Errorf("small areas: %w", err)
	}
	r.Fitted, r.A, r.SEA, r.Iterations = len(d.y), v.a, math.Sqrt(v.variance), v.iterations
	r.describe(d, m)
	if v.a == 0 {
		if r.PositiveA, err = positiveA(d); err != nil {
			return nil, fmt.Errorf("small areas: %w", err)
		}
	}
	for i, a := range areas {
		r.Areas[i] = estimate(a, d, m, v, r.PositiveA)
		r.variances = append(r.variances, a.Variance)
	}
	return r, nil
}

func (o Options) checked() (Options, error) {
	if o.Method == "" {
		o.Method = REML
	}
	if !slices.Contains([]Method{REML, ML, FH, PrasadRao}, o.Method) {
		return o, fmt.Errorf("small areas: method %q is none of reml, ml, fh, prasad-rao", o.Method)
	}
	if o.Precision == 0 {
		o.Precision = 1e-12
	}
	if !(o.Precision > 0 && o.Precision < 1) {
		return o, fmt.Errorf("small areas: precision %g: want one between 0 and 1", o.Precision)
	}
	return o, nil
}

func check(areas []Area, covariates int) error {
	seen := map[string]bool{}
	var faults []error
	for _, a := range areas {
		switch {
		case seen[a.Code]:
			faults = append(faults, fmt.Errorf("small area %q is there twice", a.Code))
		case len(a.X) != covariates:
			faults = append(faults, fmt.Errorf("small area %q has %d covariates, want %d", a.Code, len(a.X), covariates))
		case a.Sampled && (math.IsNaN(a.Direct) || math.IsInf(a.Direct, 0)):
			faults = append(faults, fmt.Errorf("small area %q is sampled but its direct estimate is %g", a.Code, a.Direct))
		case a.Variance < 0 || math.IsInf(a.Variance, 0):
			faults = append(faults, fmt.Errorf("small area %q has a sampling variance of %g", a.Code, a.Variance))
		case slices.ContainsFunc(a.X, func(x float64) bool { return math.IsInf(x, 0) }):
			faults = append(faults, fmt.Errorf("small area %q has an infinite covariate", a.Code))
		}
		seen[a.Code] = true
	}
	return errors.Join(faults...)
}

// keepDirect is the direct estimate as it was, or none.
func keepDirect(a Area, why Reason) Estimate {
	e := Estimate{Code: a.Code, Basis: None, Reason: why}
	if a.Sampled {
		e.Basis, e.Value, e.Gamma = Direct, a.Direct, 1
		if a.Variance > 0 {
			e.MSE, e.HasMSE = a.Variance, true
		}
	}
	return e
}
