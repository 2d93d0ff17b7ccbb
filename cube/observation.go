// Package cube is the narrow waist of laborwatch: one narrow table of
// observations that everything a person sees is read from.
//
// It holds the catalog of indicators (indicators.yaml), reads the warehouse's
// observations into an in-memory Snapshot that readers share, answers queries
// over the cube and exports it whole. It computes no statistics: what is in
// the cube was put there by the models.
package cube

import (
	"cmp"
	"database/sql"

	"laborwatch/period"
)

// Total is the code of a dimension that does not apply, as in SDMX: every
// value of it together.
const Total = "_T"

// The dimensions of the cube, in the order that keys are sorted by.
const (
	Region     = "region"
	Sex        = "sex"
	Age        = "age"
	PopGroup   = "pop_group"
	Industry   = "industry"
	Occupation = "occupation"
	Enterprise = "enterprise"
)

// Dims lists the dimensions in the cube's column order.
func Dims() []string {
	return []string{Region, Sex, Age, PopGroup, Industry, Occupation, Enterprise}
}

// Engine is what the cube needs of the SQL engine: a pool on which the
// warehouse is attached as wh. *engine.DuckDB is one.
type Engine interface {
	DB() *sql.DB
}

// Observation is one row of the cube.
//
// Rates are ratios from 0 to 1, counts are in the indicator's unit, SE and the
// interval are in the unit of Value. A nil pointer is SQL NULL. What the
// pointers of a Snapshot's observations point at is shared: never write to it.
type Observation struct {
	Period     period.Period `json:"period"`
	Indicator  string        `json:"indicator"`
	Region     string        `json:"region"`
	Sex        string        `json:"sex"`
	Age        string        `json:"age"`
	PopGroup   string        `json:"pop_group"`
	Industry   string        `json:"industry"`
	Occupation string        `json:"occupation"`
	Enterprise string        `json:"enterprise"`

	Value       *float64 `json:"value"`
	Numerator   *float64 `json:"numerator"`
	Denominator *float64 `json:"denominator"`
	SE          *float64 `json:"se"`
	CILow       *float64 `json:"ci_low"`
	CIHigh      *float64 `json:"ci_high"`
	// N is the unweighted number of survey persons behind the figure.
	N *int64 `json:"n"`
	// ObsStatus is the SDMX status: A normal, B break, E estimated,
	// P provisional, Q suppressed, N not significant, L and M missing.
	ObsStatus string `json:"obs_status"`
	// Quality is publish, caution or unreliable; "" where sampling has no part.
	Quality string `json:"quality"`
	// Reason says why Quality is not publish: no_error, no_case, few_persons,
	// few_unemployed, cv or few_psus; of a change that of the weaker month.
	Reason string `json:"reason"`
}

// Key names the observation.
func (o Observation) Key() Key {
	return Key{
		Indicator: o.Indicator, Period: o.Period, Region: o.Region, Sex: o.Sex, Age: o.Age,
		PopGroup: o.PopGroup, Industry: o.Industry, Occupation: o.Occupation, Enterprise: o.Enterprise,
	}
}

// Dim gives the observation's code in a dimension, "" for a name that is none.
func (o Observation) Dim(dim string) string { return o.Key().Dim(dim) }

// Key names one observation. A dimension left "" means Total wherever a Key is
// looked up, so Key{Indicator: "insured_persons", Period: p} is the city's figure.
type Key struct {
	Indicator  string
	Period     period.Period
	Region     string
	Sex        string
	Age        string
	PopGroup   string
	Industry   string
	Occupation string
	Enterprise string
}

// K is the key of an indicator's total in a period, every dimension Total.
func K(indicator string, p period.Period) Key {
	return Key{Indicator: indicator, Period: p}.normal()
}

// With returns the key with one dimension set to a code. A name that is no
// dimension leaves the key as it is.
func (k Key) With(dim, code string) Key {
	if f := k.field(dim); f != nil {
		*f = code
	}
	return k
}

// At returns the key in another period.
func (k Key) At(p period.Period) Key {
	k.Period = p
	return k
}

// Of returns the key of another indicator in the same cell.
func (k Key) Of(indicator string) Key {
	k.Indicator = indicator
	return k
}

// Dim gives the key's code in a dimension: Total where it was left "", and ""
// for a name that is no dimension.
func (k Key) Dim(dim string) string {
	f := k.field(dim)
	if f == nil {
		return ""
	}
	return cmp.Or(*f, Total)
}

func (k *Key) field(dim string) *string {
	switch dim {
	case Region:
		return &k.Region
	case Sex:
		return &k.Sex
	case Age:
		return &k.Age
	case PopGroup:
		return &k.PopGroup
	case Industry:
		return &k.Industry
	case Occupation:
		return &k.Occupation
	case Enterprise:
		return &k.Enterprise
	}
	return nil
}

func (k Key) normal() Key {
	for _, d := range Dims() {
		f := k.field(d)
		*f = cmp.Or(*f, Total)
	}
	return k
}
