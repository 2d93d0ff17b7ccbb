package app

import (
	"context"

	"laborwatch/cube"
	"laborwatch/monthly"
	"laborwatch/period"
	"laborwatch/transform"
	"laborwatch/weighting"
)

// WeightingReport tells how the survey weights of a month came about. It is
// monthly.ErrGiven for a month whose weights were given.
func (a *App) WeightingReport(ctx context.Context, p period.Period) (report *weighting.Report, err error) {
	t, err := a.transformer(ctx)
	if err != nil {
		return nil, err
	}
	err = t.Read(ctx, "core_survey_weight", []period.Period{p}, func(in *transform.Input) error {
		report, err = monthly.WeightingReport(in, p, a.Config.Weighting, weighting.Word{ZH: a.Config.City.ZH, EN: a.Config.City.EN})
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, c := range report.Counties {
		report.Counties[i].Name = c.Name + " " + a.Catalog.Label("zh", cube.Region, c.Name)
	}
	return report, nil
}
