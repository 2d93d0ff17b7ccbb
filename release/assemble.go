package release

import (
	"laborwatch/alert"
	"laborwatch/config"
	"laborwatch/cube"
	"laborwatch/period"
)

// chartMonths is how far back the series of a release go.
const chartMonths = 26

// builder assembles a Content from figures; it adds nothing of its own.
type builder struct {
	cfg     *config.Config
	catalog *cube.Catalog
	figs    *figures
	alerts  []alert.Alert
	period  period.Period
}

// newContent assembles what the release of a month says, and the figures that
// it says it with.
func newContent(o Options) (*Content, *figures) {
	b := &builder{
		cfg: o.Config, catalog: o.Catalog, figs: newFigures(o), period: o.Period,
		alerts: touching(o.Alerts, o.Period),
	}
	c := &Content{
		Period: o.Period, Title: text("release.title", b.city(), month(o.Period)), City: b.city(),
		Publisher:   cube.Text{ZH: o.Config.Release.Publisher.ZH, EN: o.Config.Release.Publisher.EN},
		Contact:     o.Config.Release.Contact,
		NextRelease: o.Config.Release.NextRelease,
		alertCounts: countAlerts(b.alerts, b.sectionOf),
	}
	c.Headline = b.headline()
	c.Points = b.points()
	c.Chart = b.chart()
	c.Sections = append([]Section{b.summary(), b.survey()}, b.behind()...)
	c.Sections = append(c.Sections, b.series(c.Chart), b.registered(), b.insured(), b.market(), b.alertSection(c.alertCounts))
	c.Notes = b.notes()
	if !o.AsOf.IsZero() {
		when := o.AsOf.Format("2006-01-02 15:04:05 -07:00")
		c.Title = text("release.asof.title", c.Title, when)
		c.Notes = append([]Note{{text("release.asof"), text("release.asof.body", when)}}, c.Notes...)
	}
	return c, b.figs
}

func (b *builder) city() cube.Text { return cube.Text{ZH: b.cfg.City.ZH, EN: b.cfg.City.EN} }

// get gives the published figure of an indicator in a cell.
func (b *builder) get(indicator string, c cell) figure { return b.figs.get(c.Of(indicator)) }

// label names a code of a dimension in both languages.
func (b *builder) label(dim, code string) cube.Text {
	return cube.Text{ZH: b.catalog.Label("zh", dim, code), EN: b.catalog.Label("en", dim, code)}
}

// chart is the headline series with its interval and the registered rate.
func (b *builder) chart() Chart {
	c := Chart{Title: text("release.chart.title", b.city())}
	from := b.period.Add(1 - chartMonths)
	for _, p := range period.Range(from, b.period) {
		survey, registered := b.get(cube.Headline, city(p)), b.get("registered_unemployment_rate", city(p))
		if len(c.Points) == 0 && !survey.ok() && !registered.ok() {
			continue // the chart starts with the data
		}
		c.Points = append(c.Points, ChartPoint{
			Period: p, Rate: survey.obs.Value, Low: survey.obs.CILow, High: survey.obs.CIHigh,
			Registered: registered.obs.Value,
		})
	}
	return c
}

// touching are the alerts that were in force in a month and not taken back.
func touching(list []alert.Alert, p period.Period) []alert.Alert {
	var out []alert.Alert
	for _, a := range list {
		if a.First <= p && p <= a.Last && a.Status != alert.Resolved {
			out = append(out, a)
		}
	}
	return out
}
