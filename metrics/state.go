package metrics

import (
	"time"

	"laborwatch/cube"
	"laborwatch/period"
)

// State is everything that a scrape shows. It is given whole to Collector.Set
// and must not be changed afterwards.
type State struct {
	// Snapshot is the cube; nil before the first run.
	Snapshot *cube.Snapshot
	// Alerts counts the alerts that are firing now.
	Alerts []AlertCount
	Feeds  []Feed
	// Rows and Loads are totals since the ledger began, so they survive a
	// restart. They never decrease.
	Rows  []RowCount
	Loads []LoadCount
	Runs  []Run
	// Sources are the places that extracts are fetched from.
	Sources []Source
	// Filing is the filing board of the newest month that is due.
	Filing []Filing
}

// Source is how fetching from a source goes.
type Source struct {
	Source string
	// LastSuccess is when a look at it last succeeded whole; zero for never.
	LastSuccess time.Time
	// Failures counts the looks that failed, in whole or in part, ever.
	Failures int64
}

// Filing is the state of a feed's extract of one month and region; "" as
// region means the whole, _T.
type Filing struct {
	Feed, Region, State string
	// Expected extracts: 1, of a daily feed the month's working days.
	Expected int64
}

// AlertCount is a number of firing alerts. Region and Industry are codes; ""
// means the total, _T.
type AlertCount struct {
	// Level is 1 (red 红) to 4 (blue 蓝).
	Level            int
	Rule             string
	Region, Industry string
	Count            int
}

// Feed is when a feed was last loaded, the newest month it has reached, and how
// many of its rows wait for their correction.
type Feed struct {
	Feed string
	// LastSuccess is the instant of the last accepted load; zero for none.
	LastSuccess time.Time
	// Reference is the newest month loaded; 0 for none.
	Reference period.Period
	// RowsOpen are the rows in quarantine that wait for their correction.
	RowsOpen int64
}

// The outcomes of a row at the door.
const (
	Loaded      = "loaded"
	Quarantined = "quarantined"
	Repeated    = "repeated"
)

// The statuses of a load at the door.
const (
	Accepted = "accepted"
	Refused  = "refused"
)

// RowCount is how many rows of a feed had an outcome since the ledger began.
type RowCount struct {
	Feed, Outcome string
	Total         int64
}

// LoadCount is how many extracts of a feed had a status since the ledger began.
type LoadCount struct {
	Feed, Status string
	Total        int64
}

// Run is a stage's last run.
type Run struct {
	Stage string
	// Duration of the last finished run, whether it succeeded or not.
	Duration time.Duration
	// LastSuccess is when a run last succeeded; zero for never.
	LastSuccess time.Time
}
