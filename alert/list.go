package alert

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"laborwatch/messages"
	"laborwatch/period"
)

// Filter narrows a list; its zero value keeps every alert.
type Filter struct {
	Level   int           // this level alone; 0 = all
	Status  Status        // this status alone; "" = all
	Region  string        // alerts of this region; "" = all
	Since   period.Period // alerts that last to this month or beyond; 0 = all
	Current bool          // those that last into the newest month alone
}

// List gives the alerts that pass the filter: the latest month first, in it
// the most severe, then the most persons, then by ID.
func (s *Store) List(ctx context.Context, f Filter) ([]Alert, error) {
	var where []string
	var args []any
	add := func(on bool, cond string, v any) {
		if on {
			where, args = append(where, cond), append(args, v)
		}
	}
	add(f.Level != 0, "level = ?", f.Level)
	add(f.Status != "", "status = ?", string(f.Status))
	add(f.Region != "", "region = ?", f.Region)
	add(f.Since != 0, "last_period >= ?", f.Since.First())
	add(f.Current, "current = ?", true)
	text := `SELECT ` + columns + ` FROM state.main.alerts`
	if len(where) > 0 {
		text += ` WHERE ` + strings.Join(where, " AND ")
	}
	text += ` ORDER BY last_period DESC, level, persons DESC, id`
	var out []Alert
	err := s.inTx(ctx, func(t tx) (err error) {
		out, err = query(ctx, t, scan, text, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list alerts: %w", err)
	}
	return out, nil
}

// Event is one entry of an alert's log.
type Event struct {
	AlertID  string
	At       time.Time
	Kind     string
	From, To int    // levels before and after
	Actor    string // who did it; "" = an evaluation
	Note     string // a reason code, or what the actor wrote
}

// log appends an event after all that came before it.
func (t tx) log(ctx context.Context, e Event) error {
	_, err := t.ExecContext(ctx, `INSERT INTO state.main.alert_events
		SELECT coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM state.main.alert_events`,
		e.AlertID, e.At, e.Kind, e.From, e.To, e.Actor, e.Note)
	return err
}

// Events is the log of an alert in the order things happened; of all alerts
// for an empty ID.
func (s *Store) Events(ctx context.Context, id string) ([]Event, error) {
	var out []Event
	err := s.inTx(ctx, func(t tx) (err error) {
		out, err = query(ctx, t, func(rows *sql.Rows) (e Event, err error) {
			err = rows.Scan(&e.AlertID, &e.At, &e.Kind, &e.From, &e.To, &e.Actor, &e.Note)
			return e, err
		}, `SELECT alert_id, happened_at, event, level_from, level_to, actor, note FROM state.main.alert_events
			WHERE alert_id = ? OR ? = '' ORDER BY seq`, id, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the log of alert %s: %w", id, err)
	}
	return out, nil
}

// ErrUnknown means that no alert has the ID.
var ErrUnknown = errors.New(messages.Beside("no such alert. Try: laborwatch alerts list --format json"))

// Acknowledge records that actor took an alert over. It fires again when it
// escalates.
func (s *Store) Acknowledge(ctx context.Context, id, actor, note string) error {
	now := s.clock().UTC().Truncate(time.Microsecond)
	err := s.inTx(ctx, func(t tx) error {
		list, err := query(ctx, t, scan, `SELECT `+columns+` FROM state.main.alerts WHERE id = ?`, id)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return ErrUnknown
		}
		a := list[0]
		if a.Status != Firing {
			return errors.New(messages.Beside("it is %s, only a firing alert can be acknowledged", a.Status))
		}
		a.Status = Acknowledged
		if err := t.apply(ctx, change{alert: a, from: a.Level}, now); err != nil {
			return err
		}
		return t.log(ctx, Event{AlertID: id, At: now, Kind: EventAcknowledged, From: a.Level, To: a.Level, Actor: actor, Note: note})
	})
	if err != nil {
		return fmt.Errorf("acknowledge alert %s: %w", id, err)
	}
	return nil
}
