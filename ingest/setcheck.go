package ingest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"laborwatch/engine"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/period"
)

// A change must matter beside being rare: relative for rows and distinct
// values, absolute for shares. Below these no z-score warns or refuses.
var material = map[string]struct{ warn, refuse float64 }{
	measureRows:     {0.20, 0.50},
	measureDistinct: {0.20, 0.50},
	measureNulls:    {0.10, 0.40},
	measureRepeats:  {0.05, 0.25},
	measureCode:     {0.10, 0.40},
}

// finding is what a set check says of an extract.
type finding struct {
	refuse bool
	note   lake.Note
	phrase *refusalError
}

// checkSet profiles the extracts of the batch and judges each by those before it.
func (b *batch) checkSet(ctx context.Context) error {
	if err := b.checkLoss(ctx); err != nil {
		return err
	}
	if b.history == 0 || b.parts[0].corrects != nil {
		return nil // a part is a few rows of a load that was judged
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
		found = append(found, compare(p.measures, past, levels)...)
	}
	beside, err := b.besideWhole(ctx, p, !judged, levels[measureRows])
	if err != nil {
		return err
	}
	found = append(found, beside...)
	if b.c.Mode == lake.Snapshot && p.month != 0 && len(p.months) > 0 && p.months[p.month] == 0 {
		months := period.Sorted(slices.Collect(maps.Keys(p.months)))
		found = append(found, newFinding(true, "month", "", p.month.String(), months[0].String(), months[len(months)-1].String()))
	}
	var why phrases
	for _, f := range found {
		if f.refuse && p.act == (lake.Act{}) {
			why = append(why, f.phrase)
		}
		p.notes = append(p.notes, f.note)
	}
	if len(why) == 0 {
		return nil
	}
	// Where most rows are bad the figures are far off for that reason alone.
	if bad := p.bad + p.malformed; 2*bad >= p.rows+p.malformed && bad > 0 {
		first, err := b.causes(ctx, p)
		if err != nil {
			return err
		}
		if p.rows == p.bad {
			return refuse("set", first)
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

// A column's type has changed when at least half of its cells cannot be read,
// of no fewer rows than this.
const (
	typeShare = 0.5
	typeRows  = 20
	examples  = 3
)

// checkTypes refuses an extract of which a whole column cannot be read any more,
// which is no matter of single rows.
func (b *batch) checkTypes(ctx context.Context) error {
	if !b.faults || b.c.Drift.Type == driftQuarantine || b.parts[0].corrects != nil {
		return nil
	}
	for _, p := range b.parts {
		if p.rows < typeRows || float64(p.bad) < typeShare*float64(p.rows) || p.act != (lake.Act{}) {
			continue
		}
		why, err := b.changedTypes(ctx, p)
		if err != nil {
			return err
		}
		if len(why) > 0 {
			return refuse("set", why)
		}
	}
	return nil
}

func (b *batch) changedTypes(ctx context.Context, p *part) (phrases, error) {
	return b.faultsOf(ctx, p, fmt.Sprintf("n >= %v AND reason NOT IN ('%s', '%s') ORDER BY col", typeShare*float64(p.rows), Missing, OutOfScope),
		func(col, _, masked string, reason phrases, n int64) *refusalError {
			return &refusalError{"ingest.check.type", []any{col, n, p.rows, reason, masked}}
		})
}

// causes are the faults that most rows of the extract have, the commonest first.
func (b *batch) causes(ctx context.Context, p *part) (phrases, error) {
	var why phrases
	if p.malformed > 0 {
		why = append(why, &refusalError{"ingest.check.malformed", []any{p.malformed, p.rows + p.malformed}})
	}
	if p.repeated > 0 {
		why = append(why, &refusalError{"ingest.check.repeated", []any{p.repeated, p.rows + p.malformed}})
	}
	found, err := b.faultsOf(ctx, p, fmt.Sprintf("true ORDER BY n DESC, col, reason LIMIT %d", mostCauses),
		func(col, heading, masked string, reason phrases, n int64) *refusalError {
			var example phrases
			if masked != "" {
				example = phrases{{"ingest.check.example", []any{masked}}}
			}
			return &refusalError{"ingest.check.cause", []any{cmp.Or(heading, col), n, p.rows, reason, example}}
		})
	return append(why, found...), err
}

const mostCauses = 3

// faultsOf counts the faults of an extract by column and reason, with examples,
// and puts into words those that the rest of a WHERE clause chooses.
func (b *batch) faultsOf(ctx context.Context, p *part, where string, say func(col, heading, masked string, reason phrases, n int64) *refusalError) (out phrases, err error) {
	rows, err := b.conn.QueryContext(ctx, fmt.Sprintf(`SELECT col, reason, n, array_to_string(masked, ', ') FROM (
		SELECT split_part(f, %[1]s, 1) AS col, split_part(f, %[1]s, 2) AS reason, count(*) AS n, list(DISTINCT split_part(f, %[1]s, 3) ORDER BY split_part(f, %[1]s, 3))[1:%[2]d] AS masked
		FROM (SELECT unnest(string_split(_fault, %[3]s)) AS f FROM lw_slow WHERE _file = %[4]d AND NOT _skip AND _fault IS NOT NULL) GROUP BY ALL)
		WHERE %[5]s`, partSep, examples, faultSep, p.fd, where))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var col, reason, masked string
		var n int64
		if err := rows.Scan(&col, &reason, &n, &masked); err != nil {
			return nil, err
		}
		out = append(out, say(col, b.c.Heading(col), masked, phrases{{"quarantine.reason." + reason, nil}}, n))
	}
	return out, rows.Err()
}

// drifted finds columns that came or went since the last load.
func (b *batch) drifted(p *part, past []lake.Past) []finding {
	before := func(name, col string) bool {
		return len(past) > 0 && slices.ContainsFunc(past[len(past)-1].Measures, func(m lake.Measure) bool { return m.Name == name && m.Column == col })
	}
	var out []finding
	for _, col := range p.missing {
		switch {
		case b.c.Drift.Missing == driftRefuse:
			out = append(out, newFinding(true, "missing_column", col, col))
		case len(past) == 0 || before(measureNulls, col):
			out = append(out, newFinding(false, "missing_column", col, col))
		}
	}
	for _, name := range p.extra {
		switch {
		case b.c.Drift.New == driftRefuse:
			out = append(out, newFinding(true, "new_column", name, name))
		case !before(measureAside, name):
			key := "new_column"
			if !slices.ContainsFunc(p.layout.aside, func(a asideColumn) bool { return a.name == asidePrefix+clean(name) }) {
				key = "new_column_left"
			}
			out = append(out, newFinding(false, key, name, name))
		}
	}
	return out
}

func newFinding(refuse bool, check, col string, args ...any) finding {
	key := "ingest.check." + check
	return finding{refuse, lake.Note{Check: check, Column: col, Detail: messages.Both(key, args...)}, &refusalError{key, args}}
}

// compare judges each measure by its robust z-score among those of the past.
func compare(now []lake.Measure, past []lake.Past, levels map[string]Level) []finding {
	type key struct{ name, col, code string }
	history := map[key][]float64{}
	for _, p := range past {
		for _, m := range p.Measures {
			k := key{m.Name, m.Column, m.Code}
			history[k] = append(history[k], m.Value)
		}
	}
	var out []finding
	current := map[key]bool{}
	judge := func(k key, v float64, was []float64) {
		level, is := levels[k.name]
		if !is || (k.name != measureCode && len(was) < len(past)/2+1) {
			return
		}
		if k.name == measureCode { // a code that was not there had a share of 0
			was = append(slices.Clone(was), make([]float64, len(past)-len(was))...)
		}
		z, change, usual := robust(k.name, v, was)
		m := material[k.name]
		refuse := level.Refuse > 0 && z >= level.Refuse && change >= m.refuse
		if !refuse && (level.Warn == 0 || z < level.Warn || change < m.warn) {
			return
		}
		out = append(out, newFinding(refuse, k.name, k.col, figures(k.name, k.col, k.code, v, usual, z)...))
	}
	for _, m := range now {
		k := key{m.Name, m.Column, m.Code}
		current[k] = true
		judge(k, m.Value, history[k])
	}
	for _, p := range past { // codes that are gone
		for _, m := range p.Measures {
			if k := (key{m.Name, m.Column, m.Code}); m.Name == measureCode && !current[k] {
				current[k] = true
				judge(k, 0, history[k])
			}
		}
	}
	return out
}

// robust gives the distance of v from the median of the past in units of the
// scaled median absolute deviation, the change itself, and the median. The unit
// is never so small that an even history makes every change an outlier.
func robust(name string, v float64, was []float64) (z, change, usual float64) {
	usual = median(was)
	deviations := make([]float64, len(was))
	for i, x := range was {
		deviations[i] = math.Abs(x - usual)
	}
	unit := 1.4826 * median(deviations) // of a normal distribution: its standard deviation
	change = math.Abs(v - usual)
	if name == measureRows || name == measureDistinct {
		unit = max(unit, 0.03*usual, 1)
		return change / unit, change / max(usual, 1), usual
	}
	return change / max(unit, 0.01), change, usual
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	n := len(s)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}

// figures are the arguments of a finding's text.
func figures(name, col, code string, v, usual, z float64) []any {
	if name == measureRows || name == measureDistinct {
		return []any{col, fmt.Sprintf("%.0f", v), fmt.Sprintf("%.0f", usual), fmt.Sprintf("%.1f", z)}
	}
	what := col
	if code != "" {
		what += " = " + code
	}
	return []any{what, fmt.Sprintf("%.1f%%", 100*v), fmt.Sprintf("%.1f%%", 100*usual), fmt.Sprintf("%.1f", z)}
}

// Remarks puts a load's notes into lines for people, columns that came or went
// together.
func Remarks(notes []lake.Note) []string {
	var out []string
	columns := map[string][]string{}
	for _, n := range notes {
		if slices.Contains([]string{"missing_column", "new_column", "new_column_left"}, n.Check) {
			columns[n.Check] = append(columns[n.Check], n.Column)
		} else {
			out = append(out, n.Detail)
		}
	}
	for _, check := range slices.Sorted(maps.Keys(columns)) {
		out = append(out, messages.Both("ingest.check."+check, strings.Join(columns[check], ", ")))
	}
	return out
}
