// Package monthly holds the computations of the monthly models: what the
// statistics of the survey need and SQL cannot say.
//
// Each reads what a model selects and gives the rows that it stores: weights
// from base weights and population totals, estimates with their errors, county
// estimates, the adjusted series. The statistics themselves are in survey,
// weighting, smallarea, seasonal and control; here they meet the columns of the
// models.
package monthly

import (
	"laborwatch/config"
	"laborwatch/transform"
)

// maxMargins is how many margins of the calibration a person carries.
const maxMargins = config.MaxMargins

// Computations are those that the embedded models name, by the configuration.
func Computations(c *config.Config) map[string]transform.Computation {
	return map[string]transform.Computation{
		"survey_weights":   surveyWeights(c.Weighting),
		"survey_estimates": surveyEstimates(c),
		"survey_links":     surveyLinks(c),
		"county_model":     countyModel(c.CountyModel),
		"season":           season(c.Seasonal),
	}
}
