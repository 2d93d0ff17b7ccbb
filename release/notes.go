package release

import (
	"laborwatch/cube"
)

// notes are the technical notes, in the order they are printed.
func (b *builder) notes() []Note {
	s := b.cfg.Survey
	out := []Note{
		{text("release.notes.survey"), text("release.notes.survey.body", b.definition(cube.Headline))},
		{text("release.notes.error"), text("release.notes.error.body", same(confidence(s.Confidence)))},
		{text("release.notes.quality"), text("release.notes.quality.body", same(Percent.format(s.CVPublish)),
			same(Percent.format(s.CVCaution)), s.MinLaborForce, s.MinUnemployed)},
		{text("release.notes.change"), text("release.notes.change.body")},
		{text("release.notes.registered"), text("release.notes.registered.body",
			b.definition("registered_unemployed"), b.definition("registered_unemployment_rate"))},
		{text("release.notes.insured"), text("release.notes.insured.body",
			b.definition("insured_persons"), b.definition("involuntary_terminations"))},
		{text("release.notes.market"), text("release.notes.market.body",
			b.definition("job_openings"), b.definition("job_seekers"))},
		{text("release.notes.alerts"), text("release.notes.alerts.body", b.cfg.Alert.WindowDays)},
		{text("release.notes.regions"), text("release.notes.regions.body")},
		{text("release.notes.disclosure"), text("release.notes.disclosure.body",
			minPersons, minPersonsCounty, minEmployers, minAlerts)},
		{text("release.notes.revisions"), text("release.notes.revisions.body")},
	}
	return out
}

func (b *builder) definition(code string) cube.Text {
	ind, _ := b.catalog.Get(code)
	return ind.Definition
}
