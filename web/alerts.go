package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"laborwatch/alert"
	"laborwatch/cube"
	"laborwatch/period"
)

// alertPanel is the dashboard's view of the alerts in force in its month.
type alertPanel struct {
	Levels []levelCount
	Rows   []alertRow
	More   int // alerts beyond those listed
	// Earlier are the newest of the alerts of months before that nobody has
	// handled yet; Open is how many there are.
	Earlier []alertRow
	Open    int
}

type levelCount struct {
	Level int
	Text  string
	Count int
	Href  string
}

// alertRow is one alert as listed.
type alertRow struct {
	Level                          int
	LevelText, Rule, Subject, Code string
	Region, Industry               string
	Persons, Base, Rate            string
	Window, Notice, Status, Reason string
	Live                           bool
}

// panelRows bounds the dashboard's list of alerts.
const panelRows = 8

// inForce reports whether an alert touches a month and stands.
func inForce(a alert.Alert, p, latest period.Period) bool {
	return a.Status != alert.Resolved && (a.First <= p && p <= a.Last || p == latest && a.Current)
}

func (s *server) alertPanel(v view, st *State) alertPanel {
	var p alertPanel
	var list []alert.Alert
	for _, a := range st.Alerts {
		if inForce(a, v.period, st.Snapshot.Latest) {
			list = append(list, a)
		}
	}
	slices.SortStableFunc(list, func(a, b alert.Alert) int {
		if a.Level != b.Level {
			return a.Level - b.Level
		}
		return int(b.Persons - a.Persons)
	})
	for l := alert.Red; l <= alert.Blue; l++ {
		n := levelCount{
			Level: l, Text: alert.LevelLabel(v.lang, l),
			Href: s.href(v.lang, "/alerts", url.Values{"level": {strconv.Itoa(l)}}),
		}
		for _, a := range list {
			if a.Level == l {
				n.Count++
			}
		}
		p.Levels = append(p.Levels, n)
	}
	for i, a := range list {
		if i == panelRows {
			p.More = len(list) - i
			break
		}
		p.Rows = append(p.Rows, s.alertRow(v, a))
	}
	for _, a := range st.Alerts { // the newest come first
		if a.Status != alert.Firing || a.Last >= v.period || inForce(a, v.period, st.Snapshot.Latest) {
			continue
		}
		if p.Open++; len(p.Rows)+len(p.Earlier) < panelRows {
			p.Earlier = append(p.Earlier, s.alertRow(v, a))
		}
	}
	return p
}

func (s *server) alertRow(v view, a alert.Alert) alertRow {
	r := alertRow{
		Level: a.Level, LevelText: alert.LevelLabel(v.lang, a.Level), Rule: alert.RuleLabel(v.lang, a.Rule),
		Region: v.label(cube.Region, a.Region), Industry: v.label(cube.Industry, a.Industry),
		Persons: count(a.Persons), Base: none, Rate: fmt.Sprintf("%.1f%%", a.Rate*100),
		Window: a.WindowFrom.Format(time.DateOnly) + " – " + a.WindowTo.Format(time.DateOnly),
		Notice: v.notice(a), Status: alert.StatusLabel(v.lang, a.Status), Reason: alert.ReasonLabel(v.lang, a.Reason),
		Live: a.Status == alert.Firing,
	}
	if a.Base > 0 {
		r.Base = count(a.Base)
	}
	switch a.Scope() {
	case alert.ScopeEnterprise:
		r.Subject, r.Code = a.EnterpriseName, a.Enterprise
		if r.Subject == "" {
			r.Subject = a.Enterprise
		}
	case alert.ScopeIndustry:
		r.Subject = r.Industry
	case alert.ScopeRegion:
		r.Subject = r.Region
	case alert.ScopeFiling: // of extracts, not of persons
		r.Subject, r.Persons, r.Base, r.Rate = v.feedName(alert.FeedOf(a.Rule)), none, none, none
	default:
		r.Subject = s.city(v.lang)
	}
	return r
}

// label names a code; a total is none in a list of alerts.
func (v view) label(dim, code string) string {
	if code == "" || code == cube.Total {
		return none
	}
	return v.catalog.Label(v.lang, dim, code)
}

// notice says whether the layoff was reported ahead, as the law asks.
func (v view) notice(a alert.Alert) string {
	switch {
	case a.NoticeOK == nil:
		return none
	case a.NoticeDays == nil:
		return v.t("web.notice.none")
	case *a.NoticeOK:
		return v.t("web.notice.ok", *a.NoticeDays)
	}
	return v.t("web.notice.late", *a.NoticeDays)
}

// alertsBody is the page of all alerts.
type alertsBody struct {
	Rows    []alertRow
	Total   int
	Filters []filter
	Hidden  []link
	Empty   bool
}

type filter struct {
	Name, Label string
	Options     []filterOption
}

type filterOption struct {
	Value, Text string
	Selected    bool
}

func (s *server) alerts(w http.ResponseWriter, r *http.Request) {
	st, lang, q := s.state(), s.lang(r), r.URL.Query()
	v := view{lang: lang, catalog: s.Catalog, snap: st.Snapshot, period: st.Snapshot.Latest}
	b := alertsBody{Total: len(st.Alerts), Empty: len(st.Alerts) == 0, Filters: s.alertFilters(v, q)}
	if string(lang) != s.Config.Web.Lang {
		b.Hidden = append(b.Hidden, link{Href: "lang", Text: string(lang)})
	}
	for _, a := range st.Alerts {
		if matches(a, q) {
			b.Rows = append(b.Rows, s.alertRow(v, a))
		}
	}
	s.render(w, r, http.StatusOK, "alerts", b)
}

// matches applies the page's filters; an empty one keeps all. Alerts that were
// taken back are shown only when asked for.
func matches(a alert.Alert, q url.Values) bool {
	status := q.Get("status")
	return (q.Get("level") == "" || strconv.Itoa(a.Level) == q.Get("level")) &&
		(q.Get("region") == "" || a.Region == q.Get("region")) &&
		(status == "" && a.Status != alert.Resolved || status == "all" || string(a.Status) == status)
}

func (s *server) alertFilters(v view, q url.Values) []filter {
	option := func(name, value, text string) filterOption {
		return filterOption{Value: value, Text: text, Selected: q.Get(name) == value}
	}
	level := filter{Name: "level", Label: v.t("web.col.level"), Options: []filterOption{option("level", "", v.t("web.filter.all"))}}
	for l := alert.Red; l <= alert.Blue; l++ {
		level.Options = append(level.Options, option("level", strconv.Itoa(l), alert.LevelLabel(v.lang, l)))
	}
	region := filter{Name: "region", Label: v.t("web.col.region"), Options: []filterOption{option("region", "", v.t("web.filter.all"))}}
	for _, r := range s.Config.Regions {
		region.Options = append(region.Options, option("region", r.Code, v.catalog.Label(v.lang, cube.Region, r.Code)))
	}
	status := filter{Name: "status", Label: v.t("web.col.status"), Options: []filterOption{option("status", "", v.t("web.filter.standing"))}}
	for _, st := range []alert.Status{alert.Firing, alert.Acknowledged, alert.Resolved} {
		status.Options = append(status.Options, option("status", string(st), alert.StatusLabel(v.lang, st)))
	}
	status.Options = append(status.Options, option("status", "all", v.t("web.filter.all")))
	return []filter{level, region, status}
}
