package web

import (
	"fmt"
	"net/http"
	"slices"

	"laborwatch/cube"
	"laborwatch/period"
)

// dashboardBody is the first page.
type dashboardBody struct {
	Empty    bool // nothing was computed yet
	NoSurvey bool // figures, but no survey among them
	Period   string
	Month    string
	Months   []monthOption
	Hidden   []link // the form's other parameters

	Headline headline
	Chart    chart
	Regions  rateTable
	Groups   rateTable
	Links    *linkTable
	Market   []card
	Register []card
	Insured  []card
	Alerts   alertPanel
	Feeds    []feedRow
	Filing   filingTable
	Stages   []stageRow
	Releases []releaseRow
	AllHref  string
	MoreHref string
}

type monthOption struct {
	Value    string
	Selected bool
}

// headline is the city's rate with all that must be said with it.
type headline struct {
	Name, Rate, Interval, SE, N string
	Confidence                  string
	Grade                       grade
	Changes                     []change
	Target, Registered          string
	RegisteredName              string
	Others                      []card
	Pooled                      *pooled
}

// pooled is the city's rate over three months together; nil where there is none.
type pooled struct {
	Name, Definition, Rate, Interval, SE string
	Grade                                grade
	Change                               change
}

func (s *server) dashboard(w http.ResponseWriter, r *http.Request) {
	st, lang := s.state(), s.lang(r)
	v := view{lang: lang, catalog: s.Catalog, snap: st.Snapshot}
	months := surveyed(st.Snapshot)
	v.period = st.Snapshot.Latest
	if asked := r.URL.Query().Get("period"); asked != "" {
		p, err := period.Parse(asked)
		if err != nil || !slices.Contains(st.Snapshot.Periods(), p) {
			s.render(w, r, http.StatusNotFound, "message", message{
				Heading: v.t("web.period.missing", asked), Text: v.t("web.period.missing.text", span(months)),
			})
			return
		}
		v.period = p
	}
	if st.Snapshot.Len() == 0 {
		s.render(w, r, http.StatusOK, "dashboard", dashboardBody{
			Empty: true, Feeds: s.feeds(v, st), Filing: s.filingTable(v, st.Filing), Stages: s.stages(v, st),
		})
		return
	}
	s.render(w, r, http.StatusOK, "dashboard", s.body(v, st, months))
}

func (s *server) body(v view, st *State, months []period.Period) dashboardBody {
	b := dashboardBody{
		NoSurvey: len(months) == 0, Period: v.period.String(), Month: v.month(v.period),
		Headline: s.headline(v), Chart: s.chart(v), Regions: s.regions(v), Groups: s.groups(v), Links: s.links(v),
		Market:   cards(v, "job_openings", "job_seekers", "openings_to_seekers_ratio"),
		Register: cards(v, "registered_unemployed", "registered_unemployed_inflow", "registered_unemployed_outflow"),
		Insured:  cards(v, "insured_persons", "insured_employers", "insurance_terminations", "involuntary_terminations"),
		Alerts:   s.alertPanel(v, st), Feeds: s.feeds(v, st), Filing: s.filingTable(v, st.Filing), Stages: s.stages(v, st), Releases: s.releaseRows(v, st.Releases, 3),
		AllHref: s.href(v.lang, "/alerts", nil), MoreHref: s.href(v.lang, "/releases/", nil),
	}
	if string(v.lang) != s.Config.Web.Lang {
		b.Hidden = append(b.Hidden, link{Href: "lang", Text: string(v.lang)})
	}
	for _, p := range slices.Backward(months) {
		b.Months = append(b.Months, monthOption{Value: p.String(), Selected: p == v.period})
	}
	return b
}

// surveyed lists the months that have the headline rate.
func surveyed(s *cube.Snapshot) []period.Period {
	var out []period.Period
	for _, o := range s.Series(cube.K(cube.Headline, 0)) {
		if o.Value != nil {
			out = append(out, o.Period)
		}
	}
	return out
}

func span(ps []period.Period) string {
	if len(ps) == 0 {
		return none
	}
	return ps[0].String() + " – " + ps[len(ps)-1].String()
}

func monthKey(p period.Period) string { return fmt.Sprintf("release.month.%d", int(p.Month())) }

func (s *server) headline(v view) headline {
	k := v.city(cube.Headline)
	o, _ := v.get(k)
	o.Indicator = cube.Headline
	h := headline{
		Name: v.name(cube.Headline), Rate: v.value(k), Interval: v.interval(o), SE: v.se(o), N: v.n(o), Grade: v.grade(o),
		Confidence:     fmt.Sprintf("%g%%", s.Config.Survey.Confidence*100),
		Changes:        []change{v.change(cube.Headline, 1), v.change(cube.Headline, 12)},
		Others:         cards(v, "labor_force_participation_rate", "employment_rate", "mean_weekly_hours", "labor_underutilization_lu4"),
		Pooled:         pooledOf(v),
		RegisteredName: v.name("registered_unemployment_rate"), Registered: v.value(v.city("registered_unemployment_rate")),
	}
	if target := s.Config.Targets.Surveyed; target > 0 && o.Value != nil && !unfit(o) {
		key := "web.target.below"
		switch {
		case o.CILow != nil && o.CIHigh != nil && *o.CILow <= target && target <= *o.CIHigh:
			key = "web.target.covered"
		case *o.Value >= target:
			key = "web.target.above"
		}
		ind, _ := v.catalog.Get(cube.Headline)
		h.Target = v.t(key, ind.Format(v.lang, target))
	}
	return h
}

func pooledOf(v view) *pooled {
	code := cube.Headline + "_3m"
	o, ok := v.get(v.city(code))
	ind, known := v.catalog.Get(code)
	if !ok || !known {
		return nil
	}
	p := pooled{
		Name: ind.Name.In(v.lang), Definition: ind.Definition.In(v.lang), Rate: v.value(v.city(code)),
		Interval: v.interval(o), SE: v.se(o), Grade: v.grade(o), Change: v.change(code, 12),
	}
	p.Change.Label = v.t("web.yoy.3m")
	return &p
}

// card is one figure of the city with its changes.
type card struct {
	Code, Name, Value, Definition string
	Mom, Yoy                      change
}

func cards(v view, codes ...string) []card {
	var out []card
	for _, c := range codes {
		ind, ok := v.catalog.Get(c)
		if !ok {
			continue
		}
		out = append(out, card{
			Code: c, Name: ind.Name.In(v.lang), Definition: ind.Definition.In(v.lang), Value: v.value(v.city(c)),
			Mom: v.change(c, 1), Yoy: v.change(c, 12),
		})
	}
	return out
}
