package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"laborwatch/messages"
	"laborwatch/period"
)

// Withdrawal says what Withdraw changed.
type Withdrawal struct {
	// Load is the load that was taken out.
	Load Load
	// Superseded are the loads that it had superseded; Restored those of them
	// that are live again.
	Superseded, Restored []Load
	// Months are those whose rows changed, by feed.
	Months map[string][]period.Period
}

// Withdraw takes a live load out: its rows are read no more, its file and its
// line in the ledger stay, with who did it and why. Parts of the load go with
// it; the rows that a part had corrected are open faults again. With restore, what the load had superseded is live again, as far as
// nothing else has taken its place since. The months that the load held are
// computed again by the next transform of themselves.
func (l *Lake) Withdraw(ctx context.Context, id string, act Act, restore bool) (w Withdrawal, err error) {
	if act.Who == "" || act.Why == "" {
		return w, errors.New(messages.Both("ledger.withdraw.who"))
	}
	if w.Load, err = l.Find(ctx, id); err != nil {
		return w, err
	}
	if w.Load.Status != Live {
		return w, errors.New(messages.Both("ledger.withdraw.status."+w.Load.Status, w.Load.ID, w.Load.SupersededBy))
	}
	before, err := l.LivePeriods(ctx)
	if err != nil {
		return w, err
	}
	if w.Superseded, err = l.SupersededBy(ctx, w.Load.ID); err != nil {
		return w, err
	}
	if err := l.withdraw(ctx, w.Load, act, restore); err != nil {
		return w, fmt.Errorf("withdraw %s: %w", w.Load.ID, err)
	}
	w.Load.Status = Withdrawn
	for _, x := range w.Superseded {
		now, err := l.Find(ctx, x.ID)
		if err != nil {
			return w, err
		}
		if now.Status == Live {
			w.Restored = append(w.Restored, now)
		}
	}
	after, err := l.LivePeriods(ctx)
	w.Months = changed(before, after)
	return w, err
}

func (l *Lake) withdraw(ctx context.Context, load Load, act Act, restore bool) error {
	tx, err := l.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	statements := []string{`UPDATE state.main.loads SET status = 'withdrawn', superseded_by = NULL WHERE load_id = $1`}
	if restore {
		statements = append(statements, restoreReplaced)
	}
	for _, q := range statements {
		if _, err := tx.ExecContext(ctx, q, load.ID); err != nil {
			return err
		}
	}
	if err := l.settle(ctx, tx, act); err != nil {
		return err
	}
	if err := l.crash("withdrawn"); err != nil {
		return err
	}
	return tx.Commit()
}

// restoreReplaced makes live what a load superseded when it last became live,
// but for snapshots whose place another has taken since.
const restoreReplaced = `
	UPDATE state.main.loads AS o SET status = 'live', superseded_by = NULL
	WHERE o.superseded_by = $1 AND o.status = 'superseded' AND o.part_of = ''
		AND (SELECT max(e.happened_at) FROM state.main.load_events e WHERE e.load_id = o.load_id AND e.superseded_by = $1)
			= (SELECT max(e.happened_at) FROM state.main.load_events e WHERE e.superseded_by = $1 AND e.status = 'superseded'
				AND e.load_id IN (SELECT p.load_id FROM state.main.loads p WHERE p.part_of = ''))
		AND NOT (o.mode = 'snapshot' AND EXISTS (SELECT 1 FROM state.main.loads n WHERE n.status = 'live' AND n.mode = 'snapshot' AND n.part_of = ''
			AND n.feed = o.feed AND n.period IS NOT DISTINCT FROM o.period AND n.load_id <> $1
			AND (n.scope = o.scope OR (n.scope = '' AND n.seq > o.seq))))`

// changed gives the months whose live loads differ, by feed.
func changed(before, after map[string]map[period.Period][]string) map[string][]period.Period {
	out := map[string][]period.Period{}
	for _, feed := range slices.Sorted(maps.Keys(before)) {
		after[feed] = orEmpty(after[feed])
	}
	for feed, months := range after {
		seen := map[period.Period]bool{}
		for m := range months {
			seen[m] = true
		}
		for m := range before[feed] {
			seen[m] = true
		}
		for m := range seen {
			if !slices.Equal(before[feed][m], months[m]) {
				out[feed] = append(out[feed], m)
			}
		}
		slices.Sort(out[feed])
		if len(out[feed]) == 0 {
			delete(out, feed)
		}
	}
	return out
}

func orEmpty(m map[period.Period][]string) map[period.Period][]string {
	if m == nil {
		return map[period.Period][]string{}
	}
	return m
}
