package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"laborwatch/config"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/release"
)

// feedsKnown are the feeds that a city is expected to deliver.
var feedsKnown = []string{
	"labor_force_survey", "unemployment_registration", "social_insurance", "insurance_change", "enterprise",
	"job_vacancy", "job_seeker", "layoff_notice",
}

// feedRow is how a source stands.
type feedRow struct {
	Code, Name, Period, LastLoad, Rows, Quarantined, Refused string
	State, Class                                             string
}

// feeds lists the expected sources and any other that delivered. A
// configuration with contracts of its own alone expects just what came.
func (s *server) feeds(v view, st *State) []feedRow {
	have := map[string]lake.FeedStatus{}
	var order []string
	if !s.Config.Ingest.OnlyContracts {
		order = slices.Clone(feedsKnown)
	}
	for _, f := range st.Feeds {
		have[f.Feed] = f
		if !slices.Contains(order, f.Feed) {
			order = append(order, f.Feed)
		}
	}
	var out []feedRow
	for _, code := range order {
		name := release.FeedName(code)
		r := feedRow{Code: code, Name: name.In(v.lang)}
		f, ok := have[code]
		if !ok || f.Loads == 0 {
			r.Period, r.LastLoad, r.Rows, r.Quarantined, r.Refused = none, none, none, none, none
			if ok {
				r.Refused = count(f.Refused)
			}
			r.State, r.Class = v.t("web.feed.none"), "late"
			out = append(out, r)
			continue
		}
		r.Period, r.LastLoad = f.LatestPeriod.String(), s.local(f.LastLoad)
		r.Rows, r.Quarantined, r.Refused = count(f.RowsLoaded), count(f.RowsOpen), count(f.Refused)
		r.State, r.Class = v.t("web.feed.current"), "current"
		if behind := int(st.Snapshot.Latest - f.LatestPeriod); behind > 0 && !s.unexpected(code) {
			r.State, r.Class = v.t("web.feed.behind", behind), "late"
		}
		out = append(out, r)
	}
	return out
}

// unexpected says that the feed comes when something happened: it is never behind.
func (s *server) unexpected(feed string) bool {
	return slices.ContainsFunc(s.Config.Filing.Feeds, func(f config.FeedCalendar) bool {
		return f.Feed == feed && f.Frequency == config.Unexpected
	})
}

// local prints a time in the configured zone.
func (s *server) local(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return t.In(s.Config.Location()).Format("2006-01-02 15:04")
}

// stageRow is how a stage of the work last went.
type stageRow struct {
	Name, Started, Took, State, Class, Detail, Success string
}

func (s *server) stages(v view, st *State) []stageRow {
	order := []string{"ingest", "transform", "alerts", "publish", "release"}
	list := slices.Clone(st.Stages)
	slices.SortStableFunc(list, func(a, b Stage) int { return slices.Index(order, a.Name) - slices.Index(order, b.Name) })
	var out []stageRow
	for _, x := range list {
		r := stageRow{
			Name: x.Name, Started: s.local(x.Started), Took: took(v, x.Seconds), Detail: x.Detail,
			State: v.t("web.stage.ok"), Class: "current", Success: s.local(x.LastSuccess),
		}
		if key := "web.stage." + x.Name; messages.Has(key) {
			r.Name = v.t(key)
		}
		if !x.OK {
			r.State, r.Class = v.t("web.stage.failed"), "failed"
		}
		out = append(out, r)
	}
	return out
}

func took(v view, seconds float64) string { return v.t("web.seconds", fmt.Sprintf("%.1f", seconds)) }

// releaseRow is one version of a release with its files.
type releaseRow struct {
	Period, Version string
	Page            string
	Files           []link
}

// releaseRows lists up to most releases, all for 0.
func (s *server) releaseRows(v view, list []release.Release, most int) []releaseRow {
	var out []releaseRow
	for i, r := range list {
		if most > 0 && i == most {
			break
		}
		base := fmt.Sprintf("/releases/%s/v%d/", r.Period, r.Version)
		row := releaseRow{Period: v.month(r.Period), Version: v.t("release.version.line", r.Version)}
		files := slices.Clone(r.Files)
		slices.SortStableFunc(files, func(a, b string) int { return rank(a) - rank(b) })
		for _, f := range files {
			if f == "release.html" {
				row.Page = base + f
				continue
			}
			row.Files = append(row.Files, link{Href: base + f, Text: fileLabel(v, f)})
		}
		out = append(out, row)
	}
	return out
}

// rank puts the files that people ask for first.
func rank(name string) int {
	if strings.HasSuffix(name, ".xlsx") {
		return -1
	}
	order := []string{"observations.excel.csv", "observations.csv", "alerts.csv", "revisions.csv", "dictionary.csv", "manifest.json"}
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

func fileLabel(v view, name string) string {
	if strings.HasSuffix(name, ".xlsx") {
		return "Excel"
	}
	if key := "web.file." + strings.ReplaceAll(name, ".", "_"); messages.Has(key) {
		return v.t(key)
	}
	return name
}
