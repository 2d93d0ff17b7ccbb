package alert

import (
	"context"
	"errors"
	"fmt"
	"time"

	"laborwatch/messages"
	"laborwatch/period"
)

// Result counts what an evaluation changed.
type Result struct {
	Raised, Escalated, Resolved int
	// Live is how many alerts stand on candidates after it.
	Live int
}

// The kinds of an Event.
const (
	EventRaised       = "raised"
	EventReopened     = "reopened"
	EventEscalated    = "escalated"
	EventDeescalated  = "de-escalated"
	EventAcknowledged = "acknowledged"
	EventResolved     = "resolved"
)

// ErrNoCandidates means that the models under sql/alert/ have never run.
var ErrNoCandidates = errors.New(messages.Beside("the warehouse holds no alert candidates. Try: laborwatch transform"))

// Evaluate brings the alerts in line with the warehouse's candidates, in one
// transaction: raised, escalated, de-escalated, resolved. Evaluating the same
// candidates again changes nothing. Extracts that are overdue come beside the
// warehouse's candidates: they hang on the clock, which no model reads.
func (s *Store) Evaluate(ctx context.Context, overdue ...Overdue) (res Result, err error) {
	err = s.inTx(ctx, func(t tx) error {
		found, err := t.current(ctx, overdue)
		if err != nil {
			return err
		}
		known, err := t.alerts(ctx)
		if err != nil {
			return err
		}
		changes := plan(found, known)
		now := s.clock().UTC().Truncate(time.Microsecond)
		for _, c := range changes {
			if err := t.apply(ctx, c, now); err != nil {
				return fmt.Errorf("alert %s: %w", c.alert.ID, err)
			}
			res.count(c)
		}
		res.Live = len(found)
		return nil
	})
	if err != nil {
		return Result{}, fmt.Errorf("evaluate alerts: %w", err)
	}
	return res, nil
}

func (r *Result) count(c change) {
	switch c.event {
	case EventRaised, EventReopened:
		r.Raised++
	case EventEscalated:
		r.Escalated++
	case EventResolved:
		r.Resolved++
	}
}

// change is one alert to write, with the event to log; "" logs none.
type change struct {
	alert  Alert
	insert bool
	event  string
	from   int // the level before
}

// plan compares what the candidates say with what is stored. Both are ordered
// by ID, and so are the changes.
func plan(found, known []Alert) []change {
	stored := make(map[string]Alert, len(known))
	for _, a := range known {
		stored[a.ID] = a
	}
	var out []change
	live := map[string]bool{}
	for _, a := range found {
		live[a.ID] = true
		old, ok := stored[a.ID]
		if !ok {
			out = append(out, change{alert: a, insert: true, event: EventRaised, from: a.Level})
			continue
		}
		if c, changed := update(old, a); changed {
			out = append(out, c)
		}
	}
	for _, a := range known {
		if live[a.ID] || a.Status == Resolved {
			continue
		}
		c := change{alert: a, event: EventResolved, from: a.Level}
		c.alert.Status, c.alert.Reason, c.alert.Current = Resolved, NettedOut, false
		switch {
		case a.Scope() == ScopeFiling:
			c.alert.Reason = Filed
		case joined(found, a):
			c.alert.Reason = Merged
		}
		out = append(out, c)
	}
	return out
}

// update carries what people did over to the new version of an alert. What
// was acknowledged stays so until it escalates.
func update(old, now Alert) (change, bool) {
	now.Status, now.Reason = old.Status, old.Reason
	c := change{from: old.Level}
	switch {
	case old.Status == Resolved:
		now.Status, now.Reason, c.event = Firing, "", EventReopened
	case now.Level < old.Level:
		now.Status, c.event = Firing, EventEscalated
	case now.Level > old.Level:
		c.event = EventDeescalated
	case sameContent(old, now):
		return change{}, false
	}
	now.RaisedAt = old.RaisedAt
	c.alert = now
	return c, true
}

// joined reports whether an alert that vanished lives on in another of the
// same subject.
func joined(found []Alert, a Alert) bool {
	for _, f := range found {
		if f.Scope() == a.Scope() && f.Key() == a.Key() && f.First <= a.Last && a.First <= f.Last {
			return true
		}
	}
	return false
}

// current reads the candidates and merges them into alerts as they stand.
func (t tx) current(ctx context.Context, overdue []Overdue) ([]Alert, error) {
	cs, err := t.candidates(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range overdue {
		cs = append(cs, o.candidate())
	}
	found := merge(cs)
	newest, err := t.newest(ctx)
	if err != nil {
		return nil, err
	}
	names, err := t.names(ctx, found)
	if err != nil {
		return nil, err
	}
	for i, a := range found {
		found[i].EnterpriseName = names[a.Enterprise]
		found[i].Current = a.Scope() == ScopeFiling || a.Last >= newest[a.Scope() == ScopeCity]
	}
	return found, nil
}

// newest gives the latest month of the survey (true) and of the insurance
// changes (false), the sources that alerts are raised from.
func (t tx) newest(ctx context.Context) (map[bool]period.Period, error) {
	out := map[bool]period.Period{}
	for city, indicator := range map[bool]string{true: "surveyed_unemployment_rate", false: "insurance_terminations"} {
		var p *time.Time
		if err := t.QueryRowContext(ctx,
			`SELECT max(period) FROM wh.main.observations WHERE indicator = ?`, indicator).Scan(&p); err != nil {
			return nil, fmt.Errorf("newest month of %s: %w", indicator, err)
		}
		if p != nil {
			out[city] = period.FromTime(*p)
		}
	}
	return out, nil
}
