package lake

import (
	"context"
	"errors"
	"fmt"

	"laborwatch/messages"
	"laborwatch/period"
)

// Restoration says what Restore changed.
type Restoration struct {
	// Load is the load that is live again; a part whose load is not in use waits
	// for that, and is superseded by it meanwhile.
	Load Load
	// Superseded are the loads whose place it took; Parts bring corrected rows of
	// it, and are live with it.
	Superseded, Parts []Load
	// Months are those whose rows changed, by feed.
	Months map[string][]period.Period
}

// Restore takes a withdrawal or a supersession back, with who did it and why:
// the load is live again, in place of what is live for it now (see Revive). The
// quarantine entries that a part had closed are closed again. It refuses a load
// whose file is damaged, and a part of whose rows another has brought one since.
func (l *Lake) Restore(ctx context.Context, id string, act Act) (r Restoration, err error) {
	if act.Who == "" || act.Why == "" {
		return r, errors.New(messages.Both("ledger.restore.who"))
	}
	if r.Load, err = l.Find(ctx, id); err != nil {
		return r, err
	}
	if err := l.restorable(ctx, r.Load); err != nil {
		return r, err
	}
	before, err := l.LivePeriods(ctx)
	if err != nil {
		return r, err
	}
	if r.Superseded, err = l.bringBack(ctx, r.Load, act); err != nil {
		return r, fmt.Errorf("ledger: restore %s: %w", r.Load.ID, err)
	}
	if r.Load, err = l.Find(ctx, r.Load.ID); err != nil {
		return r, err
	}
	if r.Parts, err = l.LiveParts(ctx, r.Load.ID); err != nil {
		return r, err
	}
	after, err := l.LivePeriods(ctx)
	r.Months = changed(before, after)
	return r, err
}

func (l *Lake) restorable(ctx context.Context, x Load) error {
	switch {
	case x.Status == Live:
		return errors.New(messages.Both("ledger.restore.live", x.ID))
	case x.Status == Superseded && x.PartOf != "":
		return errors.New(messages.Both("ledger.restore.part", x.ID, x.PartOf))
	}
	waiting, err := l.forgotten(ctx)
	if err != nil {
		return err
	}
	found, _, err := l.examine(ctx, x)
	if err != nil {
		return fmt.Errorf("restore %s: %w", x.ID, err)
	}
	if found.Kind != "" || waiting[x.ID] {
		return errors.New(messages.Both("ledger.restore.damaged", x.ID, x.Source))
	}
	if x.PartOf == "" {
		return nil
	}
	if err := l.recall(ctx, x); err != nil {
		return err
	}
	return l.notTwice(ctx, x)
}
