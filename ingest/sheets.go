package ingest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"laborwatch/lake"
)

// sampleRows is how many rows of a sheet that is passed over are looked at.
const sampleRows = 500

// passedSheet is a sheet that was not read: it has no header, or is hidden.
type passedSheet struct {
	name   string
	hidden bool
	sample [][]string
	// rows that are not blank.
	rows int64
}

func (p *passedSheet) add(cells []string) {
	if !slices.ContainsFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" }) {
		return
	}
	if p.rows++; len(p.sample) < sampleRows {
		p.sample = append(p.sample, slices.Clone(cells))
	}
}

// addNew appends what a list has not got yet.
func addNew(to, more []string) []string {
	for _, s := range more {
		if !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	return to
}

// otherSheet is the refusal of a sheet that is none of the feed's.
type otherSheet struct{ error }

func (o otherSheet) Unwrap() error { return o.error }

func isOther(err error) bool {
	var o otherSheet
	return errors.As(err, &o)
}

// inSheet says whose the refusal of a sheet's first rows is. A sheet in which
// fewer than half of the required columns are found is none of the feed's: a
// list of codes, an explanation.
func (c *Contract) inSheet(sheet string, first [][]string, err error) error {
	var r *refusalError
	if !errors.As(err, &r) {
		return err
	}
	h := c.bestHeader(first)
	if h == nil {
		return otherSheet{err}
	}
	required := 0
	for _, col := range c.Columns {
		if col.Required != Optional && col.Constant == nil {
			required++
		}
	}
	if 2*(required-len(c.lacking(h))) < required || h.matched < 2 {
		return otherSheet{err}
	}
	return refuse("sheet_columns", sheet, phrases{r})
}

// likeData finds the sheets passed over that seem to hold rows of the feed:
// hidden ones with its header, of which it takes note, and those whose cells,
// where the header of another sheet has its columns, are read as what these hold.
func (x *sheetWriter) likeData(readers map[string]*reader) []finding {
	var out []finding
	for _, p := range x.passed {
		if p.hidden {
			out = append(out, newFinding(false, "hidden", p.name, p.name, strconv.FormatInt(p.rows, 10)))
			continue
		}
		like := int64(0)
		for _, cells := range p.sample {
			if x.likeRow(readers, cells) {
				like++
			}
		}
		if like > 0 {
			rows := max(like, p.rows*like/int64(len(p.sample)))
			out = append(out, newFinding(true, "unread", p.name, p.name, strconv.FormatInt(rows, 10)))
		}
	}
	return out
}

// likeRow says that at least two, and at least half, of the required cells are
// what the columns of the header hold; texts, which hold anything, tell nothing.
func (x *sheetWriter) likeRow(readers map[string]*reader, cells []string) bool {
	asked, good := 0, 0
	for i, col := range x.contract.Columns {
		j := x.header.cols[i]
		if j < 0 || col.Required == Optional || col.Type == "text" || (col.Type == "code" && len(col.Codes) == 0) {
			continue
		}
		asked++
		if j >= len(cells) {
			continue
		}
		if _, filled, fault := readers[col.Name].read(cells[j]); filled && fault == "" {
			good++
		}
	}
	return good >= 2 && 2*good >= asked
}

// countDropped counts the rows that are no data, though they are not blank, by
// the extracts' descriptors.
func (b *batch) countDropped(ctx context.Context) (map[int]int64, error) {
	rows, err := b.conn.QueryContext(ctx, "SELECT _file, count(*) FROM lw_slow WHERE _skip AND _filled GROUP BY _file")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out := map[int]int64{}
	for rows.Next() {
		var fd int
		var n int64
		if err := rows.Scan(&fd, &n); err != nil {
			return nil, err
		}
		out[fd] = n
	}
	return out, rows.Err()
}

// checkRead settles what reading the extracts showed: sheets that seem to hold
// rows and were not read refuse a workbook, all else is noted.
func (b *batch) checkRead(ctx context.Context) error {
	dropped, err := b.countDropped(ctx)
	if err != nil {
		return err
	}
	for _, p := range b.parts {
		found := slices.Clone(p.found)
		if n := p.dropped + dropped[p.fd]; n > 0 {
			found = append(found, newFinding(false, "dropped", "", n))
		}
		if p.rows+p.malformed == 0 {
			found = append(found, newFinding(false, "nil", ""))
		}
		if _, marked := document(baseName(p.file.Rel)); marked && b.c.Mode == lake.Append && p.corrects == nil && len(b.replaces[p.id]) == 0 {
			found = append(found, newFinding(false, "nothing", ""))
		}
		if why := p.settle(found...); len(why) > 0 {
			return refuse("set", why)
		}
	}
	return nil
}
