package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrNotLive means that the load whose rows are to be corrected is no longer live.
var ErrNotLive = errors.New("the load is not live")

// Fault is one fault of one quarantined row; a row may have several.
type Fault struct {
	LoadID, Feed, File, Sheet string
	// Scope is the load's, "" for the whole period.
	Scope string
	// Row is the row as a person sees it in the file, from 1.
	Row            int64
	Column, Reason string
	// Masked shows at most a third of the value; of personal ones only their length.
	Masked string
	// Hint says what to do, in Chinese and English.
	Hint string
	// FoundBy is the part (see Load.PartOf) whose corrected row still had this
	// fault; "" when it is a fault of the load's own extract.
	FoundBy string
	// ClosedBy is the part that brought the row again, "" for an open fault.
	ClosedBy string
	// ClosedAt is when, zero for an open fault.
	ClosedAt time.Time
}

// FaultState says which faults are meant.
type FaultState string

// Faults are open until a live part has brought their row again. Those of a row
// that came back with another fault are among all, but not among the closed.
const (
	OpenFaults   FaultState = "open"
	ClosedFaults FaultState = "closed"
	AllFaults    FaultState = "all"
)

// FaultFilter says which faults of live loads are meant; the zero value means
// all that are open.
type FaultFilter struct {
	Feed string
	// File is the name that the ledger keeps, or the end of it after a slash.
	File string
	// Load is a load's id or its beginning.
	Load string
	// Scope is a load's scope, or the county of a row in a file of the whole.
	Scope string
	// State is OpenFaults when empty.
	State FaultState
	// Limit bounds the faults, 0 does not.
	Limit int
}

// faultsOf is the FROM and WHERE of faults of live loads. Whether a fault is
// open follows from the statuses of loads alone: one that a part closed is open
// again when the part is withdrawn, and one that a part found goes with it.
const faultsOf = `FROM (
	SELECT q.*, l.scope, CASE WHEN closer.load_id IS NOT NULL THEN q.closed_by ELSE '' END AS closer
	FROM state.main.quarantine q JOIN state.main.loads l USING (load_id)
		LEFT JOIN state.main.loads closer ON closer.load_id = q.closed_by AND closer.status = 'live'
		LEFT JOIN state.main.loads finder ON finder.load_id = q.found_by AND finder.status = 'live'
	WHERE l.status = 'live' AND (q.found_by = '' OR finder.load_id IS NOT NULL))`

// closed leaves out the faults of a row that came back with another one: the
// row is open still.
const closed = `closer <> '' AND (load_id, sheet, "row") NOT IN (SELECT (load_id, sheet, "row") ` + faultsOf + ` WHERE closer = '')`

func (f FaultFilter) where() (string, []any) {
	state := map[FaultState]string{ClosedFaults: closed, AllFaults: "true"}[f.State]
	if state == "" {
		state = "closer = ''"
	}
	return faultsOf + ` WHERE ` + state + ` AND (? = '' OR feed = ?) AND (? = '' OR file = ? OR ends_with(file, '/' || ?))
		AND (? = '' OR starts_with(load_id, ?)) AND (? = '' OR scope = ? OR region = ?)`,
		[]any{f.Feed, f.Feed, f.File, f.File, f.File, f.Load, f.Load, f.Scope, f.Scope, f.Scope}
}

// Faults lists faults of live loads in order of file, sheet, row and column.
func (l *Lake) Faults(ctx context.Context, f FaultFilter) ([]Fault, error) {
	from, args := f.where()
	q := `SELECT load_id, feed, file, sheet, scope, "row", col, reason, value_masked, hint, found_by, closer, closed_at ` + from +
		` ORDER BY file, sheet, "row", col, reason, load_id, found_by`
	if f.Limit > 0 {
		q += fmt.Sprintf(" LIMIT %d", f.Limit)
	}
	rows, err := l.eng.DB().QueryContext(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Fault
	for rows.Next() {
		var x Fault
		var closed sql.NullTime
		if err := rows.Scan(&x.LoadID, &x.Feed, &x.File, &x.Sheet, &x.Scope, &x.Row, &x.Column, &x.Reason, &x.Masked, &x.Hint, &x.FoundBy, &x.ClosedBy, &closed); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		if x.ClosedBy != "" {
			x.ClosedAt = closed.Time
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// Quarantined lists the open faults of live loads of a feed ("" for all), in order
// of file, row and column; limit 0 means all.
func (l *Lake) Quarantined(ctx context.Context, feed string, limit int) ([]Fault, error) {
	return l.Faults(ctx, FaultFilter{Feed: feed, Limit: limit})
}

// FaultCount counts the faults of one reason in one column of one load.
type FaultCount struct {
	Feed, LoadID, File, Column, Reason string
	// Rows have Faults between them; the first is FirstRow of FirstSheet.
	Rows, Faults, FirstRow int64
	FirstSheet             string
}

// CountFaults counts what Faults would list, by load, column and reason, most
// rows first within a file.
func (l *Lake) CountFaults(ctx context.Context, f FaultFilter) ([]FaultCount, error) {
	from, args := f.where()
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT feed, load_id, file, col, reason, count(DISTINCT (sheet, "row")) AS n, count(*), min((sheet, "row"))[2], min((sheet, "row"))[1] `+
		from+` GROUP BY feed, load_id, file, col, reason ORDER BY feed, file, load_id, n DESC, col, reason`, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []FaultCount
	for rows.Next() {
		var x FaultCount
		if err := rows.Scan(&x.Feed, &x.LoadID, &x.File, &x.Column, &x.Reason, &x.Rows, &x.Faults, &x.FirstRow, &x.FirstSheet); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// Load gives the load of an id, whatever its status; ok is false when there is none.
func (l *Lake) Load(ctx context.Context, id string) (load Load, ok bool, err error) {
	loads, err := l.loads(ctx, "WHERE load_id = ?", id)
	if err != nil || len(loads) == 0 {
		return Load{}, false, err
	}
	return loads[0], true, nil
}

// LiveParts lists the live parts of a load by Seq.
func (l *Lake) LiveParts(ctx context.Context, id string) ([]Load, error) {
	return l.loads(ctx, "WHERE part_of = ? AND status = 'live'", id)
}
