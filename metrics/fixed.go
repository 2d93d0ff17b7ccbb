package metrics

import (
	"cmp"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"laborwatch/cube"
)

// fixed are the metrics that no catalog decides.
type fixed struct {
	build, built, reference    *metric
	alerts                     *metric
	feedSuccess, feedReference *metric
	rowsOpen                   *metric
	loadRows, loads            *metric
	runDuration, runSuccess    *metric
	filing                     *metric

	sourceSuccess, sourceFailures *metric
}

func newFixed() fixed {
	return fixed{
		build:         newMetric("build_info", "Always 1; the labels say which build runs.", "version", "goversion"),
		built:         newMetric("snapshot_timestamp_seconds", "When the figures shown were read from the warehouse."),
		reference:     newMetric("reference_period_timestamp_seconds", "First day (00:00 UTC) of the newest month that an indicator has, which its series are of.", "indicator"),
		alerts:        newMetric("alerts", "Alerts firing now. level is red (I), orange (II), yellow (III) or blue (IV).", "level", "rule", "region", "industry"),
		feedSuccess:   newMetric("feed_last_success_timestamp_seconds", "When an extract of the feed was last accepted.", "feed"),
		feedReference: newMetric("feed_reference_period_timestamp_seconds", "First day (00:00 UTC) of the newest month that the feed has reached.", "feed"),
		rowsOpen:      newMetric("quarantine_rows_open", "Rows in quarantine that wait for their correction.", "feed"),
		loadRows:      newMetric("load_rows_total", "Rows of extracts by outcome: loaded, quarantined, or repeated.", "feed", "outcome"),
		loads:         newMetric("loads_total", "Extracts by status: accepted or refused.", "feed", "status"),
		runDuration:   newMetric("run_duration_seconds", "How long the stage's last run took.", "stage"),
		filing:        newMetric("filing", "Extracts that the newest month that is due expects of the feed and region, by how they stand: missing, partly_refused, late, corrected, arrived or expected.", "feed", "region", "state"),
		runSuccess:    newMetric("run_last_success_timestamp_seconds", "When the stage last succeeded.", "stage"),

		sourceSuccess:  newMetric("source_last_success_timestamp_seconds", "When a look at the source last succeeded.", "source"),
		sourceFailures: newMetric("source_failures_total", "Looks at the source that failed, in whole or for an object.", "source"),
	}
}

func (f fixed) descs() []*metric {
	return []*metric{
		f.build, f.built, f.reference, f.alerts, f.feedSuccess, f.feedReference, f.rowsOpen, f.loadRows, f.loads, f.runDuration, f.runSuccess, f.filing,
		f.sourceSuccess, f.sourceFailures,
	}
}

// Level is the label of an alert level: 1 red to 4 blue, "" for no level.
func Level(level int) string {
	if level < 1 || level > 4 {
		return ""
	}
	return [...]string{"red", "orange", "yellow", "blue"}[level-1]
}

// state adds what a State holds beside the snapshot.
func (f fixed) state(b *build, s State) {
	f.alertCounts(b, s.Alerts)
	for _, x := range s.Feeds {
		b.add(f.rowsOpen, prometheus.GaugeValue, float64(x.RowsOpen), x.Feed)
		if !x.LastSuccess.IsZero() {
			b.add(f.feedSuccess, prometheus.GaugeValue, seconds(x.LastSuccess), x.Feed)
		}
		if x.Reference != 0 {
			b.add(f.feedReference, prometheus.GaugeValue, seconds(x.Reference.First()), x.Feed)
		}
	}
	for _, x := range s.Rows {
		b.add(f.loadRows, prometheus.CounterValue, float64(x.Total), x.Feed, x.Outcome)
	}
	for _, x := range s.Loads {
		b.add(f.loads, prometheus.CounterValue, float64(x.Total), x.Feed, x.Status)
	}
	for _, x := range s.Filing {
		b.add(f.filing, prometheus.GaugeValue, float64(x.Expected), x.Feed, cmp.Or(x.Region, cube.Total), x.State)
	}
	for _, x := range s.Runs {
		b.add(f.runDuration, prometheus.GaugeValue, x.Duration.Seconds(), x.Stage)
		if !x.LastSuccess.IsZero() {
			b.add(f.runSuccess, prometheus.GaugeValue, seconds(x.LastSuccess), x.Stage)
		}
	}
	for _, x := range s.Sources {
		b.add(f.sourceFailures, prometheus.CounterValue, float64(x.Failures), x.Source)
		if !x.LastSuccess.IsZero() {
			b.add(f.sourceSuccess, prometheus.GaugeValue, seconds(x.LastSuccess), x.Source)
		}
	}
}

// alertCounts adds up counts with the same labels: a caller may give one an
// alert.
func (f fixed) alertCounts(b *build, counts []AlertCount) {
	type cell struct{ level, rule, region, industry string }
	sum := map[cell]int{}
	var order []cell
	for _, a := range counts {
		c := cell{Level(a.Level), a.Rule, cmp.Or(a.Region, cube.Total), cmp.Or(a.Industry, cube.Total)}
		if _, seen := sum[c]; !seen {
			order = append(order, c)
		}
		sum[c] += a.Count
	}
	for _, c := range order {
		b.add(f.alerts, prometheus.GaugeValue, float64(sum[c]), c.level, c.rule, c.region, c.industry)
	}
}

// seconds is an instant as Prometheus writes it.
func seconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
