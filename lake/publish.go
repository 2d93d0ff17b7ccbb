package lake

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"laborwatch/engine"
	"laborwatch/period"

	"golang.org/x/sync/errgroup"
)

// Publication is a load about to become live: its ledger line (Seq, LoadedAt,
// Status and SupersededBy are filled in by Publish), the rows it has of each
// month, and its Parquet file, written but not yet in place.
type Publication struct {
	Load    Load
	Periods map[period.Period]int64
	// Coverage says of what they are.
	Coverage []Coverage
	// Replaces are the ids of loads that this one is a new version of: live ones,
	// or ones before it in the same call. Snapshots need not name theirs.
	Replaces []string
	// Corrects is a SELECT of the sheet and "row" of the quarantined rows that a
	// part brings again, good or still at fault; their entries are closed.
	Corrects string
	// Act says who published the load by hand or let it pass, and why; empty for
	// what passes by itself.
	Act Act
	// File is the temporary Parquet file; see Lake.Temp.
	File string
	// Contract is the text of the contract that the load was made by; feed,
	// version and fingerprint are the load's.
	Contract ContractText
	// Notes are what a person should know of the load.
	Notes []Note
}

// Publish makes the loads live, all of them or none: their files are fsynced
// and renamed into place, then one transaction on conn writes the ledger, puts
// the rows of the SELECT quarantine (columns as in the quarantine table; ""
// for none) into quarantine and those of the SELECT profiles (likewise) among
// the profiles, and marks what they supersede. It returns the
// loads as the ledger has them. After an error nothing has changed for any
// reader, and the temporary files are gone.
//
// A publication of a load that the ledger has and whose file was damaged (see
// Forget) puts its file back and changes nothing else.
func (l *Lake) Publish(ctx context.Context, conn *sql.Conn, pubs []Publication, quarantine, profiles string) ([]Load, error) {
	if l.reader {
		return nil, errors.New("publish: this lake is open for reading only")
	}
	if err := l.place(pubs); err != nil {
		for _, p := range pubs {
			_ = os.Remove(p.File)
		}
		return nil, fmt.Errorf("publish: %w", err)
	}
	loads, err := l.record(ctx, conn, pubs, quarantine, profiles)
	if err != nil {
		return nil, fmt.Errorf("publish: ledger: %w", err)
	}
	return loads, nil
}

// place makes the files durable under their final names. Files without a
// ledger line are invisible, and swept by the next Open.
func (l *Lake) place(pubs []Publication) error {
	var g errgroup.Group
	g.SetLimit(8)
	for i, p := range pubs {
		g.Go(func() (err error) {
			pubs[i].Load.FileSHA256, err = hashAndSync(p.File)
			return err
		})
	}
	if err := errors.Join(l.crash("written"), g.Wait()); err != nil {
		return err
	}
	if err := l.crash("synced"); err != nil {
		return err
	}
	dirs := map[string]bool{}
	for _, p := range pubs {
		path := l.Path(p.Load)
		dir := filepath.Dir(path)
		if !dirs[dir] {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
		}
		if err := os.Rename(p.File, path); err != nil {
			return err
		}
		// A partition's name lies in its feed's folder, and the feed's in the lake's.
		dirs[dir], dirs[filepath.Dir(dir)], dirs[l.dir] = true, true, true
	}
	if err := l.crash("renamed"); err != nil {
		return err
	}
	for dir := range dirs {
		if err := syncPath(dir); err != nil {
			return err
		}
	}
	return l.crash("placed")
}

// hashAndSync makes a file durable and gives its SHA-256 in hex.
func hashAndSync(path string) (sha string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), f.Sync()
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (l *Lake) record(ctx context.Context, conn *sql.Conn, pubs []Publication, quarantine, profiles string) (loads []Load, err error) {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	var seq int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM state.main.loads`).Scan(&seq); err != nil {
		return nil, err
	}
	mended, err := l.mendAll(ctx, tx, pubs)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err == nil {
			l.removeDamaged(mended)
		}
	}()
	all := pubs
	pubs = slices.DeleteFunc(slices.Clone(pubs), func(p Publication) bool { _, ok := mended[p.Load.ID]; return ok })
	now := l.now()
	for _, p := range pubs {
		x := p.Load
		seq++
		x.Seq, x.LoadedAt, x.Status = seq, now, Live
		loads = append(loads, x)
	}
	supersede(loads)
	earlier := replace(loads, pubs)
	if len(loads) == 0 {
		return inOrder(all, nil, mended), tx.Commit()
	}
	if err := insertLoads(ctx, tx, loads); err != nil {
		return nil, err
	}
	if err := errors.Join(insertPeriods(ctx, tx, pubs), insertCoverage(ctx, tx, pubs)); err != nil {
		return nil, err
	}
	for _, p := range pubs {
		c := p.Contract
		c.Feed, c.Version, c.Fingerprint = p.Load.Feed, p.Load.ContractVersion, p.Load.Contract
		if err := keepContract(ctx, tx, c, now); err != nil {
			return nil, err
		}
	}
	for _, r := range earlier {
		if _, err := tx.ExecContext(ctx, `UPDATE state.main.loads SET status = 'superseded', superseded_by = ? WHERE load_id = ? AND status = 'live'`, r.by, r.id); err != nil {
			return nil, err
		}
	}
	if _, err := tx.ExecContext(ctx, supersedeEarlier, seq-int64(len(loads))); err != nil {
		return nil, err
	}
	for _, p := range pubs {
		if err := l.correct(ctx, tx, p, now); err != nil {
			return nil, err
		}
	}
	if err := l.settle(ctx, tx, Act{}); err != nil {
		return nil, err
	}
	if err := insertNotes(ctx, tx, pubs); err != nil {
		return nil, err
	}
	for _, p := range pubs {
		if p.Act != (Act{}) {
			if _, err := tx.ExecContext(ctx, `UPDATE state.main.load_events SET who = ?, why = ? WHERE load_id = ?`, p.Act.Who, p.Act.Why, p.Load.ID); err != nil {
				return nil, err
			}
		}
	}
	for _, x := range []struct{ table, rows string }{{"quarantine", quarantine}, {"load_profiles", profiles}} {
		if x.rows == "" {
			continue
		}
		q := fmt.Sprintf(`INSERT INTO state.main.%s BY NAME SELECT * FROM (%s)`, x.table, x.rows)
		if len(mended) > 0 { // theirs are there
			q += ` WHERE load_id NOT IN (` + quoted(slices.Sorted(maps.Keys(mended))) + `)`
		}
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return nil, err
		}
	}
	if err := l.crash("recorded"); err != nil {
		return nil, err
	}
	return inOrder(all, loads, mended), tx.Commit()
}

func quoted(ids []string) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = engine.Quote(id)
	}
	return strings.Join(out, ", ")
}

// supersedeEarlier marks what the loads after a Seq replace: earlier snapshots
// of the same feed, period and scope, or of any scope where the new one is the
// whole; and what the same bytes gave under an earlier contract, whatever the
// mode. Parts replace nothing.
const supersedeEarlier = `
	WITH fresh AS (SELECT * FROM state.main.loads WHERE seq > $1 AND part_of = '' AND (status = 'live' OR mode = 'append'))
	UPDATE state.main.loads AS o SET status = 'superseded', superseded_by = n.load_id
	FROM fresh AS n
	WHERE o.seq <= $1 AND o.status = 'live' AND o.part_of = '' AND o.feed = n.feed AND o.period IS NOT DISTINCT FROM n.period AND (o.scope = n.scope OR n.scope = '')
		AND ((o.sha256 = n.sha256 AND o.scope = n.scope) OR (o.mode = 'snapshot' AND n.mode = 'snapshot'))`

// Supersedes says whether publishing would supersede a live load.
func (p Publication) Supersedes(x Load) bool {
	n := p.Load
	if n.PartOf != "" || x.PartOf != "" || x.Feed != n.Feed {
		return false
	}
	inPlace := x.Period == n.Period && (x.Scope == n.Scope || n.Scope == "") && n.Mode == Snapshot && x.Mode == Snapshot
	sameBytes := x.Period == n.Period && x.Scope == n.Scope && x.SHA256 == n.SHA256
	return inPlace || sameBytes || slices.Contains(p.Replaces, x.ID)
}

// supersede settles snapshots of one feed and period within one batch: of each
// scope the last wins, and the whole over all before it.
func supersede(loads []Load) {
	for i, x := range loads {
		if x.Mode != Snapshot || x.PartOf != "" {
			continue
		}
		for j := i + 1; j < len(loads); j++ {
			y := loads[j]
			if y.Mode == Snapshot && y.PartOf == "" && y.Feed == x.Feed && y.Period == x.Period && (y.Scope == x.Scope || y.Scope == "") {
				loads[i].Status, loads[i].SupersededBy = Superseded, y.ID
				break
			}
		}
	}
}

// replaced is a load of the ledger that a new one replaces.
type replaced struct{ id, by string }

// replace settles what the publications name: loads of the batch are marked,
// those of the ledger returned.
func replace(loads []Load, pubs []Publication) (earlier []replaced) {
	at := map[string]int{}
	for i, p := range pubs {
		for _, id := range p.Replaces {
			if j, ok := at[id]; ok {
				loads[j].Status, loads[j].SupersededBy = Superseded, p.Load.ID
			} else {
				earlier = append(earlier, replaced{id, p.Load.ID})
			}
		}
		at[p.Load.ID] = i
	}
	return earlier
}

func date(p period.Period) any {
	if p == 0 {
		return nil
	}
	return p.First()
}

func insertLoads(ctx context.Context, tx *sql.Tx, loads []Load) error {
	row := "(" + strings.Repeat("?, ", strings.Count(loadColumns, ",")) + "?)"
	var values []string
	var args []any
	for _, x := range loads {
		values = append(values, row)
		var by any
		if x.SupersededBy != "" {
			by = x.SupersededBy
		}
		args = append(args, x.Seq, x.ID, x.Feed, x.ContractVersion, x.Source, date(x.Period), x.Scope, x.ScopeColumn, x.Mode, x.Origin, x.PartOf, x.Contract, x.KeyGeneration,
			x.RowsIn, x.RowsLoaded, x.RowsQuarantined, x.RowsRepeated, x.Bytes, x.SHA256, x.FileSHA256, x.LoadedAt, x.Status, by)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO state.main.loads (`+loadColumns+`) VALUES `+strings.Join(values, ", "), args...)
	return err
}

func insertPeriods(ctx context.Context, tx *sql.Tx, pubs []Publication) error {
	var values []string
	for _, p := range pubs {
		months := make([]period.Period, 0, len(p.Periods))
		for m := range p.Periods {
			months = append(months, m)
		}
		for _, m := range period.Sorted(months) {
			values = append(values, fmt.Sprintf("(%s, %s, %d)", engine.Quote(p.Load.ID), m.SQL(), p.Periods[m]))
		}
	}
	for chunk := range slices.Chunk(values, 500) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO state.main.load_periods VALUES `+strings.Join(chunk, ", ")); err != nil {
			return err
		}
	}
	return nil
}
