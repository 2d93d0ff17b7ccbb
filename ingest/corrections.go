package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"laborwatch/lake"
	"laborwatch/messages"
)

// A corrections workbook holds the quarantined rows of one load for its sender
// to correct, and comes back to Reload. Its rows are known by their number in
// the load's extract; what Reload must know besides lies in a sheet that
// spreadsheets show nobody.

// exportRows bounds the rows of one workbook: a file with more is better
// exported anew by its sender than corrected row by row.
const exportRows = 20_000

// Exported is what Export wrote.
type Exported struct {
	// Rows with Faults between them; ByNumber of the rows have no cells of the
	// original, only their number and faults.
	Rows, Faults, ByNumber int
	// Left counts the rows beyond the bound of one workbook.
	Left int
	// Absent says why originals are not at hand, a text for people each.
	Absent []string
}

// faultyRow is a quarantined row: its open faults and its cells by the index of
// an Excerpt's header, nil when they are not at hand.
type faultyRow struct {
	Place
	faults []lake.Fault
	cells  []string
}

func (r faultyRow) malformed() bool {
	return slices.ContainsFunc(r.faults, func(f lake.Fault) bool { return f.Reason == MalformedRow })
}

// Export writes the corrections workbook of a live load to w: its quarantined
// rows as they arrived, read again from the original. That is one of originals,
// or lies where it was loaded from; its SHA-256 must be the load's. Without it
// the workbook tells row numbers, masked values and reasons alone. What is
// written holds personal data. A file among originals that is none of the
// load's is an error; a load without open faults gives a workbook of no rows,
// and nothing is written.
func (in *Ingester) Export(ctx context.Context, load lake.Load, originals []string, w io.Writer) (Exported, error) {
	var e Exported
	if in.contracts[load.Feed] == nil {
		return e, fmt.Errorf("%s: %w", load.Source, refuse("feed", load.Feed))
	}
	faults, err := in.lake.Faults(ctx, lake.FaultFilter{Load: load.ID})
	if err != nil || len(faults) == 0 {
		return e, err
	}
	rows := group(faults)
	if len(rows) > exportRows {
		e.Left = len(rows) - exportRows
		rows = rows[:exportRows]
	}
	tables, err := in.fill(ctx, load, rows, originals, &e)
	if err != nil {
		return e, err
	}
	for _, r := range rows {
		e.Rows++
		e.Faults += len(r.faults)
		if r.cells == nil {
			e.ByNumber++
		}
	}
	book, err := in.workbook(load, tables, rows, e)
	if err != nil {
		return e, fmt.Errorf("corrections of %s: %w", load.Source, err)
	}
	_, err = book.WriteTo(w)
	return e, errors.Join(err, book.Close())
}

// group gathers faults, which come in order, by row.
func group(faults []lake.Fault) []*faultyRow {
	var out []*faultyRow
	for _, f := range faults {
		p := Place{f.Sheet, f.Row}
		if len(out) == 0 || out[len(out)-1].Place != p {
			out = append(out, &faultyRow{Place: p})
		}
		out[len(out)-1].faults = append(out[len(out)-1].faults, f)
	}
	return out
}

// fill finds the cells of the rows, and gives a table for each sheet. Rows that
// a corrected workbook left at fault are filled from that workbook.
func (in *Ingester) fill(ctx context.Context, load lake.Load, rows []*faultyRow, originals []string, e *Exported) (map[string]*Excerpt, error) {
	paths, err := in.findOriginals(ctx, load, rows, originals, e)
	if err != nil {
		return nil, err
	}
	c := in.contracts[load.Feed]
	tables := map[string]*Excerpt{}
	if path := paths[load.ID]; path != "" {
		places := make([]Place, len(rows))
		for i, r := range rows {
			places[i] = r.Place
		}
		found, err := in.Original(ctx, load, path, places)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for i := range found {
			tables[found[i].Sheet] = &found[i]
		}
	}
	byParts := map[string]map[Place][]string{}
	for id, path := range paths {
		if id == load.ID || path == "" {
			continue
		}
		if byParts[id], err = in.returnedCells(ctx, path); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, r := range rows {
		t := tables[r.Sheet]
		if t == nil {
			t = c.blankTable(r.Sheet)
			tables[r.Sheet] = t
		}
		if cells, ok := t.Rows[r.Row]; ok && (r.faults[0].FoundBy != "" || c.sameRow(t, cells, r.faults)) {
			r.cells = cells
		}
		if by := r.faults[0].FoundBy; by != "" {
			corrected, ok := byParts[by][r.Place]
			if !ok {
				r.cells = nil // the original has other faults
				continue
			}
			r.cells = c.overlay(t, r.cells, corrected)
		}
		if tooLong(r.cells) {
			r.cells = nil
		}
	}
	return tables, nil
}

// overlay puts the cells of the contract's columns over those of a row.
func (c *Contract) overlay(t *Excerpt, cells, corrected []string) []string {
	out := slices.Clone(cells)
	for i, col := range c.Columns {
		if j, ok := t.Columns[col.Name]; ok {
			for len(out) <= j {
				out = append(out, "")
			}
			out[j] = corrected[i]
		}
	}
	return out
}

func tooLong(cells []string) bool {
	const most = 32_000 // a spreadsheet's cell holds 32,767 characters
	return slices.ContainsFunc(cells, func(s string) bool { return len(s) > most && utf8.RuneCountInString(s) > most })
}

// blankTable has the headers that the contract likes best.
func (c *Contract) blankTable(sheet string) *Excerpt {
	t := &Excerpt{Sheet: sheet, Header: [][]string{nil}, Columns: map[string]int{}}
	for _, col := range c.Columns {
		if len(col.Aliases) == 0 || col.Constant != nil {
			continue
		}
		_, leaf, ok := strings.Cut(col.Aliases[0], "/")
		if !ok {
			leaf = col.Aliases[0]
		}
		j := slices.Index(t.Header[0], leaf) // two columns may be read from one cell
		if j < 0 {
			j = len(t.Header[0])
			t.Header[0] = append(t.Header[0], leaf)
		}
		t.Columns[col.Name] = j
	}
	return t
}

// sameRow compares the cells with what quarantine shows of them: a row that was
// counted differently must never be taken for another person's.
func (c *Contract) sameRow(t *Excerpt, cells []string, faults []lake.Fault) bool {
	for _, f := range faults {
		col, j := c.column(f.Column), -1
		if at, ok := t.Columns[f.Column]; ok {
			j = at
		}
		if f.Masked == "" || f.Reason == ConflictingKey || col == nil || j < 0 || c.realigned(f.Column) {
			continue
		}
		cell := ""
		if j < len(cells) {
			cell = cells[j]
		}
		personal := col.Type == "person"
		if f.Masked != mask(cell, personal) && f.Masked != mask(c.unwrap(cell), personal) && !serialDate(col, cell) {
			return false
		}
	}
	return true
}

func serialDate(col *ColumnRule, cell string) bool {
	_, ok := civilDate(cell)
	return ok && (col.Type == "date" || col.Type == "month")
}

var isoDate = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})$`)

func civilDate(s string) (string, bool) {
	m := isoDate.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	return civil(m[1], m[2], m[3])
}

func (c *Contract) realigned(column string) bool {
	return slices.ContainsFunc(c.Realign, func(g Realign) bool { return slices.Contains(g.Columns, column) })
}

func (c *Contract) unwrap(cell string) string {
	if c.Cells.Unwrap == "" {
		return cell
	}
	re, err := regexp.Compile("^(?:" + c.Cells.Unwrap + ")$")
	if err != nil {
		return cell
	}
	if m := re.FindStringSubmatch(cell); len(m) > 1 {
		return m[1]
	}
	return cell
}

// findOriginals gives the paths of the load's extract and of the corrected
// workbooks that rows come from, by load id, "" where they are not at hand.
func (in *Ingester) findOriginals(ctx context.Context, load lake.Load, rows []*faultyRow, originals []string, e *Exported) (map[string]string, error) {
	needed := map[string]lake.Load{load.ID: load}
	for _, r := range rows {
		if id := r.faults[0].FoundBy; id != "" {
			part, ok, err := in.lake.Load(ctx, id)
			if err != nil {
				return nil, err
			}
			if ok {
				needed[id] = part
			}
		}
	}
	paths := map[string]string{}
	for _, path := range originals {
		sha, err := hashFile(ctx, path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errors.New(messages.Both("ingest.nofile", path))
		}
		if err != nil {
			return nil, err
		}
		found := false
		for id, x := range needed {
			if x.SHA256 == sha {
				paths[id], found = path, true
			}
		}
		if !found {
			return nil, refuse("original", path, short(sha), load.Source, short(load.SHA256))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(needed)) {
		x := needed[id]
		if paths[id] != "" {
			continue
		}
		path := x.Source
		if !filepath.IsAbs(path) {
			path = filepath.Join(in.inbox, filepath.FromSlash(path))
		}
		switch sha, err := hashFile(ctx, path); {
		case err == nil && sha == x.SHA256:
			paths[id] = path
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil:
			e.Absent = append(e.Absent, messages.Both("quarantine.export.changed", path))
		default:
			e.Absent = append(e.Absent, messages.Both("quarantine.export.gone", path))
		}
	}
	return paths, nil
}

func short(sha string) string { return sha[:min(len(sha), 12)] }

// rowDigest tells whether a row has been changed since it was exported.
func rowDigest(cells []string) string {
	trimmed := make([]string, len(cells))
	for i, s := range cells {
		trimmed[i] = strings.TrimSpace(s)
	}
	sum := sha256.Sum256([]byte(strings.TrimRight(strings.Join(trimmed, "\x1f"), "\x1f")))
	return hex.EncodeToString(sum[:16])
}
