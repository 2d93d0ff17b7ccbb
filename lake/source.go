package lake

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"laborwatch/engine"
	"laborwatch/period"
)

// Source gives a SELECT over the live rows of a feed in the given months, ""
// when no live load holds any of them. Two things are settled in it. With a key
// (mode upsert), of rows with equal key the one of the load published last, and
// within it the last row, is given. And of a whole snapshot those rows are left
// out whose scope a later live snapshot of the same period covers: a county's
// own file replaces its rows in the city's, and no others.
//
// Where a load is damaged and waits for its extract, it is an error that names
// it: neither its rows nor their absence may be taken for what arrived.
func (l *Lake) Source(ctx context.Context, feed string, key []string, periods []period.Period) (string, error) {
	loads, err := l.holding(ctx, feed, periods)
	if err != nil || len(loads) == 0 {
		return "", err
	}
	waiting, err := l.forgotten(ctx)
	if err != nil {
		return "", err
	}
	if lost := slices.DeleteFunc(slices.Clone(loads), func(x Load) bool { return !waiting[x.ID] }); len(lost) > 0 {
		return "", WaitError(lost)
	}
	over, err := l.shadows(ctx, feed)
	if err != nil {
		return "", err
	}
	all := l.union(loads, over, len(key) > 0)
	in := fmt.Sprintf("period IN (%s)", months(periods))
	if len(key) == 0 {
		return fmt.Sprintf("SELECT * FROM (%s) WHERE %s", all, in), nil
	}
	quoted := make([]string, len(key))
	for i, k := range key {
		quoted[i] = engine.Ident(k)
	}
	return fmt.Sprintf(`SELECT * EXCLUDE (_seq, _rank) FROM (SELECT *, row_number() OVER (PARTITION BY %s ORDER BY _seq DESC, _row DESC) AS _rank FROM (%s)) WHERE _rank = 1 AND %s`,
		strings.Join(quoted, ", "), all, in), nil
}

// union reads the files of loads; with seq each row carries its load's in _seq.
// Files that are taken whole are read in one go.
func (l *Lake) union(loads []Load, over map[string][]Load, seq bool) string {
	var whole, parts []string
	for _, x := range loads {
		file := engine.Quote(l.Path(x))
		shadow := scopes(over[x.ID])
		if len(shadow) == 0 && !seq {
			whole = append(whole, file)
			continue
		}
		q := "SELECT *"
		if seq {
			q += fmt.Sprintf(", %d AS _seq", x.Seq)
		}
		q += fmt.Sprintf(" FROM read_parquet(%s, hive_partitioning = false)", file)
		if len(shadow) > 0 {
			q += fmt.Sprintf(" WHERE coalesce(%s, '') NOT IN (%s)", engine.Ident(x.ScopeColumn), strings.Join(shadow, ", "))
		}
		parts = append(parts, q)
	}
	if len(whole) > 0 {
		slices.Sort(whole)
		parts = append([]string{fmt.Sprintf("SELECT * FROM read_parquet([%s], union_by_name = true, hive_partitioning = false)", strings.Join(whole, ", "))}, parts...)
	}
	return strings.Join(parts, " UNION ALL BY NAME ")
}

// shadows gives, by the id of each live whole snapshot of a feed ("" for all
// feeds), the later live snapshots of one scope whose rows stand in its stead.
func (l *Lake) shadows(ctx context.Context, feed string) (map[string][]Load, error) {
	loads, err := l.loads(ctx, `WHERE status = 'live' AND mode = 'snapshot' AND part_of = '' AND (? = '' OR feed = ?)`, feed, feed)
	if err != nil {
		return nil, err
	}
	type month struct {
		feed   string
		period period.Period
	}
	whole := map[month]Load{} // at most one: a later whole supersedes all before it
	out := map[string][]Load{}
	for _, x := range loads {
		m := month{x.Feed, x.Period}
		switch w, ok := whole[m]; {
		case x.Scope == "" && x.ScopeColumn != "":
			whole[m] = x
		case x.Scope != "" && ok:
			out[w.ID] = append(out[w.ID], x)
		}
	}
	if len(out) == 0 {
		return out, nil
	}
	// The parts of a whole snapshot give way with it.
	parts, err := l.loads(ctx, `WHERE status = 'live' AND part_of <> ''`)
	for _, p := range parts {
		if over, ok := out[p.PartOf]; ok {
			out[p.ID] = over
		}
	}
	return out, err
}

// scopes lists the loads' scopes as SQL texts.
func scopes(loads []Load) []string {
	var out []string
	for _, x := range loads {
		out = append(out, engine.Quote(x.Scope))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
