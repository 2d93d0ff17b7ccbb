package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/period"
)

// checkSet profiles the extracts of the batch and judges each by those before it.
func (b *batch) checkSet(ctx context.Context) error {
	if err := b.checkLoss(ctx); err != nil {
		return err
	}
	if b.history == 0 || b.parts[0].corrects != nil {
		return nil // a part is a few rows of a load that was judged
	}
	if err := b.countStrays(ctx); err != nil {
		return err
	}
	if err := b.profile(ctx); err != nil {
		return err
	}
	type group struct {
		scope string
		month period.Period
	}
	known := map[group][]lake.Past{}
	for _, p := range b.parts {
		g := group{scope: p.scope}
		if b.c.Mode == lake.Snapshot {
			g.month = cmp.Or(p.month, p.filed)
		}
		past, ok := known[g]
		if !ok {
			var err error
			if past, err = b.in.lake.Profiles(ctx, b.c.Feed, g.scope, g.month, b.history); err != nil {
				return err
			}
			known[g] = past
		}
		// Extracts before it in the batch are its past, too.
		past = slices.Clone(past)
		for _, q := range b.parts {
			if q == p {
				break
			}
			if m := cmp.Or(q.month, q.filed); q.scope == p.scope && (b.c.Mode != lake.Snapshot || m != g.month) {
				past = append(past, lake.Past{LoadID: q.id, Period: m, Measures: q.measures})
			}
		}
		if err := b.judge(ctx, p, past[max(len(past)-b.history, 0):]); err != nil {
			return err
		}
	}
	return nil
}

// checkLoss refuses a snapshot without one good row where its month holds some:
// it would put nothing in the place of what is there.
func (b *batch) checkLoss(ctx context.Context) error {
	if b.c.Mode != lake.Snapshot || b.parts[0].corrects != nil {
		return nil
	}
	for _, p := range b.parts {
		if p.rows > p.bad+p.repeated || p.act != (lake.Act{}) {
			continue
		}
		live, err := b.in.lake.Live(ctx, b.c.Feed)
		if err != nil {
			return err
		}
		for _, x := range live {
			if x.RowsLoaded > 0 && x.Period == cmp.Or(p.month, p.filed) && (x.Scope == "" || p.scope == "" || x.Scope == p.scope) {
				why, err := b.causes(ctx, p)
				if err != nil {
					return err
				}
				return refuse("all_bad", p.rows+p.malformed, why)
			}
		}
	}
	return nil
}

// judge compares the extract's profile with those of earlier loads.
func (b *batch) judge(ctx context.Context, p *part, past []lake.Past) error {
	_, least, levels := b.c.levels()
	p.measures = b.measure(p)
	found := b.drifted(p, past)
	judged := len(past) >= max(least, 1)
	if judged {
		found = append(found, b.compare(p, past, levels)...)
	} else {
		found = append(found, b.checkUnknown(p)...)
	}
	beside, err := b.besideWhole(ctx, p, !judged, levels[measureRows])
	if err != nil {
		return err
	}
	found = append(found, beside...)
	found = append(found, b.checkMonth(p, judged)...)
	why := p.settle(found...)
	if len(why) == 0 {
		return nil
	}
	// Where most rows are bad the figures are far off for that reason alone.
	if bad := p.bad + p.malformed; 2*bad >= p.rows+p.malformed && bad > 0 {
		first, err := b.causes(ctx, p)
		if err != nil {
			return err
		}
		if p.rows == p.bad { // none is good: what they fail in, and whether it is another month's file
			why = slices.DeleteFunc(why, func(e *refusalError) bool { return e.key != "ingest.check.month" })
			return refuse("set", append(why, first...))
		}
		why = append(first, why...)
	}
	if more := len(why) - mostReasons; more > 0 {
		why = append(why[:mostReasons:mostReasons], &refusalError{"ingest.check.more", []any{more}})
	}
	return refuse("set", why)
}

// mostReasons is how many a refusal tells: beyond them nobody reads on.
const mostReasons = 6

// besideWhole says how many rows of the whole month's snapshot a county's file
// takes the place of. A county without a history of its own is judged by them:
// it may have been late and bring more, but should not bring far fewer.
func (b *batch) besideWhole(ctx context.Context, p *part, judge bool, level Level) ([]finding, error) {
	if b.c.Mode != lake.Snapshot || p.scope == "" || b.c.Scope.Column == "" {
		return nil, nil
	}
	live, err := b.in.lake.Live(ctx, b.c.Feed)
	if err != nil {
		return nil, err
	}
	month := cmp.Or(p.month, p.filed)
	at := slices.IndexFunc(live, func(x lake.Load) bool { return x.Scope == "" && x.PartOf == "" && x.Period == month })
	own := slices.ContainsFunc(live, func(x lake.Load) bool { return x.Scope == p.scope && x.Period == month })
	if at < 0 || own {
		return nil, nil // a county's correction takes the place of its own file
	}
	var was int64
	q := fmt.Sprintf("SELECT count(*) FROM read_parquet(%s, hive_partitioning = false) WHERE %s = %s", text(b.in.lake.Path(live[at])), engine.Ident(b.c.Scope.Column), text(p.scope))
	if err := b.conn.QueryRowContext(ctx, q).Scan(&was); err != nil || was == 0 {
		return nil, err
	}
	now := p.rows - p.bad - p.repeated
	z, change, _ := robust(measureRows, float64(now), []float64{float64(was)})
	bad := judge && now < was && level.Refuse > 0 && z >= level.Refuse && change >= material[measureRows].refuse
	return []finding{newFinding(bad, "beside", b.c.Scope.Column, p.scope, was, live[at].Source, now)}, nil
}

// profiles is the SELECT that Publish keeps of the extracts' measures.
func (b *batch) profiles(ctx context.Context) (string, error) {
	var rows [][]any
	for _, p := range b.parts {
		for _, m := range p.measures {
			rows = append(rows, []any{p.id, m.Name, m.Column, m.Code, m.Value})
		}
	}
	if len(rows) == 0 {
		return "", nil
	}
	if err := b.exec(ctx, "CREATE OR REPLACE TEMP TABLE lw_profile (load_id VARCHAR, name VARCHAR, col VARCHAR, code VARCHAR, value DOUBLE)"); err != nil {
		return "", err
	}
	return "SELECT * FROM temp.lw_profile", appendRows(b.conn, "lw_profile", rows)
}
